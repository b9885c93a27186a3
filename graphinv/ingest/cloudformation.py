"""CloudFormation templates, SAM's, and what the CDK writes.

Drawn as for Terraform (:mod:`graphinv.ingest.terraform`), whose readers read both. Functions are carried out where their arguments are
constant; what has no name of its own goes by its logical id.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, yamldoc
from graphinv.ingest.support.cloudformation.template import Template, tagged
from graphinv.ingest.support.cloudformation.translate import translated
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.partial import is_known
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.tags import environment_of_folder, environment_of_word
from graphinv.ingest.support.terraform.context import Context
from graphinv.ingest.support.terraform.readers import facts_of
from graphinv.model.errors import IngestError
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


def read(document: Document) -> Iterator[Fact]:
    """Facts of one template.

    Raises:
        IngestError: neither JSON nor YAML, or no template.
    """
    located = _top(document)
    if not isinstance(located.value, dict) or not isinstance(located.value.get("Resources"), dict):
        if isinstance(located.value, dict) and "AWSTemplateFormatVersion" not in located.value:
            return  # a part of a template, or something that only names types of AWS
        raise IngestError("is a template without resources", document=document.path)
    facts: list[Fact] = []
    template = Template(document, located, facts)
    resources = [one for stated, kind in template.resources() for one in translated(stated, kind)]
    yield from facts
    environment = next(
        (
            found
            for name in ("Environment", "Env", "Stage", "EnvironmentName")
            if name in template.parameters and isinstance(word := template.parameter(name), str) and is_known(word)
            if (found := environment_of_word(word))
        ),
        None,
    )
    environment = environment or environment_of_folder(document.folder) or environment_of(document.path)
    yield from facts_of(Context(document.root, document.path, resources, environment=environment, ingestor=NAME))
    if template.exhausted:
        yield Problem(
            document.path, "", "is nested deeper, or takes more steps to evaluate, than is followed; parts are left open", "error", NAME
        )


def _top(document: Document) -> Located:
    if document.text().lstrip()[:1] == "{":
        return jsondoc.parse(document)
    found = [one for one in yamldoc.parse(document.text(), document, tagged=tagged) if one.value is not None]
    if not found:
        raise IngestError("is empty", document=document.path)
    return found[0]
