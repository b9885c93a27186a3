"""Recipes of Goose: their extensions, and the recipes that they start."""

from __future__ import annotations

import json
from textwrap import dedent

import pytest

from graphinv.ingest import goose_recipes
from tests.ingest.reading import Facts, document, fake, fingerprint

RECIPE = """
version: "1.0.0"
title: "Ship it"
description: "Brings a change to production"
instructions: |
  Follow the steps.
parameters:
  - key: feature
    input_type: string
    requirement: required
    description: "What to ship"
sub_recipes:
  - name: "tester"
    path: "./roles/tester.yaml"
  - name: "elsewhere"
    path: "../../outside.yaml"
extensions:
  - type: builtin
    name: developer
    timeout: 300
    bundled: true
  - type: stdio
    name: tickets
    cmd: npx
    args: ["-y", "@acme/tickets-mcp@1.2.3"]
    env_keys: [TICKETS_TOKEN]
  - type: streamable_http
    name: docs
    uri: https://docs.acme.example/mcp
settings:
  goose_provider: anthropic
  goose_model: claude-sonnet-4-5
retry:
  max_retries: 2
  checks:
    - type: shell
      command: make test
"""
ME = "goose:shop/goose/ship"


def read(text: str, path: str = "goose/ship.yaml") -> Facts:
    given = document(dedent(text), path)
    assert goose_recipes.detect(given.path, given.data[:4096])
    return Facts(goose_recipes, given)


def test_a_recipe_with_everything() -> None:
    found = read(RECIPE)
    assert found.nodes["Agent", ME]["name"] == "Ship it"
    assert "labels" not in found.nodes["Agent", ME]
    assert found.targets("USES", ME) == {"goose:shell", "goose:text_editor", f"{ME}/retry"}
    servers = found.targets("CONNECTS_TO", ME)
    assert "https://docs.acme.example/mcp" in servers
    (started,) = servers - {"https://docs.acme.example/mcp"}
    assert found.nodes["ToolServer", started]["package"].startswith("pkg:npm/%40acme/tickets-mcp")
    assert found.nodes["ToolServer", started]["pinned"] is True
    assert "env:TICKETS_TOKEN" in found.targets("HOLDS", started)
    assert found.targets("DELEGATES_TO", ME) == {"goose:shop/goose/roles/tester"}
    assert found.targets("USES_MODEL", ME) == {"claude-sonnet-4-5"}
    assert [message for _, _, message in found.problems] == [
        "starts a recipe that is not in this tree, or whose path is filled in when it runs"
    ]


def test_a_recipe_in_json_that_lists_no_extensions() -> None:
    key = fake("recipe")
    given = {"title": "Look", "description": "Looks", "prompt": "Look.", "settings": {"goose_model": "x"}, "context": [f"api_key={key}"]}
    found = read(json.dumps(given, indent=1), "recipes/look.json")
    assert found.nodes["Agent", "goose:shop/recipes/look"]["labels"] == ["tools=inherited"]
    assert found.targets("HOLDS", "goose:shop/recipes/look") == {f"secret:{fingerprint(key)}"}


@pytest.mark.parametrize(
    "text",
    [
        "title: a\nprompt: b\n",
        "title: a\ndescription: c\nprompt: b\n",
        "title: a\ndescription: c\nprompt: b\nextensions: [x]\n",
        "title: a\ndescription: c\nprompt: {x: y}\nsub_recipes: [{path: a.yaml}]\n",
    ],
)
def test_what_is_none_says_nothing(text: str) -> None:
    assert not read(text, "prompts/a.yaml").all


def test_a_document_that_no_recipe_begins_like() -> None:
    assert not goose_recipes.detect("a.yaml", b"name: a\ndescription: b\nbody:\n- label: prompt\n")
    assert not goose_recipes.detect("a.md", RECIPE.encode())
    described = b"openapi: 3.0.3\ninfo:\n  title: todos\n  description: d\npaths:\n  /todos:\n    get:\n      parameters: []\n"
    assert not goose_recipes.detect("api.yaml", described)
