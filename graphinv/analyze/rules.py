"""Rules: data in ``queries/rules/``, one file a rule, and what turns their rows into findings.

A rule is Cypher under front matter, or front matter that names a function of ``checks.py`` or a ``checks_<family>.py``. Either gives rows:

| column | meaning |
|---|---|
| `subject_kind`, `subject_id` | what the finding is about: a node, or `Document` and the name of a root |
| `target_kind`, `target_id` | what it leads to; absent or null where there is nothing |
| `action`, `lens` | which witness to show; the strongest action held and `posture` where absent |
| `confidence` | how sure the row is, beside its witness |
| `modifiers` | list of `+1 reason`, on top of those that the front matter names; null entries are passed over |
| `unknown` | true where the row says only that this could not be judged: counted in the rule's status, never a finding and never a pass |
| `path` | of functions only: the hops to show, where they are already known |
| `sources` | where it is stated, of a finding about a root |
| any other that `columns` declares | detail of the finding |
"""

from __future__ import annotations

import importlib
import pkgutil
import string
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import dataclass
from functools import cache, cached_property, partial
from itertools import chain, groupby
from operator import attrgetter
from pathlib import PurePosixPath
from types import FunctionType
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import Field, StringConstraints, ValidationError, model_validator

import graphinv.analyze
from graphinv.analyze.alike import Alike, same, unite
from graphinv.analyze.forked import Answer, Row, answers
from graphinv.analyze.labels import states
from graphinv.analyze.library import Header, Parameter, bind, check_parameters, explain, split
from graphinv.analyze.reaching import affordable
from graphinv.analyze.rows import hop_of
from graphinv.analyze.severity import MODIFIERS, Gauge, level_of
from graphinv.model.errors import InputError
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.results import Finding, Hop, Lens, Level, RuleStatus, finding_key
from graphinv.store import Rows

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

Ask = Callable[[str, Mapping[str, Any]], Rows]
Check = Callable[["Engine", Mapping[str, Any]], Iterable[Row]]
Ends = tuple[NodeKey, NodeKey | None]
"""Subject and target of a row."""

RESERVED = frozenset({"subject_kind", "subject_id", "target_kind", "target_id", "confidence", "modifiers", "unknown", "path", "sources"})
_ALWAYS = frozenset({"at"})

MOST_SEARCHES = 1_000
"""For how many targets of one rule ways are searched at most; a finding about another shows the edge between its ends, or no path."""

_STRONGEST_FIRST = ("admin", "delete", "execute", "write", "read")


Text = Annotated[str, StringConstraints(strip_whitespace=True)]


class _RuleHeader(Header):
    id: str = Field(pattern=r"^[A-Z]{2,5}-[A-Z]{3}-[0-9]{3}$")
    title: str
    finding: str
    severity: Level
    base: int = Field(ge=1, le=10)
    modifiers: tuple[str, ...] = ()
    why: Text
    remediation: Text
    frameworks: tuple[str, ...]
    needs: tuple[str, ...]
    clear_needs: tuple[str, ...] = ()
    parameters: dict[str, Parameter] = Field(default_factory=dict)
    columns: dict[str, str] = Field(default_factory=dict)
    unknown: str = ""
    traps: tuple[str, ...] = ()
    function: str | None = None


