"""PostgreSQL: which database a dump is of, and what its roles can do in it.

A dump does not say on which host it was made. Where an estate file says of which database it is, that holds. Else it is the one known
database of its name, or, where it tells no name, the one whose known users it has; both are ``inferred``. What remains is a database of
the dump's own.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphinv.ingest.grants import Known
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

PROVIDER = "postgres"

BY_NAME_AND_USER, BY_NAME, BY_USER = 0.9, 0.8, 0.6
"""How sure it is that a dump is of a known database: of its name and with its users, of its name alone, by its users alone."""
MAX_TABLES = 50
"""Tables that one role is drawn to; of a role with more, the database alone."""
MAX_NAMED = 5
_CREATEROLE_TAMED = 16
"""Version from which CREATEROLE no longer grants any role to anybody."""

_ADDRESS = re.compile(r"(?P<scope>db:[^#]*#)?postgres://(?P<place>[^/]+)/(?P<name>.*)", re.DOTALL)
_ACTIONS: Mapping[str, Mapping[str, frozenset[str]]] = {
    "table": {
        "ALL": frozenset({"read", "write", "delete"}),
        "OWNER": frozenset({"admin"}),
        "SELECT": frozenset({"read"}),
        "INSERT": frozenset({"write"}),
        "UPDATE": frozenset({"write"}),
        "TRIGGER": frozenset({"write"}),
        "DELETE": frozenset({"delete"}),
        "TRUNCATE": frozenset({"delete"}),
    },
    "schema": {"ALL": frozenset({"write"}), "CREATE": frozenset({"write"}), "OWNER": frozenset({"write", "delete"})},
    "database": {"ALL": frozenset({"write"}), "CREATE": frozenset({"write"}), "OWNER": frozenset({"admin"})},
    "routine": {"ALL": frozenset({"execute"}), "EXECUTE": frozenset({"execute"})},
}
_PREDEFINED: Mapping[str, frozenset[str]] = {
    "pg_read_all_data": frozenset({"read"}),
    "pg_write_all_data": frozenset({"write", "delete"}),
    "pg_read_server_files": frozenset({"read"}),
    # Each of these lets its members become superuser.
    "pg_write_server_files": frozenset({"admin"}),
    "pg_execute_server_program": frozenset({"admin"}),
    "rds_superuser": frozenset({"admin"}),
    "cloudsqlsuperuser": frozenset({"admin"}),
    "azure_pg_admin": frozenset({"admin"}),
    "alloydbsuperuser": frozenset({"admin"}),
}
"""Roles that PostgreSQL and its hosts come with, and what they can do in every database."""


@dataclass(frozen=True, slots=True)
class _Database:
    """A database that a dump is of; ``sure`` below 1 where that is a guess."""

    key: NodeKey
    scope: str
    place: str
    sure: float = 1.0

    def role(self, name: str) -> NodeKey:
        return "Identity", f"{self.scope}postgres:{name}@{self.place}"


def evaluate(grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """(role)-[:CAN_ACCESS]->(database and tables), (role)-[:MEMBER_OF]->(role). O(privileges + databases · roles of dumps)."""
    dumps: dict[NodeKey, list[tuple[Grant, dict[str, Any]]]] = defaultdict(list)
    for grant in grants:
        try:
            dumps[grant.subject].append((grant, json.loads(grant.body)))
        except (ValueError, RecursionError):
            yield Problem("", "", "a grant of PostgreSQL cannot be read", ingestor="grants")
    databases = _known(known)
    for subject, roles in dumps.items():
        found = _of(subject, roles, databases)
        if len(found) > 1 and len({one.place for one in found}) > 1:
            message = f"could be of any of {len(found)} databases; [[name]] database = … in graphinv.toml tells which"
            yield Problem(str(roles[0][1].get("document", "")), "", message, "warning", "grants")
            found = []
        for database in found or [_own(subject)]:
            yield from _facts(database, roles)


def _own(subject: NodeKey) -> _Database:
    match = _ADDRESS.fullmatch(subject[1])
    return _Database(subject, (match["scope"] or "") if match else "", match["place"] if match else "?")


def _known(known: Known) -> dict[_Database, set[str]]:
    """Databases that addresses name → the users that they name there."""
    users: dict[tuple[str, str], set[str]] = defaultdict(set)
    for id in known.ids("Identity"):
        match = re.fullmatch(r"(db:[^#]*#)?postgres:([^@/]+)@([^@]+)", id)
        if match:
            users[match[1] or "", match[3]].add(match[2])
    found: dict[_Database, set[str]] = {}
    for id in known.ids("Resource"):
        match = _ADDRESS.fullmatch(id)
        # A longer path is a table.
        if match and match["name"] and "/" not in match["name"] and match["place"] != "?":
            scope = match["scope"] or ""
            found[_Database(("Resource", id), scope, match["place"])] = users[scope, match["place"]]
    return found


def _of(subject: NodeKey, roles: Sequence[tuple[Grant, dict[str, Any]]], databases: Mapping[_Database, set[str]]) -> list[_Database]:
    """The known databases that a dump can be of, as many as fit equally well; none where none fits."""
    match = _ADDRESS.fullmatch(subject[1])
    if match and match["place"] != "?":
        return [_own(subject)]
    scope = (match["scope"] or "") if match else ""
    name = str(roles[0][1].get("database") or "")
    its_roles = {str(body.get("role")) for _, body in roles}
    # What lies on the machine of another root is none of this root's.
    near = {one: bool(users & its_roles) for one, users in databases.items() if one.scope in ("", scope)}
    if name:
        fit = [one for one in near if one.key[1].rpartition("/")[2] == name]
        with_users = [one for one in fit if near[one]]
        return [_sure(one, BY_NAME_AND_USER if near[one] else BY_NAME) for one in with_users or fit]
    return [_sure(one, BY_USER) for one, shares in near.items() if shares]


def _sure(database: _Database, sure: float) -> _Database:
    return _Database(database.key, database.scope, database.place, sure)


def _facts(database: _Database, roles: Sequence[tuple[Grant, dict[str, Any]]]) -> Iterator[NodeFact | EdgeFact]:
    first, body = roles[0]
    name = str(body.get("database") or "") or database.key[1].rpartition("/")[2]
    yield NodeFact(*database.key, {"name": name, "type": "database", "kind_detail": "postgres", "sources": [first.source]})
    needed: set[str] = set()
    everybody = any(body.get("role") == "public" and _held(body) for _, body in roles)
    for grant, body in roles:
        role = str(body.get("role"))
        flags = set(body.get("flags") or ())
        kind = "database_user" if "login" in flags else "database_role"
        stated: Props = {"name": f"{role}@{name}", "type": kind, "provider": "postgres", "sources": [grant.source]}
        yield NodeFact(*database.role(role), stated)
        groups = {str(group) for group in body.get("member_of") or ()} | ({"public"} if everybody and role != "public" else set())
        needed |= groups
        for group in sorted(groups - {role}):
            yield EdgeFact("MEMBER_OF", database.role(role), database.role(group), _edge(database, grant))
        yield from _accesses(database, grant, body, flags)
    # What a predefined role can do stands in no dump.
    for group in sorted(needed & set(_PREDEFINED)):
        props = {"actions": sorted(_PREDEFINED[group]), **_edge(database, first)}
        yield EdgeFact("CAN_ACCESS", database.role(group), database.key, props)


def _edge(database: _Database, grant: Grant, line: int | None = None) -> Props:
    sources = [f"{grant.source.partition('#')[0]}#L{line}" if line else grant.source]
    if database.sure < 1:
        return {"evidence": sorted({grant.evidence, "inferred"}), "confidence": database.sure, "sources": sources}
    return {"evidence": [grant.evidence], "sources": sources}


def _held(body: Mapping[str, Any]) -> Iterator[tuple[str, str, frozenset[str], int]]:
    """Kind and name of each object that a role has privileges on, what it can do there, and on which line that is granted."""
    for kind, name, words, line in body.get("held") or ():
        actions = frozenset(action for word in words for action in _ACTIONS.get(kind, {}).get(word, ()))
        if actions:
            yield kind, name, actions, line


def _accesses(database: _Database, grant: Grant, body: Mapping[str, Any], flags: Iterable[str]) -> Iterator[NodeFact | EdgeFact]:
    role = database.role(str(body.get("role")))
    held = list(_held(body))
    whole: set[str] = set()
    partly: set[str] = set()
    tables: dict[str, tuple[frozenset[str], int]] = {}
    for kind, name, actions, line in held:
        # Who owns a table does what it likes to it, but not to the database.
        inside = {"read", "write", "delete"} if kind == "table" and "admin" in actions else set(actions)
        if kind == "table" and not name.endswith(".*"):
            partly |= inside
            tables[name] = actions, line
        else:
            whole |= inside
    if "superuser" in flags:
        whole = {"admin"}
    first = held[0][3] if held and "superuser" not in flags else None
    for united, condition in ((whole, None), (partly - whole if "admin" not in whole else set(), _of_tables(tables, body))):
        if united:
            props: Props = {"actions": sorted(united), **_edge(database, grant, first)}
            yield EdgeFact("CAN_ACCESS", role, database.key, {**props, "condition": condition} if condition else props)
    version = body.get("version")
    if "createrole" in flags and "superuser" not in flags and (not isinstance(version, int) or version < _CREATEROLE_TAMED):
        yield EdgeFact("CAN_ACCESS", role, database.key, {"actions": ["admin"], "condition": "CREATEROLE", **_edge(database, grant)})
    if len(tables) <= MAX_TABLES and "superuser" not in flags:
        for name, (may, granted_on) in sorted(tables.items()):
            table: NodeKey = ("Resource", f"{database.key[1]}/{name}")
            props = _edge(database, grant, granted_on)
            yield NodeFact(*table, {"name": name, "type": "table", "kind_detail": "postgres", "sources": props["sources"]})
            yield EdgeFact("CAN_ACCESS", role, table, {"actions": sorted(may), **props})


def _of_tables(tables: Mapping[str, object], body: Mapping[str, Any]) -> str | None:
    """Which part of the database it is; None where it is all of it."""
    count = body.get("tables")
    if isinstance(count, int) and 0 < count <= len(tables):
        return None
    named = sorted(tables)
    more = f" and {len(named) - MAX_NAMED} more" if len(named) > MAX_NAMED else ""
    return f"tables {', '.join(named[:MAX_NAMED])}{more}"
