"""Terraform's language written as JSON (``*.tf.json``), as people generate it and the CDK for Terraform does."""

from __future__ import annotations

import re
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.jsondoc import parse as parse_json
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.masked import mask
from graphinv.ingest.support.syntax_trees import Allowance
from graphinv.ingest.support.terraform import ir
from graphinv.ingest.support.terraform.lower import MAX_DEPTH, expression
from graphinv.ingest.support.terraform.sensitive import is_sensitive
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem

_FILLED = re.compile(r"\$\{(\w{1,100})[^{}]{0,1000}\}")
_LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1, "provider": 1}
"""Kinds of blocks → how many keys stand before the body."""


def parse(document: Document) -> ir.File:
    """The document.

    Raises:
        IngestError: not JSON, no object at its top, or made to take long.
    """
    located = parse_json(document)
    if not isinstance(located.value, dict):
        raise IngestError("holds no object at its top", document=document.path, where="L1")
    return _Reader(document, located).file()


class _Reader:
    def __init__(self, document: Document, located: Located) -> None:
        self.document = document
        self.located = located
        self.allowance = Allowance(len(document.data))
        self.facts: list[Fact] = []
        self.problems: list[Problem] = []
        self.variables = document.name.lower().endswith(".tfvars.json")

    def file(self) -> ir.File:
        top: dict[str, Any] = self.located.value
        if self.variables:
            (given,) = self.blocks("", (), top, (), 0)
            return ir.File(self.document.path, given, None, tuple(self.facts), tuple(self.problems))
        blocks: list[ir.Block] = []
        for kind, value in top.items():
            if kind == "locals":
                blocks += self.blocks(kind, (), value, (kind,), 0)
            elif kind in _LABELS:
                blocks += self.blocks(kind, (), value, (kind,), _LABELS[kind])
        return ir.File(self.document.path, ir.Block("", (), 1, blocks=tuple(blocks)), None, tuple(self.facts), tuple(self.problems))

    def blocks(self, kind: str, labels: tuple[str, ...], value: Any, at: Pointer, left: int) -> list[ir.Block]:
        """Blocks of a kind: under each of their labels, or in lists of them."""
        if isinstance(value, list):
            return [block for index, item in enumerate(value) for block in self.blocks(kind, labels, item, (*at, index), left)]
        if not isinstance(value, dict):
            return []
        if left:
            return [
                block
                for label, inner in value.items()
                if label != "//"
                for block in self.blocks(kind, (*labels, label), inner, (*at, label), left - 1)
            ]
        line = self.located.line(*at)
        attributes: dict[str, ir.Expr] = {}
        lines: dict[str, int] = {}
        for name, inner in value.items():
            if name == "//":
                continue
            lines[name] = self.located.lines.get((*at, name), line)
            key = labels[-1] if kind in ("variable", "output") and name in ("default", "value") else name
            secret = is_sensitive(labels[0] if labels else "", name, value.get("type"))
            attributes[name] = self.expr(inner, key, lines[name], secret, 0)
        return [ir.Block(kind, labels, line, attributes, lines)]

    def expr(self, value: Any, key: str, line: int, secret: bool, depth: int) -> ir.Expr:
        if isinstance(value, str):
            if self.variables:
                # No expressions there, and what azd fills in before Terraform runs: its names stay, without what it presets.
                value = _FILLED.sub(r"${\1}", value.replace("%{", "%%{")) if "${" in value else value
            if "${" in value or ("%{" in value and not self.variables):
                return expression(self.document, value, key, line, secret, self.facts, self.allowance)
            return ir.Literal(mask(self.document, line, key, value, self.facts, sensitive=secret))
        if depth > MAX_DEPTH:
            message = f"holds values nested deeper than {MAX_DEPTH}, which are not read"
            self.problems.append(Problem(self.document.path, f"L{line}", message, "error", "terraform"))
            return ir.Unread()
        if isinstance(value, list):
            return ir.Tuple(tuple(self.expr(item, key, line, secret, depth + 1) for item in value))
        if isinstance(value, dict):
            name = value.get("name")
            called = name if isinstance(name, str) else key
            pairs = [
                (
                    ir.Literal(mask(self.document, line, "", name, self.facts)),
                    self.expr(inner, called if name == "value" else name, line, secret or is_sensitive("", name), depth + 1),
                )
                for name, inner in value.items()
            ]
            return ir.Object(tuple(pairs))
        return ir.Literal(value)
