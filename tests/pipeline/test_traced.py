"""What traces show and what is declared: where both mean the same thing they are one, and only there."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from graphinv.analyze.engine import Engine
from graphinv.model.facts import EdgeFact, NodeKey
from graphinv.model.results import Atom, Finding, Lens
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import Reading, read_root
from graphinv.pipeline.stages import Scanned, engine
from graphinv.pipeline.stages import scan as scan_all
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import root_of
from graphinv.store import open_store
from tests.ingest.traces import Told, agent, mcp, otlp, resource, span, tool

DESK = """from agents import Agent, function_tool

@function_tool
def look_up(order: str) -> str:
    return order

refunds = Agent(name="Refund agent", tools=[look_up])
desk = Agent(name="Desk", tools=[look_up], handoffs=[refunds])
"""
OWNER = "openai-agents:code/desk/agents#Desk"
REFUNDS = "openai-agents:code/desk/agents#Refund agent"
LOOK_UP = "tool:code/desk/agents#look_up"
TRACE = otlp(resource(agent("01", "Desk"), tool("02", "look_up", "01"), service="desk"))


def scan(top: Path, files: dict[str, str]) -> dict[str, Reading]:
    """Readings of the roots, which are the folders of ``files``, by name."""
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text, "utf-8")
    roots = sorted({path.partition("/")[0] for path in files})
    readings = [read_root(root_of(top / root), Fingerprinter(b"k" * 32)) for root in roots]
    together(readings)
    return {reading.root.name: reading for reading in readings}


def drawn(reading: Reading, *kinds: str) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {
        (edge.kind, edge.source[1], edge.target[1]): edge.props
        for edge in reading.edges
        if (edge.kind in kinds or not kinds) and isinstance(edge.source, tuple) and isinstance(edge.target, tuple)
    }


def nodes(reading: Reading, kind: str) -> set[str]:
    return {node.id for node in reading.nodes if node.kind == kind}


def test_an_agent_of_the_service_that_its_folder_is_called_like_is_the_one_there(tmp_path: Path) -> None:
    found = scan(tmp_path, {"code/desk/agents.py": DESK, "logs/a.json": TRACE})["logs"]
    assert drawn(found) == {("USES", OWNER, LOOK_UP): drawn(found)["USES", OWNER, LOOK_UP]}
    assert drawn(found)["USES", OWNER, LOOK_UP]["evidence"] == ["observed"]
    assert nodes(found, "Agent") == {OWNER}


@pytest.mark.parametrize("service", ["checkout", "app", "server"])
def test_an_agent_of_another_service_is_another_one(tmp_path: Path, service: str) -> None:
    trace = otlp(resource(agent("01", "Desk"), tool("02", "look_up", "01"), service=service))
    found = scan(tmp_path, {"code/desk/agents.py": DESK, "logs/a.json": trace})["logs"]
    assert nodes(found, "Agent") == {f"called:{service}/Desk"}
    assert set(drawn(found)) == {("USES", f"called:{service}/Desk", f"called:{service}/look_up")}


def test_a_service_that_is_called_like_any_folder_tells_nothing(tmp_path: Path) -> None:
    trace = otlp(resource(agent("01", "Desk"), service="app"))
    found = scan(tmp_path, {"code/app/agents.py": DESK, "logs/a.json": trace})["logs"]
    assert nodes(found, "Agent") == {"called:app/Desk"}


def test_an_id_of_an_agent_names_nobody(tmp_path: Path) -> None:
    told: Told = {"gen_ai__operation__name": "invoke_agent", "gen_ai__agent__id": "Desk"}
    trace = otlp(resource(span("01", **told), tool("02", "look_up", "01"), service="checkout"))
    found = scan(tmp_path, {"code/desk/agents.py": DESK, "logs/a.json": trace})["logs"]
    assert nodes(found, "Agent") == {"called:checkout"}


def test_without_a_service_the_name_means_the_one_of_the_traces_own_root(tmp_path: Path) -> None:
    trace = otlp(resource(agent("01", "Desk"), tool("02", "look_up", "01"), service=""))
    files = {"code/desk/agents.py": DESK, "code/traces/a.json": trace, "logs/a.json": trace}
    found = scan(tmp_path, files)
    assert ("USES", OWNER, LOOK_UP) in drawn(found["code"])
    assert nodes(found["logs"], "Agent") == {"called:logs#Desk"}


def test_two_that_fit_are_told_and_neither_is_meant(tmp_path: Path) -> None:
    found = scan(tmp_path, {"code/desk/agents.py": DESK, "old/desk/agents.py": DESK, "logs/a.json": TRACE})["logs"]
    assert nodes(found, "Agent") == {"called:desk/Desk"}
    assert any("several nodes are called" in problem.message for problem in found.problems)


@pytest.mark.parametrize(
    ("service", "told"),
    [
        ("front_office", {}),
        ("x", {"k8s__namespace__name": "default", "k8s__deployment__name": "front-office", "k8s__cluster__name": "code"}),
    ],
)
def test_what_it_runs_on_tells_the_service_too(tmp_path: Path, service: str, told: Told) -> None:
    code = "from agents import Agent\ndesk = Agent(name='Desk')\n"
    container = "{containers: [{name: a, image: 'x:1', command: [python, main.py]}]}"
    manifest = f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: front-office}}\nspec: {{template: {{spec: {container}}}}}\n"
    trace = otlp(resource(agent("01", "Desk"), service=service, **told))
    found = scan(tmp_path, {"code/main.py": code, "code/k8s.yaml": manifest, "logs/a.json": trace})
    assert nodes(found["logs"], "Agent") == {"openai-agents:code/main#Desk"}


def test_in_kubernetes_the_namespace_counts(tmp_path: Path) -> None:
    def manifest(namespace: str) -> str:
        return (
            f"apiVersion: kagent.dev/v1alpha2\nkind: Agent\nmetadata: {{name: helm-agent, namespace: {namespace}}}\n"
            "spec: {type: Declarative, declarative: {systemMessage: x}}\n"
        )

    passing_on = resource(agent("01", "helm-agent", kind=2), service="controller", k8s__namespace__name="kagent", k8s__pod__name="c-0")
    own = resource(agent("02", "helm_agent"), service="helm_agent", service__namespace="kagent")
    found = scan(tmp_path, {"eu/a.yaml": manifest("kagent"), "eu/b.yaml": manifest("other"), "logs/a.json": otlp(passing_on, own)})["logs"]
    assert nodes(found, "Agent") == {"k8s:eu/kagent/Agent/helm-agent"}
    assert not drawn(found), "it does not run where its calls are passed on"


def test_a_tool_of_another_agent_is_not_meant_by_its_name(tmp_path: Path) -> None:
    """Somebody else's tool is called like the one that was called: who called it does not have that one."""
    other = (
        'from agents import Agent, function_tool\n@function_tool\ndef wipe() -> str:\n    return ""\na = Agent(name="Ops", tools=[wipe])\n'
    )
    trace = otlp(resource(agent("01", "Desk"), tool("02", "wipe", "01"), service="desk"))
    found = scan(tmp_path, {"code/desk/agents.py": DESK, "ops/agents.py": other, "logs/a.json": trace})["logs"]
    assert set(drawn(found, "USES")) == {("USES", OWNER, "called:desk/wipe")}


