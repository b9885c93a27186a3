"""PostgreSQL schema dumps (``pg_dump --schema-only``, ``pg_dumpall --roles-only``) and scripts that create roles and grant.

Drawn, by the pipeline once it knows which database a dump is of:
    (:Identity)-[:CAN_ACCESS]->(:Resource) on the database and on its tables, (:Identity)-[:MEMBER_OF]->(:Identity)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.pg_privileges import PUBLIC, Privileges
from graphinv.ingest.support.sql import statements
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem

NAME = "postgres_schema"
TITLE = "Roles and grants of PostgreSQL"
FILES = ("schema dumps of pg_dump and pg_dumpall", "*.sql that creates roles or grants near its beginning")

MAX_BYTES = 64 * 1024 * 1024
MAX_PROBLEMS = 100
MAX_DATABASES = 1_000

_DUMP = re.compile(rb"^-- PostgreSQL database (?:cluster )?dump", re.MULTILINE)
# How pg_dump begins where the comments were taken out, as in migrations that are made from one.
_PREAMBLE = re.compile(rb"^SET (?:statement|lock)_timeout = 0;\s+SET [^;]+;", re.MULTILINE)
_SCRIPT = re.compile(rb"^\s*(?:GRANT\s+[^;]+\s+TO|CREATE\s+(?:ROLE|USER))\s", re.MULTILINE | re.IGNORECASE)
_OTHERS = re.compile(
    rb"(?i)identified\s+by|'@'|`|\bengine\s*=|create\s+login|^\s*go\s*$|grant\s+[^;]*\bto\s+share\b|warehouse"
    rb"|^\s*(?:use\s+role\b|grant\s+(?:database\s+)?role\b|grant\s[^;]{1,500}?\bto\s+(?:database\s+)?role\s)",
    re.MULTILINE,
)

# Names that are filled in later: by psql (``:name``, ``:"name"``), or by whatever prepares the script.
_OPEN = r"\$\{\w{1,100}\}|\{\{[^{}]{1,100}\}\}"
_NAME = rf'(?::?"(?:[^"]|""){{1,200}}"|(?::?[A-Za-z_]|{_OPEN})(?:[\w$]|{_OPEN}){{0,200}})'
_QUALIFIED = rf"{_NAME}(?: ?\. ?{_NAME}){{0,2}}"
_NAMES = rf"{_NAME}(?: ?, ?{_NAME})*"
_KIND = re.compile(
    r"(ALL (?:TABLES|SEQUENCES|FUNCTIONS|PROCEDURES|ROUTINES) IN SCHEMA"
    r"|(?:TABLE|SCHEMA|SEQUENCE|FUNCTION|ROUTINE|TYPE)S?|DATABASE|PROCEDURE|LANGUAGE|DOMAIN|TABLESPACE|LARGE OBJECT"
    r"|FOREIGN (?:SERVER|DATA WRAPPER)|PARAMETER)\b ?",
    re.IGNORECASE,
)
_ROLE = re.compile(rf"(?:CREATE|ALTER) (?P<what>ROLE|USER|GROUP) (?P<name>{_NAME})(?P<options>.*)", re.IGNORECASE)
_OWNER = re.compile(
    rf"ALTER (?P<kind>DATABASE|SCHEMA|TABLE|VIEW|MATERIALIZED VIEW|FOREIGN TABLE) (?:ONLY )?(?:IF EXISTS )?(?P<name>{_QUALIFIED})"
    rf" OWNER TO (?P<who>{_NAME})",
    re.IGNORECASE,
)
_TABLE = re.compile(rf"CREATE (?:UNLOGGED )?TABLE (?:IF NOT EXISTS )?(?P<name>{_QUALIFIED})", re.IGNORECASE)
_DATABASE = re.compile(rf"CREATE DATABASE (?P<name>{_NAME})(?:.*? OWNER ?=? ?(?P<who>{_NAME}))?", re.IGNORECASE)
_TEMPLATES = frozenset({"template0", "template1"})
_CONNECT = re.compile(r"\\c(?:onnect)?\s+(?:-reuse-previous=\w+\s+)?(?:\"dbname='(?P<quoted>[^']{1,200})'\"|(?P<name>[\w$-]{1,200}))")
_DEFAULT = re.compile(
    rf"ALTER DEFAULT PRIVILEGES (?:FOR (?:ROLE|USER) {_NAMES} )?(?:IN SCHEMA (?P<schema>{_NAME})(?: ?, ?{_NAME})* )?(?P<acl>.*)",
    re.IGNORECASE,
)
_INSIDE = re.compile(rf"\bIN (?:ROLE|GROUP) ({_NAMES})", re.IGNORECASE)
_VERSION = re.compile(r"^-- Dumped from database version (\d{1,3})", re.MULTILINE)
_WORD = re.compile(_NAME)
_FLAGS = {"SUPERUSER": "superuser", "LOGIN": "login", "CREATEROLE": "createrole", "BYPASSRLS": "bypassrls"}
_OPTION = re.compile(r"^(?:(?:GRANT|ADMIN|INHERIT|SET) OPTION FOR )", re.IGNORECASE)
_KINDS = {
    "TABLE": "table",
    "TABLES": "table",
    "SCHEMA": "schema",
    "DATABASE": "database",
    "FUNCTION": "routine",
    "FUNCTIONS": "routine",
    "PROCEDURE": "routine",
    "ROUTINE": "routine",
    "ROUTINES": "routine",
}
"""Kind of object as written → as kept; privileges on others (sequences, types) open nothing that counts."""


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as a dump of PostgreSQL, or is SQL of no other dialect that creates roles or grants near its beginning."""
    if b"-- PostgreSQL database " in head and _DUMP.search(head):
        return True
    if not path.lower().endswith(".sql") or _OTHERS.search(head):
        return False
    return _SCRIPT.search(head) is not None or _PREAMBLE.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Grants of one dump or script: a dump says what is in force, a script what is asked for.

    Raises:
        IngestError: not text, more than 200,000 privileges in a database, or more than 1,000 databases.
    """
    text = document.text()
    evidence = "granted" if _DUMP.search(document.data[:4096]) else "declared"
    version = _VERSION.search(text[:4096])
    reader = _Reader(int(version[1]) if version else None)
    told = 0
    for statement, line in statements(text):
        if not reader.take(statement, line):
            told += 1
            if told <= MAX_PROBLEMS:
                yield Problem(document.path, f"L{line}", "grants or revokes in a way that is not understood", "warning", NAME)
    if told > MAX_PROBLEMS:
        yield Problem(document.path, "", f"{told - MAX_PROBLEMS} more of its statements are not understood", "warning", NAME)
    if len(reader.found) > MAX_DATABASES:
        raise IngestError(f"is of more than {MAX_DATABASES:,} databases", document=document.path)
    for database in reader.databases():
        yield from database.grants(document, evidence)


class _Reader:
    """Statements one after the other, into what they leave in force."""

    def __init__(self, version: int | None) -> None:
        self.version = version
        self.cluster = Privileges(version=version)
        """Roles, which a cluster has for all its databases."""
        self.found: dict[str, Privileges] = {}
        self.current = ""
        self.named: set[str] = set()
        """Databases that are created or granted on."""

    def databases(self) -> Iterator[Privileges]:
        """All databases of the document, each with the roles of the cluster; where none is named, the roles alone."""
        named = self.named - _TEMPLATES
        for database in [one for one in self.found.values() if one.name not in _TEMPLATES] or [self.cluster]:
            if not database.name and len(named) == 1:
                (database.name,) = named
            for name, role in self.cluster.roles.items() if database is not self.cluster else ():
                own = database.role(name, role.line)
                own.flags |= role.flags
                own.member_of |= role.member_of
                for (kind, on), held in role.held.items():
                    if kind == "database" and on == database.name:
                        own.held[kind, on] = held
            yield database

    @property
    def database(self) -> Privileges:
        return self.found.setdefault(self.current, Privileges(self.current, self.version))

    def take(self, statement: str, line: int) -> bool:
        """One statement; False where it gives or takes privileges in a way that is not understood."""
        first = statement[:1].upper()
        if first == "\\":
            if match := _CONNECT.match(statement):
                self.current = match["quoted"] or match["name"]
        elif first in ("G", "R"):
            return self._acl(statement, line, None)
        elif first == "A":
            if match := _DEFAULT.match(statement):
                return self._acl(match["acl"], line, _unquote(match["schema"] or "*"))
            if match := _OWNER.match(statement):
                self._owner(match["kind"].upper(), _object(match["name"]), _unquote(match["who"]), line)
            elif match := _ROLE.match(statement):
                self._role(match, line)
        elif first == "C":
            self._create(statement, line)
        return True

    def _create(self, statement: str, line: int) -> None:
        if match := _TABLE.match(statement):
            self.database.tables.add(_object(match["name"]))
        elif match := _ROLE.match(statement):
            self._role(match, line)
        elif match := _DATABASE.match(statement):
            name = _unquote(match["name"])
            self.named.add(name)
            if match["who"]:
                self.cluster.give([_unquote(match["who"])], "database", [name], ["OWNER"], line)

    def _role(self, match: re.Match[str], line: int) -> None:
        role = self.cluster.role(_unquote(match["name"]), line)
        words = [word.upper() for word in re.findall(r"[A-Za-z]+", match["options"])]
        if match["what"].upper() == "USER" and match[0][:1].upper() == "C":
            role.flags["login"] = True
        for word, flag in _FLAGS.items():
            if word in words:
                role.flags[flag] = True
            elif f"NO{word}" in words:
                role.flags[flag] = False
        if inside := _INSIDE.search(match["options"]):
            role.member_of.update(map(_unquote, _WORD.findall(inside[1])))

    def _owner(self, kind: str, name: str, who: str, line: int) -> None:
        if kind == "DATABASE":
            self.named.add(name)
            self.cluster.give([who], "database", [name], ["OWNER"], line)
        else:
            self.database.give([who], "schema" if kind == "SCHEMA" else "table", [name], ["OWNER"], line)

    def _acl(self, statement: str, line: int, schema: str | None) -> bool:
        verb, _, rest = statement.partition(" ")
        if verb.upper() not in ("GRANT", "REVOKE"):
            return True
        giving = verb.upper() == "GRANT"
        what, who = _split(rest, " TO " if giving else " FROM ")
        people = _people(who)
        privileges, objects = _split(what, " ON ")
        if not people:
            return False
        if not objects:
            self._member(giving, _OPTION.sub("", what), people, line)
            return True
        match = _KIND.match(objects)
        kind = match[1].upper() if match else "TABLE"
        names = _objects(objects[match.end() :] if match else objects)
        if schema is not None:
            names = [f"{schema}.*"]
        elif kind.startswith("ALL "):
            names, kind = [f"{name}.*" for name in names], kind.split()[1]
        kept, words = _KINDS.get(kind), _privileges(_OPTION.sub("", privileges))
        if kept is None:
            return True
        place = self.cluster if kept == "database" else self.database
        self.named.update(names if kept == "database" else ())
        if giving:
            place.give(people, kept, names, words, line)
        else:
            place.take(people, kept, names, words)
        return bool(names and words)

    def _member(self, giving: bool, roles: str, people: list[str], line: int) -> None:
        groups = {_unquote(name) for name in _WORD.findall(roles)}
        for person in people:
            if giving:
                self.cluster.role(person, line).member_of |= groups
            elif person in self.cluster.roles:
                self.cluster.roles[person].member_of -= groups


def _split(text: str, word: str) -> tuple[str, str]:
    """What stands before and after the first ``word``; all of it and nothing where it does not occur."""
    at = text.upper().find(word)
    return (text, "") if at < 0 else (text[:at], text[at + len(word) :])


def _unquote(name: str) -> str:
    """A name as PostgreSQL knows it: in lower case unless it is quoted. One that is filled in later stays as it is."""
    name = name.strip()
    if name.startswith(':"'):
        return ":" + _unquote(name[1:])
    if name.startswith('"'):
        return name[1:-1].replace('""', '"')
    return "".join(name.split()) if "{" in name else name.lower()


def _object(name: str) -> str:
    """``schema.name``; what has no schema is in ``public``."""
    parts = [_unquote(part) for part in _WORD.findall(name)]
    return ".".join(parts[-2:]) if len(parts) > 1 else parts[0] if parts else ""


def _objects(names: str) -> list[str]:
    """Names of a list; the arguments of functions are left out."""
    parts = re.sub(r"\([^()]*\)", "", names).split(",")
    return [name for name in (_object(part.partition("(")[0]) for part in parts) if name]


def _people(who: str) -> list[str]:
    who = re.split(r" (?:WITH|GRANTED BY|CASCADE|RESTRICT)\b", who, maxsplit=1, flags=re.IGNORECASE)[0]
    found = []
    for part in who.split(","):
        name = re.sub(r"^GROUP ", "", part.strip(), flags=re.IGNORECASE)
        if _WORD.fullmatch(name):
            found.append(PUBLIC if name.upper() == "PUBLIC" else _unquote(name))
    return found


def _privileges(text: str) -> list[str]:
    """Words such as SELECT; ``ALL PRIVILEGES`` is ALL; lists of columns are left out."""
    words = [" ".join(part.split()).upper() for part in re.sub(r"\([^()]*\)", "", text).split(",")]
    return ["ALL" if word in ("ALL", "ALL PRIVILEGES") else word for word in words if word]
