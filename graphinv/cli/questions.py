"""Commands that ask: reach, paths, exposure, findings, agents, show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphinv.cli import explanations
from graphinv.cli.options import AtOption, Format, FormatOption, LensOption, StoreOption, moment, reader
from graphinv.cli.output import console, emit, emit_one, emit_results, shown, table, text
from graphinv.cli.stages import AcceptedOption, BaselineOption
from graphinv.cli.words import finding_block, level, life, named, path_block, score_block
from graphinv.model.errors import NotAnalyzed, NotFound, UsageError
from graphinv.model.estate import EdgeRecord, Estate
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ACTIONS, NODE_KINDS, Action
from graphinv.model.results import LEVELS, Cause, Exposed, Finding, Level, Path, Reach, RuleStatus, worst_first
from graphinv.model.text import counted, plain

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine
    from graphinv.store import Store

Kind = Annotated[str, typer.Option("--kind", help="Kind of the subjects that --all means", metavar="KIND")]
SubjectKind = Annotated[str, typer.Option("--kind", help="Kind of the subjects that are listed", metavar="KIND")]
ActionOption = Annotated[Action | None, typer.Option("--action", "-a", help="Only this action")]


REASONS = 20
"""Rules of which it is said why they could not be judged, below a list of findings."""
_JUDGED = {"not_available": "not available", "error": "error"}


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (reach, paths, exposure, findings, agents, show):
        app.command()(command)


def _engine(store: Store, at: str | None, workers: str | None = None) -> Engine:
    from graphinv.pipeline.stages import engine

    return engine(store, at=moment(at), workers=workers, keeping=True)


def _kind(kind: str) -> str:
    if kind not in NODE_KINDS:
        raise UsageError(f"--kind {kind!r} is no node kind (one of {', '.join(NODE_KINDS)})")
    return kind


def reach(
    subjects: Annotated[list[str] | None, typer.Argument(help="Kind:id, or a bare id or name that is unique", metavar="SUBJECT")] = None,
    everyone: Annotated[bool, typer.Option("--all", help="Every agent, the retired ones too")] = False,
    kind: Kind = "Agent",
    lens: LensOption = "posture",
    at: AtOption = None,
    summary: Annotated[bool, typer.Option("--summary", help="Leave the atoms out")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Through whom it comes, and what runtime decisions stop of it")] = False,
    workers: Annotated[str | None, typer.Option("--workers", help="Dask cluster that works it out", metavar="dask://HOST:PORT")] = None,
    over: Annotated[str | None, typer.Option("--over", help="When it changes, and why", metavar="START..END")] = None,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """What SUBJECT can reach: its transitive privilege under a lens."""
    if bool(subjects) == everyone:
        raise UsageError("reach takes either subjects or --all")
    if (explain or over) and (everyone or (explain and over)):
        raise UsageError("--explain and --over take subjects, one of the two at a time")
    with reader(store) as opened:
        engine = _engine(opened, at, workers)
        if explain or over:
            keys = sorted({engine.structure.find(subject) for subject in subjects or ()})
            if explain:
                explanations.explain(engine, keys, form)
            else:
                explanations.over(engine, keys, over or "", lens, form)
            return
        if everyone:
            results: list[Reach] = list(engine.reach_all(lens, _kind(kind), atoms=not summary and form is not Format.table))
        else:
            keys = sorted({engine.structure.find(subject) for subject in subjects or ()})
            results = [engine.reach(key, lens, atoms=not summary) for key in keys]
    if form is not Format.table:
        emit((result.to_json() for result in results), form, [name for name in Reach.model_fields if name != "atoms" or not summary])
        return
    screen = console()
    rows = [
        [
            result.subject[1],
            *map(str, (result.targets, result.agents, result.identities, result.secrets, result.tools)),
            f"{result.impact:.1f}",
        ]
        for result in sorted(results, key=lambda result: (-result.impact, result.subject))
    ]
    screen.print(
        table(
            ["subject", "targets", "agents", "identities", "secrets", "tools", "impact"], rows, title=f"Reach, lens {lens}, at {engine.at}"
        )
    )
    for result in results:
        if result.atoms is not None:
            screen.print(table(["action", f"targets of {plain(result.subject[1])}"], _by_target(result.atoms)))


def _by_target(atoms: tuple[tuple[str, str, str], ...]) -> list[list[str]]:
    actions: dict[NodeKey, list[str]] = {}
    for kind, id, action in atoms:
        actions.setdefault((kind, id), []).append(action)
    return [[_actions(names), named(target)] for target, names in sorted(actions.items())]


def _actions(names: Iterable[str]) -> str:
    return " ".join(sorted(names, key=ACTIONS.index))


def paths(
    subject: Annotated[str, typer.Argument(help="Kind:id, or a bare id or name that is unique", metavar="SUBJECT")],
    target: Annotated[str, typer.Argument(help="The same for the target", metavar="TARGET")],
    action: ActionOption = None,
    count: Annotated[
        int, typer.Option("--k", "-k", help="Up to so many distinct ones for each action, shortest first", min=1, max=100)
    ] = 1,
    lens: LensOption = "posture",
    at: AtOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Shortest paths by which SUBJECT can act on TARGET, hop by hop."""
    with reader(store) as opened:
        engine = _engine(opened, at)
        start, end = engine.structure.find(subject), engine.structure.find_target(target)
        found: list[Path] = []
        for name in (action,) if action else ACTIONS:
            ways, bounded = engine.alternatives(start, end, name, count, lens)
            found += ways
            if bounded:
                console(err=True).print(text(f"{name}: only the shortest ways were looked at, there are too many arcs between", "yellow"))
    if form is not Format.table:
        emit_results(found, Path, form)
    elif not found:
        does = action or "act on"
        console().print(text(f"{named(start)} cannot {does} {named(end)} (lens {lens}, at {engine.at}), as far as the graph knows."))
    else:
        for path in _distinct(found):
            console().print(path_block(path))


