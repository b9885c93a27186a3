"""The stages: ingest (files → store), analyze (store → results), scan (both)."""

from __future__ import annotations

import contextlib
import hmac
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, partial
from hashlib import sha256
from pathlib import Path as FilePath
from typing import TYPE_CHECKING, TypeVar

from graphinv.model.errors import NotAnalyzed, StoreError
from graphinv.model.facts import Problem
from graphinv.model.kinds import normal_time
from graphinv.model.results import Analysis
from graphinv.pipeline.beside import granting, known_beside, not_evaluated, within
from graphinv.pipeline.bundled import bundled, texts
from graphinv.pipeline.coverage import coverage_findings, coverage_status
from graphinv.pipeline.gather import Progress, quiet
from graphinv.pipeline.keys import Fingerprinter, known_key, store_key
from graphinv.pipeline.lifecycle import Judgement, followed
from graphinv.pipeline.pool import collector_resting
from graphinv.pipeline.read import Reading, now, read_root
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import Root, root_of
from graphinv.store import Committed, Scan, Store, open_store

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine
    from graphinv.analyze.library import Query
    from graphinv.analyze.rules import Ask, Rule
    from graphinv.analyze.score import Settings
    from graphinv.analyze.structure import Structure
    from graphinv.model.estate import Estate

RISKIEST_PATHS = 25
RULE_SECONDS, RULE_ROWS = 600.0, 1_000_000
"""What one query of a rule may take: on a large estate and a busy machine more than what a person asks."""

T = TypeVar("T")


@dataclass(frozen=True)
class Ingested:
    """What ingesting one root did. Its facts, of which there were so many, are in the store and no longer in ``reading``."""

    reading: Reading
    scan: Scan
    committed: Committed
    nodes: int
    edges: int


@dataclass(frozen=True)
class Scanned:
    """What a whole scan did."""

    roots: tuple[Ingested, ...]
    analysis: Analysis
    problems: tuple[Problem, ...] = field(default=())

    @property
    def unread(self) -> int:
        """Number of problems that left something out of the graph."""
        return sum(problem.severity == "error" for problem in self.problems)


def roots_of(paths: Iterable[str | FilePath]) -> list[Root]:
    """The roots that PATH arguments mean, with distinct names.

    Raises:
        UsageError: there is nothing at one of them.
    """
    given = {path: root_of(path) for path in paths}
    named: dict[tuple[str, str], Root] = {}
    # In the order of their places, so that the order of the arguments decides no name.
    for path, root in sorted(given.items(), key=lambda item: _place(item[1])):
        if _place(root) in named:
            continue
        # Files of one project, and the project itself, are parts of one root.
        same = next((other for other in named.values() if other.path == root.path and not (root.own_file or other.own_file)), None)
        names = frozenset(other.name for other in named.values())
        named[_place(root)] = replace(root, name=same.name) if same else root_of(path, names)
    return list(dict.fromkeys(named[_place(root)] for root in given.values()))


def _place(root: Root) -> tuple[str, str]:
    return str(root.path), root.only or ""


