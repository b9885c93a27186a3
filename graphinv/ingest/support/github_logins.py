"""Steps of GitHub workflows that log the job in to a cloud or mint a token: whom the job acts as from then on."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.ci import HOLDER
from graphinv.ingest.support.github_expressions import flow
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Problem, Ref

_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]{1,200}")
_ACCOUNT = re.compile(r"[a-z0-9.-]{1,100}@[a-z0-9.-]{1,100}\.gserviceaccount\.com")
_CLIENT = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)

LOGINS: Mapping[str, tuple[str, re.Pattern[str], str, str]] = {
    "aws-actions/configure-aws-credentials": ("role-to-assume", _ROLE, "iam_role", "aws"),
    "google-github-actions/auth": ("service_account", _ACCOUNT, "service_account", "gcp"),
    "azure/login": ("client-id", _CLIENT, "service_principal", "azure"),
}
"""Action → input that names whom it logs in as, what such a name looks like, type and provider of that identity."""
_PLACES: Mapping[str, str] = {
    **dict.fromkeys([*LOGINS, "docker/login-action"], "env"),
    **dict.fromkeys(["actions/create-github-app-token", "tibdex/github-app-token", "hashicorp/vault-action"], "vault"),
}
"""Actions that are given secrets, and where these lie for the steps after them: a login leaves them in variables and files, what only
trades one for a token leaves them with GitHub."""


def login_facts(document: Document, line: int, name: str, inputs: Mapping[str, Any], ingestor: str) -> Iterator[Fact]:
    """Facts about a step that uses the action ``name`` (lower case) with ``inputs``: the identity it logs in as, where that is written, and
    the secrets it is given; nothing for other actions."""
    if name not in _PLACES:
        return
    sources = [document.source(line)]
    common = {"evidence": ["declared"], "sources": sources}
    for secret in sorted(flow(dict(inputs)).secrets):
        target = Ref("Secret", "github-secret", redact(secret), fallback=f"github-secret:{document.root}#{redact(secret)}")
        yield EdgeFact("HOLDS", HOLDER, target, {"place": _PLACES[name], **common})
    if name not in LOGINS:
        return
    field, pattern, kind, provider = LOGINS[name]
    given = inputs.get(field)
    if not isinstance(given, str) or not given.strip():
        return
    if not pattern.fullmatch(given.strip()):
        yield Problem(
            document.path, f"L{line}", f"logs in to {provider} as somebody whose name is filled in at run time", "warning", ingestor
        )
        return
    who = given.strip() if provider == "aws" else given.strip().lower()
    id = {"aws": "", "gcp": "gcp:", "azure": "entra:"}[provider] + who
    props = {"name": who.rpartition("/")[2], "type": kind, "provider": provider, "sources": sources}
    yield NodeFact("Identity", id, {**props, "binding": "federated"})
    yield EdgeFact("RUNS_AS", HOLDER, ("Identity", id), common)
