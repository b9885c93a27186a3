"""MySQL and MariaDB: who may do what, as ``SHOW GRANTS`` prints it, ``mysqldump`` and ``pt-show-grants`` dump it, and scripts ask for it.

Drawn, by the pipeline once it knows which server a document is of:
    (:Identity user)-[:CAN_ACCESS]->(:Resource database, table or server), (:Identity)-[:MEMBER_OF]->(:Identity role),
    (:Secret password)-[:AUTHENTICATES_AS]->(:Identity user)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphinv.ingest import Document
from graphinv.ingest.support.mysql_tables import MAX_ROWS, rows
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secrets import recognise, secret_key, secret_node
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Grant, Problem

NAME = "mysql_grants"
TITLE = "Users and grants of MySQL and MariaDB"
FILES = (
    "*.sql and *.txt with grants to `'user'@'host'`, as SHOW GRANTS, mysqlpump and pt-show-grants print them",
    "dumps of the database `mysql`, or of all, with its tables of privileges",
)

MAX_BYTES = 64 * 1024 * 1024
MAX_STATEMENTS = 100_000
MAX_LENGTH = 20_000
MAX_PROBLEMS = 100

_QUOTED = r"(?:`(?:[^`]|``){0,100}`|'(?:[^'\\]|\\.|''){0,100}'|\"(?:[^\"\\]|\\.|\"\"){0,100}\")"
_ACCOUNT = re.compile(rf"({_QUOTED}|[\w$-]{{1,100}})\s*(?:@\s*({_QUOTED}|[\w.%:-]{{1,255}}))?")
_TO_ACCOUNT = re.compile(rb"(?i)\bTO\s+(?:['`\"][^'`\"\n]{0,100}['`\"]|[\w$-]{1,100})\s?@\s?['`\"%\w]")
_GRANTS = re.compile(rb"(?im)^[ \t|>]*+(?:GRANT|CREATE\s+USER|ALTER\s+USER)\s")
_DUMPED = re.compile(rb"(?i)Grants for |pt-show-grants|mysqlpump|MySQL dump|MariaDB dump")
_TABLES = re.compile(
    rb"(?m)^-- Host: \S+[ \t]+Database:(?:[ \t]+mysql)?[ \t]*\r?$|(?i:[\s`(,](?:select_priv|table_priv)\b|`?global_(?:priv|grants)`?\s*\()"
)
"""A dump of MySQL's own tables, or of all databases."""
_BUILT_IN = frozenset({"mysql.infoschema", "mysql.session", "mysql.sys", "mariadb.sys"})
"""Accounts of the server itself, which nobody can log in as."""
_START = re.compile(r"(?im)^[ \t|>]*+(?P<verb>GRANT|REVOKE|CREATE\s+USER|ALTER\s+USER)\s")
_END = re.compile(
    r";|\n\s*\n|\n[\s|>]*(?=(?:GRANT|REVOKE|CREATE|ALTER|FLUSH|SET|DROP|Grants for|\+-)\b|\+--|#|--)|\s\|\s*(?=\n|$)", re.IGNORECASE
)
_ON = re.compile(
    rf"(?is)(?P<what>.*?)\sON\s+(?P<kind>TABLE|FUNCTION|PROCEDURE|PACKAGE)?\s*(?P<database>\*|{_QUOTED}|[\w$%-]{{1,64}})"
    rf"(?:\s*\.\s*(?P<table>\*|{_QUOTED}|[\w$%-]{{1,64}}))?\s+(?:TO|FROM)\s+(?P<who>.*)"
)
_PROXY = re.compile(rf"(?is)PROXY\s+ON\s+(?P<whom>{_QUOTED}|[\w$-]{{1,100}})(?:@\S+)?\s+(?:TO|FROM)\s+(?P<who>.*)")
_MEMBER = re.compile(r"(?is)(?P<what>.*?)\s+(?:TO|FROM)\s+(?P<who>.*)")
_PASSWORD = re.compile(r"(?i)IDENTIFIED\s+(?:WITH\s+\S{1,60}\s+)?BY\s+(?P<kept>PASSWORD\s+)?'(?P<said>(?:[^'\\]|\\.|''){1,200})'")
_REST = re.compile(r"(?i)\s(?:IDENTIFIED|REQUIRE|WITH|ACCOUNT|DEFAULT\s+ROLE|PASSWORD\s+EXPIRE|AS)\s")
_COLUMNS = re.compile(r"\([^()]{0,2000}\)")


def detect(path: str, head: bytes) -> bool:
    """Whether it grants something to accounts as MySQL names them."""
    if not path.lower().endswith((".sql", ".txt", ".log", ".out")):
        return False
    if _TABLES.search(head):
        return True
    return (_GRANTS.search(head) is not None and _TO_ACCOUNT.search(head) is not None) or b"\nGrants for " in b"\n" + head


@dataclass(slots=True)
class _User:
    line: int
    held: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    member_of: set[str] = field(default_factory=set)
    secrets: set[str] = field(default_factory=set)
    proxies: set[str] = field(default_factory=set)


