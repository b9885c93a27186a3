from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given

from graphinv.analyze import kept
from graphinv.analyze.engine import Engine
from graphinv.analyze.reading import structure_of
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import LENSES
from tests.analyze.estates import AT, build, edge, estate_of, examples, facts, key

KEY = b"0123456789abcdef"


def no_estate() -> NoReturn:
    raise AssertionError("the estate was asked for")


@examples(40)
@given(facts())
def test_a_structure_that_was_saved_answers_as_before(tmp_path_factory: pytest.TempPathFactory, drawn: list[NodeFact | EdgeFact]) -> None:
    folder = tmp_path_factory.mktemp("saved") / "arrays"
    estate = estate_of(drawn)
    kept.save(structure_of(estate), folder, KEY)
    loaded = kept.load(folder, KEY, no_estate)
    assert loaded is not None
    before, after = Engine(estate, AT), Engine(loaded, AT)
    for lens in LENSES:
        for kind in ("Agent", "Identity"):
            assert list(before.reach_all(lens, kind)) == list(after.reach_all(lens, kind))
    assert before.can_reach() == after.can_reach()


def test_names_with_odd_letters_and_the_estate_on_demand(tmp_path: Path) -> None:
    estate = build(NodeFact("Agent", "a\x00ö\U0001f600"), EdgeFact("HOLDS", ("Agent", "a\x00ö\U0001f600"), key("s1")), edge("a1 HOLDS s1"))
    kept.save(structure_of(estate), tmp_path / "arrays", KEY)
    loaded = kept.load(tmp_path / "arrays", KEY, lambda: estate)
    assert loaded is not None
    assert loaded.keys == sorted(estate.nodes)
    assert loaded.estate is estate
    assert loaded.find("a1") == loaded.find("Agent:a1") == key("a1")


def test_what_another_process_saved_first_stays(tmp_path: Path) -> None:
    folder = tmp_path / "arrays"
    structure = structure_of(build(edge("a1 HOLDS s1")))
    assert kept.load(folder, KEY, no_estate) is None
    kept.save(structure, folder, KEY)
    kept.save(structure, folder, KEY)
    assert [path.name for path in tmp_path.iterdir()] == ["arrays"]
    assert kept.load(folder, KEY, no_estate) is not None


def test_what_another_version_saved_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as older:
        older.setattr(kept, "FORMAT", 2)
        kept.save(structure_of(build(edge("a1 HOLDS s1"))), tmp_path / "arrays", KEY)
    assert kept.load(tmp_path / "arrays", KEY, no_estate) is None


def beyond(folder: Path) -> None:
    """An arc to a node that there is not, in an array of the right kind and size."""
    arcs = np.load(folder / "arcs.target.npy")
    np.save(folder / "arcs.target.npy", np.full_like(arcs, 10**6))


DAMAGES: dict[str, Callable[[Path], object]] = {
    "a number beyond the end": beyond,
    "one bit of an array": lambda folder: flip(folder / "own.bits.npy"),
    "one bit of the seal": lambda folder: flip(folder / "seal"),
    "no seal": lambda folder: (folder / "seal").unlink(),
    "an array that is missing": lambda folder: (folder / "edges.guard.npy").unlink(),
    "a file more": lambda folder: np.save(folder / "names.key.npy", np.zeros((1, 16), dtype=np.uint8)),
    "an array that is cut off": lambda folder: (folder / "text.npy").write_bytes(b""),
    "another rest": lambda folder: (folder / "rest.json").write_text((folder / "rest.json").read_text().replace("[]", "[ ]")),
    "a seal that is no text": lambda folder: (folder / "seal").write_bytes(b"\xff\xfe"),
}


def flip(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_what_is_damaged_is_not_read(tmp_path: Path, damage: Callable[[Path], object]) -> None:
    folder = tmp_path / "arrays"
    kept.save(structure_of(build(edge("a1 USES t1"), edge("t1 CAN_ACCESS r1", actions=["read"]))), folder, KEY)
    damage(folder)
    assert kept.load(folder, KEY, no_estate) is None


def test_what_somebody_without_the_key_made_up_is_not_read(tmp_path: Path) -> None:
    kept.save(structure_of(build(edge("a1 HOLDS s1"))), tmp_path / "arrays", b"another key, 16+")
    assert kept.load(tmp_path / "arrays", KEY, no_estate) is None