class Rule(_RuleHeader):
    """A rule: its metadata and either Cypher or a function.

    ``finding`` is the title of its findings, with ``{subject}``, ``{target}`` and its ``columns`` filled in; ``severity`` the level of a
    finding that no modifier touches. ``needs`` lists what some source must have stated for it to be judged: node kinds, edge kinds,
    properties (``Secret.lifetime``), labels (``Tool.labels:duty``) and evidence (``USES.evidence:observed``), ``|`` between alternatives;
    ``clear_needs`` what else for finding nothing to be a pass.
    """

    cypher: str = Field(default="", repr=False)

    @model_validator(mode="after")
    def _consistent(self) -> Rule:
        if bool(self.cypher) == bool(self.function):
            raise ValueError("needs either Cypher or a function, not both")
        if self.function and self.function not in _checks():
            raise ValueError(f"there is no check {self.function!r}")
        if self.severity != level_of(self.base):
            raise ValueError(f"severity is {level_of(self.base)!r} for a base of {self.base}")
        for code in self.modifiers:
            if code not in MODIFIERS:
                raise ValueError(f"there is no modifier {code!r}")
        for need in (*self.needs, *self.clear_needs):
            for one in need.split("|"):
                _check_need(one.strip())
        for name in sorted(self.named - {"subject", "target"} - set(self.columns)):
            raise ValueError(f"its finding names {{{name}}}, which is no column")
        for name in sorted(RESERVED & set(self.columns)):
            raise ValueError(f"{name} needs no declaration among the columns")
        return self

    @cached_property
    def named(self) -> frozenset[str]:
        """What the title of its findings names."""
        return frozenset(name for _, name, _, _ in string.Formatter().parse(self.finding) if name is not None)

    @cached_property
    def named_columns(self) -> tuple[str, ...]:
        """The columns among it."""
        return tuple(sorted(self.named & set(self.columns)))

    def asked(self, given: Mapping[str, object], at: str) -> dict[str, Any]:
        """What its query is asked with at a time, settings ``given`` over its defaults.

        Raises:
            UsageError: one is unknown, missing or of the wrong type.
        """
        return {**bind(self.parameters, given, at=at), "at": at}

    @property
    def check(self) -> Check:
        """The function of a rule that is one."""
        return _checks()[self.function or ""]

    @property
    def module(self) -> str:
        """Where that function is; empty of a query."""
        return self.check.__module__ if self.function else ""


@cache
def _checks() -> Mapping[str, Check]:
    """The public functions of ``checks.py`` and of every ``checks_<family>.py`` beside it, by name."""
    found: dict[str, Check] = {}
    for module in pkgutil.iter_modules(graphinv.analyze.__path__, f"{graphinv.analyze.__name__}."):
        if module.name.rpartition(".")[2].partition("_")[0] == "checks":
            loaded = importlib.import_module(module.name)
            found |= {
                name: value
                for name, value in vars(loaded).items()
                if isinstance(value, FunctionType) and value.__module__ == module.name and not name.startswith("_")
            }
    return found


def _check_need(need: str) -> None:
    kind, dot, stated = need.partition(".")
    model = NODE_KINDS.get(kind) or EDGE_KINDS.get(kind)
    name, one_of, _ = stated.partition(":")
    if model is None or (dot and name not in model.model_fields) or (one_of and name not in ("labels", "evidence")):
        raise ValueError(f"needs {need!r}, which the vocabulary does not have")


def load_rules(texts: Mapping[str, str], frameworks: Mapping[str, Any] | None = None) -> dict[str, Rule]:
    """Rules by id, in order of their ids.

    Args:
        texts: file texts by path; each file is called ``<id>.cypher``.
        frameworks: the catalogue of data/frameworks.json, against which framework ids are checked when given.

    Raises:
        InputError: front matter that is not understood, a file called otherwise than its rule, an unknown framework id, a parameter
            used and not declared.
    """
    known = None if frameworks is None else framework_ids(frameworks)
    rules: dict[str, Rule] = {}
    for path, text in sorted(texts.items()):
        meta, cypher = split(text, path)
        try:
            rule = Rule.model_validate({**meta, "cypher": cypher.strip()})
        except ValidationError as error:
            raise InputError(explain(error), document=path) from None
        if PurePosixPath(path).stem != rule.id:
            raise InputError(f"holds rule {rule.id}", document=path, remedy=f"call it {rule.id}.cypher")
        if rule.id in rules:
            raise InputError(f"another file holds rule {rule.id}", document=path)
        if rule.cypher:
            check_parameters(rule.cypher, rule.parameters, path, given=_ALWAYS)
        for id in rule.frameworks if known is not None else ():
            if id not in (known or ()):
                raise InputError(f"framework id {id!r} is not in the catalogue", document=path)
        rules[rule.id] = rule
    return dict(sorted(rules.items()))


