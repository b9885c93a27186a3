from __future__ import annotations

import pickle
from unittest import mock

from graphinv.ingest.support import observed
from graphinv.ingest.support.observed import Tally, united
from graphinv.model.facts import EdgeFact, NodeFact

BOT, PAY = ("Agent", "bot"), ("Tool", "pay")


def _tally(*times: str, place: str = "shop/a.jsonl#L1") -> Tally:
    tally = Tally()
    for at in times:
        tally.see("USES", BOT, PAY, at, place)
    tally.name(BOT, place, name="Bot", status=None)
    return tally


def test_a_pair_is_one_edge_with_how_often_and_when() -> None:
    node, edge = _tally("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-03T00:00:00Z").facts()
    assert node == NodeFact(*BOT, {"name": "Bot", "sources": ["shop/a.jsonl#L1"]})
    assert isinstance(edge, EdgeFact)
    assert (edge.kind, edge.source, edge.target) == ("USES", BOT, PAY)
    assert edge.props == {
        "evidence": ["observed"],
        "count": 3,
        "first_seen": "2026-01-01T00:00:00Z",
        "last_seen": "2026-01-03T00:00:00Z",
        "sources": ["shop/a.jsonl#L1"],
    }


def test_counts_of_files_add_up_in_any_order() -> None:
    first, second = _tally("2026-01-01T00:00:00Z"), _tally("2026-01-02T00:00:00Z", place="shop/b.jsonl#L9")
    for tallies in ((first, second), (second, first)):
        *_, edge = united(pickle.loads(pickle.dumps(tallies))).facts()
        assert (edge.props["count"], edge.props["first_seen"][:10], edge.props["last_seen"][:10]) == (2, "2026-01-01", "2026-01-02")
        assert set(edge.props["sources"]) == {"shop/a.jsonl#L1", "shop/b.jsonl#L9"}
    assert next(iter(first.edges.values())).count == 1  # what is put together is not changed by it


def test_accesses_with_other_actions_are_other_edges() -> None:
    tally = Tally()
    for action in ("read", "write", "read"):
        tally.see("CAN_ACCESS", ("Identity", "i"), ("Resource", "r"), None, "x#L1", (("actions", (action,)),))
    assert [(edge.props["actions"], edge.props["count"]) for edge in tally.facts()] == [(["read"], 2), (["write"], 1)]


def test_too_many_different_ones_are_told() -> None:
    with mock.patch.object(observed, "MAX_THINGS", 2):
        tally = Tally()
        for number in range(5):
            tally.see("USES", BOT, ("Tool", str(number)), None, "shop/a.jsonl#L1")
        assert (len(tally.edges), tally.left_out) == (2, 3)
        whole = united([tally, tally])
        (problem,) = whole.problems("shop", "x")
    assert (problem.document, problem.severity) == ("a.jsonl", "error")
    assert "6 sightings" in problem.message