@collector_resting()
def ingest(
    store: Store, roots: Sequence[Root], progress: Progress = quiet, *, at: str | None = None, vendored: bool = False
) -> list[Ingested]:
    """Read ``roots``, join what they say of each other, and commit each as one generation.

    Raises:
        StoreError, StoreLocked: nothing of the root at hand was written; roots before it were.
    """
    key = store_key(store.url)
    earlier = {scan.root: scan for scan in store.scans()}
    done = []
    readings = [read_root(root, Fingerprinter(key), progress, vendored=vendored) for root in roots]
    progress("joining", sum(len(reading.grants) for reading in readings), "what the roots say of each other")
    together(readings, known_beside(store, readings, earlier))
    for reading, problem in not_evaluated(readings, earlier):
        reading.problems.append(problem)
    for index, outer in within(roots):
        message = f"lies within the root {outer.name!r}, which was scanned too: what it holds is there twice, once in each"
        readings[index].problems.append(Problem("", "", message, "warning", ingestor="scan"))
    for root, reading in zip(roots, readings, strict=True):
        place = root.path / root.only if root.only and root.own_file else root.path
        location = hmac.new(key, str(place).encode("utf-8", "surrogateescape"), sha256).hexdigest()[:16]
        before = earlier.get(reading.root.name)
        elsewhere = before is not None and before.location not in ("", location)
        if elsewhere:
            message = f"a root called {reading.root.name!r} was scanned before from another folder, so nothing that is gone was closed"
            reading.problems.append(Problem("", "", message, "note", ingestor="scan"))
        empty = before is not None and before.documents > 0 and not reading.files
        if empty:
            message = "holds no file at all, though documents were read in it before; nothing of them was closed (is it mounted?)"
            reading.problems.append(Problem("", "", message, "warning", ingestor="scan"))
        scan = Scan(
            root=reading.root.name,
            at=at or now(),
            outcome="complete" if reading.complete and not elsewhere and not empty else "partial",
            documents=sum(reading.documents.values()),
            problems=tuple(reading.problems),
            counts={**reading.documents, "files": reading.files, "vendored_folders": reading.vendored, **granting(reading)},
            location=location,
        )
        nodes, edges = len(reading.nodes), len(reading.edges)
        progress("storing", nodes + edges, scan.root)
        committed = store.commit(scan, _handed_over(reading.nodes), _handed_over(reading.edges))
        done.append(Ingested(reading, scan, committed, nodes, edges))
    return done


def _handed_over(facts: list[T]) -> Iterator[T]:
    """The facts, each given up by its list when it is taken, so that memory holds them once."""
    facts.reverse()
    while facts:
        yield facts.pop()


@collector_resting()
def analyze(store: Store, progress: Progress = quiet, *, at: str | None = None) -> Analysis:
    """Everything the analyzers say about the store's newest generation, written back to it.

    Args:
        store: opened for writing.
        progress: told about each step.
        at: the time to judge at (ISO 8601, UTC); now when absent.
    """
    from graphinv.analyze.ahead import Ahead
    from graphinv.analyze.causes import causes_of
    from graphinv.analyze.judged import coverage
    from graphinv.analyze.priority import priorities_of
    from graphinv.analyze.rules import Ends, run_rules

    progress("analyzing", 0, "loading the graph")
    scans = store.scans()
    unknowns: dict[str, frozenset[Ends]] = {}
    with Ahead(rules(), asking(store), when := str(normal_time(at or now()))) as answers:
        judge = engine(store, at=when)
        _ = judge.estate  # read while the store answers, also where arrays are kept that do without
        answers.wait()
        store.rest()
        progress("analyzing", 0, "rules")
        found, statuses = run_rules(rules(), judge, answers, unknowns=unknowns)
    judged = [status.rule for status in statuses if status.outcome in ("found", "clear")]
    covered = coverage(judge.structure, rules(), judged, unknowns, found)
    gaps = list(coverage_findings(scans, judge.estate, judge.at))
    statuses += coverage_status(gaps)
    told = Judgement(judge.at, statuses, judge.estate, scans, unknowns, covered)
    found += gaps
    ranked = zip(found, causes_of(judge, found), priorities_of(judge, found), strict=True)
    whole = (replace(finding, cause=cause, priority=priority) for finding, cause, priority in ranked)
    lives = followed(whole, told, store.analysis(), now=at is None)
    findings = lives.findings
    progress("analyzing", 0, "scores")
    scores = judge.scores(findings)
    progress("analyzing", 0, "paths")
    reach, left_out = judge.can_reach()
    analysis = Analysis(
        generation=store.generation,
        at=judge.at,
        scores=tuple(scores),
        reach=tuple(reach),
        reach_left_out=left_out,
        findings=findings,
        rules=tuple(statuses),
        former=lives.former,
        followed_at=lives.at,
        coverage=covered,
        paths=tuple(judge.riskiest_paths(RISKIEST_PATHS, scores)),
    )
    progress("analyzing", 0, "writing back")
    store.put_analysis(analysis)
    keep(store, judge.structure)
    return analysis


