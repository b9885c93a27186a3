"""HashiCorp Vault and OpenBao: policies, roles of login methods, engines that make credentials.

Read from policies in HCL and JSON, what ``vault read -format=json`` and look-ups of tokens and leases print, objects by path,
configuration of the Vault operator, and shell scripts that write them. Drawn here, and by :mod:`graphinv.ingest.grants.vault` from
the grants:
    (:Identity service account, role of a cloud …)-[:ASSUMES]->(:Identity role)-[:CAN_ACCESS {actions}]->(:Secret|Resource)
    (:Secret {ttl_seconds, max_life_seconds, renewable} made on demand)-[:AUTHENTICATES_AS]->(:Identity)-[:CAN_ACCESS]->(:Resource database)
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, yamldoc
from graphinv.ingest.support.clients import at, value_at
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.parts import inside, items
from graphinv.ingest.support.records import records, text
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.vault.entries import alias_facts, entry_facts, is_entry, policy_facts
from graphinv.ingest.support.vault.issued import is_lease, is_token, lease_facts, token_facts
from graphinv.ingest.support.vault.objects import GROUPS, object_facts
from graphinv.ingest.support.vault.paths import key_of, plain_path
from graphinv.ingest.support.vault.scripts import written
from graphinv.ingest.support.vault.stated import Stated
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, NodeFact, Problem

NAME = "vault"
TITLE = "Vault policies, roles, login methods and engines"
FILES = (
    "*.hcl and *.policy with `path` blocks and capabilities",
    "JSON policies",
    "JSON of `vault read`, named after its path (`auth/kubernetes/role/x.json`, `database/roles/x.json`), or objects by path",
    "JSON of `vault token lookup` and `vault lease lookup`, one, a list or one a line",
    "`policies`, `auth` and `secrets` of the Vault operator, in YAML or JSON",
    "VaultAuth, VaultStaticSecret and VaultDynamicSecret manifests",
    "manifests of the Vault config operator (redhatcop.redhat.io)",
    "shell scripts with `vault write` and `vault policy write`",
)
MAX_BYTES = 4 * 1024 * 1024

_HCL = re.compile(rb'(?:^|\n)[ \t]*path[ \t]+"[^"\n]*"[ \t]*\s*\{')
_RULES = re.compile(rb"capabilities[\"']?\s*[=:]|\bpolicy\s*=")
_JSON_POLICY = re.compile(rb'"path"\s*:\s*[\[{]')
_TEXT_POLICY = re.compile(rb'"(?:policy|rules)"\s*:\s*"(?:[^"\\]|\\.){0,2000}?path\s*\\"')
_BY_PATH = re.compile(
    rb'"/?(?:auth/[^"/]{1,80}/roles?/|sys/polic(?:y|ies/acl)/|[\w-]{1,80}/(?:roles|static-roles|config)/)[^"]{1,200}"\s*:\s*\{'
)
_LINES = (".jsonl", ".ndjson")
_ISSUED = re.compile(rb'"issue_time"\s*:\s*"')
_LOOKED_UP = re.compile(rb'"creation_ttl"\s*:|"last_renewal"\s*:')
_READ = re.compile(rb'"(?:lease_duration|lease_id|request_id|mount_type)"\s*:')
_OPERATOR = re.compile(rb"^\s*(?:policies|auth|secrets|externalConfig):", re.MULTILINE)
_OF_OPERATOR = re.compile(
    rb"^\s*(?:- )?(?:rules:\s*(?:[|>]|[\"']?path\b)|bound_service_account_names:|creation_statements:|externalConfig:"
    rb"|credential_type:|azure_roles:|roleset:)",
    re.MULTILINE,
)
_JSON_OPERATOR = re.compile(rb'"(?:policies|auth|secrets)"\s*:\s*\[')
_OF_JSON_OPERATOR = re.compile(
    rb'"purgeUnmanagedConfig"|"rules"\s*:\s*"\s*path\b|"(?:bound_service_account_names|creation_statements)"\s*:'
)
_OBJECT = re.compile(rb"^[\"']?apiVersion[\"']?\s*:\s*[\"']?(?:secrets\.hashicorp\.com|redhatcop\.redhat\.io)/", re.MULTILINE)
_SCRIPT = re.compile(rb"\bvault\s+(?:policy\s+write|policy-write|write|kv\s+put)\s")
_TEMPLATE = re.compile(rb"\{\{-?\s*(?:if|range|with|include|define|\.|\$|/\*)")
_PLACE = re.compile(
    r"(?:^|.*/)((?:auth/.{1,100}?/roles?/|[\w-]{1,80}/(?:roles|static-roles|config|roleset|static-account)/|sys/polic(?:y|ies/acl)/)[^/]{1,200})\.json",
    re.I,
)


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as a policy, or as one of the other forms of Vault's configuration."""
    lowered = path.lower()
    if lowered.endswith((".hcl", ".policy", ".pol")):
        return _HCL.search(head) is not None and _RULES.search(head) is not None
    if lowered.endswith(_LINES):
        return _is_issued(head)
    if lowered.endswith(".json"):
        policy = (_JSON_POLICY.search(head) and _RULES.search(head)) or _TEXT_POLICY.search(head) or _BY_PATH.search(head)
        operator = _JSON_OPERATOR.search(head) and _OF_JSON_OPERATOR.search(head)
        return bool(policy or operator) or _is_issued(head) or (_PLACE.fullmatch(path) is not None and _READ.search(head) is not None)
    if lowered.endswith((".yaml", ".yml")):
        return _OBJECT.search(head) is not None or (_OPERATOR.search(head) is not None and _OF_OPERATOR.search(head) is not None)
    return lowered.endswith((".sh", ".bash")) and _SCRIPT.search(head) is not None


