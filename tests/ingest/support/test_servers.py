from __future__ import annotations

from typing import Any

import pytest

from graphinv.ingest.support.servers import server_facts
from graphinv.model.facts import Props
from tests.mcp_support import ANTHROPIC, GITHUB, PASSWORD, Facts, document, fingerprint

HOST = ("Agent", "cursor:acme")


def facts(entry: object, **more: Any) -> Facts:
    made = document(".cursor/mcp.json", "{}")
    arguments = {"client": "cursor", "host": HOST, "name": "s", "where": lambda *below: 7 + len(below), "folder": "", **more}
    return Facts(server_facts(made, entry=entry, **arguments))


def server(entry: object, **more: Any) -> Props:
    found = facts(entry, **more).nodes("ToolServer")
    assert len(found) == 1
    return next(iter(found.values()))


# ---- what it is ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "transport", "url"),
    [
        ({"command": "npx", "args": ["acme"]}, "stdio", None),
        ({"type": "local", "command": ["npx", "acme"]}, "stdio", None),
        ({"url": "https://mcp.example.com/mcp"}, "http", "https://mcp.example.com/mcp"),
        ({"url": "https://mcp.example.com/sse"}, "sse", "https://mcp.example.com/sse"),
        ({"url": "https://mcp.example.com/sse/"}, "sse", "https://mcp.example.com/sse"),
        ({"type": "sse", "url": "https://mcp.example.com/x"}, "sse", "https://mcp.example.com/x"),
        ({"type": "streamable-http", "url": "https://mcp.example.com/sse"}, "http", "https://mcp.example.com/sse"),
        ({"type": "remote", "url": "https://mcp.example.com/x"}, "http", "https://mcp.example.com/x"),
        ({"httpUrl": "https://MCP.Example.com:443/x/"}, "http", "https://mcp.example.com/x"),
        ({"serverUrl": "https://mcp.example.com:8443/x?y=1#z"}, "http", "https://mcp.example.com:8443/x"),
        ({"transport": {"type": "sse", "url": "https://mcp.example.com/x"}}, "sse", "https://mcp.example.com/x"),
        ({"url": "wss://mcp.example.com/x"}, "ws", "wss://mcp.example.com/x"),
        ("https://mcp.example.com/x", "http", "https://mcp.example.com/x"),
        ({"command": "npx", "args": ["mcp-remote", "https://mcp.example.com/sse"]}, "sse", "https://mcp.example.com/sse"),
    ],
)
def test_infers_the_transport(entry: object, transport: str, url: str | None) -> None:
    found = server(entry)
    assert (found["transport"], found.get("url")) == (transport, url)


@pytest.mark.parametrize(
    ("entry", "id", "origin"),
    [
        ({"command": "npx", "args": ["acme"]}, "mcp:acme/.cursor/mcp.json#s", "registry"),
        ({"command": "node", "args": ["x.js"]}, "mcp:acme/.cursor/mcp.json#s", "internal"),
        ({"command": "acme"}, "mcp:acme/.cursor/mcp.json#s", "unknown"),
        ({"url": "https://mcp.example.com/mcp"}, "https://mcp.example.com/mcp", "third_party"),
        ({"url": "https://mcp.acme.corp/mcp"}, "https://mcp.acme.corp/mcp", "internal"),
        ({"url": "http://10.1.2.3:80/mcp"}, "http://10.1.2.3/mcp", "internal"),
        # Everybody's localhost is another machine.
        ({"url": "http://localhost:3000/mcp"}, "mcp:acme#http://localhost:3000/mcp", "internal"),
        ({"url": "http://files:3000/mcp"}, "mcp:acme#http://files:3000/mcp", "internal"),
        # Nobody knows which address a variable makes.
        ({"url": "https://${MCP_HOST}/mcp"}, "mcp:acme/.cursor/mcp.json#s", "unknown"),
        ({"url": "https://mcp.example.com/${TENANT}/mcp"}, "mcp:acme/.cursor/mcp.json#s", "third_party"),
        ({"url": "${MCP_URL}"}, "mcp:acme/.cursor/mcp.json#s", "unknown"),
    ],
)
def test_gives_the_id_that_other_sources_use(entry: object, id: str, origin: str) -> None:
    nodes = facts(entry).nodes("ToolServer")
    assert list(nodes) == [id]
    assert nodes[id]["origin"] == origin


