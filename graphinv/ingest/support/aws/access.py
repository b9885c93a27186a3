"""What one statement of an identity policy gives within a context: targets with actions, found once for all that hold it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass, field

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.actions import Service, service_of
from graphinv.ingest.support.aws.estate import Attached, Estate, kind_of
from graphinv.ingest.support.aws.evaluation import EVERYTHING, Context, Target
from graphinv.ingest.support.aws.globs import Glob, glob
from graphinv.ingest.support.aws.policies import Services, Statement
from graphinv.model.facts import NodeFact, NodeKey, Props

BROAD = 24
"""A grant on everything in more services than these is one on the account."""
ALL: tuple[str, ...] = ("admin",)
UNSURE = 0.5
"""Confidence of access to another account's resource whose own policy is not known."""
FAR = 50
"""What reaches more targets than these, and is held by several principals, becomes a node of its own."""
_TYPES = {"s3": "bucket", "rds": "database", "redshift": "database", "dynamodb": "table", "sqs": "queue", "sns": "topic", "kms": "key"}

Action = tuple[str, ...]
Allowed = tuple[Statement, Attached]
"""A statement that allows, and where it is attached."""


@dataclass(frozen=True, slots=True)
class Access:
    """Actions on one target; ``confidence`` below 1 where the target's own side is not known."""

    target: NodeKey
    actions: Action
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Given:
    """What a statement gives: equal for all principals of an account that hold it in the same context."""

    accesses: tuple[Access, ...] = ()
    nodes: tuple[NodeFact, ...] = ()
    """Scopes and patterns that it leads to and that no source states."""


