"""Findings as SARIF 2.1.0, for code scanning and whatever else reads it.

``baselineState`` tells what is new since the last analysis. What is fixed is left out: code scanning closes what is no longer reported, and
takes a result that is ``absent`` for one that is there.

A finding's place is the file and line that declare its subject (or, where none is known, a made-up file of the subject's name); its path
is a code flow, its priority the ``rank``, its key its fingerprint. Files are relative to the root they were found under, which
``uriBaseId`` names.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphinv import __version__
from graphinv.export import RuleText
from graphinv.export.support.escape import sarif_text, uri_path
from graphinv.export.support.words import SECURITY_SEVERITY, node_words, ordered, risk_words, scores_by_subject
from graphinv.model.csvform import STEMS
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis, Finding, Hop, Score
from graphinv.model.text import plain

NAME = "sarif"
TITLE = "SARIF 2.1.0"
SUFFIX = ".sarif"

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVEL = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "info": "note"}
_LINE = re.compile(r"L([1-9][0-9]{0,8})")
_MAX_LOCATIONS = 10
"""Places of one finding; code scanning shows the first."""


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str:
    """All findings of an analysis as one run."""
    log = sarif(analysis.findings, rules, scores_by_subject(analysis), estate.roots)
    return json.dumps(log, ensure_ascii=True, indent=2) + "\n"


def sarif(
    findings: Iterable[Finding],
    rules: Mapping[str, RuleText],
    scores: Mapping[NodeKey, Score] | None = None,
    roots: Iterable[str] = (),
) -> dict[str, Any]:
    """A SARIF log of one run.

    Args:
        findings: in any order; the worst come first.
        rules: what is known of each rule, by id; one that is missing is told as its findings tell it.
        scores: of the subjects, told in words.
        roots: names of the roots that were scanned; of a source under none of them, the first part is taken for its root.
    """
    longest_first = sorted(roots, key=len, reverse=True)
    listed = ordered(findings)
    by_rule: dict[str, Finding] = {}
    for finding in listed:
        by_rule.setdefault(finding.rule, finding)
    ids = sorted({*rules, *by_rule})
    index = {id: number for number, id in enumerate(ids)}
    results = [_result(finding, index[finding.rule], (scores or {}).get(finding.subject), longest_first) for finding in listed]
    run: dict[str, Any] = {
        "tool": {
            "driver": {
                "name": "graphinv",
                "semanticVersion": __version__,
                "rules": [_rule(id, rules.get(id), by_rule.get(id)) for id in ids],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    bases = sorted({place["uriBaseId"] for result in results for place in _artifacts(result) if "uriBaseId" in place})
    if bases:
        run["originalUriBaseIds"] = {base: {"description": {"text": sarif_text(f"The root that was scanned as {base}")}} for base in bases}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _artifacts(result: Mapping[str, Any]) -> Iterable[dict[str, Any]]:
    flows = [step["location"] for flow in result.get("codeFlows", ()) for thread in flow["threadFlows"] for step in thread["locations"]]
    for location in (*result["locations"], *flows):
        yield location["physicalLocation"]["artifactLocation"]


# --------------------------------------------------------------------------------------------------------------------------------
# Rules


def _rule(id: str, rule: RuleText | None, example: Finding | None) -> dict[str, Any]:
    told = rule or example
    if told is None:
        raise ValueError(f"nothing is known of rule {id}")
    severity = str(told.severity)
    level = _LEVEL.get(severity, "warning")
    descriptor: dict[str, Any] = {
        "id": plain(id),
        "name": _camel(told.title),
        "shortDescription": {"text": sarif_text(told.title)},
        "fullDescription": {"text": sarif_text(_general(rule, told))},
        "defaultConfiguration": {"level": level},
        "properties": {
            "security-severity": SECURITY_SEVERITY.get(severity, "0.0"),
            "tags": ["security", *sorted({plain(name) for name in told.frameworks} - {"security"})],
        },
    }
    if told.remediation:
        descriptor["help"] = {"text": sarif_text(told.remediation)}
    return descriptor


def _general(rule: RuleText | None, told: RuleText | Finding) -> str:
    # Why of a finding speaks of its own subject; only a rule's speaks of all.
    return (rule.why if rule else "") or told.title


def _camel(title: str) -> str:
    return "".join(word[:1].upper() + word[1:] for word in re.findall(r"[A-Za-z0-9]+", title)) or "Rule"


# --------------------------------------------------------------------------------------------------------------------------------
# Results


def _result(finding: Finding, rule_index: int, score: Score | None, roots: Sequence[str]) -> dict[str, Any]:
    key = finding.key
    result: dict[str, Any] = {
        "ruleId": plain(finding.rule),
        "ruleIndex": rule_index,
        "level": _LEVEL[finding.severity],
        "message": {"text": sarif_text(_message(finding))},
        "locations": _locations(finding, roots),
        "partialFingerprints": {"graphinv/v1": key, "primaryLocationLineHash": key},
        "rank": min(100.0, max(0.0, finding.priority)),
        "properties": _bag(finding, score),
    }
    if finding.last_seen:
        result["baselineState"] = "new" if finding.last_seen in (finding.first_seen, finding.reopened_at) else "unchanged"
    if finding.path:
        result["codeFlows"] = [{"threadFlows": [{"locations": _flow(finding.path, roots)}]}]
    return result


def _message(finding: Finding) -> str:
    ends = node_words(finding.subject) + (f" to {node_words(finding.target)}" if finding.target else "")
    return f"{finding.title}: {ends}." + (f" {finding.why}" if finding.why else "")


def _bag(finding: Finding, score: Score | None) -> dict[str, Any]:
    bag: dict[str, Any] = {
        "severity": finding.severity,
        "security-severity": SECURITY_SEVERITY[finding.severity],
        "confidence": finding.confidence,
        "owners": [plain(owner) for owner in finding.owners],
    }
    if score:
        bag["risk"] = risk_words(score)
    lived = {"firstSeen": finding.first_seen, "lastSeen": finding.last_seen, "reopenedAt": finding.reopened_at}
    return (
        bag
        | {name: time for name, time in lived.items() if time}
        | ({"unconfirmed": plain(finding.unconfirmed)} if finding.unconfirmed else {})
    )


def _locations(finding: Finding, roots: Sequence[str]) -> list[dict[str, Any]]:
    places = _unique([_physical(source, roots) for source in finding.sources]) or [_made_up(finding.subject)]
    locations: list[dict[str, Any]] = [{"physicalLocation": place} for place in places[:_MAX_LOCATIONS]]
    locations[0]["logicalLocations"] = _logical(finding.subject, *([finding.target] if finding.target else []))
    return locations


def _unique(places: Sequence[dict[str, Any] | None]) -> list[dict[str, Any]]:
    return list({json.dumps(place, sort_keys=True): place for place in places if place}.values())


def _flow(path: Sequence[Hop], roots: Sequence[str]) -> list[dict[str, Any]]:
    return [{"location": _hop(hop, roots), "nestingLevel": 0, "executionOrder": number} for number, hop in enumerate(path, start=1)]


def _hop(hop: Hop, roots: Sequence[str]) -> dict[str, Any]:
    places = _unique([_physical(source, roots) for source in hop.sources]) or [_made_up(hop.source)]
    words = hop.words or f"{node_words(hop.source)} {hop.edge} {node_words(hop.target)}"
    return {
        "physicalLocation": places[0],
        "logicalLocations": _logical(hop.source, hop.target),
        "message": {"text": sarif_text(words)},
    }


def _logical(*keys: NodeKey) -> list[dict[str, Any]]:
    """The things that a place is about, each once, as the schema asks: who asks himself is both ends of a hop."""
    return _unique(
        [
            {"name": plain(id), "fullyQualifiedName": plain(node_words((kind, id))), "kind": plain(kind[:1].lower() + kind[1:])}
            for kind, id in keys
        ]
    )


def _physical(source: str, roots: Sequence[str]) -> dict[str, Any] | None:
    """The place that ``root/path#L12`` names; None when it names no file. A root that is one file has no path below it."""
    document, _, where = source.partition("#")
    root = next((name for name in roots if document == name or document.startswith(f"{name}/")), document.partition("/")[0])
    path = document[len(root) + 1 :]
    uri = uri_path(path or root.rpartition("/")[2])
    if not uri:
        return None
    artifact = {"uri": uri, "uriBaseId": plain(root)} if path and root else {"uri": uri}
    line = _LINE.fullmatch(where)
    return {"artifactLocation": artifact, "region": {"startLine": int(line[1]) if line else 1}}


def _made_up(key: NodeKey) -> dict[str, Any]:
    """A stable place for what no file declares, since readers need one."""
    kind, id = key
    uri = uri_path(f"graphinv/{STEMS.get(kind, kind.lower())}/{id.replace('/', '~')}.json")
    return {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}
