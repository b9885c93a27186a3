"""Terraform as it is written: folders that are applied, with the local modules they call, and their resources.

Drawn for AWS:
    (:Identity role, user, group), grants of their policies, (user)-[:MEMBER_OF]->(group)
    (:Runtime)-[:RUNS_AS]->(:Identity), (:Runtime)-[:HOLDS]->(:Secret), (:Resource), (:Owner)-[:OWNS]->(…) of tags
    (:Agent)-[:RUNS_AS]->(:Identity), (:Agent)-[:CONNECTS_TO]->(:ToolServer action group)-[:RUNS_ON]->(:Runtime)

Nothing is planned or applied: what only a provider knows stays open and keeps the name of what would tell it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from graphinv.ingest import Document
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.tags import environment_of_folder
from graphinv.ingest.support.terraform import ir, jsonsyntax
from graphinv.ingest.support.terraform.context import Context
from graphinv.ingest.support.terraform.lower import parse, parse_text
from graphinv.ingest.support.terraform.program import Program, unfollowed
from graphinv.ingest.support.terraform.readers import facts_of, readable
from graphinv.model.facts import Fact, Problem

NAME = "terraform"
TITLE = "Terraform and OpenTofu configuration"
FILES = ("*.tf", "*.tofu", "*.tf.json", "*.tfvars", "*.tfvars.json", "JSON and Vault policies and templates that configuration reads")

MAX_BYTES = 2 * 1024 * 1024

_OWN = (".tf", ".tofu", ".tfvars")
_JSON = (".tf.json", ".tofu.json", ".tfvars.json")
_POLICY = re.compile(rb'\s*\{\s*"(?:Version|Statement|Id)"\s*:')
_VAULT_POLICY = re.compile(rb'(?:^|\n)[ \t]*path[ \t]+"[^"\n]*"\s*\{')


def detect(path: str, head: bytes) -> bool:
    """Whether it is configuration or variables by its name, or a policy or template that configuration may read."""
    name = path.rpartition("/")[2].lower()
    if name.endswith((*_OWN, *_JSON)):
        return True
    if name.endswith((".hcl", ".policy", ".tpl", ".tftpl")) and b"capabilities" in head and _VAULT_POLICY.search(head):
        return True
    return name.endswith((".json", ".tpl", ".tftpl")) and bool(_POLICY.match(head)) and b'"Statement"' in head


def summarise(document: Document) -> ir.File:
    """What one document says, without values of secrets.

    Raises:
        IngestError: not text, nested without end, or not Terraform at all.
    """
    name = document.name.lower()
    if name.endswith(_JSON):
        return jsonsyntax.parse(document)
    return parse(document) if name.endswith(_OWN) else parse_text(document)


def link(root: str, summaries: Mapping[str, ir.File]) -> Iterator[Fact]:
    """Facts of all configuration of ``root``."""
    for file in summaries.values():
        if file.text is None:
            yield from file.facts
            yield from file.problems
    program = Program(root, summaries)
    contexts = [_context(root, program, folder) for folder in program.applied()]
    profiles = {name: role for context in contexts for name, role in context.profiles.items()}
    for context in contexts:
        yield from facts_of(replace(context, elsewhere=profiles))
    for path, line, source in unfollowed(program):
        if source.startswith((".", "/")):
            yield Problem(path, f"L{line}", "calls a module whose folder is not among the files", "warning", NAME)
        else:
            yield Problem(path, f"L{line}", "calls a module that is not in this tree; what it declares is not known", "warning", NAME)
    for _, count in program.world.cut:
        yield Problem("", "", f"{count:,} instances of one resource or module; the first are read", "warning", NAME)
    if program.world.exhausted:
        yield Problem("", "", "more resources, modules or steps of evaluation than are followed; some are left out or open", "error", NAME)


def _context(root: str, program: Program, folder: str) -> Context:
    resources = list(readable(program.resources(folder)))
    environment = program.environment(folder) or environment_of_folder(folder) or environment_of(f"{folder}/main.tf")
    return Context(root, folder, resources, environment=environment, tags=program.providers.tags if program.providers else {})
