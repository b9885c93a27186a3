"""One record of CloudTrail: who asked, what it was, and what it was done to."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any
from urllib.parse import unquote

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.actions import Service, atoms_of, known_services, service_of
from graphinv.ingest.support.aws.dumps import text
from graphinv.ingest.support.aws.estate import kind_of
from graphinv.ingest.support.parts import inside
from graphinv.model.facts import NodeKey

_LONGEST_ARN = 2048
_COPIED = "x-amz-copy-source"
_SOURCE = re.compile(r"([a-z0-9-]{1,60})\.amazon(?:aws)?\.com(?:\.cn)?")
_PREFIXES = {
    "monitoring": "cloudwatch",
    "email": "ses",
    "tagging": "tag",
    "bedrock-runtime": "bedrock",
    "bedrock-agent": "bedrock",
    "bedrock-agent-runtime": "bedrock",
    "dynamodbstreams": "dynamodb",
    "rdsdata": "rds-data",
    "opensearchserverless": "aoss",
}
"""Names of services in records, where policies call them otherwise."""
_DATED = re.compile(r"(?:20\d{6}(?:v\d+)?|20\d\d_\d\d_\d\d)$")
"""What some services put after an action's name: the version of their interface."""
_ACTIONS: Mapping[str, Mapping[str, str]] = {
    "s3": {
        "listobjects": "listbucket",
        "listobjectsv2": "listbucket",
        "listobjectversions": "listbucketversions",
        "headbucket": "listbucket",
        "headobject": "getobject",
        "selectobjectcontent": "getobject",
        "copyobject": "putobject",
        "uploadpart": "putobject",
        "uploadpartcopy": "putobject",
        "createmultipartupload": "putobject",
        "completemultipartupload": "putobject",
        "deleteobjects": "deleteobject",
        "deletemultipleobjects": "deleteobject",
        "listbuckets": "listallmybuckets",
        "getbucketencryption": "getencryptionconfiguration",
        "putbucketencryption": "putencryptionconfiguration",
        "deletebucketencryption": "putencryptionconfiguration",
        "getbucketlifecycle": "getlifecycleconfiguration",
        "putbucketlifecycle": "putlifecycleconfiguration",
        "getbucketlifecycleconfiguration": "getlifecycleconfiguration",
        "getbucketreplication": "getreplicationconfiguration",
        "putbucketreplication": "putreplicationconfiguration",
        "deletebuckettagging": "putbuckettagging",
        "getpublicaccessblock": "getbucketpublicaccessblock",
        "getbucketaccelerateconfiguration": "getaccelerateconfiguration",
    },
    "lambda": {"invoke": "invokefunction"},
    "secretsmanager": {"batchgetsecretvalue": "getsecretvalue"},
    "bedrock": {"converse": "invokemodel", "conversestream": "invokemodelwithresponsestream"},
}
"""Names of operations in records, where the action that a policy must allow is called otherwise."""
_FILLED = re.compile(r"\$\{(\w+)\}")
_ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "parameternamewithoutleadingslash": ("name", "names"),
    "queuename": ("queuename", "queueurl"),
    "dbinstancename": ("dbinstanceidentifier",),
    "resourceid": ("modelid",),
    "secretid": ("secretid", "secretidlist", "name"),
}
"""What varies in an ARN → the parameters that tell it, where they are called otherwise."""
_PROFILE = re.compile(r"(?:us|us-gov|eu|apac|au|jp|ca|sa|me|global)\.[a-z0-9]+\.")
"""How ids of inference profiles begin; those of models begin with who makes them."""
_MOST = 100
"""Resources of one call that are looked at, and members of each list of parameters."""
_MOST_PARAMETERS, _DEEPEST = 500, 4
_UNTELLING = frozenset({"iam", "sts", "signin", "sso", "sso-oauth", "identitystore"})
"""What can be done to identities is told by whom one becomes, not as access."""


@dataclass(frozen=True, slots=True)
class Call:
    """What a record says: the action in the words of policies, what it does, and the resources it was done to."""

    action: str
    """``s3:getobject``"""
    accesses: tuple[tuple[NodeKey, tuple[str, ...]], ...] = ()
    """Each resource with the actions; none of what only shows that it is there."""
    untold: bool = False
    """Whether the record does not tell what it was done to, or it was done to identities, or to a service as a whole."""


