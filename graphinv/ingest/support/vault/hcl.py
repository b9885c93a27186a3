"""Policies in HCL: blocks ``path "…" { capabilities = […] }``, with comments, and the forms that they had before.

A reader of its own for a language this small: it takes each character once and is bounded in depth.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

MAX_RULES = 20_000
MAX_DEPTH = 20
_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n,]++|#[^\n]*+|//[^\n]*+|/\*(?>[^*]++|\*(?!/))*+\*/)"
    r'|(?P<string>"(?>[^"\\\n]++|\\.)*+")|(?P<word>[A-Za-z_][\w.-]*+)|(?P<number>-?[0-9][\w.]*+)|(?P<mark>[{}\[\]=:])'
)
_ALL = ("create", "read", "update", "delete", "list")
_OLD = {"deny": ("deny",), "read": ("read", "list"), "write": _ALL, "sudo": (*_ALL, "sudo")}
"""What ``policy = "…"`` stood for before there were capabilities."""


class PolicyError(ValueError):
    """The text is no policy; ``line`` is where it stops being one."""

    def __init__(self, line: int) -> None:
        self.line = line
        super().__init__(f"line {line}")


@dataclass(frozen=True, slots=True)
class Rule:
    """``capabilities`` on ``path``; ``line`` of the text. ``parameters`` says that what may be written is limited."""

    path: str
    capabilities: tuple[str, ...]
    line: int = 1
    parameters: bool = False


def rules(text: str) -> list[Rule]:
    """All rules of a policy, in order; O(length).

    Raises:
        PolicyError: it is not HCL, is cut off, nested deeper than 20, or holds more than 20,000 rules.
    """
    if text.lstrip()[:1] == "{":
        return _of_json(text)
    found = [_rule(labels[1], value, line) for labels, value, line in _Parser(text).body() if len(labels) == 2 and labels[0] == "path"]
    if len(found) > MAX_RULES:
        raise PolicyError(found[MAX_RULES].line)
    return found


def _rule(path: str, block: object, line: int) -> Rule:
    fields = block if isinstance(block, dict) else {}
    stated = fields.get("capabilities")
    capabilities = [one for one in stated if isinstance(one, str)] if isinstance(stated, list) else []
    capabilities += _OLD.get(str(fields.get("policy")), ())
    return Rule(path, tuple(dict.fromkeys(capabilities)), line, any(str(key).endswith("_parameters") for key in fields))


_Item = tuple[list[str], Any, int]
"""Words before a value, the value, the line."""


class _Parser:
    """Recursive descent, at most :data:`MAX_DEPTH` deep."""

    def __init__(self, text: str) -> None:
        self.tokens = list(_tokens(text))
        self.position = 0
        self.last = text.count("\n") + 1

    def peek(self) -> str:
        """The mark that comes next; ``"value"`` for anything else, ``""`` at the end."""
        if self.position >= len(self.tokens):
            return ""
        kind, text, _ = self.tokens[self.position]
        return text if kind == "mark" else "value"

    def take(self) -> tuple[str, int]:
        if self.position >= len(self.tokens):
            raise PolicyError(self.last)
        _, text, line = self.tokens[self.position]
        self.position += 1
        return text, line

    def body(self, depth: int = 0) -> Iterator[_Item]:
        """Settings and blocks up to the end of the block, or of the text."""
        while (mark := self.peek()) != ("}" if depth else ""):
            if mark != "value":
                raise PolicyError(self.take()[1])
            text, line = self.take()
            labels = [text]
            while self.peek() == "value":
                labels.append(self.take()[0])
            if self.peek() in ("=", ":"):
                self.take()
            yield labels, self.value(depth + 1), line

    def value(self, depth: int) -> Any:
        mark = self.peek()
        text, line = self.take()
        if mark == "value":
            return text
        if depth > MAX_DEPTH or mark not in ("[", "{"):
            raise PolicyError(line)
        value: Any = [] if mark == "[" else {}
        if mark == "[":
            while self.peek() != "]":
                value.append(self.value(depth + 1))
        else:
            value = {labels[0]: inner for labels, inner, _ in self.body(depth)}
        self.take()
        return value


def _tokens(text: str) -> Iterator[tuple[str, str, int]]:
    """(kind, text, line) of each token."""
    position, line = 0, 1
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None:
            raise PolicyError(line)
        kind, token = match.lastgroup or "", match[0]
        position = match.end()
        if kind == "string":
            try:
                yield kind, json.loads(token, strict=False), line
            except ValueError:
                raise PolicyError(line) from None
        elif kind != "space":
            yield kind, token, line
        line += token.count("\n")


def _of_json(text: str) -> list[Rule]:
    """The same in JSON: ``{"path": {"secret/*": {"capabilities": […]}}}``."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise PolicyError(1) from None
    return of_object(value)


def of_object(value: object) -> list[Rule]:
    """Rules of a policy that has been read as an object; parts that are in another form are left out."""
    paths = value.get("path") if isinstance(value, dict) else None
    entries = [paths] if isinstance(paths, dict) else paths if isinstance(paths, list) else []
    found: list[Rule] = []
    for entry in entries:
        for path, body in entry.items() if isinstance(entry, dict) else ():
            block = body[0] if isinstance(body, list) and body else body
            if isinstance(block, dict) and len(found) < MAX_RULES:
                found.append(_rule(str(path), block, 1))
    return found
