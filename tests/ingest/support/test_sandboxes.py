"""Servers that are started in a sandbox, and clients that keep the commands of their agents in one."""

from __future__ import annotations

import pytest

from graphinv.ingest import claude_settings, mcp_claude_code, mcp_codex, mcp_gemini
from graphinv.model.facts import Props
from tests.mcp_support import Facts, read


def started(command: str) -> Facts:
    program, *words = command.split()
    return read(mcp_claude_code, ".mcp.json", {"mcpServers": {"ledger": {"command": program, "args": words}}})


def runtime(found: Facts) -> Props:
    """The one thing that something runs on."""
    (edge,) = found.edges("RUNS_ON")
    return next(props for id, props in found.nodes("Runtime").items() if ("Runtime", id) == edge.target)


BOX = "bwrap --ro-bind /usr /usr --ro-bind /lib /lib --proc /proc --dev /dev"


@pytest.mark.parametrize(
    ("command", "apart"),
    [
        (f"{BOX} --unshare-all -- npx ledger-mcp@1.0.0", True),
        (f"{BOX} npx ledger-mcp@1.0.0", True),
        (f"{BOX} --ro-bind /srv/books /srv/books npx ledger-mcp@1.0.0", None),
        (f"{BOX} --ro-bind /srv/books /srv/books --unshare-net npx ledger-mcp@1.0.0", True),
        (f"{BOX} --bind /srv/books /srv/books --unshare-net npx ledger-mcp@1.0.0", None),
        (f"{BOX} --unshare-all --share-net --ro-bind /home/al /home/al npx ledger-mcp@1.0.0", None),
        ("bwrap --dev-bind / / npx ledger-mcp@1.0.0", False),
        (f"{BOX} --overlay-src / --tmp-overlay / npx ledger-mcp@1.0.0", None),
        (f"{BOX} --overlay /srv/books /srv/work /books --unshare-net npx ledger-mcp@1.0.0", None),
        (f"{BOX} --bind-fd 10 /books npx ledger-mcp@1.0.0", None),
        (f"{BOX} --ro-bind /usr/../srv/books /books npx ledger-mcp@1.0.0", None),
        (f"{BOX} --args 11 npx ledger-mcp@1.0.0", None),
        ("firejail --quiet --net=none --private npx ledger-mcp@1.0.0", True),
        ("firejail --net=none --private=/home/ana npx ledger-mcp@1.0.0", None),
        ("firejail --noprofile npx ledger-mcp@1.0.0", False),
        ("firejail --noprofile --private-tmp npx ledger-mcp@1.0.0", False),
        ("firejail npx ledger-mcp@1.0.0", None),
        ("sandbox-exec -D HOME=/x -f ledger.sb npx ledger-mcp@1.0.0", None),
        ("srt --settings srt.json npx ledger-mcp@1.0.0", None),
    ],
)
def test_a_program_that_starts_another_in_a_sandbox(command: str, apart: bool | None) -> None:
    found = started(command)
    assert found.server("ledger")["package"] == "pkg:npm/ledger-mcp@1.0.0", "what is started, and not what starts it"
    assert runtime(found).get("sandboxed") is apart
    assert runtime(found)["labels"] == [f"sandbox={command.partition(' ')[0]}"]


@pytest.mark.parametrize(
    ("rules", "apart"),
    [
        ("(allow file-read*)", True),
        ("(allow  network*)", None),
        ("(allow process-exec network-outbound)", None),
        ("(allow file-read*)(allow file-write*)", None),
        ("(allow default)", None),
        ('(import "books.sb")', None),
    ],
)
def test_a_profile_on_the_command_line(rules: str, apart: bool | None) -> None:
    words = ["-p", f"(version 1)(deny default){rules}", "npx", "ledger-mcp"]
    found = read(mcp_claude_code, ".mcp.json", {"mcpServers": {"ledger": {"command": "sandbox-exec", "args": words}}})
    assert runtime(found).get("sandboxed") is apart


def test_variables_that_a_sandbox_sets_are_the_servers() -> None:
    found = started(f"{BOX} --setenv LEDGER_TOKEN $LEDGER_TOKEN npx ledger-mcp")
    assert found.held("#ledger") == {"Secret~env~LEDGER_TOKEN"}


@pytest.mark.parametrize("command", ["bwrap", "bwrap --bind", "bwrap --setenv A", "firejail --x", "sandbox-exec -p", "srt --settings"])
def test_lines_that_end_too_soon(command: str) -> None:
    assert "package" not in started(command).server("ledger")


@pytest.mark.parametrize(
    ("flags", "sandboxed"),
    [
        ("", True),
        ("-v /srv/books:/books", None),
        ("-v /srv/books:/books:ro", None),
        ("--network none -v /srv/books:/books:ro", True),
        ("--network none -v /srv/books:/books", None),
        ("--network none --mount type=bind,source=/srv/books,target=/books,readonly", True),
        ("--network none -v /:/host:ro", False),
        ("--cap-add SYS_ADMIN", False),
        ("--cap-drop ALL --cap-add NET_BIND_SERVICE --read-only", True),
    ],
)
def test_containers(flags: str, sandboxed: bool | None) -> None:
    assert runtime(started(f"docker run -i --rm {flags} acme/ledger:1.0".replace("  ", " "))).get("sandboxed") is sandboxed


@pytest.mark.parametrize(
    ("text", "sandboxed"),
    [
        ('sandbox_mode = "danger-full-access"', False),
        ('sandbox_mode = "workspace-write"', True),
        ('sandbox_mode = "workspace-write"\n[sandbox_workspace_write]\nnetwork_access = true', None),
        ('default_permissions = ":read-only"', True),
    ],
)
def test_codex(text: str, sandboxed: bool | None) -> None:
    found = read(mcp_codex, ".codex/config.toml", text)
    assert runtime(found).get("sandboxed") is sandboxed
    assert found.edges("RUNS_ON")[0].source == ("Agent", "codex:acme")


@pytest.mark.parametrize(
    ("sandbox", "sandboxed"),
    [
        ({"enabled": True, "allowUnsandboxedCommands": False}, True),
        ({"enabled": True}, None),
        ({"enabled": True, "allowUnsandboxedCommands": False, "excludedCommands": ["docker"]}, None),
        ({"enabled": False}, False),
    ],
)
def test_claude_code(sandbox: dict[str, object], sandboxed: bool | None) -> None:
    assert runtime(read(claude_settings, ".claude/settings.json", {"sandbox": sandbox})).get("sandboxed") is sandboxed


@pytest.mark.parametrize(("settings", "sandboxed"), [({"tools": {"sandbox": "docker"}}, None), ({"sandbox": False}, False)])
def test_gemini(settings: dict[str, object], sandboxed: bool | None) -> None:
    assert runtime(read(mcp_gemini, ".gemini/settings.json", settings)).get("sandboxed") is sandboxed


def test_nothing_is_said_where_nobody_states_it() -> None:
    for ingestor, path, data in (
        (mcp_codex, ".codex/config.toml", 'model = "large"'),
        (claude_settings, ".claude/settings.json", {}),
        (mcp_gemini, ".gemini/settings.json", {}),
        (mcp_claude_code, ".mcp.json", {"mcpServers": {"ledger": {"command": "npx", "args": ["ledger-mcp"]}}}),
    ):
        assert not read(ingestor, path, data).edges("RUNS_ON")
