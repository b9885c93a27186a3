"""What ``reach --explain`` and ``reach --over`` print."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from graphinv.cli.options import Format
from graphinv.cli.output import console, emit, table, text
from graphinv.cli.words import named
from graphinv.model.errors import UsageError
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import normal_time
from graphinv.model.results import Atom, Lens, Origin, Turn

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

_WORDS: dict[Origin, str] = {
    "own": "its own identities, secrets and tools",
    "shared": "identities and secrets that other agents use too",
    "callers": "callers on whose behalf it acts",
    "sub-agents": "agents it may ask",
    "call-backs": "agents that its tools call",
    "workflows": "workflows and their steps",
}


def explain(engine: Engine, subjects: Sequence[NodeKey], form: Format) -> None:
    """Print where the privilege of each subject comes from."""
    found = [engine.explained(subject) for subject in subjects]
    if form is not Format.table:
        emit((one.to_json() for one in found), form)
        return
    screen = console()
    for one in found:
        rows = [[words, *(str(counts[origin]) for counts in one.origins.values())] for origin, words in _WORDS.items()]
        rows.append(["together", *(str(sum(counts.values())) for counts in one.origins.values())])
        screen.print(table(["atoms through", *one.origins], rows, title=f"{named(one.subject)}, at {one.at}"))
        total = sum(one.origins["posture"].values())
        screen.print(
            text(f"{len(one.gap)} of {total} have no runtime decision in the way (the gap); decisions stop {len(one.stopped)}.", "dim")
        )


def over(engine: Engine, subjects: Sequence[NodeKey], window: str, lens: Lens, form: Format) -> None:
    """Print when the privilege of each subject changes in ``START..END``.

    Raises:
        UsageError: it is no such window.
    """
    start, dots, end = window.partition("..")
    try:
        times = str(normal_time(start)), str(normal_time(end))
    except ValueError:
        times = ("", "")
    if not dots or not all(times) or times[0] > times[1]:
        raise UsageError(f"--over {window!r} is not START..END, such as 2026-07-01..2026-10-01")
    found = [(subject, *engine.over_time(subject, *times, lens)) for subject in subjects]
    if form is not Format.table:
        emit((_record(subject, lens, times, len(held), turns) for subject, held, turns in found), form)
        return
    screen = console()
    for subject, held, turns in found:
        screen.print(text(f"{named(subject)}, lens {lens}: {len(held)} atoms at {times[0]}", "bold"))
        if not turns:
            screen.print(text(f"  nothing changes until {times[1]}, as far as the graph knows"))
        for turn in turns:
            screen.print(text(f"{turn.at}  {'; '.join(turn.because) or 'something further away starts or ends'}"))
            for sign, atoms, style in (("-", turn.lost, "green"), ("+", turn.gained, "yellow")):
                for line in _lines(atoms):
                    screen.print(text(f"  {sign} {line}", style))


def _record(subject: NodeKey, lens: Lens, times: tuple[str, str], held: int, turns: Sequence[Turn]) -> dict[str, Any]:
    window = {"start": times[0], "end": times[1], "atoms_at_start": held}
    return {"subject": list(subject), "lens": lens, **window, "turns": [turn.to_json() for turn in turns]}


def _lines(atoms: Sequence[Atom]) -> list[str]:
    actions: dict[tuple[str, str], list[str]] = {}
    for kind, id, action in atoms:
        actions.setdefault((kind, id), []).append(action)
    return [f"{' '.join(names)} {named(target)}" for target, names in actions.items()]
