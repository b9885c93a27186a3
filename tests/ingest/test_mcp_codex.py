from __future__ import annotations

import pytest

from graphinv.ingest import mcp_codex
from graphinv.model.errors import IngestError
from tests.mcp_support import document, fixture, read


def test_reads_a_configuration() -> None:
    found = read(mcp_codex, "home/al/.codex/config.toml", fixture("codex.toml"))
    host = found.nodes("Agent")["codex:acme/home/al"]
    assert (host["autonomy"], host["labels"]) == ("autonomous", ["sandbox=workspace-write"])
    assert found.held("#search") == {"@GITHUB@", "Secret~env~SEARCH_TOKEN"}
    assert found.server("search")["sources"] == ["acme/home/al/.codex/config.toml#L11"]
    assert found.server("search")["pinned"] is True
    assert found.server("figures and facts")["auth"] == "key"
    assert found.held("codex:acme/home/al") == {"Secret~env~FIGURES_TOKEN", "Secret~env~HOUSE_MODELS_KEY"}
    tools = {edge.target[1]: edge.props.get("tools") for edge in found.edges("CONNECTS_TO") if isinstance(edge.target, tuple)}
    assert tools["https://figures.example.com/mcp"] == ["sum"]
    assert found.server("off")["status"] == "suspended"
    assert found.pairs("DELEGATES_TO") == {("Agent:codex:acme/home/al", "Agent:codex:acme/home/al#reviewer")}
    assert not found.problems()


@pytest.mark.parametrize(
    ("policy", "autonomy"), [("never", "autonomous"), ("on-request", "approve_each"), ("untrusted", "approve_each"), ("odd", None)]
)
def test_the_approval_policy_tells_the_autonomy(policy: str, autonomy: str | None) -> None:
    found = read(mcp_codex, ".codex/config.toml", f'approval_policy = "{policy}"\n')
    assert found.nodes("Agent")["codex:acme"].get("autonomy") == autonomy


@pytest.mark.parametrize(
    ("settings", "shell", "reaches"),
    [
        ("", "shell", True),
        ('sandbox_mode = "read-only"\n', "read_only_shell", False),
        ('sandbox_mode = "workspace-write"\n', "workspace_shell", False),
        ('sandbox_mode = "workspace-write"\n[sandbox_workspace_write]\nnetwork_access = true\n', "shell", True),
        ('sandbox_mode = "danger-full-access"\n', "shell", True),
    ],
)
def test_a_shell_is_as_wide_as_its_sandbox(settings: str, shell: str, reaches: bool) -> None:
    found = read(mcp_codex, ".codex/config.toml", f'model = "large"\n{settings}')
    assert f"codex:{shell}" in found.nodes("Tool")
    assert ("egress" in found.nodes("Tool")[f"codex:{shell}"]["effects"]) is reaches


PROFILES = """
model = "large"
approval_policy = "on-request"
sandbox_mode = "read-only"
[profiles.night]
model = "small"
approval_policy = "never"
sandbox_mode = "danger-full-access"
[profiles.plain]
model_provider = "house"
"""


def test_profiles_are_told_as_what_whoever_starts_it_may_ask_for() -> None:
    found = read(mcp_codex, ".codex/config.toml", PROFILES)
    host = found.nodes("Agent")["codex:acme"]
    assert host["autonomy"] == "approve_each"
    assert host["labels"] == ["profile.night.approval=never", "profile.night.sandbox=danger-full-access", "sandbox=read-only"]
    assert {target for _, target in found.pairs("USES_MODEL")} == {"Model:large", "Model:small"}
    assert [edge.props["sources"] for edge in found.edges("USES_MODEL")] == [["acme/.codex/config.toml#L2"], ["acme/.codex/config.toml#L6"]]


def test_the_profile_that_is_named_holds_for_all() -> None:
    host = read(mcp_codex, ".codex/config.toml", 'profile = "night"' + PROFILES).nodes("Agent")["codex:acme"]
    assert (host["autonomy"], "sandbox=danger-full-access" in host["labels"]) == ("autonomous", True)


def test_reads_the_line_of_a_value() -> None:
    data = '[mcp_servers.a]\ncommand = "x"\n[mcp_servers.a.env]\nONE = "1"\nA_TOKEN = "${A_TOKEN}"\n'
    (held,) = read(mcp_codex, ".codex/config.toml", data).edges("HOLDS")
    assert held.props["sources"] == ["acme/.codex/config.toml#L5"]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        ("a = 1\nb = \n", "L2"),
        ("[a\n", "L1"),
        ("a = 1\na = 2\n", "L2"),
        ('a = "open\n', "L1"),
        ("a = " + "[" * 100_000, "L1"),
        ("x = 1\na = " + "{b=" * 5_000, "L2"),
        ("a = [\n" + "[\n" * 5_000, "L1"),
        (".".join("a" * 5_000) + " = 1", "L1"),
    ],
)
def test_what_is_no_toml_is_one_clear_error(data: str, where: str) -> None:
    with pytest.raises(IngestError) as caught:
        list(mcp_codex.read(document(".codex/config.toml", data)))
    assert caught.value.where == where


def test_odd_types_are_problems_or_nothing() -> None:
    top = 'mcp_servers = 5\nagents = "x"\nmodel_providers = [1]\nsandbox_mode = 7\nprofile = [1]\n'
    found = read(mcp_codex, ".codex/config.toml", top + "profiles = {a = {approval_policy = [1], model = 2}, b = 3}\n")
    assert list(found.nodes("Agent")) == ["codex:acme"]
    assert found.problems() == [("L1", "error", "mcp_servers is no object of servers")]


@pytest.mark.parametrize(
    ("text", "tools"),
    [
        ('model = "gpt-5"\n', {"shell", "apply_patch"}),
        ('sandbox_mode = "read-only"\nweb_search = "disabled"\n', {"read_only_shell"}),
        ('sandbox_mode = "danger-full-access"\nweb_search = "live"\n', {"shell", "apply_patch", "web_search"}),
        ("[tools]\nweb_search = true\n", {"shell", "apply_patch", "web_search"}),
        ("[features]\nweb_search_request = true\n", {"shell", "apply_patch", "web_search"}),
        ("tools = 5\nfeatures = []\n", {"shell", "apply_patch"}),
    ],
)
def test_what_the_host_itself_can_do(text: str, tools: set[str]) -> None:
    found = read(mcp_codex, ".codex/config.toml", text)
    assert {edge.target for edge in found.edges("USES")} == {("Tool", f"codex:{name}") for name in tools}


def test_a_configuration_that_is_linked_to_its_place() -> None:
    text = '[mcp_servers.notes]\ncommand = "npx"\nargs = ["notes-mcp@1.0.0"]\n'
    assert mcp_codex.detect("config/codex/config.toml", text.encode())
    assert not mcp_codex.detect("config/codex/config.toml", b"[server]\nport = 1\n")
    assert not mcp_codex.detect("config/other/config.toml", text.encode())
    found = read(mcp_codex, "config/codex/config.toml", text)
    assert found.server("notes")["pinned"] is True
    assert "codex:acme/config/codex" in found.nodes("Agent")
