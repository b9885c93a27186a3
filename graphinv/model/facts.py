"""Facts: what ingestors say, checked against the vocabulary, and how facts of several sources become one.

A fact is a node or an edge with the properties that one document states about it. Facts of the same key merge by a commutative,
associative and idempotent rule, so that no order of ingestion and no repetition changes the graph.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any

from pydantic import ValidationError

from graphinv.model.errors import FactError
from graphinv.model.kinds import DECIDES_AUTHORITY, EDGE_KINDS, NODE_KINDS, ends_fit, normal_time
from graphinv.model.normal import encodable, normal

Props = dict[str, Any]
NodeKey = tuple[str, str]
"""(kind, id) of a node."""


@dataclass(frozen=True, slots=True)
class NodeFact:
    """``props`` of the node ``(kind, id)``."""

    kind: str
    id: str
    props: Props = field(default_factory=dict)

    @property
    def key(self) -> NodeKey:
        return self.kind, self.id


@dataclass(frozen=True, slots=True)
class Ref:
    """An edge's end named the way its document names it; the pipeline finds the node it means (:mod:`graphinv.pipeline.joins`).

    ``name`` is looked up among the :class:`Binding` facts of the same ``kind`` and ``space`` in the same root, from the document's
    folder upwards; ``*`` means all that are visible from there. ``fallback`` is the id of the node to use where nothing is bound: it
    must not depend on the folder, only on the root (``env:<root>#STRIPE_API_KEY``).
    """

    kind: str
    space: str
    name: str
    fallback: str = ""


@dataclass(frozen=True, slots=True)
class EdgeFact:
    """``props`` of an edge of ``kind`` from ``source`` to ``target``; each end is a node's key or a :class:`Ref`."""

    kind: str
    source: NodeKey | Ref
    target: NodeKey | Ref
    props: Props = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Binding:
    """In ``folder`` of its root (``""`` = the root itself), ``name`` of ``space`` means the node ``target``.

    Spaces in use: ``env`` (variable → Secret), and per client or framework, such as ``claude-code`` (server name → ToolServer, agent
    name → Agent).
    """

    space: str
    name: str
    target: NodeKey
    folder: str
    document: str
    credentials: tuple[NodeKey | Ref, ...] = ()


@dataclass(frozen=True, slots=True)
class OwnerRule:
    """Nodes whose ``sources`` lie under a path that ``pattern`` matches belong to ``owners`` (CODEOWNERS); a later ``rank`` wins.

    ``pattern`` is in gitignore syntax, relative to ``folder`` of the root. No owners means: nobody, on purpose. Rules of different
    ``section``s (GitLab) do not replace each other: the last match of each section counts, and their owners unite. Rules of different
    ``origin`` (:data:`OWNER_CONFIDENCE`) do not replace each other either.
    """

    pattern: str
    owners: tuple[NodeKey, ...]
    folder: str
    rank: int
    source: str
    section: str = ""
    origin: str = "codeowners"


OWNER_CONFIDENCE: dict[str, float] = {"estate": 1.0, "catalogue": 0.95, "codeowners": 0.9, "tags": 0.85, "metadata": 0.4}
"""How sure a kind of source is of an owner, the surest first: the owners' own estate file, a catalogue of services, code owners, tags and
labels, the authors in a package's metadata (who wrote it once need not answer for it now)."""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a provider's policy says about ``subject``, in that provider's own language.

    It becomes edges once every resource of the scan is known (:mod:`graphinv.ingest.grants`), because whether a wildcard, a denial or a
    boundary matters depends on what there is to reach.

    Args:
        provider: module of :mod:`graphinv.ingest.grants` that understands it, such as ``aws``.
        subject: the node that it is attached to: a principal, or the resource or account whose policy it is.
        role: what it is for, in the provider's words, such as ``identity``, ``boundary``, ``resource``, ``scp``, ``trust``.
        body: the statement or document as JSON text, ids already canonical.
        origin: id or name of the policy or role it comes from, for ``inherited_from``.
        source: where it is stated, ``document#where``.
        evidence: ``granted`` from a dump of what is in force, ``declared`` from a file that asks for it, ``inferred`` from a guess.
    """

    provider: str
    subject: NodeKey
    role: str
    body: str
    origin: str = ""
    source: str = ""
    evidence: str = "declared"


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody says of nodes that other documents name; of nodes that nothing names it says nothing.

    It speaks of the nodes that one of ``nodes`` matches (``Kind:glob`` of the id; a glob alone is of any kind), of those that a document
    states which one of ``files`` matches (gitignore syntax, relative to ``folder``, in the root ``root``; the statement's own where that
    is empty), and of those that have all of ``labels``.

    Args:
        source: where it is stated, ``document#where``.
        origin: a key of :data:`OWNER_CONFIDENCE`, or ``directory``, which names no owners. What the owners of an estate say in their estate
            file replaces what other documents of the same root say.
        props: properties, the same for all of them.
        owners: who owns them.
        single: whether each of ``nodes`` means one node, so that it says nothing where several match.
    """

    source: str
    origin: str
    nodes: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    folder: str = ""
    root: str = ""
    props: Props = field(default_factory=dict)
    owners: tuple[NodeKey, ...] = ()
    single: bool = False


@dataclass(frozen=True, slots=True)
class Guarding:
    """The EnforcementPoint ``guard`` stands on the edges of ``kind`` from nodes that ``starts`` matches to nodes that ``stops`` matches
    (each ``Kind:glob`` of the id, or a glob alone), as far as the root of ``source`` states them. ``seen`` where a record of what it
    decided tells so: of what nobody else speaks it then stands on nothing, which is no mistake."""

    source: str
    guard: str
    kind: str
    starts: str
    stops: str
    seen: bool = False


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody approved, or refused, that agents call a tool or connect to a server.

    Args:
        source: where it is stated.
        agent: the agents or flows: a name, ``Kind:glob`` of the id, or a glob alone.
        tool: the tools, likewise; empty where all that ``server`` does is meant.
        server: the servers, likewise; empty where ``tool`` says it all.
        by: who answers for it.
        until: from when on it holds no more; None where it says no end.
        digests: definitions or versions that were looked at; empty where any is meant.
        environment: the only environment that it is for; empty where any is.
        sensitivity: the most sensitive data that it is for; empty where any is.
        how: as ``USES.approval``.
        granted: False where it was refused.
    """

    source: str
    agent: str
    tool: str = ""
    server: str = ""
    by: str = ""
    until: str | None = None
    digests: tuple[str, ...] = ()
    environment: str = ""
    sensitivity: str = ""
    how: str = "scope"
    granted: bool = True


@dataclass(frozen=True, slots=True)
class Naming:
    """In what the documents that ``files`` match say (gitignore syntax, relative to the root of ``source``), ``name`` is the ``what`` that
    they leave open: ``aws_account``, ``aws_region``, ``kubernetes_cluster`` or ``database``."""

    source: str
    files: tuple[str, ...]
    what: str
    name: str


@dataclass(frozen=True, slots=True)
class Problem:
    """Something of a document that was recognised and could not be understood, or that makes what was read incomplete.

    ``severity`` is ``error`` when a part of the document is missing from the graph, ``warning`` when something was assumed, ``note`` when
    it is only worth knowing. ``message`` never quotes a value.
    """

    document: str
    where: str
    message: str
    severity: str = "error"
    ingestor: str = ""


def source_of(root: str, path: str, line: int | None = None) -> str:
    """An entry of ``sources``: ``root/path#L12``, without the line where there is none; a ``#`` of the path itself is written ``%23``.

    >>> source_of("shop", "a#b/.env", 3), place_of("shop/a%23b/.env#L3", "shop")
    ('shop/a%23b/.env#L3', ('a#b/.env', 'L3'))
    """
    place = _document(root, path)
    return f"{place}#L{line}" if line else place


@lru_cache(maxsize=1024)
def _document(root: str, path: str) -> str:
    place = f"{root}/{path}" if path else root
    return place.replace("%23", "%2523").replace("#", "%23")


def place_of(source: str, root: str) -> tuple[str, str]:
    """Document (relative to its root) and place in it that an entry of ``sources`` names; with its root where that is not ``root``."""
    place, _, where = source.partition("#")
    document = place.replace("%23", "#").replace("%2523", "%23")
    return ("" if document == root else document.removeprefix(f"{root}/")), where


Said = Statement | Guarding | Naming | Approval
Fact = NodeFact | EdgeFact | Binding | OwnerRule | Grant | Said | Problem

# --------------------------------------------------------------------------------------------------------------------------------
# Checking


def _explain(error: ValidationError, kind: str) -> str:
    """The first complaint, naming the field and what it takes, never the value."""
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "extra_forbidden":
        return f"{kind} has no property {shown(first['loc'][0])}"
    return f"{'.'.join([kind, *map(str, first['loc'])])}: {first['msg']}"


def check_node(fact: NodeFact, *, document: str = "", where: str = "") -> NodeFact:
    """``fact`` with its properties in normal form and without absent ones.

    Raises:
        FactError: the kind or a property is not of the vocabulary, or a value has the wrong type; names ``document`` and ``where``.
    """
    if fact.kind not in NODE_KINDS:
        raise FactError(f"unknown node kind {shown(fact.kind)}", document=document, where=where, remedy=_one_of(NODE_KINDS))
    if not _is_text(fact.id):
        raise FactError(f"{fact.kind} needs an id that is text", document=document, where=where)
    props = normal(fact.kind, fact.props)
    if props is None:
        props = _check_props(NODE_KINDS, fact.kind, fact.props, document, where)
    if fact.kind == "Secret":
        props = _with_end(props)
    return fact if props is fact.props else NodeFact(fact.kind, fact.id, props)


def _with_end(secret: Props) -> Props:
    """A secret with its end, where what states when it was issued and for how long states no end.

    >>> _with_end({"issued_at": "2026-07-10T00:00:00Z", "ttl_seconds": 60})["expires_at"]
    '2026-07-10T00:01:00Z'
    """
    issued, ttl = secret.get("issued_at"), secret.get("ttl_seconds")
    if issued is None or not ttl or secret.get("expires_at") is not None:
        return secret
    try:
        end = datetime.fromisoformat(issued) + timedelta(seconds=ttl)
    except OverflowError:  # later than any time that can be written
        return secret
    ended = {**secret, "expires_at": str(normal_time(end))}
    return normal("Secret", ended) or ended


def check_edge(fact: EdgeFact, *, document: str = "", where: str = "") -> EdgeFact:
    """The same for an edge, whose ends must fit its kind.

    Raises:
        FactError: as :func:`check_node`.
    """
    if fact.kind not in EDGE_KINDS:
        raise FactError(f"unknown edge kind {shown(fact.kind)}", document=document, where=where, remedy=_one_of(EDGE_KINDS))
    source, target = fact.source, fact.target
    start = source.kind if isinstance(source, Ref) else source[0]
    stop = target.kind if isinstance(target, Ref) else target[0]
    if start not in NODE_KINDS or stop not in NODE_KINDS:
        unknown = stop if start in NODE_KINDS else start
        raise FactError(f"unknown node kind {shown(unknown)}", document=document, where=where, remedy=_one_of(NODE_KINDS))
    if not (isinstance(source, Ref) or _is_text(source[1])) or not (isinstance(target, Ref) or _is_text(target[1])):
        raise FactError(f"{fact.kind} needs ends whose ids are text", document=document, where=where)
    if not _fit(fact.kind, start, stop):
        drawn = EDGE_KINDS[fact.kind].__doc__ or fact.kind
        raise FactError(f"{fact.kind} does not run from {start} to {stop}", document=document, where=where, remedy=f"it is {drawn}")
    props = normal(fact.kind, fact.props)
    if props is None:
        props = _check_props(EDGE_KINDS, fact.kind, fact.props, document, where)
    return fact if props is fact.props else EdgeFact(fact.kind, fact.source, fact.target, props)


def _check_props(kinds: Mapping[str, Any], kind: str, props: Props, document: str, where: str) -> Props:
    try:
        checked = kinds[kind].model_validate(props)
    except ValidationError as error:
        raise FactError(_explain(error, kind), document=document, where=where) from None
    dumped: Props = checked.model_dump(exclude_none=True)
    if not dumped.get("sources", True):
        del dumped["sources"]  # stated by nobody is the same as no statement of who
    for name, value in dumped.items():
        if (isinstance(value, str) and not encodable(value)) or (isinstance(value, list) and not all(map(encodable, value))):
            raise FactError(f"{kind}.{name}: holds half of a character pair; it is not text", document=document, where=where)
    return dumped


_fit = cache(ends_fit)
"""There are as many answers as pairs of kinds."""


def shown(name: object) -> str:
    """A kind or property name that is not of the vocabulary, for a message: quoted where it looks like a name, not where it might be a
    secret that was put in the wrong place.
    """
    return repr(name) if isinstance(name, str) and re.fullmatch(r"[A-Za-z][A-Za-z_ -]{0,39}", name) else "(name not shown)"


def _is_text(value: object) -> bool:
    return isinstance(value, str) and value != "" and (value.isascii() or encodable(value))


def _one_of(names: Iterable[str]) -> str:
    return "one of " + ", ".join(names)


# --------------------------------------------------------------------------------------------------------------------------------
# Keys


_encode = json.JSONEncoder(sort_keys=True, ensure_ascii=True, separators=(",", ":")).encode
_quoted = json.encoder.encode_basestring_ascii
_DECIDING = frozenset(DECIDES_AUTHORITY)


def _decided(props: Mapping[str, Any]) -> str:
    """JSON of what decides authority."""
    deciding = [(name, tuple(value) if type(value) is list else value) for name, value in props.items() if name in _DECIDING]
    for _, value in deciding:
        if type(value) is not tuple and type(value) is not str:
            return _encode({name: props[name] for name, _ in deciding if props[name] is not None})
    return _encoded(tuple(deciding))


@lru_cache(maxsize=65536)
def _encoded(deciding: tuple[tuple[str, str | tuple[str, ...]], ...]) -> str:
    """For lists and texts: the same come again and again."""
    return _encode(dict(deciding))


def edge_key(kind: str, source: NodeKey, target: NodeKey, props: Mapping[str, Any]) -> str:
    """Identity of an edge: kind, ends and a digest of what decides authority; 32 hex digits."""
    decided = "{}" if _DECIDING.isdisjoint(props) else _decided(props)
    # The text is the JSON of [kind, source, target, deciding], put together from parts because there are millions of edges.
    ends = f'["{source[0]}",{_quoted(source[1])}],["{target[0]}",{_quoted(target[1])}]'
    text = f'["{kind}",{ends},{decided}]'
    return hashlib.sha256(text.encode()).hexdigest()[:32]


# --------------------------------------------------------------------------------------------------------------------------------
# Merging

_UNITED = frozenset({"labels", "sources", "evidence", "effects", "hints", "vulnerabilities", "audience", "allows", "scopes"})
_LARGEST = frozenset(
    {"last_seen", "last_used", "expires_at", "max_life_seconds", "ttl_seconds", "confidence", "last_heartbeat", "max_depth"}
)
_SMALLEST = frozenset({"first_seen", "review_due", "rotate_every_days"})


@cache
def _worst_order(kind: str, name: str) -> dict[object, int] | None:
    model = NODE_KINDS.get(kind) or EDGE_KINDS[kind]
    info = model.model_fields.get(name)
    extra = info.json_schema_extra if info else None
    if not isinstance(extra, dict):
        return None
    order = extra.get("worst")
    return {value: rank for rank, value in enumerate(order)} if isinstance(order, list) else None


def merge_props(kind: str, one: Props, other: Props) -> Props:
    """What two sources together state of one thing: knowledge beats its absence, sets unite, and where they contradict each other the
    worse value stands (or, where no value is worse, the one that sorts first), so that the order of sources does not matter.

    ``count`` is the larger one: the same observation told twice is not two observations.
    """
    if one == other:
        return one
    merged = dict(one)
    for name, value in other.items():
        if value is None:
            continue
        mine = merged.get(name)
        if mine is None:
            merged[name] = value
        elif mine != value:
            merged[name] = _merge_value(kind, name, mine, value)
    return merged


def _merge_value(kind: str, name: str, one: Any, other: Any) -> Any:
    if name in _UNITED:
        return sorted({*one, *other})
    if name in _LARGEST or name == "count":
        return max(one, other)
    if name in _SMALLEST:
        return min(one, other)
    # One total order over all values, listed or not: otherwise three sources could end differently in different orders.
    order = _worst_order(kind, name) or {}
    return min(one, other, key=lambda value: (order.get(value, len(order)) if order else 0, value == "unknown", json.dumps(value)))
