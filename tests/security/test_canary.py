"""No secret value comes out: planted in every format that is read, looked for in every output, the store's files included."""

from __future__ import annotations

import base64
import gzip
import json
import secrets
import string
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from graphinv.cli import app
from graphinv.export import exports
from graphinv.export.senders.sync import carry_out, plan
from graphinv.ingest import Document, facts_of, ingestors
from graphinv.ingest.support.secrets import is_placeholder
from graphinv.model.errors import IngestError
from graphinv.pipeline.accepted import Filter
from graphinv.pipeline.tickets import wanted
from graphinv.store import open_store
from tests.export.trackers import FAKES, Fake, served
from tests.security.identity_canaries import identities


def canary(prefix: str = "", length: int = 36) -> str:
    """Random letters and digits as issuers make them: some of each kind, and no word in it that says that it is none."""
    while True:
        value = "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))
        kinds = (sum(map(str.isdigit, value)), sum(map(str.isupper, value)), sum(map(str.islower, value)))
        if min(kinds) >= 5 and not is_placeholder(prefix + value):
            return prefix + value


class Plant:
    """Makes canaries and remembers them."""

    def __init__(self) -> None:
        self.planted: list[str] = []

    def __call__(self, prefix: str = "", length: int = 36) -> str:
        self.planted.append(canary(prefix, length))
        return self.planted[-1]


def servers(plant: Plant) -> dict[str, object]:
    """MCP servers that have a secret in every place where people put one."""
    return {
        "env": {"command": "npx", "args": ["-y", "@acme/server@1.0.0"], "env": {"ACME_API_KEY": plant(), "GH": plant("gh" + "p_")}},
        "args": {
            "command": "uvx",
            "args": ["acme-server", "--access-token", plant(), f"--api-key={plant()}", plant("sk" + "-ant-api03-", 93)],
        },
        "headers": {
            "type": "http",
            "url": f"https://user:{plant()}@mcp.acme.example/mcp?api_key={plant()}&x=1",
            "headers": {"Authorization": f"Bearer {plant()}", "x-api-key": plant(), "X-Functions-Key": plant()},
        },
        "docker": {"command": "docker", "args": ["run", "-i", "-e", f"ACME_TOKEN={plant()}", "-e", "OTHER", "acme/server:latest"]},
        "proxy": {
            "command": "npx",
            "args": ["mcp-remote", "https://mcp.other.example/sse", "--header", f"Authorization: Bearer {plant()}"],
        },
        "database": {"command": "npx", "args": ["server-postgres", f"postgresql://app:{plant()}@db.acme.example:5432/shop"]},
        "default": {"command": "x", "env": {"ACME_SECRET": "${ACME_SECRET:-" + plant() + "}"}},
        "odd": {"command": ["sh", "-c", f"ACME_TOKEN={plant()} run"], "env": [plant("gh" + "p_")]},
        f"named-{plant('gh' + 'p_')}": {"command": 7},
    }


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