@dataclass
class Evaluator:
    """Answers by statement, remembered."""

    estate: Estate
    _given: dict[tuple[int, int, int, str], Given] = field(default_factory=dict)
    _same: dict[tuple[str, tuple[Access, ...]], Given] = field(default_factory=dict)
    _identities: dict[tuple[int, int, int, str], dict[str, int]] = field(default_factory=dict)

    def given(self, statement: Statement, context: Context, account: str) -> Given:
        """What ``statement`` gives a principal of ``account``. The cost is that of the targets that its patterns name or match."""
        key = (id(statement.actions), id(statement.resources), id(context), account)
        found = self._given.get(key)
        if found is None:
            made = self._give(statement, context, account)
            # Statements that come to the same are the same to whoever asks what they come to.
            found = self._given[key] = self._same.setdefault((account, made.accesses), made)
        return found

    def _give(self, statement: Statement, context: Context, account: str) -> Given:
        found: dict[NodeKey, set[str]] = {}
        unsure: dict[NodeKey, set[str]] = {}
        nodes: list[NodeFact] = []
        for pattern in patterns_of(statement):
            matched = False
            for target, actions in self._matching(statement, pattern, context):
                matched = True
                sure = self._owned(target, account, pattern)
                if sure is not None and actions:
                    (found if sure else unsure).setdefault(target.key, set()).update(actions)
            nodes += self._scopes(statement, pattern, context, account, found)
            if not matched:
                nodes += self._unmatched(statement, pattern, context, account, found)
        accesses = [Access(target, _closed(actions)) for target, actions in found.items()]
        accesses += [Access(target, _closed(actions), UNSURE) for target, actions in unsure.items() if target not in found]
        return Given(tuple(sorted(accesses, key=lambda one: one.target)), tuple(nodes))

    def _matching(self, statement: Statement, pattern: Glob, context: Context) -> Iterator[tuple[Target, set[str]]]:
        index = self.estate.index
        for place in index.places(pattern, statement.actions.services):
            if place in ("iam", "sts"):
                continue  # what can be done to identities is told by whom one becomes
            for target in index.find(pattern, place):
                met = False
                actions: set[str] = set()
                for region, part in target.regions(pattern):
                    if statement.resources.negated and not statement.resources.may(region):
                        continue
                    met = True
                    for service, whole, parts in target.acting:
                        mask = statement.actions.mask(service) & (parts if part else whole)
                        mask = mask and mask & context.lets(service, region)
                        if mask:
                            actions.update(service.atoms(mask, value=target.key[0] == "Secret"))
                if met:
                    yield target, actions

    def _owned(self, target: Target, account: str, pattern: Glob) -> bool | None:
        """Whether the target is of the principal's account (True), may let it in from another (False), or is none of its business."""
        if target.account in ("", account):
            homes = self.estate.homes.get(target.key[1])
            if target.service == "kms" and not self.estate.delegates(target.key, account):
                return None  # a key's own policy alone decides, unless it leaves it to the account
            if target.account or not homes or account in homes:
                return True
            return False if any(self.estate.may_be(account, home) for home in homes) else None
        if self.estate.may_be(account, target.account):
            return False
        if target.key in self.estate.resources:
            return None  # its own policy says who comes in from outside
        fields = arns.parse(pattern.text)
        return False if fields is not None and fields.account == target.account else None

    def _scopes(
        self, statement: Statement, pattern: Glob, context: Context, account: str, found: dict[NodeKey, set[str]]
    ) -> Iterator[NodeFact]:
        """Whole services, or the account, where ``pattern`` covers them."""
        everything = statement.actions.patterns == ("*",) and not statement.actions.negated and not statement.resources.negated
        if everything and pattern.text == "*" and context.open:
            yield from self._scope(arns.account_node(account), account, "account", ALL, found)
            return
        own = service_of(pattern.text)
        names = statement.actions.services if statement.actions.services is not None else self.estate.services.all()
        atoms: dict[str, Action] = {}
        for name in [own] if own and own in names else ([] if own else names):
            service = self.estate.services[name]
            if is_whole(pattern, account, service) and (mask := self._everything(statement, service, context, own, pattern)):
                atoms[name] = service.atoms(mask)
        if len(atoms) > BROAD:
            counted = [action for actions in atoms.values() for action in actions]
            whole = {action for action in counted if counted.count(action) > BROAD and action != "admin"}
            if "admin" in atoms.get("iam", ()):
                whole.add("admin")
            yield from self._scope(arns.account_node(account), account, "account", whole, found)
            kept = set(self.estate.index.names())
            atoms = {name: tuple(set(actions) - whole) for name, actions in atoms.items() if name in kept and "admin" not in whole}
        for name in sorted(atoms):
            if atoms[name]:
                yield from self._scope(("Resource", f"aws:{account}/{name}"), f"{name} of {account}", "aws_service", atoms[name], found)

    def _everything(self, statement: Statement, service: Service, context: Context, own: str, pattern: Glob) -> int:
        region = pattern if own else EVERYTHING
        mask = statement.actions.mask(service) & service.scoped
        return mask and mask & context.lets(service, region, whole=True)

    def _scope(self, key: NodeKey, name: str, kind: str, actions: Iterable[str], found: dict[NodeKey, set[str]]) -> Iterator[NodeFact]:
        found.setdefault(key, set()).update(actions)
        yield NodeFact(*key, {"name": name, "type": kind})

    def _unmatched(
        self, statement: Statement, pattern: Glob, context: Context, account: str, found: dict[NodeKey, set[str]]
    ) -> Iterator[NodeFact]:
        """A pattern that nothing known matches stands for what it may match."""
        name = service_of(pattern.text)
        fields = arns.parse(pattern.text)
        if fields is None or not name or name in ("iam", "sts") or statement.resources.negated:
            return
        if is_whole(pattern, account, self.estate.services[name]):
            return
        arn = arns.canonical(pattern.text)
        key = (kind_of(arn), arn)
        actions: set[str] = set()
        for one in statement.actions.services if statement.actions.services is not None else (name,):
            service = self.estate.services[one]
            mask = statement.actions.mask(service) & (service.applying(pattern.text) if service.type_of(pattern.text) or one == name else 0)
            mask = mask and mask & context.lets(service, pattern)
            if mask:
                actions.update(service.atoms(mask, value=key[0] == "Secret"))
        if actions:
            found.setdefault(key, set()).update(actions)
            yield node_of(key, self.estate.services)

    def identities(self, statement: Statement, context: Context, name: str, names: Iterable[str], account: str = "") -> dict[str, int]:
        """ARN of a role, user or group → set of the actions ``names`` of service ``name`` (``iam``, ``sts``) that it gives on it.

        With ``account``, only of what can lie there.
        """
        service = self.estate.services[name]
        wanted = service.set_of(names) & statement.actions.mask(service)
        if not wanted:
            return {}
        key = (id(statement.actions), id(statement.resources), id(context), f"{name}:{wanted:x}:{account}")
        cached = self._identities.get(key)
        if cached is not None:
            return cached
        found: dict[str, int] = {}
        for pattern in patterns_of(statement):
            for target in self.estate.index.find(pattern, "iam") if service_of(pattern.text) in ("", "iam") else ():
                arn = target.key[1]
                if account and not self.estate.may_be(account, target.account):
                    continue
                region = glob(arn)
                if pattern.matches(arn) and (not statement.resources.negated or statement.resources.may(region)):
                    mask = wanted & context.lets(service, region)
                    if mask:
                        found[arn] = found.get(arn, 0) | mask
        self._identities[key] = found
        return found

    def anywhere(self, allows: Iterable[Allowed], context: Context, action: str) -> list[Allowed]:
        """Those of ``allows`` that allow ``action`` on any resource at all."""
        prefix, _, name = action.lower().partition(":")
        service = self.estate.services[prefix]
        bit = service.bit.get(name, 0)
        return [
            one
            for one in allows
            if one[0].actions.mask(service) & bit and any(bit & context.lets(service, pattern) for pattern in patterns_of(one[0]))
        ]

    def holding(self, allows: Iterable[Allowed], context: Context, action: str, arn: str) -> list[Allowed]:
        """Those of ``allows`` that allow ``action`` on ``arn`` within ``context``."""
        prefix, _, name = action.lower().partition(":")
        service = self.estate.services[prefix]
        bit = service.bit.get(name, 0)
        region = glob(arn)
        if not bit & context.lets(service, region):
            return []
        return [one for one in allows if one[0].actions.mask(service) & bit and one[0].resources.may(region)]


