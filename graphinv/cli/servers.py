"""Commands about a Neo4j server of one's own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from graphinv.cli.options import Format, FormatOption
from graphinv.cli.output import console, emit_one, progress, table, text
from graphinv.store import neo4j_local

neo4j = typer.Typer(
    help="A local Neo4j for those who have none: without Docker, on loopback, under a password of its own.", no_args_is_help=True
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(neo4j, name="neo4j")


@neo4j.command()
def up(
    version: Annotated[str, typer.Option("--version", help="Version of Neo4j to start")] = neo4j_local.VERSION,
    form: FormatOption = Format.table,
) -> None:
    """Start it and wait until it answers; fetched on first use (extra neo4j-local)."""
    with progress() as told:
        found = neo4j_local.up(lambda line: told("neo4j", 0, line), version)
    _show(found, form)


@neo4j.command()
def down() -> None:
    """Stop it. Its data stays."""
    ran = neo4j_local.down()
    console(err=True).print(text("stopped" if ran else "it does not run"))


@neo4j.command()
def status(form: FormatOption = Format.table) -> None:
    """Whether it runs, where, and under which user and password."""
    _show(neo4j_local.status(), form)


def _show(found: neo4j_local.Status, form: Format) -> None:
    record = asdict(found)
    if form is not Format.table:
        emit_one(record, form)
    else:
        hidden = {**record, "password": "(in --format json)" if found.password else None}
        console().print(table(["neo4j", "value"], ([name, value] for name, value in hidden.items() if value is not None)))
        if found.running:
            line = f"export NEO4J_USER={found.user} NEO4J_PASSWORD=$(cat {found.home}/password); graphinv scan PATH --store {found.uri}"
            console().print(text(line, "dim"))
