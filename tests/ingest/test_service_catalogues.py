"""Who owns what, by catalogues of services, the metadata of packages and directories of people; and which source comes first."""

from __future__ import annotations

import contextlib
import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from graphinv.ingest import HEAD_BYTES, backstage, cortex, opslevel, package_authors, people_csv
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, NodeFact, OwnerRule, Statement
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import Reading, read_root
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import root_of
from tests.analyze.estates import estate_of
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, document

COMPONENT = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: pay-api
  annotations:
    github.com/project-slug: acme/shop
    backstage.io/kubernetes-id: pay
    backstage.io/kubernetes-label-selector: 'app=pay,tier=api'
spec:
  type: service
  lifecycle: production
  owner: group:default/payments
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata:
  name: pay
spec:
  owner: other
"""
PEOPLE = """
apiVersion: backstage.io/v1alpha1
kind: Group
metadata:
  name: payments
  annotations:
    github.com/team-slug: acme/payments
spec:
  type: team
  children: []
---
apiVersion: backstage.io/v1alpha1
kind: User
metadata:
  name: ana
spec:
  profile:
    email: Ana@acme.example
  memberOf: [payments]
"""


def rules(found: Facts) -> list[tuple[str, tuple[str, ...], str]]:
    return [(fact.folder, tuple(key[1] for key in fact.owners), fact.origin) for fact in found.all if isinstance(fact, OwnerRule)]


def said(found: Facts) -> list[dict[str, Any]]:
    return [
        {name: value for name in ("nodes", "files", "labels", "root") if (value := getattr(fact, name))}
        for fact in found.all
        if isinstance(fact, Statement)
    ]


def one(reader: Any, text: str, path: str, root: str = "shop") -> Facts:
    made = document(text, path, root)
    assert reader.detect(path, made.data[:HEAD_BYTES])
    return Facts(reader, made)


def test_a_component_is_owned_by_the_team_that_another_file_describes() -> None:
    found = linked(backstage, {"pay/catalog-info.yaml": COMPONENT, "org/people.yaml": PEOPLE})
    assert found.problems == []
    assert rules(found) == [("pay", ("@acme/payments",), "catalogue")]
    assert said(found) == [{"labels": ("backstage.io/kubernetes-id=pay",)}, {"labels": ("app=pay", "tier=api")}]
    assert found.nodes["Owner", "@acme/payments"]["type"] == "team"
    assert found.nodes["Owner", "ana@acme.example"] == {
        "name": "ana",
        "type": "person",
        "email": "ana@acme.example",
        "sources": ["shop/org/people.yaml#L13"],
    }


def component(owner: str, **annotations: str) -> str:
    entity = {"kind": "Component", "metadata": {"name": "x", "annotations": annotations}, "spec": {"owner": owner}}
    return "apiVersion: backstage.io/v1alpha1\n" + "\n".join(f"{key}: {json.dumps(value)}" for key, value in entity.items())


@pytest.mark.parametrize(
    ("owner", "annotations", "id"),
    [
        ("payments", {}, "backstage:group:default/payments"),
        ("Group:Payments", {}, "backstage:group:default/payments"),
        ("user:ops/bob", {}, "backstage:user:ops/bob"),
        ("ana@acme.example", {}, "ana@acme.example"),
        ("@acme/pay", {}, "@acme/pay"),
        ("pay", {"github.com/team-slug": "acme/pay"}, "@acme/pay"),
        ("pay", {"github.com/team-slug": "acme/other"}, "backstage:group:default/pay"),
    ],
)
def test_owners_by_reference(owner: str, annotations: dict[str, str], id: str) -> None:
    found = linked(backstage, {"catalog-info.yaml": component(owner, **annotations)})
    assert rules(found) == [("", (id,), "catalogue")]
    assert ("Owner", id) in found.nodes


@pytest.mark.parametrize(
    ("annotations", "rule", "statement"),
    [
        ({"github.com/project-slug": "acme/shop"}, ("docs", ("backstage:group:default/pay",), "catalogue"), None),
        ({"github.com/project-slug": "acme/other"}, None, {"files": ("*",), "root": "acme/other"}),
        (
            {"backstage.io/source-location": "url:https://github.com/acme/other/tree/main/pay/"},
            None,
            {"files": ("/pay/",), "root": "acme/other"},
        ),
        (
            {"backstage.io/source-location": "url:https://gitlab.acme.example/grp/sub/shop/-/tree/main/pay"},
            ("pay", ("backstage:group:default/pay",), "catalogue"),
            None,
        ),
        (
            {"acme.example/role": "arn:aws:iam::111122223333:role/pay"},
            ("docs", ("backstage:group:default/pay",), "catalogue"),
            {"nodes": ("arn:aws:iam::111122223333:role/pay",)},
        ),
    ],
)
def test_where_a_component_lies(annotations: dict[str, str], rule: Any, statement: dict[str, Any] | None) -> None:
    found = linked(backstage, {"docs/catalog-info.yaml": component("pay", **annotations)})
    assert rules(found) == ([rule] if rule else [])
    assert said(found) == ([statement] if statement else [])


def test_a_checkout_may_lie_in_a_folder_of_its_name() -> None:
    found = linked(backstage, {"other/docs/catalog-info.yaml": component("pay", **{"github.com/project-slug": "acme/other"})})
    assert rules(found) == [("other/docs", ("backstage:group:default/pay",), "catalogue")]


def test_templates_of_entities_are_noted_and_what_is_no_yaml_is_told() -> None:
    template = "{%- if values.x %}\n{%- endif %}\napiVersion: backstage.io/v1alpha1\nkind: ${{ values.kind }}\n"
    filled = component("${{ values.owner }}")
    found = linked(backstage, {"a/catalog-info.yaml": template, "b/catalog-info.yaml": filled})
    assert [severity for _, severity, _ in found.problems] == ["note", "note"]
    assert rules(found) == []
    with pytest.raises(IngestError):
        linked(backstage, {"catalog-info.yaml": "apiVersion: backstage.io/v1alpha1\nkind: [\n"})


REGISTERED = """
apiVersion: backstage.io/v1alpha1
kind: Component
metadata:
  name: triage
  title: Ticket triage
