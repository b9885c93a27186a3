"""A tree full of hostile files: each gives a clear problem that names it, the rest is read, nothing hangs."""

from __future__ import annotations

import contextlib
import json
import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from graphinv.cli import app
from graphinv.ingest import Document, facts_of, ingestors
from graphinv.model.errors import IngestError
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import Reading, read_root
from graphinv.pipeline.walk import root_of
from tests.security.decision_hostile import DECISIONS
from tests.security.decision_hostile import PLACES as DECIDING
from tests.security.identity_hostile import IDENTITIES
from tests.security.login_hostile import LOGINS, LOGINS_IN

GOOD = json.dumps({"mcpServers": {"ok": {"command": "npx", "args": ["-y", "good-server@1.0.0"]}}}).encode()
DEEP = b"[" * 100_000
BOMB = b"a: &a [x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c,*%c]\n" % (c, c, *([c - 1] * 9)) for c in range(ord("b"), ord("z"))
)
NASTY_NAME = "x\n\x1b[31m<script>alert(1)</script>`\"'; MATCH (n) DETACH DELETE n //"

BAD: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "number": b"7",
    "list": b"[1, 2]",
    "text": b"hello",
    "truncated": GOOD[:-9],
    "latin-1": '{"mcpServers": {"é": {}}}'.encode("latin-1"),
    "nul": b'{"mcpServers": {\0}}',
    "binary": bytes(range(256)) * 20,
    "deep-list": DEEP,
    "deep-closed": DEEP + b"]" * 100_000,
    "deep-object": b'{"a":' * 100_000,
    "deep-yaml": b"---\nname: " + DEEP + b"\n---\n",
    "duplicate": b'{"mcpServers": {"a": {"command": "x"}, "a": {"command": "y"}}}',
    "wrong-types": json.dumps(
        {"mcpServers": [1, {"x": 2}], "servers": "x", "permissions": 7, "name": {}, "tools": {"a": [None]}, "hooks": [[[]]]}
    ).encode(),
    "wrong-entries": json.dumps(
        {"mcpServers": {"a": 7, "b": [], "c": {"command": {}, "args": "x", "env": [1]}, "d": None, "e": {"url": 5}}}
    ).encode(),
    "yaml-bomb": BOMB,
    "front-bomb": b"---\n" + BOMB + b"---\n",
    "yaml-tags": b"---\nname: !!python/object/apply:os.system ['touch pwned']\n---\n",
    "surrogate": b'{"mcpServers": {"\\ud800": {"command": "\\udfff", "env": {"A_TOKEN": "\\ud800"}}}}',
    "huge-number": b'{"mcpServers": {"a": {"command": "x", "timeout": ' + b"9" * 5000 + b"}}}",
    "nan": b'{"mcpServers": {"a": {"command": "x", "timeout": NaN}}}',
    "nasty": json.dumps({"mcpServers": {NASTY_NAME: {"command": NASTY_NAME, "args": [NASTY_NAME]}}, "name": NASTY_NAME}).encode(),
    "long-line": b'{"mcpServers": {"a": {"command": "' + b"x" * 2_000_000 + b'"}}}',
    "many-lines": b"A=1\n" * 70_000,
    "n8n-types": b'{"nodes": [7, {"type": 1}, {"type": "n8n-nodes-base.x", "name": []}], "connections": {"x": [[1]]}}',
    "n8n-deep": b'{"nodes": [{"type": "n8n-nodes-base.x"}], "connections": ' + DEEP,
    "dify-types": b"app:\n  mode: workflow\nkind: app\nworkflow:\n  graph: {nodes: [1, {data: {type: agent, title: []}}], edges: 7}\n",
    "dify-bomb": b"app:\n  mode: workflow\nkind: app\n" + BOMB,
    "flowise-types": b'{"nodes": [{"type": "agentFlow", "data": {"name": "agentAgentflow", "inputs": {"agentTools": [1]}}}], "edges": [1]}',
    "langflow-types": b'{"data": {"nodes": [{"type": "genericNode", "id": "a", "data": {"type": "Agent", "node": 1}}], "edges": [{}]}}',
    "python-deep": b"from agents import Agent\nx = " + b"(" * 100_000,
    "python-chain": b"from agents import Agent\nx = Agent(name='a')" + b".b()" * 20_000,
    "python-sum": b"from crewai import Agent\nx = Agent(role=" + b"+".join([b"'a'"] * 20_000) + b")\n",
    "python-itself": b"from agents import Agent\ndef f(x): return f(f(x)) or Agent(name=f(x), handoffs=f(x))\na = f(f)\na.handoffs = a\n",
    "python-growth": b"from agents import Agent\n"
    + b"".join(b"def f%d(x): return [f%d(x), f%d([x])]\n" % (i, i + 1, i + 1) for i in range(60))
    + b"a = Agent(name='a', tools=f0(1))\n",
    "notebook-types": b'{"cells": [7, {"cell_type": "code", "source": [1, "from agents import Agent"]}, '
    b'{"cell_type": "code", "source": {}}]}',
    "agentic-types": b"---\non: [1, {a: 2}]\nengine: [1]\ntools: {bash: {a: 1}, github: [1], playwright: 7, cache-memory: [x]}\n"
    b"imports: {aw: 3}\nmcp-servers: {a: 1, b: {container: x, entrypointArgs: 4}, c: {container: [1]}}\n"
    b"safe-outputs: {add-comment: [1], jobs: [2], noop: 1}\npermissions: [1]\nruns-on: {a: 1}\nroles: {}\nname: [x]\nnetwork: [1]\n"
    b"env: [1]\n---\n# \n",
    "terraform-deep": b'resource "aws_sqs_queue" "q" {\n name = ' + b"(" * 100_000,
    "terraform-blocks": b"a {\n" * 50_000,
    "terraform-text": b'x = "' + b"${" * 50_000,
    "terraform-heredoc": b"x = <<EOT\n${\n%{ if }\n" * 1000,
    "terraform-sum": b"x = " + b"+".join([b"1"] * 50_000) + b"\n",
    "terraform-steps": b"x = a" + b".b[0]" * 50_000 + b"\n",
    "terraform-json": b'{"Version": "2012-10-17", "Statement": [' + b"${" * 5000,
    "template-types": b'{"AWSTemplateFormatVersion": [], "Resources": {"A": 7, "B": {"Type": [], "Properties": 7}, "C": {"Type": '
    b'"AWS::IAM::Role", "Properties": [1]}}, "Parameters": [1], "Conditions": 7, "Mappings": {"a": 1}, "Globals": {"Function": 7}}',
    "template-deep": b'{"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"Name": '
    + b'{"Fn::Sub": [' * 80
    + b"]}" * 80
    + b"}}}}",
    "arm-types": b'{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "parameters": {"a": 7, '
    b'"b": {"type": [], "defaultValue": "[parameters(\'b\')]"}}, "variables": {"copy": [7, {"name": [], "count": "x"}], "c": "["}, '
    b'"resources": [7, {"type": "A.B/c", "name": ["x"], "copy": {"count": 1e9}, "properties": [1], "identity": 7, "resources": {"x": 1}}, '
    b'{"type": "Microsoft.Resources/deployments", "properties": {"template": {"resources": 7}, "parameters": [1]}}, {"type": '
    b'"Microsoft.Web/sites", "name": "[concat()]", "properties": {"siteConfig": {"appSettings": {"a": 1}}}}], "outputs": {"o": 7}}',
    "arm-deep": b'{"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "variables": {"a": "['
    + b"a(" * 20_000
    + b')]"}, "resources": []}',
    "bicep-deep": b"var a = " + b"[" * 100_000,
    "bicep-text": b"var a = '" + b"${'" * 50_000,
    "bicep-signs": b"param a " + b"<({'" * 20_000,
    "bicep-statements": b"@\n" * 100_000,
    "bicep-comments": b"/*" * 100_000,
    "bicep-grows": b"".join(b"var v%d = '${v%d}${v%d}'\n" % (i, i + 1, i + 1) for i in range(60))
    + b"var v60 = 'xxxxxxxx'\nresource r 'A.B/c@1' = { name: v0 }\n",
    "trace-types": b'{"resourceSpans": [7, {"resource": 7, "scopeSpans": [{"spans": [7, {"spanId": [], "attributes": [7, {"key": "a", '
    b'"value": 7}], "status": [], "startTimeUnixNano": {}}]}]}], "data": [{"processes": {"p": 7}, "spans": [{"references": 7, '
    b'"processID": []}]}]}',
    "trace-deep": b'{"resourceSpans": ' + b'[{"spanId":' * 50_000,
    "trace-lines": b'{"traceId": "a", "spanId": "b", "parentSpanId": "b", "attributes": {"gen_ai.tool.name": {"a": {"b": 1}}}}\n{"spanId": '
    + b"[" * 50_000
    + b"\n{\n",
    "template-bomb": b"AWSTemplateFormatVersion: '2010-09-09'\n" + BOMB + b"Resources: *m\n",
    **IDENTITIES,
    **LOGINS,
    **DECISIONS,
    "terraform-json-types": b'{"resource": {"a": 7, "aws_iam_role": {"b": [1, {"name": {"x": []}}], "c": {"name": "${", "tags": "${a["}}}, '
    b'"locals": [7], "variable": {"x": 7}, "module": {"m": {"source": 7}}, "provider": {"aws": [[{}]]}, "output": 7}',
    "state-types": b'{"version": 4, "terraform_version": "1", "outputs": [1], "resources": [7, {"type": [], '
    b'"instances": [{"attributes": [1]}]}]}',
    "state-deep": b'{"version": 4, "terraform_version": "1", "resources": [{"type": "x", "instances": [{"attributes": {"a": '
    + b"[" * 150
    + b"]" * 150
    + b"}}]}]}",
    "kubernetes-types": b"".join(
        b"---\napiVersion: %s\nkind: %s\nmetadata: {name: x, labels: [1], annotations: 7, ownerReferences: {a: 1}}\n"
        b"spec: {template: {spec: {containers: [1, {env: [7, {name: 1}], command: {a: 1}}], volumes: [{secret: 1}, 7]}}, "
        b"tools: [1, {mcpServer: 7}], deployment: 3, config: [1], address: 7, members: {a: 1}, declarative: {tools: 7, modelConfig: [1]}}\n"
        b"rules: [7, {verbs: x, resources: [1]}]\nroleRef: 7\nsubjects: 3\ndata: [1]\nstringData: {a: [1]}\n" % pair
        for pair in (
            (b"v1", b"Secret"),
            (b"v1", b"Pod"),
            (b"v1", b"ServiceAccount"),
            (b"apps/v1", b"Deployment"),
            (b"rbac.authorization.k8s.io/v1", b"ClusterRole"),
            (b"rbac.authorization.k8s.io/v1", b"RoleBinding"),
            (b"kagent.dev/v1alpha2", b"Agent"),
            (b"kagent.dev/v1alpha1", b"MCPServer"),
            (b"kagent.dev/v1alpha1", b"ToolServer"),
            (b"kagent.dev/v1alpha2", b"ModelConfig"),
            (b"ark.mckinsey.com/v1alpha1", b"Team"),
            (b"ark.mckinsey.com/v1alpha1", b"Tool"),
            (b"kustomize.config.k8s.io/v1", b"Kustomization"),
            (b"external-secrets.io/v1", b"ExternalSecret"),
        )
    ),
    "aws-types": json.dumps(
        {
            "UserDetailList": [1, {"Arn": "arn:aws:iam::1:user/a", "GroupList": [1, {}], "UserPolicyList": [1, {"PolicyDocument": [1]}]}],
            "RoleDetailList": [{"Arn": "arn:aws:iam::1:role/a", "AssumeRolePolicyDocument": {"Statement": [[]]}, "Tags": [1, {"Key": 2}]}],
            "GroupDetailList": 7,
            "Policies": [{"Arn": "arn:", "PolicyVersionList": {"Document": 1}}],
        }
    ).encode(),
    "aws-organisation-types": json.dumps(
        [
            {"Policy": {"PolicySummary": {"Id": 7, "Type": "SERVICE_CONTROL_POLICY"}, "Content": [1]}, "Targets": {"a": 1}},
            {"Policies": [7, {"Id": [1], "Type": "SERVICE_CONTROL_POLICY"}], "Accounts": [{"Id": "1", "Arn": 2}], "Parents": [{"Id": {}}]},
            {"Id": 7, "OrganizationalUnits": [7, {"Id": [1]}, {"Id": "r-q1w2", "Children": {"a": 1}, "Accounts": "x"}], "Children": 3},
            {"Organization": [1], "Targets": [{"TargetId": 7}], "Attributes": {"Policy": "{"}, "ResourcePolicy": 7, "policyText": [1]},
        ]
    ).encode(),
    "aws-deep": b'{"UserDetailList": ' + b'{"a":' * 100_000,
    "aws-report": b"user,arn,user_creation_time,x\n" + b'a,arn:aws:iam::1:user/a,\n,,"\n' * 10_000,
    "compose-types": b"services: {a: 7, b: {image: [1], build: [2], command: {a: 1}, environment: [1, {a: 2}], env_file: 7, secrets: [1], "
    b"volumes: [1, {source: 2}, a:b], extends: b, privileged: x, network_mode: [h]}, c: {extends: {service: c}}}\nsecrets: [1]\n",
    "dockerfile-lines": b"FROM a\n" + b"RUN a \\\n" * 100_000,
    "dockerfile-stages": b"".join(b"FROM s%d AS s%d\nCOPY --from=s%d . .\n" % (i, i + 1, i) for i in range(2_000)),
    "dockerfile-heredocs": b"FROM a\nRUN <<EOF\n" * 2_000,
    "kubernetes-bomb": b"apiVersion: v1\nkind: List\nitems:\n" + BOMB,
    "kubernetes-many": b"apiVersion: v1\nkind: Pod\nmetadata: {name: [\n---\n" * 5_000,
    "kubernetes-template": b"apiVersion: v1\nkind: {{ .Values.kind }}\n{{- range }}\n---\n" * 500,
    "approvals-cells": b"agent,tool\n" + b'*,"*' * 50_000,
    "approvals-rows": b"agent,tool,server,digest,until\n" + b"*,*,*,a;b c,9999-99-99\n" * 20_000,
    "crew-types": b"a:\n  role: [x]\n  goal: {}\n  tools: 7\nb:\n  role: x\n  goal:\n  tools: [[1]]\n",
}
PLACES = (
    "desk/agents.py",
    "desk/agents.ipynb",
    "desk/config/agents.yaml",
    "desk/langgraph.json",
    "adk/root_agent.yaml",
    "mcp/server.py",
    "mcp/cmd/orders/main.go",
    "mcp/go.mod",
    "mcp/Shop/Program.cs",
    "mcp/Shop/Shop.csproj",
    "mcp/pyproject.toml",
    ".mcp.json",
    ".claude.json",
    "claude_desktop_config.json",
    ".cursor/mcp.json",
    ".vscode/mcp.json",
    ".vscode/settings.json",
    ".gemini/settings.json",
    ".amp/settings.json",
    "smithery.yaml",
    "catalogs/acme.yaml",
    "outdated.json",
    ".crush.json",
    "mcp_config.json",
    ".codex/config.toml",
    "opencode.json",
    ".zed/settings.json",
    "cline_mcp_settings.json",
    ".roo/mcp.json",
    ".continue/config.yaml",
    "server.json",
    "manifest.json",
    ".well-known/mcp/server-card.json",
    ".claude/agents/a.md",
    ".claude/settings.json",
    ".claude-plugin/plugin.json",
    ".claude-plugin/marketplace.json",
    ".codex-plugin/plugin.json",
    ".github/plugin/marketplace.json",
    ".claude/skills/s/SKILL.md",
    ".env",
    "CODEOWNERS",
    "x.facts.jsonl",
    "x.facts.json",
    "agents.csv",
    "approvals.csv",
    "agent-card.json",
    "agent.json",
    "ai-catalog.json",
    "ai-plugin.json",
    ".github/workflows/a.yml",
    ".github/workflows/a.md",
    "action.yml",
    ".gitlab-ci.yml",
    ".github/agents/a.agent.md",
    ".opencode/agent/a.md",
    ".codex/agents/a.toml",
    ".gemini/agents/a.md",
    ".cursor/agents/a.md",
    ".factory/droids/a.md",
    ".claude/commands/a.md",
    ".gemini/commands/a.toml",
    "AGENTS.md",
    "gcp/policy.json",
    "gcp/assets.ndjson",
    "entra/apps.json",
    "azure/resources.yaml",
    "vault/policy.hcl",
    "vault/setup.sh",
    "vault/auth/kubernetes/role/x.json",
    "spire/ids.yaml",
    "infra/main.tf",
    "infra/main.bicep",
    "infra/main.bicepparam",
    "azure.yaml",
    "infra/template.yaml",
    "infra/x.template.json",
    "infra/terraform.tfvars",
    "infra/cdk.tf.json",
    "infra/policy.json",
    "infra/terraform.tfstate",
    "web/agents.ts",
    "web/agents.js",
    "package.json",
    "deploy/all.yaml",
    "deploy/all.json",
    "deploy/run.sh",
    "kustomization.yaml",
    "chart/Chart.yaml",
    "chart/values.yaml",
    "chart/templates/_helpers.tpl",
    "chart/templates/all.yaml",
    "Dockerfile",
    "compose.yaml",
    "graphinv.toml",
    "opslevel.yml",
    "pyproject.toml",
    ".secrets.baseline",
    "aws/account.json",
    "aws/agents.json",
    "snowflake/grants.sql",
    "snowflake/grants.csv",
    "aws/report.csv",
    *LOGINS_IN,
    *DECIDING,
)