def coding(plant: Plant) -> dict[str, str]:
    """Files of coding agents, and of CI that runs them."""

    def shaped() -> str:
        return plant("gh" + "p_")

    listed = f"tools: [edit, 'x/{shaped()}', '{shaped()}']\nmodel: {shaped()}\n"
    inline = f"mcp-servers:\n  x:\n    type: http\n    url: https://u:{plant()}@x.example/mcp\n    headers: {{X-Api-Key: {plant()}}}\n"
    settings = json.dumps({"env": {"A_TOKEN": plant()}, "mcpServers": servers(plant)})
    config = json.dumps(servers(plant)["env"])
    card = f"agent_card_url: https://u:{plant()}@a.example/\nauth: {{type: apiKey, key: {plant()}}}\n"
    step = {
        "uses": "anthropics/claude-code-action@v1",
        "env": {"ACME_TOKEN": plant(), shaped(): "x"},
        "with": {
            "anthropic_api_key": plant("sk" + "-ant-api03-", 93),
            "prompt": f"use {shaped()}",
            "settings": settings,
            "claude_args": f"--model {shaped()} --allowedTools 'Bash(x),mcp__a__{shaped()}' --mcp-config '{config}'",
        },
    }
    script = f"export ACME_TOKEN={plant()}\nclaude -p 'x {shaped()}' --allowedTools {shaped()}\ncodex exec --model {shaped()} y\n"
    gemini = {"uses": "google-github-actions/run-gemini-cli@v0", "with": {"settings": settings, "gemini_api_key": plant()}}
    login = {"uses": "aws-actions/configure-aws-credentials@v4", "with": {"role-to-assume": shaped(), "aws-secret-access-key": plant()}}
    job = {
        "runs-on": [shaped()],
        "env": {"ACME_TOKEN": plant()},
        "steps": [login, step, gemini, {"run": script}, {"uses": "./act"}, {"run": "./ask.sh"}],
    }
    flow = {"name": f"w {shaped()}", "on": {"issues": None, shaped(): None}, "env": {"B_TOKEN": plant()}, "jobs": {"j": job, shaped(): job}}
    lab = {
        "variables": {"ACME_TOKEN": plant()},
        "agent": {
            "script": [script, f"copilot -p x --allow-tool '{shaped()}'"],
            "tags": [shaped()],
            "image": f"r/{shaped()}",
            "variables": {"K_TOKEN": plant()},
        },
        shaped(): {"extends": "agent", "environment": shaped()},
    }
    asks: dict[str, object] = {
        "add-comment": {"github-token": plant(), "target-repo": f"acme/{shaped()}"},
        shaped(): None,
        "jobs": {shaped(): {}},
    }
    agentic = {
        "on": {"issues": None, shaped(): None},
        "name": f"w {shaped()}",
        "engine": {"id": "claude", "model": shaped(), "env": {"ACME_TOKEN": plant()}},
        "env": {"B_TOKEN": plant()},
        "imports": [f"shared/{shaped()}.md", shaped()],
        "tools": {"github": {"allowed": [shaped()], "github-token": plant()}, "bash": [shaped()]},
        "mcp-servers": servers(plant),
        "safe-outputs": asks,
    }
    return {
        "shop/.github/workflows/agentic.md": f"---\n{yaml.safe_dump(agentic, sort_keys=False)}---\n# {shaped()}\nuse {shaped()}\n",
        "shop/.github/workflows/agent.yml": yaml.safe_dump(flow, sort_keys=False),
        "shop/act/action.yml": yaml.safe_dump({"runs": {"using": "composite", "steps": [step, {"run": script}]}}, sort_keys=False),
        "shop/ask.sh": f"claude -p hi --model {shaped()}\nexport ACME_TOKEN={plant()}\n",
        "shop/.gitlab-ci.yml": yaml.safe_dump(lab, sort_keys=False),
        "shop/.github/agents/a.agent.md": f"---\nname: a {shaped()}\n{listed}{inline}handoffs:\n  - agent: {shaped()}\n---\n{plant()}\n",
        "shop/.opencode/agent/a.md": f"---\nmodel: {shaped()}\ntools:\n  '{shaped()}_*': true\n  '*': false\n---\n{plant()}\n",
        "shop/.codex/agents/a.toml": f'name = "{shaped()}"\n[mcp_servers.a]\ncommand = "x"\n[mcp_servers.a.env]\nA_TOKEN = "{plant()}"\n',
        "shop/.gemini/agents/a.md": f"---\nname: {shaped()}\nkind: remote\n{card}---\n",
        "shop/.cursor/agents/a.md": f"---\nname: {shaped()}\nmodel: {shaped()}\n---\n{plant()}\n",
        "shop/.claude/commands/deploy.md": f"---\nallowed-tools: Bash(export T={plant()})\n---\n!`ACME_TOKEN={plant()} run`\n{plant()}\n",
        "shop/AGENTS.md": f"Use {plant()} to deploy.\n",
    }


def templates(plant: Plant) -> dict[str, str]:
    """Templates of CloudFormation with secrets wherever people leave them."""

    def shaped() -> str:
        return plant("gh" + "p_")

    function = {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "Environment": {"Variables": {"API_TOKEN": plant(), "URL": f"postgres://u:{plant()}@db.acme.example/x", shaped(): shaped()}},
            "Tags": {"Owner": shaped()},
            "Policies": [{"Statement": [{"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:s3:::{shaped()}"}]}, shaped()],
        },
    }
    database = {"Type": "AWS::RDS::DBInstance", "Properties": {"Engine": "postgres", "MasterUsername": "a", "MasterUserPassword": plant()}}
    joined = {"Fn::Join": ["", ["x", plant()]]}
    resources = {
        shaped(): function,
        "Db": database,
        "Sec": {"Type": "AWS::SecretsManager::Secret", "Properties": {"Name": shaped(), "SecretString": f'{{"pin": "{plant()}"}}'}},
        "Joined": {"Type": "AWS::SecretsManager::Secret", "Properties": {"SecretString": joined}},
        "Vm": {"Type": "AWS::EC2::Instance", "Properties": {"UserData": {"Fn::Base64": {"Fn::Sub": f"export API_KEY={plant()}\n"}}}},
        "Role": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": shaped(), "Policies": [{"PolicyName": shaped()}]}},
    }
    parameters = {"DbPassword": {"Type": "String", "NoEcho": True, "Default": plant()}, "ApiKey": {"Type": "String", "Default": plant()}}
    template = {"AWSTemplateFormatVersion": "2010-09-09", "Parameters": parameters, "Mappings": {"A": {"b": {"token": plant()}}}}
    text = json.dumps({**template, "Resources": resources}, indent=1)
    tagged = f"""Transform: AWS::Serverless-2016-10-31
Resources:
  F:
    Type: AWS::Lambda::Function
    Properties:
      Environment: {{Variables: {{API_KEY: !Sub '{plant()}', B: !Join ['', [{shaped()}, !Ref X]]}}}}
      Role: !Sub '{shaped()}'
"""
    return {"shop/infra/template.json": text, "shop/infra/sam.yaml": tagged}


