from __future__ import annotations

import pytest
import yaml

from graphinv.ingest import HEAD_BYTES, context_forge
from graphinv.model.facts import Guarding
from tests.ingest.bad_inputs import EVERYWHERE, read
from tests.ingest.reading import Facts, document, fake


def plugin(name: str, mode: str, hooks: tuple[str, ...] = ("tool_pre_invoke",), **more: object) -> dict[str, object]:
    return {"name": name, "kind": f"plugins.{name}", "hooks": list(hooks), "mode": mode, "priority": 50, "conditions": [], **more}


def facts(*plugins: dict[str, object], **settings: object) -> Facts:
    data = yaml.safe_dump({"plugin_dirs": ["plugins/native"], "plugin_settings": settings, "plugins": list(plugins)}, sort_keys=False)
    made = document(data, "plugins/config.yaml")
    assert context_forge.detect(made.path, made.data[:HEAD_BYTES])
    return Facts(context_forge, made)


def points(found: Facts) -> dict[str, dict[str, object]]:
    return {str(props["name"]): props for (kind, _), props in found.nodes.items() if kind == "EnforcementPoint"}


def test_plugins_that_may_refuse_are_points() -> None:
    found = points(
        facts(
            plugin("DenyList", "enforce"),
            plugin("Cedar", "sequential", ("tool_pre_invoke", "tool_post_invoke")),
            plugin("Loose", "enforce_ignore_error"),
            plugin("Watch", "permissive"),
            plugin("Off", "disabled"),
            plugin("Rewrite", "transform"),
            plugin("After", "enforce", ("tool_post_invoke",)),
            plugin("Pii", "enforce", config={"block_on_detection": False}),
            include_user_info=True,
        )
    )
    assert {name: (props.get("mode"), props.get("fail")) for name, props in found.items()} == {
        "DenyList": ("enforce", "closed"),
        "Cedar": ("enforce", None),
        "Loose": ("enforce", "open"),
        "Watch": ("monitor", None),
        "Pii": ("monitor", "closed"),
    }
    assert {props["distinguishes"] for props in found.values()} == {"identity"}
    assert found["Cedar"]["labels"] == ["hook=tool_pre_invoke"]


def test_a_point_stands_on_the_tools_that_its_conditions_name() -> None:
    found = facts(plugin("Cedar", "enforce", conditions=[{"tools": ["create_payout"], "server_ids": []}]))
    assert [(fact.kind, fact.starts, fact.stops) for fact in found.all if isinstance(fact, Guarding)] == [
        ("USES", "*", "Tool:*/create_payout")
    ]


def test_servers_of_the_catalogue_exist_and_nobody_connects_to_them() -> None:
    secret = fake("url")
    servers = [
        {"id": "asana", "name": "Asana", "url": "https://mcp.asana.com/sse", "auth_type": "OAuth2.1", "provider": "Asana"},
        {"id": "open", "name": "Open", "url": "http://open.internal:8080/mcp", "auth_type": "Open"},
        {"id": "here", "name": "Here", "url": "http://localhost:9000/mcp", "auth_type": "API Key"},
        {"id": "keyed", "name": "Keyed", "url": f"https://u:{secret}@keyed.example/mcp?api_key={secret}"},
        {"id": "none", "name": "None"},
    ]
    made = document(yaml.safe_dump({"catalog_servers": servers}), "mcp-catalog.yml")
    assert context_forge.detect(made.path, made.data[:HEAD_BYTES])
    found = Facts(context_forge, made)
    assert {id: (props.get("auth"), props["origin"]) for (_, id), props in found.nodes.items()} == {
        "https://mcp.asana.com/sse": ("oauth", "third_party"),
        "http://open.internal:8080/mcp": ("none", "internal"),
        "mcp:shop#Here": ("key", "internal"),
        "https://keyed.example/mcp": (None, "third_party"),
    }
    assert not found.edges
    assert [severity for _, severity, _ in found.problems] == ["warning"]
    assert secret not in repr(found.all)


@pytest.mark.parametrize("data", EVERYWHERE.values(), ids=EVERYWHERE)
def test_any_bytes_are_borne(data: bytes) -> None:
    read(context_forge, "plugins/config.yaml", data)


@pytest.mark.parametrize("value", [7, "x", [7], {"a": 1}, [[]], None])
def test_any_type_is_borne(value: object) -> None:
    for field in ("name", "hooks", "mode", "conditions", "config"):
        facts({**plugin("x", "enforce"), field: value}, include_user_info=value)
    for field in ("url", "name", "auth_type"):
        read(
            context_forge,
            "mcp-catalog.yml",
            yaml.safe_dump({"catalog_servers": [{"url": "https://a.example", field: value}, value]}).encode(),
        )
