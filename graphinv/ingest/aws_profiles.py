"""Profiles of the AWS CLI and libraries: ``~/.aws/credentials`` with their keys, ``~/.aws/config`` with the roles that they assume.

Drawn:
    (:Runtime home folder)-[:HOLDS {place: laptop}]->(:Secret access key)
    (:Secret secret key)-[:AUTHENTICATES_AS]->(:Identity user of the access key)-[:ASSUMES]->(:Identity role of another profile)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphinv.ingest import Document
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.machines import home_of, kept_there
from graphinv.ingest.support.secrets import recognise, redact, secret_node
from graphinv.model.errors import IngestError
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

NAME = "aws_profiles"
TITLE = "Profiles of the AWS CLI"
FILES = ("**/.aws/credentials", "**/.aws/config")
MAX_BYTES = 4 * 1024 * 1024
MAX_PROFILES = 5_000

_ENDINGS = (".aws/credentials", ".aws/config")
_SECTION = re.compile(
    r"\s*+\[\s*+(?:(?P<kind>[\w-]++)\s++)?+[\"']?\s*+(?P<name>[^\]\"'\s](?:[^\]\"']{0,198}[^\]\"'\s])?)\s*+[\"']?\s*+\]\s*+(?:[#;].*)?"
)
_COMMENT = re.compile(r"\s[#;]")
_ROLE = re.compile(r"arn:aws[\w-]*:iam::[0-9]{12}:role/[\w+=,.@/-]{1,500}")
_KEYS = ("aws_access_key_id", "aws_secret_access_key", "aws_session_token")
SPACE = "aws-profile"
"""Space in which the name of a profile means whom it acts as."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is one of the two files of a home folder."""
    return home_of(path, *_ENDINGS) is not None


def read(document: Document) -> Iterator[Fact]:
    """What each profile holds, and whom it acts as.

    Raises:
        IngestError: not text, or more than 5,000 profiles.
    """
    held: dict[NodeKey, int | None] = {}
    for profile in _profiles(document):
        user = _user(profile)
        for fact in _keys(document, profile, user):
            yield fact
            if isinstance(fact, NodeFact):
                held[fact.key] = profile.line
        yield from _acts_as(document, profile, user)
    yield from kept_there(document, home_of(document.path, *_ENDINGS), held)


@dataclass
class _Profile:
    """A section of the file. ``settings`` may hold secret values."""

    name: str
    line: int
    settings: dict[str, str] = field(default_factory=dict, repr=False)


def _profiles(document: Document) -> Iterator[_Profile]:
    """The profiles of a file, without its other sections; of a setting that stands twice the last one counts."""
    current: _Profile | None = None
    count = 0
    for number, line in enumerate(document.text().splitlines(), 1):
        if line.lstrip().startswith(("#", ";")):
            continue
        if section := _SECTION.fullmatch(line[:1000]):
            if current is not None:
                yield current
            current = _Profile(redact(section["name"]), number) if section["kind"] in (None, "profile") else None
            count += 1
            if count > MAX_PROFILES:
                raise IngestError(f"holds more than {MAX_PROFILES:,} profiles", document=document.path, where=f"L{number}")
        elif current is not None:
            key, _, value = line[:10_000].partition("=")
            current.settings[key.strip().lower()] = _COMMENT.split(value, maxsplit=1)[0].strip()
    if current is not None:
        yield current


def _user(profile: _Profile) -> NodeKey | None:
    """Whose keys stand in a profile, by the id of the access key; None where there is no such id."""
    found = recognise(_KEYS[0], profile.settings.get(_KEYS[0], ""))
    return arns.access_key_user(found.secret) if found and found.type in ("aws_access_key_id", "aws_session_key_id") else None


def _keys(document: Document, profile: _Profile, user: NodeKey | None) -> Iterator[NodeFact | EdgeFact]:
    """The keys that stand in a profile, the secret ones as those of the user of the key id beside them."""
    found = {key: one for key in _KEYS if (one := recognise(key, profile.settings.get(key, ""))) is not None}
    for key, one in found.items():
        node = secret_node(document, profile.line, one)
        lifetime = "ephemeral" if _KEYS[2] in found else "static"
        yield NodeFact(*node.key, {**node.props, "name": f"{one.type} of profile {profile.name}", "lifetime": lifetime})
        if key != _KEYS[0] and user is not None:
            yield EdgeFact("AUTHENTICATES_AS", node.key, user, _said(document, profile))


def _acts_as(document: Document, profile: _Profile, user: NodeKey | None) -> Iterator[Fact]:
    """Whom other profiles mean by this one, and the role that it assumes as another."""
    role, source = profile.settings.get("role_arn", ""), profile.settings.get("source_profile", "")
    if not role:
        if user is not None:
            yield Binding(SPACE, profile.name, user, document.folder, document.path)
        return
    if not _ROLE.fullmatch(role):
        yield Problem(document.path, f"L{profile.line}", "assumes a role whose ARN is none", "warning", NAME)
        return
    key: NodeKey = ("Identity", redact(role))
    yield NodeFact(
        *key, {"name": key[1].rpartition("/")[2], "type": "iam_role", "provider": "aws", "sources": [_source(document, profile)]}
    )
    yield Binding(SPACE, profile.name, key, document.folder, document.path)
    start: NodeKey | Ref | None = user
    if source and (source != profile.name or user is None):
        start = Ref("Identity", SPACE, redact(source), fallback=f"{SPACE}:{document.root}#{redact(source)}")
    if start is not None:
        yield EdgeFact("ASSUMES", start, key, {**_said(document, profile), "kind_detail": arns.BY_PROFILE})


def _source(document: Document, profile: _Profile) -> str:
    return document.source(profile.line)


def _said(document: Document, profile: _Profile) -> Props:
    return {"evidence": ["declared"], "sources": [_source(document, profile)]}
