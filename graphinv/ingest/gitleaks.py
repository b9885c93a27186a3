"""Reports of gitleaks, versions 7 and 8: JSON, SARIF, CSV and JUnit.

Drawn:
    (:Secret), told by the fingerprint of its value; who holds it is for the readers of its place to say
"""

from __future__ import annotations

import csv
import html
import io
import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.found_secrets import Finding, finding_facts, left_out, number, text
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem

NAME = "gitleaks"
TITLE = "Findings of gitleaks"
FILES = ("any JSON, SARIF, CSV or JUnit file that begins as a report of gitleaks",)

MAX_FINDINGS = 200_000

_V8 = re.compile(rb'\s*\[\s*\{\s*"(?:RuleID|Description)"\s*:.*?"StartLine"\s*:', re.DOTALL)
_V7 = re.compile(rb'\s*+(?:\[\s*+)?\{\s*"line"\s*:.*?"(?:lineNumber|offender)"\s*:', re.DOTALL)
_SARIF = re.compile(rb'"runs"\s*:.*?"name"\s*:\s*"gitleaks"', re.DOTALL)
_JUNIT = re.compile(rb"<testsuite\b[^>]*\bname=\"gitleaks\"")
_CSV = re.compile(rb"(?:\xef\xbb\xbf)?RuleID,Commit,File,[^\r\n]*\bStartLine\b")
_FAILURE = re.compile(r"<failure\b[^<>]*+>(\{[^<]*+)</failure>")


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as one of gitleaks' reports, or is an empty one that is named so."""
    if head.strip() == b"[]":
        return "gitleaks" in path.lower() and path.lower().endswith(".json")
    return any(form.match(head) for form in (_V8, _V7, _CSV)) or any(form.search(head) for form in (_SARIF, _JUNIT))


def read(document: Document) -> Iterator[Fact]:
    """Secrets of one report.

    Raises:
        IngestError: not text, not of one of the forms, cut off, or more than 200,000 findings.
    """
    placeholders = 0
    for count, (line, finding) in enumerate(_findings(document)):
        if count >= MAX_FINDINGS:
            raise IngestError(f"holds more than {MAX_FINDINGS:,} findings", document=document.path, where=f"L{line}")
        if finding is None:
            yield Problem(document.path, f"L{line}", "a finding is not of the form that gitleaks gives it", "error", NAME)
            continue
        facts = list(finding_facts(document, line, finding))
        placeholders += not facts
        yield from facts
    yield from left_out(document, placeholders, 0, NAME)


def _findings(document: Document) -> Iterator[tuple[int, Finding | None]]:
    """Line of the report and finding; None for what is no finding."""
    head = document.data[:4096]
    if _CSV.match(head):
        yield from _csv(document)
    elif _JUNIT.search(head):
        yield from _junit(document)
    elif _V7.match(head) and not head.lstrip().startswith(b"["):
        for number_, raw in enumerate(document.text().splitlines(), 1):
            if raw.strip():
                yield number_, _of(jsondoc.parse_text(raw, document, number_).value)
    else:
        found = jsondoc.parse(document)
        if isinstance(found.value, dict):
            yield from _sarif(found.value, found)
            return
        for index, entry in enumerate(found.value if isinstance(found.value, list) else []):
            yield found.line(index), _of(entry)


def _of(entry: Any) -> Finding | None:
    """A finding of version 8, or 7, whose keys are small."""
    if not isinstance(entry, dict):
        return None
    if "offender" in entry or "lineNumber" in entry:
        return Finding(
            NAME, text(entry.get("rule")), text(entry.get("file")), number(entry.get("lineNumber")), value=text(entry.get("offender"))
        )
    if not {"RuleID", "File"} & set(entry):
        return None
    rule = text(entry.get("RuleID")) or text(entry.get("Description"))
    return Finding(NAME, rule, text(entry.get("File")), number(entry.get("StartLine")), value=text(entry.get("Secret")))


def _sarif(report: dict[str, Any], found: Any) -> Iterator[tuple[int, Finding | None]]:
    runs = report.get("runs")
    for run_index, run in enumerate(runs if isinstance(runs, list) else []):
        results = run.get("results") if isinstance(run, dict) else None
        for index, result in enumerate(results if isinstance(results, list) else []):
            yield found.line("runs", run_index, "results", index), _of_result(result)


def _of_result(result: Any) -> Finding | None:
    locations = result.get("locations") if isinstance(result, dict) else None
    place = _inner(locations[0] if isinstance(locations, list) and locations else None, "physicalLocation")
    if place is None:
        return None
    region = _inner(place, "region") or {}
    snippet = _inner(region, "snippet") or {}
    path = (_inner(place, "artifactLocation") or {}).get("uri")
    return Finding(NAME, text(result.get("ruleId")), text(path), number(region.get("startLine")), value=text(snippet.get("text")))


def _inner(value: Any, key: str) -> dict[str, Any] | None:
    inner = value.get(key) if isinstance(value, dict) else None
    return inner if isinstance(inner, dict) else None


def _csv(document: Document) -> Iterator[tuple[int, Finding | None]]:
    rows = csv.DictReader(io.StringIO(document.text(), newline=""), strict=True)
    line = 2
    try:
        for row in rows:
            yield line, _of({key: value for key, value in row.items() if isinstance(key, str)})
            line = rows.line_num + 1
    except csv.Error:
        raise IngestError("is not CSV that can be read", document=document.path, where=f"L{line}") from None


def _junit(document: Document) -> Iterator[tuple[int, Finding | None]]:
    # Each failure holds its finding as JSON, in the text alone; nothing of the XML around it is needed.
    whole = document.text()
    for match in _FAILURE.finditer(whole):
        line = whole.count("\n", 0, match.start()) + 1
        yield line, _of(jsondoc.parse_text(html.unescape(match[1]), document, line).value)
