"""Credentials of AWS users: ``aws iam list-access-keys``, and the credential report, as CSV or as ``get-credential-report`` answers it."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.dumps import items, moment, pages, problem, text
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

NAME = "aws_credentials"
TITLE = "AWS access keys and credential report"
FILES = ("*.json (list-access-keys, get-credential-report)", "*.csv (credential report)")

_REPORT = "user,arn,user_creation_time,"
_KEYS = re.compile(rb'"AccessKeyMetadata"\s*:|"ReportFormat"\s*:\s*"text/csv"|"Content"\s*:\s*"(?:dXNlcixhcm4s|user,arn,)')
_ROWS = 100_000
_LONGEST = 131_072


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as one of the two answers, or with the report's own columns."""
    name = path.lower()
    if name.endswith(".csv"):
        return head.removeprefix(b"\xef\xbb\xbf").startswith(_REPORT.encode())
    return name.endswith((".json", ".jsonl", ".ndjson")) and _KEYS.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Keys and passwords with their users. O(bytes).

    Raises:
        IngestError: it is neither JSON nor a table with the report's columns.
    """
    if document.text().lstrip().startswith(_REPORT):
        yield from _report(document, document.text())
        return
    for pointer, page in pages(document, frozenset({"AccessKeyMetadata", "Content"})):
        for number, key in items(page.get("AccessKeyMetadata")):
            yield from _key(document, f"{pointer}/AccessKeyMetadata/{number}", key)
        content = page.get("Content")
        if isinstance(content, str):
            yield from _report(document, content if content.lstrip().startswith(_REPORT) else _decoded(document, content))


def _decoded(document: Document, content: str) -> str:
    """The report as the command line prints it; libraries decode it."""
    try:
        return base64.b64decode(content, validate=True).decode("utf-8-sig")
    except (ValueError, binascii.Error):
        raise IngestError("holds a credential report that is not Base64 of UTF-8 text", document=document.path) from None


def _key(document: Document, where: str, key: dict[str, object]) -> Iterator[Fact]:
    """An access key of which the id is known, and whose it is."""
    key_id, user = text(key.get("AccessKeyId")), text(key.get("UserName"))
    if not re.fullmatch(r"A[A-Z0-9]{15,31}", key_id) or not user:
        yield problem(document, where, "an access key without its id or its user", NAME)
        return
    source = f"{document.source()}#{where}"
    account = arns.key_account(key_id)
    secret, owner = arns.access_key(key_id), arns.access_key_user(key_id)
    identity: NodeKey = ("Identity", arns.iam("user", user, document.root, account=account or ""))
    props: Props = {"name": key_id, "type": "aws_access_key", "lifetime": "static", "issued_at": moment(key.get("CreateDate"))}
    status = "retired" if key.get("Status") == "Inactive" else "active" if key.get("Status") == "Active" else None
    labels = [f"aws_account={account}"] if account else None
    yield NodeFact(*secret, {**props, "status": status, "labels": labels, "sources": [source]})
    yield NodeFact(*identity, {"name": user, "type": "iam_user", "provider": "aws", "sources": [source]})
    yield NodeFact(*owner, {"name": f"user of {key_id}", "provider": "aws", "binding": "bearer", "labels": labels, "sources": [source]})
    granted: Props = {"evidence": ["granted"], "sources": [source]}
    if status != "retired":
        yield EdgeFact("AUTHENTICATES_AS", secret, owner, granted)
        yield EdgeFact("ASSUMES", owner, identity, {**granted, "kind_detail": "access key"})


def _report(document: Document, table: str) -> Iterator[Fact]:
    rows = csv.DictReader(io.StringIO(table, newline=""))
    try:
        for number, row in enumerate(rows, 2):
            if number > _ROWS:
                raise IngestError(f"holds more than {_ROWS:,} users", document=document.path)
            if any(isinstance(value, str) and len(value) > _LONGEST for value in row.values()):
                raise IngestError("has a value that is not closed, or too long", document=document.path, where=f"L{number}")
            yield from _user(document, number, {str(name): text(value, 2048) for name, value in row.items()})
    except csv.Error:
        raise IngestError("is not a table of comma-separated values", document=document.path, where=f"L{rows.line_num}") from None


def _user(document: Document, line: int, row: dict[str, str]) -> Iterator[Fact]:
    """One user (or the account's root) with its password and up to two keys, whose ids the report does not tell."""
    arn = row.get("arn", "")
    fields = arns.parse(arn)
    root = row.get("user") == "<root_account>"
    if fields is None or (arns.identity_type(arn) != "iam_user" and not root):
        yield problem(document, f"L{line}", "a user without an ARN", NAME)
        return
    source = document.source(line)
    identity: NodeKey = ("Identity", arn)
    multi = row.get("mfa_active")
    labels = [f"mfa_active={multi}"] if multi in ("true", "false") else None
    kind = "aws_account" if root else "iam_user"
    yield NodeFact(*identity, {"name": row.get("user") or arn, "type": kind, "provider": "aws", "labels": labels, "sources": [source]})
    granted: Props = {"evidence": ["granted"], "sources": [source]}
    if root:
        account = arns.account_node(fields.account)
        yield NodeFact(*account, {"type": "account", "sources": [source]})
        yield EdgeFact("CAN_ACCESS", identity, account, {**granted, "actions": ["admin"]})
    if row.get("password_enabled") == "true":
        secret: NodeKey = ("Secret", f"aws-password:{arn}")
        times: Props = {"rotated_at": moment(row.get("password_last_changed")), "last_used": moment(row.get("password_last_used"))}
        name = f"console password of {row.get('user')}"
        yield NodeFact(*secret, {"name": name, "type": "aws_console_password", "lifetime": "static", "sources": [source], **times})
        yield EdgeFact("AUTHENTICATES_AS", secret, identity, granted)
    for number in (1, 2):
        if row.get(f"access_key_{number}_active") == "true":
            key = arns.numbered_key(arn, number)
            rotated = moment(row.get(f"access_key_{number}_last_rotated"))
            times = {"rotated_at": rotated, "last_used": moment(row.get(f"access_key_{number}_last_used_date"))}
            name = f"access key {number} of {row.get('user')}"
            yield NodeFact(*key, {"name": name, "type": "aws_access_key", "lifetime": "static", "sources": [source], **times})
            yield EdgeFact("AUTHENTICATES_AS", key, identity, granted)
