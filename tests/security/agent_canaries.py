"""Files that declare agents by name and have a secret in every place where people put one."""

from __future__ import annotations

import json

import yaml

from tests.security.planting import Plant, servers

LOGIC_APPS = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#"


def declared(plant: Plant) -> dict[str, str]:
    """Files by path. Where a canary stands in the place of a name only its shape can tell that it is a secret."""

    def shaped() -> str:
        return plant("gh" + "p_")

    headers = {"Authorization": f"Bearer {plant()}", "x-api-key": plant()}
    remote = f"https://u:{plant()}@a.acme.example/mcp?api_key={plant()}"
    given = servers(plant)
    toolsets = [
        {"type": "mcp", "remote": {"url": remote, "headers": headers}, "tools": [shaped()]},
        {"type": "mcp", "command": "npx", "args": ["x", "--token", plant()], "env": {"ACME_TOKEN": plant()}, "name": shaped()},
        {"type": "api", "api_config": {"name": shaped(), "endpoint": remote, "headers": headers}},
        {"type": "openapi", "url": remote, "headers": headers},
        {"type": "a2a", "name": shaped(), "url": f"{remote}&b={shaped()}", "headers": headers},
        {"type": "script", "shell": {shaped(): {"cmd": f"ACME_TOKEN={plant()} run", "env": {"ACME_TOKEN": plant()}}}},
        {"type": "memory", "path": shaped()},
        {"type": shaped(), "env": {"ACME_TOKEN": plant()}},
    ]
    root = {
        "model": f"x/{shaped()}",
        "instruction": f"use {shaped()}",
        "toolsets": toolsets,
        "sub_agents": [shaped()],
        "rag": [shaped()],
        "hooks": {shaped(): [{"type": "command", "command": f"curl -H 'Authorization: Bearer {plant()}' x"}]},
    }
    docker = {"models": {"m": {"token_key": shaped()}}, "agents": {"root": root, shaped(): {"model": "m", "instruction": "x"}}}
    docker["mcps"] = {shaped(): {"ref": f"docker:{shaped()}"}}
    nemo = {
        "workflow": {"_type": shaped(), "tool_names": [shaped(), "f", "g", "h"], "llm_name": "l", "api_key": plant()},
        "functions": {
            "f": {"_type": shaped(), "api_key": plant()},
            shaped(): {"_type": "react_agent"},
            "h": {"_type": "add_memory", "memory": "m"},
        },
        "function_groups": {"g": {"_type": "mcp_client", "server": {"url": remote, "headers": headers, "auth_provider": "p"}}},
        "authentication": {"p": {"_type": "api_key", "raw_key": plant(), "client_secret": plant()}},
        "memory": {"m": {"_type": shaped(), "password": plant()}},
        "llms": {"l": {"_type": "openai", "model_name": shaped(), "api_key": plant()}},
    }
    model = {"provider": "a.M", "component_type": "model", "config": {"model": shaped(), "api_key": plant()}}
    tool = {"provider": "a.FunctionTool", "component_type": "tool", "config": {"name": shaped(), "source_code": f"TOKEN = '{shaped()}'"}}
    bench = {"provider": "a.McpWorkbench", "component_type": "workbench", "config": {"server_params": given["headers"]}}
    agent = {
        "provider": "a.AssistantAgent",
        "component_type": "agent",
        "config": {"name": shaped(), "model_client": model, "tools": [tool], "workbench": [bench], "system_message": shaped()},
    }
    team = {"provider": f"a.{shaped()}", "component_type": "team", "label": shaped(), "config": {"participants": [agent]}}
    card = {
        "type": "agent",
        "name": shaped(),
        "servers": [shaped()],
        "tools": {"a": [shaped()]},
        "function_tools": [f"{shaped()}.py:{shaped()}"],
        "mcp_connect": {
            shaped(): {"target": remote, "headers": headers},
            "b": {"target": f"npx x --token {plant()}", "access_token": plant()},
        },
        "agents": [shaped()],
    }
    copilot = {
        "$schema": "https://developer.microsoft.com/json-schemas/copilot/declarative-agent/v1.6/schema.json",
        "name": shaped(),
        "id": shaped(),
        "instructions": plant(),
        "capabilities": [{"name": shaped()}, {"name": "OneDriveAndSharePoint", "items_by_url": [{"url": f"https://a/{shaped()}"}]}],
        "actions": [{"id": shaped(), "file": f"{shaped()}.json"}],
        "worker_agents": [{"id": shaped()}],
        "x-api-key": plant(),
    }
    prompt = {
        "kind": "Prompt",
        "name": shaped(),
        "model": {"id": shaped(), "connection": {"kind": "ApiKey", "key": plant()}},
        "tools": [
            {"kind": "mcp", "name": shaped(), "url": remote, "headers": headers, "allowedTools": [shaped()]},
            {"kind": "openapi", "name": shaped(), "options": {"url": remote, "api_key": plant()}},
            {"kind": shaped(), "id": shaped()},
        ],
    }
    actions = [
        {"kind": "InvokeAzureAgent", "agent": {"name": shaped()}},
        {"kind": "InvokeMcpTool", "serverUrl": remote, "serverLabel": shaped(), "toolName": shaped(), "headers": headers},
        {"kind": "HttpRequestAction", "id": shaped(), "url": remote, "headers": headers},
    ]
    studio = {
        "mcs.metadata": {"componentName": shaped()},
        "kind": "AdaptiveDialog",
        "instructions": plant(),
        "actions": [
            {"kind": "InvokeConnectorAction", "connectionReference": f"a.shared_{shaped()}.b", "operationId": shaped()},
            {"kind": "InvokeExternalAgentAction", "connectionReference": shaped(), "connectionProperties": {"mode": "Maker"}},
            {"kind": "HttpRequestAction", "id": shaped(), "url": remote, "headers": headers},
            {"kind": "InvokeFlowAction", "flowId": shaped()},
            {"kind": "InvokeConnectedAgentAction", "botSchemaName": shaped()},
        ],
    }
    given = {"agentSettings": {"model": {"series": shaped()}, "instructions": {"segments": [{"value": plant()}]}}}
    api = {"swagger": "2.0", "info": {"title": shaped()}, "host": shaped(), "paths": {"/mcp": {"post": {"x-ms-agentic-protocol": "x"}}}}
    sent = {"uri": f"https://u:{plant()}@a.acme.example/{shaped()}?code={plant()}", "headers": headers, "method": shaped()}
    sent["authentication"] = {"type": "Basic", "username": shaped(), "password": plant()}
    operated = {"host": {"connectionName": shaped(), "operationId": shaped()}, "parameters": {"Copilot": shaped(), "dataset": remote}}
    told = {"parameters": {"deploymentId": shaped(), "messages": [{"role": "system", "content": f"use {shaped()}"}]}}
    flow = {
        "triggers": {shaped(): {"type": "Request", "kind": "Http", "inputs": {"triggerAuthenticationType": shaped()}}},
        "parameters": {"apiKey": {"type": "String", "defaultValue": plant()}},
        "actions": {
            shaped(): {"type": "Http", "inputs": sent},
            "b": {"type": "Http", "inputs": {"uri": f"@concat('https://a/', '{shaped()}')"}},
            "c": {"type": "OpenApiConnection", "inputs": operated},
            "d": {"type": "Workflow", "inputs": {"host": {"workflow": {"id": shaped()}}}},
            "e": {"type": "Agent", "inputs": told, "tools": {shaped(): {"actions": {"f": {"type": "Http", "inputs": sent}}}}},
        },
    }
    connections = {shaped(): {"api": {"name": "shared_microsoftcopilotstudio"}, "connectionName": shaped()}}
    recipe = {
        "title": shaped(),
        "description": shaped(),
        "prompt": f"use {shaped()}",
        "extensions": [{"type": "stdio", "name": shaped(), "cmd": "npx", "args": ["--token", plant()], "envs": {"ACME_TOKEN": plant()}}],
        "sub_recipes": [{"name": shaped(), "path": f"./{shaped()}.yaml"}],
        "settings": {"goose_model": shaped(), "api_key": plant()},
        "retry": {"checks": [{"type": "shell", "command": f"ACME_TOKEN={plant()} make"}]},
    }
    hook = {"command": f"ACME_TOKEN={plant()} ./guard.sh {shaped()}", "matcher": shaped()}
    asks = {
        "name": shaped(),
        "when": {"type": shaped()},
        "then": {"type": "runCommand", "command": f"x --token {plant()}", "prompt": shaped()},
    }
    return {
        "shop/recipes/a.yaml": yaml.safe_dump(recipe, sort_keys=False),
        "shop/.cursor/hooks.json": json.dumps({"version": 1, "hooks": {"beforeShellExecution": [hook], shaped(): [hook]}}),
        "shop/till/.gemini/settings.json": json.dumps({"hooks": {"BeforeTool": [{"matcher": shaped(), "hooks": [hook]}]}}),
        "shop/.kiro/hooks/a.kiro.hook": json.dumps(asks),
        "shop/Workflows/a-0f3c1b2a-1111-4222-8333-0123456789ab.json": json.dumps(
            {"properties": {"displayName": shaped(), "definition": flow, "connectionReferences": connections}}
        ),
        "shop/orders/workflow.json": json.dumps({"definition": {"$schema": LOGIC_APPS, **flow}}),
        "shop/desk/topics/ask.mcs.yml": yaml.safe_dump(studio, sort_keys=False),
        "shop/flat/bots/desk/bot.xml": f'<bot schemaname="desk"><name>{shaped()}</name></bot>',
        "shop/flat/bots/desk/configuration.json": json.dumps(given),
        "shop/flat/botcomponents/desk.topic.ask/data": yaml.safe_dump(studio, sort_keys=False),
        "shop/flat/Connector/stock_openapidefinition.json": json.dumps(api),
        "shop/team/docker.yaml": yaml.safe_dump(docker, sort_keys=False),
        "shop/team/nemo.yml": yaml.safe_dump(nemo, sort_keys=False),
        "shop/team/autogen.json": json.dumps(team),
        "shop/.fast-agent/agent-cards/a.md": f"---\n{yaml.safe_dump(card, sort_keys=False)}---\nUse {plant()}\n",
        "shop/appPackage/declarativeAgent.json": json.dumps(copilot),
        "shop/team/prompt.yaml": yaml.safe_dump(prompt, sort_keys=False),
        "shop/team/flow.yaml": yaml.safe_dump({"kind": "Workflow", "name": shaped(), "trigger": {"actions": actions}}, sort_keys=False),
    }
