"""Commands about changes that are not made yet: chokepoints, cut, what-if."""

from __future__ import annotations

from collections import Counter
from typing import Annotated

import typer

from graphinv.cli.options import AtOption, Format, FormatOption, LensOption, StoreOption, moment, reader
from graphinv.cli.output import console, emit, emit_results, progress, table, text, to_json, write
from graphinv.cli.words import SHOWN_DIGITS, level, named
from graphinv.model.kinds import ACTIONS
from graphinv.model.results import ChokePoint, Cut, EdgeName, ScoreChange, WhatIf
from graphinv.model.text import counted

LISTED = 12
"""Rows of a table of changes; JSON has all."""


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(chokepoints)
    app.command()(cut)
    app.command(name="what-if")(what_if)


def _edge(name: EdgeName) -> str:
    return f"{name.key[:SHOWN_DIGITS]}  {named(name.source)} {name.edge} {named(name.target)}"


def chokepoints(
    targets: Annotated[
        list[str] | None,
        typer.Argument(help="What to protect; all crown jewels, restricted and confidential ones when absent", metavar="TARGET"),
    ] = None,
    lens: LensOption = "posture",
    at: AtOption = None,
    top: Annotated[int, typer.Option("--top", help="How many edges to list; 0 = all", min=0)] = 20,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """The edges on which the most (agent, target) pairs depend: what vanishes if nothing passes that one edge."""
    from graphinv.pipeline.stages import engine as engine_of

    with reader(store) as opened, progress() as told:
        engine = engine_of(opened, at=moment(at))
        named_targets = [engine.structure.find_target(name) for name in targets or ()]
        points, pairs = engine.chokepoints(lens, named_targets, lambda done, total: told("targets", done, f"of {total}"))
    listed = points[:top] if top else points
    if form is not Format.table:
        emit_results(listed, ChokePoint, form)
        return
    screen = console()
    all_pairs = counted(pairs, "pair of agent and target", "pairs of agent and target")
    screen.print(
        text(f"{all_pairs}, lens {lens}, at {engine.at}; {counted(len(points), 'edge carries', 'edges carry')} some of them alone", "bold")
    )
    if not targets:
        screen.print(text(f"counted: {len(engine.precious):,} crown jewels, restricted and confidential targets"))
        if engine.unvalued:
            screen.print(
                text(f"not counted: {counted(engine.unvalued, 'resource')} of unknown sensitivity; name those to be counted", "yellow")
            )
    screen.print(table(["pairs", "share", "targets", "edge", "guards", "stated in"], (_point_row(point) for point in listed)))
    if len(points) > len(listed):
        screen.print(text(f"… and {len(points) - len(listed):,} more (--top 0 lists all)", "dim"))


def _point_row(point: ChokePoint) -> list[str]:
    guards = ", ".join(f"{guard.id} ({guard.would})" for guard in point.guards)
    return [
        f"{point.pairs:,}",
        f"{point.share:.0%}",
        str(len(point.targets)),
        _edge(point.edge),
        guards or "none",
        ", ".join(point.sources[:1]),
    ]


def cut(
    target: Annotated[str, typer.Argument(help="Kind:id, or a bare id or name that is unique", metavar="TARGET")],
    subjects: Annotated[
        list[str] | None, typer.Option("--from", help="Keep it from this subject alone; may be repeated", metavar="SUBJECT")
    ] = None,
    action: Annotated[list[str] | None, typer.Option("--action", "-a", help="Only this action; may be repeated")] = None,
    lens: LensOption = "posture",
    at: AtOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """The lightest set of edges to remove or guard so that no agent reaches TARGET; exit code 1 where no set of edges keeps all from it."""
    from graphinv.pipeline.stages import engine as engine_of

    with reader(store) as opened:
        engine = engine_of(opened, at=moment(at))
        end = engine.structure.find_target(target)
        found = engine.cut(end, [engine.structure.find(name) for name in subjects or ()], lens, tuple(action) if action else ACTIONS)
    if form is Format.json:
        write(to_json(found.to_json()))
    elif form is not Format.table:
        weighed = ({**edge.to_json(), "weight": weight} for edge, weight in zip(found.edges, found.weights, strict=True))
        emit(weighed, form, ("edge", "from", "to", "key", "weight"))
    else:
        _print_cut(found)
    if not found.possible:
        raise typer.Exit(1)


def _print_cut(found: Cut) -> None:
    screen = console()
    if not found.subjects:
        screen.print(
            text(f"Nobody asked about reaches {named(found.target)} (lens {found.lens}, at {found.at}), as far as the graph knows.")
        )
        return
    who = counted(found.subjects, "subject")
    if not found.possible:
        screen.print(
            text(f"No set of edges that a person can change keeps {who} from {named(found.target)}; see `graphinv paths`.", "yellow")
        )
        return
    edges = counted(len(found.edges), "edge keeps", "edges keep")
    screen.print(text(f"{edges} {who} from {named(found.target)} ({', '.join(found.actions)}; lens {found.lens})", "bold"))
    rows = [[f"{weight:g}", _edge(edge)] for edge, weight in zip(found.edges, found.weights, strict=True)]
    screen.print(table(["weight", "edge"], rows))
    screen.print(text(f"weight {found.weight:g}; " + ("no lighter set works" if found.proven else "a lighter set may exist"), "dim"))
    change = " ".join(f"--remove {edge.key[:SHOWN_DIGITS]}" for edge in found.edges)
    screen.print(text(f"See what else it would do: graphinv what-if {change}", "dim"))


def what_if(
    remove: Annotated[list[str] | None, typer.Option("--remove", help="Edge that nothing passes any more", metavar="EDGE")] = None,
    guard: Annotated[
        list[str] | None,
        typer.Option("--guard", help="Put a decision on an edge: deny, step_up, monitor or allow:SCOPE,…", metavar="EDGE=DECISION"),
    ] = None,
    retire: Annotated[list[str] | None, typer.Option("--retire", help="Take an agent or workflow out of service", metavar="AGENT")] = None,
    add: Annotated[
        list[str] | None, typer.Option("--add", help="A further edge, its properties as JSON after it", metavar="'FROM KIND TO'")
    ] = None,
    then: Annotated[str | None, typer.Option("--then", help="Judge the changed estate at this time", metavar="TIME")] = None,
    at: AtOption = None,
    findings: Annotated[bool, typer.Option(help="Judge the rules before and after")] = True,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """What a change would do to privileges, scores and findings. EDGE is a key that `paths` prints, or 'SOURCE KIND TARGET'."""
    from graphinv.model.errors import UsageError
    from graphinv.pipeline import what_if as changes
    from graphinv.pipeline.stages import engine as engine_of

    if not (remove or guard or retire or add or then):
        raise UsageError("what-if takes a change: --remove, --guard, --retire, --add or --then")
    with reader(store) as opened, progress() as told:
        told("judging", 0, "before and after")
        engine = engine_of(opened, at=moment(at))
        change = changes.parsed(engine.estate, remove or (), guard or (), retire or (), add or ())
        result = changes.what_if(engine, change, then=moment(then, "--then"), findings=findings)
    if form is Format.table:
        _print_what_if(result)
    elif form is Format.json:
        write(to_json(result.to_json()))
    else:
        emit_results(result.scores, ScoreChange, form)


def _print_what_if(result: WhatIf) -> None:
    screen = console()
    for word, edges in (("removed", result.removed), ("guarded", result.guarded)):
        for edge in edges:
            screen.print(text(f"{word}  {_edge(edge)}"))
    for key in result.retired:
        screen.print(text(f"retired  {named(key)}"))
    if result.at != result.then:
        screen.print(text(f"judged at {result.at}, then at {result.then}"))
    rows = [
        [one.lens, f"{one.before:,}", f"{one.after:,}", _signed("-", len(one.gone)), _signed("+", len(one.new))] for one in result.lenses
    ]
    screen.print(table(["lens", "atoms before", "after", "gone", "new"], rows, title="What all agents can do"))
    for one in result.lenses:
        if one.lens == "posture":
            _print_pairs("Gone", one.gone)
            _print_pairs("New", one.new)
    moved = sorted(result.scores, key=lambda score: (score.risk[1] - score.risk[0], score.subject))
    if moved:
        lines = [
            [named(score.subject), *(f"{one:.1f} → {two:.1f}" for one, two in (score.risk, score.impact, score.impact_ungoverned))]
            for score in moved[:LISTED]
        ]
        screen.print(table(["agent", "risk", "impact", "gap"], lines, title=f"Scores that change ({len(moved)})"))
    for title, found in (("Findings that go", result.findings_gone), ("Findings that come", result.findings_new)):
        if found:
            lines_ = [[level(f.severity), f.rule, f.title, named(f.subject), named(f.target) if f.target else ""] for f in found[:LISTED]]
            screen.print(table(["severity", "rule", "title", "subject", "target"], lines_, title=f"{title} ({len(found)})"))
    if not result.findings_judged:
        screen.print(text("findings were not judged", "dim"))


def _signed(sign: str, number: int) -> str:
    return f"{sign}{number:,}" if number else "0"


def _print_pairs(title: str, pairs: tuple[tuple[tuple[str, str], tuple[str, str, str]], ...]) -> None:
    if not pairs:
        return
    actions: dict[tuple[str, str], list[str]] = {}
    for subject, (kind, id, action) in pairs:
        actions.setdefault((named(subject), f"{kind}:{id}"), []).append(action)
    agents = Counter(subject for subject, _ in actions)
    rows = [[subject, " ".join(sorted(names, key=ACTIONS.index)), target] for (subject, target), names in list(actions.items())[:LISTED]]
    screen = console()
    screen.print(
        table(["agent", "actions", "target"], rows, title=f"{title}: {counted(len(actions), 'pair')} of {counted(len(agents), 'agent')}")
    )
    if len(actions) > LISTED:
        screen.print(text(f"… and {len(actions) - LISTED:,} more (--format json has all)", "dim"))
