"""What every MCP ingestor has to stand: bad documents, any bytes, and credentials in every position."""

from __future__ import annotations

import contextlib
import json
import random
import string
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.ingest import (
    Ingestor,
    mcp_amp,
    mcp_bundle,
    mcp_card,
    mcp_catalogue,
    mcp_claude_code,
    mcp_clients,
    mcp_codex,
    mcp_continue,
    mcp_crush,
    mcp_gemini,
    mcp_opencode,
    mcp_registry,
    mcp_smithery,
    mcp_vscode,
    mcp_yaml,
    mcp_zed,
)
from graphinv.ingest.support.words import names
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, NodeFact, Problem, check_edge, check_node
from tests.mcp_support import document, mcp_ingestors

PATHS: list[tuple[Any, str, str]] = [
    (mcp_claude_code, ".mcp.json", "mcpServers"),
    (mcp_claude_code, ".claude.json", "mcpServers"),
    (mcp_clients, ".cursor/mcp.json", "mcpServers"),
    (mcp_clients, "some_mcp.json", "mcpServers"),
    (mcp_vscode, ".vscode/mcp.json", "servers"),
    (mcp_vscode, ".vscode/settings.json", "mcp.servers"),
    (mcp_gemini, ".gemini/settings.json", "mcpServers"),
    (mcp_gemini, ".qwen/settings.json", "mcpServers"),
    (mcp_clients, "tools/mcp-servers.json", "servers"),
    (mcp_amp, ".amp/settings.json", "amp.mcpServers"),
    (mcp_crush, ".crush.json", "mcp"),
    (mcp_codex, ".codex/config.toml", "mcp_servers"),
    (mcp_opencode, "opencode.json", "mcp"),
    (mcp_zed, ".zed/settings.json", "context_servers"),
    (mcp_continue, ".continue/config.yaml", "mcpServers"),
    (mcp_continue, ".continue/config.json", "mcpServers"),
    (mcp_continue, ".continue/agents/a.md", "mcpServers"),
    (mcp_yaml, "librechat.yaml", "mcpServers"),
    (mcp_yaml, ".config/goose/config.yaml", "extensions"),
    (mcp_yaml, "mcp-servers.yaml", "mcpServers"),
    (mcp_catalogue, "catalogue.yaml", "registry"),
    (mcp_catalogue, "registry.json", "servers"),
    (mcp_smithery, "smithery.yaml", "startCommand"),
    (mcp_registry, "server.json", "packages"),
    (mcp_bundle, "manifest.json", "server"),
    (mcp_card, ".well-known/mcp/server-card.json", "auth"),
]
JSON = [case for case in PATHS if case[1].endswith(".json")]
each = pytest.mark.parametrize(("ingestor", "path", "wrapper"), PATHS, ids=[path for _, path, _ in PATHS])
each_json = pytest.mark.parametrize(("ingestor", "path", "wrapper"), JSON, ids=[path for _, path, _ in JSON])


def test_every_ingestor_is_here() -> None:
    assert {ingestor.NAME for ingestor, _, _ in PATHS} == {ingestor.NAME for ingestor in mcp_ingestors()}


def outcome(ingestor: Ingestor, path: str, data: str | bytes) -> list[object] | IngestError:
    """The facts, all checked, or the error."""
    try:
        facts = list(ingestor.read(document(path, data)))
    except IngestError as error:
        return error
    for fact in facts:
        if isinstance(fact, NodeFact):
            check_node(fact)
        elif isinstance(fact, EdgeFact):
            check_edge(fact)
        elif isinstance(fact, Problem):
            assert fact.document == path
            assert fact.where.startswith("L")
    return list(facts)


# ---- bad documents ---------------------------------------------------------------------------------------------------------------


@each_json
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"   ",
        b"null",
        b"[]",
        b'"x"',
        b"5",
        b'{"mcpServers": {"a": {"command"',
        b"\xff\xfe\xff",
        "Ä".encode("latin-1"),
        b"\x00",
        b"{} {}",
    ],
    ids=["empty", "blank", "null", "list", "text", "number", "truncated", "odd-utf16", "latin-1", "nul", "two"],
)
def test_a_bad_document_is_one_error(ingestor: Ingestor, path: str, wrapper: str, data: bytes) -> None:
    found = outcome(ingestor, path, data)
    assert isinstance(found, IngestError)
    assert found.message
    assert found.document == path


@each
def test_brackets_without_end_are_one_quick_error(ingestor: Ingestor, path: str, wrapper: str) -> None:
    for opening in ("[", '{"a":', "{a: ", "- "):
        started = time.process_time()
        outcome(ingestor, path, opening * 100_000)
        outcome(ingestor, path, f"---\nmcpServers: {opening * 100_000}\n---\n")
        outcome(ingestor, path, f"mcp_servers = {opening * 100_000}")
        assert time.process_time() - started < 10


