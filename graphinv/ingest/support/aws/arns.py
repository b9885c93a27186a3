"""Names of AWS things: ARNs as canonical ids, with stand-ins where a file does not tell account or region."""

from __future__ import annotations

import base64
import re
from typing import NamedTuple

from graphinv.model.facts import NodeKey

_ACCOUNT = re.compile(r"[0-9]{12}")
_KEY_ID = re.compile(r"A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{16}")
_SERVICE = re.compile(r"[a-z0-9.-]{1,100}\.(?:amazonaws\.com(?:\.cn)?|amazon\.com|aws\.internal|api\.aws)")
_ROLE = re.compile(r"arn:(?P<partition>aws[\w-]*):iam::(?P<account>[^:]*):role/(?P<name>[\w+=,.@/-]+)")
_FIELDS = 6
_GLOBAL = frozenset({"iam", "organizations", "cloudfront", "route53"})
"""Services whose ARNs have no region."""


class Arn(NamedTuple):
    """Fields of an ARN; ``resource`` is all that follows the account, colons included."""

    partition: str
    service: str
    region: str
    account: str
    resource: str

    def __str__(self) -> str:
        return ":".join(("arn", *self))


def parse(text: str) -> Arn | None:
    """Fields of ``text`` where it is an ARN, also one with wildcards or stand-ins."""
    parts = text.split(":", _FIELDS - 1)
    return Arn(*parts[1:]) if len(parts) == _FIELDS and parts[0] == "arn" else None


def account_of(root: str) -> str:
    """What stands for an account that the files of ``root`` do not tell, in the account field of an ARN and after ``aws:``."""
    return f"account({_field(root)})"


def region_of(root: str) -> str:
    """What stands for a region that the files of ``root`` do not tell."""
    return f"region({_field(root)})"


def _field(root: str) -> str:
    # A colon would end the field, a wildcard would match more than this root.
    return root.replace("%", "%25").replace(":", "%3A").replace("*", "%2A").replace("?", "%3F")


def make(service: str, resource: str, root: str, *, account: str = "", region: str = "", partition: str = "aws") -> str:
    """ARN of ``resource`` (type and name as the service writes them: ``function:pay``, ``table/orders``, ``role/ci/deploy``).

    Where ``account`` or ``region`` is not known the stand-in of ``root`` is used; services and resources that have none get none.

    >>> make("s3", "invoices", "shop"), make("lambda", "function:pay", "shop", region="eu-west-1")
    ('arn:aws:s3:::invoices', 'arn:aws:lambda:eu-west-1:account(shop):function:pay')
    >>> make("iam", "role/ci/deploy", "shop", account="123456789012")
    'arn:aws:iam::123456789012:role/ci/deploy'
    """
    if service == "s3" and not resource.startswith(("accesspoint/", "job/", "storage-lens/")):
        return str(Arn(partition, "s3", "", "", resource))
    region = "" if service in _GLOBAL else region or region_of(root)
    return str(Arn(partition, service, region, account or account_of(root), resource))


def iam(kind: str, name: str, root: str, *, account: str = "", path: str = "/", partition: str = "aws") -> str:
    """ARN of an IAM entity; ``kind`` is ``role``, ``user``, ``group``, ``policy``, ``instance-profile``; ``path`` as IAM writes it.

    >>> iam("role", "deploy", "shop", account="123456789012", path="/ci/")
    'arn:aws:iam::123456789012:role/ci/deploy'
    """
    inner = path.strip("/")
    return make("iam", f"{kind}/{inner}/{name}" if inner else f"{kind}/{name}", root, account=account, partition=partition)


def role_in_code(text: str, root: str) -> str | None:
    """ARN of the role whose ARN code writes, with the stand-in of ``root`` for an account that it fills in; None where it is none.

    >>> role_in_code("arn:aws:iam::{account}:role/agents/orders", "shop")
    'arn:aws:iam::account(shop):role/agents/orders'
    """
    match = _ROLE.fullmatch(text)
    if match is None:
        return None
    account = match["account"] if is_account(match["account"]) else ""
    return iam("role", match["name"], root, account=account, partition=match["partition"])


