"""Charts of a root: which templates belong together, with which values, and what they come to.

A chart is filled in as ``helm template`` does without further values, under its own name as the release's. What asks a cluster, or is made
up anew each time, gives nothing or a fixed text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.helm.evaluate import Budget, Engine
from graphinv.ingest.support.helm.functions import FUNCTIONS, true
from graphinv.ingest.support.helm.parsing import Block, Node, TemplateError, parse
from graphinv.ingest.support.masked import mask, unmasked
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secrets import looks_secret_name
from graphinv.model.errors import IngestError

MAX_CHARTS = 2_000
MAX_TEMPLATES = 20_000
MAX_DEPTH = 60
_HIDDEN = "REDACTED"
"""Stands for a credential. Stars would be an alias in YAML."""
DESCRIPTIONS = ("Chart.yaml", "Chart-template.yaml")
_STATED = re.compile(r"^(\s*(?:- )?[\"']?(?P<key>[\w.-]{1,200})[\"']?\s*:\s+)(?P<value>\S.*)$")
_PLAIN = re.compile(r"(?:[\"']?(?:true|false|null|~|[0-9]{1,12}|\[\]|\{\})[\"']?|[|>][-+]?|[&*!].*)?(?:\s+#.*)?")


@dataclass(frozen=True, slots=True)
class File:
    """A file of a chart, without credentials: its description, its values (both as plain values), or a template (as text)."""

    kind: str
    value: Any


@dataclass(frozen=True, slots=True)
class Filled:
    """What a template comes to, with the line of the template for each line; or what keeps it from being filled in."""

    text: str = ""
    lines: tuple[int, ...] = ()
    why: str = ""


def is_part(path: str, head: bytes) -> bool:
    """Whether a file is one of a chart by its name and beginning, besides the descriptions, which are objects by their form."""
    name = path.rpartition("/")[2]
    within = "/templates/" in f"/{path}"
    partial = name.startswith("_") and name.endswith(".tpl")
    return name == "values.yaml" or (within and (partial or (_is_template(name) and b"{{" in head)))


def _is_template(name: str) -> bool:
    return name.endswith((".yaml", ".yml"))


def read(document: Document) -> File | None:
    """A file of a chart; None for one that is none, or whose values are no YAML."""
    name, within = document.name, "/templates/" in f"/{document.path}"
    if name in DESCRIPTIONS or name == "values.yaml":
        try:
            found = yamldoc.parse(document.text(), document)
        except IngestError:
            return None
        value = found[0].value if found else None
        kind = "values" if name == "values.yaml" else "chart"
        return File(kind, _masked(document, "", value, 0)) if isinstance(value, dict) else None
    if within and (name.endswith(".tpl") or (_is_template(name) and b"{{" in document.data)):
        return File("template", _template(document))
    return None


def _masked(document: Document, key: str, value: Any, depth: int) -> Any:
    """A value without credentials."""
    if isinstance(value, str):
        return _without(document, key, value)
    if depth > MAX_DEPTH:
        return None
    if isinstance(value, list):
        return [_masked(document, key, one, depth + 1) for one in value]
    if isinstance(value, dict):
        named = value.get("name")
        called = named if isinstance(named, str) and "value" in value else ""
        return {
            hide(name): _masked(document, called if name == "value" and called else name, one, depth + 1) for name, one in value.items()
        }
    return value


def _without(document: Document, key: str, text: str) -> str:
    return unmasked(mask(document, 1, key, text, [])).replace("***", _HIDDEN)


def _template(document: Document) -> str:
    """A template's text without credentials: those that show, and what stands where a name asks for one."""
    lines: list[str] = []
    named = ""
    for line in _without(document, "", document.text()).split("\n"):
        stated = _STATED.match(line)
        key = stated["key"] if stated else ""
        asked = named if key == "value" else key
        if stated and asked != "key" and looks_secret_name(asked) and "{{" not in stated["value"] and not _PLAIN.fullmatch(stated["value"]):
            lines.append(f"{stated[1]}{_HIDDEN}")
        else:
            lines.append(line)
        named = stated["value"].strip("\"' ") if stated and key == "name" else ""
    return "\n".join(lines)


