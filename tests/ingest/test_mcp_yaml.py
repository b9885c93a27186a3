"""MCP servers of programs that keep them in YAML."""

from __future__ import annotations

import pytest

from graphinv.ingest import mcp_yaml
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake, fingerprint

TOKEN = fake("yaml", "gh" + "p_")
LIBRECHAT = f"""\
version: 1.2.1
mcpServers:
  tickets:
    type: streamable-http
    url: https://tickets.acme.example/mcp
    headers:
      Authorization: "Bearer ${{TICKETS_TOKEN}}"
  files:
    command: npx
    args: ["-y", "@modelcontextprotocol/server-filesystem", "/data"]
    env:
      GITHUB_TOKEN: {TOKEN}
endpoints:
  custom:
    - name: router
      apiKey: "${{ROUTER_KEY}}"
"""
GOOSE = """\
GOOSE_MODEL: large
extensions:
  developer: {bundled: true, enabled: true, name: developer, type: builtin}
  memory: {enabled: true, type: platform, name: memory}
  github:
    cmd: npx
    args: [-y, "@modelcontextprotocol/server-github"]
    enabled: true
    env_keys: [GITHUB_PERSONAL_ACCESS_TOKEN]
    envs: {LOG: debug}
    type: stdio
    available_tools: [get_issue]
  docs: {type: streamable_http, uri: "https://docs.acme.example/mcp", enabled: true}
  old: {type: stdio, cmd: old-server, args: [], enabled: false}
"""


def read(text: str, path: str) -> Facts:
    assert mcp_yaml.detect(path, text.encode())
    return Facts(mcp_yaml, document(text, path))


def test_librechat() -> None:
    found = read(LIBRECHAT, "chat/librechat.yaml")
    host, files = "librechat:shop/chat", "mcp:shop/chat/librechat.yaml#files"
    assert found.targets("CONNECTS_TO", host) == {"https://tickets.acme.example/mcp", files}
    assert found.targets("HOLDS", host) == {"env:TICKETS_TOKEN", "env:ROUTER_KEY"}
    assert found.targets("HOLDS", files) == {f"secret:{fingerprint(TOKEN)}"}
    assert found.nodes["ToolServer", files]["sources"] == ["shop/chat/librechat.yaml#L8"]


def test_goose_has_extensions() -> None:
    found = read(GOOSE, "home/mia/.config/goose/config.yaml")
    host, github = "goose:shop/home/mia", "mcp:shop/home/mia/.config/goose/config.yaml#extensions/github"
    assert found.targets("USES", host) == {"goose:shell", "goose:text_editor"}
    assert found.targets("CONNECTS_TO", host) == {github, "https://docs.acme.example/mcp"}
    assert found.props("CONNECTS_TO", host, github)["tools"] == ["get_issue"]
    assert found.targets("HOLDS", github) == {"env:GITHUB_PERSONAL_ACCESS_TOKEN"}
    assert found.nodes["ToolServer", "mcp:shop/home/mia/.config/goose/config.yaml#extensions/old"]["status"] == "suspended"


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("a/mcp_agent.config.yaml", "mcp-agent:shop/a"),
        ("fastagent.config.yaml", "fast-agent:shop"),
        ("fast-agent.yaml", "fast-agent:shop"),
    ],
)
def test_servers_below_mcp(path: str, host: str) -> None:
    found = read("mcp:\n  servers:\n    fetch:\n      command: uvx\n      args: [mcp-server-fetch]\nopenai: {default_model: x}\n", path)
    assert found.targets("CONNECTS_TO", host) == {f"mcp:shop/{path}#fetch"}


def test_any_other_file_that_lists_servers() -> None:
    found = read("mcpServers:  # ours\n  a:\n    command: a-server\n", "deploy/agent.yaml")
    assert found.targets("CONNECTS_TO", "mcp-client:shop/deploy") == {"mcp:shop/deploy/agent.yaml#a"}
    assert not read("mcpServers:\n  - name: a\n", "x.yaml").all, "a list is somebody else's"
    assert not read("mcpServers:\n  enabled: true\n", "values.yaml").all


@pytest.mark.parametrize(
    ("path", "head"),
    [
        (".continue/config.yaml", b"mcpServers:\n"),
        ("librechat.example.yaml", b"mcpServers:\n"),
        ("agent.yaml", b"apiVersion: v1\nkind: A\nmcpServers:\n"),
        ("a.yaml", b"spec:\n  mcpServers:\n"),
        ("mcp_agent.secrets.yaml", b"mcp:\n  servers:\n"),
        ("a.json", b"mcpServers:\n"),
    ],
)
def test_takes_no_other_files(path: str, head: bytes) -> None:
    assert not mcp_yaml.detect(path, head)


@pytest.mark.parametrize("text", ["extensions: 5\n", "extensions: {a: 5, b: {type: stdio, cmd: [1], envs: 7, env_keys: {}}, c: {}}\n", ""])
def test_odd_shapes_are_problems_or_nothing(text: str) -> None:
    read(text, ".config/goose/config.yaml")


def test_what_is_no_mapping_is_an_error() -> None:
    with pytest.raises(IngestError, match="no mapping"):
        list(mcp_yaml.read(document("- a\n", "librechat.yaml")))


