"""People as directories and HR systems export them (CSV): who has left, and whose account is disabled.

Drawn: nothing new. Of the owners that other documents name it says their status; a directory's other people are none of the graph's.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.owners import EMAIL
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.csvform import FILES as NATIVE
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem, Statement
from graphinv.model.kinds import normal_time

NAME = "people_csv"
TITLE = "People of a directory or HR system, CSV"
FILES = ("*.csv with e-mail addresses and the state of accounts or employment",)

MAX_ROWS = 1_000_000
MAX_BYTES = 256 * 1024 * 1024

_EMAILS = frozenset(
    {"email", "mail", "emailaddress", "workemail", "workemailaddress", "primaryemail", "userprincipalname", "upn", "login", "useremail"}
    | {"companyemail", "businessemail", "profileemail", "emailwork"}
)
_STATES = frozenset(
    {"status", "employmentstatus", "employeestatus", "accountstatus", "userstatus", "workerstatus", "accountenabled", "enabled", "active"}
    | {"isactive", "suspended", "lifecyclestate"}
)
_ENDS = frozenset(
    {"terminationdate", "termdate", "enddate", "lastday", "lastdayofwork", "leavedate", "leavingdate", "dateleft", "contractenddate"}
    | {"employeeleavedatetime", "deletiondatetime"}
)
_LEFT = frozenset({"terminated", "left", "former", "deprovisioned", "departed", "resigned", "deleted", "offboarded", "retired", "exited"})
_DISABLED = frozenset(
    {"disabled", "inactive", "suspended", "deactivated", "blocked", "locked", "lockedout", "archived", "false", "no", "0"}
)
_ACTIVE = frozenset(
    {"active", "enabled", "true", "yes", "1", "employed", "current", "provisioned", "onleave", "leave", "recovery", "passwordexpired"}
    | {"staged", "fulltime", "parttime", "contractor", "loa"}
)


def detect(path: str, head: bytes) -> bool:
    """Whether it is a table with a column of e-mail addresses and one that tells the state of an account or employment."""
    if not path.lower().endswith((".csv", ".tsv")) or path.rpartition("/")[2] in NATIVE:
        return False
    columns = {_plain(column) for column in re.split(r"[,;\t]", head.partition(b"\n")[0].decode("utf-8", "replace"))}
    return bool(columns & _EMAILS) and bool(columns & (_STATES | _ENDS))


def _plain(column: str) -> str:
    """A column's name without case, punctuation and notes such as ``[READ ONLY]``."""
    return re.sub(r"[^a-z]", "", re.sub(r"[\[(][^\])]{0,40}[\])]", "", column.lower()))


def read(document: Document) -> Iterator[Fact]:
    """What the table says of each e-mail address.

    Whoever has a date at which they leave counts as left, also where it lies ahead: what they own needs somebody else.

    Raises:
        IngestError: not text, not CSV, or more than a million rows.
    """
    text = document.text()
    first = text.partition("\n")[0]
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    unknown = told = 0
    line = 1
    try:
        columns = [_plain(column) for column in next(rows, [])]
        for count, row in enumerate(rows):
            begun, line = line + 1, rows.line_num
            if count >= MAX_ROWS:
                raise IngestError(f"has more than {MAX_ROWS:,} rows", document=document.path, where=f"L{line}")
            cells = dict(zip(columns, (cell.strip() for cell in row), strict=False))
            addresses = {cells[name].lower() for name in _EMAILS & set(cells) if EMAIL.fullmatch(cells[name])}
            status = _status(cells)
            unknown += bool(addresses) and status is None
            if status is not None:
                told += 1
                named = tuple(f"Owner:{address}" for address in sorted(addresses) if hide(address) == address)
                if named:
                    since = _since(cells) if status == "left" else None
                    props = {"status": status, **({"status_since": since} if since else {})}
                    yield Statement(document.source(begun), "directory", nodes=named, props=props)
    except csv.Error:
        raise IngestError("is not CSV that can be read", document=document.path, where=f"L{line}") from None
    # Where no row is understood it is a table of something else, such as customers and what they ordered.
    if unknown and told:
        yield Problem(document.path, "", f"{unknown} of its rows have a state that is not understood", "warning", NAME)


def _since(cells: dict[str, str]) -> str | None:
    """The last day that a row tells, where it is written as ISO 8601 has it."""
    for name in sorted(_ENDS & set(cells)):
        try:
            return str(normal_time(cells[name]))
        except ValueError:
            continue
    return None


def _status(cells: dict[str, str]) -> str | None:
    """``left``, ``disabled`` or ``active``, the worst that a row tells; None where it tells none that is understood."""
    told = set()
    for name in _STATES & set(cells):
        state = re.sub(r"[^a-z0-9]", "", cells[name].lower())
        if name == "suspended":
            told |= {"disabled"} if state in ("true", "yes", "1") else {"active"} if state in ("false", "no", "0") else set()
        elif state in _LEFT:
            told.add("left")
        elif state in _DISABLED:
            told.add("disabled")
        elif state in _ACTIVE:
            told.add("active")
    if any(re.search("[1-9]", cells[name]) for name in _ENDS & set(cells)):
        told.add("left")
    elif _ENDS & set(cells) and not _STATES & set(cells):
        told.add("active")
    return next((status for status in ("left", "disabled", "active") if status in told), None)
