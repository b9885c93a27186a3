"""Policies of AWS IAM as edges: what identities can do to resources, and whom they can become.

Roles of grants: ``identity`` (a policy of a role, user or group), ``boundary``, ``trust`` (of the role that may be assumed), ``resource``
(a resource's own policy), ``scp`` (of an account; ``scp:LEVEL`` where it comes from a unit or the organisation above it), ``policy`` (a
managed policy's document, on the Resource with its ARN), ``member`` (a user's membership; the body is the group's ARN), and the parts of an
organisation (:mod:`graphinv.ingest.support.aws.organisations`). A body is a policy document, or the ARN of a managed policy as JSON text.

What many principals hold alike and that reaches far is written once: a node for the statement, of which they are members.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from graphinv.ingest.grants import Known
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.access import ALL, FAR, Access, Allowed, Evaluator, Given, node_of, shared_node, title
from graphinv.ingest.support.aws.becoming import Becoming, Escalations, administrator, whole
from graphinv.ingest.support.aws.estate import Estate, Principal, evidence_of, gather, sources_of
from graphinv.ingest.support.aws.evaluation import Context
from graphinv.ingest.support.aws.trust import let_to_resources, trusts
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

PROVIDER = "aws"


def evaluate(grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """See :mod:`graphinv.ingest.grants`. O(statements · targets that each names or matches), for statements that differ."""
    estate = gather(grants, known)
    yield from estate.problems
    evaluator = Evaluator(estate)
    assumed: dict[str, list[str]] = defaultdict(list)
    yield from trusts(evaluator, assumed)
    yield from let_to_resources(evaluator)
    yield from _Writing(evaluator, Escalations(evaluator, assumed)).facts()


@dataclass(slots=True)
class _Shared:
    """What a statement gives under one condition, and who holds it."""

    given: Given
    condition: str | None
    titles: set[str] = field(default_factory=set)
    holders: dict[str, list[Grant]] = field(default_factory=lambda: defaultdict(list))
    origins: list[tuple[str, str, Grant]] = field(default_factory=list)
    """(holder, ``inherited_from``, grant)."""


class _Writing:
    """Edges of all principals' own policies."""

    def __init__(self, evaluator: Evaluator, escalations: Escalations) -> None:
        self.evaluator = evaluator
        self.estate: Estate = evaluator.estate
        self.escalations = escalations
        self.shared: dict[tuple[int, str | None], _Shared] = {}
        self.becoming: dict[Becoming, dict[str, tuple[Grant, ...]]] = {}
        """And who becomes so, by what."""
        self.told: set[NodeKey] = set()

    def facts(self) -> Iterator[NodeFact | EdgeFact]:
        for arn in sorted(self.estate.principals):
            principal = self.estate.principals[arn]
            yield from self._memberships(principal)
            self._collect(principal)
        yield from self._accesses()
        yield from self._becomings()

    def _restricted(self, user: Principal) -> bool:
        """Whether its groups' policies give it less than they give others."""
        own = self.estate.context(user)
        return any(self.estate.context(group) is not own for group in self.estate.groups_of(user))

    def _memberships(self, user: Principal) -> Iterator[EdgeFact]:
        for grant in user.members:
            props: Props = {"evidence": [grant.evidence], "sources": sources_of([grant])}
            if self._restricted(user):
                props["scopes"] = []  # what is left of its groups' policies stands on the user itself
            for group in self.estate.groups_of(user):
                if f'"{group.arn}"' == grant.body:
                    yield EdgeFact("MEMBER_OF", user.key, group.key, props)

    def _collect(self, principal: Principal) -> None:
        context = self.estate.context(principal)
        everything = self.estate.allows(principal)
        restricted = self._restricted(principal)
        own = everything if restricted else [(allow, one) for one in principal.identity for allow in one.policy.allows]
        for statement, attached in own:
            given = self.evaluator.given(statement, context, principal.account)
            if given.accesses:
                key = (id(given), statement.condition)
                shared = self.shared.get(key)
                if shared is None:
                    shared = self.shared[key] = _Shared(given, statement.condition)
                if len(given.accesses) > FAR:
                    shared.titles.add(title(statement))
                shared.holders[principal.arn].append(attached.grant)
                shared.origins.append((principal.arn, attached.origin, attached.grant))
        if principal.kind != "iam_group" and not self._administers(principal, everything, context):
            for becoming, grants in self.escalations.of(principal, everything, context):
                before = self.becoming.setdefault(becoming, {}).get(principal.arn, ())
                self.becoming[becoming][principal.arn] = (*before, *grants)

    def _administers(self, principal: Principal, everything: Iterable[Allowed], context: Context) -> bool:
        """Whether it has everything of its account already, and need not take it."""
        account = Access(arns.account_node(principal.account), ALL)
        broad = (one for one, _ in everything if one.condition is None and one.actions.services is None)
        given = (self.evaluator.given(one, context, principal.account) for one in broad)
        return any(account in one.accesses for one in given)

    def _accesses(self) -> Iterator[NodeFact | EdgeFact]:
        direct: dict[tuple[str, NodeKey, str | None, str, float], tuple[set[str], list[Grant]]] = {}
        for shared in self.shared.values():
            grants = [grant for _, _, grant in shared.origins]
            yield from self._nodes(shared.given, grants)
            if len(shared.given.accesses) > FAR and len(shared.holders) > 1:
                yield from self._hub(shared, grants)
                continue
            for holder, origin, grant in shared.origins:
                for access in shared.given.accesses:
                    key = (holder, access.target, shared.condition, origin, access.confidence)
                    actions, said = direct.setdefault(key, (set(), []))
                    actions.update(access.actions)
                    said.append(grant)
        for (holder, target, condition, origin, confidence), (actions, said) in direct.items():
            yield _access(("Identity", holder), Access(target, tuple(sorted(actions)), confidence), condition, said, origin)

    def _hub(self, shared: _Shared, grants: Sequence[Grant]) -> Iterator[NodeFact | EdgeFact]:
        account = self.estate.principals[next(iter(shared.holders))].account
        parts = [shared.condition or "", *(f"{one.target} {one.actions} {one.confidence}" for one in shared.given.accesses)]
        node = shared_node(account, min(shared.titles), parts, sources_of(grants))
        yield node
        for holder, theirs in shared.holders.items():
            yield EdgeFact("MEMBER_OF", ("Identity", holder), node.key, {"evidence": evidence_of(theirs), "sources": sources_of(theirs)})
        for access in shared.given.accesses:
            yield _access(node.key, access, shared.condition, grants)

    def _nodes(self, given: Given, grants: Sequence[Grant]) -> Iterator[NodeFact]:
        sources = sources_of(grants)
        for node in given.nodes:
            yield NodeFact(node.kind, node.id, {**node.props, "sources": sources})
            self.told.add(node.key)
        for access in given.accesses:
            if access.target not in self.estate.known.nodes and access.target not in self.told:
                self.told.add(access.target)
                node = node_of(access.target, self.estate.services)
                yield NodeFact(node.kind, node.id, {**node.props, "sources": sources})

    def _becomings(self) -> Iterator[NodeFact | EdgeFact]:
        administered: dict[str, list[Grant]] = defaultdict(list)
        for becoming, holders in self.becoming.items():
            account = self.estate.principals[next(iter(holders))].account
            if becoming.targets == (administrator(account),):
                administered[account] += [grant for grants in holders.values() for grant in grants]
            starts: dict[NodeKey, Iterable[Grant]] = {("Identity", holder): grants for holder, grants in holders.items()}
            if len(becoming.targets) > FAR and len(holders) > 1:
                everything = [grant for grants in holders.values() for grant in grants]
                parts = [becoming.condition or "", *(arn for _, arn in becoming.targets)]
                node = shared_node(account, becoming.reason, parts, sources_of(everything))
                yield node
                for start, grants in starts.items():
                    yield EdgeFact("MEMBER_OF", start, node.key, {"evidence": evidence_of(grants), "sources": sources_of(grants)})
                starts = {node.key: everything}
            for start, grants in starts.items():
                props = _becoming(becoming, grants)
                yield from (EdgeFact("ASSUMES", start, target, props) for target in becoming.targets if start != target)
        for account, grants in sorted(administered.items()):
            yield from self._administrator(account, grants)

    def _administrator(self, account: str, grants: Sequence[Grant]) -> Iterator[NodeFact | EdgeFact]:
        hub = administrator(account)
        sources = sources_of(grants)
        name = f"administrator of {account}"
        yield NodeFact(*hub, {"name": name, "type": "iam_administrator", "provider": "aws", "sources": sources})
        yield NodeFact("Resource", f"aws:{account}", {"type": "account", "sources": sources})
        # Nobody gave it these: it stands for whoever may become an administrator
        props: Props = {"evidence": ["inferred"], "sources": sources, "inherited_from": hub[1]}
        for target, actions in whole(self.estate, account):
            yield EdgeFact("CAN_ACCESS", hub, target, {**props, "actions": list(actions)})
        for arn in sorted(self.escalations.outside(account)):
            trust: Props = {"evidence": ["inferred"], "sources": sources, "kind_detail": "trust"}
            yield EdgeFact("ASSUMES", hub, ("Identity", arn), trust)


def _access(start: NodeKey, access: Access, condition: str | None, grants: Iterable[Grant], origin: str = "") -> EdgeFact:
    grants = list(grants)
    props: Props = {"actions": list(access.actions), "evidence": evidence_of(grants), "sources": sources_of(grants)}
    if condition:
        props["condition"] = condition
    if origin:
        props["inherited_from"] = origin
    if access.confidence < 1:
        props |= {"confidence": access.confidence, "evidence": sorted({*props["evidence"], "inferred"})}
    return EdgeFact("CAN_ACCESS", start, access.target, props)


def _becoming(becoming: Becoming, grants: Iterable[Grant]) -> Props:
    props: Props = {"kind_detail": becoming.reason, "evidence": evidence_of(grants), "sources": sources_of(grants)}
    if becoming.condition:
        props["condition"] = becoming.condition
    if becoming.confidence < 1:
        props |= {"confidence": becoming.confidence, "evidence": sorted({*props["evidence"], "inferred"})}
    return props
