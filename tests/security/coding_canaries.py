"""Files of coding agents, and of CI that runs them, that have a secret in every place where people put one."""

from __future__ import annotations

import json

import yaml

from tests.security.planting import Plant, servers


def coding(plant: Plant) -> dict[str, str]:
    """Files by path. Where a canary stands in the place of a name only its shape can tell that it is a secret."""

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
        "shop/.factory/droids/a.md": f"---\nname: {shaped()}\nmodel: {shaped()}\ntools: [{shaped()}, mcp__{shaped()}__x]\n---\n{plant()}\n",
        "shop/.claude/commands/deploy.md": f"---\nallowed-tools: Bash(export T={plant()})\n---\n!`ACME_TOKEN={plant()} run`\n{plant()}\n",
        "shop/AGENTS.md": f"Use {plant()} to deploy.\n",
    }
