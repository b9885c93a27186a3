"""Baselines of detect-secrets, which hold a digest of each secret and where it lies.

Drawn:
    (:Secret), told by its digest until one of our readers finds it in its place
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.found_secrets import Finding, finding_facts, left_out, number, text
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem

NAME = "detect_secrets"
TITLE = "Baselines of detect-secrets"
FILES = (".secrets.baseline", "any other JSON file with its `plugins_used`")

MAX_FINDINGS = 200_000

_HEAD = re.compile(rb'\s*\{.*?"plugins_used"\s*:\s*\[', re.DOTALL)
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def detect(path: str, head: bytes) -> bool:
    """Whether it is called ``.secrets.baseline`` or names the plug-ins that were used near its beginning."""
    return path.rpartition("/")[2] == ".secrets.baseline" or _HEAD.match(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Secrets of one baseline; those that people marked as none are left out and counted.

    Raises:
        IngestError: not JSON, no baseline, or more than 200,000 findings.
    """
    found = jsondoc.parse(document)
    results = found.value.get("results") if isinstance(found.value, dict) else None
    if not isinstance(results, dict):
        raise IngestError("is no baseline of detect-secrets: it has no `results`", document=document.path, where="L1")
    count = denied = 0
    for path, entries in results.items():
        for index, entry in enumerate(entries if isinstance(entries, list) else [None]):
            line = found.line("results", path, index)
            count += 1
            if count > MAX_FINDINGS:
                raise IngestError(f"holds more than {MAX_FINDINGS:,} findings", document=document.path, where=f"L{line}")
            if not isinstance(entry, dict) or not _DIGEST.fullmatch(text(entry.get("hashed_secret"))):
                yield Problem(document.path, f"L{line}", "a finding is not of the form that detect-secrets gives it", "error", NAME)
            elif entry.get("is_secret") is False:
                denied += 1
            else:
                yield from finding_facts(document, line, _of(path, entry))
    yield from left_out(document, 0, denied, NAME)


def _of(path: str, entry: dict[str, Any]) -> Finding:
    verified = True if entry.get("is_verified") is True else None
    return Finding(
        "detect-secrets", text(entry.get("type")), path, number(entry.get("line_number")), digest=entry["hashed_secret"], verified=verified
    )
