"""A structure kept beside a store: flat arrays, one small file of the rest, and a seal.

Reading one takes a fraction of what it takes to read the estate it was made of. It is written whole or not at all, and read only
by the same version of graphinv; it holds ids and numbers, no other properties than those of enforcement points. Nothing of it is looked at
before the seal was found to fit: numbers that were damaged or made up would be wrong answers, or places beyond the end of an array.
"""

from __future__ import annotations

import hmac
import io
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import fields
from importlib.metadata import version
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

from graphinv.analyze.records import EdgeNames, Looked, Lookup
from graphinv.analyze.scopes import Array, Masks
from graphinv.analyze.structure import KIND_NUMBER, ArcArrays, EdgeArrays, NodeArrays, OwnArrays, Structure
from graphinv.model.estate import Estate

FORMAT = 3
_REST, _SEAL = "rest.json", "seal"
_PARTS = {"nodes": NodeArrays, "edges": EdgeArrays, "arcs": ArcArrays, "own": OwnArrays}


def save(structure: Structure, folder: Path, key: bytes) -> None:
    """Write ``structure``, sealed with ``key``, to ``folder``, which must not exist yet; it appears as a whole.

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
        (made / _SEAL).write_text(_seal(_contents(made), key), "ascii")
        os.replace(made, folder)
    except OSError:
        shutil.rmtree(made, ignore_errors=True)
        if not folder.exists():  # else another process was faster
            raise


def load(folder: Path, key: bytes, estate: Callable[[], Estate], lookup: Lookup | None = None) -> Structure | None:
    """The structure that was saved in ``folder``; None where there is none that this version can read, or it is not as it was saved.

    Args:
        folder: where it was saved.
        key: what it was sealed with.
        estate: gives the estate that it was made of.
        lookup: gives single nodes and edges of it.
    """
    try:
        files = _contents(folder)
        if not hmac.compare_digest(_seal(files, key).encode(), files[_SEAL]):
            return None
        rest = json.loads(files[_REST])
        if rest["format"] != [FORMAT, version("graphinv")]:
            return None
        arrays = {
            name.removesuffix(".npy"): np.load(io.BytesIO(files[name]), allow_pickle=False) for name in files if name.endswith(".npy")
        }
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
    except (OSError, EOFError, ValueError, KeyError, TypeError, IndexError, MemoryError):
        return None


def _contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def _seal(files: Mapping[str, bytes], key: bytes) -> str:
    """HMAC-SHA256 of the names and contents of ``files``, without the seal itself. O(bytes)."""
    found = hmac.new(key, digestmod="sha256")
    for name in sorted(files.keys() - {_SEAL}):
        found.update(f"{name} {len(files[name])}\n".encode())
        found.update(files[name])
    return found.hexdigest()


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