def _is_issued(data: bytes) -> bool:
    """Whether it holds look-ups of tokens or leases, and is no collection of objects by path that has some among others."""
    return _ISSUED.search(data) is not None and _LOOKED_UP.search(data) is not None and _BY_PATH.search(data) is None


def read(document: Document) -> Iterator[Fact]:
    """Nodes, edges, and grants for what policies allow.

    Raises:
        IngestError: not text, or not in the syntax that its name promises.
    """
    lowered = document.name.lower()
    if lowered.endswith((".hcl", ".policy", ".pol")):
        yield from policy_facts(Stated(document, 1, "declared", NAME), _stem(document), document.text())
    elif lowered.endswith(_LINES) or (lowered.endswith(".json") and _is_issued(document.data)):
        yield from _issued_facts(document)
    elif lowered.endswith(".json"):
        yield from _json_facts(document, jsondoc.parse(document))
    elif lowered.endswith((".yaml", ".yml")):
        try:
            documents = yamldoc.parse(document.text(), document)
        except IngestError:
            if not _TEMPLATE.search(document.data):
                raise
            message = "objects of Vault in this template are not read: scan what `helm template` (or its like) prints"
            yield Problem(document.path, "", message, "warning", NAME)
            return
        for located in documents:
            if isinstance(located.value, dict) and text(located.value.get("apiVersion")).startswith(GROUPS):
                yield from object_facts(Stated(document, located.line("kind"), "declared", NAME), located.value)
                continue
            for pointer in ((), ("spec", "externalConfig"), ("vault", "externalConfig"), ("externalConfig",)):
                yield from _operator_facts(document, located, pointer)
    else:
        yield from _script_facts(document)


def _stem(document: Document) -> str:
    return document.name.rpartition(".")[0] or document.name


def _json_facts(document: Document, located: Located) -> Iterator[Fact]:
    value = located.value
    if not isinstance(value, dict):
        raise IngestError("holds no object at its top", document=document.path, where=f"L{located.line()}")
    granted = Stated(document, located.line(), "granted", NAME)
    data = inside(value, "data") or value
    place = _PLACE.fullmatch(document.path)
    stated = data.get("policy") or data.get("rules")
    if any(isinstance(value.get(part), list) for part in ("policies", "auth", "secrets")):
        yield from _operator_facts(document, located, ())
    elif "path" in value and not isinstance(value["path"], str):
        yield from policy_facts(Stated(document, located.line(), "declared", NAME), _stem(document), value)
    elif isinstance(stated, str) and "path" in stated:
        yield from policy_facts(granted, text(data.get("name")) or _stem(document), stated)
    elif place is not None:
        yield from entry_facts(granted, place[1], data)
    else:
        for path, entry in value.items():
            if isinstance(entry, dict) and is_entry(str(path)):
                yield from entry_facts(Stated(document, located.line(path), "granted", NAME), str(path), inside(entry, "data") or entry)


