"""Roles and privileges of Snowflake: what ``SHOW GRANTS`` and the views of ``ACCOUNT_USAGE`` answer, and scripts that grant.

Drawn:
    (:Identity user or role)-[:MEMBER_OF]->(:Identity role)-[:CAN_ACCESS {actions}]->(:Resource database, table, warehouse …)

Nothing of it says which account it is of: everything of a root is of one.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping

from graphinv.ingest import Document
from graphinv.ingest.support import snowflake
from graphinv.ingest.support.records import records
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.sql import statements
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

NAME = "snowflake_grants"
TITLE = "Roles and grants of Snowflake"
FILES = (
    "*.csv and *.json of `SHOW GRANTS`, `GRANTS_TO_ROLES` and `GRANTS_TO_USERS`",
    "*.sql with grants to roles, warehouses or Snowflake's own roles",
)
MAX_BYTES = 64 * 1024 * 1024
MAX_ROWS = 500_000
MAX_NAME = 300

_FORMS = (frozenset({"privilege", "granted_on", "name", "grantee_name"}), frozenset({"role", "granted_to", "grantee_name"}))
_JSON = re.compile(rb'"granted_(?:on|to)"\s*:', re.IGNORECASE)
_SQL = re.compile(rb"(?i)\bgrant\s+[^;]{1,2000}?\bto\s+(?:database\s+)?(?:role|user|share)\s")
_OWN = re.compile(
    rb"(?i)\bwarehouse|\b(?:account|sys|security|user|org)admin\b|\buse\s+role\b|\b(?:future|all)\s+\w+\s+in\s+(?:schema|database)"
    rb"|\bimported\s+privileges\b|\bdatabase\s+role\b|\bcurrent\s+grants\b"
)
# What is filled in later: Jinja, dbt and Snowflake's own commands.
_OPEN = r"\{\{[^{}]{1,100}\}\}|\$\{\w{1,100}\}|<%[^%<>]{1,100}%>|&\{\w{1,100}\}"
_NAME = rf'(?:"(?:[^"]|""){{1,250}}"|(?:[A-Za-z_&]|{_OPEN})(?:[\w$&]|{_OPEN}){{0,250}})'
_QUALIFIED = rf"{_NAME}(?: ?\. ?{_NAME}){{0,2}}"
_GRANT = re.compile(
    r"GRANT (?P<words>[A-Z ,_]{1,1000}?) ON (?P<on>.*) TO (?P<to>(?:DATABASE |APPLICATION )?ROLE|USER|SHARE|APPLICATION)?(?P<who>[^()]*)",
    re.IGNORECASE,
)
_ON = re.compile(
    r"(?:(?P<many>ALL|FUTURE) (?P<kinds>[A-Z ]{1,60}?) IN (?P<inside>SCHEMA|DATABASE|ACCOUNT)"
    rf"(?: (?P<place>{_QUALIFIED}))?|(?P<kind>ACCOUNT)|(?P<one>[A-Z ]{{1,60}}?) (?P<name>{_QUALIFIED})"
    r"(?: ?\([^()]*(?:\([^()]*\)[^()]*)*\))?)",
    re.IGNORECASE,
)
_WHO = re.compile(rf" ?({_QUALIFIED})(?: WITH GRANT OPTION| (?:COPY|REVOKE) CURRENT GRANTS)?", re.IGNORECASE)
_ROLE = re.compile(
    rf"GRANT (?P<kind>(?:DATABASE |APPLICATION )?ROLE) (?P<role>{_QUALIFIED}) TO "
    rf"(?P<to>(?:DATABASE |APPLICATION )?ROLE|USER|SHARE|APPLICATION) (?P<who>{_QUALIFIED})",
    re.IGNORECASE,
)
_USE = re.compile(rf"USE (?P<kind>DATABASE |SCHEMA |)(?P<name>{_QUALIFIED})", re.IGNORECASE)
_TAG = re.compile(r"\{%[^{}]{0,500}%\}")
MAX_PROBLEMS = 100


def detect(path: str, head: bytes) -> bool:
    """Whether it is a table with these columns, or a script that grants as only Snowflake does."""
    name = path.lower()
    if name.endswith((".csv", ".tsv")):
        return any(form <= _columns(head) for form in _FORMS)
    if name.endswith((".json", ".jsonl", ".ndjson")):
        return _JSON.search(head) is not None and re.search(rb'(?i)"grantee_name"\s*:', head) is not None
    return name.endswith((".sql", ".snowsql")) and _SQL.search(head) is not None and _OWN.search(head) is not None


def _columns(head: bytes) -> frozenset[str]:
    first = head.removeprefix(b"\xef\xbb\xbf").partition(b"\n")[0].decode("ascii", "replace").strip()
    return frozenset(column.strip().strip('"').lower() for column in re.split(r"[,;\t|]", first))


def read(document: Document) -> Iterator[Fact]:
    """Memberships and grants.

    Raises:
        IngestError: not text, CSV or JSON, or more than 500,000 rows.
    """
    name = document.name.lower()
    grants = _Grants(document, "declared" if name.endswith("sql") else "granted")
    if name.endswith("sql"):
        yield from grants.script()
        return
    strange = 0
    for line, row in _rows(document) if name.endswith((".csv", ".tsv")) else _objects(document):
        facts = list(grants.row(row, line))
        strange += not facts and not row.get("deleted_on")
        yield from facts
    if strange:
        yield Problem(document.path, "", f"{strange} of its rows give nothing that is understood", "note", NAME)


def _rows(document: Document) -> Iterator[tuple[int, dict[str, str]]]:
    text = document.text()
    rows = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t|", key=text.partition("\n")[0].count), strict=True)
    rows.fieldnames = [column.strip().strip('"').lower() for column in rows.fieldnames or ()]
    line = 2
    try:
        for count, row in enumerate(rows):
            if count >= MAX_ROWS:
                raise IngestError(f"has more than {MAX_ROWS:,} rows", document=document.path, where=f"L{line}")
            yield line, {name: value.strip() for name, value in row.items() if isinstance(name, str) and isinstance(value, str)}
            line = rows.line_num + 1
    except csv.Error:
        raise IngestError("is not CSV that can be read", document=document.path, where=f"L{line}") from None


def _objects(document: Document) -> Iterator[tuple[int, dict[str, str]]]:
    for record in records(document, ("data", "rows")):
        yield record.line(), {str(name).lower(): value.strip() for name, value in record.value.items() if isinstance(value, str)}


_TYPES: Mapping[str, str] = {"user": "service_account", "share": "group", "application": "service_account"}


class _Grants:
    """One document."""

    def __init__(self, document: Document, evidence: str) -> None:
        self.document = document
        self.evidence = evidence
        self.account: NodeKey = ("Resource", f"saas:snowflake/{document.root}")
        self.told: set[NodeKey] = set()
        self.using: tuple[str, str] = ("", "")
        """Database and schema that a script uses."""

    def stated(self, line: int) -> Props:
        return {"evidence": [self.evidence], "sources": [self.document.source(line)]}

    def node(self, key: NodeKey, name: str, kind: str, line: int) -> Iterator[Fact]:
        if key not in self.told:
            self.told.add(key)
            provider: Props = {"provider": "snowflake"} if key[0] == "Identity" else {}
            yield NodeFact(*key, {"name": hide(name), "type": kind, **provider, "sources": [self.document.source(line)]})

    def who(self, kind: str, name: str, line: int) -> tuple[NodeKey, list[Fact]]:
        """A user, role or share, and what there is to say of it; of Snowflake's own roles what they may do."""
        said = kind.upper()
        word = said.lower() if said in ("USER", "SHARE", "APPLICATION") else "role"
        key: NodeKey = ("Identity", f"snowflake:{self.document.root}/{word}/{hide(name)}")
        facts = list(self.node(key, name, _TYPES.get(word, "role"), line))
        if facts and word == "role" and name in snowflake.ADMINS:
            facts += self.node(self.account, f"Snowflake of {self.document.root}", "account", line)
            props: Props = {**self.stated(line), "evidence": ["inferred"], "actions": list(snowflake.ADMINS[name])}
            facts.append(EdgeFact("CAN_ACCESS", key, self.account, props))
        return key, facts

    def member(self, role: str, kind: str, name: str, line: int) -> Iterator[Fact]:
        holder, facts = self.who(kind, name, line)
        group, more = self.who("ROLE", role, line)
        yield from (*facts, *more)
        if holder != group:
            yield EdgeFact("MEMBER_OF", holder, group, self.stated(line))

    def give(self, words: list[str], on: str, name: str, to: tuple[str, str], line: int) -> Iterator[Fact]:
        """(:Identity)-[:CAN_ACCESS]->(:Resource), and of a role or user that it owns, (:Identity)-[:ASSUMES]->(:Identity)."""
        if on in snowflake.IDENTITIES and "OWNERSHIP" in words:
            yield from self.own(on, name, to, line)
            return
        actions = sorted({action for word in words for action in snowflake.actions_of(word, on)})
        holder, facts = self.who(*to, line)
        yield from facts
        target: NodeKey = self.account if on == "ACCOUNT" else ("Resource", f"{self.account[1]}/{hide(name)}")
        if on == "ACCOUNT":
            yield from self.node(target, f"Snowflake of {self.document.root}", "account", line)
        else:
            yield from self.node(target, name, snowflake.type_of(on), line)
        if actions:
            yield EdgeFact("CAN_ACCESS", holder, target, {**self.stated(line), "actions": actions})

    def own(self, on: str, name: str, to: tuple[str, str], line: int) -> Iterator[Fact]:
        """Who owns a role gives it to whom it likes, who owns a user sets the user's password."""
        holder, facts = self.who(*to, line)
        owned, more = self.who(on, name, line)
        yield from (*facts, *more)
        if holder != owned:
            yield EdgeFact("ASSUMES", holder, owned, {**self.stated(line), "kind_detail": f"owns the {on.lower()}"})

    def row(self, row: Mapping[str, str], line: int) -> Iterator[Fact]:
        """One row of an answer; one that was revoked says nothing."""
        grantee, to = row.get("grantee_name", ""), row.get("granted_to", "ROLE").replace("_", " ").upper()
        if not grantee or row.get("deleted_on") or len(grantee) > MAX_NAME:
            return
        on, name = row.get("granted_on", "").replace("_", " ").upper(), row.get("name", "")
        if row.get("table_catalog") and on not in ("DATABASE", "ACCOUNT") and "." not in name:
            parts = (row["table_catalog"], row.get("table_schema", ""), name)
            name = ".".join(dict.fromkeys(part for part in parts if part))
        if row.get("role") and "privilege" not in row:
            yield from self.member(row["role"], to, grantee, line)
        elif on in snowflake.IDENTITIES and row.get("privilege", "").upper() == "USAGE" and name:
            yield from self.member(name, to, grantee, line)
        elif on and row.get("privilege") and (name or on == "ACCOUNT") and len(name) <= MAX_NAME:
            yield from self.give([row["privilege"].upper()], on, name.partition("(")[0], (to, grantee), line)

    def script(self) -> Iterator[Fact]:
        """Statements, one after the other; what they take back, or grant in another way, is told."""
        revoked = strange = 0
        text = _TAG.sub(lambda tag: "\n" * tag[0].count("\n"), self.document.text())
        for statement, line in statements(text):
            first = statement[:6].upper()
            if first == "GRANT ":
                facts = self.statement(statement, line)
                strange += facts is None
                if facts is None and strange <= MAX_PROBLEMS:
                    yield Problem(self.document.path, f"L{line}", "grants in a way that is not understood", "warning", NAME)
                yield from facts or ()
            elif use := _USE.fullmatch(statement):
                self.use(use["kind"].strip().upper(), _plain(use["name"]))
            revoked += first == "REVOKE"
        if strange > MAX_PROBLEMS:
            yield Problem(self.document.path, "", f"{strange - MAX_PROBLEMS} more of its grants are not understood", "warning", NAME)
        if revoked:
            yield Problem(self.document.path, "", f"{revoked} statements that take privileges back are not followed", "warning", NAME)

    def statement(self, statement: str, line: int) -> Iterator[Fact] | None:
        """What one grant gives; None where it is not understood."""
        if role := _ROLE.fullmatch(statement):
            group, holder = (self.called(role[kind], _plain(role[name])) for kind, name in (("kind", "role"), ("to", "who")))
            return self.member(group, role["to"], holder, line)
        grant = _GRANT.fullmatch(statement)
        on, who = (_ON.fullmatch(grant["on"]), _WHO.fullmatch(grant["who"])) if grant else (None, None)
        if grant is None or on is None or who is None:
            return None
        words = [" ".join(word.split()).upper() for word in grant["words"].split(",")]
        to = grant["to"] or "ROLE"
        return self.granted(words, on, (to, self.called(to, _plain(who[1]))), line)

    def use(self, kind: str, name: str) -> None:
        """``USE DATABASE x``, ``USE SCHEMA y``, or ``USE x.y``."""
        first, _, second = name.partition(".")
        if kind == "SCHEMA" and not second:
            self.using = self.using[0], first
        else:
            self.using = first, second

    def called(self, kind: str, name: str) -> str:
        """The whole name of an object of a kind, by the database and schema in use."""
        missing = snowflake.parts_of(kind.upper()) - 1 - name.count(".")
        before = self.using[: max(missing, 0)]
        return ".".join([*before, name]) if all(before) else name

    def granted(self, words: list[str], on: re.Match[str], to: tuple[str, str], line: int) -> Iterator[Fact]:
        if on["many"]:
            # Everything of a kind in a place: of the place itself.
            kind, inside = on["kinds"].upper().rstrip("S"), on["inside"].upper()
            words = [word if word in snowflake.ACTIONS or kind in snowflake.HOLDS else "OPERATE" for word in words]
            place = self.called(inside, _plain(on["place"])) if on["place"] else ""
            yield from self.give(words, inside, place, to, line)
        elif on["kind"]:
            yield from self.give(words, "ACCOUNT", "", to, line)
        else:
            kind = on["one"].upper()
            yield from self.give(words, kind, self.called(kind, _plain(on["name"])), to, line)


def _plain(name: str) -> str:
    """A name as Snowflake keeps it: in upper case where it is not quoted."""
    parts = re.findall(_NAME, name)
    plain = (part[1:-1].replace('""', '"') if part.startswith('"') else "".join(part.split()).upper() for part in parts)
    return ".".join(plain)[:MAX_NAME]
