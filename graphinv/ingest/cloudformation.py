"""CloudFormation templates, SAM's, and what the CDK writes.

Drawn as for Terraform (:mod:`graphinv.ingest.terraform`), whose readers read both. Functions are carried out where their arguments are
constant; what has no name of its own goes by its logical id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphinv.ingest import Document
from graphinv.ingest.support.cloudformation import reading
from graphinv.ingest.support.cloudformation.reading import Stack
from graphinv.ingest.support.cloudformation.template import Estate, Template
from graphinv.ingest.support.cloudformation.translate import translated
from graphinv.ingest.support.partial import is_known
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.tags import environment_of_folder, environment_of_word
from graphinv.ingest.support.terraform.context import Context
from graphinv.ingest.support.terraform.readers import facts_of
from graphinv.model.facts import Fact, Problem

NAME = "cloudformation"
TITLE = "CloudFormation, SAM and CDK templates"
FILES = ("*.yaml, *.yml, *.json and *.template with AWSTemplateFormatVersion or resources of AWS",)

MAX_BYTES = 8 * 1024 * 1024

_ENDINGS = (".yaml", ".yml", ".json", ".template")
_TYPED = re.compile(rb"""["']?\bType["']?\s*:\s*["']?AWS::[A-Za-z0-9]+::""")
_PARAMETERS = re.compile(rb"""(?:^|[{,\n])\s*["']?(?:Resources|Parameters|Transform|Mappings|Conditions|Metadata|Globals)["']?\s*:""")


def detect(path: str, head: bytes) -> bool:
    """Whether its beginning is that of a template."""
    if not path.lower().endswith(_ENDINGS):
        return False
    return (
        b"AWSTemplateFormatVersion" in head
        or b"AWS::Serverless-2016-10-31" in head
        or bool(_TYPED.search(head) and _PARAMETERS.search(head))
    )


def summarise(document: Document) -> Stack | None:
    """One template without values of secrets; None for what only names types of AWS, such as a part of one.

    Raises:
        IngestError: neither JSON nor YAML, or a template without resources.
    """
    return reading.read(document)


def link(root: str, summaries: Mapping[str, Stack | None]) -> Iterator[Fact]:
    """Facts of all templates of ``root``: what one exports or has as an output is known to the others."""
    stacks = {path: stack for path, stack in summaries.items() if stack is not None}
    for stack in stacks.values():
        yield from stack.facts
    for template in Estate(root, stacks).tops():
        path = template.stack.path
        resources = [one for stated, kind in template.resources(path) for one in translated(stated, kind)]
        environment = _environment(template) or environment_of_folder(path.rpartition("/")[0]) or environment_of(path)
        yield from facts_of(Context(root, path, resources, environment=environment, ingestor=NAME))
        if template.exhausted:
            message = "is nested deeper, or takes more steps to evaluate, than is followed; parts are left open"
            yield Problem(path, "", message, "error", NAME)


def _environment(template: Template) -> str | None:
    """The environment that the default of a parameter names."""
    for name in ("Environment", "Env", "Stage", "EnvironmentName"):
        word = template.parameter(name) if name in template.parameters else None
        if isinstance(word, str) and is_known(word) and (found := environment_of_word(word)):
            return found
    return None