def shared_node(account: str, name: str, parts: Iterable[str], sources: list[str]) -> NodeFact:
    """The node of what several principals of an account hold alike; the same for the same ``parts``, whatever the order of documents."""
    digest = hashlib.sha256("\0".join([name, *parts]).encode("utf-8", "surrogatepass")).hexdigest()[:16]
    props: Props = {"name": name, "type": "iam_statement", "provider": "aws", "sources": sources}
    return NodeFact("Identity", f"aws:{account}/statement/{digest}", props)


def title(statement: Statement) -> str:
    """The statement in short: ``s3:* on *``."""
    texts = []
    actions, resources = statement.actions, statement.resources
    for patterns, negated in ((actions.patterns, actions.negated), (resources.text, resources.negated)):
        shown = ", ".join(one[:80] for one in patterns[:2]) + (f" and {len(patterns) - 2} more" if len(patterns) > 2 else "")
        texts.append(f"all but {shown}" if negated else shown)
    return " on ".join(texts)


def patterns_of(statement: Statement) -> tuple[Glob, ...]:
    """Where to look for what it gives: everywhere where it names only what is left out."""
    if not statement.resources.negated:
        return statement.resources.patterns
    return (EVERYTHING,) if statement.resources.may(EVERYTHING) else ()


def is_whole(pattern: Glob, account: str, service: Service) -> bool:
    """Whether ``pattern`` covers everything of ``service``, or all of one type of its resources.

    >>> table, bucket = Service("dynamodb"), Service("s3")
    >>> [is_whole(glob(one), "1", table) for one in ("*", "arn:aws:dynamodb:*:1:table/*", "arn:aws:dynamodb:*:1:table/pay-*")]
    [True, True, False]
    >>> [is_whole(glob(one), "1", bucket) for one in ("arn:aws:s3:::*", "arn:aws:s3:::*/*", "arn:aws:s3:::data/*")]
    [True, True, False]
    """
    if pattern.text == "*":
        return True
    fields = arns.parse(pattern.text)
    if fields is None or fields.account not in ("*", "", account):
        return False
    head, star, tail = fields.resource.partition("*")
    return bool(star) and not tail.strip("/*:") and (not head or head in service.heads)


def node_of(key: NodeKey, services: Services) -> NodeFact:
    """What the ARN alone tells of a resource that only policies name."""
    fields = arns.parse(key[1])
    if fields is None:
        return NodeFact(*key, {})
    kind = _TYPES.get(fields.service) or services[fields.service].type_of(key[1])
    # The name follows the type (``table/orders``, ``log-group:/aws/pay``, ``foundation-model/x-v1:0``), where the service has one.
    name = re.split("[:/]", fields.resource, maxsplit=1)[-1] or fields.resource
    props: Props = {"name": name, "kind_detail": f"aws {fields.service}"}
    if key[0] == "Secret":
        props |= {"type": "secretsmanager_secret"}
    else:
        props |= {"type": kind or fields.service}
    if "*" in key[1] or "?" in key[1]:
        props["kind_detail"] = f"aws {fields.service}, all that the pattern means"
    return NodeFact(*key, props)


def _closed(actions: Set[str]) -> Action:
    """``admin`` grants the other four."""
    return ALL if "admin" in actions else tuple(sorted(actions))
