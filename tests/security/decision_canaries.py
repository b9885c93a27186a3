"""Records of decisions and policies with a secret in every place where one may stand."""

from __future__ import annotations

import json

import yaml

from tests.security.planting import Plant


def decided(plant: Plant) -> dict[str, str]:
    """Files by path. Where a canary stands in the place of a name only its shape can tell that it is a secret."""

    def shaped() -> str:
        return plant("gh" + "p_")

    def asked() -> dict[str, object]:
        return {
            "subject": {"type": "agent", "id": shaped(), "properties": {"token": plant(), "on_behalf_of": shaped()}},
            "action": {"name": shaped()},
            "resource": {"type": "tool", "id": shaped(), "properties": {"server": shaped()}},
            "context": {"authorization": f"Bearer {plant()}", "task": shaped()},
        }

    opa = {
        "decision_id": plant(),
        "labels": {"app": shaped(), "id": plant()},
        "path": f"a/{shaped()}",
        "input": {**asked(), "headers": {"cookie": plant()}},
        "result": {"allow": True, "reason": plant()},
        "requested_by": plant(),
        "timestamp": "2026-05-01T00:00:00Z",
        "nd_builtin_cache": {"http.send": {plant(): plant()}},
    }
    authzen = {
        "request": asked(),
        "response": {"decision": True, "context": {"reason": plant()}},
        "pdp": f"https://u:{plant()}@pdp.example",
    }
    access = {"subject": {"type": "workload", "id": shaped()}, "action": {"name": "read"}, "resource": {"type": shaped(), "id": shaped()}}
    metadata = {"agent_id": shaped(), "session_id": plant()}
    payload = {"tool": {"name": shaped()}, "arguments": {"command": {"value": plant()}}, "raw_command": plant()}
    acs = [
        {"jsonrpc": "2.0", "method": "steps/toolCallRequest", "id": "1", "params": {"metadata": metadata, "payload": payload}},
        {"jsonrpc": "2.0", "id": "1", "result": {"decision": "allow", "reasoning": plant(), "metadata": {"evaluator": shaped()}}},
    ]
    cedarling = {
        "log_kind": "Decision",
        "pdp_id": plant(),
        "application_id": shaped(),
        "Workload": {"client_id": shaped(), "token": plant()},
        "action": f'Jans::Action::"{shaped()}"',
        "resource": f'Jans::Tool::"{shaped()}"',
        "decision": "ALLOW",
        "tokens": {"access": {"jti": plant()}},
    }
    proxy = {
        "type": "tools/call",
        "tool": shaped(),
        "agent_id": shaped(),
        "tenant_id": shaped(),
        "policy": "allowed",
        "args": {"k": plant()},
    }
    hive = {
        "audit_id": plant(),
        "type": "mcp_tool_call",
        "outcome": "denied",
        "component": shaped(),
        "subjects": {"client_name": shaped(), "user": shaped()},
        "target": {"type": "tool", "name": shaped()},
        "data": {"request": plant()},
    }
    tuples = [{"user": f"agent:{shaped()}", "relation": shaped(), "object": f"doc:{shaped()}", "condition": {"name": shaped()}}]
    entity = {"uid": {"type": "User", "id": shaped()}, "attrs": {"token": plant()}, "parents": [{"type": "Team", "id": shaped()}]}
    policy = f'permit (principal == User::"{shaped()}", action == Action::"{shaped()}", resource == Doc::"{shaped()}")'
    plugin = {"name": shaped(), "hooks": ["tool_pre_invoke"], "mode": "enforce", "conditions": [{"tools": [shaped()]}]}
    offered = {"name": shaped(), "url": f"https://u:{plant()}@a.example/{shaped()}?api_key={plant()}", "provider": shaped()}
    rules = [f'jwt.sub == "{shaped()}"', {"allow": plant()}]
    return {
        "shop/logs/opa.jsonl": json.dumps(opa) + "\n" + json.dumps({**opa, "input": asked()}),
        "shop/logs/authzen.jsonl": "\n".join(
            map(json.dumps, [{**asked(), "decision": False}, authzen, {**authzen, "simulated": True}, {**access, "decision": True}])
        ),
        "shop/logs/acs.jsonl": "\n".join(map(json.dumps, acs)),
        "shop/logs/cedarling.log": json.dumps(cedarling),
        "shop/logs/proxy.jsonl": json.dumps(proxy) + "\n" + json.dumps({**proxy, "policy": "blocked", "reason": plant()}),
        "shop/logs/toolhive.log": json.dumps(hive),
        "shop/policy/store.fga.yaml": yaml.safe_dump({"model": f"type doc # {plant()}", "tuples": tuples}),
        "shop/policy/tuples.json": json.dumps(tuples),
        "shop/policy/entities.json": json.dumps([entity]),
        "shop/policy/p.cedar": f'@id("{shaped()}") {policy} when {{ context.token == "{shaped()}" }}; // {plant()}\n{policy};',
        "shop/policy/authz.rego": f'package a.{shaped()}\ndefault allow := "{plant()}"\nallow {{ input.token == "{plant()}" }}\n',
        "shop/plugins/config.yaml": yaml.safe_dump({"plugin_dirs": ["x"], "plugins": [{**plugin, "config": {"token": plant()}}]}),
        "shop/mcp-catalog.yml": yaml.safe_dump({"catalog_servers": [offered]}),
        "shop/gateway/config.yaml": yaml.safe_dump({"mcp": {"port": 3000, "policies": {"mcpAuthorization": {"rules": rules}}}}),
    }
