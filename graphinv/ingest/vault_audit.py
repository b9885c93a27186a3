"""Audit logs of Vault and OpenBao: who read, wrote or deleted what, and who logged in as which role.

Drawn, each edge ``observed`` with how often and from when to when:

    (:Identity role of a login method)-[:CAN_ACCESS {actions}]->(:Secret), ->(:Resource key that was used, folder that was listed)
    (:Identity account of Kubernetes, role of AWS)-[:ASSUMES]->(:Identity role)     who logged in, where the log tells

A root is one Vault, as in its policies. Only answers count, which tell what became of a request. Which method a token is of, its login in
the same log tells, else the name that is displayed for it. What is done to Vault itself (``sys/``, ``auth/``, ``identity/``) is counted by
a note. Values are not in such logs but as HMACs, which are not looked at.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.jsonlog import is_named_so
from graphinv.ingest.support.kubernetes.names import object_id
from graphinv.ingest.support.observed import Tally, seconds
from graphinv.ingest.support.parts import inside, texts
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.trail import Trail, carried, facts_of, trail_of
from graphinv.ingest.support.vault.paths import LOGIN, USED, key_of, thing_at
from graphinv.model.facts import Fact, NodeKey

NAME = "vault_audit"
TITLE = "Audit logs of Vault"
FILES = ("*.json, *.jsonl, *.ndjson and *.log as its audit devices write them",)
MAX_BYTES = 256 * 1024 * 1024

_ENTRY = re.compile(rb'"type\\*"\s*:\s*\\*"(?:request|response)\\*"')
_WITH = re.compile(rb'"(?:client_token|mount_type|token_type|policy_results|client_token_accessor)\\*"\s*:')
_ACTIONS = {"read": "read", "list": "read", "create": "write", "update": "write", "patch": "write", "delete": "delete"}
_SYSTEM = ("sys/", "auth/", "identity/", "cubbyhole/")
_ROLES = ("role_name", "role", "username")
_MADE_UP = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}-?")
"""What is new in the name of each token that an orchestrator makes."""
_PERSON = re.compile(r"(userpass|ldap|okta|radius)-(.+)")
"""How a token of a person is displayed, where the method is mounted under its own name."""
MAX_LOGINS = 100_000
"""Logins of a log, the last ones, by which requests are told apart."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is named as a log is and begins with an entry, or with what carries one."""
    return is_named_so(path) and _ENTRY.search(head) is not None and _WITH.search(head) is not None


def summarise(document: Document) -> Trail:
    """What the entries of a document show, counted. O(bytes).

    Raises:
        IngestError: it is not text.
    """
    reading = _Reading(document.root)
    return trail_of(document, lambda value: carried(value, _is_entry), reading.take, NAME)


def link(root: str, summaries: Mapping[str, Trail]) -> Iterator[Fact]:
    """Facts of all logs of ``root``."""
    yield from facts_of(root, summaries, NAME)


def _is_entry(value: Mapping[str, Any]) -> bool:
    request = value.get("request")
    return value.get("type") in ("request", "response") and isinstance(request, dict) and "path" in request


