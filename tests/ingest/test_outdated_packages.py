"""Lists of packages that have a newer version."""

from __future__ import annotations

import json

import pytest

from graphinv.ingest import outdated_packages
from graphinv.model.facts import Statement
from tests.ingest.reading import Facts, document

NPM = {
    "@acme/ledger-mcp": {
        "current": "1.2.0",
        "wanted": "1.2.4",
        "latest": "2.1.0",
        "dependent": "shop",
        "location": "node_modules/@acme/ledger-mcp",
    },
    "missing-mcp": {"wanted": "1.0.0", "latest": "1.1.0", "dependent": "shop"},
}
WORKSPACES = {
    "docs-mcp": [{"current": "0.3.0", "latest": "0.4.0", "wanted": "0.3.9"}, {"current": "0.2.0", "latest": "0.4.0", "wanted": "0.2.9"}]
}
PIP = [{"name": "Ledger_MCP", "version": "1.0.0", "latest_version": "1.4.0", "latest_filetype": "wheel"}]
DOTNET = {
    "version": 1,
    "projects": [
        {
            "frameworks": [
                {
                    "topLevelPackages": [
                        {"id": "Acme.Ledger", "requestedVersion": "1.0.0", "resolvedVersion": "1.0.0", "latestVersion": "3.0.0"}
                    ]
                }
            ]
        }
    ],
}


def said(data: object, path: str = "outdated.json") -> dict[str, str]:
    """The newest version of each package that the list speaks of."""
    text = json.dumps(data, indent=2)
    assert outdated_packages.detect(path, text.encode())
    found = Facts(outdated_packages, document(text, path))
    return {fact.nodes[0]: fact.props["latest"] for fact in found.all if isinstance(fact, Statement)}


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (NPM, {"Package:pkg:npm/%40acme/ledger-mcp@1.2.0": "2.1.0"}),
        (WORKSPACES, {"Package:pkg:npm/docs-mcp@0.3.0": "0.4.0", "Package:pkg:npm/docs-mcp@0.2.0": "0.4.0"}),
        (PIP, {"Package:pkg:pypi/ledger-mcp@1.0.0": "1.4.0"}),
        (DOTNET, {"Package:pkg:nuget/Acme.Ledger@1.0.0": "3.0.0"}),
    ],
    ids=["npm", "workspaces", "pip", "dotnet"],
)
def test_what_is_newest(data: object, expected: dict[str, str]) -> None:
    assert said(data) == expected


@pytest.mark.parametrize(
    "text", ['{"name": "shop", "dependencies": {"a": "^1"}}', '{"a": {"latest": 1}}', "[]", '[{"name": "a", "version": "1"}]']
)
def test_leaves_other_files_alone(text: str) -> None:
    assert not outdated_packages.detect("package.json", text.encode())


@pytest.mark.parametrize(
    "data",
    [
        {"a": [7, None]},
        {"a": {"current": 7, "latest": "1"}},
        {"projects": [{"frameworks": [7]}]},
        [7],
        {"a": {"current": "1.0.0", "latest": "x y"}},
        7,
    ],
)
def test_odd_shapes_say_nothing(data: object) -> None:
    assert not Facts(outdated_packages, document(json.dumps(data), "outdated.json")).all
