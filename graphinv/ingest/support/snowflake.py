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
IDENTITIES = frozenset({"ROLE", "DATABASE ROLE", "APPLICATION ROLE", "USER"})
"""What stands for whoever has it."""
_OF_ACCOUNT = frozenset(
    {
        *("ACCOUNT", "DATABASE", "WAREHOUSE", "ROLE", "USER", "SHARE", "APPLICATION", "APPLICATION PACKAGE", "RESOURCE MONITOR"),
        *("EXTERNAL VOLUME", "COMPUTE POOL", "FAILOVER GROUP", "REPLICATION GROUP", "CONNECTION", "PROFILE", "LISTING"),
    }
)
_OF_DATABASES = frozenset({"SCHEMA", "DATABASE ROLE", "APPLICATION ROLE"})
HOLDS = frozenset({"DATABASE", "SCHEMA", "ROLE", "DATABASE ROLE"})
"""What is used to reach something else: ``USAGE`` of it alone lets nobody do anything."""
_KINDS: Mapping[str, str] = {"EXTERNAL TABLE": "table", "MATERIALIZED VIEW": "view", "STAGE": "file_storage", "DYNAMIC TABLE": "table"}


def parts_of(kind: str) -> int:
    """Parts of the whole name of a kind of object.

    >>> parts_of("WAREHOUSE"), parts_of("SCHEMA"), parts_of("TABLE")
    (1, 2, 3)
    """
    if kind in _OF_ACCOUNT or kind.endswith(("INTEGRATION", "NETWORK POLICY")):
        return 1
    return 2 if kind in _OF_DATABASES else 3


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
