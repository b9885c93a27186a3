"""Commands that bring facts in and judge them: scan, demo, ingest, analyze."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphinv.cli.options import AtOption, Format, FormatOption, StoreOption, existing_store, moment
from graphinv.cli.output import console, progress, text, to_json, write
from graphinv.cli.words import print_summary
from graphinv.model.errors import UsageError
from graphinv.model.results import LEVELS, Analysis, Level
from graphinv.model.text import counted
from graphinv.pipeline.accepted import ACCEPTED_VARIABLE
from graphinv.store import store_url

if TYPE_CHECKING:
    from graphinv.pipeline.accepted import Filter, Shown
    from graphinv.pipeline.summary import Summary

Paths = Annotated[list[Path], typer.Argument(help="Folders or files; each folder is a root of its own", metavar="PATH")]
FailOn = Annotated[Level | None, typer.Option("--fail-on", help="Exit with 1 when a finding of this level or worse exists")]
AcceptedOption = Annotated[
    Path | None,
    typer.Option(
        "--accepted",
        help="TOML file of accepted risks, which are hidden and counted; GRAPHINV_ACCEPTED when absent",
        metavar="FILE",
        envvar=ACCEPTED_VARIABLE,
        show_envvar=False,
    ),
]
BaselineOption = Annotated[
    Path | None,
    typer.Option("--baseline", help="Only what is not in FILE, an earlier `graphinv findings --format json`", metavar="FILE"),
]
AsOfOption = Annotated[
    str | None, typer.Option("--at", help="Time at which PATH was as it is, ISO 8601 (no zone = UTC); now when absent", metavar="TIME")
]
All = Annotated[bool, typer.Option("--all", help="Also read vendored folders and build output")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (scan, demo, ingest, analyze):
        app.command()(command)


def scan(
    paths: Paths,
    store: StoreOption = None,
    form: FormatOption = Format.table,
    fail_on: FailOn = None,
    at: AtOption = None,
    vendored: All = False,
    accepted: AcceptedOption = None,
    baseline: BaselineOption = None,
) -> None:
    """Read everything recognised below PATH, analyze it, and print what matters."""
    from graphinv.pipeline.accepted import Filter

    _summary_form(form)
    _scan(list(paths), store_url(store), form, fail_on, moment(at), vendored, Filter.of(accepted, baseline))


def demo(
    store: StoreOption = None,
    form: FormatOption = Format.table,
    fail_on: FailOn = None,
    at: AtOption = None,
) -> None:
    """Scan the bundled estate of an invented company."""
    from graphinv.pipeline.accepted import Filter
    from graphinv.pipeline.bundled import bundled
    from graphinv.pipeline.demo import materialise

    _summary_form(form)
    url = store_url(store)
    beside = Path(".graphinv") if "://" in url else Path(url).parent
    beside.mkdir(mode=0o700, parents=True, exist_ok=True)
    target = beside / "demo"
    materialise(bundled("data") / "demo", target)
    _scan([target], url, form, fail_on, moment(at), False, Filter())


def _summary_form(form: Format) -> None:
    """Refuse what a summary cannot be, before anything is read."""
    if form not in (Format.table, Format.json):
        raise UsageError("a summary is a table or json; `graphinv findings` and `graphinv agents` have jsonl and csv")


def _scan(paths: list[Path], url: str, form: Format, fail_on: Level | None, at: str | None, vendored: bool, hidden: Filter) -> None:
    from graphinv.pipeline.pool import collector_resting
    from graphinv.pipeline.stages import scan as run
    from graphinv.pipeline.summary import summarise
    from graphinv.store import open_store

    with collector_resting():
        with progress() as report:
            done = run(url, paths, report, at=at, vendored=vendored)
        analysis, shown = hidden.without(done.analysis)
        with open_store(url) as opened:
            summary = summarise(opened, analysis)
    _print(summary, shown, form)
    _exit(analysis, fail_on, done.unread)


def _print(summary: Summary, shown: Shown, form: Format) -> None:
    if form is Format.table:
        print_summary(console(), summary)
        for line in shown.words:
            console().print(text(line, "yellow"))
    else:
        write(to_json(summary.to_json() | shown.to_json()))


def ingest(
    paths: Paths, store: StoreOption = None, form: FormatOption = Format.table, at: AsOfOption = None, vendored: All = False
) -> None:
    """Read facts into the store without judging them."""
    from graphinv.model.facts import source_of
    from graphinv.pipeline.stages import ingest as run
    from graphinv.pipeline.stages import roots_of
    from graphinv.store import open_store

    roots = roots_of(paths)
    with progress() as report, open_store(store_url(store), write=True) as opened:
        done = run(opened, roots, report, at=moment(at), vendored=vendored)
    records: list[dict[str, Any]] = [
        {
            "root": one.scan.root,
            "outcome": one.scan.outcome,
            "generation": one.committed.generation,
            "files": one.reading.files,
            "documents": dict(one.reading.documents),
            "nodes": one.nodes,
            "edges": one.edges,
            "created": one.committed.created,
            "updated": one.committed.updated,
            "closed": one.committed.closed,
            "problems": [
                {
                    "document": source_of(one.scan.root, problem.document),
                    "where": problem.where,
                    "message": problem.message,
                    "severity": problem.severity,
                }
                for problem in one.reading.problems
            ],
        }
        for one in done
    ]
    if form is Format.table:
        for record in records:
            read = "{root}: {files} files, {nodes} node facts and {edges} edge facts; ".format(**record)
            changed = "{created} created, {updated} updated, {closed} closed; {outcome}".format(**record)
            console().print(text(read + changed))
            for problem in record["problems"]:
                place = "#".join(filter(None, (problem["document"], problem["where"])))
                console(err=True).print(text(f"{problem['severity']}: {place}: {problem['message']}"))
    else:
        from graphinv.cli.output import emit

        emit(records, form)
    _exit(None, None, sum(problem.severity == "error" for one in done for problem in one.reading.problems))


def analyze(
    store: StoreOption = None,
    form: FormatOption = Format.table,
    fail_on: FailOn = None,
    at: AtOption = None,
    accepted: AcceptedOption = None,
    baseline: BaselineOption = None,
) -> None:
    """Judge what the store holds and write the results back to it."""
    _summary_form(form)
    from graphinv.pipeline.accepted import Filter
    from graphinv.pipeline.stages import analyze as run
    from graphinv.pipeline.summary import summarise
    from graphinv.store import open_store

    hidden = Filter.of(accepted, baseline)
    with progress() as report, open_store(existing_store(store), write=True) as opened:
        analysis, shown = hidden.without(run(opened, report, at=moment(at)))
        summary = summarise(opened, analysis)
    _print(summary, shown, form)
    _exit(analysis, fail_on, 0)


def _exit(analysis: Analysis | None, fail_on: Level | None, unread: int) -> None:
    """Exit code 1 where ``fail_on`` is met, 2 where something could not be read."""
    bad = sum(LEVELS.index(finding.severity) <= LEVELS.index(fail_on) for finding in analysis.findings) if analysis and fail_on else 0
    if bad:
        console(err=True).print(text(f"{counted(bad, 'finding')} of level {fail_on} or worse (--fail-on): exit 1", "red"))
        raise typer.Exit(1)
    if unread:
        raise typer.Exit(2)
