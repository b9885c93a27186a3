"""What the readers of documents that declare agents by name must bear: the same bad inputs, any bytes, any settings."""

from __future__ import annotations

import json
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.ingest import (
    agent_hooks,
    autogen_components,
    copilot_studio,
    docker_agents,
    fast_agent_cards,
    goose_recipes,
    logic_apps,
    m365_agents,
    nemo_agents,
    prompt_agents,
)
from tests.ingest.bad_inputs import ANY_BYTES, BOMB, EVERYWHERE, read

READERS: list[tuple[ModuleType, str]] = [
    (docker_agents, "a.yaml"),
    (nemo_agents, "a.yml"),
    (autogen_components, "a.json"),
    (fast_agent_cards, "agent-cards/a.md"),
    (fast_agent_cards, "agent-cards/a.yaml"),
    (m365_agents, "declarativeAgent.json"),
    (prompt_agents, "a.yaml"),
    (copilot_studio, "desk/actions/a.mcs.yml"),
    (copilot_studio, "bots/desk/bot.xml"),
    (copilot_studio, "bots/desk/configuration.json"),
    (copilot_studio, "botcomponents/desk.tool.a/data"),
    (copilot_studio, "Connector/a_openapidefinition.json"),
    (logic_apps, "Workflows/a-0f3c1b2a-1111-4222-8333-0123456789ab.json"),
    (logic_apps, "a/workflow.json"),
    (goose_recipes, "recipes/a.yaml"),
    (agent_hooks, ".cursor/hooks.json"),
    (agent_hooks, ".kiro/hooks/a.kiro.hook"),
    (agent_hooks, ".gemini/settings.json"),
]
BAD: dict[str, bytes] = {
    **EVERYWHERE,
    "truncated": b"agents:\n  root:\n    toolsets:\n      - {type: 'mc",
    "bomb": f"agents: {{root: {{instruction: x}}}}\n{BOMB}workflow: {{_type: a, tool_names: *m}}\n".encode(),
    "tag": b"workflow: {_type: !!python/object/apply:os.system ['true']}\n",
    "itself": b"workflow: &x {_type: a, x: *x}\n",
    "deep": b'{"kind": "Workflow", "a": ' + b"[" * 5000 + b"]" * 5000 + b"}",
}
NAMES = [
    "properties",
    "definition",
    "triggers",
    "actions",
    "inputs",
    "host",
    "connectionReferences",
    "connectionName",
    "parameters",
    "cases",
    "title",
    "description",
    "instructions",
    "extensions",
    "sub_recipes",
    "path",
    "retry",
    "checks",
    "beforeShellExecution",
    "preToolUse",
    "matcher",
    "when",
    "then",
    "mcs.metadata",
    "agentSettings",
    "paths",
    "basePath",
    "connectorId",
    "kind",
    "schemaName",
    "source",
    "site",
    "action",
    "connectionReference",
    "connectionProperties",
    "operationDetails",
    "gptCapabilities",
    "agents",
    "root",
    "models",
    "mcps",
    "permissions",
    "allow",
    "deny",
    "toolsets",
    "type",
    "ref",
    "remote",
    "url",
    "command",
    "args",
    "env",
    "headers",
    "tools",
    "sub_agents",
    "handoffs",
    "hooks",
    "shell",
    "api_config",
    "endpoint",
    "workflow",
    "functions",
    "function_groups",
    "llms",
    "authentication",
    "memory",
    "_type",
    "tool_names",
    "server",
    "auth_provider",
    "provider",
    "component_type",
    "config",
    "participants",
    "workbench",
    "server_params",
    "graph",
    "nodes",
    "edges",
    "target",
    "team",
    "agent",
    "components",
    "teams",
    "name",
    "servers",
    "mcp_connect",
    "function_tools",
    "capabilities",
    "actions",
    "worker_agents",
    "items_by_url",
    "file",
    "id",
    "kind",
    "model",
    "connection",
    "options",
]
VALUES = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.text(max_size=8),
        st.sampled_from(
            ["mcp", "api", "script", "a2a", "mcp_client", "react_agent", "team", "agent", "Workflow", "Prompt", "InvokeMcpTool"]
        ),
        st.sampled_from(["docker:x", "https://a.example/x", "root", "${X_TOKEN}", "=Env.X", "a.py:f", "../..", "\x00", "*"]),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=4)),
    max_leaves=20,
)


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize(("reader", "path"), READERS)
def test_a_bad_document_gives_facts_or_one_error(reader: ModuleType, path: str, name: str) -> None:
    read(reader, path, BAD[name])


@pytest.mark.parametrize(("reader", "path"), READERS)
@settings(max_examples=40)
@given(data=ANY_BYTES)
def test_any_bytes_give_facts_or_an_error(reader: ModuleType, path: str, data: bytes) -> None:
    read(reader, path, data)


@pytest.mark.parametrize(("reader", "path"), READERS)
@settings(max_examples=150)
@given(value=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=8), kind=st.sampled_from(["Prompt", "Workflow"]))
def test_any_settings_give_facts_or_an_error(reader: ModuleType, path: str, value: dict[str, object], kind: str) -> None:
    sure: dict[ModuleType, dict[str, object]] = {
        docker_agents: {"agents": {"root": {"instruction": "x", **value}}},
        nemo_agents: {"workflow": {"_type": "a", **value}},
    }
    text = json.dumps({**value, "kind": kind, **sure.get(reader, {}), "provider": "a.X", "component_type": "team", "config": value})
    read(reader, path, f"---\n{text}\n---\n".encode() if path.endswith(".md") else text.encode())
