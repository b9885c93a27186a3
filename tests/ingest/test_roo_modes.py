"""Custom modes of Roo Code and Kilo Code."""

from __future__ import annotations

import json

import pytest

from graphinv.ingest import roo_modes
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document

MODES = """
customModes:
  - slug: ship
    name: Shipper
    roleDefinition: |-
      You ship: carefully.
    groups:
      - read
      - - edit
        - fileRegex: \\.md$
          description: Texts
      - command
      - mcp
    source: project
  - slug: look
    roleDefinition: You look.
    groups: [read, browser, modes]
  - name: nobody
"""


def read(text: str, path: str = "pay/.roomodes") -> Facts:
    return Facts(roo_modes, document(text, path))


def test_a_mode_is_an_agent_with_the_groups_that_it_lists() -> None:
    found = read(MODES)
    assert found.drawn("DELEGATES_TO") == {("roo:shop/pay", "roo:shop/pay#ship"), ("roo:shop/pay", "roo:shop/pay#look")}
    assert found.nodes["Agent", "roo:shop/pay#ship"]["name"] == "Shipper"
    assert found.nodes["Agent", "roo:shop/pay#look"]["name"] == "look"
    assert found.targets("USES", "roo:shop/pay#ship") == {"roo:read", "roo:edit", "roo:command"}
    assert found.targets("USES", "roo:shop/pay#look") == {"roo:read", "roo:browser"}
    assert found.targets("CONNECTS_TO", "roo:shop/pay#ship") == {"roo:*"}
    assert "execute" in found.nodes["Tool", "roo:command"]["effects"]
    assert found.problems == [("L18", "note", "a mode without a slug is not loaded")]
    assert found.nodes["Agent", "roo:shop/pay#look"]["sources"] == ["shop/pay/.roomodes#L15"]


def test_json_and_kilo_code() -> None:
    text = json.dumps({"customModes": [{"slug": "a", "name": "A", "roleDefinition": "r", "groups": ["command"]}]})
    found = read(text, ".kilocodemodes")
    assert found.targets("USES", "kilocode:shop#a") == {"kilocode:command"}


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        (".roomodes", "", True),
        ("x/.kilocodemodes", "", True),
        ("globalStorage/rooveterinaryinc.roo-cline/settings/custom_modes.yaml", "customModes: []", True),
        ("config/custom_modes.yaml", "modes: []", False),
        ("x/.roomodes.md", "", False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert roo_modes.detect(path, head.encode()) is ours


@pytest.mark.parametrize("text", ["", "[]", "a: [", "7"])
def test_what_is_no_file_of_modes_is_refused(text: str) -> None:
    with pytest.raises(IngestError):
        read(text)


def test_lists_of_another_type_are_told() -> None:
    assert [message for _, _, message in read("customModes: {}").problems] == ["customModes is no list"]
    assert [message for _, _, message in read("customModes: [{slug: a, groups: read}]").problems] == ["groups of mode 'a' are no list"]
