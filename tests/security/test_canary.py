"""No secret value comes out: planted in every format that is read, looked for in every output, the store's files included."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from graphinv.cli import app
from graphinv.export import exports
from graphinv.export.senders.sync import carry_out, plan
from graphinv.ingest import Document, facts_of, ingestors
from graphinv.model.errors import IngestError
from graphinv.pipeline.accepted import Filter
from graphinv.pipeline.tickets import wanted
from graphinv.store import open_store
from tests.export.decision_point import FakePoint, pointed
from tests.export.trackers import FAKES, Fake, served
from tests.security.agent_canaries import declared
from tests.security.code_canaries import crew, csharp_agents, csharp_server, go_agents, go_server, javascript, python_agents, python_server
from tests.security.coding_canaries import coding
from tests.security.decision_canaries import decided
from tests.security.deployment_canaries import aws_answers, deployed, templates, terraform_files
from tests.security.identity_canaries import identities
from tests.security.login_canaries import logins
from tests.security.planting import Plant, leaked, servers
from tests.security.trace_canaries import traces


def low_code(plant: Plant) -> dict[str, str]:
    """Flows of low-code platforms that have a secret in every place where people put one."""

    def shaped() -> str:
        return plant("gh" + "p_")

    header = {"name": "Authorization", "value": f"Bearer {plant()}"}
    nodes = [
        {"name": f"Ask {shaped()}", "type": "@n8n/n8n-nodes-langchain.agent", "parameters": {"text": f"=Use {shaped()} {{{{ $json.x }}}}"}},
        {"name": "Get", "type": "n8n-nodes-base.httpRequest", "parameters": {"url": f"https://u:{plant()}@a.example/?api_key={plant()}"}},
        {"name": "Post", "type": "n8n-nodes-base.httpRequestTool", "parameters": {"headerParameters": {"parameters": [header]}}},
        {
            "name": "Run",
            "type": "n8n-nodes-base.code",
            "parameters": {"jsCode": f"const apiKey = '{shaped()}';\nreturn {{{{ '{shaped()}' }}}}"},
        },
        {"name": "Key", "type": "n8n-nodes-base.set", "credentials": {"openAiApi": {"id": shaped(), "name": shaped()}}},
        {
            "name": "MCP",
            "type": "@n8n/n8n-nodes-langchain.mcpClientTool",
            "parameters": {"endpointUrl": f"https://a.example/{shaped()}/mcp"},
        },
    ]
    links = {name: {"ai_tool": [[{"node": nodes[0]["name"], "type": "ai_tool", "index": 0}]]} for name in ("Post", "MCP")}
    server = json.dumps({"mcpServers": servers(plant)})
    variables = [{"name": "x", "value": plant(), "value_type": "secret"}, {"name": "api_key", "value": plant(), "value_type": "string"}]
    request = {"type": "http-request", "title": "h", "url": "https://a.example", "headers": f"Authorization: Bearer {plant()}"}
    agent = {
        "type": "agent",
        "title": "a",
        "agent_parameters": {"mcp_servers_config": {"value": server}, "instruction": {"value": shaped()}},
    }
    graph = {"nodes": [{"id": str(index), "data": data} for index, data in enumerate((request, agent))], "edges": []}
    app = {"kind": "app", "app": {"mode": "workflow", "name": shaped()}, "workflow": {"environment_variables": variables, "graph": graph}}
    inputs = {"tools": ["{{mcp_0.data.instance}}"], "systemMessage": f"Use {shaped()}"}
    chat = [
        {"id": "agent_0", "type": "customNode", "data": {"name": "toolAgent", "label": shaped(), "category": "Agents", "inputs": inputs}},
        {"id": "mcp_0", "data": {"name": "customMCP", "category": "Tools (MCP)", "inputs": {"mcpServerConfig": server}}},
        {"id": "model_0", "data": {"name": "chatOpenAI", "inputs": {"openAIApiKey": plant(), "inputAnchors": shaped()}}},
    ]
    key = {"value": plant(), "password": True, "load_from_db": False}
    template = {
        "api_key": key,
        "mcp_server": {"value": {"name": "m", "config": {"url": "https://a.example", "headers": {"X-Key": plant()}}}},
    }
    lang = [
        {"id": f"{kind}-1", "type": "genericNode", "data": {"type": kind, "node": {"display_name": shaped(), "template": template}}}
        for kind in ("Agent", "MCPTools", "PythonREPL")
    ]
    tool = {"name": shaped(), "iconSrc": "", "color": "", "schema": "[]", "func": f"const token = '{shaped()}';\nreturn 1"}
    return {
        "shop/n8n.json": json.dumps({"nodes": nodes, "connections": links, "pinData": {"Get": [{"json": {"x": shaped()}}]}}, indent=1),
        "shop/dify.yml": yaml.safe_dump(app, sort_keys=False),
        "shop/flowise.json": json.dumps({"nodes": chat, "edges": []}, indent=1),
        "shop/tool.json": json.dumps(tool, indent=1),
        "shop/langflow.json": json.dumps({"data": {"nodes": lang, "edges": []}, "name": "f"}, indent=1),
    }


def asked(plant: Plant) -> list[dict[str, object]]:
    """Servers as MCP-Scan found them, with what they offered."""
    tool = {"name": plant("gh" + "p_"), "title": plant(), "description": plant(), "inputSchema": {"default": plant()}}
    return [{"name": name, "server": entry, "signature": {"tools": [tool]}} for name, entry in servers(plant).items()]


def estate(plant: Plant) -> dict[str, str]:
    """Files by path, with canaries in all of them.

    Where a canary stands in the place of a name (of a server, an owner, a column) only its shape can tell that it is a secret.
    """

    def shaped() -> str:
        return plant("gh" + "p_")

    def config(key: str) -> str:
        return json.dumps({key: servers(plant)}, indent=1)

    inline = f"mcpServers:\n  - inline:\n      command: npx\n      env:\n        ACME_TOKEN: {plant()}\n"
    front = f"---\nname: deployer\ndescription: deploys\n{inline}---\nUse {plant()}\n"
    variable = {"name": "K", "isSecret": True, "default": plant()}
    key = f"-----BEGIN PRIVATE KEY-----\n{plant('', 64)}\n-----END PRIVATE KEY-----"
    facts = {"node": "Secret", "id": "s", "props": {"value": plant()}}
    codex = f'[mcp_servers.a]\ncommand = "npx"\nargs = ["--token", "{plant()}"]\n[mcp_servers.a.env]\nACME_KEY = "{shaped()}"\n'
    broken_yaml = f"mcpServers:\n  - name: a\n    env: {{ACME_TOKEN: {plant()}\n"
    return {
        **low_code(plant),
        **coding(plant),
        **terraform_files(plant),
        **templates(plant),
        **ownership(plant),
        **aws_answers(plant),
        **identities(plant),
        **logins(plant),
        **deployed(plant),
        **declared(plant),
        **traces(plant),
        **decided(plant),
        "shop/.mcp.json": config("mcpServers"),
        "shop/broken/.mcp.json": config("mcpServers")[:-40],
        "shop/bare/.mcp.json": json.dumps(servers(plant)),
        "shop/.claude.json": json.dumps({"mcpServers": servers(plant), "projects": {"/home/x/app": {"mcpServers": servers(plant)}}}),
        "shop/claude_desktop_config.json": config("mcpServers"),
        "shop/.cursor/mcp.json": config("mcpServers"),
        "shop/.vscode/mcp.json": json.dumps(
            {"servers": servers(plant), "inputs": [{"id": "k", "type": "promptString", "default": plant()}]}
        ),
        "shop/.vscode/settings.json": json.dumps({"mcp": {"servers": servers(plant)}}),
        "shop/.gemini/settings.json": config("mcpServers"),
        "shop/.qwen/settings.json": config("mcpServers"),
        "shop/.amp/settings.json": config("amp.mcpServers"),
        "shop/smithery.yaml": (
            f"startCommand:\n  configSchema: {{properties: {{{shaped()}: {{secret: true}}}}}}\n"
            f"  commandFunction: \"{{command: 'npx', args: ['x', '--token', '{plant()}', '{shaped()}']}}\"\ntools: [{{name: {shaped()}}}]\n"
        ),
        "shop/catalogs/acme.yaml": (
            f"registry:\n  {shaped()}:\n    image: acme/x\n    env: [{{name: ACME_TOKEN, value: {plant()}}}]\n    tools: [{shaped()}]\n"
            f"  b:\n    tier: {shaped()}\n    remote: {{url: 'https://u:{plant()}@a.acme.example/mcp?api_key={plant()}'}}\n"
        ),
        "shop/outdated.json": json.dumps(
            {shaped(): {"current": "1.0.0", "latest": shaped()}, "a": {"current": "1.0.0", "latest": shaped()}}
        ),
        "shop/.crush.json": config("mcp"),
        "shop/.factory/mcp.json": config("mcpServers"),
        "shop/mcp-servers.json": config("servers"),
        "shop/.codeium/windsurf/mcp_config.json": config("mcpServers"),
        "shop/reports/scan.json": json.dumps({shaped(): {"client": shaped(), "servers": asked(plant)}}),
        "shop/.kiro/agents/a.json": json.dumps(
            {
                "name": f"k {shaped()}",
                "prompt": plant(),
                "mcpServers": servers(plant),
                "tools": [shaped(), f"@{shaped()}/{shaped()}", "@*"],
                "allowedTools": [shaped()],
                "hooks": {shaped(): [{"command": f"curl -H 'Authorization: Bearer {plant()}' x"}]},
                "toolsSettings": {"a": {"token": plant()}},
                "model": shaped(),
            }
        ),
        "shop/.roomodes": json.dumps(
            {
                "customModes": [
                    {"slug": shaped(), "name": shaped(), "roleDefinition": plant(), "groups": [shaped(), [shaped(), {"x": plant()}]]}
                ]
            }
        ),
        "shop/.codex/config.toml": codex,
        "shop/broken/.codex/config.toml": codex + f'x = "{plant()}',
        "shop/opencode.json": json.dumps(
            {"mcp": {"a": {"type": "local", "command": ["npx", plant()], "environment": {"ACME_TOKEN": plant()}}}}
        ),
        "shop/.zed/settings.json": json.dumps({"context_servers": servers(plant), "agent_servers": servers(plant)}),
        "shop/bundle/manifest.json": json.dumps(
            {
                "manifest_version": "0.3",
                "name": f"b {shaped()}",
                "version": shaped(),
                "server": {"type": "node", "mcp_config": servers(plant)["args"]},
                "tools": [{"name": shaped()}],
                "user_config": {shaped(): {"sensitive": True, "default": plant()}},
            }
        ),
        "shop/.well-known/mcp/server-card.json": json.dumps(
            {
                "name": f"c {shaped()}",
                "version": shaped(),
                "url": f"https://u:{plant()}@c.acme.example/mcp?api_key={plant()}",
                "auth": {"type": shaped(), "token": plant()},
                "tools": [{"name": shaped(), "description": plant()}],
            }
        ),
        "shop/market/.claude-plugin/marketplace.json": json.dumps(
            {"name": "m", "plugins": [{"name": f"p {shaped()}", "source": "./p", "mcpServers": servers(plant)}]}
        ),
        "shop/cline_mcp_settings.json": config("mcpServers"),
        "shop/.roo/mcp.json": config("mcpServers"),
        "shop/adk/root_agent.yaml": f"name: a\ntools:\n  - name: T\n    args: {{api_key: {plant()}}}\n  - name: McpToolset\n    args:\n"
        f"      stdio_server_params: {{command: npx, args: [x, --token, {plant()}], env: {{ACME_TOKEN: {plant()}}}}}\n",
        "shop/librechat.yaml": f"mcpServers:\n  {shaped()}:\n    command: npx\n    env: {{ACME_TOKEN: {plant()}}}\n"
        f"endpoints:\n  custom:\n    - apiKey: {plant()}\n",
        "shop/.config/goose/config.yaml": f"extensions:\n  {shaped()}:\n    type: stdio\n    cmd: npx\n    args: ['--token', {plant()}]\n"
        f"    envs: {{ACME_TOKEN: {plant()}}}\n    env_keys: [{shaped()}]\nGOOSE_API_KEY: {plant()}\n",
        "shop/.continue/config.yaml": f"mcpServers:\n  - name: a\n    env: {{ACME_TOKEN: {plant()}}}\nmodels:\n  - apiKey: {plant()}\n",
        "shop/broken/.continue/config.yaml": broken_yaml,
        "shop/server.json": json.dumps({"name": "io.acme/x", "packages": [{"identifier": "x", "environmentVariables": [variable]}]}),
        "shop/.claude/agents/deployer.md": front,
        "shop/.claude/agents/broken.md": f"---\nname: broken: {shaped()}\n\tx: [\n---\n",
        "shop/.claude/settings.json": json.dumps(
            {
                "env": {"ACME_TOKEN": plant(), "ANTHROPIC_API_KEY": plant("sk" + "-ant-api03-", 93)},
                "permissions": {"allow": [f"Bash(curl -H 'Authorization: Bearer {plant()}' *)"]},
                "hooks": {"PreToolUse": [{"hooks": [{"type": "command", "command": f"ACME_TOKEN={plant()} run"}]}]},
            }
        ),
        "shop/plugin/.claude-plugin/plugin.json": json.dumps({"name": "p", "version": "1", "mcpServers": servers(plant)}),
        "shop/.claude/skills/s/SKILL.md": f"---\nname: s\nallowed-tools: Bash(export T={plant()})\n---\n",
        "shop/.env": f"ACME_TOKEN={plant()}\nexport GITHUB_TOKEN='{shaped()}'\nDATABASE_URL=postgres://u:{plant()}@h:5432/d\nKEY=\"{key}\"\n",
        "shop/.github/CODEOWNERS": f"* @acme/{shaped()} # {plant()}\n*.md {shaped()}@acme.example\n",
        "shop/x.facts.jsonl": json.dumps(facts) + "\n" + json.dumps({"node": shaped(), "id": 7}) + f'\n{{"node": "{plant()}\n',
        "shop/desk/agent-card.json": json.dumps(
            {
                "name": f"desk {shaped()}",
                "url": f"https://u:{plant()}@desk.example/a2a?token={plant()}",
                "authentication": {"schemes": ["apiKey"], "credentials": shaped()},
                "skills": [{"id": shaped(), "name": "s"}],
                "x-api-key": plant(),
            }
        ),
        "shop/record.json": json.dumps(
            {
                "schema_version": "1.0.0",
                "name": f"r {shaped()}",
                "locators": [{"type": "source_code", "url": f"https://x:{plant()}@github.com/a/b"}],
                "modules": [
                    {
                        "name": "integration/mcp",
                        "data": {"name": shaped(), "connections": [servers(plant)["args"], servers(plant)["headers"]]},
                    },
                    {"name": "core/llm/model", "data": {"models": [{"model": "m", "api_key": plant()}]}},
                ],
            }
        ),
        "shop/.well-known/ai-plugin.json": json.dumps(
            {
                "name_for_human": "p",
                "auth": {"type": "service_http", "verification_tokens": {"openai": plant()}},
                "api": {"url": f"https://api.example/openapi.json?api_key={plant()}"},
            }
        ),
        "shop/bom.json": json.dumps(
            {
                "bomFormat": "CycloneDX",
                "services": [
                    {
                        "name": "mcp",
                        "endpoints": [f"https://u:{plant()}@m.example/mcp"],
                        "properties": [{"name": "token", "value": plant()}],
                    }
                ],
            }
        ),
        "shop/inventory.json": json.dumps(
            {"agents": [{"name": shaped(), "agent_type": "x", "mcp_servers": list(servers(plant).values())}]}
        ),
        "shop/web/agents.ts": javascript(plant),
        "shop/mcp/server.py": python_server(plant),
        "shop/mcp/cmd/orders/main.go": go_server(plant),
        "shop/mcp/Shop/Program.cs": csharp_server(plant),
        "shop/go/main.go": go_agents(plant),
        "shop/dotnet/Agents.cs": csharp_agents(plant),
        "shop/mcp/pyproject.toml": f'[project]\nname = "x"\n[project.scripts]\n"{shaped()}" = "server:{shaped()}"\n',
        "shop/agents.csv": f"id,name,{shaped()}\na,{shaped()},{plant()}\n",
        "shop/approvals.csv": f"agent,tool,by,digest,{shaped()}\na,{shaped()},b,x,y\n{shaped()},t,{shaped()},{shaped()},{plant()}\n",
        "shop/desk/agents.py": python_agents(plant),
        "shop/desk/agents.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": python_agents(plant).splitlines(keepends=True)}]}),
        "shop/press/config/agents.yaml": crew(plant),
        "shop/graph/langgraph.json": json.dumps({"graphs": {shaped(): "./g.py:g"}, "env": {"ACME_TOKEN": plant()}, "key": shaped()}),
    }


def ownership(plant: Plant) -> dict[str, str]:
    """Statements of owners and findings of other scanners, with secrets in names, values and places."""

    def shaped() -> str:
        return plant("gh" + "p_")

    def leak() -> dict[str, object]:
        secret, line = plant(), f"key = {plant()}"
        return {
            "RuleID": shaped(),
            "Commit": "0",
            "File": f"a/{shaped()}",
            "SymlinkFile": "",
            "Secret": secret,
            "Match": line,
            "StartLine": 3,
        }

    def dataset(platform: str, aspect: str, value: str) -> dict[str, object]:
        urn = f"urn:li:dataset:(urn:li:dataPlatform:{platform},{shaped()}/x,PROD)"
        return {"entityUrn": urn, "aspectName": aspect, "aspect": {"json": [f"urn:li:{value}", "urn:li:tag:PII", plant()]}}

    place = {"Data": {"Filesystem": {"file": f"a/{shaped()}", "line": 3}}}
    hog = {"SourceMetadata": place, "DetectorName": "AWS", "Verified": True, "Raw": plant(), "RawV2": plant(), "Redacted": plant()}
    hog["ExtraData"] = {"arn": f"arn:aws:iam::111122223333:user/{shaped()}", "scopes": f"repo, {shaped()}"}
    return {
        "shop/snowflake/grants.sql": f"USE ROLE x;\n-- {plant()}\nCREATE USER b PASSWORD = '{plant()}';\n"
        f"GRANT SELECT ON TABLE a.b.{shaped()} TO ROLE {shaped()};\nGRANT ROLE {shaped()} TO USER {shaped()};\n",
        "shop/snowflake/grants.csv": "created_on,privilege,granted_on,name,granted_to,grantee_name,granted_by\n"
        f"{plant()},SELECT,TABLE,{shaped()},ROLE,{shaped()},{plant()}\n",
        "shop/graphinv.toml": f'[[state]]\nnodes = ["Agent:{shaped()}", "*"]\ntenant = "{shaped()}"\nowners = ["@{shaped()}", "@a/b"]\n'
        f'[[guard]]\npoint = "{shaped()}"\nname = "{shaped()}"\nedges = [{{ edge = "HOLDS", from = "*", to = "*" }}]\n'
        f'{shaped()} = "{plant()}"\n'
        f'[[guard]]\npoint = "pep:{shaped()}"\nedges = [{{ edge = "HOLDS", from = "*", to = "*" }}]\n'
        f'[[name]]\nfiles = ["*"]\nkubernetes_cluster = "{shaped()}"\n',
        "shop/catalog-info.yaml": f"apiVersion: backstage.io/v1\nkind: Component\nmetadata:\n  name: {shaped()}\n  annotations:\n"
        f"    github.com/project-slug: a/{shaped()}\n    backstage.io/kubernetes-id: {shaped()}\nspec:\n  owner: {shaped()}\n"
        f"---\napiVersion: backstage.io/v1\nkind: Component\nmetadata: {{name: {shaped()}, title: {shaped()}}}\n"
        f"spec: {{type: ai-agent, owner: a, consumesApis: [{shaped()}]}}\n---\napiVersion: backstage.io/v1\nkind: API\n"
        f"metadata: {{name: {shaped()}, title: {shaped()}}}\n"
        f"spec: {{type: mcp-server, remotes: [{{url: 'https://a.example/mcp?token={plant()}'}}]}}\n",
        "shop/datahub.json": json.dumps([dataset(shaped(), "globalTags", shaped()), dataset("s3", "ownership", f"corpGroup:{shaped()}")]),
        "shop/tables.json": json.dumps({"data": [{"fullyQualifiedName": f"a.b.c.{shaped()}", "tags": [{"tagFQN": f"PII.{shaped()}"}]}]}),
        "shop/opslevel.yml": f"service:\n  name: {shaped()}\n  owner: {shaped()}\n  repositories: [{{name: a/{shaped()}}}]\n",
        "shop/cortex.yaml": f"info:\n  title: {shaped()}\n  x-cortex-tag: {shaped()}\n  x-cortex-type: ai-agent\n"
        f"  x-cortex-owners:\n    - {{type: group, name: {shaped()}}}\n"
        f"    - {{email: {shaped()}@acme.example}}\n  x-cortex-git: {{github: {{repository: a/{shaped()}, basepath: {shaped()}}}}}\n",
        "shop/lib/package.json": json.dumps({"author": f"x <{shaped()}@acme.example>", "config": {"token": plant()}}),
        "shop/people.csv": f"email,status,token\n{shaped()}@acme.example,left,{plant()}\n{shaped()},{shaped()},{plant()}\n",
        "shop/db/mysql.sql": f"CREATE USER 'app'@'%' IDENTIFIED BY '{plant()}';\nGRANT ALL ON `{shaped()}`.* TO '{shaped()}'@'%'"
        f" IDENTIFIED BY '{plant()}';\nGRANT ALTER ON a.* TO `b`@`%` IDENTIFIED WITH x AS '{plant()}';\n",
        "shop/db/schema.sql": f"-- PostgreSQL database dump\nCREATE ROLE app PASSWORD '{plant()}';\nGRANT {shaped()} TO \"{shaped()}\";\n"
        f"\\connect {shaped()}\nGRANT SELECT ON TABLE public.{shaped()} TO app; -- {plant()}\nSELECT '{plant()}';\n",
        "shop/db/grants.csv": f"grantee,table_catalog,table_name,privilege_type,x\n{shaped()},{shaped()},{shaped()},SELECT,{plant()}\n",
        "shop/reports/leaks.json": json.dumps([leak(), leak()], indent=1),
        "shop/reports/leaks.csv": "RuleID,Commit,File,SymlinkFile,Secret,Match,StartLine\n" + ",".join(map(str, leak().values())) + "\n",
        "shop/reports/hog.jsonl": json.dumps(hog) + "\n" + json.dumps({**hog, "Raw": plant(), "DetectorName": shaped()}) + "\n",
        "shop/.secrets.baseline": json.dumps(
            {"version": "1.5.0", "plugins_used": [], "results": {f"a/{shaped()}": [{"type": shaped(), "hashed_secret": 40 * "a"}]}}
        ),
    }


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str], dict[str, str]]:
    plant = Plant()
    files = estate(plant)
    top = tmp_path_factory.mktemp("canary")
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text, "utf-8")
    return top, plant.planted, files


def assert_clean(text: str | bytes, planted: list[str], what: str) -> None:
    found = leaked(planted, text.encode("utf-8", "replace") if isinstance(text, str) else text)
    assert not found, f"{len(found)} planted values come out in {what}"


def test_a_value_that_comes_out_is_told() -> None:
    plant = Plant()
    values = [plant(), plant("gh" + "p_"), plant("sk" + "-ant-api03-", 93), plant("AKIA", 20), plant()]
    data = f'"{values[0]}", x{values[1]}y {values[2].removeprefix("sk-ant-")}=\n{values[3]}_, {values[4][:-1]}'
    assert leaked(values, data.encode()) == values[:4]
    with pytest.raises(AssertionError, match="4 planted values come out in a sentence"):
        assert_clean(data, values, "a sentence")


def test_every_output_of_a_scan_is_clean(planted: tuple[Path, list[str], dict[str, str]]) -> None:
    top, values, _ = planted
    store = top / "store" / "graph"
    run = CliRunner()
    assert_clean(run.invoke(app, ["scan", str(top / "shop"), "--store", str(store)]).output, values, "the summary")
    for command in (
        ["scan", str(top / "shop"), "--format", "json"],
        ["ingest", str(top / "shop"), "--format", "json"],
        ["analyze", "--format", "json"],
        ["findings", "--format", "json"],
        ["findings", "--full"],
        ["agents", "--format", "csv"],
        ["reach", "--all", "--format", "json"],
        ["show", "claude-code:shop", "--format", "json"],
        *(["export", name, "-o", str(top / "out" / name)] for name in exports()),
    ):
        result = run.invoke(app, [*command, "--store", str(store)])
        assert result.exit_code == (2 if command[0] in ("scan", "ingest") else 0), (command, result.output)
        assert_clean(result.output, values, " ".join(command[:2]))
    (top / "one.facts.jsonl").write_text('{"node": "Agent", "id": "one"}\n')
    for form in ("table", "json"):
        ends = [str(top / "one.facts.jsonl"), str(store)]
        for command in (["diff", *ends], ["diff", *ends[::-1]]):
            result = run.invoke(app, [*command, "--format", form, "--store", str(store)])
            assert "claude-code:shop" in result.output
            assert_clean(result.output, values, f"diff as {form}")
    assert run.invoke(app, ["snapshot", str(top / "now.snapshot"), "--store", str(store)]).exit_code == 0
    assert_clean(gzip.decompress((top / "now.snapshot").read_bytes()), values, "a snapshot")
    with pointed(FakePoint()) as point:
        asking = ["simulate", "--all", "--pdp", point.url, "--record", str(top / "out" / "record.jsonl"), "--store", str(store)]
        for command in (asking, ["simulate", "--all", "--format", "json", "--store", str(store)]):
            result = run.invoke(app, command)
            assert result.exit_code == 0, result.output
            assert_clean(result.output, values, "simulate")
    assert len(point.bodies) > 20
    assert_clean(json.dumps([point.bodies, point.headers]), values, "questions to a decision point")
    for fake in FAKES:
        assert_clean(b"".join(sent_tickets(fake, store)), values, f"tickets for {fake.__name__}")
    everything = run.invoke(
        app, ["query", "-", "--format", "json", "--store", str(store)], input="MATCH (n) OPTIONAL MATCH (n)-[r]->(m) RETURN n, r, m"
    )
    assert everything.exit_code == 0, everything.output
    assert_clean(everything.output, values, "the graph")
    with open_store(store) as opened:
        assert list(opened.estate().of_kind("Secret")), "the canaries were recognised as secrets"
        assert_clean(repr(opened.estate()), values, "the estate")
    for file in (path for path in [*(top / "store").rglob("*"), *(top / "out").rglob("*")] if path.is_file()):
        data = file.read_bytes()
        assert_clean(gzip.decompress(data) if file.name == "opa" else data, values, str(file.relative_to(top)))


def sent_tickets(kind: type[Fake], store: Path) -> list[bytes]:
    """All that a tracker is sent for tickets of every finding."""
    with served(kind()) as fake, open_store(store) as opened:
        want, _ = wanted(opened, Filter(), "finding")
        assert carry_out(fake.tracker(), plan(want, []), [], lambda done, title: None) == ""
        assert len(fake.ids()) == len(want.tickets) > 50
    return [one.raw for one in fake.requests]


@pytest.mark.parametrize("ingestor", ingestors(), ids=lambda ingestor: ingestor.NAME)
def test_every_ingestor_is_clean_for_every_document_it_takes(ingestor: object, planted: tuple[Path, list[str], dict[str, str]]) -> None:
    _, values, files = planted
    module = next(one for one in ingestors() if one is ingestor)
    taken = 0
    for path, text in files.items():
        data = text.encode()
        if not module.detect(path.removeprefix("shop/"), data[:4096]):
            continue
        taken += 1
        for cut in (len(data), len(data) // 2, len(data) - 3):
            document = Document("shop", path.removeprefix("shop/"), data[:cut], lambda value: f"{len(value):032x}")
            try:
                shown = repr(list(facts_of(module, document)))
            except IngestError as error:
                shown = f"{error} {error.message} {error.remedy} {error.where}"
            assert_clean(shown, values, f"{module.NAME} on {path}")
    assert taken, f"plant a canary in a document that {module.NAME} reads"
