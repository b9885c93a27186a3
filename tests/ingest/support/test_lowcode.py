"""What readers of low-code platforms share: names, order, what connectors do; and that no shape of a flow breaks them."""

from __future__ import annotations

import copy
import json
import random
from types import ModuleType
from typing import Any

import pytest
import yaml

from graphinv.ingest import dify, flowise, langflow, n8n
from graphinv.ingest.support import lowcode_ways
from graphinv.ingest.support.lowcode import host_of, numbered, settings, unique
from graphinv.ingest.support.lowcode_services import does, service_of, united
from graphinv.ingest.support.lowcode_ways import following
from tests.ingest.reading import FIXTURES, Facts, document

JUNK: list[Any] = [
    None,
    True,
    -1,
    2.5,
    "",
    "={{ $json.x }}",
    "{{a.data.instance}}",
    [],
    {},
    [[]],
    [None, {"x": [1]}],
    {"value": {"value": []}},
    "\ud7ff\x1b",
]
FLOWS: list[tuple[ModuleType, str]] = [
    (n8n, "n8n_desk.json"),
    (n8n, "n8n_several.json"),
    (flowise, "flowise_chat.json"),
    (flowise, "flowise_agentflow.json"),
    (flowise, "flowise_everything.json"),
    (langflow, "langflow_planner.json"),
    (dify, "dify_flow.yml"),
    (dify, "dify_agent.yml"),
]


def spots(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) below ``value``."""
    found: list[tuple[Any, Any]] = []
    stack = [value]
    while stack:
        item = stack.pop()
        for key in item if isinstance(item, dict) else range(len(item)):
            found.append((item, key))
            if isinstance(item[key], (dict, list)):
                stack.append(item[key])
    return found


@pytest.mark.parametrize(("reader", "name"), FLOWS, ids=[name for _, name in FLOWS])
def test_any_part_may_be_anything(reader: ModuleType, name: str) -> None:
    whole = yaml.safe_load((FIXTURES / "lowcode" / name).read_text("utf-8"))
    chance = random.Random(name)
    for _ in range(120):
        value = copy.deepcopy(whole)
        for _ in range(chance.choice((1, 1, 3, 10))):
            container, key = chance.choice(spots(value))
            container[key] = copy.deepcopy(chance.choice(JUNK))
        Facts(reader, document(json.dumps(value), "x.json"))


def test_names_that_are_alike_get_their_ids() -> None:
    assert unique({"a": "", "b": "", "c": "x"}) == {"a": "node (a)", "b": "node (b)", "c": "x"}
    assert numbered([None, 7, True, "x", "x"]) == ["0", "7", "True", "x", "x 4"]


def test_settings_are_called_by_what_stands_beside_them() -> None:
    value = {"headers": [{"name": "X-Key", "value": "v"}], "plain": "p", "list": ["l"]}
    assert {(key, text) for _, key, text in settings(value)} == {("name", "X-Key"), ("X-Key", "v"), ("plain", "p"), ("list", "l")}


def test_order_stops_at_the_next_stop_and_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    after = {"a": ["x"], "x": ["b", "a"], "b": ["c"], "c": ["a"]}
    found = {(start, stop) for start, stop, _ in following(after, ["a", "b", "c"], {"a", "b", "c"})}
    assert found == {("a", "b"), ("b", "c"), ("c", "a")}
    monkeypatch.setattr(lowcode_ways, "MAX_STEPS", 1)
    assert list(following(after, ["a", "b", "c"], {"a", "b", "c"})) == []


@pytest.mark.parametrize(
    ("connector", "operation", "effects", "untrusted"),
    [
        ("gmailTool", None, "egress irreversible write", False),
        ("gmailTool", "getAll", "egress read", True),
        ("gmailTool", "", None, False),
        ("googleSheets", None, "egress read", False),
        ("airtable", "upsert", "egress write", False),
        ("supabase", "delete", "destructive", False),
        ("postgres", "executeQuery", "destructive read write", False),
        ("redis", "get", "read", False),
        ("kafka", None, "egress write", False),
        ("toolSerpApi", None, "egress read", True),
        ("CalculatorComponent", None, "", False),
        ("executeCommand", None, "execute", False),
        ("stripe", "refund", "destructive egress", False),
        ("acme.frobnicate", "get", None, False),
        ("acme/mcp_sse/mcp_sse", "call", None, False),
        ("acme/163-smtp-send-mail/163-smtp-send-mail", "send", "egress irreversible write", False),
    ],
)
def test_what_connectors_do(connector: str, operation: str | None, effects: str | None, untrusted: bool) -> None:
    found = does(connector, operation)
    assert (None if found.effects is None else " ".join(sorted(found.effects)), found.untrusted) == (effects, untrusted)


def test_statements_and_requests_are_looked_at() -> None:
    assert does("mySql", "executeQuery", query="update t set x = 1").effects == frozenset({"write"})
    assert does("httpRequest", method="DELETE", host="api.acme.example").effects == frozenset({"read", "destructive", "egress"})
    assert does("httpRequest", host="wiki.acme.internal").untrusted is False
    assert does("openAPIToolkit").effects == frozenset({"read", "write", "egress"})


def test_an_unknown_part_makes_the_whole_unknown() -> None:
    assert united([does("gmail", "send"), does("gmail", "")]).effects is None


def test_names_of_services_across_platforms() -> None:
    names = ("n8n-nodes-base.gmailTool", "gmailTrigger", "langgenius/gmail/gmail", "GmailComponent", "gmail")
    assert {service.name for name in names if (service := service_of(name))} == {"gmail"}


def test_hosts_that_are_made_at_run_time_are_none() -> None:
    assert [host_of(url) for url in ("https://A.example/x", "=https://{{ $json.h }}/x", "https://${H}/x", "ftp://a", "")] == [
        "https://a.example",
        None,
        None,
        None,
        None,
    ]