def _said(value: object) -> str:
    """A text of a record as it stands there; ``""`` for anything else and for one that is longer than any id."""
    return value if isinstance(value, str) and len(value) <= _LONGEST_ARN else ""


@lru_cache(maxsize=65536)
def _id(arn: str) -> str:
    """The id of the node that an ARN is part of, without credentials in it. The same come again and again."""
    return text(arns.canonical(arn), _LONGEST_ARN)


@lru_cache(maxsize=512)
def _service(prefix: str) -> Service:
    return Service(prefix)


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    return frozenset(known_services())


def prefix_of(source: str) -> str:
    """The service's prefix in policies, from ``eventSource``; ``""`` for what is none.

    >>> prefix_of("monitoring.amazonaws.com"), prefix_of("aws:s3")
    ('cloudwatch', '')
    """
    found = _SOURCE.fullmatch(source.lower())
    return _PREFIXES.get(found[1], found[1]) if found else ""


def action_of(prefix: str, name: str) -> str:
    """The action that a policy must allow, lower case, from ``eventName``.

    >>> action_of("lambda", "UpdateFunctionCode20150331v2"), action_of("s3", "ListObjectsV2")
    ('updatefunctioncode', 'listbucket')
    """
    lowered = name.lower()
    plain = lowered if prefix in _known() and lowered in _service(prefix).bit else _DATED.sub("", lowered)
    return _ACTIONS.get(prefix, {}).get(plain, plain)


def call_of(event: Mapping[str, Any]) -> Call:
    """What was called."""
    prefix = prefix_of(_said(event.get("eventSource"))) or "unknown"
    name = action_of(prefix, _said(event.get("eventName")))
    action = f"{prefix}:{name}"
    if prefix not in _known() or prefix in _UNTELLING:
        return Call(action, untold=True)
    service = _service(prefix)
    bit = service.bit.get(name, 0)
    if bit and not bit & service.scoped:
        return Call(action)
    kinds = service.kinds(name) if bit else frozenset({"*"})
    found = list(dict.fromkeys(_resources(event, service, kinds)))
    guessed = atoms_of(name, "R" if event.get("readOnly") is True else "W")
    accesses = []
    for arn in found:
        key = (kind_of(arn), arn)
        actions = service.atoms(bit, value=key[0] == "Secret") if bit else guessed
        if actions:
            accesses.append((key, tuple(sorted(actions))))
    return Call(action, tuple(_copied(event, accesses)), untold=not found)


def _copied(event: Mapping[str, Any], accesses: Sequence[tuple[NodeKey, tuple[str, ...]]]) -> Iterator[tuple[NodeKey, tuple[str, ...]]]:
    """``accesses``, of which the bucket that something is copied from is read, and only written where it is copied to as well."""
    asked = inside(event, "requestParameters")
    given = unquote(_said(asked.get(_COPIED))).lstrip("/")
    through_point = given.startswith("arn:")  # of an access point, before ``/object/`` and the key
    copied = given.partition("/object/" if through_point else "/")[0]
    if not copied:
        yield from accesses
        return
    source = _id(copied if through_point else arns.make("s3", copied, "", partition=partition_of(_said(event.get("awsRegion")))))
    for key, actions in accesses:
        if key[1] != source:
            yield key, actions
        elif asked.get("bucketName") == copied:
            yield key, tuple(sorted({*actions, "read"}))
    if asked.get("bucketName") != copied:
        yield (kind_of(source), source), ("read",)


def _resources(event: Mapping[str, Any], service: Service, kinds: frozenset[str]) -> Iterator[str]:
    """Ids of the nodes that a call was done to: as the record lists them, or else as its parameters name them."""
    found = False
    listed = event.get("resources")
    for one in listed[:_MOST] if isinstance(listed, list) else ():
        arn = _said(one.get("ARN") or one.get("arn")) if isinstance(one, dict) else ""
        if _is_of(arn, service, kinds | {"*"}):
            found = True
            yield _id(arn)
    if not found:
        yield from _named(event, service, kinds)