@pytest.mark.parametrize("kind", BAD)
def test_every_reader_gives_facts_or_an_ingest_error(kind: str) -> None:
    data = BAD[kind]
    for ingestor in ingestors():
        for place in PLACES:
            ingestor.detect(place, data[:4096])
            if not ingestor.detect(place, GOOD[:4096]) and not ingestor.detect(place, data[:4096]):
                continue
            with contextlib.suppress(IngestError):
                list(facts_of(ingestor, Document("shop", place, data, Fingerprinter(b"k" * 32))))


def read(top: Path) -> Reading:
    return read_root(root_of(top), Fingerprinter(b"k" * 32))


def test_the_rest_of_the_scan_goes_on(tmp_path: Path) -> None:
    for kind, data in BAD.items():
        for place in PLACES:
            file = tmp_path / "estate" / kind / place
            file.parent.mkdir(parents=True, exist_ok=True)
            # What is large is tried on each reader above, and here on one.
            file.write_bytes(data if len(data) < 200_000 or place == ".mcp.json" else b"")
    good = tmp_path / "estate" / "zz-good" / ".mcp.json"
    good.parent.mkdir()
    good.write_bytes(GOOD)
    reading = read(tmp_path / "estate")
    assert "mcp:estate/zz-good/.mcp.json#ok" in {node.id for node in reading.nodes if node.kind == "ToolServer"}
    blamed = {problem.document for problem in reading.problems if problem.severity == "error"}
    assert {"truncated/.mcp.json", "latin-1/.mcp.json", "deep-list/.mcp.json", "nul/.mcp.json"} <= blamed
    assert not (Path.cwd() / "pwned").exists()
    assert all(problem.message and len(problem.message) < 600 for problem in reading.problems)


