from __future__ import annotations

import pytest

from graphinv.ingest import mcp_registry
from tests.mcp_support import ANTHROPIC, fixture, read


def test_reads_an_entry() -> None:
    found = read(mcp_registry, "files/server.json", fixture("server.json"))
    assert list(found.nodes("ToolServer")) == ["mcp-registry:com.example/files"]
    props = found.server("Files")
    assert (props["version"], props["pinned"], props["package"]) == ("1.4.0", True, "pkg:npm/%40acme/files-mcp@1.4.0")
    assert (props["url"], props["transport"]) == ("https://files.example.com/mcp", "http")
    assert found.packages() == {"pkg:npm/%40acme/files-mcp@1.4.0", "pkg:docker/acme/files@1.4.0?repository_url=ghcr.io"}
    assert found.held("com.example/files") == {"Secret~env~FILES_SEED", "Secret~env~Authorization"}
    assert not found.nodes("Agent")
    assert not found.edges("CONNECTS_TO")


def test_reads_the_older_shape() -> None:
    found = read(mcp_registry, "server.json", fixture("server_old.json"))
    assert found.server("com.example/old")["version"] == "0.1.0"
    assert found.packages() == {"pkg:pypi/acme-old@0.1.0"}
    assert found.held("com.example/old") == {"Secret~env~OLD_API_KEY"}


def test_a_value_that_was_left_in_is_held() -> None:
    data = {"name": "a/b", "packages": [{"environmentVariables": [{"name": "A_API_KEY", "isSecret": True, "default": ANTHROPIC}]}]}
    found = read(mcp_registry, "server.json", data)
    assert "@ANTHROPIC@" in found.held("a/b")
    assert ANTHROPIC not in repr(found.all)


@pytest.mark.parametrize("data", [{"packages": []}, {"name": 5, "packages": []}, {"name": " ", "remotes": []}])
def test_an_entry_without_a_name_is_a_problem(data: object) -> None:
    found = read(mcp_registry, "server.json", data)
    assert [severity for _, severity, _ in found.problems()] == ["error"]


def test_other_files_of_the_name_are_not_ours() -> None:
    assert not mcp_registry.detect("server.json", b'{"port": 8080}')
    assert not mcp_registry.detect("my-server.json", b'{"packages": []}')


def test_odd_types_do_not_matter() -> None:
    data = {
        "name": "a/b",
        "version": 5,
        "packages": [5, {"registryType": "npm", "identifier": 7}, {"environmentVariables": [1]}],
        "remotes": {},
    }
    assert read(mcp_registry, "server.json", data).server("a/b")
