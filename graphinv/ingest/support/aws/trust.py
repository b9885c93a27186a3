"""Who may become whom by trust policies, and who comes to a resource by its own policy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.access import FAR, UNSURE, Allowed, Evaluator, patterns_of, shared_node, title
from graphinv.ingest.support.aws.estate import Attached, Estate, Principal, account_named, denied, evidence_of, sources_of
from graphinv.ingest.support.aws.evaluation import Context, Target, allowed
from graphinv.ingest.support.aws.globs import glob
from graphinv.ingest.support.aws.policies import Statement
from graphinv.ingest.support.federation import GITHUB, federated
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Props

ANYONE: NodeKey = ("Identity", "aws:*")
ASSUME = ("assumerole", "assumerolewithwebidentity", "assumerolewithsaml")
MAX_SUBJECTS = 200


@dataclass(frozen=True, slots=True)
class Named:
    """One principal that a policy's statement lets in."""

    statement: Statement
    attached: Attached
    kind: str
    name: str

    def props(self, **more: object) -> Props:
        """Of the edge that it becomes."""
        grants = [self.attached.grant]
        props: Props = {"evidence": evidence_of(grants), "sources": sources_of(grants), **more}
        if self.statement.condition:
            props["condition"] = self.statement.condition
        return props


def let_in(policies: Sequence[Attached]) -> Iterator[Named]:
    """Whom the statements of resource-based policies let in; what always denies them is not looked at here."""
    for attached in policies:
        for statement in attached.policy.allows:
            principals = statement.principals
            if principals is None:
                continue
            if principals.negated:
                yield Named(statement, attached, "AWS", "*")
                continue
            for kind, names in principals.names.items():
                yield from (Named(statement, attached, kind, name) for name in names)


def trusts(evaluator: Evaluator, assumed: dict[str, list[str]]) -> Iterator[NodeFact | EdgeFact]:
    """(:Identity)-[:ASSUMES]->(:Identity role) by trust policies; ``assumed`` learns which principal comes to which roles."""
    estate = evaluator.estate
    whole: dict[str, list[tuple[Principal, Named]]] = {}
    for arn in sorted(estate.principals):
        role = estate.principals[arn]
        for named in let_in(role.trust):
            sts = estate.services["sts"]
            if not named.statement.actions.mask(sts) & sts.set_of(ASSUME):
                continue
            account = account_named(named.name) if named.kind == "AWS" else ""
            if account:
                whole.setdefault(account, []).append((role, named))
            for fact in _trusted(estate, role, named):
                yield fact
                if isinstance(fact, EdgeFact) and isinstance(fact.source, tuple):
                    assumed[fact.source[1]].append(role.arn)
    yield from _OfAccounts(evaluator, whole, assumed).facts()


def _trusted(estate: Estate, role: Principal, named: Named) -> Iterator[NodeFact | EdgeFact]:
    """Edges of one name in a trust policy."""
    props = named.props(kind_detail="trust")
    if named.kind == "Service":
        service = arns.service_principal(named.name)
        if service is not None:
            yield NodeFact(*service, {"name": named.name, "type": "service", "provider": "aws", "sources": props["sources"]})
            yield EdgeFact("ASSUMES", service, role.key, props)
    elif named.kind == "Federated":
        yield from _federated(estate, role, named, props)
    elif named.kind == "AWS" and named.name == "*":
        yield anyone(props)
        yield EdgeFact("ASSUMES", ANYONE, role.key, props)
    elif named.kind == "AWS" and (account := account_named(named.name)):
        root: NodeKey = ("Identity", f"arn:aws:iam::{account}:root")
        if account != role.account:  # whoever holds the other account
            yield NodeFact(*root, {"name": f"account {account}", "type": "aws_account", "provider": "aws", "sources": props["sources"]})
            yield EdgeFact("ASSUMES", root, role.key, props)
    elif named.kind == "AWS":
        known = estate.of(arns.canonical(named.name))
        if known is not None:
            if may_assume(estate, known, role):
                yield EdgeFact("ASSUMES", known.key, role.key, props)
        elif arns.parse(named.name) is not None:
            outside = outsider(named.name, props)
            yield outside
            yield EdgeFact("ASSUMES", outside.key, role.key, props)


