"""Azure's templates: ARM templates, Bicep, and their files of parameters.

Drawn, here and by :mod:`graphinv.ingest.grants.azure` from the grants:
    (:Runtime)-[:RUNS_AS]->(:Identity managed identity)-[:CAN_ACCESS {actions, inherited_from}]->(:Resource)
    (:Runtime)-[:HOLDS]->(:Secret key of a service)-[:AUTHENTICATES_AS]->(:Identity)-[:CAN_ACCESS]->(:Resource)

Nothing is deployed or compiled: functions are carried out where their arguments are constant; what only a deployment tells stays open and
keeps the name of what would tell it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.arm import bicep, evaluate, ir, reading
from graphinv.ingest.support.arm.facts import Deployment
from graphinv.ingest.support.arm.things import World
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.partial import within
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.tags import environment_of_folder
from graphinv.model.facts import Fact, Problem

NAME = "arm"
TITLE = "ARM templates and Bicep"
FILES = ("*.bicep", "*.bicepparam", "any JSON file with the `$schema` of a deployment template or of its parameters", "azure.yaml")

MAX_BYTES = 8 * 1024 * 1024

_SCHEMA = re.compile(
    rb'"\$schema"\s*:\s*"https?://schema\.management\.azure\.com/[^"]{0,200}deployment(?:Template|Parameters)\.json', re.IGNORECASE
)
_SERVICES = re.compile(rb"^services\s*:", re.MULTILINE)

_TESTS = (".test.bicep", ".tests.bicep")
_PUBLIC = ("br/public:", "br:mcr.microsoft.com/bicep/")
"""Modules that Microsoft publishes: those that carry authority are known (:mod:`graphinv.ingest.support.arm.verified`)."""

Summary = ir.Template | ir.Values | dict[str, str]
"""The last is what an ``azure.yaml`` says: service → folder of its code."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is Bicep by its name, or begins as a template, or is what the Azure Developer CLI deploys by."""
    name = path.rpartition("/")[2].lower()
    if name in ("azure.yaml", "azure.yml"):
        return _SERVICES.search(head) is not None
    return name.endswith((".bicep", ".bicepparam")) or (
        name.endswith((".json", ".jsonc", ".template")) and _SCHEMA.search(head) is not None
    )


def summarise(document: Document) -> Summary:
    """What one document says, without values of secrets.

    Raises:
        IngestError: not text, JSON or YAML, or no template.
    """
    name = document.name.lower()
    if name.endswith((".bicep", ".bicepparam")):
        return bicep.read(document)
    if name.endswith((".yaml", ".yml")):
        return _services(document)
    return reading.read(document)


def _services(document: Document) -> dict[str, str]:
    """Service of the Azure Developer CLI → folder of its code, from the top of the root."""
    found: dict[str, str] = {}
    for located in yamldoc.parse(document.text(), document):
        services = located.value.get("services") if isinstance(located.value, dict) else None
        for name, one in services.items() if isinstance(services, dict) else ():
            project = one.get("project") if isinstance(one, dict) else None
            folder = within(document.folder, project) if isinstance(project, str) else None
            if folder is not None:
                found[str(name)] = folder or "."
    return found


def link(root: str, summaries: Mapping[str, Summary]) -> Iterator[Fact]:
    """Facts of all templates of ``root`` that no other one deploys, with the parameters of the one file that is for each."""
    templates = {path: one for path, one in summaries.items() if isinstance(one, ir.Template) and not _made_beside(one, summaries)}
    values = [one for one in summaries.values() if isinstance(one, ir.Values)]
    services = {name: folder for one in summaries.values() if isinstance(one, dict) for name, folder in one.items()}
    for stated in values:
        yield from stated.facts
    for template in templates.values():
        yield from template.facts
        yield from template.problems
    for path in _tops(templates):
        yield from _deployed(root, templates, templates[path], _given(templates[path], values), services)


def _made_beside(template: ir.Template, summaries: Mapping[str, Summary]) -> bool:
    """Whether a template was compiled from Bicep that lies beside it."""
    folder, _, name = template.path.rpartition("/")
    stems = {name.rpartition(".")[0], "main"}
    return template.compiled and any((f"{folder}/" if folder else "") + f"{stem}.bicep" in summaries for stem in stems)


def _tops(templates: Mapping[str, ir.Template]) -> list[str]:
    """Templates that no other one deploys; all where each is deployed by another one. What only tests others deploys nothing."""
    templates = {path: one for path, one in templates.items() if not path.lower().endswith(_TESTS)} or templates
    parts: set[str] = set()
    for path, template in templates.items():
        for module in template.modules:
            target = within(path.rpartition("/")[0], module.source) if module.source else None
            if target in templates and target != path:
                parts.add(str(target))
    return sorted(templates.keys() - parts) or sorted(templates)


def _given(template: ir.Template, values: list[ir.Values]) -> Mapping[str, ir.Expr]:
    """Parameters of the one file that names the template, or that is called like it or lies alone beside it."""
    folder, _, name = template.path.rpartition("/")
    stem = name.rpartition(".")[0]
    naming = [one for one in values if one.of and within(one.path.rpartition("/")[0], one.of) == template.path]
    beside = [one for one in values if one.path.rpartition("/")[0] == folder and not one.of]
    called = [one for one in beside if one.path.rpartition("/")[2].partition(".")[0] == stem]
    for found in (naming, called, beside):
        if len(found) == 1:
            return found[0].values
    return {}


def _deployed(
    root: str, templates: Mapping[str, ir.Template], template: ir.Template, given: Mapping[str, ir.Expr], services: Mapping[str, str]
) -> Iterator[Fact]:
    world = World(root, templates)
    environment = environment_of_folder(template.path.rpartition("/")[0]) or environment_of(template.path)

    def site(path: str, line: int, tags: Mapping[str, str]) -> Site:
        return Site(root, path, line, template.path, environment=environment, ingestor=NAME, tags=tags)

    try:
        found = list(evaluate.deployed(world, template, given).everything())
        yield from Deployment(world, site, services).facts(found)
    except RecursionError:
        world.exhausted = True
    for path, line, source in dict.fromkeys(world.unfollowed):
        what = "a template whose address is not known" if not source else "a template that is not in this tree"
        severity = "note" if source.startswith(_PUBLIC) else "warning"
        yield Problem(path, f"L{line}", f"deploys {what}; what it declares is not known", severity, NAME)
    if world.exhausted:
        yield Problem(
            template.path, "", "deploys more, or takes more steps to evaluate, than is followed; parts are left open", "error", NAME
        )
