"""Names are text of strangers: whatever they hold, every command prints them harmlessly and in the form it was asked for."""

from __future__ import annotations

import csv
import io
import json
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import AT
from tests.cli.running import graphinv, refused

EVIL = "\x1b[31m\x1b]0;title\x07\u202etxt\u2066 [bold]m[/] <script>\r\n\x9b31m\u200b\ufeff\U000e0041\u2028"
AGENT, SERVER, TOOL, IDENTITY, TARGET, OWNER = (f"{start}{EVIL}" for start in ("ag", "srv", "＝tool", "@id", "=cmd|'/c calc'!A0", "+own"))
UNSEEN = {"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"}


def _facts() -> list[dict[str, Any]]:
    nodes: dict[str, dict[str, dict[str, Any]]] = {
        "Agent": {
            AGENT: {"name": '=HYPERLINK("http://e")', "environment": "prod", "autonomy": "autonomous", "framework": EVIL},
            "plain": {},
        },
        "ToolServer": {SERVER: {"name": EVIL, "url": f"javascript:{EVIL}"}},
        "Tool": {TOOL: {"name": f"-1{EVIL}", "effects": ["destructive"]}},
        "Identity": {IDENTITY: {"name": EVIL, "type": EVIL}},
        "Resource": {TARGET: {"name": f"＠SUM{EVIL}", "sensitivity": "restricted", "crown_jewel": True}},
        "Owner": {OWNER: {"name": EVIL, "type": "team"}},
        "ContentSource": {f"web{EVIL}": {"trust": "untrusted"}},
        "EnforcementPoint": {f"pep{EVIL}": {"mode": "enforce", "effect": "step_up"}},
    }
    edges: list[tuple[str, tuple[str, str], tuple[str, str], dict[str, Any]]] = [
        ("OWNS", ("Owner", OWNER), ("Agent", AGENT), {}),
        ("DELEGATES_TO", ("Agent", "plain"), ("Agent", AGENT), {"mode": "invoke"}),
        ("INGESTS", ("Agent", AGENT), ("ContentSource", f"web{EVIL}"), {}),
        ("CONNECTS_TO", ("Agent", AGENT), ("ToolServer", SERVER), {}),
        ("PROVIDES", ("ToolServer", SERVER), ("Tool", TOOL), {}),
        ("RUNS_AS", ("ToolServer", SERVER), ("Identity", IDENTITY), {}),
        ("CAN_ACCESS", ("Identity", IDENTITY), ("Resource", TARGET), {"actions": ["admin"], "condition": EVIL, "guards": [f"pep{EVIL}"]}),
        ("USES", ("Agent", AGENT), ("Tool", f"nosuch{EVIL}"), {"approved": False, "approved_by": EVIL}),
    ]
    made: list[dict[str, Any]] = [{"node": kind, "id": id, "props": props} for kind, ids in nodes.items() for id, props in ids.items()]
    return made + [{"edge": kind, "from": one, "to": two, "props": props} for kind, one, two, props in edges]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("strangers")
    facts = folder / "evil.facts.jsonl"
    facts.write_text("\n".join(map(json.dumps, _facts())))
    graphinv("scan", facts, "--store", folder / "graph", "--at", AT)
    return folder / "graph"


COMMANDS = {
    "agents": ("agents",),
    "reach --all": ("reach", "--all"),
    "reach": ("reach", AGENT, "plain"),
    "reach --explain": ("reach", AGENT, "--explain"),
    "reach --over": ("reach", AGENT, "--over", "2026-01-01..2027-01-01"),
    "paths": ("paths", "plain", TARGET, "--k", "2"),
    "paths to nothing": ("paths", "plain", TARGET, "--lens", "ungoverned"),
    "exposure": ("exposure", TARGET),
    "exposure of nothing": ("exposure", TARGET, "--lens", "ungoverned"),
    "findings": ("findings",),
    "findings --full": ("findings", "--full"),
    "findings --by-cause": ("findings", "--by-cause"),
    "findings --fixed": ("findings", "--fixed"),
    "show agent": ("show", AGENT),
    "show server": ("show", SERVER),
    "show target": ("show", TARGET),
    "coverage": ("coverage", AGENT),
    "frameworks coverage": ("frameworks", "coverage", "owasp-mcp-2025"),
    "score": ("score",),
    "score --explain": ("score", "--explain", AGENT),
    "chokepoints": ("chokepoints",),
    "chokepoints of nothing": ("chokepoints", "--lens", "ungoverned"),
    "cut": ("cut", TARGET),
    "cut of nothing": ("cut", TARGET, "--lens", "ungoverned"),
    "what-if": ("what-if", "--retire", AGENT),
    "scans": ("scans",),
    "query": ("query", "whom-to-call", "--param", f"node={AGENT}"),
    "query -": ("query", "-"),
    "store verify": ("store", "verify"),
}