def terraform_files(plant: Plant) -> dict[str, str]:
    """Configuration, variables and state of Terraform with secrets wherever people, and Terraform itself, leave them."""

    def shaped() -> str:
        return plant("gh" + "p_")

    main = f"""
variable "db_password" {{
  default     = "{plant()}"
  description = "was {shaped()}"
}}
locals {{ header = "Bearer {plant()}" }}
provider "aws" {{
  access_key = "AKIAQ3EGRB7SAL2TKWX5"
  secret_key = "{plant("", 40)}"
}}
resource "aws_iam_role" "bot" {{
  name               = "{shaped()}"
  assume_role_policy = jsonencode({{
    Statement = [{{ Effect = "Allow", Condition = {{ StringEquals = {{ "sts:ExternalId" = "{shaped()}" }} }} }}]
  }})
}}
resource "aws_lambda_function" "bot" {{
  function_name = "bot"
  role          = aws_iam_role.bot.arn
  environment {{
    variables = {{
      API_TOKEN    = "{plant()}"
      DATABASE_URL = "postgres://app:{plant()}@db.acme.example/shop"
      SECRET_HEADER = local.header
      PASSWORD     = "${{var.db_password}}-x"
    }}
  }}
  tags = {{ Owner = "{shaped()}" }}
}}
resource "aws_instance" "web" {{
  user_data = <<-EOF
    export API_TOKEN={plant()}
    curl -H "Authorization: Bearer {plant()}" https://u:{plant()}@acme.example
  EOF
}}
resource "aws_secretsmanager_secret_version" "v" {{
  secret_id     = "v"
  secret_string = jsonencode({{ user = "{plant()}", pin = "{plant()}" }})
}}
resource "aws_ecs_task_definition" "t" {{
  family                = "t"
  container_definitions = jsonencode([{{ name = "{shaped()}", environment = [{{ name = "API_KEY", value = "{plant()}" }}] }}])
}}
resource "aws_sqs_queue" "{shaped()}" {{ name = "q-{shaped()}" }}
"""
    attributes: dict[str, object] = {
        "id": "AKIAQ3EGRB7SAL2TKWX5",
        "user": "bot",
        "secret": plant("", 40),
        "ses_smtp_password_v4": plant("", 44),
        "note": plant(),
    }
    function = {
        "arn": "arn:aws:lambda:eu-west-1:123456789012:function:f",
        "environment": [{"variables": {"API_KEY": plant(), "X": shaped()}}],
        "tags": {"Owner": shaped()},
    }
    hidden = [[{"type": "get_attr", "value": "note"}]]
    resources = [
        {
            "mode": "managed",
            "type": "aws_iam_access_key",
            "name": "k",
            "instances": [{"attributes": attributes, "sensitive_attributes": hidden}],
        },
        {"mode": "managed", "type": "aws_lambda_function", "name": shaped(), "instances": [{"attributes": function}]},
        {"mode": "managed", "type": "random_password", "name": "p", "instances": [{"attributes": {"result": plant()}}]},
    ]
    outputs = {"token": {"value": plant(), "type": "string", "sensitive": True}, "api_key": {"value": plant(), "type": "string"}}
    state = {"version": 4, "terraform_version": "1.9.5", "outputs": outputs, "resources": resources}
    values = {"password": plant(), "policy": shaped()}
    shown = {
        "resources": [{"mode": "managed", "type": "aws_db_instance", "name": "d", "values": values, "sensitive_values": {"password": True}}]
    }
    plan = {"format_version": "1.2", "terraform_version": "1.9.5", "planned_values": {"root_module": shown}}
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": f"arn:aws:s3:::{shaped()}"}]}
    variables = {"API_KEY": plant(), "URL": f"postgres://u:{plant()}@${{var.host}}/x", shaped(): shaped()}
    resource = {"aws_lambda_function": {shaped(): {"function_name": "f", "environment": {"variables": variables}}}}
    version = {"aws_secretsmanager_secret_version": {"v": {"secret_id": "x", "secret_string": f"a{plant()} ${{var.b}}"}}}
    synthesized = {"variable": {"db_password": {"default": plant()}}, "resource": [resource, version], "locals": {"token": plant()}}
    return {
        "shop/infra/cdk.tf.json": json.dumps(synthesized),
        "shop/infra/main.tf": main,
        "shop/infra/terraform.tfvars": f'db_password = "{plant()}"\napi_keys = {{ stripe = "{shaped()}" }}\n',
        "shop/infra/broken.tf": f'resource "x" "y" {{ token = "{plant()}" = }}\nlocals {{ password = "{plant()}" }}\n',
        "shop/infra/policy.json": json.dumps(policy),
        "shop/infra/terraform.tfstate": json.dumps(state, indent=1),
        "shop/infra/plan.json": json.dumps(plan),
    }


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
        **deployed(plant),
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
        "shop/.codeium/windsurf/mcp_config.json": config("mcpServers"),
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
        "shop/mcp/pyproject.toml": f'[project]\nname = "x"\n[project.scripts]\n"{shaped()}" = "server:{shaped()}"\n',
        "shop/agents.csv": f"id,name,{shaped()}\na,{shaped()},{plant()}\n",
        "shop/approvals.csv": f"agent,tool,by,digest,{shaped()}\na,{shaped()},b,x,y\n{shaped()},t,{shaped()},{shaped()},{plant()}\n",
        "shop/desk/agents.py": python_agents(plant),
        "shop/desk/agents.ipynb": json.dumps({"cells": [{"cell_type": "code", "source": python_agents(plant).splitlines(keepends=True)}]}),
        "shop/press/config/agents.yaml": crew(plant),
        "shop/graph/langgraph.json": json.dumps({"graphs": {shaped(): "./g.py:g"}, "env": {"ACME_TOKEN": plant()}, "key": shaped()}),
    }