@each_json
def test_deep_json_names_the_bound_and_the_line(ingestor: Ingestor, path: str, wrapper: str) -> None:
    found = outcome(ingestor, path, "{\n" + f'"{wrapper}": ' + "[" * 100_000)
    assert isinstance(found, IngestError)
    assert (found.message, found.where) == ("nested deeper than 200", "L2")


@each_json
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marked_encodings_are_read(ingestor: Ingestor, path: str, wrapper: str, encoding: str) -> None:
    data = json.dumps({"name": "ü", wrapper: {"ü": {"command": "ü"}}}).encode(encoding)
    assert isinstance(outcome(ingestor, path, data), list)


@each_json
def test_a_huge_text_is_no_trouble(ingestor: Ingestor, path: str, wrapper: str) -> None:
    huge = "A1b" * 300_000
    entry = {"command": huge, "args": [huge], "env": {huge: huge}, "headers": {"Authorization": huge}}
    started = time.process_time()
    outcome(ingestor, path, json.dumps({wrapper: {"a": entry, "b": {"url": f"https://{huge}"}}, "name": huge}))
    assert time.process_time() - started < 10


@each_json
def test_many_servers_are_no_trouble(ingestor: Ingestor, path: str, wrapper: str) -> None:
    entries = {f"s{number}": {"command": "npx", "args": ["-y", "acme"], "env": {"A_TOKEN": "${A}"}} for number in range(400)}
    started = time.process_time()
    outcome(ingestor, path, json.dumps({"name": "n", wrapper: entries}))
    assert time.process_time() - started < 15


WRONG: list[Any] = [None, True, 5, -1.5, "", "text", [], [5], [[]], {}, {"a": 5}, {"a": {"b": {}}}, [{}], "https://", "${", "a\nb"]


@each_json
def test_wrong_types_everywhere_are_problems_or_nothing(ingestor: Ingestor, path: str, wrapper: str) -> None:
    keys = names(
        """command args env environment url httpUrl headers type transport oauth auth tools disabled envFile env_vars cwd source uses
        settings packages remotes registryType identifier version environmentVariables name trust alwaysAllow"""
    )
    for wrong in WRONG:
        assert isinstance(outcome(ingestor, path, json.dumps({"name": "n", wrapper: wrong})), list)
        for key in sorted(keys):
            entry = {"command": "npx", "args": ["acme"], key: wrong}
            top = {"name": "n", wrapper: {"s": entry, "t": wrong}, "inputs": wrong, "agent": wrong, "projects": {"/x": wrong}, "mcp": wrong}
            top[wrapper] = {"s": entry, "t": wrong}
            assert isinstance(outcome(ingestor, path, json.dumps(top)), list)
            assert isinstance(outcome(ingestor, path, json.dumps({"name": "n", wrapper: [entry, wrong]})), list)


# ---- any bytes -------------------------------------------------------------------------------------------------------------------

_TEXT = st.text('{}[]:,"\\/*\n \t-#=$.@%&?1aeE_' + "é\u202e\x1b", max_size=120)
_WORDS = st.sampled_from(
    [
        "npx",
        "uvx",
        "docker",
        "run",
        "-e",
        "-y",
        "sh",
        "-c",
        "--",
        "mcp-remote",
        "https://h/sse",
        "${A_KEY}",
        "--token",
        "x@1.0.0",
        "cmd",
        "/c",
    ]
)
_VALUE = st.recursive(st.none() | st.booleans() | st.integers() | _TEXT | _WORDS, lambda inner: st.lists(inner, max_size=4), max_leaves=6)
_ENTRY = st.dictionaries(
    st.sampled_from(sorted(names("command args env url headers type transport oauth tools disabled envFile source uses settings name"))),
    _VALUE | st.dictionaries(_TEXT, _VALUE, max_size=3),
    max_size=5,
)


@each
@given(data=st.one_of(st.binary(max_size=200), _TEXT.map(str.encode)))
@settings(max_examples=40)
def test_any_bytes_give_facts_or_the_one_error(ingestor: Ingestor, path: str, wrapper: str, data: bytes) -> None:
    outcome(ingestor, path, data)


@each_json
@given(entries=st.dictionaries(_TEXT, _ENTRY | _VALUE, max_size=3), top=st.dictionaries(_TEXT, _VALUE, max_size=2))
@settings(max_examples=40)
def test_any_entries_give_facts(ingestor: Ingestor, path: str, wrapper: str, entries: Any, top: Any) -> None:
    found = outcome(ingestor, path, json.dumps({"name": "n", **top, wrapper: entries}))
    assert isinstance(found, list) or "top" in found.message


# ---- credentials in every position -----------------------------------------------------------------------------------------------