def test_agents_that_the_configuration_defines_have_the_servers_that_they_name() -> None:
    text = """\
mcp:
  servers:
    fetch: {command: uvx, args: [mcp-server-fetch]}
agents:
  enabled: true
  definitions:
    - name: reader
      instruction: Read.
      servers: [fetch]
    - name: writer
      server_names: [files]
    - instruction: nobody
"""
    found = Facts(mcp_yaml, document(text, "a/mcp_agent.config.yaml"))
    assert found.drawn("DELEGATES_TO") == {("mcp-agent:shop/a", f"mcp-agent:shop/a#{name}") for name in ("reader", "writer")}
    assert found.targets("CONNECTS_TO", "mcp-agent:shop/a#reader") == {"mcp-agent:fetch"}
    assert found.targets("CONNECTS_TO", "mcp-agent:shop/a#writer") == {"mcp-agent:files"}
    assert found.nodes["Agent", "mcp-agent:shop/a#reader"]["sources"] == ["shop/a/mcp_agent.config.yaml#L7"]


@pytest.mark.parametrize("definitions", ["7", "[7, {}, {name: 3}]", "{a: b}", "[{name: a, servers: 7}]"])
def test_definitions_of_odd_shapes_are_passed_over(definitions: str) -> None:
    text = f"mcp:\n  servers:\n    fetch: {{command: uvx, args: [mcp-server-fetch]}}\nagents:\n  definitions: {definitions}\n"
    found = Facts(mcp_yaml, document(text, "mcp_agent.config.yaml"))
    assert not [edge for edge in found.edges if edge.kind == "CONNECTS_TO" and edge.source != ("Agent", "mcp-agent:shop")]


def test_agents_of_mcp_agent_in_a_file_of_their_own() -> None:
    text = """# Who helps.
agents:
  - name: finder
    instruction: Find.
    server_names: [files, fetch]
  - name: writer
    server_names: []
"""
    given = document(text, "a/agents.yaml")
    assert mcp_yaml.detect(given.path, given.data)
    found = Facts(mcp_yaml, given)
    assert found.targets("CONNECTS_TO", "mcp-agent:shop/a#finder") == {"mcp-agent:files", "mcp-agent:fetch"}
    assert ("Agent", "mcp-agent:shop/a#writer") in found.nodes
    assert not found.drawn("DELEGATES_TO"), "who runs them it does not say"


@pytest.mark.parametrize("text", ["agents:\n  a:\n    server_names: [x]\n", "agents:\n  - name: a\n", "x:\n  - server_names: [a]\n"])
def test_other_lists_of_agents_are_not_mcp_agents(text: str) -> None:
    assert not mcp_yaml.detect("agents.yaml", text.encode())


def test_litellm_lists_its_servers_after_its_models() -> None:
    models = "".join(f"  - model_name: m{number}\n    litellm_params: {{model: openai/m{number}}}\n" for number in range(200))
    text = f"model_list:\n{models}mcp_servers:\n  ledger:\n    url: https://ledger.acme.example/mcp\n    auth_type: bearer_token\n"
    found = read(text, "deploy/litellm_config.yaml")
    assert ("Agent", "litellm:shop/deploy") in found.nodes
    assert found.nodes["ToolServer", "https://ledger.acme.example/mcp"]["auth"] == "key"
    assert not read(f"model_list:\n{models}", "deploy/litellm_config.yaml").all, "it passes on to models alone"


@pytest.mark.parametrize(("mode", "autonomy"), [("auto", "autonomous"), ("smart_approve", "approve_destructive"), ("chat", "suggest")])
def test_goose_in_a_folder_that_is_linked_to_its_place(mode: str, autonomy: str) -> None:
    text = f"GOOSE_MODE: {mode}\nextensions:\n  ledger: {{type: stdio, cmd: uvx, args: [ledger-mcp], enabled: true}}\n"
    found = read(text, "dotfiles/goose/config.yaml")
    assert found.nodes["Agent", "goose:shop/dotfiles"]["autonomy"] == autonomy
    assert found.nodes["ToolServer", "mcp:shop/dotfiles/goose/config.yaml#extensions/ledger"]["package"] == "pkg:pypi/ledger-mcp"
    assert not mcp_yaml.detect("goose/config.yaml", b"theme: dark\n")


def test_servers_alone_in_a_file_that_is_called_after_them() -> None:
    text = "ledger:\n  command: uvx\n  args: [ledger-mcp]\n  description: Books\n"
    found = read(text, "tools/mcp-servers.yaml")
    assert found.drawn("CONNECTS_TO") == {("mcp-client:shop/tools", "mcp:shop/tools/mcp-servers.yaml#ledger")}
    assert not mcp_yaml.detect("tools/servers.yaml", text.encode())


def test_goose_extensions_under_the_name_of_their_kind() -> None:
    text = (
        "extensions:\n  developer: {enabled: true, builtin: {name: developer}}\n"
        "  docs: {enabled: true, streamable_http: {uri: 'https://mcp.docs.acme.example/mcp'}}\n"
    )
    found = read(text, ".config/goose/config.yaml")
    assert found.targets("CONNECTS_TO", "goose:shop") == {"https://mcp.docs.acme.example/mcp"}
    assert "goose:shell" in found.targets("USES", "goose:shop")
    assert not found.problems