@pytest.mark.parametrize("command", COMMANDS)
def test_names_are_harmless_in_every_form(store: Path, command: str) -> None:
    arguments = (*COMMANDS[command], "--store", str(store))
    asked = "MATCH (n) RETURN n.id, n.name, n.kind_detail ORDER BY n.id" if command == "query -" else ""
    for form in ("table", "json", "jsonl", "csv"):
        ran = graphinv(*arguments, "--format", form, stdin=asked)
        assert not unseen(ran.out + ran.err), form
        if form == "json":
            assert ran.json is not None
        elif form == "jsonl":
            assert all(isinstance(line, dict) for line in ran.lines)
        elif form == "csv":
            header, *rows = csv.reader(io.StringIO(ran.out))
            assert header
            assert {len(row) for row in rows} <= {len(header)}
            assert not [value for row in rows for value in row if re.match(r"[=+\-@\t\r＝＋－＠]", value) and not _is_number(value)]


def test_of_a_table_with_many_rows_too(store: Path) -> None:
    asked = f"UNWIND range(1, 501) AS one MATCH (n:Agent) RETURN one, n.id AS `{EVIL[:4]}`, n.name ORDER BY one"
    ran = graphinv("query", "-", "--store", store, stdin=asked)
    assert len(ran.out.splitlines()) > 1000
    assert not unseen(ran.out)


@pytest.mark.parametrize(
    "arguments",
    [
        (EVIL,),
        (f"--{EVIL}",),
        ("show", EVIL),
        ("reach", EVIL),
        ("reach", AGENT, "--lens", EVIL),
        ("reach", AGENT, "--at", EVIL),
        ("reach", AGENT, "--over", EVIL),
        ("reach", AGENT, "--workers", EVIL),
        ("paths", EVIL, TARGET),
        ("cut", EVIL),
        ("findings", EVIL),
        ("findings", "--rule", EVIL),
        ("findings", "--accepted", EVIL),
        ("findings", "--baseline", EVIL),
        ("what-if", "--remove", EVIL),
        ("what-if", "--guard", EVIL),
        ("what-if", "--add", EVIL),
        ("query", EVIL),
        ("query", "inventory", "--param", EVIL),
        ("query", "inventory", "--param", f"{EVIL}=1"),
        ("query", "--list", "--topic", EVIL),
        ("export", EVIL),
        ("export", "csv", "--output", f"/dev/null/{EVIL}"),
        ("frameworks", "coverage", EVIL),
        ("score", EVIL),
        ("prune", "--before", EVIL),
        ("scan", EVIL),
        ("store", "restore", EVIL),
        ("store", "copy", EVIL, f"{EVIL}2"),
        ("neo4j", EVIL),
    ],
    ids=lambda arguments: " ".join(one for one in arguments if EVIL not in one) or "command",
)
def test_what_was_typed_is_harmless_in_errors(store: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]) -> None:
    monkeypatch.setenv("GRAPHINV_STORE", str(store))
    assert not unseen(refused(*arguments))


def unseen(printed: str) -> set[str]:
    return {one for one in printed.replace("\r\n", "\n") if one != "\n" and unicodedata.category(one) in UNSEEN}


def _is_number(value: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?(e[+-]?\d+)?", value) is not None
