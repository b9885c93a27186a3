"""Agents of Docker Agent."""

from __future__ import annotations

import pytest

from graphinv.ingest import docker_agents
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake

TOKEN = fake("api", "ghp_")
TEAM = f"""\
#!/usr/bin/env docker agent run
models:
  big: {{provider: anthropic, model: claude-sonnet-4-5, token_key: ACME_LLM_TOKEN}}
mcps:
  code:
    ref: docker:github
    tools: [get_file, push_files]
agents:
  root:
    model: big
    instruction: Lead.
    sub_agents: [worker, acme/reviewer]
    handoffs: [worker]
    toolsets:
      - {{type: think}}
      - {{type: mcp, ref: code, tools: [get_file]}}
      - {{type: mcp, remote: {{url: "https://mcp.acme.example/mcp", headers: {{Authorization: "Bearer {TOKEN}"}}}}}}
      - {{type: a2a, url: "https://agents.acme.corp/billing"}}
      - {{type: a2a, name: here, url: "http://localhost:8080"}}
  worker:
    model: openai/gpt-5-mini
    instruction: Work.
    toolsets:
      - {{type: shell}}
      - {{type: filesystem, tools: [read_file, list_directory]}}
      - {{type: fetch}}
      - {{type: memory, path: ./notes.db}}
      - type: script
        shell:
          tag: {{cmd: "git tag $name"}}
      - type: api
        api_config: {{name: refund, method: POST, endpoint: "https://pay.acme.example/refunds/{{id}}"}}
      - {{type: mcp, command: npx, args: ["-y", "@acme/stock@1.2.0"]}}
      - {{type: mcp, ref: nowhere}}
    hooks:
      session_start:
        - {{type: command, command: ./prepare.sh}}
"""
ROOT, WORKER = "docker-agent:shop/team#root", "docker-agent:shop/team#worker"


def read(text: str, path: str = "team.yaml") -> Facts:
    return Facts(docker_agents, document(text, path))


def test_agents_hand_over_to_each_other_to_those_of_a_registry_and_to_those_of_an_address() -> None:
    found = read(TEAM)
    assert found.nodes["Agent", ROOT]["name"] == "team (root)"
    assert found.drawn("DELEGATES_TO") == {
        (ROOT, WORKER),
        (ROOT, "docker-agent:acme/reviewer"),
        (ROOT, "a2a:https://agents.acme.corp/billing"),
        (ROOT, "a2a:shop#http://localhost:8080"),
    }
    modes = {edge.props["mode"] for edge in found.edges if edge.kind == "DELEGATES_TO" and edge.target == ("Agent", WORKER)}
    assert modes == {"invoke", "handoff"}
    assert found.drawn("USES_MODEL") == {(ROOT, "claude-sonnet-4-5"), (WORKER, "gpt-5-mini")}


def test_servers_by_catalogue_address_and_command() -> None:
    found = read(TEAM)
    code = "mcp:shop/team.yaml#code"
    assert found.targets("CONNECTS_TO", ROOT) == {code, "https://mcp.acme.example/mcp"}
    assert found.nodes["ToolServer", code]["sources"] == ["shop/team.yaml#L5"]
    assert found.props("CONNECTS_TO", ROOT, code)["tools"] == ["get_file"]  # an agent's own list comes before the shared one
    (stock,) = found.targets("CONNECTS_TO", WORKER)
    assert found.nodes["ToolServer", stock]["package"] == "pkg:npm/%40acme/stock@1.2.0"
    assert [message for _, _, message in found.problems] == ["refers to a server that the document does not define"]


def test_tools_do_what_their_kind_does() -> None:
    found = read(TEAM)
    own = f"{WORKER}/"
    assert found.targets("USES", WORKER) == {
        *("docker-agent:shell", "docker-agent:filesystem_read", "docker-agent:fetch"),
        *(f"{own}tag", f"{own}refund", f"{own}hook/session_start"),
    }
    assert found.nodes["Tool", "docker-agent:filesystem_read"]["effects"] == ["read"]
    assert found.nodes["Tool", f"{own}tag"]["effects"] == ["execute"]
    assert found.targets("CAN_ACCESS", f"{own}refund") == {"https://pay.acme.example"}
    assert found.targets("WRITES", WORKER) == {"docker-agent:shop/./notes.db"}


def test_credentials_are_the_agents_that_use_them() -> None:
    found = read(TEAM)
    held = found.targets("HOLDS", ROOT)
    assert "env:ACME_LLM_TOKEN" in held
    assert len(held) == 2
    assert TOKEN not in repr(found.all)


def test_what_may_be_done_unasked_is_approved_and_what_is_denied_is_not_there() -> None:
    text = "permissions: {allow: [shell], deny: [fetch]}\n" + TEAM.partition("\n")[2]
    found = read(text)
    assert found.props("USES", WORKER, "docker-agent:shell")["approved"] is True
    assert "approved" not in found.props("USES", WORKER, "docker-agent:filesystem_read")
    assert "docker-agent:fetch" not in found.targets("USES", WORKER)
    assert "autonomy" not in found.nodes["Agent", WORKER]
    assert read(text.replace("[shell]", "['*']")).nodes["Agent", WORKER]["autonomy"] == "autonomous"


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("a.yaml", "agents:\n  root:\n    toolsets: []\n", True),
        ("a.yaml", "#!/usr/bin/env cagent run\nmetadata: {}\n", True),
        ("a.yaml", "agents:\n  root:\n    model: openai/gpt-5\n", True),
        ("a.yaml", "agents:\n  - name: a\n", False),
        ("a.yaml", "apiVersion: v1\nagents:\n  root:\n    instruction: x\n", False),
        ("a.json", "agents:\n  root:\n    toolsets: []\n", False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert docker_agents.detect(path, head.encode()) is ours


def test_settings_of_another_type_are_passed_over() -> None:
    text = "models: {a: {provider: [x], model: {}, token_key: [y]}}\nproviders: {x: 7}\n"
    found = read(
        f"{text}mcps: {{m: [1]}}\nagents: {{root: {{model: a, toolsets: [{{type: mcp, ref: m}}, {{type: [mcp]}}, 7], rag: 7, hooks: 7}}}}\n"
    )
    assert found.drawn("USES") == found.drawn("CONNECTS_TO") == set()
    assert len(found.problems) == 4


def test_agents_of_another_program_are_none_and_a_script_without_agents_is_an_error() -> None:
    assert read("agents:\n  root:\n    role: x\n").all == []
    with pytest.raises(IngestError, match="holds no agents"):
        read("#!/usr/bin/env docker agent run\nagents: 7\n")
