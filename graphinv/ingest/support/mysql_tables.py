"""MySQL's and MariaDB's own tables of privileges, as ``mysqldump`` and phpMyAdmin write them: rows → what they grant.

Names of columns come from the ``INSERT`` itself, from the table's definition before it, or from the order they have in every version. What
a row holds of passwords is not looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

MAX_ROWS = 100_000
MAX_COLUMNS = 200

_TABLES = r"user|db|tables_priv|columns_priv|global_priv|global_grants|role_edges|roles_mapping|proxies_priv"
_STATEMENT = re.compile(
    rf"(?im)^[ \t]*(?:(?P<create>CREATE\s+TABLE)\s+(?:IF\s+NOT\s+EXISTS\s+)?|(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO\s+)"
    rf"(?:`?mysql`?\.)?[`']?(?P<table>{_TABLES})[`']?(?=[\s(])"
)
_COLUMN = re.compile(r"(?m)^[ \t]*`?(\w{1,64})`?[ \t]+\w")
_LISTED = re.compile(r"\s*\(\s*(?P<names>[\w`,\s]{1,20000})\)\s*")
_VALUES = re.compile(r"\s*VALUES\s*", re.IGNORECASE)
_ROW = re.compile(r"\s*,?\s*\(")
_VALUE = re.compile(r"\s*(?:_\w{1,20}\s*)?('(?:[^'\\]|\\.|'')*'|[^,()'\s]{1,400})\s*([,)])", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)

_SPOKEN = {
    "GRANT": "GRANT OPTION",
    "SHOW DB": "SHOW DATABASES",
    "CREATE TMP TABLE": "CREATE TEMPORARY TABLES",
    "REPL SLAVE": "REPLICATION SLAVE",
    "REPL CLIENT": "REPLICATION CLIENT",
}
"""Privileges whose column is not called as they are."""
_BITS = tuple(
    """
    SELECT INSERT UPDATE DELETE CREATE DROP RELOAD SHUTDOWN PROCESS FILE GRANT_OPTION REFERENCES INDEX ALTER SHOW_DATABASES SUPER
    CREATE_TEMPORARY_TABLES LOCK_TABLES EXECUTE REPLICATION_SLAVE BINLOG_MONITOR CREATE_VIEW SHOW_VIEW CREATE_ROUTINE ALTER_ROUTINE
    CREATE_USER EVENT TRIGGER CREATE_TABLESPACE DELETE_HISTORY
    """.split()  # noqa: SIM905 - a table of words
)
"""What each bit of ``access`` in MariaDB's ``global_priv`` means, from the lowest."""


_GLOBAL = (
    "Select Insert Update Delete Create Drop Reload Shutdown Process File Grant References Index Alter Show_db Super Create_tmp_table "
    "Lock_tables Execute Repl_slave Repl_client Create_view Show_view Create_routine Alter_routine Create_user Event Trigger "
    "Create_tablespace"
).lower()
_LOCAL = (
    "Select Insert Update Delete Create Drop Grant References Index Alter Create_tmp_table Lock_tables Create_view Show_view "
    "Create_routine Alter_routine Execute Event Trigger Delete_history"
).lower()
_ORDER: Mapping[str, tuple[str, ...]] = {
    "db": ("host", "db", "user", *(f"{name}_priv" for name in _LOCAL.split())),
    "tables_priv": ("host", "db", "user", "table_name", "grantor", "timestamp", "table_priv", "column_priv"),
    "columns_priv": ("host", "db", "user", "table_name", "column_name", "timestamp", "column_priv"),
    "global_priv": ("host", "user", "priv"),
    "global_grants": ("user", "host", "priv", "with_grant_option"),
    "role_edges": ("from_host", "from_user", "to_host", "to_user", "with_admin_option"),
    "roles_mapping": ("host", "user", "role", "admin_option"),
    "proxies_priv": ("host", "user", "proxied_host", "proxied_user", "with_grant", "grantor", "timestamp"),
}
"""Columns as every version has them first; of ``user`` they differ, see :func:`_order`."""


class Row(NamedTuple):
    """What one row gives ``user``: ``privileges`` on a table of a database (``*`` for all), a ``role``, or another user to act as."""

    user: str
    offset: int
    database: str = "*"
    table: str = "*"
    privileges: frozenset[str] = frozenset()
    role: str = ""
    proxied: str = ""


