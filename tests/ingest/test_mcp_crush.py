"""Crush's configuration, which others call their files like."""

from __future__ import annotations

import pytest

from graphinv.ingest import mcp_crush
from tests.mcp_support import read

CONFIG = {
    "$schema": "https://charm.land/crush.json",
    "providers": {"acme": {"type": "openai", "base_url": "https://models.acme.example/v1", "api_key": "$ACME_MODELS_KEY"}},
    "mcp": {
        "ledger": {"type": "stdio", "command": "uvx", "args": ["ledger-mcp==1.4.0"], "env": {"LEDGER_TOKEN": "$LEDGER_TOKEN"}},
        "docs": {"type": "http", "url": "https://mcp.docs.acme.example/mcp", "disabled": True},
    },
    "permissions": {"allowed_tools": ["view", "edit:write"]},
    "options": {"disabled_tools": ["fetch"]},
}


def test_servers_tools_and_keys() -> None:
    found = read(mcp_crush, "pay/crush.json", CONFIG)
    assert list(found.nodes("Agent")) == ["crush:acme/pay"]
    servers = found.nodes("ToolServer")
    assert servers["mcp:acme/pay/crush.json#ledger"]["package"] == "pkg:pypi/ledger-mcp@1.4.0"
    assert servers["https://mcp.docs.acme.example/mcp"]["status"] == "suspended"
    assert {edge.target[1]: edge.props.get("approved") for edge in found.edges("USES") if isinstance(edge.target, tuple)} == {
        "crush:bash": None,
        "crush:edit": True,
        "crush:view": True,
    }
    held = {getattr(edge.target, "name", "") for edge in found.edges("HOLDS") if edge.source == ("Agent", "crush:acme/pay")}
    assert held == {"ACME_MODELS_KEY"}


@pytest.mark.parametrize(("path", "host"), [(".crush.json", "crush:acme"), ("al/.config/crush/crush.json", "crush:acme/al")])
def test_its_own_places(path: str, host: str) -> None:
    assert list(read(mcp_crush, path, {}).nodes("Agent")) == [host]


@pytest.mark.parametrize(
    "text", ['[{"name": "Ana", "age": 21}]', '{"version": "0.9.0", "homepage": "https://charm.land/x", "bin": "crush.exe"}']
)
def test_leaves_other_files_of_that_name_alone(text: str) -> None:
    assert not mcp_crush.detect("crush.json", text.encode())
