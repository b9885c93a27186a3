from __future__ import annotations

import json

import pytest

from graphinv.ingest import cyclonedx
from graphinv.model.facts import Props
from tests.ingest.reading import Facts, document, fake, fixture

DESK, HELPER = "agent:shop/bom#freight-desk", "agent:shop/bom#customs-helper"
PAPERS = "https://papers.haulage.example/mcp"


def read(data: dict[str, object], path: str = "bom.json") -> Facts:
    return Facts(cyclonedx, document(json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.6", **data}), path))


def test_models_agents_and_services() -> None:
    found = Facts(cyclonedx, fixture("discovery/ml_bom.json", "bom.json"))
    assert {key for key in found.nodes if key[0] == "Agent"} == {("Agent", DESK), ("Agent", HELPER)}
    assert found.targets("USES_MODEL", DESK) == {"pkg:huggingface/haulage/rates@7"}
    assert found.targets("CONNECTS_TO", DESK) == {PAPERS}
    assert found.targets("DELEGATES_TO", DESK) == {HELPER}
    assert found.props("DELEGATES_TO", DESK, HELPER)["confidence"] < 1
    assert found.targets("USES", HELPER) == {"tool:shop/bom#duty_calculator"}
    server = found.nodes["ToolServer", PAPERS]
    assert (server["auth"], server["protocol"], server["version"]) == ("none", "mcp", "1.2.0")
    assert {"trust_boundary=true", "authenticated=false", "data=PII", "organisation=Haulage Ltd"} <= set(server["labels"])
    assert found.targets("PROVIDES", PAPERS) == {f"{PAPERS}/find_paper"}
    assert found.nodes["Model", "pkg:huggingface/haulage/rates@7"]["version"] == "7"


def test_of_the_libraries_only_those_of_agents_are_kept() -> None:
    found = Facts(cyclonedx, fixture("discovery/ml_bom.json", "bom.json"))
    assert {key[1]: props.get("vulnerabilities") for key, props in found.nodes.items() if key[0] == "Package"} == {
        "pkg:pypi/flask@3.0.0": ["CVE-2030-0001"]
    }


@pytest.mark.parametrize(
    ("notes", "published"),
    [({"type": "patch", "timestamp": "2030-01-02T03:04:05Z"}, "2030-01-02T03:04:05Z"), ({"timestamp": "last spring"}, None), ([], None)],
)
def test_when_a_package_was_released_is_in_the_notes_on_it(notes: object, published: str | None) -> None:
    assert library({"releaseNotes": notes}).get("published_at") == published


@pytest.mark.parametrize(
    ("analysis", "kept"),
    [
        ({"state": "not_affected"}, False),
        ({"state": "resolved"}, False),
        ({"state": "in_triage"}, True),
        ({"state": []}, True),
        ("no", True),
    ],
)
def test_a_vulnerability_that_was_cleared_is_none(analysis: object, kept: bool) -> None:
    found = library({}, {"vulnerabilities": [{"id": "CVE-2030-0002", "analysis": analysis, "affects": [{"ref": "lib"}]}]})
    assert found.get("vulnerabilities") == (["CVE-2030-0002"] if kept else None)


def library(more: dict[str, object], bill: dict[str, object] | None = None) -> Props:
    """What is said of a package that an agent depends on."""
    package = {"bom-ref": "lib", "type": "library", "name": "lib", "version": "1.0.0", "purl": "pkg:npm/lib@1.0.0", **more}
    agent = {"bom-ref": "desk", "type": "application", "name": "desk", "tags": ["agent"]}
    depends = [{"ref": "desk", "dependsOn": ["lib"]}]
    return read({"components": [agent, package], "dependencies": depends, **(bill or {})}).nodes["Package", "pkg:npm/lib@1.0.0"]


def test_an_ordinary_bill_says_nothing() -> None:
    library = {"bom-ref": "a", "type": "library", "name": "a", "purl": "pkg:npm/a@1.0.0"}
    subject = {"component": {"bom-ref": "app", "type": "application", "name": "app"}}
    services = [{"name": "shop-api", "endpoints": ["https://api.haulage.example"]}]
    assert not read(
        {"metadata": subject, "components": [library], "services": services, "dependencies": [{"ref": "app", "dependsOn": ["a"]}]}
    ).all


def test_a_service_that_is_reached_on_this_machine_goes_by_its_place() -> None:
    found = read({"services": [{"name": "mcp-files", "endpoints": ["http://localhost:3000/mcp"], "authenticated": True}]})
    props = found.nodes["ToolServer", "mcp:shop/bom#mcp-files"]
    assert "auth" not in props  # that callers prove who they are does not say how
    assert "authenticated=true" in props["labels"]


def test_a_service_that_speaks_a2a_is_an_agent() -> None:
    found = read({"services": [{"name": "desk", "endpoints": ["https://desk.haulage.example/a2a"]}]})
    assert list(found.nodes) == [("Agent", "a2a:https://desk.haulage.example/a2a")]


def test_a_credential_in_a_property_is_held() -> None:
    token = fake("bom", "gh" + "p_")
    service = {"name": "mcp", "properties": [{"name": "token", "value": token}]}
    found = read({"services": [service]})
    assert len(found.targets("HOLDS", "mcp:shop/bom#mcp")) == 1
    assert token not in repr(found.all)


def test_models_of_spdx_3() -> None:
    graph = [
        {"type": "ai_AIPackage", "name": "rates", "software_packageVersion": "7", "ai_typeOfModel": ["boosted trees"]},
        {"type": "software_Package", "name": "flask"},
        {"type": "ai_AIPackage"},
        7,
    ]
    data = json.dumps({"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": graph})
    assert cyclonedx.detect("model.spdx.json", data.encode())
    found = Facts(cyclonedx, document(data, "model.spdx.json"))
    assert list(found.nodes) == [("Model", "rates")]
    assert [severity for _, severity, _ in found.problems] == ["warning"]


@pytest.mark.parametrize(
    "odd",
    [
        {"components": 5, "services": {}, "dependencies": [1], "vulnerabilities": [1, {"id": 5}]},
        {"components": [1, {"type": "machine-learning-model", "name": 5}], "metadata": []},
        {"dependencies": [{"ref": [], "dependsOn": 5}], "services": [{"name": {}, "endpoints": [1]}]},
    ],
)
def test_odd_types_do_not_matter(odd: dict[str, object]) -> None:
    assert not read(odd).nodes


def test_other_json_is_not_ours() -> None:
    assert not cyclonedx.detect("bom.json", b'{"components": []}')
    assert not cyclonedx.detect("bom.xml", b'"bomFormat": "CycloneDX"')
