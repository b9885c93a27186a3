"""``approvals.csv``: which agent may call which tool, or connect to which server, who said so, and until when.

Drawn:
    nothing new; on USES and CONNECTS_TO that other documents state it says who approved them (:mod:`graphinv.pipeline.approvals`)

One approval a row, columns in any order, separated by commas, semicolons or tabs::

    agent,tool,server,by,until,digest,environment,approval,status
    billing-bot,create_payout,https://pay.example/mcp,ana@acme.example,2027-03-31,sha256:9f2c…,prod,exact,approved
    Agent:claude-code:*,,https://tickets.example/mcp,@acme/platform,,,,,

``agent``, and ``tool`` or ``server``, are needed. Each is an id, ``Kind:glob`` of ids, or a name that nothing else of the scan has;
``tool`` with ``server`` is the tool of that server. ``until`` is the last day, or a moment; ``digest`` what was looked at: a tool's
definition, a server's image or version, or the definitions of its tools, several separated by spaces; ``environment`` the only one it is
for; ``approval`` is ``scope`` (the default: whatever it is called with), ``exact`` (each call to the letter), ``change`` or ``recurring``;
``status`` is ``approved`` (the default), ``rejected``, ``revoked`` or ``pending``.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.approvals import FIELDS, approval_of
from graphinv.ingest.support.native import capped
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem, shown

NAME = "approvals_csv"
TITLE = "Approvals of tools and servers, CSV"
FILES = ("approvals.csv", "*-approvals.csv, *.approvals.csv and *_approvals.csv with columns agent and tool or server")
MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 200_000
MAX_LINE = 1024 * 1024

_ALIASES = {
    "approvedby": "by",
    "approver": "by",
    "approveduntil": "until",
    "expires": "until",
    "validuntil": "until",
    "digests": "digest",
    "env": "environment",
    "dataclass": "data_class",
    "sensitivity": "data_class",
    "decision": "status",
}


def detect(path: str, head: bytes) -> bool:
    """Whether it is called after approvals and has the columns of them."""
    if not re.search(r"(?:^|[/._-])approvals\.(?:csv|tsv)$", path.lower()):
        return False
    columns = set(_columns(head.partition(b"\n")[0].decode("utf-8-sig", "replace")))
    return "agent" in columns and bool(columns & {"tool", "server"})


def _columns(first: str) -> list[str]:
    plain = (re.sub(r"[^a-z]", "", column.lower()) for column in re.split(r"[,;\t]", first))
    return [_ALIASES.get(column, column) for column in plain]


def read(document: Document) -> Iterator[Fact]:
    """The approvals of the table, in its order; a row that is none is told with its line. O(bytes).

    Raises:
        IngestError: not text, not CSV, without its columns, or with too many rows.
    """
    return capped(_read(document), document, NAME)


def _read(document: Document) -> Iterator[Fact]:
    whole = document.text()
    text = whole.lstrip("\r\n")
    skipped = whole.count("\n", 0, len(whole) - len(text))
    first = text.partition("\n")[0]
    if len(first) > MAX_LINE:
        raise IngestError("its first row is too long", document=document.path, where="L1")
    columns = _columns(first)
    if "agent" not in columns or not {"tool", "server"} & set(columns):
        raise IngestError("has no columns agent and tool or server", document=document.path, where="L1")
    for name in dict.fromkeys(columns):
        if name and name not in FIELDS:
            yield Problem(document.path, "L1", f"column {shown(name)} is none of an approval; it was passed over", "warning", NAME)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count), strict=True)
    try:
        next(rows, None)
        line = skipped + rows.line_num + 1
        for count, row in enumerate(rows):
            if count >= MAX_ROWS:
                raise IngestError(f"has more than {MAX_ROWS:,} rows", document=document.path, where=f"L{line}")
            if any(cell.strip() for cell in row):
                try:
                    found = approval_of(dict(zip(columns, row, strict=False)), document.source(line))
                except ValueError as error:
                    yield Problem(document.path, f"L{line}", f"row is no approval: {error}", "error", NAME)
                else:
                    if found is not None:
                        yield found
            line = skipped + rows.line_num + 1
    except csv.Error:
        raise IngestError("is not CSV that can be read", document=document.path, where=f"L{skipped + rows.line_num}") from None
