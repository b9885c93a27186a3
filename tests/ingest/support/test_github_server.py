from __future__ import annotations

from typing import Any

import pytest

from graphinv.ingest import mcp_claude_code
from graphinv.ingest.support.github_server import offered
from graphinv.pipeline.catalogue import catalogue
from tests.mcp_support import read

IMAGE = "ghcr.io/github/github-mcp-server"
REMOTE = "https://api.githubcopilot.com/mcp/"


def tools(entry: dict[str, Any]) -> list[str] | None:
    found = read(mcp_claude_code, ".mcp.json", {"mcpServers": {"github": entry}})
    (edge,) = found.edges("CONNECTS_TO")
    return edge.props.get("tools")


def docker(*options: str, image: str = IMAGE, after: tuple[str, ...] = (), **env: object) -> dict[str, Any]:
    return {"command": "docker", "args": ["run", "-i", "--rm", *options, image, *after], "env": env}


@pytest.mark.parametrize(
    ("entry", "has", "lacks"),
    [
        (docker(), {"merge_pull_request", "delete_file", "search_users", "get_me"}, {"actions_run_trigger", "create_gist", "get_job_logs"}),
        ({"type": "http", "url": REMOTE}, {"issue_write", "request_copilot_review"}, {"discussion_comment_write"}),
        (
            docker("-e", "GITHUB_TOOLSETS", GITHUB_TOOLSETS="repos,actions"),
            {"push_files", "actions_run_trigger"},
            {"issue_write", "get_me"},
        ),
        (docker("-e", "GITHUB_TOOLSETS=default,gists"), {"create_gist", "issue_write"}, {"actions_get"}),
        (docker(after=("stdio", "--toolsets", "issues, labels")), {"issue_write", "label_write"}, {"push_files"}),
        ({"command": "/opt/bin/github-mcp-server", "args": ["stdio", "--toolsets=all"]}, {"star_repository", "projects_write"}, set()),
        ({"command": "github-mcp-server", "args": ["stdio", "--read-only"]}, {"issue_read"}, {"issue_write", "push_files"}),
        (docker(GITHUB_TOOLSETS="repos", GITHUB_READ_ONLY=True), {"get_commit"}, {"push_files"}),
        (docker(GITHUB_TOOLSETS="repos", GITHUB_READ_ONLY="0"), {"push_files"}, set()),
        (docker(GITHUB_TOOLS="get_me, issue_read", GITHUB_TOOLSETS="gists"), {"get_me", "create_gist"}, {"push_files"}),
        (docker(GITHUB_TOOLSETS="repos", GITHUB_EXCLUDE_TOOLS="delete_file"), {"push_files"}, {"delete_file"}),
        ({"url": REMOTE, "headers": {"X-MCP-Toolsets": "issues", "X-MCP-Readonly": "true"}}, {"issue_read"}, {"issue_write"}),
        ({"url": REMOTE, "headers": {"X-MCP-Tools": "get_me"}}, {"get_me"}, {"issue_read"}),
        ({"url": f"{REMOTE}x/gists"}, {"create_gist"}, {"issue_read"}),
        ({"url": f"{REMOTE}x/all/readonly"}, {"get_job_logs"}, {"create_gist"}),
        ({"url": f"{REMOTE}readonly"}, {"issue_read"}, {"issue_write", "get_job_logs"}),
        ({"command": "npx", "args": ["-y", "mcp-remote", REMOTE, "--header", "X-MCP-Toolsets: orgs"]}, {"search_orgs"}, {"issue_read"}),
        ({"url": "https://copilot-api.haulage.ghe.com/mcp"}, {"issue_write"}, {"create_gist"}),
    ],
)
def test_only_the_tools_that_the_server_is_told_to_offer_are_let_through(entry: dict[str, Any], has: set[str], lacks: set[str]) -> None:
    found = tools(entry)
    assert found is not None
    assert set(found) >= has
    assert not set(found) & lacks


@pytest.mark.parametrize(
    "entry",
    [
        docker(GITHUB_TOOLSETS="${input:toolsets}"),
        docker(GITHUB_TOOLSETS="repos,a_set_of_tomorrow"),
        docker(image=f"{IMAGE}:v0.4.0"),
        docker(GITHUB_DYNAMIC_TOOLSETS="1"),
        {"url": REMOTE, "headers": {"X-MCP-Features": "issues_granular"}},
        {"url": f"{REMOTE}insiders"},
        {"command": "npx", "args": ["-y", "@haulage/github-mcp"], "env": {"GITHUB_TOOLSETS": "repos"}},
    ],
)
def test_what_cannot_be_known_lets_all_tools_through(entry: dict[str, Any]) -> None:
    assert tools(entry) is None


def test_what_the_client_lets_through_is_left_of_what_the_server_offers() -> None:
    assert tools({"url": REMOTE, "tools": ["get_me", "create_gist"]}) == ["get_me"]


def test_a_pinned_server_offers_the_sets_it_is_told() -> None:
    assert tools(docker(image=f"{IMAGE}:v0.4.0", GITHUB_TOOLSETS="orgs")) == ["search_orgs"]


def test_every_tool_is_one_of_the_catalogue() -> None:
    (entry,) = [entry for entry in catalogue().servers if entry.id == "github"]
    known = {tool.name: tool for tool in entry.tools}
    everything = offered({"toolsets": "all"}, None, latest=True)
    reads = offered({"toolsets": "all", "readonly": "1"}, None, latest=True)
    assert everything is not None
    assert reads is not None
    assert set(everything) <= known.keys()
    assert {name for name in everything if set(known[name].effects) <= {"read"}} == set(reads)
