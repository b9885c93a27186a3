"""Secrets that a program fetches from a manager of secrets: which one a value comes from."""

from __future__ import annotations

import re

from graphinv.ingest.support.python.values import Bound, Const, DictV, Made, Value
from graphinv.model.facts import NodeFact

_AWS = "get_secret_value"
_AZURE = "get_secret"
_GOOGLE = "access_secret_version"
_VERSION = re.compile(r"(projects/[^/\s]{1,100}/secrets/[^/\s]{1,255})(?:/versions/.*)?")
_NAME = re.compile(r"[\w/+=.@:-]{1,512}")
MAX_CHAIN = 20


def fetched(value: Value, root: str) -> NodeFact | None:
    """The secret that ``value`` is, or is a part of, where a call fetches it by a name that is known: of AWS Secrets Manager, Azure's Key
    Vault or Google's Secret Manager."""
    one: Value | None = value
    for _ in range(MAX_CHAIN):
        if isinstance(one, Made):
            found = _by_call(one, root)
            if found is not None:
                return found
            # ``json.loads(client.get_secret_value(…)["SecretString"])["key"]``
            one = one.passed("", 0) if one.callee == "json.loads" else one.receiver
        elif isinstance(one, Bound):
            one = one.receiver
        else:
            return None
    return None


def aws_secret(name: str, root: str) -> NodeFact | None:
    """A secret of AWS Secrets Manager, by its name or ARN."""
    return _secret(name if name.startswith("arn:") else f"secretsmanager:{root}#{name}", name, "secretsmanager_secret")


def _by_call(call: Made, root: str) -> NodeFact | None:
    if call.symbol == _AWS and call.within("boto3", "aioboto3", "botocore"):
        name = _text(call.passed("SecretId"))
        return aws_secret(name, root) if name is not None else None
    if call.symbol == _AZURE and call.within("azure.keyvault"):
        name, client = _text(call.passed("name", 0)), call.root()
        vault = _text(client.passed("vault_url", 0)) if isinstance(client, Made) else None
        return _secret(f"{vault.rstrip('/')}/secrets/{name}" if vault else f"keyvault:{root}#{name}", name, "key_vault_secret")
    if call.symbol == _GOOGLE and call.within("google.cloud"):
        request = call.passed("request", 0)
        stated = call.passed("name") or (request.get("name") if isinstance(request, DictV) else None)
        match = _VERSION.fullmatch(_text(stated) or "")
        return (
            _secret(f"//secretmanager.googleapis.com/{match[1]}", match[1].rpartition("/")[2], "secret_manager_secret") if match else None
        )
    return None


def _text(value: Value | None) -> str | None:
    for option in value.options() if value is not None else ():
        if option.text() is not None and not (isinstance(option, Const) and not option.complete):
            return option.text()
    return None


def _secret(key: str, name: str | None, kind: str) -> NodeFact | None:
    if name is None or not _NAME.fullmatch(name):
        return None
    return NodeFact("Secret", key, {"name": name.rpartition(":")[2], "type": kind})
