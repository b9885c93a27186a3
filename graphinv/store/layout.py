"""What the stores have in common in how they lay their contents out: rows of plain properties, and the way back.

Nodes carry their kind as label and what :func:`graphinv.store.merge.visible` gives as properties; edges carry their ``key`` as well.
Properties that begin with an underscore, and the label ``_Store``, are bookkeeping: ``_root`` (the one root that states it) or ``_by``
(JSON: root → what it states, where several do), ``_first`` (time of the first generation, where a source states another ``first_seen``)
and ``_seen`` (:class:`graphinv.store.merge.Entry`). Results lie beside the facts: scores on nodes, CAN_REACH and ABOUT edges, Finding and
Rule nodes. What would have to be counted over all findings is written down once.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable, Set
from dataclasses import replace
from typing import Any

from graphinv.model.errors import StoreError
from graphinv.model.facts import NodeKey, Problem, Props
from graphinv.model.kinds import NODE_KINDS
from graphinv.model.results import LEVELS, Analysis, CanReach, Finding, Score
from graphinv.store import Scan
from graphinv.store.merge import EdgeId, Entry, Sole, visible

SCHEMA = 2
"""Number of the form in which stores are kept; 2 has Rule nodes, counts of findings and what puts them in order."""

SCORES = (
    "impact",
    "likelihood",
    "risk",
    "risk_level",
    "impact_ungoverned",
    "impact_runtime",
    "reach_targets",
    "reach_atoms",
    "hidden_atoms",
    "open_findings",
    "severe_findings",
)
"""Properties of nodes that hold results."""


def row(key: NodeKey | EdgeId, entry: Entry) -> Props:
    """The properties that stand for an entry."""
    props = visible(key, entry)
    if len(entry.by) == 1:
        props["_root"] = next(iter(entry.by))
    elif entry.by:
        props["_by"] = json.dumps(entry.by, ensure_ascii=False, separators=(",", ":"))
    if "first_seen" in entry.props:
        props["_first"] = entry.first
    if entry.seen is not None:
        props["_seen"] = entry.seen
    return props


def entry_of(props: Props, id: str | None) -> Entry:
    """The inverse of :func:`row`; ``id`` of a node, None for an edge."""
    root, by = props.pop("_root", None), props.pop("_by", None)
    first, seen = props.pop("_first", None), props.pop("_seen", None)
    if first is None:
        first = props.pop("first_seen")
    if id is not None and props.get("name") == id:
        del props["name"]
    if root is not None:
        return Entry(props, Sole(root, props), first, seen)
    if by is not None:
        return Entry(props, json.loads(by), first, seen)
    gone_at = props.pop("gone_at", None)
    return Entry(props, {}, first, seen, gone_at, props.pop("last_seen", None) if gone_at is not None else None)


def scan_of(data: dict[str, Any]) -> Scan:
    """A scan from plain data."""
    return Scan(**{**data, "problems": tuple(Problem(**problem) for problem in data["problems"])})


def scan_row(scan: Scan, complete_at: str | None, dump: Callable[[Scan], dict[str, Any]]) -> dict[str, Any]:
    """Properties of a Scan node; ``dump`` makes a scan plain data."""
    return {
        "id": scan.root,
        "name": scan.root,
        "at": scan.at,
        "outcome": scan.outcome,
        "documents": scan.documents,
        "location": scan.location,
        "data": json.dumps({"scan": dump(scan), "complete_at": complete_at}, ensure_ascii=False, separators=(",", ":")),
    }


def finding_row(finding: Finding) -> dict[str, Any]:
    """Properties of a Finding node."""
    return {
        "id": finding.key,
        "title": finding.title,
        "name": finding.title,
        "rule": finding.rule,
        "severity": finding.severity,
        "confidence": finding.confidence,
        "subject_kind": finding.subject[0],
        "subject_id": finding.subject[1],
        "target_kind": finding.target[0] if finding.target else None,
        "target_id": finding.target[1] if finding.target else None,
        "first_seen": finding.first_seen,
        "last_seen": finding.last_seen,
        "fixed_at": finding.fixed_at,
        "reopened": finding.reopened,
        "sort_key": _sort_key(finding),
    }


def _sort_key(finding: Finding) -> str | None:
    """What puts open findings in order, from the end: the newest first, of these the worst. An index on it spares reading all of them."""
    if finding.fixed_at is not None:
        return None
    worst = f"{len(LEVELS) - LEVELS.index(finding.severity)} {finding.priority:06.2f}"
    return f"{finding.first_seen or ''} {worst} {finding.rule} {finding.key}"


def rule_rows(analysis: Analysis) -> list[dict[str, Any]]:
    """Properties of the Rule nodes: whether each could be judged, and how many open findings it has. O(findings)."""
    counts = Counter((finding.rule, finding.severity) for finding in analysis.findings)
    return [
        {"id": status.rule, "name": status.title, "outcome": status.outcome, "reason": status.reason}
        | {level: counts[status.rule, level] for level in LEVELS}
        for status in analysis.rules
    ]


def reach_row(pair: CanReach) -> dict[str, Any]:
    """A CAN_REACH edge: ids of its ends and its properties."""
    props = {"lens": pair.lens, "actions": list(pair.actions), "hops": pair.hops, "via": list(pair.via)}
    return {"a": pair.subject[1], "b": pair.target[1], "props": props}


def grouped(items: Iterable[Any], kinds: Callable[[Any], tuple[str, ...]]) -> dict[tuple[str, ...], list[Any]]:
    """``items`` by the node kinds they touch, those of the vocabulary only."""
    groups: dict[tuple[str, ...], list[Any]] = {}
    for item in items:
        if NODE_KINDS.keys() >= set(kinds(item)):
            groups.setdefault(kinds(item), []).append(item)
    return groups


def speaks_of(analysis: Analysis, nodes: Set[NodeKey]) -> bool:
    """Whether results are about any of ``nodes``. O(results)."""
    stated: tuple[Score | CanReach | Finding, ...] = (*analysis.scores, *analysis.reach, *analysis.findings, *analysis.fixed)
    return any(one.subject in nodes for one in stated) or any(pair.target in nodes for pair in analysis.reach)


def score_rows(analysis: Analysis) -> dict[tuple[str, ...], list[dict[str, Any]]]:
    """Ids of nodes and their :data:`SCORES`, by kind. O(scores + findings)."""
    several = Counter(finding.subject for finding in analysis.findings)
    severe = Counter(finding.subject for finding in analysis.findings if finding.severity in ("high", "critical"))
    groups = grouped(analysis.scores, lambda score: (score.subject[0],))
    return {kind: [_score_row(score, several[score.subject], severe[score.subject]) for score in scores] for kind, scores in groups.items()}


def _score_row(score: Score, findings: int, severe: int) -> dict[str, Any]:
    return {
        "id": score.subject[1],
        "impact": score.impact,
        "likelihood": score.likelihood,
        "risk": score.risk,
        "risk_level": score.level,
        "impact_ungoverned": score.impact_ungoverned,
        "impact_runtime": score.impact_runtime,
        "reach_targets": score.targets,
        "reach_atoms": score.atoms,
        "hidden_atoms": score.hidden_atoms,
        "open_findings": findings,
        "severe_findings": severe,
    }


def check_schema(found: int, ours: int, url: str, *, older: bool) -> None:
    """That the form ``found``, in which the store at ``url`` is kept, can be read here, where ``ours`` is written.

    Raises:
        StoreError: it is a newer one, or an ``older`` one that is not wanted; says what to do.
    """
    if found > ours:
        raise StoreError(f"{url} was written by a newer graphinv (schema {found}, this one reads {ours}); upgrade graphinv")
    if found < ours and not older:
        raise StoreError(
            f"{url} was written by an older graphinv (schema {found}, this one writes {ours}); run `graphinv store migrate --store {url}`"
        )


def undated(analysis: Analysis) -> bool:
    """Whether some finding of ``analysis`` does not say when it was first seen."""
    return any(finding.first_seen is None for finding in analysis.findings)


def with_first_seen(analysis: Analysis, previous: Analysis | None) -> Analysis:
    """``analysis``, whose findings were first seen when they say so, or ``previous`` does, or now."""
    seen = {finding.key: finding.first_seen for finding in previous.findings} if previous else {}
    findings = tuple(
        finding if finding.first_seen else replace(finding, first_seen=seen.get(finding.key) or analysis.at)
        for finding in analysis.findings
    )
    return analysis.model_copy(update={"findings": findings})