def read(document: Document) -> Iterator[Fact]:
    """One grant for each user, whatever host it comes from.

    Raises:
        IngestError: not text, or more than 100,000 statements.
    """
    text = document.text()
    evidence = "granted" if _DUMPED.search(document.data[:4096]) else "declared"
    users: dict[str, _User] = {}
    told, line, seen = 0, 1, 0
    for count, match in enumerate(_START.finditer(text)):
        if count >= MAX_STATEMENTS:
            raise IngestError(f"holds more than {MAX_STATEMENTS:,} statements", document=document.path)
        line, seen = line + text.count("\n", seen, match.start("verb")), match.start("verb")
        end = _END.search(text, match.end(), match.end() + MAX_LENGTH)
        statement = " ".join(text[match.end() : end.start() if end else match.end() + MAX_LENGTH].split())
        facts = _taken(document, users, match["verb"].upper(), statement, line)
        if facts is None:
            told += 1
            if told <= MAX_PROBLEMS:
                yield Problem(document.path, f"L{line}", "grants or revokes in a way that is not understood", "warning", NAME)
        else:
            yield from facts
    if told > MAX_PROBLEMS:
        yield Problem(document.path, "", f"{told - MAX_PROBLEMS} more of its statements are not understood", "warning", NAME)
    yield from _tables(document, text, users)
    for name, user in sorted(users.items()):
        held = [[hide(database), hide(table), sorted(words)] for (database, table), words in sorted(user.held.items()) if words]
        body = {"user": hide(name), "held": held, "member_of": sorted(map(hide, user.member_of)), "document": document.path}
        body |= {"secrets": sorted(user.secrets), "proxies": sorted(map(hide, user.proxies))}
        subject = ("Resource", f"db:{document.root}#mysql://?/{document.path}")
        yield Grant("mysql", subject, "user", json.dumps(body, sort_keys=True), source=document.source(user.line), evidence=evidence)


def _tables(document: Document, text: str, users: dict[str, _User]) -> Iterator[Problem]:
    """What MySQL's own tables say, into ``users``."""
    line, seen, unfit = 1, 0, 0
    for count, row in enumerate(rows(text), 1):
        if row is None:
            unfit += 1
            continue
        line, seen = line + text.count("\n", seen, row.offset), row.offset
        if count == MAX_ROWS:
            yield Problem(
                document.path, f"L{line}", f"holds more than {MAX_ROWS:,} rows of privileges; the rest is left out", "error", NAME
            )
        if row.user and row.user not in _BUILT_IN:
            user = users.setdefault(row.user, _User(line))
            user.held.setdefault((row.database, row.table), set()).update(row.privileges)
            user.member_of |= {row.role} - {""}
            user.proxies |= {row.proxied} - {""}
    if unfit:
        yield Problem(
            document.path, "", f"{unfit} rows of MySQL's tables of privileges do not fit their columns; they are not read", "warning", NAME
        )


def _taken(document: Document, users: dict[str, _User], verb: str, statement: str, line: int) -> list[Fact] | None:
    """One statement; None where it is not understood."""
    if verb not in ("GRANT", "REVOKE"):
        facts: list[Fact] = []
        for name, rest in _accounts(re.sub(r"(?i)^IF (?:NOT )?EXISTS ", "", statement)):
            facts += _password(document, users.setdefault(name, _User(line)), rest, line)
        return facts or ([] if users else None)
    if proxy := _PROXY.fullmatch(statement):
        for name, _ in _accounts(proxy["who"]):
            users.setdefault(name, _User(line)).proxies.update(filter(None, [_plain(proxy["whom"])]))
        return []
    match = _ON.fullmatch(statement)
    who = _accounts(match["who"] if match else "") if match else []
    if match and who:
        words = [word.strip().upper() for word in _COLUMNS.sub("", match["what"]).split(",")]
        facts = []
        for name, rest in who:
            user = users.setdefault(name, _User(line))
            if verb == "GRANT":
                own = {*words, *(["GRANT OPTION"] if re.search(r"(?i)\bWITH\b.*\bGRANT OPTION\b", rest) else [])}
                user.held.setdefault((_plain(match["database"]), _plain(match["table"] or "*")), set()).update(own)
                facts += _password(document, user, rest, line)
            else:
                held = user.held.get((_plain(match["database"]), _plain(match["table"] or "*")), set())
                held -= held if {"ALL", "ALL PRIVILEGES"} & set(words) else set(words)
        return facts
    member = _MEMBER.fullmatch(statement)
    if member is None or " ON " in statement.upper():
        return None
    roles = {name for name, _ in _accounts(member["what"])}
    for name, _ in _accounts(member["who"]):
        user = users.setdefault(name, _User(line))
        user.member_of = user.member_of | roles if verb == "GRANT" else user.member_of - roles
    return []


def _accounts(text: str) -> list[tuple[str, str]]:
    """(user, what follows the last of them) of a list of accounts; hosts are left out."""
    found: list[str] = []
    position = 0
    while match := _ACCOUNT.match(text, position):
        found.append(_plain(match[1]))
        position = match.end()
        inner = _PASSWORD.match(text, position + 1)
        comma = re.compile(r"\s*,\s*").match(text, inner.end() if inner else position)
        if comma is None:
            break
        position = comma.end()
    return [(name, text[position:] if number == len(found) - 1 else "") for number, name in enumerate(found) if name]


def _plain(name: str) -> str:
    quote = name[:1]
    return name[1:-1].replace(quote * 2, quote) if quote in ("`", "'", '"') and name else name


def _password(document: Document, user: _User, rest: str, line: int) -> list[Fact]:
    """The Secret of a password that is written out; one that is kept as its digest opens nothing."""
    match = _PASSWORD.search(rest[:2000])
    found = recognise("password", match["said"]) if match and not match["kept"] else None
    if found is None:
        return []
    user.secrets.add(secret_key(document, found)[1])
    return [secret_node(document, line, found)]
