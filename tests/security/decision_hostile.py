"""Records of decisions and policies in which nothing has the type that it should have."""

from __future__ import annotations

DECISIONS: dict[str, bytes] = {
    "opa-types": b'[{"decision_id": 7, "labels": [], "path": {}, "input": [7], '
    b'"result": {"allow": {"allow": []}}, "timestamp": {}, "erased": 7}]',
    "opa-deep": b'{"decision_id": "x", "labels": {}, "input": ' + b'{"subject":' * 50_000,
    "opa-again": b'{"decision_id": "x", "labels": {}, "a": [\n' * 20_000,
    "authzen-types": b'{"request": {"subject": [], "action": 7, "resource": {"type": [], "id": {}}, "evaluations": [7, {}]}, '
    b'"response": {"decision": true, "evaluations": [{"decision": 7}]}}',
    "acs-types": b'{"jsonrpc": 2, "method": "steps/x", "id": [], "params": {"metadata": [], "payload": {"tool": 7}}}\n'
    b'{"jsonrpc": "2.0", "id": {}, "result": {"decision": []}}',
    "cedar-log-types": b'{"log_kind": "Decision", "pdp_id": 7, "Workload": [], "User": 7, "action": {}, "resource": [], "decision": 7}',
    "proxy-types": b'{"type": "tools/call", "tool": [], "agent_id": {}, "policy": 7, "record_hash": []}',
    "hive-types": b'{"audit_id": 7, "type": "mcp_tool_call", "outcome": "denied", "subjects": [], "target": 7, '
    b'"delegation": {"chain": [7]}}',
    "fga-types": b"model: 7\ntuples: [7, {user: [], relation: x, object: a}]\nmodel_file: []\ntuple_files: {a: 1}\n",
    "fga-terms": b"type a\n  relations\n    define b: " + b"b or (" * 20_000,
    "fga-json-types": b'{"schema_version": [], "type_definitions": [7, {"type": "a", "relations": {"b": {"union": {"child": [7]}}}}]}',
    "fga-tuples": b'[{"user": "a:b", "relation": 7, "object": "c:d"}, {"key": []}]',
    "cedar-open": b"permit(" * 100_000,
    "cedar-types": b'[{"uid": {"type": [], "id": 7}, "parents": [7, {"__entity": []}], "attrs": 7}]',
    "rego-many": b"package a\n" + b"default allow := false\n" * 20_000,
    "forge-types": b"plugin_dirs: 7\nplugins: [7, {name: [], hooks: 7, mode: {}, conditions: [7, {tools: {}}]}]\n"
    b"catalog_servers: [{url: []}]\n",
    "gateway-types": b"binds: [7, {port: [], a: {mcpAuthorization: {rules: {a: 1}}}}]\n"
    b"mcp: {port: true, mcpAuthorization: {rules: [[7]]}}\n",
}
PLACES = (
    "logs/audit.jsonl",
    "logs/opa.json",
    "policy/model.fga",
    "policy/store.fga.yaml",
    "policy/tuples.json",
    "policy/p.cedar",
    "policy/a.rego",
    "plugins/config.yaml",
    "gateway/config.yml",
)
