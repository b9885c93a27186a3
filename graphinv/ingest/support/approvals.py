"""An approval as people write it down, in a row of a table or an object: checked, and without secret values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, timedelta
from typing import get_args

from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secrets import url_parts
from graphinv.model.approved import CLASSES
from graphinv.model.facts import Approval
from graphinv.model.kinds import Environment, normal_time
from graphinv.model.normal import encodable

FIELDS = ("agent", "tool", "server", "by", "until", "digest", "environment", "data_class", "approval", "status")
"""What an approval may say."""

MAX_TEXT = 2_000
MAX_WILDCARDS = 8
MAX_DIGESTS = 500

_HOW = ("exact", "scope", "change", "recurring")
_GRANTED = {"": True, "approved": True, "granted": True, "rejected": False, "refused": False, "denied": False, "revoked": False}
_OPEN = frozenset({"pending", "proposed", "requested", "draft"})
_ENVIRONMENTS = {name: name for name in get_args(Environment) if name != "unknown"} | {
    "production": "prod",
    "development": "dev",
    "stage": "staging",
    "testing": "test",
}


def approval_of(said: Mapping[str, str], source: str) -> Approval | None:
    """The approval that ``said`` is, by :data:`FIELDS`; None where it was only asked for.

    Raises:
        ValueError: it is none, in words that quote no value.
    """
    texts = _texts(said)
    status = texts["status"].lower()
    if status in _OPEN:
        return None
    if status not in _GRANTED:
        raise ValueError("its status is not understood (approved, rejected, revoked or pending)")
    how = texts["approval"].lower() or "scope"
    if how not in _HOW:
        raise ValueError(f"approval is one of {', '.join(_HOW)}")
    environment = _ENVIRONMENTS.get(texts["environment"].lower())
    if environment is None and texts["environment"]:
        raise ValueError(f"environment is one of {', '.join(dict.fromkeys(_ENVIRONMENTS.values()))}")
    sensitivity = texts["data_class"].lower()
    if sensitivity and sensitivity not in CLASSES:
        raise ValueError(f"data_class is one of {', '.join(CLASSES)}")
    digests = tuple(sorted(set(re.split(r"[\s,;|]+", texts["digest"])) - {""}))
    if len(digests) > MAX_DIGESTS:
        raise ValueError(f"digest holds more than {MAX_DIGESTS} of them")
    return Approval(
        source=source,
        agent=texts["agent"],
        tool=texts["tool"],
        server=_server(texts["server"]),
        by=texts["by"],
        until=_end(texts["until"]),
        digests=digests,
        environment=environment or "",
        sensitivity=sensitivity,
        how=how,
        granted=_GRANTED[status],
    )


def _texts(said: Mapping[str, str]) -> dict[str, str]:
    """The fields, each of which may be told and is not too long; what an approval cannot do without is there."""
    texts = {name: said.get(name, "").strip() for name in FIELDS}
    for name, text in texts.items():
        if len(text) > (MAX_TEXT if name != "digest" else MAX_TEXT * 50):
            raise ValueError(f"{name} is too long")
        if not encodable(text):
            raise ValueError(f"{name} is no text")
        if hide(text) != text:
            raise ValueError(f"{name} looks like a credential")
    if not texts["agent"]:
        raise ValueError("says no agent (* stands for every one)")
    if not texts["tool"] and not texts["server"]:
        raise ValueError("says neither tool nor server")
    for name in ("agent", "tool", "server"):
        if sum(map(texts[name].count, "*?")) > MAX_WILDCARDS:
            raise ValueError(f"{name} holds more than {MAX_WILDCARDS} wildcards")
    return texts


def _server(text: str) -> str:
    """The address of a server as its node has it, however its configuration writes it; anything else, and a pattern, as it is."""
    is_pattern = "*" in text or ("?" in text and "=" not in text)
    address = None if is_pattern else url_parts(text.removeprefix("ToolServer:"))
    return address.url if address else text


def _end(text: str) -> str | None:
    """From when on it holds no more: a day is the last one on which it does."""
    if not text:
        return None
    try:
        if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            text = (date.fromisoformat(text) + timedelta(days=1)).isoformat()
        return str(normal_time(text))
    except (ValueError, OverflowError):
        raise ValueError("until is no time of ISO 8601, such as 2027-03-31") from None