def test_no_pattern_of_a_stranger_keeps_the_scan(tmp_path: Path) -> None:
    (tmp_path / f"{'a' * 240}.env").write_text("TOKEN=x\n")
    (tmp_path / "CODEOWNERS").write_text("".join(f"{'*a' * stars}b @acme/all\n" for stars in range(2, 300)))
    (tmp_path / "graphinv.toml").write_text(f'[[state]]\nfiles = ["{"*a" * 8}b"]\nenvironment = "prod"\n')
    began = time.process_time()
    assert read(tmp_path).nodes
    assert time.process_time() - began < 5


def test_files_that_are_too_large_or_cannot_be_opened_are_named(tmp_path: Path) -> None:
    with (tmp_path / ".mcp.json").open("wb") as file:
        file.write(b"{")
        file.truncate(1 << 30)
    (tmp_path / ".env").symlink_to(tmp_path / ".env")
    (tmp_path / "opencode.json").symlink_to("/etc/passwd")
    os.mkfifo(tmp_path / "server.json")
    problems = {(problem.document, problem.severity) for problem in read(tmp_path).problems}
    assert problems == {(".mcp.json", "error"), (".env", "note"), ("opencode.json", "note")}


def test_hostile_names_are_harmless_in_every_output(tmp_path: Path) -> None:
    estate = tmp_path / "estate"
    estate.mkdir()
    (estate / ".mcp.json").write_bytes(BAD["nasty"])
    facts = [
        {"node": "Agent", "id": NASTY_NAME, "props": {"name": NASTY_NAME, "labels": [NASTY_NAME], "kind_detail": "=cmd|' /C calc'!A0"}},
        {"node": "Resource", "id": "=1+1", "props": {"name": "@SUM(A1)", "sensitivity": "restricted"}},
        {"edge": "RUNS_AS", "from": ["Agent", NASTY_NAME], "to": ["Identity", "-2+3"], "props": {}},
        {"edge": "CAN_ACCESS", "from": ["Identity", "-2+3"], "to": ["Resource", "=1+1"], "props": {"actions": ["admin"]}},
    ]
    (estate / "x.facts.jsonl").write_text("".join(json.dumps(fact) + "\n" for fact in facts))
    store = str(tmp_path / "graph")
    run = CliRunner()
    assert run.invoke(app, ["scan", str(estate), "--store", store]).exit_code == 0
    agents = json.loads(run.invoke(app, ["agents", "--format", "json", "--store", store]).output)
    assert NASTY_NAME in {agent["id"] for agent in agents}, "kept as it is, for programs"
    for command in (
        ["scan", str(estate)],
        ["agents"],
        ["findings"],
        ["findings", "--full"],
        ["show", f"Agent:{NASTY_NAME}"],
        ["reach", "--all"],
    ):
        shown = run.invoke(app, [*command, "--store", store]).output
        assert "\x1b" not in shown, command
        assert "\n\x1b" not in shown
    csv = run.invoke(app, ["agents", "--format", "csv", "--store", store]).output
    assert not [line for line in csv.splitlines() if line.startswith(("=", "+", "-", "@"))]
