from __future__ import annotations

import pytest

from graphinv.ingest import compose
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake, fingerprint

TOKEN = fake("compose", "gh" + "p_")
KEY = f"secret:{fingerprint(TOKEN)}"
TEXT = f"""
x-common: &common
  environment:
    GITHUB_TOKEN: {TOKEN}
    OPENAI_API_KEY: ${{OPENAI_API_KEY:?set it}}
    STRIPE_API_KEY:
    LOG_LEVEL: debug
services:
  desk:
    <<: *common
    build: {{context: ./desk, dockerfile: docker/Dockerfile}}
    command: python -m desk.main --port 80
    env_file: .env
    secrets: [bank, mail]
  engine:
    image: acme/engine:1.2
    privileged: true
    volumes: ["/var/run/docker.sock:/var/run/docker.sock", "data:/data"]
    environment: ["DATABASE_URL=postgres://app:${{DB_PASSWORD}}@db.acme.example/shop", GITLAB_TOKEN]
  second:
    extends: engine
secrets:
  bank: {{file: ./bank.txt}}
  mail: {{environment: MAIL_TOKEN}}
"""


def read(text: str = TEXT, path: str = "deploy/compose.yaml") -> Facts:
    return Facts(compose, document(text, path))


def test_a_service_is_a_runtime_that_tells_what_it_is_built_from_and_runs() -> None:
    nodes = read().nodes
    desk = nodes["Runtime", "compose:shop/deploy#desk"]
    expected = {"build=deploy/desk", "dockerfile=deploy/desk/docker/Dockerfile", "module=desk.main", "compose=deploy/compose.yaml"}
    assert expected <= set(desk["labels"])
    assert "sandboxed" not in desk
    assert nodes["Runtime", "compose:shop/deploy#engine"]["sandboxed"] is False
    assert "image=acme/engine:1.2" in nodes["Runtime", "compose:shop/deploy#second"]["labels"]


def test_a_service_holds_what_it_is_given() -> None:
    facts = read()
    assert facts.targets("HOLDS", "compose:shop/deploy#desk") == {
        KEY,
        "env:OPENAI_API_KEY",
        "env:STRIPE_API_KEY",
        "env:*",
        "compose:shop/deploy#secret/bank",
        "env:MAIL_TOKEN",
    }
    assert facts.targets("HOLDS", "compose:shop/deploy#engine") == {"env:DB_PASSWORD", "env:GITLAB_TOKEN"}
    assert facts.nodes["Secret", KEY]["sources"] == ["shop/deploy/compose.yaml#L10"]  # where the anchor is merged
    assert ("env:DB_PASSWORD", "postgres:app@db.acme.example:5432") in facts.drawn("AUTHENTICATES_AS")


SCRIPT = """\
services:
  init:
    image: postgres
    entrypoint:
      - sh
      - -ec
      - |
        ACME_DB_PASSWORD="$$(tr -d x </run/secrets/bank)"
        export PGPASSWORD=$$(cat /run/secrets/bank | tr -d x)
        export ACME_TOKEN=$$ACME_DB_PASSWORD
        psql -v acme_db_password="$$ACME_DB_PASSWORD" --password "$${OTHER_PASSWORD}"
    secrets: [bank, swarm]
secrets:
  bank: {file: ./bank.txt}
  swarm: {external: true}
"""


def test_what_a_script_reads_from_mounted_files_is_no_value_and_lies_nowhere_here() -> None:
    facts = read(SCRIPT)
    key = "compose:shop/deploy#init"
    assert facts.targets("HOLDS", key) == {"compose:shop/deploy#secret/bank", "compose:shop/deploy#secret/swarm"}
    assert "place" not in facts.props("HOLDS", key, "compose:shop/deploy#secret/bank")
    assert facts.props("HOLDS", key, "compose:shop/deploy#secret/swarm")["place"] == "vault"


def test_overrides_of_a_folder_speak_of_the_same_services() -> None:
    assert ("Runtime", "compose:shop/deploy#desk") in read("services: {desk: {}}", "deploy/compose.override.yml").nodes


@pytest.mark.parametrize("text", ["services: 7", "- a", "services: [a]"])
def test_a_file_without_services_is_an_error(text: str) -> None:
    with pytest.raises(IngestError):
        read(text)


def test_a_file_of_comments_alone_has_nothing_wrong() -> None:
    assert read("# services:\n#   desk:\n#     image: acme/desk\n").all == []


def test_one_odd_service_does_not_hide_the_others() -> None:
    facts = read("services:\n  a: 7\n  b: {image: x}\n")
    assert [key[1] for key in facts.nodes if key[0] == "Runtime"] == ["compose:shop/deploy#b"]
    assert [(where, severity) for where, severity, _ in facts.problems] == [("L2", "warning")]


GATEWAY = """\
services:
  gateway:
    image: docker/mcp-gateway:latest
    use_api_socket: true
    command:
      - --transport=sse
      - --servers=duckduckgo
      - --tools=search,fetch_content
  wide:
    image: docker/mcp-gateway
    command: --servers=github-official,postgres --transport=streaming
  none:
    image: docker/mcp-gateway
"""


def test_the_servers_of_dockers_gateway() -> None:
    found = Facts(compose, document(GATEWAY, "compose.yaml"))
    place = "mcp:shop/compose.yaml#"
    servers = {id: props for (kind, id), props in found.nodes.items() if kind == "ToolServer"}
    assert {id: (props["package"], props["transport"]) for id, props in servers.items()} == {
        f"{place}gateway/duckduckgo": ("pkg:docker/mcp/duckduckgo", "sse"),
        f"{place}wide/github-official": ("pkg:docker/github/github-mcp-server?repository_url=ghcr.io", "http"),
        f"{place}wide/postgres": ("pkg:docker/mcp/postgres", "http"),
    }
    assert found.targets("PROVIDES", f"{place}gateway/duckduckgo") == {
        f"{place}gateway/duckduckgo/search",
        f"{place}gateway/duckduckgo/fetch_content",
    }
    assert found.targets("RUNS_ON", f"{place}wide/postgres") == {"compose:shop#wide"}