def framework_ids(catalogue: Mapping[str, Any]) -> frozenset[str]:
    """Ids of all items of the frameworks catalogue."""
    return frozenset(item["id"] for framework in catalogue["frameworks"] for item in framework["items"])


def run_rules(
    rules: Mapping[str, Rule],
    engine: Engine,
    query: Ask,
    parameters: Mapping[str, Mapping[str, object]] | None = None,
    told: Callable[[RuleStatus], None] = lambda status: None,
    unknowns: dict[str, frozenset[Ends]] | None = None,
) -> tuple[list[Finding], list[RuleStatus]]:
    """Judge every rule, those that are queries first.

    Args:
        rules: by id.
        engine: holds the estate, the time and the settings.
        query: read-only Cypher on the same generation (:class:`graphinv.analyze.ahead.Ahead` has asked it before).
        parameters: settings of rules by rule id, over their defaults.
        told: is given each status as soon as its rule is judged.
        unknowns: is given, by rule, the ends of which the rule says that it could not judge them.

    Returns:
        Findings by rule, subject and target, and one status per rule. A rule that fails has the outcome ``error``, one whose inputs
        nobody stated ``not_available``; neither is a pass.
    """
    gauge, alike = Gauge(engine), Alike(engine.estate)
    supplied = _supplied(engine.estate, (need for rule in rules.values() for need in (*rule.needs, *rule.clear_needs)))
    findings: dict[str, list[Finding]] = {}

    def rows(rule: Rule) -> Iterable[Row]:
        return _rows(rule, engine, query, (parameters or {}).get(rule.id, {}))

    def judged(rule: Rule, answer: Callable[[], Iterable[Row]]) -> RuleStatus:
        status = partial(RuleStatus, rule=rule.id, title=rule.title)
        alike.another_rule()
        try:
            found, unknown = _judge(rule, engine, gauge, alike, answer())
        except Exception as error:  # whatever goes wrong in one rule, the others are judged and this one never passes
            return status(outcome="error", reason=f"{type(error).__name__}: {error}")
        findings[rule.id] = found
        if unknowns is not None:
            unknowns[rule.id] = unknown
        lacking = "" if found else _missing(rule.clear_needs, supplied)
        counted = f"{len(unknown)} could not be judged: {rule.unknown}" if unknown else ""
        outcome: Literal["found", "clear", "not_available"] = "found" if found else "not_available" if lacking else "clear"
        return status(outcome=outcome, findings=len(found), reason="; ".join(filter(None, (lacking, counted))))

    statuses = {
        rule.id: RuleStatus(rule=rule.id, title=rule.title, outcome="not_available", reason=missing)
        for rule in rules.values()
        if (missing := _missing(rule.needs, supplied))
    }
    for status in statuses.values():
        told(status)
    left = sorted((rule for rule in rules.values() if rule.id not in statuses), key=lambda rule: (rule.module, rule.id))
    families = {module: list(some) for module, some in groupby(left, key=attrgetter("module"))}
    queries = families.pop("", [])
    first: Iterable[Answer[Rule]] = ((rule, partial(rows, rule)) for rule in queries)
    with closing(answers(families.values(), rows, engine)) as others:
        for rule, answer in chain(first, others):
            statuses[rule.id] = judged(rule, answer)
            told(statuses[rule.id])
    return [finding for id in sorted(rules) for finding in findings.get(id, ())], [statuses[id] for id in sorted(rules)]


