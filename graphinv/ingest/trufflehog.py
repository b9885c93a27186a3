"""Findings of TruffleHog: version 3 (one JSON object a line, or a list), and version 2.

Drawn:
    (:Secret), told by the fingerprint of its value
    (:Secret)-[:AUTHENTICATES_AS]->(:Identity), where the scanner asked AWS whose key it is
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.found_secrets import Finding, finding_facts, left_out, number, text
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.errors import FactError, IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Problem, Props, check_node

NAME = "trufflehog"
TITLE = "Findings of TruffleHog"
FILES = ("any JSON file, or file of JSON lines, that begins as a report of TruffleHog",)

MAX_BYTES = 64 * 1024 * 1024
MAX_FINDINGS = 200_000

_V3 = re.compile(rb'(?:^|\n)[ \t]*+(?:\[\s*+)?\{\s*"(?:SourceMetadata"\s*:\s*\{\s*"Data"|DetectorName"|SourceName")\s*[:"]?')
_V3_KEYS = (b'"SourceMetadata"', b'"DetectorName"', b'"SourceName"')
"""What stands in whatever that pattern matches; sooner looked for than the pattern in files of any kind."""
_V2 = re.compile(rb'\s*+(?:\[\s*+)?\{\s*"branch"\s*:.*?"commit(?:Hash)?"\s*:', re.DOTALL)
# Version 2 colours what it prints.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as a report of TruffleHog; lines of its log may come first."""
    return _V2.match(head) is not None or (any(key in head for key in _V3_KEYS) and _V3.search(head) is not None)


def read(document: Document) -> Iterator[Fact]:
    """Secrets of one report.

    Raises:
        IngestError: not text, or more than 200,000 findings, or a list that is not JSON.
    """
    placeholders = count = 0
    for line, entry in _entries(document):
        if entry is None:
            yield Problem(document.path, f"L{line}", "is not JSON; this finding is not read", "error", NAME)
            continue
        findings = list(_of(entry))
        count += len(findings)
        if count > MAX_FINDINGS:
            raise IngestError(f"holds more than {MAX_FINDINGS:,} findings", document=document.path, where=f"L{line}")
        for finding in findings:
            nodes = list(finding_facts(document, line, finding))
            placeholders += not nodes
            yield from nodes
            if finding.verified:
                yield from _whose(document, line, nodes, entry)
    yield from left_out(document, placeholders, 0, NAME)


def _entries(document: Document) -> Iterator[tuple[int, Any]]:
    """Line and value of each finding; None for a line that is no JSON."""
    whole = document.text()
    if whole.lstrip().startswith("["):
        found = jsondoc.parse(document)
        for index, entry in enumerate(found.value if isinstance(found.value, list) else []):
            yield found.line(index), entry
        return
    for line, raw in enumerate(whole.splitlines(), 1):
        if not raw.lstrip().startswith("{"):
            continue  # its log
        try:
            yield line, jsondoc.parse_text(raw, document, line).value
        except IngestError:
            yield line, None


def _of(entry: Any) -> Iterator[Finding]:
    if not isinstance(entry, dict):
        return
    strings = entry.get("stringsFound")
    if isinstance(strings, list):
        for found in strings:
            yield Finding(NAME, text(entry.get("reason")), text(entry.get("path")), value=_COLOURS.sub("", text(found)))
        return
    if "DetectorName" not in entry:
        return  # a line of its log
    path, line = _place(entry)
    verified = entry.get("Verified")
    common: dict[str, Any] = {"path": path, "line": line, "verified": verified if isinstance(verified, bool) else None}
    rule, raw, whole = text(entry.get("DetectorName")), text(entry.get("Raw")), text(entry.get("RawV2"))
    yield Finding(NAME, rule, value=raw, props=_told(entry), **common)
    # Of a pair, the second part follows the first: the id of a key and the key.
    if raw and whole.startswith(raw) and len(whole) > len(raw) + 8:
        yield Finding(NAME, rule, value=whole[len(raw) :].lstrip(":;|"), **common)


def _place(entry: dict[str, Any]) -> tuple[str, int | None]:
    """File and line; of sources that have no files, what they have in their place."""
    metadata = entry.get("SourceMetadata")
    data = metadata.get("Data") if isinstance(metadata, dict) else None
    for kind, place in data.items() if isinstance(data, dict) else ():
        if not isinstance(place, dict):
            continue
        where = next((text(place[key]) for key in ("file", "File", "key", "path", "link", "layer") if text(place.get(key))), "")
        line = number(place.get("line"))
        # The file system's lines begin with zero, git's with one.
        return where, line + 1 if kind == "Filesystem" and line is not None else line
    return "", None


def _told(entry: dict[str, Any]) -> Props:
    """What the provider said of a credential when it was asked: scopes and end."""
    extra = entry.get("ExtraData")
    if not isinstance(extra, dict):
        return {}
    props: Props = {}
    scopes = [scope for scope in re.split(r"[,\s]+", hide(text(extra.get("scopes")))) if re.fullmatch(r"[\w:./-]{1,80}", scope)]
    if scopes:
        props["scopes"] = scopes[:100]
    for name in ("expires_at", "expiry", "expiration"):
        try:
            checked = check_node(NodeFact("Secret", "x", {"expires_at": text(extra.get(name))})).props
        except FactError:
            continue
        props |= checked
        break
    return props


def _whose(document: Document, line: int, nodes: list[NodeFact], entry: dict[str, Any]) -> Iterator[Fact]:
    """The identity that AWS named when it was asked with the key."""
    extra = entry.get("ExtraData")
    arn = arns.canonical(hide(text(extra.get("arn"))) if isinstance(extra, dict) else "")
    kind = arns.identity_type(arn)
    if kind is None:
        return
    sources = [document.source(line)]
    yield NodeFact("Identity", arn, {"name": arn.rpartition("/")[2], "type": kind, "provider": "aws", "sources": sources})
    for node in nodes:
        yield EdgeFact("AUTHENTICATES_AS", node.key, ("Identity", arn), {"evidence": ["observed"], "sources": sources})