def may_assume(estate: Estate, principal: Principal, role: Principal) -> bool:
    """Whether one whom the role's trust policy names can assume it: nothing denies it; from another account, and for a role with limits,
    its own side must allow it too, as far as that is known.
    """
    context = estate.context(principal)
    sts = estate.services["sts"]
    bits = sts.set_of(("assumerole",))
    region = glob(role.arn)
    if any(deny.actions.mask(sts) & bits for deny in denied(role.trust, principal.arn, principal.account)):
        return False
    if any(deny.resources.must(region) and deny.actions.mask(sts) & bits for deny in context.denies):
        return False
    if principal.kind == "iam_role" and not context.lets(sts, region) & bits:
        return False
    if principal.account == role.account or not principal.identity:
        return True
    allows = estate.allows(principal)
    return bool(allowed((allow for allow, _ in allows), sts, region) & context.lets(sts, region) & bits)


Trusting = tuple[Principal, Named]
"""A role, and how it lets in a whole account."""


@dataclass
class _OfAccounts:
    """Principals of an account that roles trust as a whole: those whose own policies let them assume these."""

    evaluator: Evaluator
    whole: dict[str, list[Trusting]]
    assumed: dict[str, list[str]]
    _pairs: dict[tuple[int, str], list[Trusting]] = field(default_factory=dict)
    _shared: dict[tuple[int, str, str | None], list[tuple[Principal, Allowed]]] = field(default_factory=lambda: defaultdict(list))

    def facts(self) -> Iterator[NodeFact | EdgeFact]:
        estate = self.evaluator.estate
        for arn in sorted(estate.principals):
            principal = estate.principals[arn]
            context = estate.context(principal)
            for allow, attached in estate.allows(principal) if principal.kind != "iam_group" else ():
                reached = self.evaluator.identities(allow, context, "sts", ("assumerole",))
                if reached:  # what is remembered of it goes by its identity: the evaluator keeps every one that is not empty
                    pairs = self.pairs(reached, principal.account)
                    if len(pairs) > FAR and not any(one.policy.denies for role, _ in pairs for one in role.trust):
                        self._shared[id(pairs), principal.account, allow.condition].append((principal, (allow, attached)))
                        self.assumed[arn] += [role.arn for role, _ in pairs]
                    else:
                        yield from self._direct(principal, (allow, attached), pairs)
        of_pairs = {id(pairs): pairs for pairs in self._pairs.values()}
        for (which, account, condition), holders in self._shared.items():
            if len(holders) > 1:
                yield from self._once(of_pairs[which], account, condition, holders)
            else:
                yield from self._direct(*holders[0], of_pairs[which])

    def pairs(self, reached: Mapping[str, int], account: str) -> list[Trusting]:
        """Roles of ``reached`` that trust ``account``, or everybody and are of another one."""
        key = (id(reached), account)
        if key not in self._pairs:
            trusting = [*self.whole.get(account, ()), *(one for one in self.whole.get("*", ()) if one[0].account != account)]
            self._pairs[key] = [(role, named) for role, named in trusting if role.arn in reached]
        return self._pairs[key]

    def _direct(self, principal: Principal, by: Allowed, pairs: Sequence[Trusting]) -> Iterator[EdgeFact]:
        allow, attached = by
        for role, named in pairs:
            if role is not principal and not denied(role.trust, principal.arn, principal.account):
                self.assumed[principal.arn].append(role.arn)
                yield _assumes(principal.key, role, [named.attached.grant, attached.grant], named.statement.condition, allow.condition)

    def _once(
        self, pairs: Sequence[Trusting], account: str, condition: str | None, holders: Sequence[tuple[Principal, Allowed]]
    ) -> Iterator[NodeFact | EdgeFact]:
        grants = [attached.grant for _, (_, attached) in holders]
        parts = [condition or "", *(f"{role.arn} {named.statement.condition}" for role, named in pairs)]
        node = shared_node(account, title(holders[0][1][0]), parts, sources_of(grants))
        yield node
        for principal, (_, attached) in holders:
            props: Props = {"evidence": evidence_of([attached.grant]), "sources": sources_of([attached.grant])}
            yield EdgeFact("MEMBER_OF", principal.key, node.key, props)
        for role, named in pairs:
            yield _assumes(node.key, role, [named.attached.grant], named.statement.condition, condition)


