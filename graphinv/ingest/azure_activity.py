"""Azure's activity log, and the audit log of its key vaults: who changed, deleted, started or read what.

What failed, was refused or has only begun is no access. Claims of tokens, properties and bodies stay where they are, but for the object id
of who asked.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.azure import names
from graphinv.ingest.support.azure.roles import LETTERS, letters_of
from graphinv.ingest.support.jsonlog import is_named_so
from graphinv.ingest.support.observed import seconds
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.trail import Trail, facts_of, trail_of
from graphinv.model.facts import Fact

NAME = "azure_activity"
TITLE = "Azure's activity log and audit logs of its key vaults"
FILES = ("*.json, *.jsonl, *.ndjson and *.log as `az monitor activity-log list` and diagnostic settings write them",)
MAX_BYTES = 256 * 1024 * 1024

_ASKED = re.compile(rb'"operationName"\s*:\s*(?:\{|")')
_OF_AZURE = re.compile(rb'"(?:resourceId|scope)"\s*:\s*"/subscriptions/', re.IGNORECASE)
_WHO = re.compile(rb'"(?:claims?|caller|eventDataId|identity)"\s*:')
_OBJECT_ID = ("http://schemas.microsoft.com/identity/claims/objectidentifier", "oid")
_DONE = frozenset({"success", "succeeded"})
_WHOLE = re.compile(r"(/subscriptions/[^/]+(?:/resourcegroups/[^/]+)?/providers/[\w.]{1,100}/[\w.-]{1,100}/[^/]{1,500})(?:/.*)?", re.DOTALL)
"""The resource that a part of it belongs to."""
_VAULT = "microsoft.keyvault/vaults"
_VAULTS_VERBS: Mapping[str, str] = {
    "get": "read",
    "list": "read",
    "backup": "read",
    "set": "write",
    "create": "write",
    "import": "write",
    "update": "write",
    "restore": "write",
    "rotate": "write",
    "delete": "delete",
    "purge": "delete",
    "decrypt": "execute",
    "encrypt": "execute",
    "sign": "execute",
    "unwrap": "execute",
    "wrap": "execute",
}
_IN_VAULT = re.compile(r"(?:secret|key|certificate)([a-z]+)")
_LONGEST = 2000


def detect(path: str, head: bytes) -> bool:
    """Whether it begins with an entry of one of the logs."""
    found = _ASKED.search(head) and _OF_AZURE.search(head) and _WHO.search(head)
    return is_named_so(path) and found is not None and b'"$schema"' not in head


def summarise(document: Document) -> Trail:
    """What the entries of a document show, counted. O(bytes).

    Raises:
        IngestError: it is not text.
    """
    return trail_of(document, _entries, _take, NAME)


def link(root: str, summaries: Mapping[str, Trail]) -> Iterator[Fact]:
    """Facts of all logs of ``root``."""
    yield from facts_of(root, summaries, NAME)


def _entries(value: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The entry that an object is or has, or those in the page or batch that it is."""
    alone = [value, value.get("raw_payload")]
    listed = next((value[key] for key in ("records", "value", "Records") if isinstance(value.get(key), list)), alone)
    yield from (one for one in listed if isinstance(one, dict) and "operationName" in one)


def _take(trail: Trail, entry: Mapping[str, Any], place: str) -> None:
    """Count one entry."""
    of_vault = entry.get("category") == "AuditEvent"
    trail.count(str(entry.get("eventDataId") or entry), of_data=of_vault)
    done = _value(entry.get("status")) or _value(entry.get("resultType"))
    who = _object_id(entry)
    if done.lower() not in _DONE or not who:
        return
    operation = _value(entry.get("operationName")).lower()
    stated = _value(entry.get("resourceId")) or _value(entry.get("resourceUri")) or _value(_member(_asked(entry), "scope"))
    resource = _WHOLE.fullmatch(stated.lower())
    kind = names.resource_type(resource[1]) if resource else ""
    actions = _in_vault(operation) if of_vault and kind == _VAULT else _actions(operation, kind)
    if resource is None or not actions:
        trail.leave(hide(operation) or "unknown")
        return
    target, _ = names.scope(hide(resource[1]))
    caller = names.identity(who)
    at = seconds(entry.get("eventTimestamp") or entry.get("time"))
    trail.tally.name(caller, place, provider="entra")
    trail.tally.name(target, place, name=target[1].rpartition("/")[2], type=kind)
    trail.tally.see("CAN_ACCESS", caller, target, at, place, (("actions", actions),))


def _actions(operation: str, kind: str) -> tuple[str, ...]:
    """What an operation on a resource of type ``kind`` does; nothing where it is about something else that stands there."""
    if not kind or not operation.startswith(f"{kind}/") or kind.startswith("microsoft.authorization/"):
        return ()
    return tuple(sorted(LETTERS[one] for one in letters_of(operation)))


def _in_vault(operation: str) -> tuple[str, ...]:
    """What an operation of a vault's own interface does, such as ``secretget``."""
    found = _IN_VAULT.fullmatch(operation)
    verb = next((action for start, action in _VAULTS_VERBS.items() if found and found[1].startswith(start)), "")
    return (verb,) if verb else ()


def _object_id(entry: Mapping[str, Any]) -> str:
    """Object id of who asked; ``""`` where the entry tells none, as of what Azure does by itself."""
    identity = _member(entry, "identity")
    for claims in (_member(entry, "claims"), _member(identity, "claims"), _member(identity, "claim")):
        for name in _OBJECT_ID:
            found = _value(_member(claims, name))
            if names.is_guid(found):
                return found
    caller = _value(entry.get("caller"))
    return caller if names.is_guid(caller) else ""


def _asked(entry: Mapping[str, Any]) -> object:
    return entry.get("authorization") or _member(entry.get("identity"), "authorization")


def _member(value: object, name: str) -> object:
    return value.get(name) if isinstance(value, dict) else None


def _value(said: object) -> str:
    """A text, or the one in ``{"value": …, "localizedValue": …}``; ``""`` for anything else and for one that is longer than any id."""
    text = said.get("value") if isinstance(said, dict) else said
    return text.strip() if isinstance(text, str) and len(text) <= _LONGEST else ""