@collector_resting()
def scan(
    url: str, paths: Iterable[str | FilePath], progress: Progress = quiet, *, at: str | None = None, vendored: bool = False
) -> Scanned:
    """Ingest ``paths`` into the store at ``url`` and analyze it, judging at ``at``; what is read now was first seen now."""
    roots = roots_of(paths)
    with open_store(url, write=True) as store:
        ingested = ingest(store, roots, progress, vendored=vendored)
        analysis = analyze(store, progress, at=at)
    problems = tuple(problem for one in ingested for problem in one.reading.problems)
    return Scanned(tuple(ingested), analysis, problems)


def engine(
    store: Store, *, at: str | None = None, workers: str | None = None, estate: Estate | None = None, keeping: bool = False
) -> Engine:
    """The analyzers over the store's newest generation; ``at`` is now when absent, ``workers`` the address of a Dask cluster.

    The store has to stay open as long as questions are asked, unless its ``estate`` is given. With ``keeping``, a structure that had to be
    made is kept for those who ask next.

    Raises:
        UsageError: nobody answers at ``workers``.
    """
    from graphinv.analyze.engine import Engine
    from graphinv.analyze.kept import load
    from graphinv.analyze.reading import structure_of
    from graphinv.pipeline.lookup import Lookup

    def read() -> Estate:
        return replace(store.estate(), roots=tuple(scan.root for scan in store.scans())) if estate is None else estate

    key = known_key(store.url) if store.aside else None
    kept = load(store.aside, key, read, Lookup(store) if estate is None else None) if store.aside and key else None
    if kept is None and key and keeping:
        kept = structure_of(read())
        keep(store, kept)
    given = read() if kept is None else kept
    if workers is None:
        return Engine(given, at or now(), settings())
    from graphinv.analyze.cluster import Cluster, connect

    return Engine(given, at or now(), settings(), Cluster(connect(workers)))


def asking(store: Store) -> Ask:
    """How rules ask the store."""
    return partial(store.query, timeout=RULE_SECONDS, max_rows=RULE_ROWS)


def keep(store: Store, structure: Structure) -> None:
    """Keep the structure of the store's contents for the processes that ask next, where there is a place to keep it."""
    from graphinv.analyze.kept import save

    if store.aside is None:
        return
    for older in store.aside.parent.glob("*") if store.aside.parent.is_dir() else ():
        shutil.rmtree(older, ignore_errors=True)
    with contextlib.suppress(OSError, StoreError):  # it is only ever a saving of time
        save(structure, store.aside, store_key(store.url))


def render(store: Store, name: str, analysis: Analysis | None = None) -> str | bytes | dict[str, str]:
    """What the store holds in the export format ``name``: a text, bytes, or texts by file name.

    Args:
        store: opened for reading.
        name: of the format.
        analysis: in place of the one in the store, where some of it is not to be shown.

    Raises:
        NotAnalyzed: the format needs results, and the store was not analyzed yet.
    """
    from graphinv.export import exports

    analysis = analysis or store.analysis()
    if analysis is None:
        if not name.startswith("facts"):
            raise NotAnalyzed
        analysis = Analysis(generation=store.generation, at=now(), scores=(), reach=(), findings=(), rules=())
    estate = replace(store.estate(), roots=tuple(scan.root for scan in store.scans()))
    return exports()[name].render(analysis, estate, rules())


@cache
def settings() -> Settings:
    """Scoring settings from data/scoring.toml."""
    from graphinv.analyze.score import settings_from_toml

    return settings_from_toml((bundled("data") / "scoring.toml").read_text("utf-8"))


@cache
def rules() -> dict[str, Rule]:
    """The rules of queries/rules/, by id."""
    from graphinv.analyze.rules import load_rules

    catalogue = json.loads((bundled("data") / "frameworks.json").read_text("utf-8"))
    return load_rules(texts("queries/rules", ".cypher"), catalogue)


@cache
def library() -> dict[str, Query]:
    """The queries of queries/explore/, by name."""
    from graphinv.analyze.library import load_queries

    return load_queries(texts("queries/explore", ".cypher"))
