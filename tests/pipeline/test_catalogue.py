from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from graphinv.model.errors import GraphinvError
from graphinv.model.facts import EdgeFact, NodeFact, check_edge, check_node
from graphinv.pipeline.catalogue import CONFIDENCE, EFFECTS, Catalogue, catalogue, known, load, unversioned
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import read_root
from graphinv.pipeline.walk import root_of

SERVER = ("ToolServer", "mcp:shop/.mcp.json#papers")
SMALL = load(
    {
        "a.toml": """
[[server]]
id = "papers"
title = "Papers"
publisher = "Haulage"
packages = ["pkg:npm/%40haulage/papers", "pkg:docker/haulage/papers?repository_url=ghcr.io"]
urls = ["https://papers.haulage.example/mcp"]
read_from = "npm @haulage/papers 1.2.0"
read_on = 2026-11-24
[server.tools]
"read untrusted" = ["find_paper"]
"write destructive" = ["burn_paper"]

[[server]]
id = "papers-labs"
title = "Papers labs"
publisher = "Haulage"
urls = ["https://papers.haulage.example/mcp/labs"]
read_from = "github haulage/labs 0123456789ab docs"
read_on = 2026-11-24
partial = true
[server.tools]
"none" = ["think"]

[[hosted]]
provider = "acme"
also = ["acme-eu"]
read_from = "pypi acme 1"
read_on = 2026-11-24
[hosted.tools]
"execute" = ["shell"]
"""
    }
)


def server(**props: object) -> NodeFact:
    return NodeFact(*SERVER, {"name": "papers", "sources": ["shop/.mcp.json#L3"], **props})


def added(*facts: NodeFact | EdgeFact, entries: Catalogue = SMALL) -> tuple[dict[str, NodeFact], list[EdgeFact]]:
    made = list(
        known([fact for fact in facts if isinstance(fact, NodeFact)], [fact for fact in facts if isinstance(fact, EdgeFact)], entries)
    )
    nodes = {fact.id: check_node(fact) for fact in made if isinstance(fact, NodeFact)}
    return nodes, [check_edge(fact) for fact in made if isinstance(fact, EdgeFact)]


@pytest.mark.parametrize(
    "package",
    ["pkg:npm/%40haulage/papers", "pkg:npm/%40haulage/papers@9.9.9", "pkg:docker/haulage/papers@sha256%3A00?repository_url=ghcr.io"],
)
def test_a_server_started_from_a_known_package_provides_its_tools(package: str) -> None:
    nodes, edges = added(server(package=package))
    assert nodes[SERVER[1]].props == {"labels": ["catalogue=papers@1.2.0"], "sources": ["shop/.mcp.json#L3"]}
    assert nodes[f"{SERVER[1]}/find_paper"].props["effects"] == ["read"]
    assert nodes[f"{SERVER[1]}/find_paper"].props["ingests_untrusted"] is True
    assert nodes[f"{SERVER[1]}/burn_paper"].props["effects"] == ["destructive", "write"]
    assert "ingests_untrusted" not in nodes[f"{SERVER[1]}/burn_paper"].props
    assert {edge.target for edge in edges} == {("Tool", f"{SERVER[1]}/{name}") for name in ("burn_paper", "find_paper")}
    assert {(edge.kind, edge.source, edge.props["confidence"], *edge.props["evidence"]) for edge in edges} == {
        ("PROVIDES", SERVER, CONFIDENCE, "inferred")
    }


@pytest.mark.parametrize(
    "url", ["https://papers.haulage.example/mcp", "https://papers.haulage.example/mcp/v2", "https://PAPERS.haulage.example:443/mcp/"]
)
def test_a_server_at_a_known_address_provides_its_tools(url: str) -> None:
    nodes, _ = added(server(url=url))
    assert nodes[SERVER[1]].props["labels"] == ["catalogue=papers@1.2.0"]


def test_an_address_as_id_is_enough_and_the_longest_path_holds() -> None:
    remote = NodeFact("ToolServer", "https://papers.haulage.example/mcp/labs", {"name": "labs"})
    nodes, _ = added(remote)
    assert nodes[remote.id].props["labels"] == ["catalogue=papers-labs@0123456789ab", "catalogue_partial=true"]
    assert nodes[f"{remote.id}/think"].props["effects"] == []


