"""Variables by which the clouds' own libraries log in: whom whatever has them in its environment acts as."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.azure import names as azure
from graphinv.ingest.support.gcp import names as gcp
from graphinv.ingest.support.interpolation import interpolations
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

_ROLES = frozenset({"AWS_ROLE_ARN", "AWS_ROLE_TO_ASSUME"})
_APPLICATIONS = frozenset({"AZURE_CLIENT_ID", "ARM_CLIENT_ID", "AAD_CLIENT_ID", "ENTRA_CLIENT_ID", "MICROSOFT_CLIENT_ID", "MS_CLIENT_ID"})
_ACCOUNTS = frozenset(
    {
        "GOOGLE_IMPERSONATE_SERVICE_ACCOUNT",
        "CLOUDSDK_AUTH_IMPERSONATE_SERVICE_ACCOUNT",
        "GOOGLE_SERVICE_ACCOUNT_EMAIL",
        "GCP_SERVICE_ACCOUNT_EMAIL",
        "GCP_SERVICE_ACCOUNT",
    }
)
_FILES = frozenset(
    {"GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_CREDENTIALS_FILE", "GOOGLE_SERVICE_ACCOUNT_FILE", "SERVICE_ACCOUNT_PATH", "GOOGLE_KEY_FILE"}
)
_CONFIGS = frozenset({"KUBECONFIG", "K8S_CONFIG", "KUBE_CONFIG_PATH"})
_APPS = frozenset({"GITHUB_APP_ID", "GH_APP_ID"})
_FOLDER = re.compile(r"\$\{?(?:workspaceFolder|workspaceRoot|PWD|__dirname|CLAUDE_PROJECT_DIR)\}?/")
_ROLE = re.compile(r"arn:aws[\w-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,500}")
MAX_ABOVE = 20
"""Folders above a file from which it can be named."""


def cloud_login_facts(document: Document, line: int | None, holder: NodeKey, variable: str, value: str) -> Iterator[Fact]:
    """(holder)-[:RUNS_AS]->(the identity that ``variable`` names), or (holder)-[:HOLDS]->(the key in the file that it names); nothing for
    other variables, and for values that are filled in at run time.
    """
    name, text = variable.upper(), value.strip()
    if name not in _ROLES | _APPLICATIONS | _ACCOUNTS | _FILES | _CONFIGS | _APPS:
        return
    common: Props = {"evidence": ["declared"], "sources": [document.source(line)]}
    if name in _FILES | _CONFIGS:
        path = _FOLDER.sub("", text) if _FOLDER.match(text) else text
        if (name in _CONFIGS or path.lower().endswith(".json")) and path and not interpolations(path) and redact(path) == path:
            clean = posixpath.normpath(path.replace("\\", "/"))
            target = Ref("Secret", "file", clean, fallback=f"file:{document.root}#{clean}")
            yield EdgeFact("HOLDS", holder, target, {**common, "place": "config"})
        return
    identity: NodeKey | None = None
    props: Props = {}
    if name in _ROLES and _ROLE.fullmatch(text):
        identity, props = ("Identity", text), {"type": arns.identity_type(text), "provider": "aws"}
    elif name in _APPLICATIONS and azure.is_guid(text):
        identity, props = azure.identity(text), {"type": "application", "provider": "entra"}
    elif name in _ACCOUNTS and gcp.is_account(text):
        identity, props = gcp.account(text), gcp.account_props(text.lower())
    elif name in _APPS and re.fullmatch(r"[0-9]{1,12}", text):
        identity, props = ("Identity", f"github-app:{text}"), {"type": "github_app", "provider": "github"}
    if identity is not None:
        yield NodeFact(*identity, {**props, "sources": common["sources"]})
        yield EdgeFact("RUNS_AS", holder, identity, common)


def named_by_path(document: Document, secret: NodeKey) -> Iterator[Binding]:
    """The names by which other documents mean the key in this one: its path, from each folder above it."""
    parts = document.path.split("/")
    for depth in range(min(len(parts), MAX_ABOVE)):
        yield Binding("file", "/".join(parts[depth:]), secret, "/".join(parts[:depth]), document.path)
