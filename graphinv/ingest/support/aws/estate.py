"""All AWS grants of a scan, read and put together by what they hang on."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from graphinv.ingest.grants import Known
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.evaluation import Context, Index
from graphinv.ingest.support.aws.organisations import EVERYTHING, FULL_ACCESS, Organisations, distribute
from graphinv.ingest.support.aws.policies import Policy, Reader, Resources, Services, Statement, literal_actions
from graphinv.ingest.support.bundled import rows
from graphinv.model.facts import EdgeFact, Grant, NodeKey, Problem, place_of

_MANAGED = ":iam::aws:policy/"
MAX_PROBLEMS = 500


@dataclass(frozen=True, slots=True)
class Attached:
    """A policy where it is attached. ``managed`` is its ARN where it is not written there itself."""

    policy: Policy
    grant: Grant
    managed: str = ""

    @property
    def origin(self) -> str:
        """What ``inherited_from`` says."""
        return self.grant.origin or self.managed


@dataclass
class Principal:
    """A role, user or group and what hangs on it."""

    arn: str
    account: str
    kind: str
    identity: list[Attached] = field(default_factory=list)
    boundary: list[Attached] = field(default_factory=list)
    trust: list[Attached] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    members: list[Grant] = field(default_factory=list)
    """Its memberships of groups as far as they are stated as grants."""

    @property
    def key(self) -> NodeKey:
        return "Identity", self.arn


@dataclass
class Estate:
    """What is known of AWS: principals by ARN, policies of resources, limits of accounts."""

    known: Known
    principals: dict[str, Principal] = field(default_factory=dict)
    resources: dict[NodeKey, list[Attached]] = field(default_factory=lambda: defaultdict(list))
    limits: dict[str, dict[str, list[Attached]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(list)))
    """Account → level (account, unit, organisation) → its service control policies."""
    problems: list[Problem] = field(default_factory=list)
    homes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """ARN without an account → accounts whose own policies name it, else those of the root that tells of it: the best there is to go by."""
    policies: dict[str, Policy] = field(default_factory=dict)
    """Documents by their text."""
    _named: dict[tuple[str, str, str], str] = field(default_factory=dict)
    services: Services = field(default_factory=lambda: Services({}))
    index: Index = field(init=False)
    _contexts: dict[tuple[object, ...], Context] = field(default_factory=dict)
    _above: dict[str, Context] = field(default_factory=dict)
    """Contexts by principal."""

    def of(self, arn: str) -> Principal | None:
        """The principal of that ARN; roles also by an ARN without their path, as sessions have it."""
        found = self.principals.get(arn)
        if found is None:
            fields = arns.parse(arn)
            if fields is not None and "/" in fields.resource:
                kind, _, name = fields.resource.partition("/")
                found = self.principals.get(self._named.get((fields.account, kind, name.rpartition("/")[2]), ""))
        return found

    def add(self, arn: str) -> Principal | None:
        """The principal of that ARN, made where it is new; None where it can be none."""
        kind = arns.identity_type(arn)
        fields = arns.parse(arn)
        if kind is None or fields is None:
            return None
        if arn not in self.principals:
            self.principals[arn] = Principal(arn, fields.account, kind)
            self._named.setdefault((fields.account, fields.resource.partition("/")[0], fields.resource.rpartition("/")[2]), arn)
        return self.principals[arn]

    def allows(self, principal: Principal) -> list[tuple[Statement, Attached]]:
        """Statements that allow it something by its own policies and its groups'."""
        own = [*principal.identity, *(one for group in self.groups_of(principal) for one in group.identity)]
        return [(allow, attached) for attached in own for allow in attached.policy.allows]

    def groups_of(self, principal: Principal) -> list[Principal]:
        """Groups that it is a member of, sorted."""
        return [self.principals[one] for one in sorted(principal.groups) if one in self.principals]

    @cached_property
    def refusals(self) -> list[Statement]:
        """Denials of resources' own policies that always hold, each about its resource."""
        return [_at(deny, key[1]) for key in sorted(self.resources) for one in self.resources[key] for deny in one.policy.denies]

    @cached_property
    def accounts(self) -> set[str]:
        """Numbers of the accounts whose principals are known."""
        return {one.account for one in self.principals.values() if one.identity and arns.is_account(one.account)}

    def may_be(self, account: str, stated: str) -> bool:
        """Whether what lies in ``stated`` can lie in ``account``: a file that leaves it open may mean the only one that is known."""
        return stated == account or (not arns.is_account(stated) and self.accounts == {account})

    def delegates(self, key: NodeKey, account: str) -> bool:
        """Whether the resource's own policy, where it is known, leaves access to the identity policies of ``account``."""
        own = self.resources.get(key)
        whole = {account, "*"}
        return not own or any(
            not whole.isdisjoint(map(account_named, allow.principals.names.get("AWS", ())))
            for one in own
            for allow in one.policy.allows
            if allow.principals
        )

    def context(self, principal: Principal) -> Context:
        """What stands above its grants: denials by its own, its groups' and resources' policies, its boundary, its account's limits."""
        if principal.arn not in self._above:
            self._above[principal.arn] = self._context(principal)
        return self._above[principal.arn]

    def _context(self, principal: Principal) -> Context:
        own = [*principal.identity, *(one for group in self.groups_of(principal) for one in group.identity)]
        denies = [deny for one in (*own, *principal.boundary) for deny in one.policy.denies]
        denies += [deny for deny in self.refusals if excludes(deny, principal.arn, principal.account)]
        limits = [tuple(allow for one in principal.boundary for allow in one.policy.allows)] if principal.boundary else []
        if "/aws-service-role/" not in principal.arn:
            for level in self.limits.get(principal.account, {}).values():
                denies += [deny for one in level for deny in one.policy.denies]
                allows = tuple(allow for one in level for allow in one.policy.allows)
                if allows:  # a level that allows nothing at all is not all of what hangs there
                    limits.append(allows)
        # Equal lists of actions and resources are one object: contexts that say the same are one.
        key = (frozenset(map(_said, denies)), frozenset(frozenset(map(_said, limit)) for limit in limits))
        found = self._contexts.get(key)
        if found is None:
            found = self._contexts[key] = Context(self.services, tuple(denies), tuple(limits))
        return found


