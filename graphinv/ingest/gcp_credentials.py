"""Google Cloud credential files: keys of service accounts, logins of people, configurations of workload identity federation.

Drawn:
    (:Secret key)-[:AUTHENTICATES_AS]->(:Identity service account)
    (:Runtime home folder)-[:HOLDS]->(:Secret), where it is what the gcloud CLI keeps there
    (:Identity)-[:ASSUMES]->(:Identity service account that it impersonates)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.clients import top_object
from graphinv.ingest.support.cloud_logins import named_by_path
from graphinv.ingest.support.gcp import names
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.machines import home_of, kept_there
from graphinv.ingest.support.parts import inside
from graphinv.ingest.support.records import problem, text
from graphinv.ingest.support.secrets import Recognised, recognise, redact, secret_key, secret_node
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

NAME = "gcp_credentials"
TITLE = "Google Cloud credential files"
FILES = ("any JSON file with `type` `service_account`, `authorized_user`, `external_account` or `impersonated_service_account`",)
MAX_BYTES = 1024 * 1024

_TYPE = re.compile(rb'"type"\s*:\s*"(?:service_account|authorized_user|external_account|impersonated_service_account)"')
_FIELDS = re.compile(
    rb'"(?:client_email|private_key_id|refresh_token|subject_token_type|credential_source|service_account_impersonation_url)"\s*:'
)
_IMPERSONATED = re.compile(r"/serviceAccounts/([^/:\s]{3,250}):(?:generateAccessToken|generateIdToken)")
_POOL = re.compile(r"//iam\.googleapis\.com/((?:projects/[\w-]+/)?locations/global/\w+Pools/[\w-]+)/providers/[\w-]+")
_KEY_ID = re.compile(r"[0-9a-f]{20,64}")


_DEFAULTS = tuple(f"{folder}gcloud/application_default_credentials.json" for folder in (".config/", "AppData/Roaming/"))
_KEY_TYPE = "google_service_account_key"


def detect(path: str, head: bytes) -> bool:
    """Whether it is a JSON file of one of the four kinds."""
    return path.lower().endswith(".json") and _TYPE.search(head) is not None and _FIELDS.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """The secrets in it and whose they are.

    Raises:
        IngestError: not JSON, or no object.
    """
    located = jsondoc.parse(document)
    top = top_object(located, document)
    identity, facts = _login(document, located, top)
    yield from facts
    for fact in facts:
        if isinstance(fact, NodeFact) and fact.kind == "Secret":
            yield from named_by_path(document, fact.key)
            yield from kept_there(document, home_of(document.path, *_DEFAULTS), {fact.key: None})
    target = _IMPERSONATED.search(text(top.get("service_account_impersonation_url"), 2000))
    if target is None:
        return
    account = names.account(redact(target[1]))
    props = _declared(document, located, "service_account_impersonation_url")
    yield NodeFact(*account, {**names.account_props(account[1].removeprefix("gcp:")), "sources": props["sources"]})
    if identity is not None:
        yield EdgeFact("ASSUMES", identity, account, props)


def _login(document: Document, located: Located, top: dict[str, Any]) -> tuple[NodeKey | None, list[Fact]]:
    """Who the file logs in as, before it acts as somebody else."""
    kind = text(top.get("type"))
    if kind == "impersonated_service_account":
        source = inside(top, "source_credentials")
        # One that impersonates in its turn would go on without end.
        return _login(document, located, source) if source.get("type") != "impersonated_service_account" else (None, [])
    if kind == "external_account":
        return _pool(document, located, top)
    if kind == "service_account":
        return _account(document, located, top)
    person: NodeKey = ("Identity", f"gcp:user({document.root}/{document.path})")
    props: Props = {"name": f"who logged in for {document.name}", "type": "human", "provider": "gcp", "binding": "bearer"}
    facts: list[Fact] = [NodeFact(*person, {**props, "sources": [document.source(located.line("refresh_token"))]})]
    return person, facts + _secret(document, located, top, "refresh_token", person, "login", "google_refresh_token")


def _account(document: Document, located: Located, top: dict[str, Any]) -> tuple[NodeKey | None, list[Fact]]:
    email = redact(text(top.get("client_email")))
    if not names.is_account(email):
        message = "is a key of a service account without its address"
        return None, [problem(document, located.line("client_email"), message, NAME, "error")]
    account = names.account(email)
    props = names.account_props(email)
    facts: list[Fact] = [NodeFact(*account, {**props, "sources": [document.source(located.line("client_email"))]})]
    id = text(top.get("private_key_id"))
    named = f"key of {props['name']}"
    if not _KEY_ID.fullmatch(id):
        return account, facts + _secret(document, located, top, "private_key", account, named, _KEY_TYPE)
    # Lists of keys and audit logs know it by its id
    listed: NodeKey = ("Secret", f"gcp-key:{id}")
    stated = _declared(document, located, "private_key_id")
    found = recognise("private_key", text(top.get("private_key"), 20_000))
    value = secret_node(document, located.line("private_key"), found).props if found else {}
    key: Props = {**value, "name": named, "type": _KEY_TYPE, "lifetime": "static", "sources": stated["sources"]}
    facts += [NodeFact(*listed, key), EdgeFact("AUTHENTICATES_AS", listed, account, stated)]
    return account, facts


def _secret(document: Document, located: Located, top: dict[str, Any], field: str, identity: NodeKey, name: str, kind: str) -> list[Fact]:
    """The secret under ``field``, if it is one."""
    found: Recognised | None = recognise(field, text(top.get(field), 20_000))
    if found is None:
        return []
    node = secret_node(document, located.line(field), found)
    props = {**node.props, "name": name, "type": kind, "lifetime": "static"}
    edge = EdgeFact("AUTHENTICATES_AS", secret_key(document, found), identity, _declared(document, located, field))
    return [NodeFact(node.kind, node.id, props), edge]


def _pool(document: Document, located: Located, top: dict[str, Any]) -> tuple[NodeKey | None, list[Fact]]:
    match = _POOL.fullmatch(text(top.get("audience"), 1000))
    if match is None:
        return None, [problem(document, located.line("audience"), "names no pool of workload identities", NAME)]
    pool: NodeKey = ("Identity", f"gcp:{match[1]}")
    sources = [document.source(located.line("audience"))]
    props: Props = {"name": match[1].rpartition("/")[2], "type": "identity_pool", "provider": "gcp", "binding": "federated"}
    return pool, [NodeFact(*pool, {**props, "sources": sources})]


def _declared(document: Document, located: Located, field: str) -> Props:
    return {"evidence": ["declared"], "sources": [document.source(located.line(field))]}
