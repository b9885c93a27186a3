"""The examples in the documentation of the native formats are read without a complaint."""

from __future__ import annotations

import re
from pathlib import Path

from graphinv.ingest import Document, native_csv, native_facts
from graphinv.model.facts import EdgeFact, NodeFact

PAGE = (Path(__file__).parents[2] / "docs" / "formats.md").read_text("utf-8")


def examples(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_lines() -> None:
    (text,) = examples("json")
    facts = list(native_facts.read(Document("docs", "x.facts.jsonl", text.encode(), str)))
    assert [type(fact) for fact in facts] == [NodeFact, NodeFact, EdgeFact, EdgeFact]


def test_tables() -> None:
    agents, delegations = examples("csv")
    nodes = list(native_csv.read(Document("docs", "agents.csv", agents.encode(), str)))
    edges = list(native_csv.read(Document("docs", "delegations.csv", delegations.encode(), str)))
    assert [fact.id for fact in nodes if isinstance(fact, NodeFact)] == ["billing-bot", "refund-bot"]
    assert [fact.source for fact in edges if isinstance(fact, EdgeFact)] == [("Agent", "billing-bot"), ("Workflow", "nightly")]


def test_every_table_is_on_the_page() -> None:
    assert [name for name in native_csv.FILES if f"`{name}`" not in PAGE] == []
