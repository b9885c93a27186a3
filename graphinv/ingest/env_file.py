"""``.env`` files: variables and their values. Of these only secrets and databases become nodes; a secret is bound to its variable.

Drawn:
    (:Secret), and a binding of the variable's name to it; who holds it is for those to say that read the variable
    (:Secret)-[:AUTHENTICATES_AS]->(:Identity)-[:CAN_ACCESS]->(:Resource), where the value is the address of a database
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from graphinv.ingest import Document
from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.secrets import recognise_all, secret_key, secret_node
from graphinv.model.errors import IngestError
from graphinv.model.facts import Binding, Fact, NodeFact, Problem

NAME = "env_file"
TITLE = "Files of environment variables"
FILES = (".env", ".env.*", "*.env", "not .env.example, .env.sample, .env.template, .env.dist")

MAX_VARIABLES = 50_000

_TEMPLATES = frozenset(
    {"example", "examples", "sample", "template", "tmpl", "tpl", "dist", "defaults", "schema", "vault", "d", "ts", "js", "md"}
)
_ENVIRONMENTS = {
    "prod": "prod",
    "production": "prod",
    "live": "prod",
    "staging": "staging",
    "stage": "staging",
    "stg": "staging",
    "dev": "dev",
    "development": "dev",
    "test": "test",
    "testing": "test",
    "ci": "test",
}
_ASSIGNMENT = re.compile(r"[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]{0,199})[ \t]*(?:=|:[ \t])[ \t]*(.*)")
_MAX_VALUE_LINES = 500


def detect(path: str, head: bytes) -> bool:
    """Whether it is called ``.env``, ``.env.<something>`` or ``<something>.env``, and is no template."""
    name = path.rpartition("/")[2].lower()
    if not (name == ".env" or name.startswith(".env.") or name.endswith(".env")):
        return False
    return not _TEMPLATES.intersection(re.split(r"[._-]", name))


def environment(name: str) -> str | None:
    """The environment that a file's name tells; None where it tells none.

    >>> environment(".env.production.local"), environment("staging.env"), environment(".env.local")
    ('prod', 'staging', None)
    """
    parts = re.split(r"[._-]", name.lower())
    return next((_ENVIRONMENTS[part] for part in parts if part in _ENVIRONMENTS), None)


def read(document: Document) -> Iterator[Fact]:
    """Facts of one file.

    Raises:
        IngestError: not text, or more than 50,000 variables.
    """
    where = environment(document.name)
    for key, value, line in _variables(document):
        if value is None:
            yield Problem(document.path, f"L{line}", "has a quoted value without an end", "error", NAME)
            continue
        found = recognise_all(key, value)
        for index, secret in enumerate(found):
            yield _placed(secret_node(document, line, secret), where)
            if index == 0:
                yield Binding("env", key, secret_key(document, secret), document.folder, document.path)
        for fact in database_facts(document, line, value):
            yield _placed(fact, where) if isinstance(fact, NodeFact) else fact


def _placed(node: NodeFact, where: str | None) -> NodeFact:
    return replace(node, props={**node.props, "environment": where}) if where else node


def _variables(document: Document) -> Iterator[tuple[str, str | None, int]]:
    """Name, value (None where its quotes never close) and line of each variable; O(length)."""
    lines = document.text().replace("\r\n", "\n").replace("\r", "\n").split("\n")
    index, count = 0, 0
    while index < len(lines):
        line, text = index + 1, lines[index]
        index += 1
        match = _ASSIGNMENT.fullmatch(text) if not text.lstrip().startswith("#") else None
        if match is None:
            continue
        count += 1
        if count > MAX_VARIABLES:
            raise IngestError(f"holds more than {MAX_VARIABLES:,} variables", document=document.path, where=f"L{line}")
        key, raw = match[1], match[2]
        quote = raw[:1]
        if quote in ("'", '"', "`"):
            value, taken = _quoted(raw[1:], quote, lines, index)
            index = taken if value is not None else index
        else:
            value = re.split(r"(?:^|[ \t])#", raw, maxsplit=1)[0].strip()
        yield key, value, line


def _quoted(rest: str, quote: str, lines: list[str], index: int) -> tuple[str | None, int]:
    """A quoted value that begins with ``rest`` and may go on over the lines from ``index``; and the line after it."""
    parts: list[str] = []
    for offset in range(_MAX_VALUE_LINES):
        end = _closing(rest, quote)
        if end >= 0:
            value = "\n".join([*parts, rest[:end]])
            return (value.replace("\\n", "\n").replace(f"\\{quote}", quote) if quote == '"' else value), index + offset
        parts.append(rest)
        if index + offset >= len(lines):
            break
        rest = lines[index + offset]
    return None, index


def _closing(text: str, quote: str) -> int:
    position = text.find(quote)
    while quote == '"' and position > 0 and (position - len(text[:position].rstrip("\\"))) % 2:
        position = text.find(quote, position + 1)
    return position
