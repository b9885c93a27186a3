"""Commands about what changed: snapshot, diff."""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from graphinv.cli.options import Format, FormatOption, StoreOption, existing_store, moment, reader
from graphinv.cli.output import console, emit, emit_one, progress, text, to_json, write
from graphinv.cli.stages import AcceptedOption
from graphinv.model.difference import GONE, Difference, FindingChange
from graphinv.model.errors import UsageError
from graphinv.model.results import LENSES, LEVELS, Lens, Level
from graphinv.model.text import counted

LISTED = 12
"""Rows of a list; --top says otherwise."""


class Part(StrEnum):
    """What of a difference is printed, in this order."""

    findings = "findings"
    reach = "reach"
    nodes = "nodes"
    edges = "edges"
    scores = "scores"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(diff)
    app.command()(snapshot)


def snapshot(
    file: Annotated[Path, typer.Argument(help="New file to write", metavar="FILE")],
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Write what the store holds now, with its results, to one file for `diff`. It is a backup (`store backup`) without what is closed;
    `store restore` takes it too.
    """
    from graphinv.store.upkeep import backup

    with reader(store) as opened:
        state = backup(opened, file, closed=False)
    record = {"generation": state.generation, "nodes": len(state.nodes), "edges": len(state.edges)}
    if form is not Format.table:
        emit_one(record, form)
    else:
        console().print(text("{nodes} nodes and {edges} edges of generation {generation} are in {file}".format(**record, file=file)))


def diff(
    before: Annotated[str, typer.Argument(help="Snapshot or backup, store, file of facts, or folder to read", metavar="A")],
    after: Annotated[str | None, typer.Argument(help="The same; the store when absent", metavar="[B]")] = None,
    lens: Annotated[
        list[str] | None,
        typer.Option(
            "--lens", "-l", help="Compare privileges under it; may be repeated; posture and ungoverned when absent", metavar="LENS"
        ),
    ] = None,
    only: Annotated[list[Part] | None, typer.Option("--only", help="Only this part; may be repeated")] = None,
    top: Annotated[int, typer.Option("--top", help="Rows of each list to print, and gains to explain; 0 = all", min=0)] = LISTED,
    fail_on: Annotated[
        Level | None, typer.Option("--fail-on", help="Exit with 1 when a finding of this level or worse is new, or has risen to it")
    ] = None,
    fail_on_reach: Annotated[
        bool,
        typer.Option("--fail-on-reach", help="Exit with 1 when an agent gains on a confidential or restricted target or a crown jewel"),
    ] = False,
    accepted: AcceptedOption = None,
    at: Annotated[
        str | None,
        typer.Option("--at", help="Time to judge both at, ISO 8601 (no zone = UTC); that of their results when absent", metavar="TIME"),
    ] = None,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """What changed from A to B: findings, what agents can do and which change gave it, nodes, edges, scores."""
    from graphinv.pipeline.accepted import Filter
    from graphinv.pipeline.diff import COMPARED_LENSES, difference, sides, without_accepted

    parts = frozenset(only or Part)
    wanted = tuple(dict.fromkeys(map(_lens, lens or COMPARED_LENSES)))
    lenses = wanted if Part.reach in parts or fail_on_reach else ()
    hidden = Filter.of(accepted, None)
    with progress() as told:
        both = sides(before, existing_store(store) if after is None else after, keeper=store, at=moment(at), progress=told)
        found = difference(*both, lenses=lenses, most=top or None, progress=told)
    found, shown = without_accepted(found, both[1], hidden)
    if form is Format.table:
        from graphinv.cli.changed import Printed

        printed = Printed(found, top, console())
        printed.head()
        for part in Part:
            if part in parts:
                getattr(printed, part)()
        if Part.findings in parts:
            printed.findings_gone()
        for line in shown.words:
            console().print(text(line, "yellow"))
    elif form is Format.json:
        write(to_json(_chosen(found, parts)))
    else:
        records = list(_records(found, parts))
        emit(records if form is Format.jsonl else map(_row, records), form, COLUMNS)
    _exit(found, fail_on, fail_on_reach, sum(side.unread for side in both if side.fresh))


def _lens(name: str) -> Lens:
    """The lens of that name.

    Raises:
        UsageError: there is none.
    """
    found = next((lens for lens in LENSES if lens == name), None)
    if found is None:
        raise UsageError(f"no lens {name!r}; one of {', '.join(LENSES)}")
    return found


_PART_OF = {Part.findings: "findings", Part.reach: "lenses", Part.nodes: "nodes", Part.edges: "edges", Part.scores: "scores"}


def _chosen(found: Difference, parts: frozenset[Part]) -> dict[str, Any]:
    left_out = {name for part, name in _PART_OF.items() if part not in parts}
    return {name: value for name, value in found.to_json().items() if name not in left_out}


def _exit(found: Difference, fail_on: Level | None, fail_on_reach: bool, unread: int) -> None:
    """Exit code 1 where a threshold is met, 2 where something could not be read."""
    errors = console(err=True)
    worse = [one for one in found.findings if one.change not in GONE and fail_on and _rises_to(one, fail_on)]
    grave = max((one.grave for one in found.lenses), default=0) if fail_on_reach else 0
    if worse:
        errors.print(text(f"{counted(len(worse), 'finding')} of level {fail_on} or worse new (--fail-on): exit 1", "red"))
    if grave:
        errors.print(text(f"{counted(grave, 'pair')} of an agent and a target that matters gained (--fail-on-reach): exit 1", "red"))
    if worse or grave:
        raise typer.Exit(1)
    if unread:
        raise typer.Exit(2)


def _rises_to(finding: FindingChange, to: Level) -> bool:
    reached = LEVELS.index(finding.severity) <= LEVELS.index(to)
    return reached and (finding.severity_before is None or LEVELS.index(finding.severity_before) > LEVELS.index(to))


# --------------------------------------------------------------------------------------------------------------------------------
# Records

COLUMNS = ("what", "change", "level", "subject", "target", "kind", "before", "after", "lens", "agents", "because")
"""Of CSV. What a record has besides is in its JSON."""


def _records(found: Difference, parts: frozenset[Part]) -> Iterator[dict[str, Any]]:
    """One record a change, of which ``what`` says what it is of; each has besides the keys of its list in the whole."""
    for note in found.notes:
        yield {"what": "note", "because": note}
    chosen = _chosen(found, parts)
    for one in chosen.get("findings", ()):
        yield {"what": "finding", **one}
    for lens in chosen.get("lenses", ()):
        for name, moves in (("gain", "gains"), ("loss", "losses")):
            for one in lens[moves]:
                yield {"what": name, "lens": lens["lens"], **one}
            if lens[f"{moves}_left_out"]:
                yield {"what": "note", "lens": lens["lens"], "because": f"{lens[f'{moves}_left_out']} more {moves}, of less weight"}
        for one in lens["agents"]:
            yield {"what": "privilege", "lens": lens["lens"], **one}
    for what in ("nodes", "edges", "scores"):
        for one in chosen.get(what, ()):
            yield {"what": what[:-1], **one}


def _row(record: dict[str, Any]) -> dict[str, Any]:
    """A record in the columns of CSV."""
    what, row = record["what"], {name: record.get(name) for name in COLUMNS}
    if what == "finding":
        row |= {"level": record["severity"], "kind": record["rule"], "before": record["severity_before"]}
    elif what in ("gain", "loss"):
        words = " + ".join(reason["words"] for reason in record["because"])
        row |= {"change": what, "subject": record["first"][0], "kind": " ".join(record["actions"]), "because": words}
    elif what == "privilege":
        row |= {"change": "changed", "subject": record["agent"], "because": f"{record['gained']} atoms gained, {record['lost']} lost"}
    elif what == "score":
        row |= {"change": "changed", "subject": record["agent"], "level": record["level"][1]}
        row |= {"before": record["risk"][0], "after": record["risk"][1]}
    elif what in ("node", "edge"):
        row |= {"subject": record.get("node") or record["edge"]["from"], "target": record["edge"]["to"] if what == "edge" else None}
        row |= {"kind": record["edge"]["edge"] if what == "edge" else record["name"]}
        for side in ("before", "after"):
            row[side] = {one["name"]: one[side] for one in record["properties"] if one[side] is not None} or None
    return row