def test_a_default_completes_an_address() -> None:
    assert server({"url": "${MCP_URL:-https://mcp.example.com/mcp}"})["url"] == "https://mcp.example.com/mcp"


@pytest.mark.parametrize(
    ("entry", "auth"),
    [
        ({"url": "https://mcp.example.com"}, None),
        ({"url": "https://mcp.example.com", "auth": "none"}, "none"),
        ({"url": "https://mcp.example.com", "oauth": {"clientId": "abc", "callbackPort": 8080}}, "oauth"),
        ({"url": "https://mcp.example.com", "auth": {"type": "oauth2"}}, "oauth"),
        ({"url": "https://mcp.example.com", "headers": {"Authorization": "Bearer YOUR_TOKEN"}}, "key"),
        ({"url": "https://mcp.example.com", "headers": {"x-api-key": "${KEY}"}}, "key"),
        ({"command": "acme", "env": {"ACME_API_KEY": "${ACME_API_KEY}"}}, "key"),
        ({"command": "acme", "env": {"LOG_LEVEL": "debug"}}, None),
    ],
)
def test_says_how_callers_prove_who_they_are(entry: object, auth: str | None) -> None:
    assert server(entry).get("auth") == auth


def test_states_where_it_stands_and_what_it_depends_on() -> None:
    found = facts({"command": "npx", "args": ["-y", "@acme/files@1.2.3"]}, approved=True)
    props = found.server("s")
    assert props["package"] == "pkg:npm/%40acme/files@1.2.3"
    assert props["pinned"] is True
    assert props["sources"] == ["acme/.cursor/mcp.json#L7"]
    assert found.pairs("DEPENDS_ON") == {("ToolServer:mcp:acme/.cursor/mcp.json#s", "Package:pkg:npm/%40acme/files@1.2.3")}
    assert found.nodes("Package")["pkg:npm/%40acme/files@1.2.3"]["version"] == "1.2.3"
    (edge,) = found.edges("CONNECTS_TO")
    assert edge.source == HOST
    assert edge.props["approved"] is True
    assert found.bindings() == {("cursor", "s"): ("mcp:acme/.cursor/mcp.json#s", "")}


def test_pinning_is_unknown_for_local_and_absent_for_remote_servers() -> None:
    assert "pinned" not in server({"command": "node", "args": ["x.js"]})
    assert "pinned" not in server({"url": "https://mcp.example.com"})
    assert server({"command": "npx", "args": ["acme"]})["pinned"] is False


def test_a_disabled_server_exists_and_is_not_connected() -> None:
    for entry in ({"command": "acme", "disabled": True}, {"command": "acme", "enabled": False}):
        found = facts(entry)
        assert found.server("s")["status"] == "suspended"
        assert "disabled=true" in found.server("s")["labels"]
        assert not found.edges("CONNECTS_TO")
        assert not found.bindings()


@pytest.mark.parametrize(
    ("entry", "tools"),
    [
        ({"includeTools": ["b", "a"]}, ["a", "b"]),
        ({"includeTools": ["b", "a"], "excludeTools": ["b", 1]}, ["a"]),
        ({"enabledTools": ["a", "b"], "disabledTools": ["a"]}, ["b"]),
        ({"disabledTools": ["a"]}, None),
        ({"tools": ["a"]}, ["a"]),
        ({"tools": ["*"]}, None),
        ({"enabled_tools": ["a"]}, ["a"]),
        ({"disabledTools": ["a"], "excludeTools": ["b"], "autoApprove": ["c"]}, None),
    ],
)
def test_only_allow_lists_limit_the_tools(entry: dict[str, object], tools: list[str] | None) -> None:
    (edge,) = facts({"command": "acme", **entry}).edges("CONNECTS_TO")
    assert edge.props.get("tools") == tools
    assert "approved" not in edge.props