def _is_of(arn: str, service: Service, kinds: frozenset[str]) -> bool:
    """Whether the action can be done to it: it is of one of ``kinds``, where these are any (``*``) of the service or of one of them."""
    name = service_of(arn)
    fields = arns.parse(arn)
    if fields is None or not fields.resource or name in _UNTELLING or "*" in arn or "${" in arn:
        return False
    return ("*" in kinds and name == service.prefix) or service.type_of(arn) in kinds


def _named(event: Mapping[str, Any], service: Service, kinds: frozenset[str]) -> Iterator[str]:
    given = _parameters(event.get("requestParameters"))
    given.pop(_COPIED, None)  # nothing is done to that but reading
    whole = [value for values in given.values() for value in values if value.startswith("arn:") and _is_of(value, service, kinds)]
    if whole:
        yield from map(_id, whole)
        return
    account = _said(event.get("recipientAccountId")) or account_of(event)
    region = _said(event.get("awsRegion"))
    if service.prefix == "s3":
        for bucket in given.get("bucketname", ())[:1]:
            yield _id(arns.make("s3", bucket, "", partition=partition_of(region)))
        return
    if not arns.is_account(account) or not re.fullmatch(r"[a-z0-9-]{4,30}", region):
        return
    for kind in sorted(kinds):
        form = service.arn_of(kind)
        wanted = [name for name in _FILLED.findall(form) if name not in ("Partition", "Region", "Account")]
        values = [_value(given, name.lower()) for name in wanted]
        if not wanted or not all(values) or (service.prefix == "bedrock" and not _is_model(kind, values[0][0])):
            continue
        # Where several vary each has one value; where one does, it may have several.
        for value in values[0] if len(values) == 1 else values[0][:1]:
            known = {"Partition": partition_of(region), "Region": region, "Account": account, wanted[0]: value}
            known |= {name: said[0] for name, said in zip(wanted[1:], values[1:], strict=True)}
            arn = _FILLED.sub(lambda match, known=known: known[match[1]], form)  # type: ignore[misc]
            yield _id(arn)
        return


def _is_model(kind: str, value: str) -> bool:
    """Whether an id of Bedrock is one of that type; models and inference profiles are named by the same parameter."""
    if kind in ("foundation-model", "inference-profile"):
        return (kind == "inference-profile") == bool(_PROFILE.match(value))
    return not kind.endswith(("model", "profile", "router", "endpoint", "deployment", "async-invoke"))


def _value(given: Mapping[str, list[str]], name: str) -> list[str]:
    """Values of what varies in an ARN: names, without what is around them in a URL or a path, that need no other field."""
    for key in _ELSEWHERE.get(name, (name, "name") if name.endswith("name") else (name,)):
        found = [one.rpartition("/")[2] if "://" in one else one for one in given.get(key, ()) if not one.startswith("alias/")]
        if name.endswith("withoutleadingslash"):
            found = [one.removeprefix("/") for one in found]
        if found and all(one and ":" not in one.removesuffix(":0") and "*" not in one and len(one) <= 512 for one in found):
            return found
    return []


def _parameters(value: object) -> dict[str, list[str]]:
    """Texts of a call's parameters by their names, lower case, those in lists and objects too; the first ones."""
    found: dict[str, list[str]] = {}
    pending: deque[tuple[str, object, int]] = deque([("", value, 0)])
    for _ in range(_MOST_PARAMETERS):
        if not pending:
            break
        name, one, depth = pending.popleft()
        if isinstance(one, dict) and depth < _DEEPEST:
            pending.extend((str(key).lower(), one[key], depth + 1) for key in islice(one, _MOST))
        elif isinstance(one, list) and depth < _DEEPEST:
            pending.extend((name, inner, depth + 1) for inner in one[:_MOST])
        elif said := _said(one):
            found.setdefault(name, []).append(said)
    return found


def partition_of(region: str) -> str:
    """The partition that a region lies in."""
    return "aws-cn" if region.startswith("cn-") else "aws-us-gov" if region.startswith("us-gov-") else "aws"


