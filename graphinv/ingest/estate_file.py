"""``graphinv.toml`` at the top of a root: what the owners of an estate say themselves.

Drawn:
    (:EnforcementPoint) for each point that a guard names; what is said of things that other documents name is applied by the pipeline

    [[state]]                       # of the nodes that fit: by id, by the documents that state them, or by labels (all of them)
    nodes = ["Resource:postgres://*/ledger", "arn:aws:s3:::acme-pay-*"]
    files = ["deploy/prod/**"]
    labels = ["team=pay"]
    crown_jewel = true              # and any of: sensitivity, environment, external, tenant, status, autonomy, review_due, binding, type,
    owners = ["@acme/pay"]          # sandboxed, trust, scope, origin, third_party, vendor, mode, fail, distinguishes, status_since,
                                    # lifetime, issued_at, expires_at, rotated_at, rotate_every_days, max_life_seconds, renewable,
                                    # revocation_hook
    add_labels = ["duty=pay"]       # beside those that they have

    [[guard]]                       # an enforcement point and the edges of this root that it stands on
    point = "pep:pay-gateway"
    mode = "enforce"                # and effect, allows, fail, distinguishes, name
    edges = [{ edge = "USES", from = "Agent:*", to = "Tool:*create_payout*" }]

    [[name]]                        # what the files of a folder leave open
    files = ["clusters/prod/**"]
    kubernetes_cluster = "prod-eu"  # and aws_account, aws_region, database (of a schema dump)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import tomldoc
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.owners import owner_of
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.errors import FactError
from graphinv.model.facts import Fact, Guarding, Naming, NodeFact, Problem, Props, Statement, check_node, shown
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS, AuthorityEdge

NAME = "estate_file"
TITLE = "What the owners of an estate state"
FILES = ("graphinv.toml",)

MAX_ENTRIES = 2_000
MAX_PATTERNS = 500
MAX_WILDCARDS = 8
_SECTIONS = ("state", "guard", "name")
_SELECTORS = ("nodes", "files", "labels")
STATED = (
    *("crown_jewel", "sensitivity", "environment", "external", "tenant", "status", "autonomy", "review_due", "binding", "type"),
    *("sandboxed", "trust", "scope", "origin", "third_party", "vendor", "mode", "fail", "distinguishes", "status_since"),
    *("lifetime", "issued_at", "expires_at", "rotated_at", "rotate_every_days", "max_life_seconds", "renewable", "revocation_hook"),
)
_POINT = ("name", "mode", "effect", "allows", "fail", "distinguishes")
_NAMES = {
    "aws_account": re.compile(r"[0-9]{12}"),
    "aws_region": re.compile(r"[a-z]{2}(?:-[a-z]+){1,3}-[0-9]"),
    "kubernetes_cluster": re.compile(r"[\w.:@-][\w.:@/-]{0,199}"),
    "database": re.compile(r"[a-z]+://[\w.-]{1,253}:[0-9]{1,5}/[\w.-]{1,128}"),
}
_FORMS = {
    "aws_account": "twelve digits",
    "aws_region": "a region such as eu-west-1",
    "kubernetes_cluster": "a cluster's name",
    "database": "an address such as postgres://db.acme.example:5432/shop",
}


def detect(path: str, head: bytes) -> bool:
    """Whether it is called ``graphinv.toml``."""
    return path.rpartition("/")[2] == "graphinv.toml"


def read(document: Document) -> Iterator[Fact]:
    """Statements of one file; an entry with an unknown key or a wrong value is left out as a whole, and told with the name of the key.

    Raises:
        IngestError: not text or not TOML.
    """
    if document.folder:
        yield Problem(document.path, "", "is read only at the top of a root; what it states does not count", "warning", NAME)
        return
    found = tomldoc.parse(document)
    for section in found.value:
        if section not in _SECTIONS:
            yield _Bad(section, f"is no section; they are {', '.join(_SECTIONS)}").told(document, found.line(section))
    count = 0
    for section in _SECTIONS:
        entries = found.value.get(section, [])
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            yield _Bad(section, f"is not a list of tables; write [[{section}]]").told(document, found.line(section))
            continue
        for index, entry in enumerate(entries):
            count += 1
            if count > MAX_ENTRIES:
                yield Problem(document.path, "", f"holds more than {MAX_ENTRIES:,} entries; the others are not read", "error", NAME)
                return
            try:
                yield from _Entry(document, found, section, index, entry).facts()
            except _Bad as bad:
                yield bad.told(document, found.line(section, index, *bad.key.split(".")))


class _Bad(Exception):
    """A key that cannot be understood."""

    def __init__(self, key: str, message: str) -> None:
        super().__init__(message)
        self.key = key
        self.message = message

    def told(self, document: Document, line: int) -> Problem:
        return Problem(document.path, f"L{line}", f"{self.message}: {shown(self.key.rpartition('.')[2])}", "error", NAME)


class _Entry:
    """One table of the file."""

    def __init__(self, document: Document, found: Located, section: str, index: int, entry: dict[str, Any]) -> None:
        self.document = document
        self.section = section
        self.entry = {hide(key): _hidden(value) for key, value in entry.items()}
        self.source = document.source(found.line(section, index))

    def facts(self) -> Iterator[Fact]:
        match self.section:
            case "state":
                yield from self.state()
            case "guard":
                yield from self.guard()
            case _:
                yield from self.name()

    def known(self, *keys: str) -> None:
        for key in self.entry:
            if key not in keys:
                raise _Bad(key, f"[[{self.section}]] has no such key")

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts, or one text; empty where the key is absent."""
        value = self.entry.get(key, [])
        texts = [value] if isinstance(value, str) else value
        if not isinstance(texts, list) or not all(isinstance(text, str) and text for text in texts) or len(texts) > MAX_PATTERNS:
            raise _Bad(key, f"should be a list of at most {MAX_PATTERNS} texts")
        return tuple(texts)

    def patterns(self, key: str) -> tuple[str, ...]:
        patterns = self.texts(key)
        for pattern in patterns:
            _check_pattern(key, pattern)
        return patterns

    def state(self) -> Iterator[Fact]:
        self.known(*_SELECTORS, *STATED, "owners", "add_labels")
        nodes, files, labels = (self.patterns(key) for key in _SELECTORS)
        if not (nodes or files or labels):
            raise _Bad("nodes", "[[state]] has to say of what it speaks, by nodes, files or labels")
        props = {name: self.entry[name] for name in STATED if name in self.entry}
        added = self.texts("add_labels")
        if any(not re.fullmatch(r"[\w.:/-]{1,100}(?:=.{0,500})?", label) for label in added):
            raise _Bad("add_labels", "a label is NAME or NAME=VALUE")
        if added:
            props["labels"] = sorted(set(added))
        owners = []
        for text in self.texts("owners"):
            owner = owner_of(text, self.source)
            if owner is None:
                raise _Bad("owners", "an owner is an e-mail address or an @name")
            owners.append(owner)
        if not props and not owners:
            raise _Bad("nodes", "[[state]] says nothing of them")
        yield from owners
        keys = tuple(owner.key for owner in owners)
        yield Statement(self.source, "estate", nodes, files, labels, props=_checked(props), owners=keys)

    def guard(self) -> Iterator[Fact]:
        self.known("point", "edges", *_POINT)
        point = self.entry.get("point")
        if not isinstance(point, str) or not point:
            raise _Bad("point", "[[guard]] has to name its enforcement point")
        try:
            node = check_node(NodeFact("EnforcementPoint", point, {name: self.entry[name] for name in _POINT if name in self.entry}))
        except FactError as error:
            raise _Bad(_field(error), "is no such value") from None
        edges = self.entry.get("edges")
        if not isinstance(edges, list) or not edges or len(edges) > MAX_PATTERNS:
            raise _Bad("edges", f"[[guard]] has to name its edges, at most {MAX_PATTERNS}")
        guarded = [self.edge(point, edge) for edge in edges]
        yield NodeFact(*node.key, {"name": point, **node.props, "sources": [self.source]})
        yield from guarded

    def edge(self, point: str, edge: object) -> Guarding:
        if not isinstance(edge, dict) or set(edge) != {"edge", "from", "to"} or not all(isinstance(part, str) for part in edge.values()):
            raise _Bad("edges", "each edge is { edge = KIND, from = PATTERN, to = PATTERN }")
        kind = EDGE_KINDS.get(edge["edge"])
        if kind is None or not issubclass(kind, AuthorityEdge):
            raise _Bad("edges", "no authority moves along edges of this kind, so that nothing guards them")
        for part in ("from", "to"):
            _check_pattern("edges", edge[part])
        return Guarding(self.source, point, edge["edge"], edge["from"], edge["to"])

    def name(self) -> Iterator[Fact]:
        self.known("files", *_NAMES)
        files = self.patterns("files")
        if not files:
            raise _Bad("files", "[[name]] has to say for which files it holds")
        for key, form in _NAMES.items():
            if key in self.entry:
                value = self.entry[key]
                if not isinstance(value, str) or not form.fullmatch(value):
                    raise _Bad(key, f"should be {_FORMS[key]}")
                yield Naming(self.source, files, key, value)


def _hidden(value: Any) -> Any:
    """``value`` without what has the shape of a credential; the parser bounds its depth."""
    if isinstance(value, dict):
        return {hide(key): _hidden(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_hidden(inner) for inner in value]
    return hide(value) if isinstance(value, str) else value


def _check_pattern(key: str, pattern: str) -> None:
    if len(pattern) > 1_000 or len(re.findall(r"[*?]", pattern)) > MAX_WILDCARDS:
        raise _Bad(key, f"a pattern has at most {MAX_WILDCARDS} wildcards and 1,000 characters")


def _checked(props: Props) -> Props:
    """Properties in normal form: each has to be right for at least one kind of node that has it."""
    normal: Props = {}
    for name, value in props.items():
        for kind in NODE_KINDS:
            try:
                checked = check_node(NodeFact(kind, "x", {name: value})).props
            except FactError:
                continue
            normal |= checked
            break
        else:
            raise _Bad(name, "is no such value")
    return normal


def _field(error: FactError) -> str:
    return error.message.partition(":")[0].partition(".")[2].partition(".")[0] or "point"