def test_a_container_is_what_the_server_runs_on() -> None:
    found = facts({"command": "docker", "args": ["run", "-i", "-v", "/etc:/e", "--network", "host", "acme/x:1"]})
    assert found.server("s")["labels"] == ["mount=/etc", "network=host"]
    assert found.nodes("Runtime")["container:acme/.cursor/mcp.json#s"]["sandboxed"] is False
    assert found.pairs("RUNS_ON") == {("ToolServer:mcp:acme/.cursor/mcp.json#s", "Runtime:container:acme/.cursor/mcp.json#s")}


def test_code_injected_through_the_environment_is_named() -> None:
    assert server({"command": "npx", "args": ["acme"], "env": {"NODE_OPTIONS": "--require ./hook.js"}})["labels"] == [
        "injects=NODE_OPTIONS"
    ]
    assert "labels" not in server({"command": "npx", "args": ["acme"], "env": {"NODE_OPTIONS": "--max-old-space-size=4096"}})


def test_names_with_an_underscore_are_comments() -> None:
    assert not facts({"command": "acme"}, name="_old").all


@pytest.mark.parametrize(
    "entry", [None, 5, [], "text", True, {}, {"args": ["x"]}, {"url": 5}, {"command": 5}, {"command": ""}, {"command": []}]
)
def test_what_is_no_server_is_a_problem(entry: object) -> None:
    found = facts(entry)
    assert not found.nodes("ToolServer")
    assert found.problems()
    assert all(severity == "error" and where.startswith("L") for where, severity, _ in found.problems())


def test_an_entry_that_only_switches_is_none() -> None:
    assert not facts({"enabled": False}).all


def test_wrong_types_inside_are_problems_and_the_rest_is_read() -> None:
    found = facts(
        {"command": "acme", "args": ["x", {"y": 1}, None, 5], "env": {"A": {"b": 1}, "ACME_TOKEN": "${ACME_TOKEN}"}, "headers": []}
    )
    assert found.server("s")["kind_detail"] == "executable"
    assert len(found.problems()) == 3
    assert found.held("#s") == {"Secret~env~ACME_TOKEN"}
    assert facts({"command": "acme", "args": "x --y", "env": "A=1"}).server("s")


# ---- what it is given ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "acme", "env": {"GITHUB_TOKEN": GITHUB}},
        {"command": "acme", "environment": {"ANY": GITHUB}},
        {"command": "acme", "env": [f"ANY={GITHUB}"]},
        {"command": "acme", "args": ["--access-token", GITHUB]},
        {"command": "acme", "args": [f"--api-key={GITHUB}"]},
        {"command": "acme", "args": [GITHUB]},
        {"command": f"npx acme --token {GITHUB}"},
        {"command": "sh", "args": ["-c", f"T={GITHUB} acme"]},
        {"command": "docker", "args": ["run", "-e", f"T={GITHUB}", "acme/x"]},
        {"command": "docker", "args": ["run", "acme/x", "--token", GITHUB]},
        {"command": {"path": "acme", "args": [], "env": {"T": GITHUB}}},
        {"command": "acme", "env": {"T": "${T:-" + GITHUB + "}"}},
        {"command": "npx", "args": ["acme", "--config", '{"apiToken": "' + GITHUB + '"}']},
        {"command": "npx", "args": ["--registry", f"https://u:{GITHUB}@npm.example.com", "acme"]},
        {"command": "acme", "settings": {"deep": [{"api_key": GITHUB}]}},
    ],
)
def test_a_started_server_holds_what_it_is_given(entry: object) -> None:
    assert facts(entry).held("#s") == {"@GITHUB@"}


