from __future__ import annotations

import pytest

from graphinv.ingest import mcp_bundle
from tests.mcp_support import GITHUB, read

PATH = "orders/manifest.json"
SERVER = "mcp:acme/orders/manifest.json#Orders"


def manifest(**more: object) -> dict[str, object]:
    """A bundle of a server in JavaScript that asks for a key."""
    started = {
        "command": "node",
        "args": ["${__dirname}/server/index.js", "--region=${user_config.region}"],
        "env": {"ORDERS_KEY": "${user_config.api_key}", "ORDERS_TOKEN": GITHUB},
    }
    return {
        "manifest_version": "0.3",
        "name": "orders",
        "display_name": "Orders",
        "version": "1.4.0",
        "server": {"type": "node", "entry_point": "server/index.js", "mcp_config": started},
        "tools": [{"name": "list_orders"}, {"name": "delete_order", "description": "Removes one"}, {"no": "name"}, 3],
        "user_config": {
            "api_key": {"type": "string", "sensitive": True},
            "unused": {"type": "string", "sensitive": True},
            "region": {"type": "string"},
        },
        **more,
    }


def test_a_bundle_is_a_server_that_nobody_uses_yet() -> None:
    found = read(mcp_bundle, PATH, manifest())
    assert found.nodes("Agent") == {}
    assert found.edges("CONNECTS_TO") == []
    server = found.nodes("ToolServer")[SERVER]
    assert (server["version"], server["transport"], server["labels"]) == ("1.4.0", "stdio", ["bundle=mcpb", "entry=server/index.js"])
    assert found.pairs("PROVIDES") == {(f"ToolServer:{SERVER}", f"Tool:{SERVER}/{name}") for name in ("list_orders", "delete_order")}
    assert found.nodes("Tool")[f"{SERVER}/delete_order"]["hints"] == ["named_destructive=true"]
    assert found.held(SERVER) == {"@GITHUB@", "Secret~user_config~orders#api_key"}
    assert len(found.edges("HOLDS")) == 2
    assert found.bindings() == {}
    assert found.problems() == []


def test_a_bundle_that_stands_for_a_remote_server_is_that_server() -> None:
    arguments = ["${__dirname}/node_modules/mcp-remote/dist/proxy.js", "https://orders.acme.example/mcp"]
    found = read(mcp_bundle, PATH, manifest(server={"type": "node", "mcp_config": {"command": "node", "args": arguments}}))
    assert found.nodes("ToolServer")["https://orders.acme.example/mcp"]["url"] == "https://orders.acme.example/mcp"


@pytest.mark.parametrize(
    ("kind", "entry", "label"),
    [("node", "server/index.js", "entry=server/index.js"), ("python", "server/main.py", "entry=server/main.py")],
)
def test_without_a_command_the_entry_point_is_what_starts(kind: str, entry: str, label: str) -> None:
    found = read(mcp_bundle, PATH, manifest(server={"type": kind, "entry_point": entry}, tools_generated=True))
    assert found.nodes("ToolServer")[SERVER]["labels"] == ["bundle=mcpb", label, "tools_generated=true"]


def test_a_manifest_of_something_else_says_nothing_and_a_nameless_one_is_an_error() -> None:
    assert read(mcp_bundle, PATH, {"manifest_version": "1", "name": "x"}).all == []
    odd = read(mcp_bundle, PATH, {"dxt_version": "0.1", "name": "x", "mcp": {"command": "x"}})
    assert [(severity, message) for _, severity, message in odd.problems()] == [("warning", "describes a bundle without a server")]
    found = read(mcp_bundle, PATH, {"dxt_version": "0.1", "server": {"entry_point": "a.js"}})
    assert [severity for _, severity, _ in found.problems()] == ["error"]
    assert [severity for _, severity, _ in read(mcp_bundle, PATH, manifest(server={"type": 3})).problems()] == ["error"]


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("manifest.json", '{"dxt_version": "0.1"}', True),
        ("a/manifest-dev.json", '{"manifest_version" : "0.3"}', True),
        ("manifest.json", '{"manifest_version": 3}', False),
        ("package.json", '{"manifest_version": "0.3"}', False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert mcp_bundle.detect(path, head.encode()) is ours