SERVERS = json.dumps({"mcpServers": {"pay": {"url": "https://mcp.acme.example/mcp"}, "db": {"command": "npx", "args": ["db-mcp"]}}})
CODER = "claude-code:code"


@pytest.mark.parametrize(
    ("told", "server"),
    [({"server__address": "mcp.acme.example"}, "https://mcp.acme.example/mcp"), ({"mcp__server__name": "db"}, "mcp:code/.mcp.json#db")],
)
def test_a_server_is_the_one_that_the_agent_has_by_its_host_or_name(tmp_path: Path, told: Told, server: str) -> None:
    own = {"graphinv__agent__id": CODER}
    trace = otlp(resource(agent("01", "coder", **own), mcp("02", "pay", "01", **told), service="coder"))
    found = scan(tmp_path, {"code/.mcp.json": SERVERS, "logs/a.json": trace})["logs"]
    assert drawn(found)["CONNECTS_TO", CODER, server]["tools"] == ["pay"]
    assert ("PROVIDES", server) in {(kind, source) for kind, source, _ in drawn(found)}


def test_a_handoff_that_was_seen_is_the_one_that_is_declared(tmp_path: Path) -> None:
    trace = otlp(resource(agent("01", "Desk"), tool("02", "transfer_to_refund_agent", "01"), agent("03", "Refund agent"), service="desk"))
    found = scan(tmp_path, {"code/desk/agents.py": DESK, "logs/a.json": trace})
    declared = drawn(found["code"], "DELEGATES_TO")["DELEGATES_TO", OWNER, REFUNDS]
    assert drawn(found["logs"], "DELEGATES_TO")["DELEGATES_TO", OWNER, REFUNDS]["mode"] == declared["mode"]


def stated(*edges: dict[str, Any]) -> str:
    return "".join(json.dumps(edge) + "\n" for edge in edges)


