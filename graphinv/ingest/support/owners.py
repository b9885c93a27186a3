"""Owners by the names that documents give them: e-mail addresses, and handles of people and teams at a code host."""

from __future__ import annotations

import re

from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import NodeFact, Props

EMAIL = re.compile(r"[^\s@<>,;\"'()]{1,64}@[^\s@<>,;\"'()]{1,255}\.[A-Za-z]{2,}")
HANDLE = re.compile(r"@@?[A-Za-z0-9_][\w.-]{0,254}(?:/[\w.-]{1,255}){0,20}")


def owner_of(name: str, source: str, *, forge: str = "github", kind: str | None = None) -> NodeFact | None:
    """The Owner that ``name``, an e-mail address or ``@name``, means; None where it is neither, or holds a credential.

    Args:
        name: as the document has it.
        source: where it stands.
        forge: code host of a handle.
        kind: ``person`` or ``team`` where the document tells; a handle with a slash is a team's, other names are a person's.
    """
    name = name.strip()
    lowered = name.lower()
    props: Props = {"name": name, "sources": [source]}
    if redact(name) != name:
        return None
    if HANDLE.fullmatch(name):
        team = "/" in name or name.startswith("@@")
        type_ = kind or ("team" if team else "person")
        return NodeFact("Owner", lowered, {**props, "type": type_, "kind_detail": f"{forge} {'team' if team else 'user'}"})
    if EMAIL.fullmatch(name):
        return NodeFact("Owner", lowered, {**props, "type": kind or "person", "email": lowered})
    return None
