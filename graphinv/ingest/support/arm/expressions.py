"""Expressions of ARM templates, ``[concat(parameters('a'), '-b')]``: a text → :mod:`.ir`."""

from __future__ import annotations

import re
from collections.abc import Callable

from graphinv.ingest.support.arm import ir

MAX_DEPTH = 60
_TOKEN = re.compile(r"\s*(?:(?P<text>'(?:[^']|'')*')|(?P<number>-?[0-9]+(?:\.[0-9]+)?)|(?P<name>[A-Za-z_$][\w$]*)|(?P<sign>[()\[\],.]))")


class Unreadable(ValueError):
    """The text is no expression."""


def parse(text: str, masked: Callable[[str, bool], str]) -> ir.Expr:
    """The value of a text in a template: an expression where it stands in brackets, else itself.

    Args:
        text: as it stands in the JSON.
        masked: takes credentials out of a constant; told whether it is a part of a text.

    Raises:
        Unreadable: it begins as an expression and is none.
    """
    if not text.startswith("[") or not text.endswith("]") or text.startswith("[["):
        return ir.Literal(masked(text[1:] if text.startswith("[[") else text, False))
    reader = _Reader(text[1:-1], masked)
    found = reader.expression(0)
    if reader.at < len(reader.tokens):
        raise Unreadable
    return found


class _Reader:
    def __init__(self, text: str, masked: Callable[[str, bool], str]) -> None:
        self.masked = masked
        self.tokens: list[tuple[str, str]] = []
        self.at = 0
        place = 0
        text = text.rstrip()
        while place < len(text):
            match = _TOKEN.match(text, place)
            if match is None or match.lastgroup is None:
                raise Unreadable
            self.tokens.append((match.lastgroup, match[match.lastgroup]))
            place = match.end()

    def next(self) -> tuple[str, str]:
        if self.at >= len(self.tokens):
            raise Unreadable
        self.at += 1
        return self.tokens[self.at - 1]

    def sees(self, sign: str) -> bool:
        """Takes ``sign`` if it comes next."""
        if self.at < len(self.tokens) and self.tokens[self.at] == ("sign", sign):
            self.at += 1
            return True
        return False

    def expression(self, depth: int) -> ir.Expr:
        if depth > MAX_DEPTH:
            raise Unreadable
        kind, text = self.next()
        if kind == "text":
            found: ir.Expr = ir.Literal(self.masked(text[1:-1].replace("''", "'"), True))
        elif kind == "number":
            found = ir.Literal(float(text) if "." in text else int(text[:18]))
        elif kind == "name":
            found = self.called(text, depth)
        else:
            raise Unreadable
        while True:
            if self.sees("."):
                kind, text = self.next()
                if kind != "name":
                    raise Unreadable
                found = ir.Member(found, text)
            elif self.sees("["):
                found = ir.Index(found, self.expression(depth + 1))
                if not self.sees("]"):
                    raise Unreadable
            else:
                return found

    def called(self, name: str, depth: int) -> ir.Expr:
        """A function, of a namespace of one's own too (``contoso.name(…)``)."""
        while self.at + 1 < len(self.tokens) and self.tokens[self.at] == ("sign", ".") and self.tokens[self.at + 1][0] == "name":
            name += "." + self.tokens[self.at + 1][1]
            self.at += 2
        if not self.sees("("):
            raise Unreadable
        arguments: list[ir.Expr] = []
        while not self.sees(")"):
            arguments.append(self.expression(depth + 1))
            if not self.sees(",") and self.tokens[self.at : self.at + 1] != [("sign", ")")]:
                raise Unreadable
        if name == "lambda" and len(arguments) > 1:
            names = tuple(str(one.value) for one in arguments[:-1] if isinstance(one, ir.Literal))
            return ir.Lambda(names, arguments[-1])
        if name == "lambdaVariables" and len(arguments) == 1 and isinstance(arguments[0], ir.Literal):
            return ir.Name(str(arguments[0].value))
        return ir.Call(name, tuple(arguments))