class _Reading:
    """One log as it is read."""

    def __init__(self, root: str) -> None:
        self.root = root
        self.mounts: OrderedDict[str, str] = OrderedDict()
        """Accessor of a token, as the log hides it → where its login was mounted."""

    def take(self, trail: Trail, entry: dict[str, Any], place: str) -> None:
        """Count one entry."""
        if entry["type"] != "response":
            return
        request = inside(entry, "request")
        trail.count(f"{text(request.get('id'))} {entry.get('time')}", of_data=True)
        if entry.get("error") or inside(entry, "auth", "policy_results").get("allowed") is False:
            return
        at, path, action = seconds(entry.get("time")), text(request.get("path")), _ACTIONS.get(text(request.get("operation")), "")
        login = LOGIN.fullmatch(path)
        if login:
            self.logged_in(
                trail.tally, inside(entry, "response", "auth") or inside(entry, "auth"), login["mount"], login["name"], at, place
            )
        elif path.startswith(_SYSTEM):
            trail.leave(f"{text(request.get('operation'))} {path.partition('/')[0]}")
        else:
            who = self.identity(trail.tally, inside(entry, "auth"), place)
            if who and action and path:
                node, used = thing_at(self.root, hide(path), listed=request.get("operation") == "list"), USED.fullmatch(path)
                trail.tally.name(node.key, place, **node.props)
                actions = ("execute",) if used and used["verb"] != "keys" else (action,)
                trail.tally.see("CAN_ACCESS", who, node.key, at, place, (("actions", actions),))

    def logged_in(self, tally: Tally, auth: Mapping[str, Any], mount: str, name: str | None, at: str | None, place: str) -> None:
        """Who logged in as which role, and that this token is of it."""
        accessor = text(auth.get("accessor"))
        if accessor:
            self.mounts[accessor] = mount
            if len(self.mounts) > MAX_LOGINS:
                self.mounts.popitem(last=False)
        metadata = inside(auth, "metadata")
        role = _role(metadata) or name
        if not role:
            return
        target = self.role(tally, mount, role, place)
        space, account = text(metadata.get("service_account_namespace")), text(metadata.get("service_account_name"))
        if space and account:
            source: NodeKey = ("Identity", object_id(self.root, hide(space), "ServiceAccount", hide(account)))
            tally.name(source, place, name=hide(account), type="service_account", provider="kubernetes")
            tally.see("ASSUMES", source, target, at, place)
        arn = arns.canonical(hide(text(metadata.get("canonical_arn"))))
        if arns.identity_type(arn) in ("iam_role", "iam_user"):
            source = ("Identity", arn)
            tally.name(source, place, name=arn.rpartition("/")[2], type=arns.identity_type(arn), provider="aws")
            tally.see("ASSUMES", source, target, at, place)

    def role(self, tally: Tally, mount: str, role: str, place: str) -> NodeKey:
        key = key_of("Identity", self.root, f"auth/{hide(mount)}/role/{hide(role)}")
        tally.name(key, place, name=hide(role), type="vault_role", provider="vault", kind_detail=f"login by {hide(mount)}")
        return key

    def identity(self, tally: Tally, auth: Mapping[str, Any], place: str) -> NodeKey | None:
        """As whom a token acts: the role of its login; where no login tells, whoever it is displayed as."""
        metadata, shown = inside(auth, "metadata"), _MADE_UP.sub("", text(auth.get("display_name"))).strip("-")
        role, known = _role(metadata), self.mounts.get(text(auth.get("accessor"))) or _mount(shown, metadata)
        person = _PERSON.fullmatch(shown) if not role else None
        if person:
            known, role = person[1], person[2]
        if role and known:
            return self.role(tally, known, role, place)
        if not shown:
            return None
        key = key_of("Identity", self.root, f"auth/token/{hide(shown)}")
        kind = "vault_root" if texts(auth.get("policies")) == ["root"] else "vault_token"
        tally.name(key, place, name=hide(shown), type=kind, provider="vault")
        return key


def _role(metadata: Mapping[str, Any]) -> str:
    return next((text(metadata[key]) for key in _ROLES if text(metadata.get(key))), "")


def _mount(shown: str, metadata: Mapping[str, Any]) -> str:
    """Where a login is mounted, by the name that is displayed for its token: that of the mount, and behind it who logged in. Empty where
    that is not told.

    >>> _mount("oidc-4711", {"role": "staff", "account_id": "4711"}), _mount("approle", {"role_name": "shop"})
    ('oidc', 'approle')
    """
    account = "-".join(text(metadata.get(f"service_account_{part}")) for part in ("namespace", "name"))
    for alias in (account, *(text(value) for value in metadata.values())):
        if alias and shown.endswith(f"-{alias}"):
            return shown.removesuffix(f"-{alias}")
    return shown if "role_name" in metadata else shown.partition("-")[0] if "role" in metadata else ""
