"""What Snowflake's privileges and its own roles allow."""

from __future__ import annotations

from collections.abc import Mapping

ADMINS: Mapping[str, tuple[str, ...]] = {
    "ACCOUNTADMIN": ("admin",),
    "SECURITYADMIN": ("admin",),
    "ORGADMIN": ("admin",),
    "SYSADMIN": ("delete", "execute", "write"),
}
"""Snowflake's own roles → what they may do to the account. Who manages grants can give itself everything."""
ACTIONS: Mapping[str, tuple[str, ...]] = {
    "SELECT": ("read",),
    "READ": ("read",),
    "MONITOR": ("read",),
    "IMPORTED PRIVILEGES": ("read",),
    "INSERT": ("write",),
    "UPDATE": ("write",),
    "WRITE": ("write",),
    "MODIFY": ("write",),
    "APPLY": ("write",),
    "DELETE": ("delete",),
    "TRUNCATE": ("delete",),
    "OPERATE": ("execute",),
    "OWNERSHIP": ("admin",),
    "MANAGE GRANTS": ("admin",),
    "ALL": ("delete", "execute", "read", "write"),
    "ALL PRIVILEGES": ("delete", "execute", "read", "write"),
    "REFERENCES": (),
}
HOLDS = frozenset({"DATABASE", "SCHEMA", "ROLE", "DATABASE ROLE"})
"""What is used to reach something else: ``USAGE`` of it alone lets nobody do anything."""
_KINDS: Mapping[str, str] = {"EXTERNAL TABLE": "table", "MATERIALIZED VIEW": "view", "STAGE": "file_storage", "DYNAMIC TABLE": "table"}


def type_of(on: str) -> str:
    """Type of the node for a kind of object (``TABLE``)."""
    return _KINDS.get(on, on.lower().replace(" ", "_")[:60])


def actions_of(word: str, on: str) -> tuple[str, ...]:
    """What a privilege on a kind of object lets its holder do.

    >>> actions_of("USAGE", "DATABASE"), actions_of("USAGE", "WAREHOUSE"), actions_of("CREATE TABLE", "SCHEMA")
    ((), ('execute',), ('write',))
    """
    if word in ACTIONS:
        return ACTIONS[word]
    if word == "USAGE":
        return () if on in HOLDS else ("execute",)
    if word.startswith(("CREATE", "ADD", "ATTACH", "BIND", "IMPORT", "MANAGE")):
        return ("write",)
    return ("execute",) if word.startswith(("EXECUTE", "CALL")) else ("read",)