def _assumes(start: NodeKey, role: Principal, grants: Sequence[Grant], *conditions: str | None) -> EdgeFact:
    props: Props = {"kind_detail": "trust", "sources": sources_of(grants), "evidence": evidence_of(grants)}
    condition = " and ".join(one for one in conditions if one)
    return EdgeFact("ASSUMES", start, role.key, {**props, "condition": condition} if condition else props)


def _federated(estate: Estate, role: Principal, named: Named, props: Props) -> Iterator[NodeFact | EdgeFact]:
    fields = arns.parse(named.name)
    provider = fields.resource if fields is not None else named.name
    if provider.startswith("saml-provider/"):
        key: NodeKey = ("Identity", named.name)
        said: Props = {"name": provider, "type": "saml_provider", "provider": "aws", "binding": "federated", "sources": props["sources"]}
        yield NodeFact(*key, said)
        yield EdgeFact("ASSUMES", key, role.key, props)
        return
    issuer = provider.removeprefix("oidc-provider/")
    subjects = sorted({value for _, value in named.statement.values(":sub")})[:MAX_SUBJECTS]
    for subject in subjects or ["*"]:
        yield from federated(estate.known, f"https://{issuer}", subject, role.key, props)
        if issuer == GITHUB:
            yield from _repositories(estate, subject, role.key, props)


def _repositories(estate: Estate, subject: str, role: NodeKey, props: Props) -> Iterator[EdgeFact]:
    """Jobs of known repositories that a pattern such as ``repo:acme/*`` lets in; without a subject, those of all."""
    start = "github-oidc:"
    pattern = glob(subject.removeprefix("repo:").partition(":")[0])
    for one in estate.known.ids("Identity", prefix=start) if not pattern.literal else ():
        repository = one.removeprefix(start)
        if ":" not in repository and "*" not in repository and pattern.matches(repository):
            yield EdgeFact("ASSUMES", ("Identity", one), role, props)


def anyone(props: Props) -> NodeFact:
    """Everybody with any AWS account, or none at all."""
    return NodeFact(*ANYONE, {"name": "anyone", "type": "anyone", "provider": "aws", "sources": props.get("sources") or []})


def outsider(arn: str, props: Props) -> NodeFact:
    """A principal of which only a policy that lets it in is known."""
    canonical = arns.canonical(arn)
    said: Props = {"name": canonical.rpartition("/")[2] or canonical, "provider": "aws", "sources": props.get("sources") or []}
    kind = arns.identity_type(canonical)
    return NodeFact("Identity", canonical, {**said, "type": kind} if kind else said)


def let_to_resources(evaluator: Evaluator) -> Iterator[NodeFact | EdgeFact]:
    """(:Identity)-[:CAN_ACCESS]->(:Resource|Secret) by the resources' own policies."""
    estate = evaluator.estate
    public = False
    for key in sorted(estate.resources):
        policies = estate.resources[key]
        target = estate.index.target(key[1])
        if target is None:
            continue
        for named in let_in(policies):
            actions = _atoms(target, _masks(named.statement, target, denied(policies, named.name, "")))
            props = named.props(inherited_from=named.attached.origin or key[1], actions=actions)
            if not actions:
                continue
            if named.kind == "Service" and (service := arns.service_principal(named.name)) is not None:
                yield NodeFact(*service, {"name": named.name, "type": "service", "provider": "aws", "sources": props["sources"]})
                yield EdgeFact("CAN_ACCESS", service, key, props)
            elif named.kind == "AWS":
                public = public or named.name == "*"
                yield from _comes(evaluator, target, named, props)
    if public:
        # Whoever is in the account is anyone too.
        for arn in sorted(estate.principals):
            if estate.principals[arn].kind != "iam_group":
                yield EdgeFact("MEMBER_OF", ("Identity", arn), ANYONE, {"evidence": ["inferred"]})


