"""What an approval of a tool or server is for: marks by which definitions and versions are told apart."""

from __future__ import annotations

import re
from collections.abc import Iterable

from graphinv.model.facts import Props

FIELDS = ("approved", "approved_by", "approved_until", "approval", "approved_digests", "approved_environment", "approved_sensitivity")
"""Properties of USES and CONNECTS_TO that say what of an approval holds there."""
CLASSES = ("public", "internal", "confidential", "restricted")
"""Sensitivities, rising."""

_IMAGE = re.compile(r"sha256(?::|%3a)([0-9a-f]{64})", re.IGNORECASE)


def mark(text: str) -> str:
    """``text``, a digest or a version, as it is compared.

    >>> mark("SHA256:AB") == mark("ab")
    True
    """
    return text.strip().lower().removeprefix("sha256:")


def marks(props: Props) -> frozenset[str]:
    """By what a tool or server is known as it is: its definition's digest, its version, its image's digest."""
    stated = [props[name] for name in ("schema_digest", "version") if props.get(name)]
    for name in ("package", "version"):
        stated += _IMAGE.findall(props.get(name) or "")
    return frozenset(map(mark, stated))


def fits(listed: Iterable[str], own: frozenset[str], parts: Iterable[frozenset[str]] = ()) -> bool | None:
    """Whether what is approved under ``listed`` is what is there now; None where nobody states what that is.

    Args:
        listed: digests and versions that were approved.
        own: marks of the tool or server.
        parts: marks of each tool that a server provides. A server is what was approved where it is itself, or each of its tools is.
    """
    approved = {mark(text) for text in listed}
    known = [one for one in parts if one]
    if approved & own or (known and all(approved & one for one in known)):
        return True
    return False if own or known else None
