"""What a secret opens, where no source says it: as whom it authenticates at its provider, and what such a credential can do by default.

``data/credentials.toml`` tells it by the form of the value, by what another scanner calls it, or by the name of its variable, in this
order. All of it is ``inferred``, with a confidence. A secret of which any source says as whom it authenticates is left alone.
"""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from graphinv.ingest.grants import Known
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.secret_words import words
from graphinv.model.errors import GraphinvError
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props, Ref
from graphinv.model.kinds import ACTIONS
from graphinv.pipeline.bundled import bundled

BY_REPORT, BY_NAME, BY_END_OF_NAME = 0.95, 0.9, 0.75
"""What is left of an entry's confidence where not the value's own form told the kind."""
ONLY_TENANT = 0.7
"""What is left of it where the only tenant of the provider that the scan knows is taken for the one that is meant."""
SAME_HOLDER, SAME_PLACE = 0.95, 0.9
"""How sure it is that a secret access key belongs to the key id beside it: with the same holder, on lines next to each other."""
NEAR_LINES = 3
MAX_SOURCES = 5


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of credential; see the head of the table."""

    id: str
    provider: str
    name: str
    identity: str
    actions: tuple[str, ...]
    confidence: float

    @property
    def resource(self) -> str:
        """What it opens while the tenant is unknown."""
        return "aws:?" if self.provider == "aws" else f"saas:{self.provider}/?"


@dataclass(frozen=True)
class Kinds:
    """All kinds, and the ways to tell one."""

    types: Mapping[str, Kind] = field(default_factory=dict)
    reports: Mapping[str, Kind] = field(default_factory=dict)
    variables: Mapping[str, Kind] = field(default_factory=dict)

    def of(self, props: Props) -> list[tuple[Kind, float]]:
        """Kinds of the secret with ``props``, and how sure what each opens is; several where it holds several values, none where nothing
        tells. O(length of its name and labels).

        >>> [(kind.id, round(sure, 2)) for kind, sure in kinds().of({"name": "PROD_STRIPE_SECRET_KEY (secret)", "type": "secret"})]
        [('stripe_secret_key', 0.6)]
        """
        kind = self.types.get(str(props.get("type")))
        if kind is not None:
            return [(kind, kind.confidence)]
        for label in props.get("labels") or ():
            found = self.reports.get(_plain(label.partition(":")[2])) if label.startswith("found_by=") else None
            if found is not None:
                return [(found, found.confidence * BY_REPORT)]
        told: dict[Kind, float] = {}
        for name in (str(props.get("name") or "").partition(" (")[0], *_variables(props)):
            for named, sure in self._named(name):
                told[named] = max(sure, told.get(named, 0))
        return sorted(told.items(), key=lambda one: one[0].id)

    def _named(self, name: str) -> Iterator[tuple[Kind, float]]:
        """What the name of a variable tells: the whole of it, or else the longest end of it that does."""
        parts = words(name)
        for start in range(len(parts)):
            kind = self.variables.get("".join(parts[start:]))
            if kind is not None:
                yield kind, kind.confidence * (BY_END_OF_NAME if start else BY_NAME)
                return


def _variables(props: Props) -> Iterator[str]:
    """Names of the variables that a Secret of a cluster is put into, and of the keys in it."""
    for start in ("variable=", "key="):
        yield from (label.removeprefix(start) for label in props.get("labels") or () if label.startswith(start))


@cache
def kinds() -> Kinds:
    """The bundled table.

    Raises:
        GraphinvError: the installation lacks it, or it is not well formed.
    """
    return load((bundled("data") / "credentials.toml").read_text("utf-8"))


def load(text: str) -> Kinds:
    """The kinds in ``text``.

    Raises:
        GraphinvError: it is not TOML, an entry lacks a field or has no such action, or two entries share a type, variable or report.
    """
    try:
        entries = tomllib.loads(text).get("credential", [])
    except tomllib.TOMLDecodeError as error:
        raise GraphinvError(f"data/credentials.toml is not TOML: {error}") from None
    types: dict[str, Kind] = {}
    reports: dict[str, Kind] = {}
    variables: dict[str, Kind] = {}
    for item in entries:
        try:
            kind = Kind(item["id"], item["provider"], item["name"], item["identity"], tuple(sorted(item["actions"])), item["confidence"])
        except KeyError as error:
            raise GraphinvError(f"data/credentials.toml: {item.get('id', 'an entry')} lacks {error}") from None
        if not kind.actions or not set(ACTIONS).issuperset(kind.actions) or not 0 < kind.confidence < 1:
            raise GraphinvError(f"data/credentials.toml: {kind.id} has no such action, or no confidence between 0 and 1")
        for table, names in (
            (types, [kind.id, *item.get("types", [])]),
            (reports, map(_plain, item.get("reports", []))),
            (variables, ["".join(words(name)) for name in item.get("variables", [])]),
        ):
            for name in names:
                if table.setdefault(name, kind) is not kind:
                    raise GraphinvError(f"data/credentials.toml: {name} stands for {table[name].id} and for {kind.id}")
    return Kinds(types, reports, variables)


def _plain(name: str) -> str:
    return re.sub("[^a-z0-9]", "", name.lower())


# --------------------------------------------------------------------------------------------------------------------------------
# The step


def opened(known: Known, grants: Sequence[Grant]) -> Iterator[NodeFact | EdgeFact | Problem]:
    """(secret)-[:AUTHENTICATES_AS]->(an identity at its provider)-[:CAN_ACCESS]->(the provider's tenant), for secrets of which no source
    says as whom they authenticate. O(nodes + edges).

    The identity is the secret's own: what two secrets of one kind have in common is the tenant at most.
    """
    table = kinds()
    said: dict[NodeKey, list[NodeKey]] = defaultdict(list)
    for edge in known.edges:
        if edge.kind == "AUTHENTICATES_AS" and not isinstance(edge.source, Ref) and not isinstance(edge.target, Ref):
            said[edge.source].append(edge.target)
    told = (edge for edge in known.edges if edge.kind == "ASSUMES" and edge.props.get("kind_detail") != arns.BY_PROFILE)
    assuming = {edge.source for edge in told if not isinstance(edge.source, Ref)}
    tenants = _tenants(known)
    secrets = known.ids("Secret")
    pairs = _pairs(known, [("Secret", one) for one in secrets if ("Secret", one) not in said])
    for secret in secrets:
        key = ("Secret", secret)
        props = known.nodes[key]
        if not props.get("name"):
            yield from _called(key, props)
        if key in said:
            continue
        if key in pairs:
            partner, sure = pairs[key]
            lives = known.nodes[partner].get("lifetime")
            if lives and not props.get("lifetime"):
                yield NodeFact(*key, {"lifetime": lives, **_sources(props)})
            for identity in said.get(partner) or [arns.access_key_user(partner[1].partition(":")[2])]:
                yield EdgeFact("AUTHENTICATES_AS", key, identity, _stated(props, sure))
            continue
        found = table.of(props)
        if len(found) == 1 and not props.get("type"):
            yield NodeFact(*key, {"type": found[0][0].id, **_sources(props)})
        for kind, sure in found:
            if secret.startswith("aws-access-key:"):
                yield from _of_key_id(key, props, kind, sure, assuming)
            else:
                yield from _at_provider(key, props, kind, sure, tenants)


def _called(key: NodeKey, props: Props) -> Iterator[NodeFact]:
    """A name for a secret that only another scanner knows: its rule and where it lies."""
    labels = dict(label.split("=", 1) for label in props.get("labels") or () if label.startswith(("found_by=", "found_in=")))
    if "found_by" in labels:
        place = f" in {labels['found_in']}" if "found_in" in labels else ""
        yield NodeFact(*key, {"name": f"{labels['found_by'].partition(':')[2] or 'secret'}{place}", **_sources(props)})


def _stated(props: Props, confidence: float | None = None) -> Props:
    sources = {"sources": list(props.get("sources") or ())[:MAX_SOURCES]}
    guess: Props = {"evidence": ["inferred"], **sources}
    return guess if confidence is None else {**guess, "confidence": round(confidence, 3)}


def _tenants(known: Known) -> dict[str, list[str]]:
    """Provider → resources of its tenants that sources name."""
    found: dict[str, list[str]] = defaultdict(list)
    for resource in known.ids("Resource", prefix="saas:"):
        provider, _, tenant = resource.removeprefix("saas:").partition("/")
        # Deeper ids are parts of a tenant; those with a "#" stand for a credential of one low-code flow.
        if tenant and tenant != "?" and not re.search("[/#]", tenant):
            found[provider].append(resource)
    return found


def _at_provider(
    key: NodeKey, props: Props, kind: Kind, confidence: float, tenants: Mapping[str, list[str]]
) -> Iterator[NodeFact | EdgeFact]:
    identity: NodeKey = ("Identity", f"{kind.resource}/{kind.identity}/{key[1]}")
    known = tenants.get(kind.provider, [])
    resource: NodeKey = ("Resource", known[0] if len(known) == 1 else kind.resource)
    who = {"name": f"{kind.identity} of {props.get('name') or key[1]}", "type": kind.identity, "provider": kind.provider}
    yield NodeFact(*identity, {**who, "binding": "bearer", **_assumed(kind), **_sources(props)})
    yield EdgeFact("AUTHENTICATES_AS", key, identity, _stated(props, confidence))
    if len(known) != 1:
        yield NodeFact(*resource, {"name": f"{kind.name}, tenant unknown", **_outside(kind), **_sources(props)})
    yield _may(identity, resource, kind, props, confidence * (ONLY_TENANT if len(known) == 1 else 1))


def _outside(kind: Kind) -> Props:
    return {"type": "account"} if kind.provider == "aws" else {"type": "saas", "external": True}


def _sources(props: Props) -> Props:
    return {"sources": list(props["sources"])[:MAX_SOURCES]} if props.get("sources") else {}


def _may(identity: NodeKey, resource: NodeKey, kind: Kind, props: Props, confidence: float) -> EdgeFact:
    return EdgeFact("CAN_ACCESS", identity, resource, {"actions": list(kind.actions), **_stated(props, confidence)})


def _assumed(kind: Kind, *labels: str) -> Props:
    """Label of an identity of which nothing but the table tells what it can do."""
    return {"labels": sorted([f"assumed_from=data/credentials.toml#{kind.id}", *labels])}


# --------------------------------------------------------------------------------------------------------------------------------
# Access keys of AWS


def _of_key_id(key: NodeKey, props: Props, kind: Kind, confidence: float, assuming: Collection[NodeKey]) -> Iterator[NodeFact | EdgeFact]:
    """An access key of which no source says whose it is: its stand-in user, and the account that the id tells."""
    name = key[1].partition(":")[2]
    account = arns.key_account(name)
    user = arns.access_key_user(name)
    labels = _assumed(kind, *([f"aws_account={account}"] if account else []))
    yield NodeFact(*user, {"name": f"user of {name}", "provider": "aws", "binding": "bearer", **labels, **_sources(props)})
    yield EdgeFact("AUTHENTICATES_AS", key, user, _stated(props))
    if user in assuming:
        return  # a source tells whose it is, and so what it may do
    resource = arns.account_node(account or "?")
    yield NodeFact(*resource, {"name": f"AWS account {account or 'unknown'}", "type": "account", **_sources(props)})
    yield _may(user, resource, kind, props, confidence)


def _pairs(known: Known, secrets: Sequence[NodeKey]) -> dict[NodeKey, tuple[NodeKey, float]]:
    """Secret access keys and session tokens → the key id that belongs to them: the only one of their holder, or the one next to them."""
    wanted = {key for key in secrets if known.nodes[key].get("type") in ("aws_secret_access_key", "aws_session_token")}
    if not wanted:
        return {}
    held: dict[NodeKey, set[NodeKey]] = defaultdict(set)
    holders: dict[NodeKey, set[NodeKey]] = defaultdict(set)
    for edge in known.edges:
        if edge.kind == "HOLDS" and not isinstance(edge.source, Ref) and not isinstance(edge.target, Ref):
            if edge.target[1].startswith("aws-access-key:"):
                held[edge.source].add(edge.target)
            elif edge.target in wanted:
                holders[edge.target].add(edge.source)
    placed: dict[str, list[tuple[int, NodeKey]]] = defaultdict(list)
    for name in known.ids("Secret", prefix="aws-access-key:"):
        for document, line in _places(known.nodes["Secret", name]):
            placed[document].append((line, ("Secret", name)))
    found: dict[NodeKey, tuple[NodeKey, float]] = {}
    for key in wanted:
        beside = {one for holder in holders[key] for one in held[holder]}
        near = {
            one
            for document, line in _places(known.nodes[key])
            for other, one in placed.get(document, ())
            if abs(other - line) <= NEAR_LINES
        }
        for partners, sure in ((beside, SAME_HOLDER), (near, SAME_PLACE)):
            if len(partners) == 1 and key not in found:
                found[key] = next(iter(partners)), sure
    return found


def _places(props: Props) -> Iterator[tuple[str, int]]:
    """Document and line of each source that has a line."""
    for source in props.get("sources") or ():
        document, _, where = source.partition("#L")
        if where.isdigit():
            yield document, int(where)