@dataclass
class _Chart:
    folder: str
    name: str
    about: Mapping[str, Any]
    values: dict[str, Any] = field(default_factory=dict)
    templates: dict[str, str] = field(default_factory=dict)
    inner: list[_Chart] = field(default_factory=list)

    def everything(self) -> Iterator[_Chart]:
        yield self
        for one in self.inner:
            yield from one.everything()


def fill(files: Mapping[str, File]) -> dict[str, Filled]:
    """Templates of all charts by path; of those that belong to no chart nothing."""
    charts = _charts(files)
    # What is switched off, and what only lends its definitions to others, comes to nothing.
    filled = {path: Filled() for chart in charts.values() for path in chart.templates}
    trees = {path: _tree(text) for chart in charts.values() for path, text in chart.templates.items()}
    budget = Budget()
    inner = {one.folder for chart in charts.values() for one in chart.inner}
    for chart in charts.values():
        if chart.folder not in inner and chart.about.get("type") != "library":
            filled |= _fill(chart, charts, trees, budget)
    return filled


def _charts(files: Mapping[str, File]) -> dict[str, _Chart]:
    """Charts by folder, with those that lie in their ``charts``."""
    found: dict[str, _Chart] = {}
    for name in DESCRIPTIONS:
        for path, file in sorted(files.items()):
            folder = str(PurePosixPath(path).parent)
            if file.kind == "chart" and path.rpartition("/")[2] == name and folder not in found and len(found) < MAX_CHARTS:
                called = file.value.get("name")
                found[folder] = _Chart(folder, called if isinstance(called, str) else PurePosixPath(folder).name, file.value)
    for path, file in sorted(files.items())[:MAX_TEMPLATES]:
        owner = next((str(one) for one in PurePosixPath(path).parents if str(one) in found), None)
        if owner is not None and file.kind == "template" and path.removeprefix(f"{owner}/").startswith("templates/"):
            found[owner].templates[path] = file.value
        elif owner is not None and file.kind == "values" and str(PurePosixPath(path).parent) == owner:
            found[owner].values = file.value
    for folder, chart in found.items():
        place = PurePosixPath(folder)
        if place.parent.name == "charts" and (outer := found.get(str(place.parent.parent))):
            outer.inner.append(chart)
    return found


def _beside(chart: _Chart, charts: Mapping[str, _Chart]) -> Iterator[_Chart]:
    """Charts of the root that it depends on by their folder (``file://../common``)."""
    listed = chart.about.get("dependencies")
    for one in listed if isinstance(listed, list) else ():
        repository = one.get("repository") if isinstance(one, dict) else None
        if isinstance(repository, str) and repository.startswith("file://"):
            parts: list[str] = [part for part in chart.folder.split("/") if part not in ("", ".")]
            for part in repository.removeprefix("file://").split("/"):
                if part == "..":
                    parts = parts[:-1]
                elif part not in ("", "."):
                    parts.append(part)
            found = charts.get("/".join(parts) or ".")
            if found is not None and found is not chart:
                yield found


def _tree(text: str) -> list[Node] | TemplateError:
    try:
        return parse(text)
    except TemplateError as error:
        return error