def _comes(evaluator: Evaluator, target: Target, named: Named, props: Props) -> Iterator[NodeFact | EdgeFact]:
    estate = evaluator.estate
    if named.name == "*":
        yield anyone(props)
        yield EdgeFact("CAN_ACCESS", ANYONE, target.key, props)
        return
    account = account_named(named.name)
    known = estate.of(arns.canonical(named.name))
    homes = {target.account} if target.account else estate.homes.get(target.key[1], set())
    if account:
        if account in homes:
            return  # it leaves access to the account's own policies
        root: NodeKey = ("Identity", f"arn:aws:iam::{account}:root")
        yield NodeFact(*root, {"name": f"account {account}", "type": "aws_account", "provider": "aws", "sources": props["sources"]})
        yield EdgeFact("CAN_ACCESS", root, target.key, props)
        for arn in sorted(estate.principals):
            one = estate.principals[arn]
            if one.account == account and one.kind != "iam_group":
                yield from _from_outside(evaluator, one, target, named, props)
    elif known is None:
        if arns.parse(named.name) is not None:
            outside = outsider(named.name, props)
            yield outside
            yield EdgeFact("CAN_ACCESS", outside.key, target.key, props)
    elif homes and known.account not in homes:
        yield from _from_outside(evaluator, known, target, named, props)
    else:
        context = estate.context(known)
        denies = [*context.denies, *denied(estate.resources[target.key], known.arn, known.account)]
        # A boundary limits what is granted to a role, not what is granted to a user by name.
        masks = _masks(named.statement, target, denies, context if known.kind == "iam_role" else None)
        if masks:
            yield EdgeFact("CAN_ACCESS", known.key, target.key, {**props, "actions": _atoms(target, masks)})


def _from_outside(evaluator: Evaluator, principal: Principal, target: Target, named: Named, props: Props) -> Iterator[EdgeFact]:
    """From another account both sides must allow; where nothing is known of the principal's own side, that is not sure."""
    own = [allow for allow, _ in evaluator.estate.allows(principal)]
    if not own:
        yield EdgeFact("CAN_ACCESS", principal.key, target.key, {**props, "confidence": UNSURE})
        return
    context = evaluator.estate.context(principal)
    theirs = _masks(named.statement, target, denied(evaluator.estate.resources[target.key], principal.arn, principal.account))
    both: dict[str, int] = {}
    for allow in own:
        for name, mask in _masks(allow, target, (), context).items():
            both[name] = both.get(name, 0) | mask & theirs.get(name, 0)
    actions = _atoms(target, both)
    if actions:
        yield EdgeFact("CAN_ACCESS", principal.key, target.key, {**props, "actions": actions})


def _masks(statement: Statement, target: Target, denies: Sequence[Statement], context: Context | None = None) -> dict[str, int]:
    """Service → set of the actions that the statement allows on ``target`` or its parts, less what is denied or not let through."""
    found: dict[str, int] = {}
    for pattern in patterns_of(statement):
        for region, inside in target.regions(pattern):
            for service, whole, part in target.acting:
                mask = statement.actions.mask(service) & (part if inside else whole)
                for deny in denies:
                    if deny.resources.must(region):
                        mask &= ~deny.actions.mask(service)
                if context is not None:
                    mask &= context.lets(service, region)
                if mask:
                    found[service.prefix] = found.get(service.prefix, 0) | mask
    return found


def _atoms(target: Target, masks: dict[str, int]) -> list[str]:
    found: set[str] = set()
    for service, _, _ in target.acting:
        found.update(service.atoms(masks.get(service.prefix, 0), value=target.key[0] == "Secret"))
    return ["admin"] if "admin" in found else sorted(found)
