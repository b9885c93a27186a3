"""Privileges of a PostgreSQL database as tables: exports of ``information_schema`` (role_table_grants, table_privileges,
role_routine_grants, applicable_roles, enabled_roles) and of ``pg_roles``.

Drawn, by the pipeline once it knows which database they are of:
    (:Identity)-[:CAN_ACCESS]->(:Resource) on the database and on its tables, (:Identity)-[:MEMBER_OF]->(:Identity)
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.pg_privileges import PUBLIC, Privileges
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem

NAME = "database_grants"
TITLE = "Grants of PostgreSQL, CSV"
FILES = ("*.csv of information_schema with `grantee` and `privilege_type` or `role_name`", "*.csv of pg_roles")

MAX_ROWS = 500_000

_FORMS: tuple[frozenset[str], ...] = (
    frozenset({"grantee", "table_name", "privilege_type"}),
    frozenset({"grantee", "routine_name", "privilege_type"}),
    frozenset({"grantee", "role_name", "is_grantable"}),
    frozenset({"rolname", "rolsuper"}),
)
_TRUE = frozenset({"t", "true", "yes", "1"})
_FLAGS = {"rolsuper": "superuser", "rolcanlogin": "login", "rolcreaterole": "createrole", "rolbypassrls": "bypassrls"}


def detect(path: str, head: bytes) -> bool:
    """Whether it is a table whose columns are those of one of these views."""
    return path.lower().endswith((".csv", ".tsv")) and _form(_columns(head)) is not None


def _columns(head: bytes) -> frozenset[str]:
    first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("ascii", "replace").strip()
    return frozenset(column.strip().strip('"').lower() for column in re.split(r"[,;\t|]", first))


def _form(columns: frozenset[str]) -> frozenset[str] | None:
    return next((form for form in _FORMS if form <= columns), None)


def read(document: Document) -> Iterator[Fact]:
    """Grants of one table; an export of another database's views gives a problem.

    Raises:
        IngestError: not text, not CSV, or more than 500,000 rows.
    """
    text = document.text()
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    found: dict[str, Privileges] = {}
    strange = 0
    line = 2
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows.fieldnames = [column.strip().strip('"').lower() for column in rows.fieldnames or ()]
    try:
        for count, row in enumerate(rows):
            if count >= MAX_ROWS:
                raise IngestError(f"has more than {MAX_ROWS:,} rows", document=document.path, where=f"L{line}")
            cells = {name: value.strip() for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
            strange += not _take(found, cells, line)
            line = rows.line_num + 1
    except csv.Error:
        raise IngestError("is not CSV that can be read", document=document.path, where=f"L{line}") from None
    if strange:
        yield Problem(document.path, "", f"{strange} of its rows are not of PostgreSQL or lack a value", "warning", NAME)
    for database in found.values():
        yield from database.grants(document, "granted")


def _take(found: dict[str, Privileges], cells: dict[str, str], line: int) -> bool:
    """One row; False where it says nothing that is understood."""
    if cells.get("rolname"):
        role = found.setdefault("", Privileges()).role(cells["rolname"], line)
        role.flags |= {flag: cells[column].lower() in _TRUE for column, flag in _FLAGS.items() if column in cells}
        return True
    grantee = cells.get("grantee", "")
    if not grantee or grantee.startswith("'"):
        return False  # MySQL writes 'user'@'host'
    grantee = PUBLIC if grantee == "PUBLIC" else grantee
    if cells.get("role_name"):
        found.setdefault("", Privileges()).role(grantee, line).member_of.add(cells["role_name"])
        return True
    kind, name = ("table", cells.get("table_name")) if "table_name" in cells else ("routine", cells.get("routine_name"))
    schema = cells.get(f"{kind}_schema", "")
    if not name or not cells.get("privilege_type") or schema in ("information_schema", "pg_catalog"):
        return bool(name)
    catalog = cells.get(f"{kind}_catalog", "")
    database = found.setdefault(catalog, Privileges(catalog))
    database.give([grantee], kind, [f"{schema}.{name}" if schema else name], [cells["privilege_type"].upper()], line)
    return True
