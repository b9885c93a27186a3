from __future__ import annotations

import json

import pytest

from graphinv.ingest import oasf_record
from tests.ingest.reading import Facts, document, fixture

CLERK = "a2a:https://clerk.haulage.example/a2a"
WRITER = "oasf:shop/records/writer#directory.haulage.example/marketing/writer"


def read(record: dict[str, object], path: str = "r.json") -> Facts:
    return Facts(oasf_record, document(json.dumps({"schema_version": "1.0.0", "name": "x", **record}), path))


def test_a_record_with_a_card_is_the_agent_of_that_address() -> None:
    found = Facts(oasf_record, fixture("discovery/oasf_10.json", "records/clerk.json"))
    assert [key for key in found.nodes if key[0] == "Agent"] == [("Agent", CLERK)]
    assert found.nodes["Agent", CLERK]["framework"] == "a2a"
    assert found.targets("CONNECTS_TO", CLERK) == {"mcp:shop/records/clerk.json#papers"}
    assert found.targets("DEPENDS_ON", CLERK) == {"pkg:docker/haulage/clerk?repository_url=ghcr.io", "pkg:github/haulage/clerk"}
    server = "mcp:shop/records/clerk.json#papers"
    assert found.nodes["ToolServer", server]["package"] == "pkg:npm/%40haulage/papers-mcp@1.2.0"
    assert found.targets("PROVIDES", server) == {f"{server}/file_paper", f"{server}/find_paper"}
    assert found.targets("HOLDS", server) == {"env:PAPERS_API_KEY"}


def test_a_record_of_version_07() -> None:
    found = Facts(oasf_record, fixture("discovery/oasf_07.json", "records/writer.json"))
    props = found.nodes["Agent", WRITER]
    assert (props["framework"], props["version"]) == ("oasf", "v0.9.0")
    assert {"oasf=0.7.0", "skills=1", "author=Haulage Ltd", "skill=language_processing/generation"} <= set(props["labels"])
    assert found.targets("USES_MODEL", WRITER) == {"gpt-9"}
    assert found.targets("CONNECTS_TO", WRITER) == {"https://press.haulage.example/mcp"}
    assert found.targets("HOLDS", WRITER) == {"env:OPENAI_API_KEY"}


def test_a_record_of_a_server_is_no_agent() -> None:
    server = {"name": "x", "connections": [{"type": "stdio", "command": "uvx", "args": ["x-mcp"]}]}
    found = read({"modules": [{"name": "integration/mcp", "data": server}]})
    assert [key for key in found.nodes if key[0] in ("Agent", "ToolServer")] == [("ToolServer", "mcp:shop/r.json#x")]
    assert not found.drawn("CONNECTS_TO")


def test_a_record_that_calls_itself_a_server_is_its_only_one() -> None:
    servers = [
        {
            "name": "shop-papers-mcp",
            "type": "local",
            "command": "docker",
            "args": ["run", "-i", "haulage/papers:1"],
            "tools": [{"name": "file"}],
        }
    ]
    found = read({"name": "Papers MCP Server", "modules": [{"name": "integration/mcp", "data": {"servers": servers}}]})
    assert [key for key in found.nodes if key[0] in ("Agent", "ToolServer")] == [("ToolServer", "mcp:shop/r.json#shop-papers-mcp")]
    several = read({"name": "Papers MCP Server", "modules": [{"name": "integration/mcp", "data": {"servers": servers * 2}}]})
    assert [key for key in several.nodes if key[0] == "Agent"]


def test_a_record_of_a_skill_is_no_agent() -> None:
    found = read({"modules": [{"name": "core/language_model/agentskills", "data": {"skill_file": "SKILL.md"}}]})
    assert not found.nodes
    assert [severity for _, severity, _ in found.problems] == ["note"]


def test_a_bare_record_is_an_agent() -> None:
    assert list(read({"modules": []}).nodes) == [("Agent", "oasf:shop/r#x")]
    assert list(read({"skills": [{"id": 7, "name": "a/b"}]}).nodes) == [("Agent", "oasf:shop/r#x")]


def test_several_connections_are_several_servers() -> None:
    data = {"name": "s", "connections": [{"command": "npx", "args": ["a-mcp"]}, {"type": "sse", "url": "https://s.haulage.example/sse"}]}
    found = read({"modules": [{"name": "runtime/mcp", "data": data}], "locators": []})
    assert found.targets("CONNECTS_TO", "oasf:shop/r#x") == {"mcp:shop/r.json#s/0", "https://s.haulage.example/sse"}


@pytest.mark.parametrize(
    ("kind", "url", "purl"),
    [
        ("package", "https://pypi.example/project/haulage-clerk/1.2/", "pkg:pypi/haulage-clerk@1.2"),
        ("package", "https://www.npmjs.example/package/@haulage/clerk", "pkg:npm/%40haulage/clerk"),
        ("docker_image", "haulage/clerk:1.0", "pkg:docker/haulage/clerk@1.0"),
    ],
)
def test_locators_name_packages(kind: str, url: str, purl: str) -> None:
    found = read({"locators": [{"type": kind, "url": url}]})
    assert found.targets("DEPENDS_ON", "oasf:shop/r#x") == {purl}


def test_a_record_without_a_name_is_a_problem() -> None:
    found = read({"name": " ", "modules": []})
    assert found.problems == [("L1", "error", "describes an agent without a name")]


def test_other_documents_with_a_version_are_not_records() -> None:
    assert not read({"schema_version": 1, "modules": []}).all
    assert not read({"skills": [{"name": "python"}]}).all
    assert not oasf_record.detect("a.json", b'{"schema_version": "1.0", "agents": [], "skills": [')
    assert not oasf_record.detect("a.yaml", b'{"schema_version": "1.0", "skills": [')
    assert oasf_record.detect("a.json", b'{"authors": ["a"], "created_at": "x", "modules": [{"data": "long"')


def test_odd_types_do_not_matter() -> None:
    odd = {"skills": 7, "domains": [1], "locators": [1, {"urls": 5}, {"type": 5, "url": 5}], "authors": [1], "version": {}}
    modules = [1, {"name": 5, "data": {}}, {"name": "integration/mcp", "data": {"connections": [1], "servers": 7}}]
    models = {"name": "core/llm/model", "data": {"models": [1, {"model": 5, "env_vars": [1, {"name": 5}]}]}}
    assert ("Agent", "oasf:shop/r#x") in read({**odd, "modules": [*modules, models]}).nodes