def _issued_facts(document: Document) -> Iterator[Fact]:
    """Tokens and leases, as look-ups print them: one, a list, or one after the other."""
    for record in records(document):
        data = inside(record.value, "data") or record.value
        granted = Stated(document, record.line(), "granted", NAME)
        if is_token(data):
            yield from token_facts(granted, data)
        elif is_lease(data):
            yield from lease_facts(granted, data)


def _operator_facts(document: Document, located: Located, pointer: Pointer) -> Iterator[Fact]:
    """Configuration as the Vault operator takes it: lists of policies, login methods and engines."""
    top = value_at(located, pointer)
    if not isinstance(top, dict):
        return
    where = at(located, pointer)
    for index, policy in enumerate(items(top.get("policies"))):
        if text(policy.get("name")):
            yield from policy_facts(
                Stated(document, where("policies", index, "rules"), "declared", NAME), policy["name"], policy.get("rules")
            )
    for index, method in enumerate(items(top.get("auth"))):
        mount = text(method.get("path")) or text(method.get("type"))
        for kind, under in (("roles", "role"), ("users", "users"), ("groups", "groups")):
            for key, name, role in _entries(method.get(kind)):
                place = Stated(document, where("auth", index, kind, key), "declared", NAME)
                yield from entry_facts(place, f"auth/{mount}/{under}/{name}", role)
        for kind in ("teams", "users"):
            for key, name, role in _entries(inside(method, "map").get(kind)):
                place = Stated(document, where("auth", index, "map", kind, key), "declared", NAME)
                yield from entry_facts(place, f"auth/{mount}/map/{kind}/{name}", role)
    for index, engine in enumerate(items(top.get("secrets"))):
        mount = text(engine.get("path")) or text(engine.get("type"))
        configured = engine.get("configuration")
        for kind, entries in configured.items() if isinstance(configured, dict) else ():
            for number, entry in enumerate(items(entries)):
                place = Stated(document, where("secrets", index, "configuration", kind, number), "declared", NAME)
                yield from _named(place, f"{mount}/{kind}", entry)
    yield from _directory_facts(document, top, where)


def _entries(value: object) -> Iterator[tuple[int | str, str, dict[str, Any]]]:
    """(key or index, name, what is stated) of roles, users or groups: a list of objects with names, or an object by name."""
    for number, one in enumerate(items(value)):
        if name := text(one.get("name")) or text(one.get("username")):
            yield number, name, one
    for key, one in value.items() if isinstance(value, dict) else ():
        if text(key):
            yield key, text(key), one if isinstance(one, dict) else {"value": one}


def _directory_facts(document: Document, top: dict[str, Any], where: Callable[..., int]) -> Iterator[Fact]:
    """Groups of Vault's own directory, and which groups of a login are they."""
    for number, name, group in _entries(top.get("groups")):
        yield from entry_facts(Stated(document, where("groups", number), "declared", NAME), f"identity/group/name/{name}", group)
    for key in ("group-aliases", "groupAliases"):
        for number, name, alias in _entries(top.get(key)):
            place = Stated(document, where(key, number), "declared", NAME)
            group_name, mount = text(alias.get("group")), text(alias.get("mountpath"))
            if group_name and mount:
                yield from alias_facts(place, "group", group_name, mount, name)
            else:
                yield place.problem("is an alias without a group or a login method")


def _named(place: Stated, folder: str, entry: dict[str, Any]) -> Iterator[Fact]:
    name = text(entry.get("name"))
    if name:
        yield from entry_facts(place, f"{folder}/{name}", entry)


def _script_facts(document: Document) -> Iterator[Fact]:
    for one in written(document.text()):
        place = Stated(document, one.policy_line if one.policy is not None else one.line, "declared", NAME)
        if one.policy is not None:
            yield from policy_facts(place, one.path.rpartition("/")[2], one.policy)
        elif is_entry(one.path):
            yield from entry_facts(place, one.path, one.data)
        elif one.stored:
            path = redact(plain_path(one.path))
            props = {"name": path, "type": "stored_secret", "lifetime": "static", "sources": place.sources}
            yield NodeFact(*key_of("Secret", document.root, path), props)
