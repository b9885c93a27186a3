"""MySQL and MariaDB: which server a document of grants is of, and what its users can do there.

Grants of ``provider`` ``mysql``: subject ``("Resource", "db:<root>#mysql://?/<document>")``, role ``user``, body
``{"user", "held": [[database, table, [privilege, …]], …], "member_of": […], "secrets": […], "proxies": […]}``.

``SHOW GRANTS`` does not say of which server it is. It is the known one that has the most of the databases and users that are named, where
that is one alone (``inferred``); else a server of the document's own.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphinv.ingest.grants import Known
from graphinv.ingest.support.parts import texts
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

PROVIDER = "mysql"
SURE = 0.8
MAX_TABLES = 50
"""Tables that one user is drawn to; of a user with more, the database alone."""

_ADDRESS = re.compile(r"(?P<scope>db:[^#]*#)?mysql://(?P<place>[^/]+)(?:/(?P<name>[^/]+))?")
_USER = re.compile(r"(?P<scope>db:[^#]*#)?mysql:(?P<user>[^@/]+)@(?P<place>.+)")
_ALL = ("read", "write", "delete", "execute")
_ACTIONS: Mapping[str, tuple[str, ...]] = {
    "ALL": _ALL,
    "ALL PRIVILEGES": _ALL,
    **dict.fromkeys(("SELECT", "SHOW VIEW", "LOCK TABLES", "SHOW DATABASES", "REPLICATION SLAVE", "BINLOG MONITOR"), ("read",)),
    **dict.fromkeys(
        ("INSERT", "UPDATE", "CREATE", "ALTER", "INDEX", "TRIGGER", "CREATE VIEW", "CREATE ROUTINE", "ALTER ROUTINE", "EVENT"), ("write",)
    ),
    "FILE": ("read", "write"),
    "DELETE": ("delete",),
    "DROP": ("delete",),
    "DELETE HISTORY": ("delete",),
    "EXECUTE": ("execute",),
}
_ADMIN = frozenset(
    {
        "SUPER",
        "CREATE USER",
        "ROLE_ADMIN",
        "SET_USER_ID",
        "SET_ANY_DEFINER",
        "SET USER",
        "ALL",
        "ALL PRIVILEGES",
        "CREATE ROLE",
    }
)
"""Each of these, on everything, lets its holder become anybody or do anything."""

_Place = tuple[str, str]
"""Scope and ``host:port`` of a server."""


def evaluate(grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """(user)-[:CAN_ACCESS]->(server, databases, tables), (user)-[:MEMBER_OF]->(role). O(privileges + servers · users of documents)."""
    documents: dict[NodeKey, list[tuple[Grant, dict[str, Any]]]] = defaultdict(list)
    for grant in grants:
        try:
            body = json.loads(grant.body)
        except (ValueError, RecursionError):
            body = None
        if isinstance(body, dict) and isinstance(body.get("user"), str):
            documents[grant.subject].append((grant, body))
        else:
            yield Problem("", "", "a grant of MySQL cannot be read", ingestor="grants")
    servers = _servers(known)
    for subject, users in documents.items():
        found = _of(users, servers)
        if len(found) > 1:
            message = f"could be of any of {len(found)} MySQL servers; it is taken for one of its own"
            yield Problem(str(users[0][1].get("document", "")), "", message, "warning", "grants")
        scope, _, rest = subject[1].partition("mysql://")
        place = found[0] if len(found) == 1 else (scope, rest)
        yield from _Server(place, SURE if len(found) == 1 else 1.0, servers.get(place, ({}, set()))[0]).facts(users)


def _servers(known: Known) -> dict[_Place, tuple[dict[str, str], set[str]]]:
    """Server → its databases with their ids, and its users."""
    found: dict[_Place, tuple[dict[str, str], set[str]]] = defaultdict(lambda: ({}, set()))
    for id in known.ids("Resource"):
        match = _ADDRESS.fullmatch(id)
        if match and match["place"] != "?":
            databases = found[match["scope"] or "", match["place"]][0]
            if match["name"]:
                databases[match["name"]] = id
    for id in known.ids("Identity"):
        match = _USER.fullmatch(id)
        if match:
            found[match["scope"] or "", match["place"]][1].add(match["user"])
    return dict(found)


def _of(users: Sequence[tuple[Grant, dict[str, Any]]], servers: Mapping[_Place, tuple[dict[str, str], set[str]]]) -> list[_Place]:
    names = {str(body["user"]) for _, body in users}
    databases = {str(one[0]) for _, body in users for one in _held(body)}
    score = {place: len(databases & there[0].keys()) + len(names & there[1]) for place, there in servers.items()}
    best = max(score.values(), default=0)
    return sorted(place for place, points in score.items() if points == best) if best else []


def _held(body: Mapping[str, Any]) -> list[list[Any]]:
    held = body.get("held")
    return [one for one in held if isinstance(one, list) and len(one) == 3] if isinstance(held, list) else []


class _Server:
    def __init__(self, place: _Place, sure: float, databases: Mapping[str, str]) -> None:
        self.scope, self.place = place
        self.sure = sure
        self.databases = databases

    def user(self, name: str) -> NodeKey:
        return "Identity", f"{self.scope}mysql:{name}@{self.place}"

    def facts(self, users: Sequence[tuple[Grant, dict[str, Any]]]) -> Iterator[NodeFact | EdgeFact]:
        for grant, body in users:
            key = self.user(body["user"])
            common: Props = {"evidence": [grant.evidence], "sources": [grant.source] if grant.source else []}
            if self.sure < 1:
                common |= {"evidence": sorted({grant.evidence, "inferred"}), "confidence": self.sure}
            sources = common["sources"]
            yield NodeFact(*key, {"name": f"{body['user']}@{self.place}", "type": "database_user", "provider": "mysql", "sources": sources})
            for role in texts(body.get("member_of")):
                yield NodeFact(*self.user(role), {"name": role, "type": "database_user", "provider": "mysql", "sources": sources})
                yield EdgeFact("MEMBER_OF", key, self.user(role), common)
            for other in texts(body.get("proxies")):
                yield EdgeFact("ASSUMES", key, self.user(other), {**common, "kind_detail": "proxy"})
            for secret in texts(body.get("secrets")):
                yield EdgeFact("AUTHENTICATES_AS", ("Secret", secret), key, common)
            yield from self.access(key, _held(body), common)

    def access(self, key: NodeKey, held: Sequence[list[Any]], common: Props) -> Iterator[NodeFact | EdgeFact]:
        reached: dict[str, set[str]] = defaultdict(set)
        named = [table for _, table, _ in held if table != "*"]
        for database, table, words in held:
            actions = {action for word in texts(words) for action in _ACTIONS.get(word, ())}
            if database == "*":
                if _ADMIN & set(texts(words)):
                    actions = {"admin"}
                for target in ("", *self.databases):
                    reached[target] |= actions
            elif table != "*" and len(named) <= MAX_TABLES:
                reached[f"{database}/{table}"] |= actions
            else:
                reached[database.replace("\\_", "_")] |= actions
        for target, actions in sorted(reached.items()):
            if actions:
                resource = self.resource(target)
                kind = "database_server" if not target else "table" if "/" in target else "database"
                props: Props = {
                    "name": target.rpartition("/")[2] or self.place,
                    "type": kind,
                    "kind_detail": "mysql",
                    "sources": common["sources"],
                }
                yield NodeFact(*resource, props)
                yield EdgeFact("CAN_ACCESS", key, resource, {**common, "actions": sorted(actions)})

    def resource(self, target: str) -> NodeKey:
        start = f"{self.scope}mysql://{self.place}"
        return "Resource", self.databases.get(target) or (f"{start}/{target}" if target else start)