def canonical(arn: str) -> str:
    """The ARN of the node that ``arn`` is part of: objects belong to their bucket, sessions to their role, streams to their log group,
    versions and aliases to their function, indexes and streams to their table.

    >>> canonical("arn:aws:s3:::invoices/2026/*"), canonical("arn:aws:sts::123456789012:assumed-role/deploy/ci")
    ('arn:aws:s3:::invoices', 'arn:aws:iam::123456789012:role/deploy')
    """
    fields = parse(arn)
    if fields is None:
        return arn
    resource = fields.resource
    match fields.service:
        case "s3" if not fields.account:
            resource = resource.partition("/")[0]
        case "sts" if resource.startswith("assumed-role/"):
            return str(fields._replace(service="iam", resource="/".join(["role", *resource.split("/")[1:-1]])))
        case "lambda" if resource.startswith("function:"):
            resource = ":".join(resource.split(":")[:2])
        case "logs" if resource.startswith("log-group:"):
            resource = ":".join(resource.split(":")[:2])
        case "dynamodb" if resource.startswith("table/"):
            resource = "/".join(resource.split("/")[:2])
    return str(fields._replace(resource=resource))


def identity_type(arn: str) -> str | None:
    """``type`` of the Identity that ``arn`` names: ``iam_role``, ``iam_user`` or ``iam_group``; None where it names none."""
    fields = parse(arn)
    if fields is None or fields.service != "iam":
        return None
    kind = fields.resource.partition("/")[0]
    return f"iam_{kind}" if kind in ("role", "user", "group") else None


def is_account(text: str) -> bool:
    """Whether ``text`` is an account's number (twelve digits)."""
    return _ACCOUNT.fullmatch(text) is not None


def account_node(account: str) -> NodeKey:
    """The scope node of an account: its number, or the stand-in of :func:`account_of`."""
    return "Resource", f"aws:{account}"


def service_principal(service: str) -> NodeKey | None:
    """Identity of a service such as ``lambda.amazonaws.com``; None where ``service`` is no such name."""
    name = service.strip().lower()
    return ("Identity", f"aws-service:{name}") if _SERVICE.fullmatch(name) else None


def access_key(key_id: str) -> NodeKey:
    """The Secret of an access key of which only the id is known; the id is how AWS names it and is no secret."""
    return "Secret", f"aws-access-key:{key_id}"


def numbered_key(user: str, number: int) -> NodeKey:
    """The Secret of an access key that is known by the ARN of its user and its number alone, as in a credential report."""
    return "Secret", f"aws-access-key:{user}#{number}"


def numbered_key_user(id: str) -> str:
    """The user in the id of such a key; ``""`` for any other id."""
    user, hash, number = id.removeprefix("aws-access-key:").rpartition("#")
    return user if id.startswith("aws-access-key:arn:") and hash and number in ("1", "2") else ""


BY_PROFILE = "profile"
"""``kind_detail`` of an ASSUMES edge that a profile of the CLI asks for: it does not tell whose the key is."""


def access_key_user(key_id: str) -> NodeKey:
    """Stand-in for whose access key it is, until a source tells (then it ASSUMES that user)."""
    return "Identity", f"aws-access-key-user:{key_id}"


def key_account(key_id: str) -> str | None:
    """The account that an access key's id encodes; None for keys made before ids did, and for what is no key id. O(1).

    >>> key_account("ASIAQNZGKIQY56JQ7WML")
    '029608264753'
    """
    # Base32 of the part after the prefix: one bit of mark, then the account's number in 40 bits.
    if not _KEY_ID.fullmatch(key_id) or key_id[4] in "IJ":
        return None
    number = int.from_bytes(base64.b32decode(key_id[4:])[:6], "big") & 0x7FFF_FFFF_FF80
    account = f"{number >> 7:012d}"
    return account if is_account(account) else None
