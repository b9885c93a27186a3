"""Policies as configuration writes them: texts or objects in which something may not be known yet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

from graphinv.ingest.support.masked import unmasked
from graphinv.ingest.support.partial import MAX_TEXT, encode, is_known, objects

_OPEN_VALUE = re.compile("([:,\\[]\\s*)(\ue002[^\ue002\ue003]*\ue003)(?=\\s*[,\\]}])")
"""Something unknown that is filled into a text in the place of a JSON value."""


def document_of(written: object) -> dict[str, Any] | None:
    """The policy, with marks for what is not known; None where it is unknown as a whole or no JSON object."""
    text = encode(written) if isinstance(written, (dict, list)) else written
    if not isinstance(text, str) or len(text) > MAX_TEXT:
        return None
    for attempt in (text, _OPEN_VALUE.sub(r'\1"\2"', text)):
        try:
            value = json.loads(unmasked(attempt))
        except (ValueError, RecursionError):
            continue
        return value if isinstance(value, dict) else None
    return None


def opened(document: dict[str, Any], arn: Callable[[str, str], str]) -> list[str]:
    """Give resources that are not known ARNs of the services that their statement is about, made by ``arn`` of service and name, so that
    they are something and not nothing. A denial of everything but what is not known may deny nothing that is known: it goes.

    Returns:
        What is not known in the policy, in words.
    """
    found: dict[str, None] = {}
    kept: list[dict[str, Any]] = []
    for statement in objects(document.get("Statement")):
        spared = _texts(statement.get("NotResource"))
        if any(not is_known(text) for text in spared):
            found["a resource"] = None
            if statement.get("Effect") == "Deny":
                continue
        kept.append(statement)
        texts = _texts(statement.get("Resource"))
        if any(map(_is_open, texts)):
            found["a resource"] = None
            services = sorted({action.partition(":")[0].lower() for action in _texts(statement.get("Action")) if ":" in action})
            named = [arn(service, text) for text in texts if _is_open(text) for service in services if _SERVICE.fullmatch(service)]
            statement["Resource"] = [text for text in texts if not _is_open(text)] + named or ["*"]
        principal = statement.get("Principal")
        names = [text for inner in (principal.values() if isinstance(principal, dict) else ()) for text in _texts(inner)]
        if any(map(_is_open, names)):
            found["a principal"] = None
    if found:
        document["Statement"] = kept
    return list(found)


_SERVICE = re.compile(r"[a-z0-9-]{1,60}")


def _is_open(text: str) -> bool:
    """Whether a name is not known from its beginning on."""
    return not is_known(text) and not text.startswith(("arn:", "*")) and not re.match(r"[A-Za-z0-9]", text)


def _texts(value: Any) -> list[str]:
    return [item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str)]
