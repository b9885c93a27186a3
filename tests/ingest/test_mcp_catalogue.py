"""Catalogues of servers in containers, of Docker and ToolHive."""

from __future__ import annotations

import json

import pytest

from graphinv.ingest import ai_catalog, mcp_catalogue
from tests.ingest.reading import Facts, document

DOCKER = """\
version: 2
name: acme
registry:
  ledger:
    title: Ledger
    type: server
    image: acme/ledger@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    tools: [{name: book, description: Books a payment}, {name: find}]
    secrets: [{name: ledger.token, env: LEDGER_TOKEN, example: xxx}]
    env: [{name: REGION, value: eu}, {name: MODE, value: "{{ledger.mode}}"}]
    volumes: ["{{ledger.path}}:/books"]
    disableNetwork: true
  docs:
    remote: {url: "https://mcp.docs.acme.example/mcp", transport_type: sse}
  on: {ref: ""}
"""
SPEC = """\
name: ledger
tier: Official
transport: stdio
image: ghcr.io/acme/ledger:1.4.0
tools: [book, find]
env_vars: [{name: LEDGER_TOKEN, required: true, secret: true}]
"""
TOOLHIVE = {
    "last_updated": "2025-10-01T00:00:00Z",
    "servers": {
        "ledger": {"image": "ghcr.io/acme/ledger:1.4.0", "tools": ["book"], "env_vars": [{"name": "LEDGER_TOKEN", "secret": True}]}
    },
    "remote_servers": {"docs": {"url": "https://mcp.docs.acme.example/mcp", "transport": "streamable-http", "tools": ["search"]}},
}


def read(text: str, path: str) -> Facts:
    assert mcp_catalogue.detect(path, text.encode())
    return Facts(mcp_catalogue, document(text, path))


def test_dockers_catalogue_is_what_its_gateway_starts() -> None:
    found = read(DOCKER, "catalogs/acme.yaml")
    ledger = "mcp:shop/catalogs/acme.yaml#ledger"
    assert found.nodes["ToolServer", ledger]["pinned"] is True
    assert {key for key in found.nodes if key[0] == "ToolServer"} == {
        ("ToolServer", ledger),
        ("ToolServer", "https://mcp.docs.acme.example/mcp"),
    }
    assert found.nodes["ToolServer", "https://mcp.docs.acme.example/mcp"]["transport"] == "sse"
    assert found.targets("PROVIDES", ledger) == {f"{ledger}/book", f"{ledger}/find"}
    assert found.targets("HOLDS", ledger) == {"env:LEDGER_TOKEN"}
    assert found.nodes["Runtime", "container:shop/catalogs/acme.yaml#ledger"]["sandboxed"] is True, (
        "what it mounts lies in the engine's keeping"
    )
    assert not [key for key in found.nodes if key[0] == "Agent"], "nobody uses what a catalogue lists"


@pytest.mark.parametrize("text", [SPEC, "name: ledger\ntype: remote\nremote: {url: 'https://a.acme.example/mcp'}\nmeta: {category: x}\n"])
def test_one_entry_in_a_file_of_its_own(text: str) -> None:
    found = read(text, "servers/ledger/server.yaml")
    (server,) = [key for key in found.nodes if key[0] == "ToolServer"]
    assert found.nodes[server]["name"] == "ledger"


def test_toolhives_registry() -> None:
    found = read(json.dumps(TOOLHIVE, indent=1), "registry.json")
    ledger = "mcp:shop/registry.json#ledger"
    assert found.nodes["ToolServer", ledger]["package"] == "pkg:docker/acme/ledger@1.4.0?repository_url=ghcr.io"
    assert found.targets("PROVIDES", "https://mcp.docs.acme.example/mcp") == {"https://mcp.docs.acme.example/mcp/search"}
    assert found.targets("HOLDS", ledger) == {"env:LEDGER_TOKEN"}


def test_its_newer_registry_keeps_entries_of_the_registrys_own_form() -> None:
    entry = {"name": "io.acme/ledger", "packages": [{"registryType": "oci", "identifier": "acme/ledger:1.4.0"}]}
    text = json.dumps({"version": "1.0.0", "data": {"servers": [entry]}})
    assert ai_catalog.detect("registry.json", text.encode())
    assert ("ToolServer", "mcp-registry:io.acme/ledger") in Facts(ai_catalog, document(text, "registry.json")).nodes


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("values.yaml", "registry:\n  host: x\n"),
        ("compose.yaml", "services:\n  a:\n    image: x\n"),
        ("ci.yml", "image: python:3.11\nstages: [a]\n"),
        ("a.json", '{"servers": {"a": {"command": "x"}}}'),
    ],
)
def test_leaves_other_files_alone(path: str, text: str) -> None:
    assert not mcp_catalogue.detect(path, text.encode())
