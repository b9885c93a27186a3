"""The command that asks what a decision point would say: simulate."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from graphinv.cli.options import AtOption, Format, FormatOption, StoreOption, moment, reader
from graphinv.cli.out import save
from graphinv.cli.output import console, emit_results, progress, text, to_json, write
from graphinv.cli.words import named
from graphinv.model.errors import UsageError
from graphinv.model.kinds import Action
from graphinv.model.text import counted, plain
from graphinv.model.verdicts import DECISIONS, WORDS

if TYPE_CHECKING:
    from graphinv.export.senders.pdp import DecisionPoint
    from graphinv.pipeline.simulate import HopVerdict, Simulation

_STYLES = {"deny": "green", "step_up": "green", "unknown": "yellow", "allow": "red", "not_asked": "red"}


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(simulate)


def simulate(
    subject: Annotated[str | None, typer.Argument(help="Kind:id, or a bare id or name that is unique", metavar="SUBJECT")] = None,
    target: Annotated[
        str | None, typer.Argument(help="The same for the target; the riskiest paths of SUBJECT when absent", metavar="TARGET")
    ] = None,
    everyone: Annotated[bool, typer.Option("--all", help="The riskiest paths of all agents")] = False,
    action: Annotated[Action | None, typer.Option("--action", "-a", help="With TARGET: this, in place of the heaviest action")] = None,
    limit: Annotated[int, typer.Option("--limit", help="How many of the riskiest paths", min=1, max=1000)] = 25,
    pdp: Annotated[
        str | None, typer.Option("--pdp", help="Decision point to ask (AuthZEN 1.0), https or on loopback; AUTHZEN_TOKEN", metavar="URL")
    ] = None,
    discover: Annotated[bool, typer.Option("--discover", help="Take the addresses from the metadata of the decision point")] = False,
    record: Annotated[
        Path | None, typer.Option("--record", help="With --pdp: write what it answers to calls, for the next scan to read", metavar="FILE")
    ] = None,
    fail: Annotated[bool, typer.Option("--fail-on-contradiction", help="End with 1 where a verdict contradicts posture")] = False,
    at: AtOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """What a decision point would say to each hop of a path, beside what posture says. Nothing is changed.

    Without --pdp a built-in policy answers from the enforcement points on the graph, and says that it is hypothetical. Ends with 1 where
    the decision point did not answer all that it was asked; what it did not answer is unknown, which is no allow.
    """
    from graphinv.pipeline.simulate import paths_of, records
    from graphinv.pipeline.simulate import simulate as run
    from graphinv.pipeline.stages import engine as engine_of

    if (subject is None) != everyone:
        raise UsageError("simulate takes a subject, or --all")
    if pdp is None and (record or discover):
        raise UsageError(f"{'--record' if record else '--discover'} takes --pdp: what is supposed was decided by nobody")
    with _asking(pdp) as point, reader(store) as opened, progress() as told:
        engine = engine_of(opened, at=moment(at), keeping=True)
        start = engine.structure.find(subject) if subject else None
        end = engine.structure.find_target(target) if target else None
        paths = paths_of(engine, opened.analysis(), start, end, action, limit)
        if point and discover:
            point.discover()
        done: list[Simulation] = []
        for one in run(engine, paths, point):
            done.append(one)
            told("paths", len(done), f"of {len(paths)}")
    if record:
        save(record, "".join(f"{line}\n" for line in records(done)).encode())
    _print(done, form)
    unanswered = pdp is not None and any(hop.verdict == "unknown" for one in done for hop in one.hops)
    if unanswered or (fail and any(one.contradictions for one in done)):
        raise typer.Exit(1)


@contextmanager
def _asking(url: str | None) -> Iterator[DecisionPoint | None]:
    """The decision point at ``url``, where there is one."""
    if url is None:
        yield None
        return
    from graphinv.export.senders.pdp import DecisionPoint

    point = DecisionPoint(url, os.environ)
    try:
        yield point
    finally:
        point.close()


def _print(done: Sequence[Simulation], form: Format) -> None:
    from graphinv.pipeline.simulate import Simulation

    counts = Counter(one.verdict for one in done)
    against = sum(len(one.contradictions) for one in done)
    if form is Format.json:
        ordered = {decision: counts[decision] for decision in DECISIONS}
        write(to_json({"paths": [one.to_json() for one in done], "verdicts": ordered, "contradictions": against}))
        return
    if form is not Format.table:
        emit_results(done, Simulation, form)
        return
    screen = console()
    for one in done:
        screen.print(_block(one))
    verdicts = ", ".join(f"{counts[decision]:,} {WORDS[decision]}" for decision in DECISIONS if counts[decision]) or "nothing was asked"
    marked = counted(against, "contradiction") if against else "no contradictions"
    screen.print(text(f"{counted(len(done), 'path')}: {verdicts}; {marked}", "bold"))


def _block(one: Simulation) -> RenderableType:
    """A path: whose verdicts they are, what they come to, and hop by hop."""
    head = text(f"{named(one.subject)} can {one.action} {named(one.target)}", "bold")
    head.append(plain(f"  ({counted(len(one.hops), 'hop')}, lens posture, at {one.at})"), style="not bold dim")
    whose = text(f"{one.decided_by}: ")
    whose.append(one.comes_to, style=f"bold {_STYLES[one.verdict]}")
    lines = (Padding(line, (0, 0, 0, 2), expand=False) for hop in one.hops for line in _lines(hop, asked=one.pdp is not None))
    return Group(head, whose, *lines, "")


def _lines(hop: HopVerdict, *, asked: bool) -> Iterator[Text]:
    """The verdict, why, and what posture says where that is another's word."""
    line = text(f"{hop.hop}. ")
    line.append(WORDS[hop.verdict], style=f"bold {_STYLES[hop.verdict]}")
    line.append(plain(f": {hop.words}"))
    if hop.target[1] not in hop.words:
        line.append(plain(f" → {hop.target[1]}"))
    yield line
    seen = ", seen at work" if hop.seen else ""
    posture = f"posture: {WORDS[hop.posture]}{f' ({hop.posture_reason})' if hop.guards else ''}{seen}" if asked else ""
    told = [hop.reason if asked or hop.guards else "", posture]
    if any(told):
        yield text(f"   {'; '.join(filter(None, told))}", "dim")
    if hop.contradiction:
        yield text(f"   CONTRADICTION: {hop.contradiction}", "bold magenta")