def _missing(needs: Iterable[str], supplied: frozenset[str]) -> str:
    """What of ``needs`` nobody stated, in words; empty where nothing is missing."""
    alternatives = [[one.strip() for one in need.split("|")] for need in needs]
    missing = [" or ".join(names) for names in alternatives if supplied.isdisjoint(names)]
    return f"no source states {', '.join(missing)}" if missing else ""


def _supplied(estate: Estate, needs: Iterable[str]) -> frozenset[str]:
    """Kinds, and properties of kinds, that the estate holds; of labels and evidence those that are among ``needs``."""
    # Nodes and edges share what is stated of them, so each dictionary is looked at once
    stated = {kind: {id(node.props): node.props for node in estate.of_kind(kind)} for kind in NODE_KINDS}
    stated |= {kind: {id(edge.props): edge.props for edge in estate.edges_of(kind)} for kind in EDGE_KINDS}
    asked = {name.strip().partition(".") for need in needs for name in need.split("|") if ":" in name}
    found = {f"{kind}.{name}" for kind, _, name in asked if any(states(props, name) for props in stated[kind].values())}
    names = {kind: set[str]().union(*props.values()) for kind, props in stated.items() if props}
    return frozenset(found).union(names, (f"{kind}.{name}" for kind, properties in names.items() for name in properties))


_NONE: Set[str] = frozenset()


@dataclass(slots=True)
class _Merged:
    """Rows about one pair of ends."""

    details: dict[str, Any]
    """In the order of their names."""
    modifiers: Set[str] | None = None
    confidence: float = 1.0
    path: Sequence[Hop] = ()
    sources: Sequence[str] = ()

    def add(self, row: Row, details: dict[str, Any]) -> None:
        """Take in one row, and what it says as details."""
        if details is not self.details:
            before = self.details
            found = {name: unite(before.get(name), value) for name, value in details.items()}
            self.details = dict(sorted({**before, **found}.items()))
        stated = row.get("modifiers")
        notes = {text for text in stated if text is not None} if stated else _NONE
        if self.modifiers is None:
            self.modifiers = notes
        elif notes != self.modifiers:  # what lowers it has to be so of every row
            self.modifiers = {*self.modifiers, *notes} - {text for text in self.modifiers ^ notes if text.startswith("-")}
        self.path = self.path or row.get("path") or ()
        self.sources = self.sources or row.get("sources") or ()
        sure = row.get("confidence")
        if sure is not None and sure < self.confidence:
            self.confidence = sure


def _rows(rule: Rule, engine: Engine, query: Ask, given: Mapping[str, object]) -> Iterable[Row]:
    if rule.function:
        return rule.check(engine, bind(rule.parameters, given, at=engine.at))
    answer = query(rule.cypher, rule.asked(given, engine.at))
    return (dict(zip(answer.columns, row, strict=True)) for row in answer.rows)


def _judge(rule: Rule, engine: Engine, gauge: Gauge, alike: Alike, rows: Iterable[Row]) -> tuple[list[Finding], frozenset[Ends]]:
    merged: dict[tuple[NodeKey, NodeKey | None], _Merged] = {}
    unknown = set()
    names = sorted({*rule.columns, "action", "lens"})
    declared = RESERVED.union(names)
    for row in rows:
        if not declared.issuperset(row):
            extra = set(row) - declared
            raise InputError(f"returns columns it does not declare: {', '.join(sorted(extra))}", document=rule.id)
        subject: NodeKey = (row["subject_kind"], row["subject_id"])
        target: NodeKey | None = (row["target_kind"], row["target_id"]) if row.get("target_id") is not None else None
        if row.get("unknown"):
            unknown.add((subject, target))
        else:
            details = alike.details(names, row)
            about = merged.get((subject, target))
            if about is None:
                about = merged[subject, target] = _Merged(details)
            about.add(row, details)
    # Target by target: the engine's search for one target and action serves every subject
    pathless = sorted((target, subject) for (subject, target), about in merged.items() if target and not about.path)
    searched = _searched(engine, {target for target, _ in pathless})
    for target, subject in pathless:
        about = merged[subject, target]
        about.path = witness(engine, subject, target, about.details, search=target in searched)
    ordered = sorted(merged.items(), key=lambda item: (item[0][0], item[0][1] or ("", "")))
    findings = [_finding(rule, engine, gauge, alike, subject, target, about) for (subject, target), about in ordered]
    return findings, frozenset(unknown - set(merged))


