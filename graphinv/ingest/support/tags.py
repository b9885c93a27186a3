"""Tags and labels of cloud resources: what people write there about environment, sensitivity and owners."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphinv.ingest.support.parts import MAX_LABEL, tells
from graphinv.ingest.support.places import ENVIRONMENTS
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import OWNER_CONFIDENCE, EdgeFact, NodeFact, NodeKey, Props

MAX_TAGS = 50
_SENSITIVITIES = {
    "public": "public",
    "open": "public",
    "internal": "internal",
    "private": "internal",
    "confidential": "confidential",
    "sensitive": "confidential",
    "high": "confidential",
    "restricted": "restricted",
    "secret": "restricted",
    "highly confidential": "restricted",
    "highly-confidential": "restricted",
    "pii": "restricted",
    "phi": "restricted",
    "pci": "restricted",
}
_ENVIRONMENT_KEYS = frozenset({"environment", "env", "stage", "tier", "environmentname", "envname", "deploymentenvironment"})
_SENSITIVITY_KEYS = frozenset({"sensitivity", "dataclassification", "classification", "datasensitivity", "confidentiality", "dataclass"})
_JEWEL_KEYS = frozenset({"crownjewel", "crownjewels"})
_OWNER_KEYS = frozenset(
    {"owner", "owners", "team", "squad", "contact", "maintainer", "owneremail", "ownerteam", "teamowner", "technicalowner", "businessowner"}
)
_EMAIL = re.compile(r"[^\s@<>,;]{1,64}@[^\s@<>,;]{1,255}\.[A-Za-z]{2,}")
_HANDLE = re.compile(r"@[A-Za-z0-9_][\w.-]{0,99}(?:/[\w.-]{1,100}){0,5}")


def environment_of_word(word: str) -> str | None:
    """The environment that a word such as ``production`` names; None for other words.

    >>> environment_of_word("Production"), environment_of_word("eu")
    ('prod', None)
    """
    return ENVIRONMENTS.get(word.strip().lower())


def environment_of_folder(path: str) -> str | None:
    """The environment that a folder of ``path`` is named after: ``environments/prod/eu`` is of production."""
    return next((found for part in reversed(path.split("/")) if (found := environment_of_word(part))), None)


def tagged(tags: Mapping[str, str]) -> Props:
    """``labels``, and ``environment``, ``sensitivity`` and ``crown_jewel`` where tags tell them. Only a Resource has the last two."""
    props: Props = {"labels": sorted(_labels(tags))} if tags else {}
    for key, value in sorted(tags.items()):
        name = _plain(key)
        if name in _ENVIRONMENT_KEYS and (found := environment_of_word(value)):
            props["environment"] = found
        elif name in _SENSITIVITY_KEYS and (found := _SENSITIVITIES.get(value.strip().lower())):
            props["sensitivity"] = found
        elif name in _JEWEL_KEYS and value.strip().lower() in ("true", "yes", "1"):
            props["crown_jewel"] = True
    return props


def stated_tags(value: object) -> dict[str, str]:
    """Tags of an export: the texts of an object."""
    return {str(key): item for key, item in list(value.items())[:200] if isinstance(item, str)} if isinstance(value, dict) else {}


def about_any(props: Props) -> Props:
    """What :func:`tagged` tells of things that are no Resource."""
    return {name: value for name, value in props.items() if name not in ("sensitivity", "crown_jewel")}


def _labels(tags: Mapping[str, str]) -> Iterator[str]:
    for key, value in list(tags.items())[:MAX_TAGS]:
        if tells(value) and key and len(key) <= MAX_LABEL:
            yield redact(f"{key}={value.strip()}")


def owned(tags: Mapping[str, str], targets: list[NodeKey], props: Props) -> Iterator[NodeFact | EdgeFact]:
    """(:Owner)-[:OWNS]->(each of ``targets``) for the owners that tags name: by e-mail, as ``@org/team``, or else by the very words."""
    for key, value in list(tags.items())[:MAX_TAGS]:
        if _plain(key) not in _OWNER_KEYS or not tells(value):
            continue
        for owner, about in _owners(value):
            yield NodeFact("Owner", owner, {**about, "sources": props["sources"]})
            for target in targets:
                yield EdgeFact("OWNS", ("Owner", owner), target, {**props, "confidence": OWNER_CONFIDENCE["tags"]})


def _owners(value: str) -> Iterator[tuple[str, Props]]:
    words = [word for word in re.split(r"[,;\s]+", value.strip()) if word]
    if words and all(_EMAIL.fullmatch(word) for word in words[:10]):
        for word in words[:10]:
            yield word.lower(), {"name": word, "type": "person", "email": word.lower()}
    elif words and all(_HANDLE.fullmatch(word) for word in words[:10]):
        for word in words[:10]:
            yield word.lower(), {"name": word, "type": "team" if "/" in word else "person"}
    elif redact(value) == value:
        yield f"tag:{value.strip().lower()}", {"name": value.strip(), "kind_detail": "as a tag names it"}


def _plain(key: str) -> str:
    return re.sub(r"[^a-z0-9]", "", key.rpartition(":")[2].lower())