def edge(kind: str, source: list[str], target: list[str], **props: Any) -> dict[str, Any]:
    return {"edge": kind, "from": source, "to": target, "props": {"evidence": ["declared"], **props}}


BOT, PAY, SERVER = ["Agent", "bot"], ["Tool", "pay"], ["ToolServer", "srv"]
NODES = [
    {"node": "Agent", "id": "bot", "props": {"name": "bot"}},
    {"node": "Tool", "id": "pay", "props": {"name": "pay"}},
    {"node": "EnforcementPoint", "id": "gw", "props": {"mode": "enforce", "effect": "deny"}},
]
AT_SRV: Told = {"mcp__server__name": "srv"}
BOTS = otlp(resource(agent("01", "bot"), tool("02", "pay", "01"), service="bot"))


def test_a_sighting_has_the_points_and_scopes_of_what_is_declared(tmp_path: Path) -> None:
    """Else it would be a second way, around the point."""
    facts = stated(*NODES, edge("USES", BOT, PAY, guards=["gw"], scopes=["read:*"]))
    found = scan(tmp_path, {"code/x.facts.jsonl": facts, "logs/a.json": BOTS})["logs"]
    props = drawn(found, "USES")["USES", "bot", "pay"]
    assert (props["guards"], props["scopes"], props["evidence"]) == (["gw"], ["read:*"], ["observed"])


def test_an_agent_that_says_its_id_is_that_one_wherever_it_runs(tmp_path: Path) -> None:
    facts = stated(*NODES, edge("USES", BOT, PAY, guards=["gw"]))
    trace = otlp(resource(agent("01", "whoever", graphinv__agent__id="bot"), tool("02", "pay", "01"), service="elsewhere"))
    found = scan(tmp_path, {"code/x.facts.jsonl": facts, "logs/a.json": trace})["logs"]
    assert drawn(found)["USES", "bot", "pay"]["guards"] == ["gw"]
    assert "called:logs#@bot" in nodes(scan(tmp_path / "alone", {"logs/a.json": trace})["logs"], "Agent")


def test_points_that_an_estate_file_puts_on_the_way_count_too(tmp_path: Path) -> None:
    facts = stated(*NODES, edge("USES", BOT, PAY))
    estate = '[[guard]]\npoint = "gw"\nmode = "enforce"\nedges = [{ edge = "USES", from = "Agent:bot", to = "Tool:pay" }]\n'
    found = scan(tmp_path, {"code/x.facts.jsonl": facts, "code/graphinv.toml": estate, "logs/a.json": BOTS})
    assert drawn(found["code"], "USES")["USES", "bot", "pay"].get("guards") == ["gw"]
    assert drawn(found["logs"], "USES")["USES", "bot", "pay"]["guards"] == ["gw"]


def test_a_tool_of_a_connected_server_was_called_over_that_connection(tmp_path: Path) -> None:
    facts = stated(*NODES, edge("CONNECTS_TO", BOT, SERVER, guards=["gw"]), edge("PROVIDES", SERVER, PAY))
    found = scan(tmp_path, {"code/x.facts.jsonl": facts, "logs/a.json": BOTS})["logs"]
    assert set(drawn(found)) == {("CONNECTS_TO", "bot", "srv")}
    props = drawn(found)["CONNECTS_TO", "bot", "srv"]
    assert (props["tools"], props["guards"]) == (["pay"], ["gw"])


def test_a_tool_that_the_connection_does_not_let_pass_is_a_call_of_its_own(tmp_path: Path) -> None:
    """Seen over the connection, and seen as a call alone."""
    facts = stated(*NODES, edge("CONNECTS_TO", BOT, SERVER, tools=["look"]), edge("PROVIDES", SERVER, PAY))
    facts += stated({"node": "ToolServer", "id": "srv", "props": {"name": "srv"}})
    over = otlp(resource(agent("01", "bot"), mcp("02", "pay", "01", **AT_SRV), mcp("03", "look", "01", **AT_SRV), service="bot"))
    found = scan(tmp_path / "a", {"code/x.facts.jsonl": facts, "logs/a.json": over})["logs"]
    assert {(kind, target) for kind, _, target in drawn(found)} >= {("USES", "pay"), ("CONNECTS_TO", "srv")}
    assert drawn(found)["CONNECTS_TO", "bot", "srv"]["tools"] == ["look"]
    alone = scan(tmp_path / "b", {"code/x.facts.jsonl": facts, "logs/a.json": BOTS})["logs"]
    assert set(drawn(alone)) == {("USES", "bot", "pay")}


