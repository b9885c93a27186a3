"""Declarative agents of Microsoft 365 Copilot."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import ai_catalog, m365_agents
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document

AGENT: dict[str, Any] = {
    "$schema": "https://developer.microsoft.com/json-schemas/copilot/declarative-agent/v1.6/schema.json",
    "version": "v1.6",
    "id": "claims",
    "name": "Claims",
    "description": "Helps with claims.",
    "instructions": "Be brief.",
    "capabilities": [
        {"name": "WebSearch"},
        {"name": "OneDriveAndSharePoint", "items_by_url": [{"url": "https://acme.sharepoint.com/sites/Claims"}]},
        {"name": "Email"},
        {"name": "EmailActions"},
        {"name": "Telepathy"},
    ],
    "actions": [{"id": "a", "file": "plugins/claims.json"}, {"id": "b", "file": "../../secret.json"}],
    "worker_agents": [{"id": "other"}],
}
KEY = "m365-copilot:shop/appPackage/declarativeAgent#Claims"


def read(value: object = AGENT) -> Facts:
    return Facts(m365_agents, document(json.dumps(value, indent=1), "appPackage/declarativeAgent.json"))


def test_capabilities_are_tools_on_what_is_the_persons_own_or_on_the_sites_named() -> None:
    found = read()
    assert found.targets("USES", KEY) == {f"{KEY}/{entry['name']}" for entry in AGENT["capabilities"]}
    assert found.nodes["Tool", f"{KEY}/WebSearch"]["ingests_untrusted"] is True
    assert found.targets("CAN_ACCESS", f"{KEY}/OneDriveAndSharePoint") == {"https://acme.sharepoint.com/sites/Claims"}
    assert found.targets("CAN_ACCESS", f"{KEY}/Email") == found.targets("CAN_ACCESS", f"{KEY}/EmailActions") == {"saas:outlook/shop#user"}
    assert "destructive" in found.nodes["Tool", f"{KEY}/EmailActions"]["effects"]
    assert "effects" not in found.nodes["Tool", f"{KEY}/Telepathy"]


def test_actions_are_plug_ins_by_the_path_of_their_manifest() -> None:
    found = read()
    assert found.targets("CONNECTS_TO", KEY) == {"plugin-manifest:appPackage/plugins/claims.json"}
    plugin = {"schema_version": "v2.4", "name_for_human": "Claims", "runtimes": [{"type": "OpenApi", "spec": {"url": "openapi.yml"}}]}
    manifest = Facts(ai_catalog, document(json.dumps(plugin), "appPackage/plugins/claims.json"))
    bound = manifest.bindings["plugin-manifest", "appPackage/plugins/claims.json"]
    assert bound.target[0] == "ToolServer"
    assert bound.folder == ""


def test_other_agents_and_what_is_not_understood() -> None:
    found = read()
    assert found.drawn("DELEGATES_TO") == {(KEY, "m365-copilot:other")}
    assert found.bindings["m365-copilot", "claims"].target == ("Agent", KEY)
    assert sorted(message for _, _, message in found.problems) == [
        "a capability is not known; what it does is not either",
        "an action names no file of the package",
    ]


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("appPackage/declarativeAgent.json", '{"instructions": ""}', True),
        ("appPackage/declarativeAgent_1.json", '{"capabilities": []}', True),
        ("appPackage/other.json", json.dumps(AGENT), True),
        ("appPackage/declarativeAgent.json", "{}", False),
        ("schemas/x.json", '{"$id": "https://…/copilot/declarative-agent/v1.6", "definitions": {}}', False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert m365_agents.detect(path, head.encode()) is ours


@pytest.mark.parametrize("value", [[], 7])
def test_what_is_no_object_is_refused(value: object) -> None:
    with pytest.raises(IngestError):
        read(value)
