"""Database addresses (``postgres://user:password@host/db``): which database, as which user, with which secret."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.secrets import UrlParts, secret_key, url_parts
from graphinv.ingest.support.urls import is_here
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

_ENGINES: dict[str, tuple[str, int]] = {
    "postgres": ("postgres", 5432),
    "postgresql": ("postgres", 5432),
    "mysql": ("mysql", 3306),
    "mariadb": ("mysql", 3306),
    "mongodb": ("mongodb", 27017),
    "mongodb+srv": ("mongodb", 27017),
    "redis": ("redis", 6379),
    "rediss": ("redis", 6379),
    "valkey": ("redis", 6379),
    "mssql": ("mssql", 1433),
    "sqlserver": ("mssql", 1433),
    "clickhouse": ("clickhouse", 9000),
    "neo4j": ("neo4j", 7687),
    "neo4j+s": ("neo4j", 7687),
    "bolt": ("neo4j", 7687),
    "bolt+s": ("neo4j", 7687),
    "cockroachdb": ("postgres", 26257),
    "oracle": ("oracle", 1521),
    "snowflake": ("snowflake", 443),
    "amqp": ("amqp", 5672),
    "amqps": ("amqp", 5671),
}
INFERRED: Props = {"evidence": ["inferred"], "confidence": 0.6}
"""What an address alone lets us think its user can do: its grants stand in the database. That it can read and write is a fair guess, until
a source tells more (:mod:`graphinv.pipeline.settle`)."""

_USER = re.compile(rf"(?:db:[^#]*#)?(?:{'|'.join(sorted({engine for engine, _ in _ENGINES.values()}))}):[^@]+@.+", re.DOTALL)


def is_user(id: str) -> bool:
    """Whether it is the id of an Identity that is a user of a database.

    >>> is_user("postgres:app@db.acme.example:5432"), is_user("postgres://db.acme.example:5432/shop")
    (True, False)
    """
    return _USER.fullmatch(id) is not None


def database_facts(document: Document, line: int | None, value: str, holder: NodeKey | None = None) -> Iterator[Fact]:
    """Facts about the database that ``value`` is the address of; nothing where it is none, or where variables leave open which one.

    A Resource ``postgres://host:port/db``; where a user is named, the Identity ``postgres:user@host:port``, which can access it, and which
    the password authenticates as. Without a password ``holder`` runs as that user. The Secret itself comes from
    :func:`graphinv.ingest.support.secrets.secret_facts`.
    """
    parts = url_parts(value)
    engine = _ENGINES.get(parts.scheme.partition("+")[0] if parts.scheme not in _ENGINES else parts.scheme) if parts else None
    if parts is None or engine is None or not parts.host or any(mark in parts.host + parts.path for mark in "${}<>%"):
        return
    sources = [document.source(line)]
    place = f"{parts.host}:{parts.port or engine[1]}"
    # A loopback or bare host is another machine for every root that names it.
    scope = f"db:{document.root}#" if is_here(parts.host) else ""
    resource: NodeKey = ("Resource", f"{scope}{engine[0]}://{place}{parts.path}")
    name = parts.path.strip("/") or parts.host
    yield NodeFact(*resource, {"name": name, "type": "database", "kind_detail": engine[0], "sources": sources})
    if not parts.user or any(mark in parts.user for mark in "${}<>%"):
        return
    identity: NodeKey = ("Identity", f"{scope}{engine[0]}:{parts.user}@{place}")
    secret = _password(document, parts)
    if secret is None and _has_password(value):
        return  # a placeholder: an example, not an access
    yield NodeFact(*identity, {"name": f"{parts.user}@{name}", "type": "database_user", "provider": engine[0], "sources": sources})
    yield EdgeFact("CAN_ACCESS", identity, resource, {"actions": ["read", "write"], "sources": sources, **INFERRED})
    if secret is not None:
        yield EdgeFact("AUTHENTICATES_AS", secret, identity, {"evidence": ["declared"], "sources": sources})
    elif holder is not None:
        yield EdgeFact("RUNS_AS", holder, identity, {"sources": sources, **INFERRED})


def _password(document: Document, parts: UrlParts) -> NodeKey | Ref | None:
    """The secret that stands as the password, or the reference that does."""
    for found in parts.secrets:
        if found.type == "password":
            return secret_key(document, found)
    for reference in parts.references:
        return Ref("Secret", reference.kind, reference.name, fallback=f"{reference.kind}:{document.root}#{reference.name}")
    return None


def _has_password(value: str) -> bool:
    return ":" in value.partition("://")[2].rpartition("@")[0]