def test_a_tool_that_a_connection_names_is_of_its_server_where_that_does_not_tell_its_tools(tmp_path: Path) -> None:
    facts = stated(*NODES[:1], edge("CONNECTS_TO", BOT, SERVER, tools=["pay", "look"]), edge("CONNECTS_TO", BOT, ["ToolServer", "other"]))
    found = scan(tmp_path, {"code/x.facts.jsonl": facts, "logs/a.json": BOTS})["logs"]
    assert set(drawn(found)) == {("CONNECTS_TO", "bot", "srv"), ("PROVIDES", "srv", "called:bot/pay")}
    assert drawn(found)["CONNECTS_TO", "bot", "srv"]["tools"] == ["pay"]


def test_a_sighting_that_somebody_states_is_left_as_it_is_stated(tmp_path: Path) -> None:
    seen = edge("USES", BOT, PAY) | {"props": {"evidence": ["observed"]}}
    facts = stated(*NODES, edge("USES", BOT, PAY, guards=["gw"]), seen)
    found = scan(tmp_path, {"code/x.facts.jsonl": facts, "logs/a.json": otlp(resource(agent("01", "x")))})["code"]
    assert [one.props.get("guards") for one in found.edges if isinstance(one, EdgeFact) and one.kind == "USES"] == [["gw"], None]


# --------------------------------------------------------------------------------------------------------------------------------
# What comes of it

AT = "2026-10-21T00:00:00Z"
"""A month after the spans."""
VAULT = """from agents import Agent, function_tool
import psycopg

@function_tool
def look_up(order: str) -> str:
    return psycopg.connect("postgres://reader@db.acme.example:5432/orders").execute("select 1")

desk = Agent(name="Desk", tools=[look_up])
"""


@pytest.fixture(scope="module")
def observed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Scanned, Engine]]:
    """A declared agent that was seen to call its own tool and one of which nothing is declared, and an agent that nobody declares."""
    top = tmp_path_factory.mktemp("estate")
    query = span("05", "02", kind=3, db__system="postgresql", server__address="db.acme.example", db__name="orders", db__operation="DELETE")
    spans = agent("01", "Desk"), tool("02", "look_up", "01", at=60), tool("03", "wipe", "01"), query, agent("04", "Night owl", "01")
    for path, text in {"code/desk/agents.py": VAULT, "logs/a.json": otlp(resource(*spans, service="desk"))}.items():
        (top / path).parent.mkdir(parents=True)
        (top / path).write_text(text, "utf-8")
    url = str(top / "graph")
    scanned = scan_all(url, [top / "code", top / "logs"], at=AT)
    with open_store(url) as store:
        yield scanned, engine(store, at=AT)


def atoms(asked: Engine, subject: NodeKey, lens: Lens) -> set[Atom]:
    found = asked.reach(subject, lens).atoms
    assert found is not None
    return set(found)


def findings(scanned: Scanned) -> Sequence[Finding]:
    assert scanned.analysis is not None
    return scanned.analysis.findings


def test_what_was_seen_is_within_what_is_possible(observed: tuple[Scanned, Engine]) -> None:
    """And it is less: of the agent's two tools and one more agent nothing else was seen."""
    _, asked = observed
    for subject in (("Agent", OWNER), ("Agent", "called:desk/Night owl")):
        assert atoms(asked, subject, "observed") <= atoms(asked, subject, "posture")
    wiped = ("Resource", "postgres://db.acme.example:5432/orders", "delete")
    assert wiped in atoms(asked, ("Agent", OWNER), "observed")
    assert wiped not in atoms(asked, ("Agent", OWNER), "declared")


def test_a_tool_that_was_called_and_never_declared_is_drift(observed: tuple[Scanned, Engine]) -> None:
    found = {(one.rule, one.subject, one.target) for one in findings(observed[0])}
    assert ("GI-INV-004", ("Agent", OWNER), ("Tool", "called:desk/wipe")) in found
    assert ("GI-INV-004", ("Agent", OWNER), ("Agent", "called:desk/Night owl")) in found
    assert ("GI-INV-004", ("Agent", OWNER), ("Tool", LOOK_UP)) not in found


def test_an_agent_that_was_seen_and_that_nobody_declares_is_a_shadow(observed: tuple[Scanned, Engine]) -> None:
    shadows = {one.subject[1]: one for one in findings(observed[0]) if one.rule == "GI-INV-002"}
    assert set(shadows) == {"called:desk/Night owl"}


def test_declared_and_seen_are_one_edge(observed: tuple[Scanned, Engine]) -> None:
    (used,) = (one for one in observed[1].estate.edges_of("USES") if one.target == ("Tool", LOOK_UP))
    assert used.props["evidence"] == ["declared", "observed"]
    assert (used.props["count"], used.props["last_seen"]) == (1, "2026-09-21T14:14:20Z")
