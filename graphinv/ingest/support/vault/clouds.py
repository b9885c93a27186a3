"""What the credentials may do that Vault's engines for AWS, Google Cloud and Azure make.

Vault makes a user, a service account or a service principal for each of them, named after the role: in the graph they are one, which has
what the role gives, stated as a grant of that cloud.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.dumps import policy_text
from graphinv.ingest.support.gcp import names as gcp
from graphinv.ingest.support.parts import items
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.vault.lists import words
from graphinv.ingest.support.vault.stated import Stated
from graphinv.model.facts import EdgeFact, Fact, Grant, NodeFact, NodeKey, Props

STATED = frozenset({"role_arns", "policy_arns", "policy_document", "iam_groups", "bindings", "azure_roles", "application_object_id"})
"""Fields of a role that say what its credentials may do at a cloud."""
MAX_BINDINGS = 1000

_BLOCK = re.compile(r'resource\s+"([^"\n]{1,500})"\s*\{\s*roles\s*=\s*\[([^\]]{0,20000})\]\s*\}')
_QUOTED = re.compile(r'"([^"\n]{1,200})"')


def cloud_facts(at: Stated, identity: NodeKey, name: str, data: Mapping[str, Any]) -> Iterator[Fact]:
    """Grants and edges of ``identity``, which the role ``name`` issues; a Problem for each part that is not understood."""
    yield from _aws(at, identity, name, data)
    yield from _google(at, identity, name, data)
    yield from _azure(at, identity, data)


def _grant(at: Stated, provider: str, subject: NodeKey, role: str, body: str, origin: str = "") -> Grant:
    return Grant(provider, subject, role, body, origin, at.document.source(at.line), at.evidence)


def _aws(at: Stated, identity: NodeKey, name: str, data: Mapping[str, Any]) -> Iterator[Fact]:
    roles = [arn for arn in words(data.get("role_arns")) if arn.startswith("arn:")]
    for arn in roles:
        yield EdgeFact("ASSUMES", identity, ("Identity", redact(arn)), at.props)
    attached = [redact(arn) for arn in words(data.get("policy_arns")) if arn.startswith("arn:")]
    groups = words(data.get("iam_groups"))
    stated = data.get("policy_document")
    if roles or not (attached or groups or stated):
        return  # what else is stated narrows the session of a role
    accounts = [fields.account for arn in attached if (fields := arns.parse(arn)) and arns.is_account(fields.account)]
    account = accounts[0] if accounts else ""
    user: NodeKey = ("Identity", arns.iam("user", f"vault-{redact(name)}", at.document.root, account=account))
    props: Props = {"name": f"vault-{redact(name)}", "type": "iam_user", "provider": "aws", "kind_detail": "made by Vault"}
    yield NodeFact(*user, {**props, "sources": at.sources})
    yield EdgeFact("ASSUMES", identity, user, at.props)
    for arn in attached:
        yield _grant(at, "aws", user, "identity", json.dumps(arn), arn)
    if stated:
        body = policy_text(stated)
        if body is None:
            yield at.problem("the policy document of a role of AWS is not JSON", "error")
        else:
            yield _grant(at, "aws", user, "identity", body, f"{user[1]}/policy/vault")
    for group in groups:
        arn = arns.iam("group", redact(group), at.document.root, account=account)
        yield _grant(at, "aws", user, "member", json.dumps(arn))


def _google(at: Stated, identity: NodeKey, name: str, data: Mapping[str, Any]) -> Iterator[Fact]:
    """A role set's service account with its bindings; that of a static or impersonated account is stated."""
    project, email = data.get("project"), data.get("service_account_email")
    stated = redact(email) if isinstance(email, str) and gcp.is_account(email) else ""
    account = stated or f"vault{redact(name)}@{project if isinstance(project, str) else 'vault'}.iam.gserviceaccount.com".lower()
    bindings = data.get("bindings")
    if not stated and not bindings:
        return
    if not gcp.is_account(account):
        yield at.problem("the service account of a role of Google Cloud has no name that is understood")
        return
    yield NodeFact(*gcp.account(account), {**gcp.account_props(account), "sources": at.sources})
    yield EdgeFact("ASSUMES", identity, gcp.account(account), at.props)
    found = list(_bindings(bindings))
    if bindings and not found:
        yield at.problem("the bindings of a role of Google Cloud are not understood", "error")
    for resource, roles in found[:MAX_BINDINGS]:
        full = gcp.resource_name(redact(resource))
        if not full:
            yield at.problem("a binding of Google Cloud is on a resource that is not named in full")
            continue
        for role in roles:
            body = json.dumps({"role": redact(role), "members": [f"serviceAccount:{account}"]}, separators=(",", ":"))
            yield _grant(at, "gcp", ("Resource", full), "binding", body, redact(role))


def _bindings(value: object) -> Iterator[tuple[str, list[str]]]:
    """(resource, its roles) of bindings as an object by resource, in HCL, or either in Base64."""
    if isinstance(value, dict):
        yield from ((str(resource), words(roles)) for resource, roles in value.items())
        return
    text = value if isinstance(value, str) and len(value) < 500_000 else ""
    if text and "resource" not in text and "{" not in text:
        try:
            text = base64.b64decode(text, validate=False).decode()
        except (ValueError, binascii.Error):
            return
    for match in _BLOCK.finditer(text):
        yield match[1], _QUOTED.findall(match[2])


def _azure(at: Stated, identity: NodeKey, data: Mapping[str, Any]) -> Iterator[Fact]:
    application = data.get("application_object_id")
    if isinstance(application, str) and re.fullmatch(r"[0-9a-fA-F-]{36}", application):
        yield EdgeFact("ASSUMES", identity, ("Identity", f"entra:{application.lower()}"), at.props)
    roles = data.get("azure_roles")
    if isinstance(roles, str):
        try:
            roles = json.loads(roles)
        except (ValueError, RecursionError):
            yield at.problem("the roles of Azure that credentials get are not JSON", "error")
            return
    for role in items(roles)[:MAX_BINDINGS]:
        name, scope = role.get("role_id") or role.get("role_name"), role.get("scope")
        if not isinstance(name, str) or not isinstance(scope, str) or not name:
            yield at.problem("a role of Azure that credentials get has no name or no scope")
            continue
        body = {"role": redact(name.rpartition("/")[2]), "scope": redact(scope)}
        title = role.get("role_name")
        yield _grant(at, "azure", identity, "assignment", json.dumps(body), redact(title) if isinstance(title, str) else "")
