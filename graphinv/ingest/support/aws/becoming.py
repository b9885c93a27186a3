"""Whom a principal can become, or make itself, by what its policies let it do to IAM and to services that run as a role."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.access import ALL, Allowed, Evaluator
from graphinv.ingest.support.aws.escalations import BECOMES, SELF, UNLIMITED, VERSIONS, WAYS, Way
from graphinv.ingest.support.aws.estate import Estate, Principal, account_named
from graphinv.ingest.support.aws.evaluation import Context
from graphinv.ingest.support.aws.globs import Glob, glob
from graphinv.ingest.support.aws.policies import Statement
from graphinv.ingest.support.aws.trust import let_in
from graphinv.model.facts import Grant, NodeKey

MAX_REASONS = 6
_NEEDED = (
    *(action for action, _ in (*SELF, *BECOMES)),
    *VERSIONS,
    "iam:PassRole",
)


@dataclass(frozen=True, slots=True)
class Becoming:
    """A principal becomes each of ``targets`` (itself, where it is among them, aside), for ``reason``."""

    reason: str
    targets: tuple[NodeKey, ...]
    condition: str | None = None
    confidence: float = 1.0


Told = tuple[Becoming, tuple[Grant, ...]]
"""And the grants that it rests on."""


def administrator(account: str) -> NodeKey:
    """Whoever can give itself every permission of the account."""
    return "Identity", f"aws:{account}/administrator"


@dataclass
class Escalations:
    """Answers for one principal after the other.

    Args:
        evaluator: what statements give.
        assumed: principal → ARNs of the roles that it can assume by their trust.
    """

    evaluator: Evaluator
    assumed: Mapping[str, Sequence[str]]
    _trusting: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Service → roles that trust it, sorted."""
    _running: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    """Role → what runs as it."""
    _passed: dict[tuple[int, str], tuple[NodeKey, ...]] = field(default_factory=dict)
    _unseen: dict[tuple[str, str], tuple[NodeKey, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        estate = self.evaluator.estate
        for arn in sorted(estate.principals):
            services = {one.name.partition(".amazonaws.com")[0] for one in let_in(estate.principals[arn].trust) if one.kind == "Service"}
            for service in services:
                self._trusting[service].append(arn)
        for edge in estate.known.edges:
            if edge.kind != "RUNS_AS" or not isinstance(edge.source, tuple) or not isinstance(edge.target, tuple):
                continue
            kind, name = edge.source
            if kind == "Runtime" or (kind == "Tool" and name.startswith("arn:")):
                self._running[edge.target[1]].append(name)
        iam = estate.services["iam"]
        self._iam = iam.set_of(action.partition(":")[2].lower() for action in _NEEDED)

    def of(self, principal: Principal, allows: Sequence[Allowed], context: Context) -> Iterator[Told]:
        """Whom ``principal``, with the statements ``allows`` of its own and its groups' policies, can become, and by what."""
        iam = self.evaluator.estate.services["iam"]
        touching = [one for one in allows if one[0].actions.mask(iam) & self._iam]
        reasons = list(self._gives_itself(principal, touching, context)) if touching else []
        if reasons:
            grants = tuple(dict.fromkeys(attached.grant for _, found in reasons for _, attached in found))
            sure = any(statement.condition is None for _, found in reasons for statement, _ in found)
            condition = None if sure else reasons[0][1][0][0].condition
            names = list(dict.fromkeys(reason for reason, _ in reasons))[:MAX_REASONS]
            yield Becoming(" or ".join(names), (administrator(principal.account),), condition), grants
            return  # who can be everything need not be told part by part
        for statement, attached in touching:
            yield from self._becomes(principal, statement, attached.grant, context)
        yield from self._ways(principal, allows, touching, context)

    def outside(self, account: str) -> list[str]:
        """Roles of other accounts that trust ``account`` as a whole."""
        principals = self.evaluator.estate.principals.values()
        return [
            role.arn
            for role in principals
            if role.account != account and any(one.kind == "AWS" and account_named(one.name) == account for one in let_in(role.trust))
        ]

    def _gives_itself(self, principal: Principal, allows: Sequence[Allowed], context: Context) -> Iterator[tuple[str, list[Allowed]]]:
        """(action, statements that allow it) of what gives every permission to the principal, its groups or a role it can assume."""
        estate = self.evaluator.estate
        holders = [principal, *estate.groups_of(principal)]
        holders += [role for arn in self.assumed.get(principal.arn, ()) if (role := estate.principals[arn]).account == principal.account]
        for holder in holders:
            limited = [one for one in (principal, holder) if one.boundary and (one is holder or holder.kind == "iam_group")]
            if any(not self._unlimits(one, allows, context) for one in limited):
                continue
            by = "" if holder is principal else f" on {holder.arn.rpartition('/')[2]}"
            for action, kinds in SELF:
                if holder.kind in kinds and (found := self.evaluator.holding(allows, context, action, holder.arn)):
                    yield action + by, found
            for managed in sorted({one.managed for one in holder.identity if one.managed and ":iam::aws:" not in one.managed}):
                for action in VERSIONS:
                    if found := self.evaluator.holding(allows, context, action, managed):
                        yield action + by, found

    def _unlimits(self, principal: Principal, allows: Sequence[Allowed], context: Context) -> bool:
        return any(self.evaluator.holding(allows, context, action, principal.arn) for action in UNLIMITED)

    def _becomes(self, principal: Principal, statement: Statement, grant: Grant, context: Context) -> Iterator[Told]:
        estate = self.evaluator.estate
        iam = estate.services["iam"]
        names = [action.partition(":")[2].lower() for action, _ in BECOMES]
        reached = self.evaluator.identities(statement, context, "iam", names, principal.account)
        for (action, kind), name in zip(BECOMES, names, strict=True) if reached else ():
            if kind == "iam_group" and principal.kind != "iam_user":
                continue
            targets = tuple(("Identity", arn) for arn, mask in reached.items() if mask & iam.bit[name] and arns.identity_type(arn) == kind)
            if kind == "iam_group":
                targets = tuple(one for one in targets if one[1] not in principal.groups)
            if targets:
                yield Becoming(action, targets, statement.condition), (grant,)

    def _ways(self, principal: Principal, allows: Sequence[Allowed], touching: Sequence[Allowed], context: Context) -> Iterator[Told]:
        passing = [
            (statement, attached, roles, _passed_to(statement))
            for statement, attached in touching
            if (roles := self.evaluator.identities(statement, context, "iam", ("passrole",), principal.account))
        ]
        for way in WAYS:
            trusting = self._trusting.get(way.service)
            if not trusting or (way.passes and not passing):
                continue
            steps = [[(action, one) for action in step for one in self.evaluator.anywhere(allows, context, action)] for step in way.steps]
            if not all(steps):
                continue
            reason = " + ".join(["iam:PassRole"] * way.passes + [found[0][0] for found in steps])
            grants = [found[0][1][1].grant for found in steps]
            # A step that every statement allows only under a condition needs it.
            needed = [found[0][1][0].condition for found in steps if all(one[0].condition for _, one in found)]
            condition = needed[0] if needed else None
            if not way.passes:
                yield from self._of_running(principal, way, trusting, (allows, context), (reason, grants, condition))
                continue
            for statement, attached, roles, services in passing:
                if services is not None and not any(one.matches(f"{way.service}.amazonaws.com") for one in services):
                    continue
                key = (id(roles), way.service)
                if key not in self._passed:
                    self._passed[key] = tuple(("Identity", arn) for arn in trusting if arn in roles)
                if self._passed[key]:
                    told = Becoming(reason, self._passed[key], statement.condition or condition)
                    yield told, tuple(dict.fromkeys([attached.grant, *grants]))

    def _of_running(
        self,
        principal: Principal,
        way: Way,
        trusting: Iterable[str],
        own: tuple[Sequence[Allowed], Context],
        why: tuple[str, Sequence[Grant], str | None],
    ) -> Iterator[Told]:
        """Roles of what runs already: of what is known to run where it may be changed; else of all that the service may run as."""
        estate = self.evaluator.estate
        reason, grants, condition = why
        key = (way.service, principal.account)
        if key not in self._unseen:
            own_account = [arn for arn in trusting if estate.principals[arn].account == principal.account]
            self._unseen[key] = tuple(("Identity", arn) for arn in own_account if not self._running.get(arn))
        seen: list[NodeKey] = [
            ("Identity", arn)
            for arn in (trusting if self._running else ())
            if estate.principals[arn].account == principal.account
            and (running := self._running.get(arn))
            and any(self._changes(way, runtime, *own) for runtime in running)
        ]
        if seen:
            yield Becoming(reason, tuple(seen), condition), tuple(grants)
        if self._unseen[key]:
            yield Becoming(reason, self._unseen[key], condition, way.unseen), tuple(grants)

    def _changes(self, way: Way, runtime: str, allows: Sequence[Allowed], context: Context) -> bool:
        fields = arns.parse(runtime)
        if fields is None:
            return True  # named by something other than its ARN: which one it is cannot be told
        if not fields.resource.startswith(way.on):
            return False
        return all(any(self.evaluator.holding(allows, context, action, runtime) for action in step) for step in way.steps)


def _passed_to(statement: Statement) -> list[Glob] | None:
    """Services that a condition names for ``iam:PassRole``; None where it leaves them open."""
    said = [glob(value.lower()) for operator, value in statement.values("iam:PassedToService") if "Not" not in operator]
    return said or None


def whole(estate: Estate, account: str) -> Iterator[tuple[NodeKey, tuple[str, ...]]]:
    """What an administrator of ``account`` has: everything known of it."""
    yield arns.account_node(account), ALL
    for key in estate.index.all():
        fields = arns.parse(key[1])
        homes = estate.homes.get(key[1])
        if key[0] == "Identity" or fields is None or fields.account not in ("", account):
            continue
        if fields.account or not homes or account in homes:
            yield key, ALL
