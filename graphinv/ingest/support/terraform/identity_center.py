"""IAM Identity Center in Terraform: permission sets, whom they are assigned to on which accounts, groups and their members.

An assignment makes a role of the permission set in its account, which AWS gives a name that begins with the permission set's own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphinv.ingest.support.aws import arns, declared
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.partial import Unknown, Value, text_of
from graphinv.ingest.support.terraform.context import Context, Reader
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.facts import Fact, NodeKey

_SET = "aws_ssoadmin_permission_set"


def _names(one: Resource, *attributes: str) -> list[str]:
    """What other resources may call it by: its attributes, and the references to them where they are not known."""
    references = [text_of(Unknown(f"{one.address}.{name}")) for name in (*attributes, "GroupId", "UserId")]
    return [name for name in (one.arn or "", *(one.text(name) for name in attributes), *references) if name]


def _sets(context: Context) -> Mapping[str, Resource]:
    """Permission sets by whatever they are called by."""
    return context.once(
        "permission sets", lambda: {name: one for one in context.resources if one.type == _SET for name in _names(one, "arn")}
    )


def _of_sets(context: Context) -> Mapping[str, list[Resource]]:
    """What belongs to permission sets, by what it calls them."""

    def make() -> dict[str, list[Resource]]:
        found: dict[str, list[Resource]] = {}
        for one in context.resources:
            if one.mode == "managed" and one.type in _PARTS:
                found.setdefault(text_of(one.values.get("permission_set_arn")), []).append(one)
        return found

    return context.once("parts of permission sets", make)


def _directory(context: Context) -> Mapping[str, Resource]:
    """Users and groups by whatever they are called by."""
    return context.once(
        "identity store",
        lambda: {
            name: one
            for one in context.resources
            if one.type in ("aws_identitystore_group", "aws_identitystore_user")
            for name in _names(one, "group_id", "user_id")
        },
    )


def _principal(context: Context, site: Site, value: Value) -> NodeKey:
    """A user or group of the identity store by its id, or by the name that it is declared with."""
    text = text_of(value)
    one = _directory(context).get(text)
    name = one.text("user_name", "display_name") if one else ""
    return "Identity", f"identitystore:{site.id(name or text)}"


def _entry(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    kind = "group" if one.type.endswith("_group") else "human"
    name = one.text("display_name", "user_name") or context.title(one)
    key = _principal(context, site, Unknown(f"{one.address}.{'group_id' if kind == 'group' else 'user_id'}"))
    yield site.node(*key, name, type=kind, provider="aws")


def _membership(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    member = next((block.get("user_id") for block in one.blocks("member_id") if block.get("user_id")), one.values.get("member_id"))
    yield site.edge("MEMBER_OF", _principal(context, site, member), _principal(context, site, one.values.get("group_id")))


def _assignment(context: Context, one: Resource) -> Iterator[Fact]:
    """(:Identity user or group)-[:ASSUMES]->(:Identity role of the permission set in the account)"""
    site = context.site(one)
    called = text_of(one.values.get("permission_set_arn"))
    found = _sets(context).get(called)
    name = site.id((found.text("name") if found else "") or called)
    account = text_of(one.values.get("target_id"))
    account = account if arns.is_account(account) else site.id(account).replace(":", ".")
    arn = f"arn:{site.partition}:iam::{account}:role/aws-reserved/sso.amazonaws.com/AWSReservedSSO_{name}"
    role: NodeKey = ("Identity", arn)
    yield site.node(*role, f"AWSReservedSSO_{name}", type="iam_role", provider="aws", binding="federated")
    principal = _principal(context, site, one.values.get("principal_id"))
    kind = "group" if one.text("principal_type").upper() == "GROUP" else "human"
    title = principal[1].removeprefix("identitystore:")
    yield site.node(*principal, title, type=kind, provider="aws")
    yield site.edge("ASSUMES", principal, role, kind_detail="permission set")
    if found is None:
        yield site.problem("assigns a permission set that is not in this configuration; what it allows is not known")
    parts = [part for known in (_names(found, "arn") if found else [called]) for part in _of_sets(context).get(known, ())]
    for part in parts:
        yield from _PARTS[part.type](context.site(part), role, part)


def _inline(site: Site, role: NodeKey, one: Resource) -> Iterator[Fact]:
    yield from declared.grant(site, role, "identity", one.values.get("inline_policy"), "permission set")


def _managed(site: Site, role: NodeKey, one: Resource) -> Iterator[Fact]:
    yield from declared.attached(site, role, text_of(one.values.get("managed_policy_arn")))


def _own(site: Site, role: NodeKey, reference: Mapping[str, Value]) -> str:
    """ARN of a managed policy of the role's own account."""
    fields = arns.parse(role[1])
    path, name = text_of(reference.get("path")) or "/", site.id(text_of(reference.get("name")))
    return arns.iam("policy", name, site.root, account=fields.account if fields else "", path=path, partition=site.partition)


def _customer(site: Site, role: NodeKey, one: Resource) -> Iterator[Fact]:
    for reference in one.blocks("customer_managed_policy_reference"):
        yield from declared.attached(site, role, _own(site, role, reference))


def _boundary(site: Site, role: NodeKey, one: Resource) -> Iterator[Fact]:
    for block in one.blocks("permissions_boundary"):
        references = one.blocks("permissions_boundary", "customer_managed_policy_reference")
        limit = text_of(block.get("managed_policy_arn")) or next((_own(site, role, reference) for reference in references), "")
        if limit:
            yield from declared.bounded(site, role, limit)


_PARTS = {
    "aws_ssoadmin_permission_set_inline_policy": _inline,
    "aws_ssoadmin_managed_policy_attachment": _managed,
    "aws_ssoadmin_customer_managed_policy_attachment": _customer,
    "aws_ssoadmin_permissions_boundary_attachment": _boundary,
}
"""What says what a permission set allows, and how it is put on a role that is made of it."""

READERS: Mapping[str, Reader] = {
    "aws_identitystore_group": _entry,
    "aws_identitystore_user": _entry,
    "aws_identitystore_group_membership": _membership,
    "aws_ssoadmin_account_assignment": _assignment,
}