def _said(statement: Statement) -> tuple[int, int]:
    return id(statement.actions), id(statement.resources)


def gather(grants: Sequence[Grant], known: Known) -> Estate:
    """Everything that ``grants`` and ``known`` say of AWS, ready to be asked. O(size of both)."""
    estate = Estate(known)
    reading = _Reading(estate)
    # What a name stands for comes before what names it.
    for grant in sorted(grants, key=lambda one: one.role != "policy"):
        reading.take(grant)
    reading.hang()
    for kind, name in known.nodes:
        if kind == "Identity" and name.startswith("arn:"):
            estate.add(name)
    for edge in known.edges:
        if edge.kind == "MEMBER_OF":
            _joined(estate, edge)
    estate.services = Services(literal_actions(estate.policies.values()))
    estate.index = Index(estate.services)
    _fill(estate)
    return estate


def _joined(estate: Estate, edge: EdgeFact) -> None:
    user = estate.principals.get(str(edge.source[1])) if isinstance(edge.source, tuple) else None
    if user is not None and isinstance(edge.target, tuple):
        user.groups.add(edge.target[1])


class _Reading:
    """Grants, one after the other."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.reader = Reader()
        self.by_arn: dict[str, Policy] = {}
        self.told: set[tuple[str, str]] = set()
        self.organisations = Organisations()

    def hang(self) -> None:
        """Service control policies, on the accounts that they limit."""
        organisations, limits = self.organisations, self.estate.limits
        for target, there in organisations.attached.items():
            for id, grant in there:
                document = organisations.documents.get(id)
                # What nobody knows allows, as the policy does that every level has: what it denies can't be relied on.
                policy = document[0] if document else self.policy(grant, EVERYTHING, json.loads(EVERYTHING))
                limits[target]["scp"].append(Attached(policy, replace(grant, origin=document[1].origin if document else FULL_ACCESS)))
        for grant, message in organisations.missing():
            self.problem(grant, message)
        for unit in distribute(limits, organisations):
            (attached, *_) = (one for level in limits[unit].values() for one in level)
            self.problem(
                attached.grant, f"which accounts lie below {unit} is not among what was read; what hangs there limits nothing here"
            )

    def take(self, grant: Grant) -> None:
        kind, name = grant.subject
        try:
            body: object = json.loads(grant.body)
        except (ValueError, RecursionError):
            self.problem(grant, "a policy is not JSON, or nested too deep")
            return
        if grant.role == "member":
            user, group = self.estate.add(name), self.estate.add(body) if isinstance(body, str) else None
            if user is not None and group is not None:
                user.groups.add(group.arn)
                user.members.append(grant)
            return
        if grant.role in ("scp-attached", "scp-parent", "scp-management"):
            self.organisations.take(grant, body)
            return
        attached = self.attached(grant, body)
        if attached is None:
            return
        if grant.role == "scp-document":
            self.organisations.documents[name.removeprefix("aws-scp:")] = attached.policy, grant
        elif grant.role == "policy":
            self.by_arn[name] = attached.policy
        elif grant.role.partition(":")[0] == "scp":
            self.estate.limits[name.removeprefix("aws:")][grant.role].append(attached)
        elif grant.role == "resource":
            self.estate.resources[grant.subject].append(attached)
        else:
            principal = self.estate.add(name) if kind == "Identity" else None
            kept = {"identity": "identity", "boundary": "boundary", "trust": "trust"}.get(grant.role)
            if principal is None or kept is None:
                self.problem(grant, "a policy hangs on what is no IAM role, user or group")
            else:
                getattr(principal, kept).append(attached)

    def attached(self, grant: Grant, body: object) -> Attached | None:
        if not isinstance(body, str):
            return Attached(self.policy(grant, grant.body, body), grant)
        known = self.by_arn.get(body)
        if known is not None:
            return Attached(known, grant, body)
        before, mark, name = body.partition(_MANAGED)
        text = rows("aws/managed_policies.tsv").get(name) if mark and before.startswith("arn:") else None
        if text is None:
            # A boundary or a limit that nobody knows limits nothing that could be relied on.
            self.problem(grant, f"the document of an attached policy is not known: {body[:200]}")
            return None
        return Attached(self.policy(grant, text, json.loads(text)), grant, body)

    def policy(self, grant: Grant, text: str, body: object) -> Policy:
        found = self.estate.policies.get(text)
        if found is None:
            try:
                found = self.reader.policy(body)
            except RecursionError:
                found = Policy(problems=("is nested too deep",))
            self.estate.policies[text] = found
            for message in found.problems:
                self.problem(grant, f"part of a policy is not understood: {message}")
        return found

    def problem(self, grant: Grant, message: str) -> None:
        if (grant.source, message) in self.told or len(self.told) > MAX_PROBLEMS:
            return
        self.told.add((grant.source, message))
        document, where = place_of(grant.source, grant.source.partition("/")[0])
        if len(self.told) > MAX_PROBLEMS:
            message = f"more than {MAX_PROBLEMS} parts of AWS policies are not understood; the rest is not listed"
        self.estate.problems.append(Problem(document, where, message, "warning", "aws"))


def _fill(estate: Estate) -> None:
    """The index: nodes that are known, principals, and what policies name without a wildcard."""
    for key in estate.known.nodes:
        if key[0] in ("Resource", "Secret") and key[1].startswith("arn:"):
            estate.index.add(key)
    for key in estate.resources:
        estate.index.add(key)
    for principal in estate.principals.values():
        estate.index.add(principal.key)
    for principal in estate.principals.values():
        for attached in (*principal.identity, *principal.boundary):
            _literals(estate, attached.policy, principal.account)
    _homes_by_root(estate)


def _homes_by_root(estate: Estate) -> None:
    """Whose a bucket is that no policy names: of the accounts whose principals the same root tells of."""
    accounts: dict[str, set[str]] = defaultdict(set)
    for principal in estate.principals.values():
        for attached in (*principal.identity, *principal.trust):
            accounts[attached.grant.source.partition("/")[0]].add(principal.account)
    for kind, arn in estate.index.all():
        fields = arns.parse(arn)
        if fields is not None and not fields.account and arn not in estate.homes:
            roots = {source.partition("/")[0] for source in estate.known.nodes.get((kind, arn), {}).get("sources") or ()}
            if found := {account for root in roots for account in accounts.get(root, ())}:
                estate.homes[arn] = found


def _literals(estate: Estate, policy: Policy, account: str) -> None:
    for statement in policy.allows:
        for arn in named(statement):
            fields = arns.parse(arn)
            if fields is not None and not fields.account:
                estate.homes[arn].add(account)
            estate.index.add((kind_of(arn), arn))


def named(statement: Statement) -> Iterator[str]:
    """ARNs of what the statement names without a wildcard, whole or in part; none of an IAM identity."""
    for pattern in statement.resources.patterns:
        arn = arns.canonical(pattern.text)
        fields = arns.parse(arn)
        if fields is None or not fields.resource or "*" in arn or "?" in arn or fields.service in ("iam", "sts"):
            continue
        yield arn


def kind_of(arn: str) -> str:
    """Kind of the node of a resource that policies name."""
    fields = arns.parse(arn)
    return "Secret" if fields is not None and fields.service == "secretsmanager" and fields.resource.startswith("secret:") else "Resource"


def account_named(name: str) -> str:
    """Account that a principal's name stands for (``*`` for any), ``""`` where it names less than a whole account.

    >>> account_named("arn:aws:iam::123456789012:root"), account_named("123456789012"), account_named("arn:aws:iam::1:role/x")
    ('123456789012', '123456789012', '')
    """
    if name == "*" or arns.is_account(name):
        return name
    fields = arns.parse(name)
    return fields.account if fields is not None and fields.service == "iam" and fields.resource == "root" else ""


def denied(policies: Sequence[Attached], name: str, account: str) -> list[Statement]:
    """Statements of resource-based policies that always deny the principal ``name`` of ``account``."""
    return [deny for attached in policies for deny in attached.policy.denies if excludes(deny, name, account)]


def excludes(deny: Statement, name: str, account: str) -> bool:
    """Whether a denial of a resource-based policy is about the principal ``name`` of ``account``."""
    if deny.principals is None:
        return False
    said = deny.principals.names.get("AWS", ())
    named = any(one in (name, "*") or (account and account_named(one) == account) for one in said)
    return named != deny.principals.negated


def _at(deny: Statement, arn: str) -> Statement:
    """A denial of a resource's own policy as one of a principal's: there ``*`` means this resource."""
    if deny.resources.text == ("*",) and not deny.resources.negated:
        return replace(deny, resources=Resources((arn, f"{arn}/*", f"{arn}:*"), negated=False))
    return deny


def sources_of(grants: Iterable[Grant], most: int = 20) -> list[str]:
    """Where they are stated, the first ones."""
    return sorted({grant.source for grant in grants if grant.source})[:most]


def evidence_of(grants: Iterable[Grant]) -> list[str]:
    """How they are known."""
    return sorted({grant.evidence for grant in grants})
