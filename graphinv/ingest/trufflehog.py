"""Findings of TruffleHog: version 3 (one JSON object a line, a list, or what it prints for people), and version 2.

Drawn:
    (:Secret), told by the fingerprint of its value
    (:Secret)-[:AUTHENTICATES_AS]->(:Identity), where the scanner asked AWS whose key it is, or a key of Google's names its account
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphinv.ingest import HEAD_BYTES, Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.found_secrets import MAX_VALUE, Finding, finding_facts, left_out, number, text
from graphinv.ingest.support.gcp import names
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.errors import FactError, IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Problem, Props, check_node

NAME = "trufflehog"
TITLE = "Findings of TruffleHog"
FILES = ("any JSON file, file of JSON lines, or text that begins as a report of TruffleHog",)

MAX_BYTES = 64 * 1024 * 1024
MAX_FINDINGS = 200_000

_V3 = re.compile(rb'(?:^|\n)[ \t]*+(?:\[\s*+)?\{\s*"(?:SourceMetadata"\s*:\s*\{\s*"Data"|DetectorName"|SourceName")\s*[:"]?')
_V3_KEYS = (b'"SourceMetadata"', b'"DetectorName"', b'"SourceName"')
"""What stands in whatever that pattern matches; sooner looked for than the pattern in files of any kind."""
_V2 = re.compile(rb'\s*+(?:\[\s*+)?\{\s*"branch"\s*:.*?"commit(?:Hash)?"\s*:', re.DOTALL)
# For people: a block of ``Name: value`` for each finding, under this line.
_PRINTED = re.compile(r"Found (?P<un>un)?verified result\b")
_PRINTED_HEAD = re.compile(rb"(?:^|\n)(?:\x1b\[[0-9;]*m)*Found (?:un)?verified result\b")
_PRINTED_FIELD = re.compile(r"(?P<name>[A-Z][A-Za-z]*(?:[ _][A-Za-z]+)*): (?P<value>.*)")
_PROGRAM_NAME = re.compile(r"[A-Za-z]{2,}(?:_[A-Za-z]{2,})+(?:_\d{1,3})?")
"""What a rule for random tokens takes for one in a program: ``CONTINUOUS_INTEGRATION``."""
_KEY_ID = re.compile(r"[0-9a-f]{40}")
# Version 2, and what is printed for people, are in colours.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as a report of TruffleHog; lines of its log may come first."""
    if _V2.match(head) is not None or (any(key in head for key in _V3_KEYS) and _V3.search(head) is not None):
        return True
    return b"verified result" in head and _PRINTED_HEAD.search(head) is not None


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
        findings = list(_of(document, line, entry))
        count += len(findings)
        if count > MAX_FINDINGS:
            raise IngestError(f"holds more than {MAX_FINDINGS:,} findings", document=document.path, where=f"L{line}")
        for finding in findings:
            name = finding.verified is not True and _PROGRAM_NAME.fullmatch(finding.value) is not None
            nodes = [] if name else list(finding_facts(document, line, finding))
            placeholders += not nodes
            yield from _whose(document, line, nodes, entry)
    yield from left_out(document, placeholders, 0, NAME)


def _entries(document: Document) -> Iterator[tuple[int, Any]]:
    """Line and value of each finding; None for a line that is no JSON."""
    whole = document.text()
    if _PRINTED_HEAD.search(document.data[:HEAD_BYTES]) is not None:
        yield from _printed(whole)
        return
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


