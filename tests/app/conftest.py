"""A small estate in a store, for the dashboard's tests."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from graphinv.pipeline.stages import scan

APP = Path(__file__).resolve().parents[2] / "app" / "streamlit_app.py"
sys.path.append(str(APP.parent))  # as Streamlit does for the views
AT = "2026-07-01T08:30:00Z"

HOSTILE = (
    "<script>alert(1)</script>",
    "[x](javascript:alert(1))",
    "**bold** __b__ `code`",
    "$$x^2$$ and $y$",
    ":red[red] :material/hub: :smile:",
    "two\nlines",
    "ansi \x1b[31mred",
    "bidi \u202egnp.exe",
    "= 1 + 1",
    'dot" ]; n0 -> n0 [label=<b>] \\N \\',
    "https://evil.example/x?a=1&b=2",
    "|a|b|",
    "# heading",
    "&lt;b&gt; &amp;",
    "\u2066x" * 200,
)
"""Names that would do something if they were taken for anything but text."""


def node(kind: str, id: str, **props: Any) -> dict[str, Any]:
    return {"node": kind, "id": id, "props": props}


def edge(kind: str, source: Sequence[str], target: Sequence[str], **props: Any) -> dict[str, Any]:
    return {"edge": kind, "from": list(source), "to": list(target), "props": {"evidence": ["declared"], **props}}


def company() -> list[dict[str, Any]]:
    """A clerk that posts to the ledger behind a guard and around it, and a reader nobody owns."""
    clerk, helper, reader = ("Agent", "clerk"), ("Agent", "helper"), ("Agent", "reader")
    payer, tool, ledger, wiki = ("Identity", "payer"), ("Tool", "post"), ("Resource", "ledger"), ("Resource", "wiki")
    return [
        node("Agent", "clerk", name="Clerk", framework="crewai", environment="prod", status="active", autonomy="autonomous"),
        node("Agent", "helper", name="Helper", framework="crewai", environment="prod"),
        node("Agent", "reader", name="Reader", framework="n8n"),
        node("Owner", "finance@example.org", type="person"),
        node("Identity", "payer", type="service_account", binding="bearer"),
        node("Tool", "post", effects=["write"]),
        node("Secret", "key", name="API key", lifetime="static"),
        node("Resource", "ledger", name="Ledger", sensitivity="restricted", crown_jewel=True, type="database"),
        node("Resource", "vault", name="Vault", sensitivity="restricted", type="vault"),
        node("Resource", "wiki", name="Wiki", type="site"),
        node("EnforcementPoint", "gate", mode="enforce", effect="deny"),
        node("EnforcementPoint", "watch", mode="monitor", effect="deny"),
        edge("OWNS", ("Owner", "finance@example.org"), clerk),
        edge("OWNS", ("Owner", "finance@example.org"), helper),
        edge("USES", clerk, tool, guards=["gate"]),
        edge("CAN_ACCESS", tool, ledger, actions=["write"]),
        edge("CAN_ACCESS", tool, ("Resource", "vault"), actions=["read"]),
        edge("DELEGATES_TO", clerk, helper, mode="invoke"),
        edge("RUNS_AS", helper, payer),
        edge("CAN_ACCESS", payer, ledger, actions=["read", "write"]),
        edge("HOLDS", reader, ("Secret", "key"), place="env"),
        edge("AUTHENTICATES_AS", ("Secret", "key"), ("Identity", "bot")),
        edge("CAN_ACCESS", ("Identity", "bot"), wiki, actions=["read"], guards=["watch"]),
    ]


def hostile() -> list[dict[str, Any]]:
    """Everything has a name that would like to be more than a name."""
    facts = []
    for number, name in enumerate(HOSTILE):
        agent, identity, resource = ("Agent", f"a{number}{name}"), ("Identity", f"i{name}"), ("Resource", f"r{name}")
        facts += [
            node(*agent, name=name, framework=name, kind_detail=name),
            node(*identity, name=name),
            node(*resource, name=name, sensitivity="restricted", type=name),
            node("Owner", f"o{name}", name=name),
            node("EnforcementPoint", f"p{name}", mode="enforce", effect="evaluate", allows=[f"read:{name}", "read:*"]),
            edge("OWNS", ("Owner", f"o{name}"), agent),
            edge("RUNS_AS", agent, identity),
            edge("CAN_ACCESS", identity, resource, actions=["read"], guards=[f"p{name}"]),
        ]
    return facts


def put(folder: Path, facts: Sequence[dict[str, Any]], extra: dict[str, str] | None = None, *, name: str = "estate") -> Path:
    """A store in ``folder`` with these facts, scanned and analyzed."""
    root = folder / name
    root.mkdir()
    (root / "all.facts.jsonl").write_text("".join(json.dumps(fact) + "\n" for fact in facts), "utf-8")
    for path, text in (extra or {}).items():
        (root / path).write_text(text, "utf-8")
    store = folder / "store" / "graph"
    scan(str(store), [root], at=AT)
    return store


@pytest.fixture(scope="session")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store of :func:`company`, beside a configuration that cannot be read."""
    return put(tmp_path_factory.mktemp("company"), company(), {".mcp.json": '{"mcpServers": '})


@pytest.fixture(scope="session")
def hostile_store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Store of :func:`hostile`."""
    return put(tmp_path_factory.mktemp("hostile"), hostile())