# --------------------------------------------------------------------------------------------------------------------------------
# Who


def account_of(event: Mapping[str, Any]) -> str:
    """Number of the caller's account; ``""`` where the record does not tell it."""
    who = event.get("userIdentity")
    stated = _said(who.get("accountId")) if isinstance(who, dict) else ""
    if arns.is_account(stated):
        return stated
    fields = arns.parse(_said(who.get("arn"))) if isinstance(who, dict) else None
    return fields.account if fields is not None and arns.is_account(fields.account) else ""


def caller_of(event: Mapping[str, Any]) -> str:
    """Id of the Identity that asked: a role by its ARN and not by its session, a user, an account's root, a service; ``""`` where the
    record names none that is known beyond it."""
    who = event.get("userIdentity")
    if not isinstance(who, dict):
        return ""
    kind, arn, account = _said(who.get("type")), _said(who.get("arn")), account_of(event)
    found = ""
    if kind in ("AssumedRole", "FederatedUser", "Role"):
        issued = _said(inside(who, "sessionContext", "sessionIssuer").get("arn"))
        found = _id(issued if arns.identity_type(issued) else arn)
        found = found if arns.identity_type(found) else ""
    elif kind == "IAMUser":
        name = _said(who.get("userName"))
        if arns.identity_type(arn) == "iam_user":
            found = _id(arn)
        elif name and account:
            found = _id(arns.iam("user", name, "", account=account))
    elif kind in ("Root", "AWSAccount") and account:
        found = f"arn:{partition_of(_said(event.get('awsRegion')))}:iam::{account}:root"
    elif kind == "AWSService":
        service = arns.service_principal(_said(who.get("invokedBy")))
        found = service[1] if service else ""
    elif kind == "IdentityCenterUser":
        user = _said(inside(who, "onBehalfOf").get("userId"))
        found = f"arn:aws:identitystore:::user/{user}" if re.fullmatch(r"[0-9a-f-]{36,47}", user) else ""
    return found


def token_of(event: Mapping[str, Any]) -> tuple[str, str]:
    """(issuer, subject) of the token with which somebody from elsewhere came in; empty where the record does not tell."""
    who = event.get("userIdentity")
    if not isinstance(who, dict) or who.get("type") != "WebIdentityUser":
        return "", ""
    provider = _said(who.get("identityProvider"))
    issuer = provider.partition(":oidc-provider/")[2] or provider
    subject = _said(inside(event, "responseElements").get("subjectFromWebIdentityToken")) or _said(who.get("userName"))
    if not subject:
        # provider:audience:subject
        subject = _said(who.get("principalId")).removeprefix(f"{provider}:").partition(":")[2]
    return text(issuer), text(subject)


def runtime_of(event: Mapping[str, Any]) -> NodeKey | None:
    """The function or virtual machine whose role AWS hands out, or that asked as its role; None where the record names none.

    Names of sessions are what whoever asks puts there; here it is AWS.
    """
    who = event.get("userIdentity")
    if not isinstance(who, dict):
        return None
    region, account = _said(event.get("awsRegion")), _said(event.get("recipientAccountId"))
    if not arns.is_account(account) or not re.fullmatch(r"[a-z0-9-]{4,30}", region):
        return None
    asked = inside(event, "requestParameters")
    session = _said(asked.get("roleSessionName"))
    invoked = _said(who.get("invokedBy")) if who.get("type") == "AWSService" else ""
    if inside(who, "sessionContext").get("ec2RoleDelivery") is not None:
        session, invoked = _said(who.get("arn")).rpartition("/")[2], "ec2.amazonaws.com"
    start = f"arn:{partition_of(region)}"
    if invoked == "ec2.amazonaws.com" and re.fullmatch(r"i-[0-9a-f]{8,17}", session):
        return "Runtime", f"{start}:ec2:{region}:{account}:instance/{session}"
    if invoked == "lambda.amazonaws.com" and re.fullmatch(r"[\w-]{1,64}", session) and not session.startswith("awslambda_"):
        return "Runtime", f"{start}:lambda:{region}:{account}:function:{session}"
    return None