def _printed(whole: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Line and entry of each block that is printed for people, in the form of the JSON."""
    block: dict[str, list[str]] = {}
    start, verified = 0, False
    room = 0  # for the rest of a private key, which takes several lines
    lines = [*whole.splitlines(), "Found verified result"]  # closes the last block
    for line, raw in enumerate(lines, 1):
        plain = _COLOURS.sub("", raw)
        begins = _PRINTED.match(plain)
        stated = _PRINTED_FIELD.fullmatch(plain)
        if begins:
            if "Detector Type" in block:
                yield start, _entry({name: "\n".join(value) for name, value in block.items()}, verified)
            block, start, verified, room = {}, line, begins["un"] is None, 0
        elif room > 0:
            block["Raw result"].append(plain)
            room = 0 if "-----END" in plain else room - len(plain) - 1
        elif start and stated:
            name, value = stated["name"], stated["value"]
            block[name] = [value]
            if name == "Raw result" and "-----BEGIN" in value and "-----END" not in value:
                room = MAX_VALUE - len(value)


def _entry(block: dict[str, str], verified: bool) -> dict[str, Any]:
    """A printed block as the JSON would have it."""
    source = "Git" if "Commit" in block else "Filesystem"
    data = {"file": block.get("File"), "line": block.get("Line"), "link": block.get("Link")}
    extra = {name.lower().replace(" ", "_"): value for name, value in block.items()}
    raw = block.get("Raw result", "")
    return {
        "SourceMetadata": {"Data": {source: data}},
        "DetectorName": block["Detector Type"],
        "Verified": verified,
        "Raw": raw,
        "ExtraData": extra,
    }


def _of(document: Document, line: int, entry: Any) -> Iterator[Finding]:
    if not isinstance(entry, dict):
        return
    strings = entry.get("stringsFound")
    if isinstance(strings, list):
        for found in strings:
            yield Finding(NAME, text(entry.get("reason")), text(entry.get("path")), value=_COLOURS.sub("", text(found)))
        return
    if "DetectorName" not in entry:
        return  # a line of its log
    path, place = _place(entry)
    verified = entry.get("Verified")
    common: dict[str, Any] = {"path": path, "line": place, "verified": verified if isinstance(verified, bool) else None}
    rule, raw, whole = text(entry.get("DetectorName")), text(entry.get("Raw")), text(entry.get("RawV2"))
    if names.is_account(raw):  # a key of Google's: its account's address, and the file with the key
        yield Finding(NAME, rule, value=text(_key_file(document, line, entry).get("private_key")), **common)
        return
    yield Finding(NAME, rule, value=raw, props=_told(entry), **common)
    # Of a pair, the second part follows the first: the id of a key and the key. It may also be the path of an address, or the provider's
    # own address.
    rest = whole[len(raw) :].lstrip(":;|") if raw and whole.startswith(raw) else ""
    if len(rest) > 8 and "://" not in raw and "://" not in rest and rest not in raw:
        yield Finding(NAME, rule, value=rest, **common)


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


def _whose(document: Document, line: int, nodes: list[NodeFact], entry: Any) -> Iterator[Fact]:
    """The secrets of a finding, and the identity that a key of Google's names, or that AWS named when it was asked with the key."""
    if not isinstance(entry, dict):
        yield from nodes
        return
    account, extra = text(entry.get("Raw")), entry.get("ExtraData")
    arn = arns.canonical(hide(text(extra.get("arn")))) if isinstance(extra, dict) and entry.get("Verified") is True else ""
    sources, kind = [document.source(line)], arns.identity_type(arn)
    evidence = "observed"
    identity: NodeFact | None = None
    if names.is_account(account):
        identity, evidence = NodeFact(*names.account(account), {**names.account_props(account), "sources": sources}), "declared"
        id = text(_key_file(document, line, entry).get("private_key_id"))
        # Lists of keys and audit logs know it by its id.
        nodes = [replace(node, id=f"gcp-key:{id}") if _KEY_ID.fullmatch(id) else node for node in nodes]
    elif kind is not None:
        identity = NodeFact("Identity", arn, {"name": arn.rpartition("/")[2], "type": kind, "provider": "aws", "sources": sources})
    yield from nodes
    if identity is not None and nodes:
        yield identity
        yield from (EdgeFact("AUTHENTICATES_AS", node.key, identity.key, {"evidence": [evidence], "sources": sources}) for node in nodes)


def _key_file(document: Document, line: int, entry: dict[str, Any]) -> dict[str, Any]:
    """The file of a key of Google's in a finding; empty where it is none."""
    whole = text(entry.get("RawV2"))
    try:
        found = jsondoc.parse_text(whole, document, line).value if whole.startswith("{") else {}
    except IngestError:
        return {}
    return found if isinstance(found, dict) else {}