@pytest.mark.parametrize(
    "entry",
    [
        {"url": "https://mcp.example.com/mcp", "headers": {"Authorization": f"Bearer {GITHUB}"}},
        {"url": f"https://mcp.example.com/mcp?token={GITHUB}"},
        {"url": f"https://mcp.example.com/u/{GITHUB}/mcp"},
        {"url": f"https://u:{GITHUB}@mcp.example.com/mcp"},
        {"command": "npx", "args": ["mcp-remote", "https://mcp.example.com/mcp", "--header", f"Authorization:Bearer {GITHUB}"]},
        {"command": "npx", "args": ["mcp-remote", "https://mcp.example.com/mcp"], "env": {"T": GITHUB}},
        {"url": "https://mcp.example.com/mcp", "oauth": {"clientSecret": GITHUB}},
    ],
)
def test_what_is_sent_to_a_remote_server_is_the_hosts(entry: object) -> None:
    found = facts(entry)
    assert found.held("cursor:acme") == {"@GITHUB@"}
    assert {source for source, _ in found.pairs("HOLDS")} == {"Agent:cursor:acme"}


def test_two_secret_paths_are_two_servers_and_neither_shows() -> None:
    one, other = (
        next(iter(facts({"url": f"https://mcp.example.com/u/{secret}/mcp"}).nodes("ToolServer"))) for secret in (GITHUB, ANTHROPIC)
    )
    assert one.startswith("https://mcp.example.com/u/{secret}/mcp#")
    assert one != other
    assert GITHUB not in one


@pytest.mark.parametrize(
    ("entry", "held"),
    [
        ({"command": "acme", "env": {"GITHUB_TOKEN": "${GITHUB_TOKEN}"}}, "Secret~env~GITHUB_TOKEN"),
        ({"command": "acme", "env": {"TOKEN": "${env:GITHUB_TOKEN}"}}, "Secret~env~GITHUB_TOKEN"),
        ({"command": "acme", "env": {"API_KEY": "$ACME"}}, "Secret~env~ACME"),
        ({"command": "acme", "env": {"API_KEY": None}}, "Secret~env~API_KEY"),
        ({"command": "acme", "env_vars": ["ACME_TOKEN", "HOME"]}, "Secret~env~ACME_TOKEN"),
        ({"command": "acme", "env": {"API_KEY": "${user_config.api_key}"}}, "Secret~config~api_key"),
        ({"command": "acme", "args": ["--token", "${input:pat}"], "env": {}}, "Secret~input~pat"),
        ({"command": "docker", "args": ["run", "-e", "ACME_TOKEN", "-e", "HOME", "x"]}, "Secret~env~ACME_TOKEN"),
        ({"command": "docker", "args": ["run", "--env-file", ".env", "x"]}, "Secret~env~*"),
        ({"command": "acme", "envFile": "${workspaceFolder}/.env"}, "Secret~env~*"),
        ({"command": "acme", "args": ["postgres://app:${DB_PASSWORD}@db.acme.corp/x"]}, "Secret~env~DB_PASSWORD"),
    ],
)
def test_references_are_held_by_name(entry: object, held: str) -> None:
    assert facts(entry).held("#s") == {held}


def test_headers_may_name_variables() -> None:
    entry = {"url": "https://mcp.example.com", "bearer_token_env_var": "ACME_TOKEN", "env_http_headers": {"X-Api-Key": "OTHER"}}
    assert facts(entry).held("cursor:acme") == {"Secret~env~ACME_TOKEN", "Secret~env~OTHER"}


def test_a_prompt_known_to_ask_for_a_credential_is_held_under_any_name() -> None:
    entry = {"command": "acme", "args": ["${input:first}", "${input:second}"]}
    assert facts(entry, inputs=frozenset({"second"})).held("#s") == {"Secret~input~second"}
    assert facts(entry).held("#s") == set()


