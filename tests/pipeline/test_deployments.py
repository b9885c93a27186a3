from __future__ import annotations

from pathlib import Path

import pytest

from graphinv.ingest.grants import Known
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.pipeline.deployments import deployed
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import Reading, read_root
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import root_of

AGENT = "from agents import Agent\ndesk = Agent(name='desk')\n"
KEY = "openai-agents:shop/desk/app/main#desk"
BAKED = "sk" + "-proj-" + "aQ3" * 16


def scan(top: Path, files: dict[str, str]) -> Reading:
    for path, text in files.items():
        (top / "shop" / path).parent.mkdir(parents=True, exist_ok=True)
        (top / "shop" / path).write_text(text, "utf-8")
    reading = read_root(root_of(top / "shop"), Fingerprinter(b"k" * 32))
    together([reading])
    return reading


def runs_on(reading: Reading) -> dict[tuple[str, str], float]:
    """(agent, runtime) → confidence; 1 where it is certain."""
    return {
        (edge.source[1], edge.target[1]): edge.props.get("confidence", 1.0)
        for edge in reading.edges
        if edge.kind == "RUNS_ON" and isinstance(edge.source, tuple) and isinstance(edge.target, tuple)
    }


def deployment(*command: str, image: str = "acme/desk:1") -> str:
    spec = f"{{containers: [{{image: '{image}', command: {list(command)}}}], serviceAccountName: desk}}"
    return f"apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: desk}}\nspec: {{template: {{spec: {spec}}}}}\n"


COMPOSE = "services:\n  desk:\n    build: ./desk\n"
DOCKERFILE = "FROM python:3.12\nWORKDIR /srv\nCOPY . .\nCMD python app/main.py\n"


def test_a_service_runs_the_agent_that_its_image_starts(tmp_path: Path) -> None:
    reading = scan(tmp_path, {"desk/app/main.py": AGENT, "desk/Dockerfile": DOCKERFILE, "compose.yaml": COMPOSE})
    assert runs_on(reading) == {(KEY, "compose:shop#desk"): 1.0}


def test_what_is_baked_into_an_image_is_held_where_it_runs(tmp_path: Path) -> None:
    baked = DOCKERFILE + f"ENV OPENAI_API_KEY={BAKED}\n"
    reading = scan(tmp_path, {"desk/app/main.py": AGENT, "desk/Dockerfile": baked, "compose.yaml": COMPOSE})
    holders = {edge.source[1] for edge in reading.edges if edge.kind == "HOLDS" and isinstance(edge.source, tuple)}
    assert holders == {"image:shop/desk/Dockerfile", "compose:shop#desk"}


def test_an_image_that_nothing_deploys_is_where_the_agent_runs(tmp_path: Path) -> None:
    reading = scan(tmp_path, {"desk/app/main.py": AGENT, "desk/Dockerfile": DOCKERFILE})
    assert runs_on(reading) == {(KEY, "image:shop/desk/Dockerfile"): 1.0}


@pytest.mark.parametrize(
    ("files", "sure"),
    [
        # what the image starts is written in the deployment, where the image has the source nobody knows
        ({"k8s.yaml": deployment("python", "desk/app/main.py")}, 0.9),
        ({"k8s.yaml": deployment("python", "-m", "desk.app.main")}, 0.9),
        ({"k8s.yaml": deployment("python", "app/main.py")}, 0.7),
        # the image is called like the folder
        ({"k8s.yaml": deployment(), "desk/Dockerfile": DOCKERFILE}, 0.6),
        # another deployment says where the image is built
        ({"k8s.yaml": deployment(), "desk/Dockerfile": DOCKERFILE, "compose.yaml": COMPOSE + "    image: acme/desk\n"}, 0.9),
        # the image says nothing about what it starts
        ({"k8s.yaml": deployment(), "desk/Dockerfile": "FROM python:3.12\nCOPY . .\n"}, 0.5),
    ],
)
def test_less_certain_deployments_are_inferred(tmp_path: Path, files: dict[str, str], sure: float) -> None:
    reading = scan(tmp_path, {"desk/app/main.py": AGENT, **files})
    assert runs_on(reading)[KEY, "k8s:shop/default/Deployment/desk"] == sure
    accounts = {edge.target[1] for edge in reading.edges if edge.kind == "RUNS_AS" and isinstance(edge.target, tuple)}
    assert "k8s:shop/default/ServiceAccount/desk" in accounts


