"""AWS's evaluation logic over sets of actions: what a policy context lets through on which resource.

An explicit denial wins; then every limit (permissions boundary, each level of service control policies) must allow, and so must the policy
that grants. What depends on a condition is taken at its worst: a conditional Allow allows, a conditional Deny does not deny.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graphinv.ingest.support.aws.actions import Service, service_of
from graphinv.ingest.support.aws.arns import canonical, parse
from graphinv.ingest.support.aws.globs import Glob, glob
from graphinv.ingest.support.aws.policies import Services, Statement
from graphinv.model.facts import NodeKey

EVERYTHING = glob("*")
_PARTS = {"s3": ("/", "*"), "lambda": (":", "*"), "logs": (":", "*"), "dynamodb": ("/", "*"), "secretsmanager": ("-", "??????")}
"""How the ARN of a part goes on after that of the whole, by service."""
_SUFFIXED = re.compile(r"-[A-Za-z0-9]{6}$")
_ACTING = {"iam": ("sts",), "ec2": ("ssm", "ec2-instance-connect")}
"""Services that act on another's resources, by the service of the resource's ARN."""


@dataclass
class Context:
    """What stands above a principal's own grants.

    Args:
        denies: statements that always deny.
        limits: for each boundary and each level of service control policies, the statements of which one must allow.
    """

    services: Services
    denies: tuple[Statement, ...] = ()
    limits: tuple[tuple[Statement, ...], ...] = ()
    _let: dict[tuple[str, str, bool], int] = field(default_factory=dict)

    @property
    def open(self) -> bool:
        """Whether it lets everything through."""
        return not self.denies and not self.limits

    def lets(self, service: Service, region: Glob, *, whole: bool = False) -> int:
        """Set of the actions that it lets through on some resource that ``region`` matches; with ``whole``, on all of them.

        A denial counts where it covers the region: of what is only partly denied, a part remains.
        """
        if self.open:
            return service.all
        key = (service.prefix, region.text, whole)
        found = self._let.get(key)
        if found is None:
            found = service.all
            for limit in self.limits:
                found &= allowed(limit, service, region, whole=whole)
            for deny in self.denies:
                if found and deny.resources.must(region):
                    found &= ~deny.actions.mask(service)
            self._let[key] = found
        return found


def allowed(statements: Iterable[Statement], service: Service, region: Glob, *, whole: bool = False) -> int:
    """Set of the actions that some of ``statements`` allows on some resource of ``region`` (with ``whole``: on all)."""
    found = 0
    for statement in statements:
        mask = statement.actions.mask(service)
        if mask & ~found and (statement.resources.must(region) if whole else statement.resources.may(region)):
            found |= mask
    return found


@dataclass(frozen=True, slots=True)
class Target:
    """Something that can be acted on.

    Args:
        key: its node; the id is its ARN.
        service: of the ARN.
        account: of the ARN; ``""`` where it has none.
        acting: services whose actions apply to it, each with those that apply to the whole and to its parts.
        separator: how the ARN of a part goes on after its own; ``""`` where it has no parts.
        tail: what follows then.
    """

    key: NodeKey
    service: str
    account: str
    acting: tuple[tuple[Service, int, int], ...]
    separator: str = ""
    tail: str = ""

    def regions(self, pattern: Glob) -> Iterator[tuple[Glob, bool]]:
        """What ``pattern`` has in common with it, each with whether these are its parts."""
        arn = self.key[1]
        if pattern.matches(arn):
            yield glob(arn), False
        rest = _resource_of(pattern, arn) if self.separator else None
        if rest is None:
            return
        name = arn.split(":", 5)[5] + self.separator
        start = arn + self.separator
        if self.tail == "*":
            for residual in rest.residuals(name):
                yield glob(start + residual), True
        elif rest.meets(glob(name + self.tail)):
            yield glob(start + self.tail), True


def _resource_of(pattern: Glob, arn: str) -> Glob | None:
    """What ``pattern`` says of the resource's name, where its other fields can be those of ``arn``; else None.

    A wildcard of one field does not reach the next here, or any pattern could be found again inside the name of some part.
    """
    if pattern.text == "*":
        return pattern
    fields = pattern.text.split(":", 5)
    own = arn.split(":", 5)
    if not all(glob(said).matches(field) for said, field in zip(fields[:-1], own[:-1], strict=False)):
        return None
    return glob(fields[5]) if len(fields) == len(own) else glob("*") if fields[-1].endswith("*") else None


class Index:
    """All known targets, to be found by pattern."""

    def __init__(self, services: Services) -> None:
        self.services = services
        self._targets: dict[str, dict[str, Target]] = {}
        self._sorted: dict[str, list[str]] = {}

    def add(self, key: NodeKey) -> bool:
        """Take in a node whose id is an ARN; whether it was new. To be done before the first question."""
        name = service_of(key[1])
        fields = parse(key[1])
        if fields is None or not name or not fields.resource or key[1] in self._targets.get(name, ()):
            return False
        separator, tail = _PARTS.get(name, ("", ""))
        if tail == "*" and canonical(f"{key[1]}{separator}x") != key[1]:
            separator = tail = ""
        if name == "secretsmanager" and _SUFFIXED.search(key[1]):
            separator = tail = ""
        acting = []
        for one in (name, *_ACTING.get(name, ())):
            service = self.services[one]
            whole = service.applying(key[1])
            acting.append((service, whole, service.applying(key[1], part=True) if tail == "*" else whole))
        self._targets.setdefault(name, {})[key[1]] = Target(key, name, fields.account, tuple(acting), separator, tail)
        return True

    def target(self, arn: str) -> Target | None:
        """The target of that ARN."""
        return self._targets.get(service_of(arn), {}).get(arn)

    def all(self) -> Iterator[NodeKey]:
        """Nodes of all targets, in order."""
        for name in sorted(self._targets):
            yield from (self._targets[name][arn].key for arn in sorted(self._targets[name]))

    def names(self) -> list[str]:
        """Services of whose resources any is known."""
        return sorted(self._targets)

    def places(self, pattern: Glob, services: Iterable[str] | None) -> list[str]:
        """Services of the ARNs of targets that actions of ``services`` (None: of any) can find by ``pattern``."""
        named = service_of(pattern.text)
        places = set(self._targets)
        if services is not None:
            acting = set(services)
            places = {one for one in places if not acting.isdisjoint((one, *_ACTING.get(one, ())))}
        return sorted(places & {named} if named else places)

    def find(self, pattern: Glob, name: str) -> Iterator[Target]:
        """Targets of service ``name`` that ``pattern`` may mean, or part of.

        O(log targets) where the pattern names one, O(targets with its literal beginning) otherwise.
        """
        targets = self._targets.get(name)
        if not targets:
            return
        if name not in self._sorted:
            self._sorted[name] = sorted(targets)
        ids = self._sorted[name]
        # A part's pattern goes on after the ARN of the whole.
        above = self._above(pattern.prefix, name, targets)
        if above is not None and not above.key[1].startswith(pattern.prefix):
            yield above
        for number in range(bisect_left(ids, pattern.prefix), len(ids)):
            if not ids[number].startswith(pattern.prefix):
                return
            yield targets[ids[number]]

    def _above(self, prefix: str, name: str, targets: dict[str, Target]) -> Target | None:
        if name == "secretsmanager":
            # The six characters that AWS adds to a name, or the pattern that stands for them.
            return targets.get(prefix[:-1] if prefix.endswith("-") else prefix[:-7])
        return targets.get(canonical(prefix))