@pytest.mark.parametrize(
    "value",
    [
        "YOUR_TOKEN",
        "<token>",
        "xxxxxxxxxxxx",
        "changeme",
        "REPLACE_ME",
        "‹token›",
        "",
        "${workspaceFolder}/x",
        "true",
        "8080",
        "/etc/token",
    ],
)
def test_placeholders_and_places_are_no_secrets(value: str) -> None:
    assert facts({"command": "acme", "env": {"ACME_TOKEN": value}}).held("#s") == set()


def test_settings_are_no_secrets() -> None:
    entry = {
        "command": "acme",
        "env": {"PORT": 8080, "DEBUG": True, "MODE": "${MODE}", "HOME": "${HOME}", "MAX_TOKENS": "4000"},
        "timeout": 5,
    }
    assert facts(entry).held("#s") == set()


def test_a_database_address_gives_the_database_its_user_and_the_way_in() -> None:
    found = facts({"command": "acme", "args": [f"postgresql://app:{PASSWORD}@DB.acme.corp/main?sslmode=require"]})
    assert found.held("#s") == {"@PASSWORD@"}
    assert found.pairs("AUTHENTICATES_AS") == {(f"Secret:secret:{fingerprint(PASSWORD)}", "Identity:postgres:app@db.acme.corp:5432")}
    (edge,) = found.edges("CAN_ACCESS")
    assert edge.target == ("Resource", "postgres://db.acme.corp:5432/main")
    assert edge.props["actions"] == ["read", "write"]
    assert (edge.props["evidence"], edge.props["confidence"]) == (["inferred"], 0.6)


def test_a_local_database_belongs_to_its_root() -> None:
    found = facts({"command": "acme", "env": {"DATABASE_URL": f"postgres://app:{PASSWORD}@localhost/main"}})
    assert list(found.nodes("Resource")) == ["db:acme#postgres://localhost:5432/main"]
    assert list(found.nodes("Identity")) == ["db:acme#postgres:app@localhost:5432"]


def test_an_example_address_gives_no_access() -> None:
    found = facts({"command": "acme", "args": ["postgres://user:password@db.example.com/main"]})
    assert not found.edges("CAN_ACCESS")
    assert not found.edges("HOLDS")


def test_a_user_without_a_password_is_who_the_server_runs_as() -> None:
    found = facts({"command": "acme", "args": ["postgres://reader@db.acme.corp/main"]})
    assert found.pairs("RUNS_AS") == {("ToolServer:mcp:acme/.cursor/mcp.json#s", "Identity:postgres:reader@db.acme.corp:5432")}


def test_a_credential_where_a_package_should_stand_does_not_show() -> None:
    found = facts({"command": "npx", "args": ["-y", GITHUB]})
    assert GITHUB not in repr(found.all)
    assert found.held("#s") == {"@GITHUB@"}


def test_a_credential_as_a_name_does_not_show() -> None:
    found = facts({"command": "acme"}, name=GITHUB)
    assert GITHUB not in repr(found.all)
    assert found.nodes("ToolServer")


@pytest.mark.parametrize(
    "entry",
    [
        {"command": "npx", "args": ["-y", "@haulage/db@1.0.0", "--read-only", "--ref=x"]},
        {"command": "npx", "args": ["-y", "@haulage/db@1.0.0"], "env": {"HAULAGE_READ_ONLY": "1"}},
        {"command": "docker", "args": ["run", "-e", "READONLY=true", "haulage/db"]},
        {"url": "https://mcp.haulage.example/mcp/readonly"},
    ],
)
def test_servers_that_are_told_to_change_nothing(entry: dict[str, Any]) -> None:
    assert "read_only=true" in server(entry)["labels"]


def test_servers_that_are_not() -> None:
    for entry in (
        {"command": "npx", "args": ["-y", "@haulage/db@1.0.0", "--read-only-token-file=x"], "env": {"HAULAGE_READ_ONLY": "0"}},
        {"url": "https://mcp.haulage.example/mcp?read_only=true"},  # everybody's node, whoever asks for less
    ):
        assert "read_only=true" not in server(entry).get("labels", ())
