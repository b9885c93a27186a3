"""Bytes of a template → plain values without credentials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, yamldoc
from graphinv.ingest.support.cloudformation.types import KINDS, snake
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.masked import mask
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.terraform.sensitive import is_sensitive
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact

MAX_DEPTH = 80

_LONG = {"Ref": "Ref", "Condition": "Condition"}
_REFERENCES = ("Ref", "Fn::GetAtt", "Fn::ImportValue", "Condition")
_SECTIONS = ("Parameters", "Mappings", "Conditions", "Globals", "Resources", "Outputs")


@dataclass(frozen=True, slots=True)
class Stack:
    """One template: its sections, masked, and the line of each resource. ``facts`` are about the credentials in it; ``cut`` says that
    something is nested deeper than is read."""

    path: str
    sections: dict[str, Any]
    lines: dict[str, int]
    facts: tuple[Fact, ...]
    cut: bool = False


def read(document: Document) -> Stack | None:
    """The template; None for what only names types of AWS, such as a part of one, and for a frame whose resources are yet to come.

    Raises:
        IngestError: neither JSON nor YAML, or a template without resources.
    """
    located = _top(document)
    top = located.value
    if not isinstance(top, dict) or not isinstance(top.get("Resources"), dict):
        if isinstance(top, dict) and ("AWSTemplateFormatVersion" not in top or top.get("Resources", ...) is None):
            return None
        raise IngestError("is a template without resources", document=document.path)
    masking = Masking(document)
    sections = {name: masking.section(located, name, top[name]) for name in _SECTIONS if isinstance(top.get(name), dict)}
    lines = {name: located.line("Resources", name) for name in top["Resources"]}
    return Stack(document.path, sections, lines, tuple(masking.facts), masking.cut)


def _top(document: Document) -> Located:
    if document.text().lstrip()[:1] == "{":
        return jsondoc.parse(document)
    found = [one for one in yamldoc.parse(document.text(), document, tagged=_tagged) if one.value is not None]
    if not found:
        raise IngestError("is empty", document=document.path)
    return found[0]


def _tagged(tag: str, value: Any) -> Any:
    """The long form of a function that stands as a tag: ``!Sub text`` is ``{"Fn::Sub": text}``."""
    name = tag.removeprefix("!")
    return {_LONG.get(name, f"Fn::{name}"): value}


class Masking:
    """Takes credentials out of a template, or of what is written in its words. ``facts`` are about them."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.facts: list[Fact] = []
        self.cut = False

    def section(self, located: Located, name: str, section: dict[str, Any]) -> dict[str, Any]:
        """A section of a template."""
        found: dict[str, Any] = {}
        for key, inner in section.items():
            line = located.line(name, key)
            kind = inner.get("Type") if isinstance(inner, dict) else None
            if name == "Parameters" and isinstance(inner, dict):
                secret = str(inner.get("NoEcho")).lower() == "true"
                default = self.masked(inner.get("Default"), key, line, "", 0, secret)
                found[key] = {**{field: value for field, value in inner.items() if field == "Type"}, "Default": default}
                if "Default" not in inner:
                    del found[key]["Default"]
            else:
                known = KINDS.get(kind) if name == "Resources" and isinstance(kind, str) else None
                found[key] = self.masked(inner, key, line, known.type if known else "", 0)
        return found

    def masked(self, value: Any, key: str, line: int, kind: str, depth: int, sensitive: bool = False) -> Any:
        """``value``, which stands under ``key`` of a resource of Terraform's type ``kind``, with marks for credentials."""
        if isinstance(value, str):
            return mask(self.document, line, key, value, self.facts, sensitive=sensitive and "{{resolve:" not in value)
        if depth > MAX_DEPTH:
            self.cut = True
            return None
        if isinstance(value, list):
            return [self.masked(item, _called(item) or key, line, kind, depth + 1, sensitive) for item in value]
        if isinstance(value, dict):
            function = len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref", "Condition"))
            found: dict[str, Any] = {}
            for name, inner in value.items():
                inside = key if function or name in ("Value", "value") else name
                refers = function and name in _REFERENCES
                secret = not refers and (sensitive or is_sensitive(kind, snake(name), "String"))
                found[hide(name)] = inner if refers else self.masked(inner, inside, line, kind, depth + 1, secret)
            return found
        return value


def _called(item: Any) -> str:
    """The name in ``{Name: …, Value: …}``."""
    name = item.get("Name") if isinstance(item, dict) and "Value" in item else None
    return name if isinstance(name, str) else ""
