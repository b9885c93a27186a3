from __future__ import annotations

import json

import pytest

from graphinv.ingest import peer_graph
from tests.ingest.reading import Facts, document, fixture

DESK = "peer:shop/report#Freight desk"
PAPERS = "mcp:shop/report.json#Freight desk/papers"


def read(data: object, path: str = "report.json") -> Facts:
    return Facts(peer_graph, document(json.dumps(data), path))


def test_an_inventory() -> None:
    found = Facts(peer_graph, fixture("discovery/inventory.json", "report.json"))
    clerk = "arn:aws:bedrock:eu-north-1:111122223333:agent/CLERK1"
    assert {key[1] for key in found.nodes if key[0] == "Agent"} == {DESK, clerk}  # "project:web" is a folder
    assert found.nodes["Agent", DESK]["framework"] == "cursor"
    assert found.targets("CONNECTS_TO", DESK) == {PAPERS, "https://rates.haulage.example/mcp"}
    assert found.targets("PROVIDES", PAPERS) == {f"{PAPERS}/find_paper", f"{PAPERS}/file_paper"}
    assert found.targets("DEPENDS_ON", PAPERS) == {"pkg:npm/%40haulage/papers-mcp", "pkg:npm/express@4.21.0"}
    assert found.targets("HOLDS", PAPERS) == {"env:PAPERS_API_KEY", "env:DATABASE_URL"}  # masked there, so it is there
    assert found.props("CONNECTS_TO", DESK, PAPERS)["evidence"] == ["declared"]


def test_a_report_is_believed_less() -> None:
    agents = [{"name": "a", "mcp_servers": [{"name": "s", "command": "npx", "args": ["s-mcp"], "tools": [{"name": "t"}]}]}]
    for report in ({"scan_id": "1", "agents": agents}, {"schema_version": "1", "data": {"document_type": "AI-BOM", "agents": agents}}):
        found = read(report)
        assert [edge.props["confidence"] for edge in found.edges] == [peer_graph.CONFIDENCE] * len(found.edges)
        assert found.targets("PROVIDES", "mcp:shop/report.json#a/s") == {"mcp:shop/report.json#a/s/t"}


def test_a_graph_in_the_right_direction() -> None:
    found = Facts(peer_graph, fixture("discovery/graph.json", "report.json"))
    desk, papers = "peer:shop/report#agent:desk", "peer:shop/report#server:papers"
    assert found.drawn("CONNECTS_TO") == {(desk, papers)}
    assert found.drawn("DELEGATES_TO") == {(desk, "peer:shop/report#agent:customs")}
    assert found.drawn("PROVIDES") == {(papers, "peer:shop/report#tool:find")}
    assert found.drawn("HOLDS") == {(papers, "peer:shop/report#cred:key")}
    assert found.drawn("DEPENDS_ON") == {(papers, "pkg:npm/express@4.21.0")}
    assert found.drawn("USES_MODEL") == {(desk, "gpt-9")}
    assert not found.drawn("USES")


def test_edges_that_are_not_known_are_problems() -> None:
    found = Facts(peer_graph, fixture("discovery/graph.json", "report.json"))
    assert [(where, severity) for where, severity, _ in found.problems] == [("L23", "warning"), ("L24", "warning")]
    found = read({"nodes": [{"node_type": "tool", "name": "t"}, {"node_type": "llm", "name": "m"}], "edges": [{"start": "m", "end": "t"}]})
    assert len(found.problems) == 1


def test_a_workflow_graph() -> None:
    found = Facts(peer_graph, fixture("discovery/workflow.json", "flow.json"))
    planner, booker = "peer:shop/flow#planner", "peer:shop/flow#booker"
    assert found.drawn("DELEGATES_TO") == {(planner, booker), (booker, planner)}
    assert found.props("DELEGATES_TO", planner, booker)["kind_detail"] == "conditional_edge"
    assert found.props("DELEGATES_TO", booker, planner)["kind_detail"] == "graph_edge"
    assert found.drawn("USES") == {(planner, "peer:shop/flow#find_rate")}
    assert found.nodes["Agent", planner]["framework"] == "langgraph"
    assert not found.problems


def test_one_agent_of_a_fleet() -> None:
    found = read({"agent_name": "desk", "agent_type": "custom", "lifecycle_state": "quarantined"})
    assert found.nodes["Agent", "peer:shop/report#desk"]["status"] == "suspended"


def test_two_agents_of_one_name_stay_two() -> None:
    assert len(read({"agents": [{"name": "a", "agent_type": "x"}, {"name": "a", "agent_type": "y"}]}).nodes) == 2


@pytest.mark.parametrize(
    "odd",
    [
        {"agents": 5, "mcp_servers": []},
        {"agents": [1, {"name": 5}, {"name": " ", "mcp_servers": [1]}]},
        {"nodes": [1, {"id": 5, "type": "agent"}, {"type": "agent"}], "edges": [1]},
        {"nodes": [], "edges": {}},
        {"agent_name": " ", "lifecycle_state": 5},
    ],
)
def test_odd_types_do_not_matter(odd: object) -> None:
    assert not read(odd).nodes


def test_other_json_is_not_ours() -> None:
    assert peer_graph.detect("a.json", b'{"agents": [{"name": "a", "mcp_servers": []')
    assert not peer_graph.detect("a.json", b'{"agents": [{"name": "Smith"}]}')
    assert not peer_graph.detect("a.json", b'{"nodes": [{"type": "n8n-nodes-base.set"}], "connections": {}}')
    assert not peer_graph.detect("a.json", b'{"tenant_id": "t", "finding_id": "f"}')
