"""Privileges in a PostgreSQL database as statements give and take them, folded into what holds in the end: one Grant for each role."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graphinv.ingest import Document
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.errors import IngestError
from graphinv.model.facts import Grant

PROVIDER = "postgres"
PUBLIC = "public"
"""The group of all roles; no role can have this name."""
MAX_ENTRIES = 200_000


@dataclass
class Role:
    """What one role is and has: flags (``superuser``, ``login``, ``createrole``), roles that it is a member of, and privileges.

    ``held`` maps (kind of object, name) to privileges and the line that last gave one.
    """

    line: int
    flags: dict[str, bool] = field(default_factory=dict)
    member_of: set[str] = field(default_factory=set)
    held: dict[tuple[str, str], tuple[set[str], int]] = field(default_factory=dict)


@dataclass
class Privileges:
    """Roles of one database. ``name`` is empty where the document does not tell it."""

    name: str = ""
    version: int | None = None
    roles: dict[str, Role] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)
    entries: int = 0

    def role(self, name: str, line: int) -> Role:
        """The role of that name, made where it was not named before."""
        return self.roles.setdefault(name, Role(line))

    def give(self, to: Iterable[str], kind: str, names: Iterable[str], privileges: Iterable[str], line: int) -> None:
        """Privileges on objects of one kind (``table``, ``schema``, ``database``, ``routine``, ``default``)."""
        words, objects = list(privileges), list(names)
        for grantee in to:
            role = self.role(grantee, line)
            for name in objects:
                self.entries += 1
                held, _ = role.held.get((kind, name), (set(), line))
                role.held[kind, name] = held.union(words), line
                if kind == "table":
                    self.tables.add(name)

    def take(self, of: Iterable[str], kind: str, names: Iterable[str], privileges: Iterable[str]) -> None:
        """Take privileges back; ``ALL`` takes all but ownership."""
        words, objects = set(privileges), list(names)
        for grantee in of:
            role = self.roles.get(grantee)
            for name in objects if role else ():
                held, line = role.held.get((kind, name), (set(), 0)) if role else (set(), 0)
                left = held & {"OWNER"} if "ALL" in words else held - words
                if role and (kind, name) in role.held:
                    role.held[kind, name] = left, line

    def grants(self, document: Document, evidence: str) -> Iterator[Grant]:
        """One Grant for each role, on a database whose host the pipeline finds.

        Raises:
            IngestError: more than 200,000 privileges.
        """
        if self.entries > MAX_ENTRIES:
            raise IngestError(f"gives more than {MAX_ENTRIES:,} privileges", document=document.path)
        name = hide(self.name)
        # Two dumps that do not say of which database they are need not be of one.
        subject = ("Resource", f"db:{document.root}#postgres://?/{name or document.path}")
        for role_name, role in sorted(self.roles.items()):
            held = [
                [kind, hide(object_name), sorted(words), line] for (kind, object_name), (words, line) in sorted(role.held.items()) if words
            ]
            body = {
                "database": name,
                "role": hide(role_name),
                "flags": sorted(flag for flag, on in role.flags.items() if on),
                "member_of": sorted(map(hide, role.member_of)),
                "held": held,
                "tables": len(self.tables),
                "version": self.version,
                "document": document.path,
            }
            yield Grant(PROVIDER, subject, "role", json.dumps(body, sort_keys=True), source=document.source(role.line), evidence=evidence)