def deployed(plant: Plant) -> dict[str, str]:
    """Manifests with secrets where they belong, and where nobody expects them."""

    def shaped() -> str:
        return plant("gh" + "p_")

    def encoded() -> str:
        return base64.b64encode(plant().encode()).decode()

    container = {
        "name": shaped(),
        "image": f"registry.example/{shaped()}:{shaped()}",
        "command": ["python", "main.py", "--token", plant()],
        "args": [f"--api-key={plant()}"],
        "env": [
            {"name": "ACME_TOKEN", "value": plant()},
            {"name": shaped(), "value": "x"},
            {"name": "DATABASE_URL", "value": f"postgres://u:{plant()}@db.example/d"},
            {"name": "MCP_URL", "value": f"https://u:{plant()}@m.example/mcp?token={plant()}"},
            {"name": "KEY", "valueFrom": {"secretKeyRef": {"name": shaped(), "key": shaped()}}},
        ],
    }
    annotations = {"vault.hashicorp.com/role": shaped(), "vault.hashicorp.com/agent-inject-secret-x": shaped(), "owner": shaped()}
    pod = {"metadata": {"labels": {"team": shaped()}, "annotations": annotations}, "spec": {"containers": [container]}}
    objects: list[dict[str, object]] = [
        {"apiVersion": "v1", "kind": "Secret", "data": {"token": encoded()}, "stringData": {"note": plant(), shaped(): plant()}},
        {"apiVersion": "v1", "kind": "ConfigMap", "data": {"app.env": f"ACME_TOKEN={plant()}", "password": plant()}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": {"template": pod}},
        {"apiVersion": "v1", "kind": "ServiceAccount", "secrets": [{"name": shaped()}]},
        {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": [{"verbs": [shaped()], "resources": [shaped()]}]},
        {
            "apiVersion": "rbac.authorization.k8s.io/v1",
            "kind": "RoleBinding",
            "roleRef": {"kind": "Role", "name": shaped()},
            "subjects": [{"kind": "Group", "name": shaped()}],
        },
        {
            "apiVersion": "kagent.dev/v1alpha2",
            "kind": "Agent",
            "spec": {
                "declarative": {
                    "modelConfig": "m",
                    "systemMessage": plant(),
                    "tools": [{"mcpServer": {"name": "s", "toolNames": [shaped()]}, "headersFrom": [{"name": "X-Key", "value": shaped()}]}],
                    "deployment": {"env": [{"name": "ACME_TOKEN", "value": plant()}]},
                }
            },
        },
        {"apiVersion": "kagent.dev/v1alpha2", "kind": "ModelConfig", "spec": {"model": shaped(), "defaultHeaders": {"x-api-key": plant()}}},
        {"apiVersion": "kagent.dev/v1alpha1", "kind": "ToolServer", "spec": {"config": {"stdio": servers(plant)["args"]}}},
        {
            "apiVersion": "kagent.dev/v1alpha2",
            "kind": "RemoteMCPServer",
            "spec": {"url": f"https://u:{plant()}@m.example/mcp?api_key={plant()}"},
        },
        {"apiVersion": "kagent.dev/v1alpha1", "kind": "MCPServer", "spec": {"deployment": servers(plant)["args"]}},
        {
            "apiVersion": "ark.mckinsey.com/v1alpha1",
            "kind": "Tool",
            "spec": {
                "type": "http",
                "http": {"url": f"https://a.example/?token={plant()}", "headers": [{"name": "K", "value": {"value": shaped()}}]},
            },
        },
    ]
    named = [{**one, "metadata": {"name": f"o{index}", "annotations": {"note": plant()}}} for index, one in enumerate(objects)]
    named += [{**one, "metadata": {"name": shaped(), "labels": {"team": shaped()}}} for one in objects]
    document = json.dumps({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"token": plant()}})
    manifest = f"apiVersion: v1\nkind: Secret\nmetadata:\n  name: x\nstringData:\n  t: {plant()}\n"
    values = {"image": shaped(), "apiToken": plant(), "env": [{"name": "ACME_TOKEN", "value": plant()}], shaped(): {"password": plant()}}
    template = (
        f"# {shaped()}\napiVersion: v1\nkind: Secret\nmetadata:\n  name: {{{{ .Values.image }}}}\n  labels: {{team: {shaped()}}}\n"
        f"stringData:\n  token: {{{{ .Values.apiToken }}}}\n  password: {plant()}\n  url: postgres://u:{plant()}@db.example/d\n"
        f'  x: {{{{ required "{shaped()}" .Values.image | quote }}}}\n  y: {{{{ toYaml .Values | b64enc }}}}\n'
    )
    return {
        "shop/chart/Chart.yaml": f"apiVersion: v2\nname: {shaped()}\nversion: 1.0.0\n",
        "shop/chart/values.yaml": yaml.safe_dump(values),
        "shop/chart/templates/secret.yaml": template,
        "shop/chart/templates/_helpers.tpl": f'{{{{ define "{shaped()}" }}}}{{{{ fail "{shaped()}" }}}}{{{{ end }}}}',
        "shop/chart/templates/broken.yaml": f'{{{{ fail "{shaped()}" }}}}\ntoken: {plant()}\n',
        "shop/deploy/Dockerfile": f"ARG T={plant()}\nFROM python:{shaped()} AS {shaped()}\nENV ACME_TOKEN={plant()} {shaped()}=1\n"
        f"ENV DATABASE_URL postgres://u:{plant()}@db.example/d\nRUN curl -H 'Authorization: Bearer {plant()}' https://x\n"
        f'CMD ["python", "{shaped()}.py", "--token", "{plant()}"]\n',
        "shop/deploy/compose.yaml": json.dumps(
            {
                "services": {
                    "app": {
                        "image": f"acme/{shaped()}",
                        "build": {"context": shaped(), "args": {"ACME_TOKEN": plant()}},
                        "command": ["python", "x.py", "--api-key", plant()],
                        "environment": {"ACME_TOKEN": plant(), "DSN": f"postgres://u:{plant()}@db.example/d", shaped(): "1"},
                        "env_file": shaped(),
                        "secrets": [shaped(), {"source": shaped()}],
                        "labels": {"token": plant()},
                    },
                    shaped(): {"environment": [f"ACME_TOKEN={plant()}"]},
                }
            }
        ),
        "shop/deploy/all.json": json.dumps({"apiVersion": "v1", "kind": "List", "items": named}),
        "shop/deploy/broken.yaml": f"{manifest} bad: [{plant()}\n",
        "shop/deploy/run.sh": f"kubectl apply -f - <<EOF\n{manifest}EOF\n",
        "shop/deploy/made.py": f'apply("""\n# apiVersion:, kind:\n{document}\n""")\n',
        "shop/deploy/kustomization.yaml": f"secretGenerator:\n- name: s\n  literals: [token={plant()}]\nnamePrefix: {shaped()}\n",
    }


def aws_answers(plant: Plant) -> dict[str, str]:
    """What AWS's own commands print, with secrets in names, tags, conditions and descriptions."""

    def shaped() -> str:
        return plant("gh" + "p_")

    def document() -> dict[str, object]:
        arn = "arn:aws:sqs:eu-west-1:123456789012:"
        condition = {"StringEquals": {"sts:ExternalId": plant(), "aws:PrincipalTag/token": shaped()}}
        of = {"Action": "sqs:*", "Resource": [arn + "pay", arn + shaped()], "Condition": condition}
        statement = {"Sid": shaped(), "Effect": "Allow", **of}
        return {"Statement": [statement, {**statement, "Action": shaped()}, {**statement, "Effect": shaped()}]}

    iam = "arn:aws:iam::123456789012:"
    who = {"Principal": {"AWS": [f"{iam}role/{shaped()}", shaped()], "Federated": f"{iam}oidc-provider/x.example/{shaped()}"}}
    agreed = {"StringEquals": {"sts:externalid": [plant()]}}
    trust = {"Statement": {"Effect": "Allow", "Action": "sts:AssumeRole", **who, "Condition": agreed}}
    tags = [{"Key": "owner", "Value": shaped()}, {"Key": "api_key", "Value": plant()}, {"Key": shaped(), "Value": "x"}]
    role = {
        "Arn": f"{iam}role/agent",
        "RoleName": shaped(),
        "Tags": tags,
        "AssumeRolePolicyDocument": trust,
        "RolePolicyList": [{"PolicyName": shaped(), "PolicyDocument": document()}, {"PolicyName": "x", "PolicyDocument": shaped()}],
        "AttachedManagedPolicies": [{"PolicyArn": f"{iam}policy/{shaped()}"}],
    }
    user = {"Arn": f"{iam}user/{shaped()}", "GroupList": [shaped()], "Tags": tags}
    managed = {"Arn": f"{iam}policy/p", "Description": plant(), "PolicyVersionList": [{"Document": document(), "IsDefaultVersion": True}]}
    limit = {"PolicySummary": {"Id": "p-a1b2c3d4", "Name": shaped(), "Description": plant()}, "Content": json.dumps(document())}
    published = {"Statement": [{"Sid": shaped(), "Effect": "Allow", **who, "Action": "s3:*", "Resource": "arn:aws:s3:::pay/*"}]}
    account = {"Id": "123456789012", "Arn": "arn:aws:organizations::123456789012:account/o-a/1", "Name": shaped(), "Email": plant()}
    function = {
        "FunctionArn": "arn:aws:lambda:eu-west-1:123456789012:function:pay",
        "FunctionName": shaped(),
        "Role": f"{iam}role/{shaped()}",
        "Description": plant(),
        "Environment": {"Variables": {"API_KEY": plant(), shaped(): shaped(), "URL": f"https://u:{plant()}@x.example"}},
    }
    group: dict[str, object] = {"agentId": "PAYAGENT01", "actionGroupName": shaped(), "apiSchema": {"payload": plant()}}
    group["functionSchema"] = {"functions": [{"name": shaped(), "description": plant()}]}
    runtime = {
        "agentRuntimeArn": f"arn:aws:bedrock-agentcore:eu-west-1:123456789012:runtime/{shaped()}",
        "agentRuntimeName": shaped(),
        "environmentVariables": {"API_TOKEN": plant(), "DATABASE_URL": f"postgres://u:{plant()}@db.example/shop"},
        "description": plant(),
    }
    keys = [{"UserName": shaped(), "AccessKeyId": "AK" + "IAQNZGKIQY56JQ7WML", "SecretAccessKey": plant(), "Status": "Active"}]
    return {
        "aws/account.json": json.dumps({"UserDetailList": [user], "RoleDetailList": [role], "Policies": [managed]}),
        "aws/keys.json": json.dumps({"AccessKeyMetadata": [*keys, {"AccessKeyId": plant(), "UserName": plant()}]}),
        "aws/scp.json": json.dumps({"Policy": limit, "Targets": [{"TargetId": "123456789012"}, {"TargetId": shaped()}]}),
        "aws/accounts.json": json.dumps({"Accounts": [account], "NextToken": plant()}),
        "aws/bucket.json": json.dumps({"Policy": json.dumps(published), "RevisionId": plant()}),
        "aws/functions.json": json.dumps({"Functions": [function]}),
        "aws/group.json": json.dumps({"agentActionGroup": group}),
        "aws/runtime.json": json.dumps(runtime),
        "aws/report.csv": "user,arn,user_creation_time,password_enabled\n"
        f"{shaped()},{iam}user/{shaped()},{plant()},true\n{plant()},{plant()},,\n",
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
        f"    github.com/project-slug: a/{shaped()}\n    backstage.io/kubernetes-id: {shaped()}\nspec:\n  owner: {shaped()}\n",
        "shop/datahub.json": json.dumps([dataset(shaped(), "globalTags", shaped()), dataset("s3", "ownership", f"corpGroup:{shaped()}")]),
        "shop/tables.json": json.dumps({"data": [{"fullyQualifiedName": f"a.b.c.{shaped()}", "tags": [{"tagFQN": f"PII.{shaped()}"}]}]}),
        "shop/opslevel.yml": f"service:\n  name: {shaped()}\n  owner: {shaped()}\n  repositories: [{{name: a/{shaped()}}}]\n",
        "shop/cortex.yaml": f"info:\n  x-cortex-tag: {shaped()}\n  x-cortex-owners:\n    - {{type: group, name: {shaped()}}}\n"
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


def python_server(plant: Plant) -> str:
    """An MCP server in source with secrets in keys, headers, addresses, defaults, names and descriptions."""
    shaped = plant("gh" + "p_")
    return f"""
import psycopg2, requests, stripe
from mcp.server.fastmcp import FastMCP
mcp = FastMCP("{plant("gh" + "p_")}")
stripe.api_key = "{plant("sk" + "_live_", 24)}"
API_KEY = "{plant()}"
@mcp.tool(name="{plant("gh" + "p_")}", description="uses {shaped}")
def pay(token: str = "{plant("gh" + "p_")}", password="{plant()}"):
    'Uses {plant("gh" + "p_")}.'
    db = psycopg2.connect("postgres://app:{plant()}@db.acme.example/shop")
    db.cursor().execute("SELECT '{plant("gh" + "p_")}'")
    headers = {{"Authorization": "Bearer {plant()}", "x-api-key": API_KEY}}
    requests.get(f"https://u:{plant()}@pay.acme.example/v1?api_key={plant()}", headers=headers)
    return stripe.Refund.create(api_key="{plant()}")
"""


def python_agents(plant: Plant) -> str:
    """Agents in code with secrets in models, servers, tools, prompts, names, defaults, joined texts and docstrings."""
    shaped = plant("gh" + "p_")
    return f"""
import os
from agents import Agent, OpenAIChatCompletionsModel, function_tool
from agents.mcp import MCPServerStdio, MCPServerStreamableHttp
from crewai import Agent as Member, Crew, LLM
from fast_agent import FastAgent
from agent_squad.agents import BedrockLLMAgent, BedrockLLMAgentOptions
os.environ["ACME_API_KEY"] = "{plant()}"
os.environ.setdefault("OTHER_TOKEN", "{plant()}")
PASSWORD = "{plant()}"
CONFIG = {{"api_key": "{plant()}", "nested": {{"token": "{plant()}"}}}}
def make(name="{plant("gh" + "p_")}", api_key="{plant()}"):
    'Makes {plant("gh" + "p_")}'
    return Agent(name=name, instructions=f"say {shaped} to {{PASSWORD}}", model=OpenAIChatCompletionsModel(model="m", api_key=api_key))
@function_tool(name_override="{plant("gh" + "p_")}")
def call(key="{plant("gh" + "p_")}"):
    return open(f"/x/{plant("gh" + "p_")}")
local = MCPServerStdio(params={{"command": "npx", "args": ["-y", "x", "--token", "{plant()}"], "env": {{"ACME_TOKEN": "{plant()}"}}}})
web = MCPServerStreamableHttp(params={{"url": "https://u:{plant()}@mcp.acme.example/v1?api_key={plant()}",
                                      "headers": {{"Authorization": "Bearer {plant()}"}}}})
one = make("{plant("gh" + "p_")}", "{plant()}")
two = Agent(
    name="Two " + "{plant("gh" + "p_")}", tools=[call, "{plant("gh" + "p_")}"],
    mcp_servers=[local, web], handoffs=[one, {plant("gh" + "p_")}]
)
poet = Member(role="{plant("gh" + "p_")}", goal="g", backstory="{plant("gh" + "p_")}", llm=LLM(model="m", **CONFIG))
crew = Crew(agents=[poet], tasks=[], name="{plant("gh" + "p_")}")
fast = FastAgent("f")
@fast.agent(name="{plant("gh" + "p_")}", servers=["{plant("gh" + "p_")}"], tools={{"{plant("gh" + "p_")}": ["{plant("gh" + "p_")}"]}})
@fast.chain(name="c", sequence=["{plant("gh" + "p_")}"])
async def main(): ...
squad = BedrockLLMAgent(BedrockLLMAgentOptions(name="{plant("gh" + "p_")}", api_key="{plant()}", model_id="{plant("gh" + "p_")}",
    tool_config={{"tool": [{{"toolSpec": {{"name": "{plant("gh" + "p_")}", "inputSchema": {{}}}}}}]}}))
"""


def crew(plant: Plant) -> str:
    """A crew's agents with secrets in keys and values."""
    lines = [plant("gh" + "p_") + ":", *(f"  {key}: {plant('gh' + 'p_')}" for key in ("role", "goal", "llm")), f"  api_key: {plant()}"]
    return "\n".join([*lines, f"  tools: [{plant('gh' + 'p_')}]", ""])


def javascript(plant: Plant) -> str:
    """Source with secrets in options, headers, addresses, helpers and names."""
    entry = json.dumps(servers(plant))
    shaped = plant("gh" + "p_")
    return f"""
import {{ Agent, tool, MCPServerStdio }} from "@openai/agents";
import {{ McpServer }} from "@modelcontextprotocol/sdk/server/mcp.js";
import {{ MCPClient }} from "@mastra/mcp";
import {{ Agent as Mastra }} from "@mastra/core/agent";
import {{ createAgent, openai }} from "@inngest/agent-kit";
const API_KEY = "{plant()}";
const client = new Stripe("{plant("sk" + "_live_", 24)}", {{ apiKey: "{plant()}" }});
const mcp = new MCPClient({{ servers: {entry} }});
const pay = tool({{ name: "pay", description: "uses {plant("gh" + "p_")}",
  execute: async () => fetch(`https://u:{plant()}@pay.example/v1?api_key={plant()}`, {{
  headers: {{ Authorization: "Bearer {plant()}", "x-api-key": `{plant()}` }} }}) }});
export const a = new Agent({{ name: "{shaped}", tools: [pay],
  mcpServers: [new MCPServerStdio({{ name: "s", command: "x", env: {{ ACME_TOKEN: "{plant()}" }} }})] }});
export const b = new Mastra({{ name: "b", model: {{ id: "m", apiKey: "{plant()}" }},
  tools: {{ ...(await mcp.getTools()), "{plant("gh" + "p_")}": pay }} }});
export const c = createAgent({{ name: "{plant("gh" + "p_")}", model: openai({{ model: "m", apiKey: "{plant()}" }}),
  mcpServers: [{{ name: "{plant("gh" + "p_")}",
    transport: {{ type: "sse", url: "https://u:{plant()}@mcp.example/x?token={plant()}" }} }}] }});
const server = new McpServer({{ name: "{plant("gh" + "p_")}", version: "1" }});
server.tool("{plant("gh" + "p_")}", "postgres://app:{plant()}@db.example/shop", async () => connect("postgres://app:{plant()}@db.example/shop"));
"""


def go_server(plant: Plant) -> str:
    """Source in Go with secrets in constants, descriptions, addresses and names."""
    return f"""package main
import ("context"; "net/http"; "os"; "github.com/modelcontextprotocol/go-sdk/mcp")
const apiKey = "{plant()}"
type args struct {{ Key string `json:"{plant("gh" + "p_")}" jsonschema:"{plant("gh" + "p_")}"` }}
func pay(ctx context.Context, r *mcp.CallToolRequest, a args) (*mcp.CallToolResult, any, error) {{
	token := "{plant()}"
	request, err := http.NewRequest("POST", "https://u:{plant()}@pay.example/v1?api_key={plant()}", nil)
	request.Header.Set("Authorization", "Bearer {plant()}")
	os.Getenv("{plant("gh" + "p_")}")
	return nil, token, err
}}
func main() {{
	server := mcp.NewServer(&mcp.Implementation{{Name: "{plant("gh" + "p_")}", Version: "{plant("gh" + "p_")}"}}, nil)
	mcp.AddTool(server, &mcp.Tool{{Name: "{plant("gh" + "p_")}", Description: "postgres://app:{plant()}@db.example/shop"}}, pay)
}}
"""


def csharp_server(plant: Plant) -> str:
    """Source in C# with secrets in constants, attributes, addresses and names."""
    return f"""using ModelContextProtocol.Server;
builder.Services.AddMcpServer(o => {{ o.ServerInfo = new() {{ Name = "{plant("gh" + "p_")}", Version = "{plant("gh" + "p_")}" }}; }})
    .WithTools<PayTools>();
[McpServerToolType]
class PayTools {{
    private const string ApiKey = "{plant()}";
    [McpServerTool(Name = "{plant("gh" + "p_")}"), Description("uses postgres://app:{plant()}@db.example/shop")]
    public static async Task<string> Pay([Description("{plant("gh" + "p_")}")] string order) {{
        var token = "{plant()}";
        Environment.GetEnvironmentVariable("{plant("gh" + "p_")}");
        return await new HttpClient().GetStringAsync("https://u:{plant()}@pay.example/v1?api_key={plant()}");
    }}
}}
"""


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
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    leaked = [value[:6] + "…" for value in planted if value.encode() in data]
    assert not leaked, f"{len(leaked)} planted values come out in {what}"


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
        assert_clean(file.read_bytes(), values, str(file.relative_to(top)))


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