def rows(text: str) -> Iterator[Row | None]:
    """Rows that grant something, in order, the first 100,000; None for one that does not fit its table's columns. O(length)."""
    columns: dict[str, tuple[str, ...]] = {}
    count = 0
    for match in _STATEMENT.finditer(text):
        table, position = match["table"].lower(), match.end()
        if match["create"]:
            end = text.find(";", position)
            defined = map(str.lower, _COLUMN.findall(text[position : end if end > 0 else position + 20_000]))
            columns[table] = tuple(name for name in defined if name not in ("primary", "key", "unique", "constraint"))[:MAX_COLUMNS]
            continue
        listed = _LISTED.match(text, position)
        known = tuple(name.strip(" `\n\r\t").lower() for name in listed["names"].split(",")) if listed else columns.get(table, ())
        values = _VALUES.match(text, listed.end() if listed else position)
        for found in _of(text, values.end()) if values else ():
            count += 1
            if count > MAX_ROWS:
                return
            names = known or _order(table, found)
            if len(found) == len(names) or (not known and len(found) < len(names)):
                yield from _granted(table, dict(zip(names, found, strict=False)), match.start())
            elif table != "user" or "select_priv" in names:
                yield None


def _order(table: str, found: list[str]) -> tuple[str, ...]:
    """Columns of a row of which nothing says how they are called. ``user`` once had the password third; a program's own has none."""
    if table != "user":
        return _ORDER[table]
    start = next((at for at in (2, 3) if len(found) > at + 20 and set(found[at : at + 20]) <= {"Y", "N"}), 0)
    names = ("host", "user", "password")[:start] + tuple(f"{name}_priv" for name in _GLOBAL.split())
    return names + ("",) * (len(found) - len(names)) if start else ()


def _of(text: str, position: int) -> Iterator[list[str]]:
    """The rows after ``VALUES``."""
    while begin := _ROW.match(text, position):
        position = begin.end()
        found: list[str] = []
        while value := _VALUE.match(text, position):
            position = value.end()
            found.append(_plain(value[1]))
            if value[2] == ")" or len(found) > MAX_COLUMNS:
                break
        else:
            return
        yield found


def _plain(value: str) -> str:
    if not value.startswith("'"):
        return "" if value.upper() == "NULL" else value
    return _ESCAPED.sub(lambda match: match[1] or "'", value[1:-1])


def _granted(table: str, row: Mapping[str, str], offset: int) -> Iterator[Row]:
    user = row.get("user", "")
    if table == "role_edges":
        yield Row(row.get("to_user", ""), offset, role=row.get("from_user", ""))
    elif table == "roles_mapping":
        yield Row(user, offset, role=row.get("role", ""))
    elif table == "proxies_priv":
        yield Row(user, offset, proxied=row.get("proxied_user", ""))
    elif table == "global_grants":
        yield Row(user, offset, privileges=frozenset((row.get("priv", "").upper(),)))
    elif table == "global_priv":
        yield Row(user, offset, privileges=_access(row.get("priv", "")))
    elif table == "tables_priv":
        words = frozenset(_spoken(word) for word in row.get("table_priv", "").split(",") if word)
        yield Row(user, offset, row.get("db", "*"), row.get("table_name", "*"), words)
    elif table == "columns_priv":
        words = frozenset(_spoken(word) for word in row.get("column_priv", "").split(",") if word)
        yield Row(user, offset, row.get("db", "*"), row.get("table_name", "*"), words)
    elif "select_priv" in row:
        words = frozenset(_spoken(name.removesuffix("_priv")) for name, value in row.items() if name.endswith("_priv") and value == "Y")
        yield Row(user, offset, row.get("db", "*"), "*", words)


def _spoken(word: str) -> str:
    text = word.replace("_", " ").upper()
    return _SPOKEN.get(text, text)


def _access(text: str) -> frozenset[str]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return frozenset()
    bits = value.get("access") if isinstance(value, dict) else None
    if not isinstance(bits, int):
        return frozenset()
    return frozenset(word.replace("_", " ") for place, word in enumerate(_BITS) if bits >> place & 1)