@pytest.mark.parametrize(
    "props",
    [
        {"package": "pkg:npm/papers"},
        {"package": "pkg:docker/haulage/papers"},
        {"package": "pkg:pypi/%40haulage/papers"},
        {"url": "https://papers.haulage.example/mcpx"},
        {"url": "https://papers.haulage.example.evil.example/mcp"},
        {"url": "http://papers.haulage.example:8080/mcp"},
        {"url": "https://[papers/mcp"},
        {},
    ],
)
def test_what_only_resembles_an_entry_is_not_it(props: dict[str, object]) -> None:
    assert added(server(**props)) == ({}, [])


def test_what_the_facts_say_comes_first() -> None:
    own = ("Tool", f"{SERVER[1]}/find_paper")
    provides = EdgeFact("PROVIDES", SERVER, own, {"evidence": ["declared"]})
    nodes, edges = added(server(package="pkg:npm/%40haulage/papers"), NodeFact(*own, {"effects": ["execute"]}), provides)
    assert not nodes
    assert not edges


def test_tools_that_the_facts_only_name_get_their_effects() -> None:
    own = ("Tool", f"{SERVER[1]}/find_paper")
    provides = EdgeFact("PROVIDES", SERVER, own, {"evidence": ["declared"]})
    nodes, edges = added(server(package="pkg:npm/%40haulage/papers"), NodeFact(*own, {"sources": ["shop/x#L1"]}), provides)
    assert nodes[own[1]].props == {"effects": ["read"], "ingests_untrusted": True, "sources": ["shop/x#L1"]}
    assert not edges


def test_hosted_tools_get_their_effects_where_nobody_states_them() -> None:
    nodes, _ = added(NodeFact("Tool", "acme:shell", {}), NodeFact("Tool", "acme-eu:shell", {}), NodeFact("Tool", "acme:other", {}))
    assert {id: node.props["effects"] for id, node in nodes.items()} == {"acme:shell": ["execute"], "acme-eu:shell": ["execute"]}
    assert added(NodeFact("Tool", "acme:shell", {"effects": ["read"]})) == ({}, [])


def test_order_and_repetition_do_not_matter() -> None:
    facts = [server(package="pkg:npm/%40haulage/papers"), server(sources=["shop/b.json#L1"]), NodeFact("Tool", "acme:shell", {})]
    assert added(*facts) == added(*reversed(facts), facts[0])


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[server]\n", "is not TOML"),
        ('[[server]]\nid = "a"\n[server.tools]\nread = ["x"]\n', "lacks 'title'"),
        ("[[hosted]]\nprovider = 'a'\n[hosted.tools]\nfly = ['x']\n", "no such effect"),
        ("[[hosted]]\nprovider = 'a'\n[hosted.tools]\nread = ['x']\nwrite = ['x']\n", "stands twice"),
    ],
)
def test_a_catalogue_that_is_not_well_formed_is_refused(text: str, says: str) -> None:
    with pytest.raises(GraphinvError, match=says):
        load({"x.toml": text})


def test_two_entries_of_one_package_are_refused() -> None:
    fields = ["id = '{}'", "title = 't'", "publisher = 'p'", "packages = ['pkg:npm/x']", "read_from = 'npm x 1'", "read_on = 2026-01-01"]
    entry = "\n".join(["[[server]]", *fields, "[server.tools]", "read = ['y']", ""])
    with pytest.raises(GraphinvError, match="two entries"):
        load({"x.toml": entry.format("a") + entry.format("b")})


# ---- the bundled one


def test_every_entry_is_well_formed() -> None:
    bundled = catalogue()
    assert len(bundled.servers) + len({id.partition(":")[0] for id in bundled.hosted}) >= 80
    assert len(bundled.hosted) >= 80
    for entry in bundled.servers:
        assert re.fullmatch(r"[a-z0-9-]+", entry.id)
        assert entry.title
        assert entry.publisher
        assert entry.packages or entry.urls, entry.id
        assert entry.tools, entry.id
        assert re.match(r"(?:npm \S+ \d|pypi \S+ \d|github \S+/\S+ [0-9a-f]{7,40}\b|https://)", entry.read_from), entry.id
        assert date(2026, 1, 1) <= entry.read_on
        for purl in entry.packages:
            assert purl == unversioned(purl), purl
            assert re.fullmatch(r"pkg:(?:npm|pypi|docker|github|golang)/[^\s@]+", purl), purl
        for url in entry.urls:
            assert re.fullmatch(r"https://[a-z0-9.-]+(?:/[^?#\s]*[^/?#\s])?", url), url
        for tool in entry.tools:
            assert re.fullmatch(r"[\w./-]{1,100}", tool.name), (entry.id, tool.name)
            assert set(tool.effects) <= EFFECTS


