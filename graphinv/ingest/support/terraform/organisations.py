"""AWS organisations in Terraform: service control policies, what they hang on, and what lies in which unit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from graphinv.ingest.support.aws import arns, declared
from graphinv.ingest.support.partial import Unknown, Value, text_of
from graphinv.ingest.support.terraform.context import Context, Reader
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.facts import Fact, Grant

_POLICY, _ATTACHMENT = "aws_organizations_policy", "aws_organizations_policy_attachment"


def _own(context: Context, one: Resource) -> str:
    """What others call it by: its id, or the reference to it, which in a template is its logical id alone."""
    return one.text("id") or text_of(Unknown(one.address if context.ingestor == "cloudformation" else f"{one.address}.id"))


def _named(value: Value) -> list[str]:
    """What is called, known or not, in a list or alone."""
    return [text_of(item) for item in (value if isinstance(value, list) else [value]) if item is not None]


def _policy(context: Context, one: Resource) -> Iterator[Fact]:
    """A service control policy, for each account or unit that it is attached to."""
    site = context.site(one)
    if one.text("type") not in ("", "SERVICE_CONTROL_POLICY"):
        return
    attachments = context.having("scp", _ATTACHMENT, lambda other: text_of(other.values.get("policy_id")))
    targets = [text_of(other.values.get("target_id")) for other in attachments.get(_own(context, one), ())]
    text, _ = declared.policy_text(site, one.values.get("content"))
    for target in (*targets, *_named(one.values.get("target_ids"))) if text is not None else ():
        yield Grant("aws", ("Resource", f"aws:{site.id(target)}"), "scp", str(text), site.id(one.called), site.source, site.evidence)


def _attached(context: Context, one: Resource) -> Iterator[Fact]:
    """A policy by its id that this configuration does not declare."""
    site, policy = context.site(one), text_of(one.values.get("policy_id"))
    known = context.once("scp ids", lambda: {_own(context, other) for other in context.resources if other.type == _POLICY})
    if policy and policy not in known:
        target = site.id(text_of(one.values.get("target_id")))
        yield Grant("aws", ("Resource", f"aws:{target}"), "scp-attached", json.dumps(site.id(policy)), "", site.source, site.evidence)


def _inside(context: Context, one: Resource) -> Iterator[Fact]:
    """An account or unit, and the unit or root that it lies in."""
    site, own = context.site(one), context.site(one).id(_own(context, one))
    if one.type == "aws_organizations_account" and arns.is_account(own):
        yield site.node("Resource", f"aws:{own}", one.text("name") or own, type="account")
    for parent in _named(one.get("parent_id", "parent_ids")):
        yield Grant("aws", ("Resource", f"aws:{own}"), "scp-parent", json.dumps(site.id(parent)), "", site.source, site.evidence)


def _organisation(context: Context, one: Resource) -> Iterator[Fact]:
    """The account that no service control policy limits."""
    site, account = context.site(one), one.text("master_account_id")
    if arns.is_account(account):
        yield Grant("aws", ("Resource", f"aws:{account}"), "scp-management", "null", "", site.source, site.evidence)


READERS: Mapping[str, Reader] = {
    _POLICY: _policy,
    _ATTACHMENT: _attached,
    **dict.fromkeys(("aws_organizations_account", "aws_organizations_organizational_unit"), _inside),
    "aws_organizations_organization": _organisation,
}
