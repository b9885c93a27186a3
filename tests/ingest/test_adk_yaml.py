"""Google ADK agents in YAML."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphinv.ingest import Document, adk_yaml
from graphinv.model.errors import IngestError
from graphinv.model.facts import Binding, Fact
from tests.ingest.reading import FIXTURES, Facts, document, fake

FOLDER = FIXTURES / "adk_yaml"


class Linked:
    """Reads a folder of documents the way the pipeline does."""

    def __init__(self, folder: Path) -> None:
        self.files = {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*.y*ml"))}

    def read(self, _: object) -> object:
        taken = {path: data for path, data in self.files.items() if adk_yaml.detect(path, data[:4096])}
        summaries = {path: adk_yaml.summarise(document(data, path)) for path, data in taken.items()}
        return adk_yaml.link("shop", pickle.loads(pickle.dumps(summaries)))


@pytest.fixture(scope="module")
def facts() -> Facts:
    return Facts(Linked(FOLDER), document("", ""))


def agent(path: str, name: str) -> str:
    return f"google-adk:shop/tutor/{path}#{name}"


FRONT = agent("root_agent", "front_desk")


def test_agents_are_the_files_that_are_named(facts: Facts) -> None:
    names = {props["name"]: props for (kind, _), props in facts.nodes.items() if kind == "Agent"}
    assert set(names) == {"front_desk", "parcels", "pipeline", "writer", "searcher"}
    assert names["pipeline"]["kind_detail"] == "google-adk SequentialAgent"
    assert names["front_desk"]["framework"] == "google-adk"


def test_delegations_run_to_the_files_named(facts: Facts) -> None:
    assert facts.drawn("DELEGATES_TO") == {
        (FRONT, agent("parcels", "parcels")),
        (FRONT, agent("steps/pipeline", "pipeline")),
        (FRONT, "google-adk:tutor.people.clerk"),
        (FRONT, agent("searcher", "searcher")),
        (agent("parcels", "parcels"), FRONT),
        (agent("steps/pipeline", "pipeline"), agent("parcels", "parcels")),
        (agent("steps/pipeline", "pipeline"), agent("steps/write", "writer")),
    }
    assert facts.props("DELEGATES_TO", FRONT, agent("parcels", "parcels"))["mode"] == "handoff"
    assert facts.props("DELEGATES_TO", FRONT, agent("searcher", "searcher"))["kind_detail"] == "agent_as_tool"
    assert facts.props("DELEGATES_TO", agent("steps/pipeline", "pipeline"), agent("steps/write", "writer"))["mode"] == "invoke"


def test_tools_and_models(facts: Facts) -> None:
    assert facts.targets("USES", FRONT) == {"google-adk:google_search", "tool:shop/tutor/lookup#order_status"}
    assert facts.targets("USES", agent("parcels", "parcels")) == {"google-adk:load_web_page", "google-adk:vertex_ai_search"}
    assert facts.nodes["Tool", "google-adk:google_search"]["ingests_untrusted"] is True
    assert facts.drawn("USES_MODEL", FRONT) == {(FRONT, "gemini-2.5-flash")}


def test_servers_belong_to_the_agent(facts: Facts) -> None:
    started = "mcp:shop/tutor/root_agent.yaml#front_desk-mcp"
    assert facts.targets("CONNECTS_TO", FRONT) == {started, "https://mcp.acme.example/mcp"}
    assert facts.props("CONNECTS_TO", FRONT, started)["tools"] == ["read_file"]
    assert facts.nodes["ToolServer", started]["package"] == "pkg:npm/%40acme/files@2.1.0"
    assert facts.drawn("HOLDS") == {(started, "env:FILES_TOKEN")}


def test_what_is_not_there_is_a_problem(facts: Facts) -> None:
    assert sorted((where, message) for where, _, message in facts.problems) == [
        ("L11", "names an agent's file that is not there"),
        ("L6", "one of its tools has no name"),
    ]


def test_a_file_is_bound_by_its_path(facts: Facts) -> None:
    bound = {fact.name for fact in facts.all if isinstance(fact, Binding)}
    assert "tutor/root_agent.yaml" in bound


def test_credentials_stay_inside() -> None:
    secret = fake("adk", "sk-")
    text = f"name: a\ninstruction: x\ntools:\n  - name: SomeTool\n    args:\n      api_key: {secret}\n"
    found = Facts(_One(), document(text, "root_agent.yaml"))
    assert next(target for _, target in found.drawn("HOLDS")).startswith("secret:")
    assert secret not in repr(found.all)


class _One:
    def read(self, document: Document) -> Iterator[Fact]:
        return adk_yaml.link("shop", {document.path: adk_yaml.summarise(document)})


def test_a_root_agent_without_an_object_is_refused() -> None:
    with pytest.raises(IngestError):
        adk_yaml.summarise(document("- 1\n- 2\n", "root_agent.yaml"))
    assert adk_yaml.summarise(document("[agent_class]", "x.yaml")) is None


@pytest.mark.parametrize("text", ["name: [x]", "name: a\nsub_agents: 7\ntools: {a: 1}", "tools: [[[]], {name: {}}, {name: AgentTool}]"])
def test_odd_shapes_are_problems_not_crashes(text: str) -> None:
    found = Facts(_One(), document(text, "x/root_agent.yaml"))
    assert sum(kind == "Agent" for kind, _ in found.nodes) == 1


def test_a_path_that_leaves_the_root_names_nothing() -> None:
    text = "name: a\nsub_agents:\n  - config_path: ../../../etc/agent.yaml\n  - config_path: /etc/agent.yaml\n"
    found = Facts(_One(), document(text, "x/root_agent.yaml"))
    assert found.drawn("DELEGATES_TO") == set()
    assert len(found.problems) == 2
