"""Who may become whom by trust policies, and who comes to a resource by its own policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.access import UNSURE, Evaluator, patterns_of
from graphinv.ingest.support.aws.estate import Attached, Estate, Principal, account_named, evidence_of, sources_of
from graphinv.ingest.support.aws.evaluation import Context, Target, allowed
from graphinv.ingest.support.aws.globs import glob
from graphinv.ingest.support.aws.policies import Statement
from graphinv.ingest.support.federation import federated
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props

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


def denied(policies: Sequence[Attached], name: str, account: str) -> list[Statement]:
    """Statements of resource-based policies that always deny the principal ``name`` of ``account``."""
    return [
        deny
        for attached in policies
        for deny in attached.policy.denies
        if deny.principals is not None and _names(deny, name, account) != deny.principals.negated
    ]


def _names(statement: Statement, name: str, account: str) -> bool:
    assert statement.principals is not None  # noqa: S101 (the callers look)
    said = statement.principals.names.get("AWS", ())
    return any(one in (name, "*") or (account and account_named(one) == account) for one in said)


def trusts(evaluator: Evaluator) -> Iterator[NodeFact | EdgeFact]:
    """(:Identity)-[:ASSUMES]->(:Identity role) by trust policies."""
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
            yield from _trusted(estate, role, named)
    yield from _of_accounts(evaluator, whole)


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


def _of_accounts(evaluator: Evaluator, whole: dict[str, list[tuple[Principal, Named]]]) -> Iterator[EdgeFact]:
    """Principals of an account that a role trusts as a whole: those whose own policies let them assume it."""
    estate = evaluator.estate
    sts = estate.services["sts"]
    for arn in sorted(estate.principals):
        principal = estate.principals[arn]
        asking = [(allow, attached) for allow, attached in estate.allows(principal) if allow.actions.mask(sts) & sts.set_of(ASSUME)]
        if not asking or principal.kind == "iam_group":
            continue
        trusting = [(role, named) for role, named in whole.get(principal.account, ()) if role is not principal]
        trusting += [(role, named) for role, named in whole.get("*", ()) if role.account != principal.account]
        context = estate.context(principal)
        for allow, attached in asking:
            reached = evaluator.identities(allow, context, "sts", ("assumerole",))
            for role, named in trusting if reached else ():
                if role.arn in reached and not denied(role.trust, principal.arn, principal.account):
                    grants = [named.attached.grant, attached.grant]
                    condition = " and ".join(one for one in (named.statement.condition, allow.condition) if one)
                    props: Props = {"kind_detail": "trust", "sources": sources_of(grants), "evidence": evidence_of(grants)}
                    yield EdgeFact("ASSUMES", principal.key, role.key, {**props, "condition": condition} if condition else props)


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