spec:
  type: ai-agent
  lifecycle: production
  owner: group:default/payments
  consumesApis: [tickets, api:default/plain, elsewhere/tickets]
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata:
  name: tickets
spec:
  type: mcp-server
  owner: desk
  remotes:
    - type: streamable-http
      url: https://tickets.acme.example/mcp
    - type: sse
---
apiVersion: backstage.io/v1alpha1
kind: API
metadata:
  name: plain
spec: {type: openapi, owner: desk}
"""


def test_agents_and_servers_of_backstage() -> None:
    found = linked(backstage, {"catalog/all.yaml": REGISTERED, "catalog/people.yaml": PEOPLE})
    agent, server = "backstage:shop#component:default/triage", "https://tickets.acme.example/mcp"
    assert {id for kind, id in found.nodes if kind in ("Agent", "ToolServer")} == {agent, server}
    assert found.nodes["Agent", agent]["name"] == "Ticket triage"
    assert found.nodes["ToolServer", server]["transport"] == "http"
    assert found.targets("CONNECTS_TO", agent) == {server}
    assert found.targets("OWNS", "@acme/payments") == {agent}
    assert found.targets("OWNS", "backstage:group:default/desk") == {server}


def test_agents_of_cortex() -> None:
    text = """
    openapi: 3.0.1
    info:
      title: Fix issues
      x-cortex-tag: fix-issue
      x-cortex-type: {type}
      x-cortex-owners:
        - type: email
          email: ana@acme.example
        - type: SLACK
          channel: desk
    """
    found = one(cortex, dedent(text.replace("{type}", "ai-agent")), "catalog/fix.yaml")
    assert found.nodes["Agent", "cortex:shop#fix-issue"]["name"] == "Fix issues"
    assert found.targets("OWNS", "ana@acme.example") == {"cortex:shop#fix-issue"}
    assert not found.problems  # where owners talk is no owner
    assert not any(kind == "Agent" for kind, _ in one(cortex, dedent(text.replace("{type}", "service")), "catalog/fix.yaml").nodes)


def test_opslevel() -> None:
    places = "    - name: acme/shop\n      path: /pay\n    - name: acme/other\n      provider: github\n"
    found = one(opslevel, f"version: 1\nservice:\n  name: Pay\n  owner: payments_team\n  repositories:\n{places}", "opslevel.yml")
    assert rules(found) == [("pay", ("opslevel:team:payments_team",), "catalogue")]
    assert said(found) == [{"files": ("*",), "root": "acme/other"}]
    found = one(opslevel, "version: 1\nrepository:\n  owner: ana@acme.example\n", "svc/opslevel.yml")
    assert rules(found) == [("svc", ("ana@acme.example",), "catalogue")]
    assert one(opslevel, "version: 1\nservice:\n  name: x\n", "opslevel.yml").problems == [("", "note", "names no owner")]


CORTEX = """
openapi: 3.0.1
info:
  title: Pay
  x-cortex-tag: pay
  x-cortex-git:
    github:
      repository: Acme/shop
      basepath: pay
  x-cortex-owners:
    - type: group
      name: Acme/payments
    - type: group
      name: Okta Payments
      provider: OKTA
    - type: email
      email: ana@acme.example
    - type: slack
      channel: pay
    - type: group
      name: [7]
  x-cortex-k8s:
    deployment:
      - identifier: pay/api
        cluster: prod-eu
      - identifier: pay/worker