def canaries(seed: int) -> Iterator[str]:
    """Values that nobody would guess, of the forms that credentials have."""
    source = random.Random(seed)
    letters = string.ascii_letters + string.digits
    while True:
        body = "".join(source.choices(letters, k=36))
        yield from ("gh" + "p_" + body, "sk-" + "ant-" + "api03-" + body, "xox" + "b-" + body, body + "7Zq", f"Aa1!{body[:12]}")


def remembered(seed: int, made: list[str]) -> Iterator[str]:
    """The same, with the end of each one noted in ``made``."""
    for value in canaries(seed):
        made.append(value[-24:])
        yield value


def planted(secret: Iterator[str]) -> dict[str, Any]:
    """Servers with a credential in every position that can hold one."""
    return {
        "env": {
            "command": "acme",
            "env": {"API_TOKEN": next(secret), "PASSWORD": next(secret), "DEFAULTED": "${X_TOKEN:-" + next(secret) + "}"},
        },
        "args": {
            "command": "npx",
            "args": ["-y", "acme", "--token", next(secret), f"--password={next(secret)}", f"API_KEY={next(secret)}"],
        },
        "shaped": {"command": "acme", "args": ["gh" + "p_" + next(secret)[-36:]], "note": next(secret)},
        "package": {"command": "npx", "args": ["-y", "gh" + "p_" + next(secret)[-36:]]},
        "line": {"command": f"sh -c 'TOKEN={next(secret)} npx acme --api-key {next(secret)}'"},
        "docker": {
            "command": "docker",
            "args": ["run", "-e", f"TOKEN={next(secret)}", "-v", "gh" + f"p_{next(secret)[-36:]}:/x", "acme/x", "--token", next(secret)],
        },
        "git": {"command": "uvx", "args": ["--from", f"git+https://x:{next(secret)}@git.example.com/a/b@main", "b"]},
        "registry": {"command": "npx", "args": ["--registry", f"https://u:{next(secret)}@npm.example.com", "acme"]},
        "json": {"command": "acme", "args": [json.dumps({"deep": {"apiKey": next(secret)}})]},
        "dsn": {"command": "acme", "env": {"DATABASE_URL": f"postgres://app:{next(secret)}@db.example.com/x?password={next(secret)}"}},
        "dsn-arg": {"command": "acme", "args": [f"mongodb+srv://app:{next(secret)}@db.example.com/x"]},
        "remote": {
            "url": f"https://u:{next(secret)}@r.example.com/mcp?api_key={next(secret)}&token={next(secret)}#{next(secret)}",
            "headers": {"Authorization": f"Bearer {next(secret)}", "X-Api-Key": next(secret), "Cookie": f"session={next(secret)}"},
            "oauth": {"clientId": "x", "clientSecret": next(secret)},
        },
        "path": {"url": f"https://p.example.com/s/{'gh' + 'p_' + next(secret)[-36:]}/mcp"},
        "proxy": {
            "command": "npx",
            "args": ["mcp-remote", f"https://x.example.com/sse?key={next(secret)}", "--header", f"Authorization: Bearer {next(secret)}"],
        },
        "wrong": {"command": next(secret) + "\n", "args": {"token": next(secret)}, "env": {"TOKEN": {"value": next(secret)}}},
        "none": {"token": next(secret)},
        "text": next(secret),
    }


@each
def test_no_credential_comes_out(ingestor: Ingestor, path: str, wrapper: str) -> None:
    for seed in range(4):
        made: list[str] = []

        secret = remembered(seed, made)
        top: dict[str, Any] = {
            "name": "n",
            wrapper: planted(secret),
            "apiKey": next(secret),
            "provider": {"options": {"apiKey": next(secret)}},
        }
        if wrapper == "packages":
            variable = {"name": "A_TOKEN", "default": next(secret), "value": next(secret)}
            top[wrapper] = [
                {"registryType": "npm", "identifier": f"x@{next(secret)}", "environmentVariables": [variable], "version": next(secret)}
            ]
        data = _toml(top) if path.endswith(".toml") else json.dumps(top, indent=1)
        if path.endswith(".md"):
            data = f"---\n{data}\n---\n"
        told = repr(outcome(ingestor, path, data))
        assert [value for value in made if value in told] == []
        broken = [data[: len(data) * part // 7] for part in range(1, 7)]
        for text in broken:
            told = repr(outcome(ingestor, path, text))
            assert [value for value in made if value in told] == []


def _toml(top: dict[str, Any]) -> str:
    """The servers as Codex writes them; what TOML cannot say is left out."""
    lines = [f"apiKey = {json.dumps(top['apiKey'])}"]
    for name, entry in top["mcp_servers"].items():
        lines.append(f"[mcp_servers.{name}]")
        for key, value in entry.items() if isinstance(entry, dict) else ():
            with contextlib.suppress(TypeError):
                lines.append(f"{key} = {_toml_value(value)}")
    return "\n".join(lines)


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f'"{key}" = {_toml_value(part)}' for key, part in value.items()) + "}"
    return json.dumps(value)
