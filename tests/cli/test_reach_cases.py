"""The shared estates with their exact privileges, from facts to the answer, through the command line."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphinv.model.facts import NodeKey
from graphinv.model.results import LENSES, Lens
from graphinv.pipeline.stages import engine
from graphinv.store import open_store
from tests.cli.running import CASES, graphinv

NAMES = sorted(path.name.removesuffix(".facts.jsonl") for path in CASES.glob("*.facts.jsonl"))
KEYS = ["subject", "lens", "at", "targets", "atoms", "agents", "identities", "secrets", "tools", "impact"]


def expected(name: str) -> tuple[str, dict[str, list[dict[str, Any]]]]:
    case = json.loads((CASES / f"{name}.reach.json").read_text("utf-8"))
    return case["at"], case["expected"]


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The store of an estate, ingested when it is first asked for."""
    folder = tmp_path_factory.mktemp("cases")

    def store(name: str) -> Path:
        path = folder / name / "graph"
        if not path.exists():
            ran = graphinv("ingest", CASES / f"{name}.facts.jsonl", "--store", path, "--format", "json")
            assert [(root["outcome"], root["problems"]) for root in ran.json] == [("complete", [])]
        return path

    return store


def test_all_of_them_are_here() -> None:
    assert len(NAMES) == 24
    assert all(set(expected(name)[1]) == set(LENSES) for name in NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_every_lens_to_the_last_atom(stores: Callable[[str], Path], name: str) -> None:
    at, by_lens = expected(name)
    for lens in LENSES:
        found = graphinv("reach", "--all", "--lens", lens, "--at", at, "--format", "json", "--store", stores(name)).json
        assert [(one["subject"], one["atoms"]) for one in found] == [(one["subject"], sorted(one["atoms"])) for one in by_lens[lens]], lens
        for one in found:
            assert list(one) == KEYS
            assert (one["lens"], one["at"]) == (lens, at)
            assert one["targets"] == len({(kind, id) for kind, id, _ in one["atoms"]})


@pytest.mark.parametrize("name", NAMES[:2])
def test_the_forms_say_the_same(stores: Callable[[str], Path], name: str) -> None:
    at, _ = expected(name)
    common = ("reach", "--all", "--at", at, "--store", stores(name))
    whole = graphinv(*common, "--format", "json").json
    assert graphinv(*common, "--format", "jsonl").lines == whole
    for one in whole:
        del one["atoms"]
    assert graphinv(*common, "--format", "json", "--summary").json == whole
    assert graphinv(*common, "--format", "jsonl", "--summary").lines == whole
    named = graphinv("reach", "Agent:a1", "--at", at, "--store", stores(name), "--summary", "--format", "json").json
    assert named == [one for one in whole if one["subject"] == ["Agent", "a1"]]


@pytest.mark.parametrize(("name", "lens"), [(NAMES[2], "posture"), (NAMES[3], "runtime")])
def test_exposure_is_reach_transposed(stores: Callable[[str], Path], name: str, lens: Lens) -> None:
    at, by_lens = expected(name)
    held: dict[NodeKey, dict[str, list[str]]] = {}
    for one in by_lens[lens]:
        for kind, id, action in one["atoms"]:
            held.setdefault((kind, id), {}).setdefault(one["subject"][1], []).append(action)
    assert held
    for target, subjects in list(held.items())[:6]:
        found = graphinv("exposure", ":".join(target), "--lens", lens, "--at", at, "--store", stores(name), "--format", "json").json
        assert {one["subject"][1]: sorted(one["actions"]) for one in found} == {name: sorted(actions) for name, actions in subjects.items()}
        assert all(one["target"] == list(target) and one["hops"] > 0 for one in found)
    with open_store(stores(name)) as store:
        judge = engine(store, at=at, estate=store.estate())
    everything = [key for key in judge.estate.nodes if key[0] in ("Resource", "Secret")]
    for target in everything:
        exposed = {one.subject[1]: sorted(one.actions) for one in judge.exposure(target, lens)}
        assert exposed == {name: sorted(actions) for name, actions in held.get(target, {}).items()}


@pytest.mark.parametrize(("name", "lens"), [(NAMES[4], "posture"), (NAMES[5], "ungoverned")])
def test_every_atom_has_a_path_and_nothing_else_has(stores: Callable[[str], Path], name: str, lens: Lens) -> None:
    at, by_lens = expected(name)
    with open_store(stores(name)) as store:
        judge = engine(store, at=at, estate=store.estate())
    targets = [key for key in judge.estate.nodes if key[0] in ("Resource", "Secret")]
    known = {edge.key for edge in judge.estate.edges}
    for one in by_lens[lens]:
        subject: NodeKey = (one["subject"][0], one["subject"][1])
        atoms = {tuple(atom) for atom in one["atoms"]}
        for target in targets:
            for action in ("read", "write", "execute", "delete", "admin"):
                path = judge.witness(subject, target, action, lens)
                assert (path is not None) == ((*target, action) in atoms), (subject, target, action)
                if path is None:
                    continue
                assert path.hops[-1].target == target
                here = subject
                for hop in path.hops:
                    assert hop.edges
                    assert set(hop.edges) <= known
                    assert hop.source == here
                    here = hop.target


def test_paths_through_the_command(stores: Callable[[str], Path]) -> None:
    name, lens = NAMES[4], "posture"
    at, by_lens = expected(name)
    one = next(one for one in by_lens[lens] if len(one["atoms"]) > 3)
    kind, id, _ = one["atoms"][0]
    actions = {action for k, i, action in one["atoms"] if (k, i) == (kind, id)}
    common = ("paths", ":".join(one["subject"]), f"{kind}:{id}", "--at", at, "--store", stores(name))
    found = graphinv(*common, "--format", "json").json
    assert {path["action"] for path in found} == actions
    for path in found:
        assert path["subject"] == one["subject"]
        assert path["hops"][0]["from"] == one["subject"]
        assert path["hops"][-1]["to"] == path["target"] == [kind, id]
        single = graphinv(*common, "--action", path["action"], "--format", "jsonl").lines
        assert single == [path]
    text = graphinv(*common).out
    assert "can " in text
    assert id in text