"""


def test_cortex() -> None:
    found = one(cortex, CORTEX, "cortex.yaml")
    assert rules(found) == [("pay", ("@acme/payments", "cortex:group:okta payments", "ana@acme.example"), "catalogue")]
    assert said(found) == [{"nodes": ("Runtime:k8s:prod-eu/pay/Deployment/api", "Runtime:k8s:*/pay/Deployment/worker")}]
    assert [severity for _, severity, _ in found.problems] == ["warning"]
    text = "info:\n  x-cortex-tag: x\n  x-cortex-owners:\n    - {type: group, name: a/b, provider: GITHUB}\n"
    assert rules(one(cortex, text, ".cortex/catalog/x.yaml")) == [("", ("@a/b",), "catalogue")]


@pytest.mark.parametrize(
    ("path", "text", "owners"),
    [
        ("web/package.json", '{"name": "x",\n "author": "Ana Lim <ana@acme.example> (https://a.example)"}', ["ana@acme.example"]),
        ("package.json", '{"author": {"name": "Ana", "email": "ANA@acme.example"}}', ["ana@acme.example"]),
        (
            "package.json",
            '{"author": "Bob <bob@acme.example>", "maintainers": ["Ana <ana@acme.example>", {"email": "cy@acme.example"}]}',
            ["ana@acme.example", "cy@acme.example"],
        ),
        ("package.json", '{"author": "Ana Lim"}', []),
        ("package.json", '{"author": "x <1+x@users.noreply.github.com>"}', []),
        ("package.json", '{"author": "x <x@acme.example>"', []),
        ("pyproject.toml", '[project]\nauthors = [{name = "Ana", email = "ana@acme.example"}, {name = "Bob"}]\n', ["ana@acme.example"]),
        ("pyproject.toml", '[tool.poetry]\nauthors = ["Ana <ana@acme.example>"]\n', ["ana@acme.example"]),
    ],
)
def test_authors_of_packages(path: str, text: str, owners: list[str]) -> None:
    found = one(package_authors, text, path)
    assert [owner for _, keys, origin in rules(found) for owner in keys if origin == "metadata"] == owners
    assert found.problems == []


ANA, BOB = "ana@acme.example", "bob@acme.example"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (f"Email,Status\n{ANA},Terminated\n{BOB},ACTIVE\n", {ANA: "left", BOB: "active"}),
        (f"userPrincipalName,displayName,accountEnabled\n{ANA},Ana,False\n{BOB},Bob,True\n", {ANA: "disabled", BOB: "active"}),
        ("First Name [Required],Email Address [Required],Status [READ ONLY]\nAna,Ana@acme.example,Suspended\n", {ANA: "disabled"}),
        (f"login;status\n{ANA};DEPROVISIONED\n", {ANA: "left"}),
        (f"Work Email,Employment Status,Termination Date\n{ANA},Active,2026-12-31\n{BOB},Active,\n", {ANA: "left", BOB: "active"}),
        (f"Work Email,Termination Date\n{ANA},31.12.2026\n{BOB},\n", {ANA: "left", BOB: "active"}),
        (f"primaryEmail,suspended\n{ANA},TRUE\n", {ANA: "disabled"}),
        (f"mail,userPrincipalName,status\n{ANA},a1@acme.example,active\n", {ANA: "active", "a1@acme.example": "active"}),
        (f"email,status\nno address,left\n{ANA},sabbatical?\n{BOB},left\n", {BOB: "left"}),
        (f"email,status\n{ANA},shipped\n{BOB},returned\n", {}),
    ],
)
def test_people_of_directories(text: str, expected: dict[str, str]) -> None:
    found = one(people_csv, text, "hr/people.csv")
    statements = [fact for fact in found.all if isinstance(fact, Statement)]
    assert {name.removeprefix("Owner:"): fact.props["status"] for fact in statements for name in fact.nodes} == expected
    assert bool(found.problems) == ("sabbatical" in text)
    assert found.nodes == {}


def test_a_last_day_says_since_when() -> None:
    text = f"Work Email,Status,Termination Date\n{ANA},Terminated,2026-05-31\n{BOB},Active,\ncy@acme.example,Terminated,31.5.2026\n"
    told = {fact.nodes: fact.props for fact in one(people_csv, text, "hr/people.csv").all if isinstance(fact, Statement)}
    assert told[f"Owner:{ANA}",] == {"status": "left", "status_since": "2026-05-31T00:00:00Z"}
    assert told[f"Owner:{BOB}",] == {"status": "active"}
    assert told["Owner:cy@acme.example",] == {"status": "left"}


def test_tables_of_other_things_are_left_alone() -> None:
    assert not people_csv.detect("owners.csv", b"id,email,status\n"), "that is a table of native facts"
    assert not people_csv.detect("orders.csv", b"id,status\n")
    assert not people_csv.detect("list.csv", b"email,name\n")
    assert not people_csv.detect("cards.csv", b"ssn,first_name,email,address,city,state,zip\n")


# --------------------------------------------------------------------------------------------------------------------------------
# Together


def scan(top: Path) -> Reading:
    reading = read_root(root_of(top), Fingerprinter(b"k" * 32))
    together([reading])
    return reading


def owning(reading: Reading, id: str) -> dict[str, float]:
    return {edge.source[1]: edge.props["confidence"] for edge in reading.edges if edge.kind == "OWNS" and edge.target[1] == id}  # type: ignore[index]


def test_which_source_comes_first(tmp_path: Path) -> None:
    top = tmp_path / "shop"
    files = {
        "pay/.mcp.json": json.dumps({"mcpServers": {"x": {"command": "npx", "args": ["-y", "x@1.0.0"]}}}),
        "pay/catalog-info.yaml": component("payments"),
        "pay/package.json": '{"author": "Ana <ana@acme.example>"}',
        "CODEOWNERS": "* @acme/all\n",
        "lib/package.json": '{"author": "Ana <ana@acme.example>"}',
        "lib/.mcp.json": json.dumps({"mcpServers": {"y": {"command": "npx", "args": ["-y", "y@1.0.0"]}}}),
    }
    for path, text in files.items():
        (top / path).parent.mkdir(parents=True, exist_ok=True)
        (top / path).write_text(text)
    server = "mcp:shop/pay/.mcp.json#x"
    assert owning(scan(top), server) == {"backstage:group:default/payments": 0.95, "@acme/all": 0.9}
    (top / "graphinv.toml").write_text(f'[[state]]\nnodes = ["ToolServer:{server}"]\nowners = ["cy@acme.example"]\n')
    assert owning(scan(top), server) == {"cy@acme.example": 1.0, "backstage:group:default/payments": 0.95, "@acme/all": 0.9}
    (top / "CODEOWNERS").unlink()
    assert owning(scan(top), "mcp:shop/lib/.mcp.json#y") == {"ana@acme.example": 0.4}


def test_owners_are_shown_the_surest_first() -> None:
    server = ("ToolServer", "x")
    owned = [("z@acme.example", {"confidence": 0.95}), ("a@acme.example", {"confidence": 0.4}), ("m@acme.example", {})]
    edges = [EdgeFact("OWNS", ("Owner", name), server, props) for name, props in owned]
    assert estate_of([NodeFact(*server), *edges]).owners(server) == ("m@acme.example", "z@acme.example", "a@acme.example")


def test_a_directory_says_who_of_the_owners_has_left(tmp_path: Path) -> None:
    top = tmp_path / "shop"
    top.mkdir()
    (top / "CODEOWNERS").write_text("* ana@acme.example\n")
    (top / "people.csv").write_text("email,status\nana@acme.example,terminated\nbob@acme.example,active\n")
    reading = scan(top)
    assert {node.props["status"] for node in reading.nodes if node.id == "ana@acme.example" and "status" in node.props} == {"left"}
    assert "bob@acme.example" not in {node.id for node in reading.nodes}


API = "apiVersion: backstage.io/v1\n"
HOSTILE: dict[str, tuple[Any, str, str]] = {
    "backstage": (backstage, "catalog-info.yaml", f"{API}kind: Component\nmetadata: {{name: x, annotations: [1]}}\nspec: {{owner: [1]}}\n"),
    "backstage-types": (backstage, "a.yaml", f"{API}kind: [1]\nmetadata: 7\n---\n7\n---\n{API}kind: Group\n"),
    "opslevel": (opslevel, "opslevel.yml", "service: {owner: [1], repositories: {a: 1}}\nservices: [1, {owner: x, repositories: [1]}]\n"),
    "cortex": (
        cortex,
        "cortex.yaml",
        "info:\n  x-cortex-tag: [1]\n  x-cortex-owners: {a: 1}\n  x-cortex-git: [1]\n  x-cortex-k8s: {deployment: [1, {identifier: 7}]}\n",
    ),
    "cortex agent": (
        cortex,
        "cortex.yaml",
        "info:\n  title: [1]\n  x-cortex-tag: x\n  x-cortex-type: ai-agent\n  x-cortex-owners: [{email: 1}]\n",
    ),
    "cortex type": (cortex, "cortex.yaml", "info:\n  title: [1]\n  x-cortex-tag: x\n  x-cortex-type: [ai-agent]\n"),
    "backstage agent": (
        backstage,
        "catalog-info.yaml",
        "apiVersion: backstage.io/v1\nkind: Component\nmetadata: {name: x, title: [1]}\nspec: {type: agent, consumesApis: [1, '::']}\n",
    ),
    "backstage server": (
        backstage,
        "catalog-info.yaml",
        "apiVersion: backstage.io/v1\nkind: API\nmetadata: {name: x}\nspec: {type: mcp-server, remotes: [1, {url: 1}, {url: 'http://['}]}\n",
    ),
    "people": (people_csv, "p.csv", 'email,status\n"a\n\n,,,,\nx@y.zz,left,more\n'),
    "package": (package_authors, "package.json", '{"author": [1, {"email": 7}], "maintainers": {"a": 1}}'),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_wrong_types_give_problems_or_an_ingest_error(name: str) -> None:
    reader, path, text = HOSTILE[name]
    for cut in (len(text), len(text) - 1, len(text) // 2):
        with contextlib.suppress(IngestError):
            if hasattr(reader, "link"):
                list(reader.link("shop", {path: reader.summarise(document(text[:cut], path))}))
            else:
                list(reader.read(document(text[:cut], path)))
