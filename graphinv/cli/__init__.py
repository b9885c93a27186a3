"""The command line: arguments in, the pipeline's answers out. No logic of its own.

    options.py       options that several commands share
    output.py        tables, JSON, JSON lines and CSV; text that is safe to show on a terminal
    words.py         results in words and tables, for people
    stages.py        scan, demo, ingest, analyze
    questions.py     reach, paths, exposure, findings, agents, show
    explanations.py  what reach --explain and --over print
    queries.py       query
    posture.py       score, coverage, frameworks
    changes.py       chokepoints, cut, what-if
    simulate.py      simulate
    diff.py          diff, snapshot
    changed.py       what diff prints
    out.py           export, formats, app
    tickets.py       tickets sync
    servers.py       neo4j up, down, status
    stores.py        scans, prune, store backup, restore, copy, verify, migrate

Exit codes: 0 done; 1 ``--fail-on`` met, no cut is possible, not all tickets could be brought in line, or a decision point did not answer
all; 2 wrong usage, input that could not be read, or output that could not be written; 130 stopped by Ctrl-C.
"""

from __future__ import annotations

import io
import os
import sys
from typing import Annotated, NoReturn

import typer

from graphinv.cli import changes, diff, out, posture, queries, questions, servers, simulate, stages, stores, tickets
from graphinv.model.errors import GraphinvError
from graphinv.model.text import plain

app = typer.Typer(
    name="graphinv",
    help="Which AI agents do we run, what could each reach if it were hijacked or wrong, by which path, and which hop would stop it?",
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",  # a line of a docstring that ends is no end of a line
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(wanted: bool) -> None:
    if wanted:
        from graphinv import __version__

        typer.echo(f"graphinv {__version__}")
        raise typer.Exit


@app.callback()
def _main(
    context: typer.Context,
    store: Annotated[str | None, typer.Option("--store", help="Store to use; each command takes it as well", metavar="PATH|URL")] = None,
    version: Annotated[bool, typer.Option("--version", help="Show the version and exit", callback=_version, is_eager=True)] = False,
) -> None:
    if store and context.invoked_subcommand:
        context.default_map = {context.invoked_subcommand: {"store": store}}


for module in (stages, questions, queries, posture, changes, simulate, diff, out, tickets, servers, stores):
    module.register(app)


def main() -> None:
    """Run the command line; an error becomes one line and exit code 2."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # a terminal that has no arrows gets its escape instead of an end
    try:
        code = app(sys.argv[1:] or ["--help"], prog_name="graphinv", standalone_mode=False)
        sys.stdout.flush()
    except GraphinvError as error:
        _complain(str(error))
    except typer.TyperException as error:
        if not error.format_message():  # a group without a command has shown its help
            sys.exit(2)
        _complain(error.format_message().replace("Value error, ", "") + " (--help says more)")
    except BrokenPipeError:
        _reader_gone()
    except OSError as error:
        _say_no_more()
        _complain(f"{error.filename or 'the output cannot be written'}: {error.strerror}")
    except SystemExit as stop:
        # Exits of our own come back as ``code``; rich and typer leave with 1 when whoever read our output has gone.
        if stop.code != 1:
            raise
        _reader_gone()
    if code == STOPPED:
        typer.echo("graphinv: stopped; the store holds the last complete generation", err=True)
    sys.exit(code)


STOPPED = 130
"""Exit code after Ctrl-C."""


def _complain(message: str) -> NoReturn:
    typer.echo(f"graphinv: {plain(' '.join(message.split()))}", err=True)
    sys.exit(2)


def _reader_gone() -> NoReturn:
    """Nobody listens: that is no error."""
    _say_no_more()
    sys.exit(0)


def _say_no_more() -> None:
    """Drop what is still to be written: writing it would fail again, at exit."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
