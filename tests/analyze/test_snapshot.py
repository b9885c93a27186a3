from __future__ import annotations

import json
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from hypothesis import given

from graphinv.analyze import snapshot
from graphinv.analyze.engine import Engine
from graphinv.analyze.structure import Structure
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import LENSES
from tests.analyze.estates import AT, build, edge, estate_of, examples, facts, key


def no_estate() -> NoReturn:
    raise AssertionError("the estate was asked for")


@examples(40)
@given(facts())
def test_a_structure_that_was_saved_answers_as_before(tmp_path_factory: pytest.TempPathFactory, drawn: list[NodeFact | EdgeFact]) -> None:
    folder = tmp_path_factory.mktemp("saved") / "arrays"
    estate = estate_of(drawn)
    snapshot.save(Structure.of(estate), folder)
    loaded = snapshot.load(folder, no_estate)
    assert loaded is not None
    before, after = Engine(estate, AT), Engine(loaded, AT)
    for lens in LENSES:
        for kind in ("Agent", "Identity"):
            assert list(before.reach_all(lens, kind)) == list(after.reach_all(lens, kind))
    assert before.can_reach() == after.can_reach()


def test_names_with_odd_letters_and_the_estate_on_demand(tmp_path: Path) -> None:
    estate = build(NodeFact("Agent", "a\x00ö\U0001f600"), EdgeFact("HOLDS", ("Agent", "a\x00ö\U0001f600"), key("s1")), edge("a1 HOLDS s1"))
    snapshot.save(Structure.of(estate), tmp_path / "arrays")
    loaded = snapshot.load(tmp_path / "arrays", lambda: estate)
    assert loaded is not None
    assert loaded.keys == sorted(estate.nodes)
    assert loaded.estate is estate
    assert loaded.find("a1") == loaded.find("Agent:a1") == key("a1")


def test_what_is_damaged_or_of_another_version_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "arrays"
    structure = Structure.of(build(edge("a1 HOLDS s1")))
    assert snapshot.load(folder, no_estate) is None
    snapshot.save(structure, folder)
    snapshot.save(structure, folder)  # by a second process: one of them wins
    assert [path.name for path in tmp_path.iterdir()] == ["arrays"]
    rest = json.loads((folder / "rest.json").read_text())
    (folder / "rest.json").write_text(json.dumps({**rest, "format": [0, "0"]}))
    assert snapshot.load(folder, no_estate) is None
    (folder / "rest.json").write_text(json.dumps(rest))
    np.save(folder / "text.npy", np.zeros(0, dtype=np.uint8))
    (folder / "kinds.npy").write_bytes(b"")
    assert snapshot.load(folder, no_estate) is None
