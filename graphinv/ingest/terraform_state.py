"""Terraform's state (version 4) and the JSON of ``terraform show``: resources as they are, with the facts of :mod:`.terraform`.

State holds passwords and keys in clear text: each becomes its fingerprint before anything else looks at it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.jsondoc import parse
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.masked import mask
from graphinv.ingest.support.parts import items
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.tags import environment_of_folder
from graphinv.ingest.support.terraform.context import Context
from graphinv.ingest.support.terraform.naming import Home
from graphinv.ingest.support.terraform.program import Resource
from graphinv.ingest.support.terraform.readers import facts_of, readable
from graphinv.ingest.support.terraform.sensitive import is_sensitive
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem

NAME = "terraform_state"
TITLE = "Terraform state and plans"
FILES = ("*.tfstate", "*.tfstate.backup", "any JSON file that `terraform show -json` wrote")

MAX_BYTES = 64 * 1024 * 1024
MAX_DEPTH = 60
MAX_MODULES = 10_000

_STATE = re.compile(rb'\s*\{\s*"(?:version|format_version)"\s*:\s*[^,]{1,20},\s*"terraform_version"\s*:')


def detect(path: str, head: bytes) -> bool:
    """Whether it is a state by its name, or begins as a state or plan in JSON."""
    name = path.rpartition("/")[2].lower()
    return name.endswith((".tfstate", ".tfstate.backup")) or (name.endswith(".json") and _STATE.match(head) is not None)


def read(document: Document) -> Iterator[Fact]:
    """Facts of one state.

    Raises:
        IngestError: not JSON, or of a version that is not read.
    """
    located = parse(document)
    top = located.value
    if not isinstance(top, dict):
        raise IngestError("holds no object at its top", document=document.path, where="L1")
    facts: list[Fact] = []
    masking = _Masking(document, located, facts)
    if isinstance(top.get("resources"), list):
        resources = list(_version_4(document, located, masking))
    elif "format_version" in top:
        resources = list(_shown(document, located, masking))
    elif top.get("version") in (1, 2, 3):
        raise IngestError(
            "is a state of before Terraform 0.12",
            document=document.path,
            where="L1",
            remedy="`terraform state pull` with a newer Terraform",
        )
    else:
        resources = []
    masking.outputs(top.get("outputs"))
    yield from facts
    home = _home(document.root, resources)
    resources = list(readable(_at_home(one, home) for one in resources))
    environment = environment_of_folder(document.folder) or environment_of(document.path)
    # A plan asks for what it holds; a state tells what is there.
    evidence = "declared" if "planned_values" in top else "granted"
    yield from facts_of(Context(document.root, document.folder, resources, evidence, environment, ingestor=NAME))
    yield from masking.problems()


def _version_4(document: Document, located: Located, masking: _Masking) -> Iterator[Resource]:
    for index, resource in enumerate(items(located.value["resources"])):
        module = resource.get("module")
        prefix = (f"{module}." if isinstance(module, str) else "") + ("data." if resource.get("mode") == "data" else "")
        for number, instance in enumerate(items(resource.get("instances"))):
            pointer: Pointer = ("resources", index, "instances", number)
            key = instance.get("index_key")
            address = f"{prefix}{resource.get('type')}.{resource.get('name')}" + ("" if key is None else f"[{key}]")
            hidden = _hidden(instance.get("sensitive_attributes"))
            values = masking.values(instance.get("attributes"), str(resource.get("type")), (*pointer, "attributes"), hidden)
            yield _resource(document, resource, address, values, located.line(*pointer))


def _shown(document: Document, located: Located, masking: _Masking) -> Iterator[Resource]:
    """Resources of ``terraform show -json``, of a state or of a plan."""
    top = located.value
    start = top.get("planned_values", top.get("values"))
    pending: list[tuple[Pointer, Any]] = []
    if isinstance(start, dict):
        pending.append((("planned_values" if "planned_values" in top else "values", "root_module"), start.get("root_module")))
    modules = 0
    while pending and modules < MAX_MODULES:
        at, module = pending.pop(0)
        modules += 1
        if not isinstance(module, dict):
            continue
        for index, resource in enumerate(items(module.get("resources"))):
            pointer = (*at, "resources", index)
            address = str(resource.get("address") or f"{resource.get('type')}.{resource.get('name')}")
            hidden = _marked(resource.get("sensitive_values"))
            values = masking.values(resource.get("values"), str(resource.get("type")), (*pointer, "values"), hidden)
            yield _resource(document, resource, address, values, located.line(*pointer))
        pending += [((*at, "child_modules", index), inner) for index, inner in enumerate(items(module.get("child_modules")))]


def _resource(document: Document, resource: dict[str, Any], address: str, values: dict[str, Any], line: int) -> Resource:
    kind, name, mode = (str(resource.get(key) or "") for key in ("type", "name", "mode"))
    return Resource(mode or "managed", kind, name, address, values, document.path, line, document.folder, Home(document.root))


class _Masking:
    """Takes credentials out of what a state holds."""

    def __init__(self, document: Document, located: Located, facts: list[Fact]) -> None:
        self.document = document
        self.located = located
        self.facts = facts
        self.deep = False

    def values(self, value: object, kind: str, pointer: Pointer, hidden: set[str]) -> dict[str, Any]:
        """Attributes of a resource; those in ``hidden`` hold nothing but credentials."""
        line = self.located.line(*pointer)
        found: dict[str, Any] = {}
        variant = value.get("type") if isinstance(value, dict) else None
        for name, inner in value.items() if isinstance(value, dict) else ():
            at = self.located.lines.get((*pointer, name), line)
            found[name] = self.masked(inner, name, at, kind, name in hidden or is_sensitive(kind, name, variant), 0)
        return found

    def masked(self, value: object, key: str, line: int, kind: str, sensitive: bool, depth: int) -> object:
        if isinstance(value, str):
            whole = sensitive and not value.startswith("arn:")
            return mask(self.document, line, key, value, self.facts, sensitive=whole)
        if depth > MAX_DEPTH:
            self.deep = True
            return None
        if isinstance(value, list):
            called = [item.get("name") if isinstance(item, dict) else None for item in value]
            return [
                self.masked(item, name if isinstance(name, str) else key, line, kind, sensitive, depth + 1)
                for item, name in zip(value, called, strict=True)
            ]
        if isinstance(value, dict):
            # {name = "API_KEY", value = "…"}: the value stands under the name.
            return {
                hide(name): self.masked(inner, key if name == "value" else name, line, kind, sensitive or is_sensitive("", name), depth + 1)
                for name, inner in value.items()
            }
        return value

    def outputs(self, value: object) -> None:
        for name, output in value.items() if isinstance(value, dict) else ():
            if isinstance(output, dict):
                line = self.located.line("outputs", name)
                self.masked(output.get("value"), name, line, "", output.get("sensitive") is True, 0)

    def problems(self) -> Iterator[Fact]:
        if self.deep:
            yield Problem(self.document.path, "", f"holds values nested deeper than {MAX_DEPTH}, which are not read", "error", NAME)


def _hidden(paths: object) -> set[str]:
    """Attributes that a state says are sensitive: of each path its first step."""
    found: set[str] = set()
    for path in paths if isinstance(paths, list) else ():
        step = path[0] if isinstance(path, list) and path else path
        name = step.get("value") if isinstance(step, dict) else None
        if isinstance(name, str):
            found.add(name)
    return found


def _marked(value: object) -> set[str]:
    return {name for name, inner in value.items() if inner is True} if isinstance(value, dict) else set()


def _home(root: str, resources: list[Resource]) -> Home:
    """The account that most of a state's ARNs are of."""
    counts: dict[str, int] = {}
    for one in resources:
        fields = arns.parse(one.text("arn"))
        account = fields.account if fields else (arns.key_account(one.text("id")) if one.type == "aws_iam_access_key" else None)
        if account and arns.is_account(account):
            counts[account] = counts.get(account, 0) + 1
    return Home(root, max(counts, key=lambda name: (counts[name], name), default=""))


def _at_home(one: Resource, home: Home) -> Resource:
    fields = arns.parse(one.text("arn"))
    if fields is None:
        return replace(one, home=home)
    account = fields.account if arns.is_account(fields.account) else home.account
    return replace(one, home=Home(home.root, account, fields.region, fields.partition or "aws"))
