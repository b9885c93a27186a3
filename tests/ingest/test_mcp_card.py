from __future__ import annotations

import pytest

from graphinv.ingest import mcp_card
from tests.mcp_support import GITHUB, read

PATH = "public/.well-known/mcp/server-card.json"
TOOLS = [{"name": "list_orders"}, {"name": "cancel_order"}, {}, 7]


def test_a_card_with_an_address_is_the_server_there() -> None:
    card = {
        "name": "orders",
        "displayName": "Orders",
        "version": "1.0.0",
        "serverUrl": "https://shop.acme.example/mcp/",
        "transport": "streamable-http",
        "auth": {"type": "bearer"},
        "tools": TOOLS,
    }
    found = read(mcp_card, PATH, card)
    server = found.nodes("ToolServer")["https://shop.acme.example/mcp"]
    assert (server["name"], server["auth"], server["transport"], server["version"]) == ("Orders", "key", "http", "1.0.0")
    assert {target for _, target in found.pairs("PROVIDES")} == {
        f"Tool:https://shop.acme.example/mcp/{name}" for name in ("list_orders", "cancel_order")
    }
    assert found.nodes("Agent") == {}
    assert found.edges("CONNECTS_TO") == []


def test_a_card_with_a_path_of_its_site_is_a_server_of_the_document() -> None:
    found = read(mcp_card, ".well-known/mcp.json", {"name": "Tasks", "protocol": "mcp", "endpoint": "/api/mcp", "tools": TOOLS})
    assert found.nodes("ToolServer")["mcp-card:acme/.well-known/mcp.json"]["name"] == "Tasks"
    assert len(found.edges("PROVIDES")) == 2


@pytest.mark.parametrize(
    ("auth", "kind"),
    [("none", "none"), (["oauth2", "api_key"], "key"), ({"schemes": ["OAuth2"]}, "oauth"), (7, None), ({"type": [1]}, None)],
)
def test_how_callers_prove_who_they_are(auth: object, kind: str | None) -> None:
    found = read(mcp_card, PATH, {"name": "x", "authentication": auth})
    (server,) = found.nodes("ToolServer").values()
    assert server.get("auth") == kind


def test_a_card_that_names_nothing_says_nothing_and_shows_no_credential() -> None:
    assert read(mcp_card, PATH, {"tools": TOOLS}).all == []
    found = read(
        mcp_card, PATH, {"name": GITHUB, "version": GITHUB, "url": f"https://u:{GITHUB}@x.example/mcp", "tools": [{"name": GITHUB}]}
    )
    assert GITHUB not in repr(found.all)


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        (PATH, "{", True),
        (".well-known/mcp.json", "{", True),
        (".well-known/mcp.json", '{"mcpServers": {}}', False),
        ("mcp/server-card.json", "{", False),
        (".well-known/agent-card.json", "{", False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert mcp_card.detect(path, head.encode()) is ours