def test_a_function_runs_what_its_handler_names() -> None:
    labels = ["handler=app/main.handle", "build=desk", "compose=template.yaml"]
    runtime = NodeFact("Runtime", "arn:aws:lambda:::function:desk", {"labels": labels, "sources": ["shop/template.yaml#L3"]})
    agent = NodeFact("Agent", KEY, {"sources": ["shop/desk/app/main.py#L2"]})
    (edge,) = deployed(Known.of([runtime, agent], []), [])
    assert isinstance(edge, EdgeFact)
    assert (edge.source, edge.target, "confidence" in edge.props) == (agent.key, runtime.key, False)


def test_what_runs_something_else_is_not_joined(tmp_path: Path) -> None:
    files = {"k8s.yaml": deployment("python", "other/start.py"), "mail/Dockerfile": "FROM python\nCMD python mail.py\n", "mail/mail.py": ""}
    assert runs_on(scan(tmp_path, {"desk/app/main.py": AGENT, **files})) == {}


SHARED = "services:\n  {name}: {{build: {{context: ., dockerfile: build/Dockerfile.{name}}}}}\n"
"""A service whose image is built from the whole repository by one of the Dockerfiles of one folder."""


def test_a_service_runs_only_what_its_image_has_of_the_folder_that_it_is_built_from(tmp_path: Path) -> None:
    files = {
        "desk/app/main.py": AGENT,
        "build/Dockerfile.desk": "FROM python\nCOPY desk /srv\nCMD ./start.sh\n",
        "build/Dockerfile.mail": "FROM python\nCOPY mail /srv\nCMD ./start.sh\n",
        "build/Dockerfile.init": 'FROM alpine\nENTRYPOINT ["/bin/sh"]\n',
        "compose.yaml": SHARED.format(name="desk") + SHARED.format(name="mail")[10:] + SHARED.format(name="init")[10:],
    }
    assert runs_on(scan(tmp_path, files)) == {(KEY, "compose:shop#desk"): 0.5}


def test_what_a_service_mounts_it_has_as_well(tmp_path: Path) -> None:
    mounts = SHARED.format(name="desk").replace("}}\n", "}, volumes: ['./desk/app:/srv']}\n")
    files = {"desk/app/main.py": AGENT, "build/Dockerfile.desk": "FROM python\nCMD ./start.sh\n", "compose.yaml": mounts}
    assert runs_on(scan(tmp_path, files)) == {(KEY, "compose:shop#desk"): 0.5}


def test_two_files_of_one_ending_are_none(tmp_path: Path) -> None:
    files = {"k8s.yaml": deployment("python", "app/main.py"), "desk/app/main.py": AGENT, "copy/app/main.py": AGENT}
    assert runs_on(scan(tmp_path, files)) == {}


def test_an_agent_of_a_cluster_with_an_image_of_its_own_is_the_one_in_code(tmp_path: Path) -> None:
    head = "apiVersion: kagent.dev/v1alpha2\nkind: Agent\nmetadata: {name: desk}\n"
    byo = head + "spec:\n  type: BYO\n  byo: {deployment: {image: x, cmd: python, "
    files = {"desk/app/main.py": AGENT, "agent.yaml": byo + "args: [desk/app/main.py]}}\n"}
    reading = scan(tmp_path, files)
    (edge,) = (edge for edge in reading.edges if edge.kind == "DELEGATES_TO")
    assert (edge.source, edge.target) == (("Agent", "k8s:shop/default/Agent/desk"), ("Agent", KEY))
    assert edge.props["confidence"] == 0.9
    assert edge.props["evidence"] == ["inferred"]


def test_a_server_of_a_cluster_has_the_tools_of_the_one_in_code_that_its_pod_runs(tmp_path: Path) -> None:
    code = "from mcp.server.fastmcp import FastMCP\nmcp = FastMCP('notes')\n@mcp.tool()\ndef note(text: str) -> str:\n    return text\n"
    remote = (
        "apiVersion: kagent.dev/v1alpha2\nkind: RemoteMCPServer\nmetadata: {name: notes}\nspec: {url: 'http://notes:80/mcp'}\n---\n"
        "apiVersion: v1\nkind: Service\nmetadata: {name: notes}\nspec: {selector: {app: notes}}\n---\n"
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: notes}\nspec:\n  template:\n    metadata: {labels: {app: notes}}\n"
        "    spec: {containers: [{image: x, command: [python, notes/server.py]}]}\n"
    )
    reading = scan(tmp_path, {"notes/server.py": code, "k8s.yaml": remote})
    provided = {
        edge.target[1]
        for edge in reading.edges
        if edge.kind == "PROVIDES"
        and isinstance(edge.source, tuple)
        and isinstance(edge.target, tuple)
        and edge.source[1].startswith("http")
    }
    assert len(provided) == 1
    assert next(iter(provided)).endswith("#notes/note")
