"""A structure on disk: flat arrays that are mapped into memory, and one small file of the rest.

Reading one takes a fraction of what it takes to read the estate it was made of. A snapshot is written whole or not at all, and read only
by the same version of graphinv; it holds ids and numbers, no other properties than those of enforcement points.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import fields
from importlib.metadata import version
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from graphinv.analyze.arcs import KIND_NUMBER
from graphinv.analyze.records import EdgeNames, Looked, Lookup
from graphinv.analyze.scopes import Array, Masks
from graphinv.analyze.structure import ArcArrays, EdgeArrays, NodeArrays, OwnArrays, Structure
from graphinv.model.estate import Estate

FORMAT = 2
_REST = "rest.json"
_PARTS = {"nodes": NodeArrays, "edges": EdgeArrays, "arcs": ArcArrays, "own": OwnArrays}


def save(structure: Structure, folder: Path) -> None:
    """Write ``structure`` to ``folder``, which must not exist yet; it appears as a whole.

    Raises:
        OSError: it cannot be written.
    """
    folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=".new-", dir=folder.parent))
    try:
        for name, array in (_arrays(structure) | _names(structure)).items():
            np.save(made / f"{name}.npy", array, allow_pickle=False)
        rest = {
            "format": [FORMAT, version("graphinv")],
            "scopes": structure.masks.lists,
            "guards": structure.guards,
            "points": structure.points,
        }
        (made / _REST).write_text(json.dumps(rest), "utf-8")
        os.replace(made, folder)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
        if not folder.exists():  # else another process was faster
            raise


def load(folder: Path, estate: Callable[[], Estate], lookup: Lookup | None = None) -> Structure | None:
    """The structure that was saved in ``folder``; None where there is none that this version can read.

    Args:
        folder: where it was saved.
        estate: gives the estate that it was made of.
        lookup: gives single nodes and edges of it.
    """
    try:
        rest = json.loads((folder / _REST).read_text("utf-8"))
        if rest["format"] != [FORMAT, version("graphinv")]:
            return None
        arrays = {path.stem: np.load(path, mmap_mode="r", allow_pickle=False) for path in folder.glob("*.npy")}
        parts = {name: kind(**{field.name: arrays[f"{name}.{field.name}"] for field in fields(kind)}) for name, kind in _PARTS.items()}
        kinds = list(KIND_NUMBER)
        text = bytes(arrays["text"]).decode("utf-8", "surrogatepass")
        if int(arrays["lengths"].sum()) != len(text):
            return None
        ends = accumulate(arrays["lengths"].tolist(), initial=0)
        ids = [text[start:end] for start, end in pairwise(ends)]
        keys = [(kinds[kind], id) for kind, id in zip(arrays["kinds"].tolist(), ids, strict=True)]
        targets = arrays["targets"]
        masks = Masks([ids[node] for node in targets.tolist()])
        for scopes in rest["scopes"]:
            masks.list_of(scopes)
        looked = None
        if lookup is not None and "names.key" in arrays:
            looked = Looked(keys, EdgeNames(*(arrays[f"names.{name}"] for name in EdgeNames.names())), lookup)
        return Structure(keys, targets, masks, **parts, guards=rest["guards"], points=rest["points"], load=estate, looked=looked)
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError):
        return None


def _names(structure: Structure) -> dict[str, Array]:
    """What edges are looked up by; nothing where their keys are not a store's."""
    try:
        names = EdgeNames.of(structure.estate.edges, structure.number)
    except ValueError:
        return {}
    return {f"names.{name}": getattr(names, name) for name in EdgeNames.names()}


def _arrays(structure: Structure) -> dict[str, Array]:
    text = "".join(id for _, id in structure.keys).encode("utf-8", "surrogatepass")
    found: dict[str, Array] = {
        "kinds": structure.kinds,
        "lengths": np.array([len(id) for _, id in structure.keys], dtype=np.int32),
        "text": np.frombuffer(text, dtype=np.uint8),
        "targets": structure.targets,
    }
    for name, kind in _PARTS.items():
        found |= {f"{name}.{field.name}": getattr(getattr(structure, name), field.name) for field in fields(kind)}
    return found
