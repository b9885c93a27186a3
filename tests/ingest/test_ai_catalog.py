from __future__ import annotations

import json

import pytest

from graphinv.ingest import ai_catalog
from tests.ingest.reading import Facts, document, fake, fixture


def read(data: object, path: str = "ai-catalog.json") -> Facts:
    return Facts(ai_catalog, document(json.dumps(data), path))


def test_a_catalogue_lists_agents_servers_and_catalogues() -> None:
    found = Facts(ai_catalog, fixture("discovery/ai_catalog.json", ".well-known/ai-catalog.json"))
    assert set(found.nodes) == {
        ("Agent", "a2a:https://agents.haulage.example/freight"),
        ("Agent", "a2a:shop/.well-known/ai-catalog#urn:haulage:agent:night"),
        ("Agent", "a2a:https://lab.haulage.example/a2a"),
        ("ToolServer", "mcp-registry:example.haulage/papers"),
    }
    night = found.nodes["Agent", "a2a:shop/.well-known/ai-catalog#urn:haulage:agent:night"]
    assert {"card=https://cards.haulage.example/night.json", "organisation=Haulage Ltd"} == set(night["labels"])
    assert found.nodes["ToolServer", "mcp-registry:example.haulage/papers"]["url"] == "https://papers.haulage.example/mcp"
    assert not found.edges


def test_an_older_catalogue() -> None:
    entry = {"id": "did:x:1", "name": "Desk", "cardUrl": "https://desk.haulage.example/.well-known/agent-card.json"}
    found = read({"specVersion": "1.0.0", "host": {"name": "Haulage"}, "agents": [entry, {"id": "did:x:2"}]})
    assert ("Agent", "a2a:https://desk.haulage.example") in found.nodes
    found = read({"agents": [{"name": 7}]})
    assert [severity for _, severity, _ in found.problems] == ["warning"]


def test_a_list_of_servers() -> None:
    listed = [
        {
            "server": {
                "name": "a/papers",
                "version": "1.0.0",
                "packages": [{"registryType": "npm", "identifier": "@a/papers", "version": "1.0.0"}],
            }
        },
        {"name": "b/rates", "remotes": [{"type": "sse", "url": "https://rates.haulage.example/sse"}]},
        {"title": "nameless"},
        7,
    ]
    found = read({"servers": listed}, "servers.json")
    assert found.nodes["ToolServer", "mcp-registry:a/papers"]["package"] == "pkg:npm/%40a/papers@1.0.0"
    assert found.nodes["ToolServer", "mcp-registry:b/rates"]["transport"] == "sse"
    assert found.targets("DEPENDS_ON", "mcp-registry:a/papers") == {"pkg:npm/%40a/papers@1.0.0"}
    assert not [key for key in found.nodes if key[0] == "Agent"]


def test_a_plug_in() -> None:
    token = fake("plug-in")
    found = read(
        {
            "schema_version": "v1",
            "name_for_human": "Papers",
            "name_for_model": "papers",
            "auth": {"type": "service_http", "authorization_type": "bearer", "verification_tokens": {"openai": token}},
            "api": {"type": "openapi", "url": "https://papers.haulage.example/openapi.yaml"},
        },
        ".well-known/ai-plugin.json",
    )
    props = found.nodes["ToolServer", "https://papers.haulage.example"]
    assert (props["protocol"], props["auth"], props["url"]) == ("openapi", "key", "https://papers.haulage.example/openapi.yaml")
    assert len(found.targets("HOLDS", "https://papers.haulage.example")) == 1
    assert token not in repr(found.all)


def test_a_plug_in_with_functions() -> None:
    found = read(
        {
            "schema_version": "v2.2",
            "name_for_human": "Rates",
            "functions": [{"name": "getRate"}, {"name": 5}],
            "runtimes": [{"type": "OpenApi", "auth": {"type": "OAuthPluginVault"}, "spec": {"url": "openapi.yaml"}}],
        },
        "appPackage/ai-plugin.json",
    )
    server = "plugin:shop/appPackage/ai-plugin.json#Rates"
    assert found.nodes["ToolServer", server]["auth"] == "oauth"
    assert found.targets("PROVIDES", server) == {f"{server}/getRate"}


@pytest.mark.parametrize(
    "data", [{}, {"entries": 5}, {"entries": [1, {"mediaType": 5}, {"mediaType": "application/mcp-server+json"}]}, {"servers": [[]]}]
)
def test_odd_types_do_not_matter(data: object) -> None:
    assert not read(data).nodes


def test_catalogues_inside_catalogues_end() -> None:
    inner: dict[str, object] = {"entries": []}
    for _ in range(60):
        inner = {"entries": [{"mediaType": "application/ai-catalog+json", "data": inner}]}
    assert not read(inner).nodes


def test_detects_catalogues_and_nothing_else() -> None:
    assert ai_catalog.detect(".well-known/ai-catalog.json", b"{}")
    assert ai_catalog.detect("x.json", b'{"servers": [{"server": {"name": "a"}, "packages": []')
    assert not ai_catalog.detect("mcp.json", b'{"servers": {"a": {}}}')
    assert not ai_catalog.detect("hosts.json", b'{"servers": [{"name": "web-1", "ip": "10.0.0.1"}]}')
    assert not ai_catalog.detect("server.json", b'{"servers": [{"name": "web-1", "packages": []}]}')
