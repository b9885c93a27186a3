"""What changed between two states of an estate, each given as a snapshot, a store, or files to read. Stores are only read.

Each is judged at the time of its own results, so that its findings and privileges are of one time. Where there are no results of what it
holds, or where another time is asked for, it is analyzed anew, in a store that is thrown away.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import asdict, dataclass, fields, replace
from functools import cached_property
from math import isclose
from pathlib import Path
from typing import Any, Literal, TypeGuard

from pydantic import TypeAdapter

from graphinv.analyze.diff import Facts, Sight, facts_changed
from graphinv.analyze.engine import Engine
from graphinv.analyze.gains import lens_difference
from graphinv.analyze.labels import states
from graphinv.model.difference import GONE, Compared, Difference, EdgeChange, FindingChange, NodeChange, ScoreMove
from graphinv.model.errors import FactError, StoreError, UsageError
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props, check_edge, check_node
from graphinv.model.results import LEVELS, Analysis, Finding, Lens, Level, RuleStatus, Score, adapter
from graphinv.model.text import counted
from graphinv.pipeline.accepted import Filter, Shown
from graphinv.pipeline.gather import Progress, quiet
from graphinv.pipeline.keys import KEY_FILE_VARIABLE, key_path, store_key
from graphinv.pipeline.lifecycle import Ends, Judgement, followed
from graphinv.pipeline.pool import collector_resting
from graphinv.pipeline.read import now
from graphinv.pipeline.stages import analyze, engine, ingest, rules, settings
from graphinv.pipeline.summary import root_summary
from graphinv.pipeline.walk import root_of
from graphinv.store import Scan, Store, open_store, store_url
from graphinv.store.merge import Entry, Key, State, living, visible
from graphinv.store.upkeep import Checker, read_backup, reading

COMPARED_LENSES: tuple[Lens, ...] = ("posture", "ungoverned")
"""Those that are compared unless others are asked for: the worst case, and the gap."""

_FINDING = tuple(field.name for field in fields(Finding))
_GZIP = b"\x1f\x8b"


@dataclass(frozen=True)
class Side:
    """One of the two: an estate and its judge, its results, and how it was read."""

    name: str
    judge: Engine
    analysis: Analysis
    scans: tuple[Scan, ...]
    fresh: bool = False
    """Whether it was read from files for this."""
    alike: frozenset[str] = frozenset()
    """Keys of open findings that both have at one level: their results go without them."""

    @cached_property
    def sight(self) -> Sight:
        """What it has read."""
        return Sight({scan.root: scan.outcome for scan in self.scans})

    @cached_property
    def open(self) -> dict[str, Finding]:
        """Those findings by key that the other has not, or at another level."""
        return {finding.key: finding for finding in self.analysis.findings}

    @property
    def unread(self) -> int:
        """Number of problems that left something out of it."""
        return sum(problem.severity == "error" for scan in self.scans for problem in scan.problems)

    def compared(self) -> Compared:
        """It in short."""
        estate = self.judge.estate
        return Compared(
            name=self.name,
            at=self.judge.at,
            generation=estate.generation,
            roots=dict(sorted(self.sight.outcomes.items())),
            agents=len(self.judge.structure.of_kind("Agent")),
            nodes=len(estate.nodes),
            edges=len(estate.edges),
            findings=len(self.open) + len(self.alike),
        )


# --------------------------------------------------------------------------------------------------------------------------------
# The two sides


@collector_resting()
def sides(before: str, after: str, *, keeper: str | None = None, at: str | None = None, progress: Progress = quiet) -> tuple[Side, Side]:
    """What ``before`` and ``after`` name: a snapshot or backup, the address of a store, a file of facts, or a folder.

    Files and folders are read here. They stand for the root of the other side where that has just one (``before`` for ``after`` where both
    are), so that two checkouts of one project are compared thing by thing; secrets in them are fingerprinted with the key of ``keeper``.

    Args:
        before: the one.
        after: the other.
        keeper: address of a store; when absent, that of the side that is a store, or the default one.
        at: the time to judge both at; when absent, that of the results of each, or now.
        progress: told about each step.

    Raises:
        UsageError: there is nothing there.
        StoreError: it is no whole snapshot, or no store.
    """
    names = (before, after)
    kinds = [_kind(name) for name in names]
    moment = at or now()
    with tempfile.TemporaryDirectory(prefix="graphinv-") as folder:
        stores = [name for name, kind in zip(names, kinds, strict=True) if kind == "store"]
        key = key_path((keeper or next(iter(stores), store_url())).removeprefix("file://"))
        if not key.exists():
            store_key(str(Path(folder) / "shared"))
            key = key_path(str(Path(folder) / "shared"))
        root = root_of(after).name if set(kinds) == {"files"} else None
        made: dict[int, Side] = {}
        for index in sorted((0, 1), key=lambda index: kinds[index] == "files"):
            progress("opening", index + 1, names[index])
            place = Path(folder) / str(index)
            place.mkdir()
            (place / "graph.key").symlink_to(key.resolve())
            if kinds[index] == "files":
                made[index] = _read(names[index], place, root, moment, progress)
            elif kinds[index] == "snapshot":
                made[index] = _of_snapshot(names[index], place, at, progress, made.get(1 - index))
            else:
                with open_store(names[index]) as store:
                    made[index] = _of_store(names[index], store, place, at, progress)
            if len(made[index].scans) == 1:
                root = made[index].scans[0].root
    return _apart(made[0], made[1])


def _apart(*both: Side) -> tuple[Side, Side]:
    """Both without the findings that they have in common at one level, of which there may be hundreds of thousands."""
    alike = both[0].alike | both[1].alike | {key for key, finding in both[0].open.items() if _has(both[1], finding)}
    one, two = (replace(side, analysis=_without(side.analysis, alike), alike=alike) for side in both)
    return one, two


def _has(side: Side, finding: Finding) -> bool:
    other = side.open.get(finding.key)
    return other is not None and other.severity == finding.severity


def _without(analysis: Analysis, alike: Set[str]) -> Analysis:
    """Results with only what is compared."""
    findings = tuple(finding for finding in analysis.findings if finding.key not in alike)
    scores = tuple(replace(score, parts=()) for score in analysis.scores)
    return analysis.model_copy(update={"findings": findings, "scores": scores, "reach": (), "paths": ()})


def _kind(name: str) -> Literal["store", "snapshot", "files"]:
    path = Path(name)
    if path.is_dir() or (path.exists() and root_of(path).own_file):
        return "files"
    if not path.is_file():  # an address, nothing, or what would be waited for
        return "store"
    try:
        with path.open("rb") as file:
            return "snapshot" if file.read(len(_GZIP)) == _GZIP else "store"
    except OSError as error:
        raise UsageError(f"{name} cannot be read: {error.strerror}") from None


def _read(name: str, place: Path, called: str | None, at: str, progress: Progress) -> Side:
    root = replace(root_of(name), name=called) if called else root_of(name)
    with open_store(place / "graph", write=True) as store:
        ingest(store, [root], progress)
        analyze(store, progress, at=at)
        return replace(_of_store(name, store, place, None, progress), fresh=True)


def _of_snapshot(name: str, place: Path, at: str | None, progress: Progress, other: Side | None) -> Side:
    path = Path(name)
    estate, scans, analysis, alike = _snapshot(path, other)
    if _usable(analysis, estate.generation, at):
        return Side(name, Engine(estate, analysis.at, settings()), analysis, scans, alike=alike)
    return _analyzed(name, *read_backup(path), place, at, progress)


def _snapshot(path: Path, other: Side | None) -> tuple[Estate, tuple[Scan, ...], Analysis | None, frozenset[str]]:
    """What lives in a snapshot, read thing by thing, all of it of the vocabulary: whoever wrote the file, and whatever into it. Findings
    that the ``other`` has at the same level are left out; their keys come last."""
    alike = set()

    def compared(name: str, result: Any) -> Any:
        if name == "findings":
            adapter(Finding).validate_python({name: getattr(result, name) for name in _FINDING})
            if other is None or not _has(other, result):
                return result
            alike.add(result.key)
        if name == "scores":
            return replace(result, parts=())
        return result if name == "rules" else None

    try:
        with reading(path) as held:
            checker = Checker(held.scans)
            nodes = _sound(held.nodes(), checker.node, lambda key, props: check_node(NodeFact(*key, props)), path)
            edges = _sound(held.edges(), checker.edge, lambda key, props: check_edge(EdgeFact(*key[:3], props)), path)
            estate = living(nodes, edges, held.generation)
            analysis = held.results(compared)
        scans = tuple(scan for _, scan in sorted(held.scans.items()))
        TypeAdapter(list[Scan]).validate_python([asdict(scan) for scan in scans])
        for finding in analysis.former if analysis else ():
            adapter(Finding).validate_python({name: getattr(finding, name) for name in _FINDING})
    except (FactError, ValueError, TypeError, LookupError, AttributeError) as error:
        raise _unsound(path, f"its contents are not of this version's vocabulary ({type(error).__name__})") from None
    return replace(estate, roots=tuple(held.scans)), scans, analysis, frozenset(alike)


def _sound(
    things: Iterable[tuple[Key, Entry]], wrongs: Callable[[Key, Entry], Iterator[str]], valid: Callable[[Key, Props], object], path: Path
) -> Iterator[tuple[Key, Entry]]:
    """The things of a snapshot, one by one, as long as they are sound and stand in their order, so that none is there twice."""
    before: Key | None = None
    for key, entry in things:
        wrong = next(wrongs(key, entry), "")
        if wrong or (before is not None and key <= before):
            raise _unsound(path, wrong or f"{key} is not in its place")
        valid(key, visible(key, entry))
        yield key, entry
        before = key


def _unsound(path: Path, wrong: str) -> StoreError:
    return StoreError(f"{path} is no sound snapshot: {wrong}; is it of a newer graphinv?")


def _of_store(name: str, store: Store, place: Path, at: str | None, progress: Progress) -> Side:
    analysis = store.analysis()
    if _usable(analysis, store.generation, at):
        judge = engine(store, at=analysis.at)
        _ = judge.estate  # as long as the store is open
        return Side(name, judge, _without(analysis, frozenset()), tuple(store.scans()))
    return _analyzed(name, store.state(), analysis, place, at, progress)


def _analyzed(name: str, state: State, analysis: Analysis | None, place: Path, at: str | None, progress: Progress) -> Side:
    with open_store(place / "graph", write=True) as store:
        store.replace(state, analysis)
        analyze(store, progress, at=at)
        return _of_store(name, store, place, None, progress)


def _usable(analysis: Analysis | None, generation: int, at: str | None) -> TypeGuard[Analysis]:
    """Whether results are of what is there, at the time that is asked for."""
    return analysis is not None and analysis.generation == generation and at in (None, analysis.at)


# --------------------------------------------------------------------------------------------------------------------------------
# The difference


@collector_resting()
def difference(
    before: Side, after: Side, *, lenses: Sequence[Lens] = COMPARED_LENSES, most: int | None = None, progress: Progress = quiet
) -> Difference:
    """Everything in which they differ.

    Args:
        before: the one.
        after: the other.
        lenses: under which privileges are compared.
        most: how many gains, and how many losses, are looked into under each lens; all when absent.
        progress: told about each step.

    Raises:
        UsageError: no such lens.
    """
    progress("comparing", 0, "facts")
    facts = facts_changed(before.judge.estate, after.judge.estate, (before.sight, after.sight))
    found = []
    for lens in lenses:
        progress("comparing", 0, f"privileges, {lens}")
        one, two = (Engine(side.judge.structure, side.judge.at, side.judge.settings) for side in (before, after))  # they go with the lens
        found.append(lens_difference(one, two, facts, lens, most))
    progress("comparing", 0, "findings")
    return Difference(
        before=before.compared(),
        after=after.compared(),
        notes=tuple(_notes(before, after, facts)),
        nodes=facts.nodes,
        edges=facts.edges,
        seen_anew=facts.seen_anew,
        lenses=tuple(found),
        findings=tuple(sorted(_findings(before, after, facts), key=_worst_first)),
        scores=tuple(_scores(before.analysis.scores, after.analysis.scores)),
    )


def without_accepted(found: Difference, after: Side, hidden: Filter) -> tuple[Difference, Shown]:
    """``found`` without findings that ``after`` has and that are accepted risks, and what these are."""
    shown = hidden.shown([after.open[one.key] for one in found.findings if one.change not in GONE], after.judge.at)
    kept = {finding.key for finding in shown.findings}
    findings = tuple(one for one in found.findings if one.change in GONE or one.key in kept)
    return found.model_copy(update={"findings": findings, "accepted": shown.accepted}), shown


def _worst_first(change: FindingChange) -> tuple[int, str, NodeKey, NodeKey, str]:
    return LEVELS.index(change.severity), change.rule, change.subject, change.target or ("", ""), change.key


def _findings(before: Side, after: Side, facts: Facts) -> Iterator[FindingChange]:
    fixed = {finding.key for finding in before.analysis.fixed}
    doubtful = {change.node for change in facts.nodes if change.because}
    gone, come = ([here.open[key] for key in here.open.keys() - there.open.keys()] for here, there in ((before, after), (after, before)))
    for finding, because in _told(gone, before, after, doubtful):
        yield _finding(finding, "maybe_gone" if because else "gone", because=because)
    for finding, because in _told(come, after, before, doubtful):
        back = finding.key in fixed or finding.reopened > 0
        yield _finding(finding, "maybe_new" if because else "new", because=because, reopened=back)
    for key in before.open.keys() & after.open.keys():
        one, two = before.open[key].severity, after.open[key]
        if one != two.severity:
            yield _finding(two, "changed", severity_before=one)


def _finding(
    finding: Finding,
    change: Literal["new", "gone", "changed", "maybe_new", "maybe_gone"],
    *,
    because: str = "",
    reopened: bool = False,
    severity_before: Level | None = None,
) -> FindingChange:
    return FindingChange(
        key=finding.key,
        rule=finding.rule,
        severity=finding.severity,
        title=finding.title,
        subject=finding.subject,
        target=finding.target,
        change=change,
        severity_before=severity_before,
        reopened=reopened,
        because=because,
    )


def _told(findings: Iterable[Finding], here: Side, there: Side, doubtful: set[NodeKey]) -> Iterator[tuple[Finding, str]]:
    """Each of ``findings``, which are open ``here`` alone, with why the analysis ``there`` could not tell; empty where it could."""
    left = {}
    for finding in findings:
        sources = (*finding.sources, *(source for hop in finding.path for source in hop.sources))
        because = here.sight.blind(there.sight, sources)
        if not because and not doubtful.isdisjoint({finding.subject, finding.target}):
            because = "what it is about was not read"
        if because:
            yield finding, because
        else:
            left[finding.key] = finding
    unknowns: dict[str, set[Ends]] = {}
    for finding in left.values():
        if _unstated(finding, here.judge.estate, there.judge.estate):
            unknowns.setdefault(finding.rule, set()).add((finding.subject, finding.target))
    told = Judgement(there.judge.at, there.analysis.rules, there.judge.estate, there.scans, unknowns, there.analysis.coverage)
    # The other's results may be of an earlier time, at which these were not yet seen.
    known = tuple(replace(finding, first_seen=None) for finding in left.values())
    previous = Analysis(generation=0, at=there.judge.at, scores=(), reach=(), findings=known, rules=())
    lives = followed((), told, previous, now=True)
    for finding in lives.findings:
        yield left[finding.key], finding.unconfirmed
    for finding in lives.former:
        yield left[finding.key], ""


def _unstated(finding: Finding, here: Estate, there: Estate) -> bool:
    """Whether a property of what a finding is about, which its rule needs, is stated here and not there."""
    rule = rules().get(finding.rule)
    for need in (*rule.needs, *rule.clear_needs) if rule else ():
        names = [name.strip().partition(".") for name in need.split("|")]
        for end in (finding.subject, finding.target):
            if end is not None and end in here.nodes and end in there.nodes:
                asked = [name for kind, dot, name in names if dot and kind == end[0]]
                stated = [any(states(estate.nodes[end].props, name) for name in asked) for estate in (here, there)]
                if stated == [True, False]:
                    return True
    return False


def _scores(before: Iterable[Score], after: Iterable[Score]) -> list[ScoreMove]:
    """Those that differ, by how much the risk rises."""
    old, new = ({score.subject: score for score in scores} for scores in (before, after))
    moves = []
    for agent in sorted({*old, *new}):
        one, two = old.get(agent), new.get(agent)
        move = ScoreMove(
            agent=agent,
            risk=(one and one.risk, two and two.risk),
            level=(one and one.level, two and two.level),
            impact=(one and one.impact, two and two.impact),
            impact_ungoverned=(one and one.impact_ungoverned, two and two.impact_ungoverned),
            impact_runtime=(one and one.impact_runtime, two and two.impact_runtime),
        )
        if any(map(_moves, (move.risk, move.impact, move.impact_ungoverned, move.impact_runtime))):
            moves.append(move)
    return sorted(moves, key=lambda move: ((move.risk[0] or 0) - (move.risk[1] or 0), move.agent))


def _moves(pair: tuple[float | None, float | None]) -> bool:
    """Whether a score is another one; sums of the same numbers may differ in their last digits."""
    one, two = pair
    return one is not two and (one is None or two is None or not isclose(one, two, abs_tol=1e-9))


# --------------------------------------------------------------------------------------------------------------------------------
# What cannot be told


def _notes(before: Side, after: Side, facts: Facts) -> Iterator[str]:
    changes: list[NodeChange | EdgeChange] = [*facts.nodes, *facts.edges]
    for here, there, word, perhaps in (
        (before, after, "gone", "may still be there"),
        (after, before, "new", "may have been there before"),
    ):
        doubts = Counter(one.because for one in changes if one.change == f"maybe_{word}")
        doubts.update({f"{root} was read in part only": 0 for root, outcome in there.sight.outcomes.items() if outcome != "complete"})
        for because, count in sorted(doubts.items()):
            things = counted(count, "node or edge", "nodes and edges")
            lacks = f"{things} of {here.name} that it lacks {perhaps}"
            yield f"{because} in {there.name}: {lacks if count else 'what was gone by then may still stand there'}"
        if any(one.change == word for one in changes):
            yield from _formats(here, there, word)
    yield from _rules(before, after)
    secrets = [{id for kind, id in side.judge.estate.nodes if kind == "Secret" and id.startswith("secret:")} for side in (before, after)]
    if all(secrets) and secrets[0].isdisjoint(secrets[1]):
        seen = f"({len(secrets[0])} and {len(secrets[1])})"
        yield (
            f"no secret whose value was seen is in both {seen}: where their fingerprints are of different keys they are not all gone and "
            f"new; read files with the key of the other's store (--store), or let all use one ({KEY_FILE_VARIABLE})"
        )


def _formats(here: Side, there: Side, word: str) -> Iterator[str]:
    """Formats of which a root has documents here and none there: a dump that was not made looks like that."""
    read = {scan.root: root_summary(scan).documents for scan in there.scans if scan.outcome == "complete"}
    for scan in here.scans:
        counts = root_summary(scan).documents if scan.root in read else {}
        missing = [f"{name} ({count})" for name, count in sorted(counts.items()) if count and not read[scan.root].get(name)]
        if missing:
            lacks = f"{scan.root} has documents of formats in {here.name} of which {there.name} has none"
            yield f"{lacks}; what only these state counts as {word}: {', '.join(missing)}"


def _rules(before: Side, after: Side) -> Iterator[str]:
    """Rules that only one of the two could judge."""
    for here, there in ((before, after), (after, before)):
        theirs = {status.rule: status for status in there.analysis.rules}
        missing = [status.rule for status in here.analysis.rules if _judged(status) and not _judged(theirs.get(status.rule))]
        if missing:
            yield f"could be judged in {here.name} and not in {there.name}: {', '.join(missing)}"


def _judged(status: RuleStatus | None) -> bool:
    return status is not None and status.outcome in ("found", "clear")