def _distinct(found: list[Path]) -> list[Path]:
    """One path for all actions that take the same hops, with the actions joined."""
    groups: dict[tuple[Any, ...], list[Path]] = {}
    for path in found:
        groups.setdefault(tuple((hop.source, hop.edges, hop.target) for hop in path.hops), []).append(path)
    return [group[0].model_copy(update={"action": ", ".join(path.action for path in group)}) for group in groups.values()]


def exposure(
    target: Annotated[str, typer.Argument(help="Kind:id, or a bare id or name that is unique", metavar="TARGET")],
    action: ActionOption = None,
    kind: SubjectKind = "Agent",
    lens: LensOption = "posture",
    at: AtOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Who can act on TARGET."""
    with reader(store) as opened:
        engine = _engine(opened, at)
        end = engine.structure.find_target(target)
        exposed = engine.exposure(end, lens, action, kind=_kind(kind))
    if form is not Format.table:
        emit_results(exposed, Exposed, form)
        return
    rows = [[one.subject[1], _actions(one.actions), str(one.hops or "?")] for one in exposed]
    console().print(text(f"{len(exposed):,} can act on {named(end)}, lens {lens}, at {engine.at}", "bold"))
    if rows:
        console().print(table([kind, "actions", "hops"], rows))


def findings(
    keys: Annotated[list[str] | None, typer.Argument(help="Keys of findings to show in full", metavar="[KEY…]")] = None,
    severity: Annotated[Level | None, typer.Option("--severity", "-s", help="This level or worse")] = None,
    rule: Annotated[str | None, typer.Option("--rule", "-r", help="Rules whose id starts with this")] = None,
    subject: Annotated[str | None, typer.Option("--subject", help="Only about this node (Kind:id, id or name)")] = None,
    full: Annotated[bool, typer.Option("--full", help="Each in full, with its path")] = False,
    by_cause: Annotated[bool, typer.Option("--by-cause", help="One line for each change that clears them")] = False,
    fixed: Annotated[bool, typer.Option("--fixed", help="Those that are fixed, in place of those that are open")] = False,
    accepted: AcceptedOption = None,
    baseline: BaselineOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Findings of the last analysis that are open, the worst level first and of one level by priority; those that are fixed with --fixed or
    by their keys."""
    from graphinv.pipeline.accepted import Filter

    if by_cause and (fixed or full):
        raise UsageError("--by-cause lists changes that clear open findings; it goes with neither --fixed nor --full")
    hidden = Filter.of(accepted, baseline)
    with reader(store) as opened:
        analysis = opened.analysis()
        estate = opened.estate() if subject or by_cause else None
        about = estate.find(subject) if estate and subject else None
    if analysis is None:
        raise NotAnalyzed
    statuses = [status for status in analysis.rules if status.rule.startswith(rule or "")]
    every = (*analysis.findings, *analysis.fixed)
    if rule and not statuses and not any(finding.rule.startswith(rule) for finding in every):
        raise NotFound(f"no rule's id starts with {rule}")
    left = hidden.shown(analysis.fixed if fixed else analysis.findings, analysis.at)
    chosen = [
        finding
        for finding in (every if keys else left.findings)
        if (not keys or finding.key in keys)
        and (not severity or LEVELS.index(finding.severity) <= LEVELS.index(severity))
        and (not rule or finding.rule.startswith(rule))
        and (not about or about in (finding.subject, finding.target))
    ]
    unknown = sorted({*(keys or ())} - {finding.key for finding in every})
    if unknown:
        raise NotFound(f"no finding has the key {', '.join(unknown)}")
    chosen.sort(key=worst_first)
    for line in left.words if not keys else ():
        console(err=True).print(text(line, "yellow"))
    if estate and by_cause:
        _causes(chosen, estate, form)
        return
    if form is not Format.table:
        emit_results(chosen, Finding, form)
        return
    screen = console()
    if keys or full:
        for finding in chosen:
            screen.print(finding_block(finding))
        return
    rows = [
        [
            level(f.severity),
            f"{f.priority:.1f}",
            f.rule,
            f.title,
            named(f.subject),
            named(f.target) if f.target else "",
            (f.first_seen or "")[:10],
            life(f),
            f.key,
        ]
        for f in chosen
    ]
    what = counted(len(chosen), "finding that is fixed", "findings that are fixed") if fixed else counted(len(chosen), "finding")
    columns = ["severity", "priority", "rule", "title", "subject", "target", "since", "state", "key"]
    screen.print(table(columns, rows, title=f"{what}, judged at {analysis.at}"))
    changes = len({finding.cause or finding.key for finding in chosen})
    if not fixed and changes < len(chosen):
        screen.print(
            text(f"{counted(changes, 'change')} would clear them all; `--by-cause` lists those, what takes away most first", "dim")
        )
    for line in _unjudged([status for status in statuses if status.reason], everything=rule is not None):
        screen.print(text(line, "yellow"))


def _unjudged(statuses: Sequence[RuleStatus], *, everything: bool) -> Iterator[str]:
    """What rules could not judge and why; of many the ids alone, which would hide the findings above them."""
    if everything or len(statuses) <= REASONS:
        for status in statuses:
            yield f"{status.rule} {_JUDGED.get(status.outcome, 'in part')}: {status.reason}"
        return
    for judged in ("error", "not available", "in part"):
        ids = [status.rule for status in statuses if _JUDGED.get(status.outcome, "in part") == judged]
        if ids:
            yield f"{counted(len(ids), 'rule')} {judged}: {', '.join(ids)}"
    yield "Why: `graphinv coverage`, or `graphinv findings --rule ID`"


def _causes(chosen: Iterable[Finding], estate: Estate, form: Format) -> None:
    from graphinv.pipeline.summary import causes

    found = causes(chosen, estate)
    if form is not Format.table:
        emit_results(found, Cause, form)
        return
    rows = [
        [level(cause.severity), f"{cause.priority:.0f}", str(cause.findings), cause.title, ", ".join(cause.rules), cause.cause]
        for cause in found
    ]
    title = f"{counted(len(found), 'change clears', 'changes clear')} {counted(sum(cause.findings for cause in found), 'finding')}"
    console().print(table(["worst", "takes away", "findings", "change", "rules", "what"], rows, title=title))


def agents(store: StoreOption = None, form: FormatOption = Format.table) -> None:
    """The inventory of agents with their scores, riskiest first."""
    from graphinv.pipeline.inventory import AgentEntry, inventory

    with reader(store) as opened:
        entries = inventory(opened.estate(), opened.analysis())
    if form is not Format.table:
        emit_results(entries, AgentEntry, form)
        return
    rows = [
        [
            entry.id,
            entry.name if entry.name != entry.id else "",
            entry.framework,
            entry.environment or "unknown",
            entry.status or "unknown",
            entry.autonomy or "unknown",
            ", ".join(entry.owners) or text("nobody known", "yellow"),
            "" if entry.risk is None else f"{entry.risk:.1f}",
            level(entry.level or ""),
        ]
        for entry in entries
    ]
    console().print(
        table(
            ["id", "name", "framework", "environment", "status", "autonomy", "owners", "risk", "level"],
            rows,
            title=counted(len(rows), "agent"),
        )
    )


def show(
    id: Annotated[str, typer.Argument(help="Kind:id, or a bare id or name that is unique", metavar="ID")],
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Everything the graph says about one node."""
    from graphinv.pipeline.lookup import Lookup

    with reader(store) as opened:
        graph, analysis = Lookup(opened), opened.analysis()
        key = graph.find(id)
        node, (out, into) = graph.node(key), graph.around(key)
    score = next((score for score in analysis.scores if score.subject == key), None) if analysis else None
    about = [finding for finding in analysis.findings if key in (finding.subject, finding.target)] if analysis else []
    if form is not Format.table:
        record = {
            "kind": node.kind,
            "id": node.id,
            "props": node.stated,
            "out": [_edge_json(edge) for edge in out],
            "in": [_edge_json(edge) for edge in into],
            "score": score.to_json() if score else None,
            "findings": [finding.to_json() for finding in about],
        }
        emit_one(record, form)
        return
    screen = console()
    screen.print(text(named(key), "bold"))
    screen.print(table(["property", "value"], ([name, shown(value)] for name, value in node.stated.items())))
    for title, edges in (("Out", out), ("In", into)):
        if edges:
            screen.print(table(["edge", "end", "properties"], _edge_rows(edges, outwards=title == "Out"), title=title))
    if score:
        screen.print(score_block(score))
    for finding in about:
        screen.print(finding_block(finding, path=False))


def _edge_json(edge: EdgeRecord) -> dict[str, Any]:
    return {"edge": edge.kind, "from": list(edge.source), "to": list(edge.target), "key": edge.key, "props": edge.stated}


def _edge_rows(edges: Sequence[EdgeRecord], *, outwards: bool) -> list[list[str]]:
    return [
        [
            edge.kind,
            named(edge.target if outwards else edge.source),
            "; ".join(f"{name}={shown(value)}" for name, value in edge.stated.items()),
        ]
        for edge in edges
    ]