def _fill(top: _Chart, charts: Mapping[str, _Chart], trees: Mapping[str, list[Node] | TemplateError], budget: Budget) -> dict[str, Filled]:
    """Templates of a chart and of those inside it."""
    defined: dict[str, list[Node]] = {}
    filled: dict[str, Filled] = {}
    for chart in reversed([*top.everything(), *_beside(top, charts)]):
        for path in chart.templates:
            tree = trees[path]
            if not isinstance(tree, TemplateError):
                defined[_called(chart, path)] = tree
                defined |= {one.name: one.body for one in _defines(tree)}
    engine = Engine(defined, budget)
    release = {"Name": top.name, "Namespace": "default", "Service": "Helm", "IsInstall": True, "IsUpgrade": False, "Revision": 1}
    for chart, values in _with_values(top, _copy(top.values)):
        data = {
            "Values": values,
            "Chart": {
                "Name": chart.name,
                **{name[:1].upper() + name[1:]: one for name, one in chart.about.items() if isinstance(name, str)},
            },
            "Release": release,
            "Capabilities": _CAPABILITIES,
            "Files": _FILES,
            "Subcharts": {},
        }
        for path in chart.templates:
            inside = path.removeprefix(f"{chart.folder}/")
            if path.rpartition("/")[2].startswith("_") or inside.startswith("templates/tests/"):
                continue
            named = {"Name": _called(chart, path), "BasePath": f"{chart.name}/templates"}
            try:
                tree = trees[path]
                if isinstance(tree, TemplateError):
                    raise tree
                text, lines = engine.fill(tree, {**data, "Template": named})
            except TemplateError as error:
                filled[path] = Filled(why=str(error))
                continue
            before = filled.get(path)  # of a chart that is there several times under other names
            if before is None:
                filled[path] = Filled(text, tuple(lines))
            elif not before.why:
                filled[path] = Filled(f"{before.text}\n---\n{text}", (*before.lines, 1, *lines))
    return filled


def _called(chart: _Chart, path: str) -> str:
    """How a template's file is called by others."""
    return f"{chart.name}/{path.removeprefix(f'{chart.folder}/')}"


def _defines(nodes: list[Node]) -> Iterator[Block]:
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        if isinstance(node, Block):
            if node.word in ("define", "block"):
                yield node
            waiting += [*node.body, *node.otherwise]


def _with_values(chart: _Chart, values: dict[str, Any], depth: int = 0) -> Iterator[tuple[_Chart, dict[str, Any]]]:
    """The chart and those inside it that its values switch on, each with its own."""
    yield chart, values
    listed = chart.about.get("dependencies")
    entries = [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    for inner in chart.inner if depth < MAX_DEPTH else ():
        for entry in [one for one in entries if one.get("name") == inner.name] or [{}]:
            alias = entry.get("alias")
            given = values.get(alias if isinstance(alias, str) else inner.name)
            if _switched_off(entry.get("condition"), values):
                continue
            own = FUNCTIONS["mergeOverwrite"](_copy(inner.values), _copy(given) if isinstance(given, dict) else {})
            if isinstance(values.get("global"), dict):
                own["global"] = FUNCTIONS["mergeOverwrite"](own.get("global") or {}, _copy(values["global"]))
            yield from _with_values(inner, own, depth + 1)


def _switched_off(condition: object, values: Mapping[str, Any]) -> bool:
    """Whether the first condition of a dependency that the values answer is false."""
    for path in condition.split(",") if isinstance(condition, str) else ():
        value: Any = values
        for name in path.strip().split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if isinstance(value, bool):
            return not true(value)
    return False


def _copy(value: Any) -> Any:
    return json.loads(json.dumps(value, default=str))


_BUILT_IN = frozenset(
    {
        *("", "apps", "autoscaling", "batch", "policy", "admissionregistration.k8s.io", "apiextensions.k8s.io", "apiregistration.k8s.io"),
        *("authentication.k8s.io", "authorization.k8s.io", "certificates.k8s.io", "coordination.k8s.io", "discovery.k8s.io"),
        *("events.k8s.io", "networking.k8s.io", "node.k8s.io", "rbac.authorization.k8s.io", "scheduling.k8s.io", "storage.k8s.io"),
    }
)
"""Groups of objects that every cluster has: others are there only where something brings them."""


def _has(version: object = "", *_: object) -> bool:
    group, slash, _rest = str(version).partition("/")
    return (group if slash and not re.fullmatch(r"v[0-9]\w*", group) else "") in _BUILT_IN


_CAPABILITIES = {
    "APIVersions": {"Has": _has},
    "KubeVersion": {"Version": "v1.31.0", "GitVersion": "v1.31.0", "Major": "1", "Minor": "31"},
    "HelmVersion": {"Version": "v3.16.0"},
}
_FILES = {
    "Get": lambda *_: "",
    "GetBytes": lambda *_: "",
    "Lines": lambda *_: [],
    "Glob": lambda *_: {"AsConfig": "{}", "AsSecrets": "{}"},
    "AsConfig": lambda *_: "{}",
    "AsSecrets": lambda *_: "{}",
}
