"""Who of AWS may log in to a cluster of EKS, as its ConfigMap ``aws-auth`` says: as a user, and in groups of the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.docker.running import safe
from graphinv.ingest.support.kubernetes.readings import Login, Logins
from graphinv.ingest.support.kubernetes.texts import Raw
from graphinv.ingest.support.parts import items, texts
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.errors import IngestError

_MAPS = {"mapRoles": "rolearn", "mapUsers": "userarn"}
MAX_LOGINS = 2_000


def is_map(raw: Raw) -> bool:
    """Whether an object is the one that EKS looks at."""
    return (raw.group, raw.kind, raw.namespace, raw.name) == ("", "ConfigMap", "kube-system", "aws-auth")


def logins(raw: Raw) -> Logins:
    """Its entries, and the lines of what is not understood of it. Accounts that are let in as a whole are among that."""
    found: list[Login] = []
    strange: list[int] = []
    for key, value in raw.mapping("data").items():
        line = raw.line("data", key)
        entries = list(_entries(raw, value, line)) if key in _MAPS else []
        made = [_login(one, _MAPS[key], line) for one in entries[:MAX_LOGINS]]
        found += [one for one in made if one is not None]
        empty = isinstance(value, str) and value.strip() in ("", "[]")
        if key.startswith("map") and not empty and (None in made or not made or len(entries) > MAX_LOGINS):
            strange.append(line)
    return Logins(tuple(found), tuple(strange))


def _entries(raw: Raw, value: object, line: int) -> Iterator[dict[str, Any]]:
    try:
        documents = yamldoc.parse(value, raw.document, line) if isinstance(value, str) else []
    except IngestError:
        return
    for located in documents:
        yield from items(located.value)


def _login(entry: dict[str, Any], of: str, line: int) -> Login | None:
    arn = entry.get(of)
    kind = arns.identity_type(arn.strip()) if isinstance(arn, str) and safe(arn.strip()) else None
    if not isinstance(arn, str) or kind not in ("iam_role", "iam_user"):
        return None
    user = entry.get("username")
    known = isinstance(user, str) and user and "{{" not in user
    return Login(arn.strip(), kind, hide(str(user)) if known else "", tuple(map(hide, texts(entry.get("groups")))), line)