def names(of: Iterable[str]) -> list[str | None]:
    return [entry.id if (entry := catalogue().of_package(purl)) else None for purl in of]


def test_packages_are_found_as_configurations_name_them() -> None:
    assert names(["pkg:npm/%40playwright/mcp", "pkg:pypi/mcp-server-fetch@2025.4.7", "pkg:docker/mcp/fetch@1"]) == [
        "playwright",
        "fetch",
        "fetch",
    ]
    assert names(["pkg:docker/github/github-mcp-server?repository_url=ghcr.io"]) == ["github"]


def test_a_scan_knows_the_servers_of_a_configuration(tmp_path: Path) -> None:
    servers = {
        "files": {"command": "npx", "args": ["-y", "@modelcontextprotocol/server-filesystem@2025.1.1", "/tmp"]},
        "fetch": {"command": "uvx", "args": ["mcp-server-fetch"]},
        "github": {"command": "docker", "args": ["run", "-i", "--rm", "ghcr.io/github/github-mcp-server"]},
        "docs": {"url": "https://mcp.context7.com/mcp"},
        "own": {"command": "node", "args": ["server.js"]},
    }
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / ".mcp.json").write_text(json.dumps({"mcpServers": servers}), "utf-8")
    reading = read_root(root_of(tmp_path / "shop"), Fingerprinter(b"k" * 32))
    provided = {edge.target[1] for edge in reading.edges if edge.kind == "PROVIDES"}  # type: ignore[index]
    assert {
        "mcp:shop/.mcp.json#files/write_file",
        "mcp:shop/.mcp.json#fetch/fetch",
        "mcp:shop/.mcp.json#github/create_pull_request",
        "https://mcp.context7.com/mcp/query-docs",
    } <= provided
    assert not [id for id in provided if "#own" in id]


def test_what_is_executed_at_the_provider_says_so_whoever_states_its_effects() -> None:
    there = load({"x.toml": "[[hosted]]\nprovider = 'acme'\n[hosted.tools]\n'execute sandboxed' = ['python']\n'execute' = ['shell']\n"})
    nodes = [NodeFact("Tool", "acme:python", {}), NodeFact("Tool", "acme:shell", {})]
    found = {fact.id: fact.props for fact in known(nodes, [], there) if isinstance(fact, NodeFact)}
    assert found["acme:python"]["labels"] == ["sandboxed=provider"]
    assert found["acme:python"]["effects"] == ["execute"]
    assert "labels" not in found["acme:shell"]
    (stated,) = known([NodeFact("Tool", "acme:python", {"effects": ["execute", "read"]})], [], there)
    assert isinstance(stated, NodeFact)
    assert stated.props == {"labels": ["sandboxed=provider"], "sources": []}


def test_a_server_that_was_told_to_change_nothing_only_reads() -> None:
    entries = load(
        {
            "x.toml": "[[server]]\nid = 'db'\ntitle = 'DB'\npublisher = 'H'\npackages = ['pkg:npm/db']\nread_from = 'npm db 1'\n"
            "read_on = 2026-01-01\n[server.tools]\n'read write destructive' = ['sql']\n'write' = ['put']\n"
            "'read egress untrusted' = ['get']\n"
        }
    )
    node = NodeFact(*SERVER, {"package": "pkg:npm/db", "labels": ["read_only=true"], "sources": ["shop/x#L1"]})
    tools = {fact.props["name"]: fact.props for fact in known([node], [], entries) if fact.props.get("name")}
    assert {name: props["effects"] for name, props in tools.items()} == {"sql": ["read"], "get": ["egress", "read"]}
    assert len([fact for fact in known([replace(node, props={"package": "pkg:npm/db"})], [], entries) if isinstance(fact, EdgeFact)]) == 3