def _searched(engine: Engine, targets: set[NodeKey]) -> set[NodeKey]:
    """Those for which ways are searched: the weightiest, as many as can be afforded."""
    weight = engine.weights.target
    columns = {target: column for target in targets if (column := engine.structure.column_of(target)) is not None}
    ranked = sorted(columns, key=lambda target: (-weight[columns[target]], target))
    return set(ranked[: affordable(engine, MOST_SEARCHES)])


def _finding(rule: Rule, engine: Engine, gauge: Gauge, alike: Alike, subject: NodeKey, target: NodeKey | None, about: _Merged) -> Finding:
    estate = engine.estate
    hops = about.path
    confidence, inferred = about.confidence, 1.0
    for hop in hops:
        if hop.confidence is not None:
            confidence = min(confidence, hop.confidence)
            inferred = min(inferred, hop.confidence) if hop.evidence == ("inferred",) else inferred
    level, parts = gauge.judge(rule.base, rule.modifiers, subject, target, hops, about.modifiers or (), confidence, inferred)
    names = {name: _words(about.details.get(name, "")) for name in rule.named_columns}
    reached = estate.nodes[target] if target else None
    thing = alike.thing(subject)
    sources = tuple(about.sources) or (subject[1],) if subject[0] == "Document" else thing.sources
    return Finding(
        key=finding_key(rule.id, subject, target),
        rule=rule.id,
        title=rule.finding.format(**names, subject=thing.name, target=reached.name if reached else ""),
        severity=level,
        confidence=float(confidence),
        subject=thing.key,
        target=reached.key if reached else None,
        why=rule.why,
        remediation=rule.remediation,
        path=tuple(hops),
        frameworks=rule.frameworks,
        owners=thing.owners,
        sources=sources or same(tuple(sorted(_said_around(estate, subject, hops)))),
        likelihood=engine.settings.likelihood.get(rule.id, 0.0),
        severity_parts=parts,
        details=about.details,
    )


def _said_around(estate: Estate, subject: NodeKey, hops: Sequence[Hop]) -> set[str]:
    """Where the hops are stated or, without any, the edges of ``subject``: of a node that no source declares they say where it is named."""
    said = {source for hop in hops for source in hop.sources}
    edges = (*estate.incoming.get(subject, ()), *estate.outgoing.get(subject, ()))
    return said or {source for edge in edges for source in edge.sources}


def _words(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, (list, tuple)) else str(value)


def witness(engine: Engine, subject: NodeKey, target: NodeKey, details: Mapping[str, Any], *, search: bool = True) -> Sequence[Hop]:
    """How ``subject`` comes to ``target``: a witness of the engine where the target can be acted on and a way is to be searched, else the
    edge between them."""
    lens: Lens = details.get("lens", "posture")
    if search and target[0] in ("Resource", "Secret"):
        stated = details.get("action")
        wanted = [stated] if isinstance(stated, str) else stated or _STRONGEST_FIRST
        held = engine.privileges(lens).actions_on(subject, target)
        for action in _STRONGEST_FIRST:
            if action in wanted and action in held:
                path = engine.witness(subject, target, action, lens)
                if path is not None:
                    return path.hops
    between = [edge for edge in engine.estate.outgoing.get(subject, ()) if edge.target == target]
    if len(between) > 1:
        between = [min(between, key=lambda edge: (-edge.props.get("confidence", 1.0), edge.kind, edge.key))]
    return [hop_of(engine.estate, edge) for edge in between]
