"""The command that asks in Cypher: queries of the library by name, and the user's own."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphinv.cli.options import Format, FormatOption, StoreOption, asking
from graphinv.cli.output import console, emit, emit_one, shown, table, text, write
from graphinv.model.errors import NotFound, UsageError
from graphinv.model.text import counted, plain

if TYPE_CHECKING:
    from graphinv.analyze.library import Query


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(query)


def _library() -> Mapping[str, Query]:
    from graphinv.pipeline.stages import library

    return library()


def complete_name(incomplete: str) -> Iterator[tuple[str, str]]:
    """Names of the library that begin so, with their titles."""
    return ((name, one.title) for name, one in _library().items() if name.startswith(incomplete))


def complete_topic(incomplete: str) -> Iterator[str]:
    """Topics that begin so."""
    return (topic for topic in sorted({one.topic for one in _library().values()}) if topic.startswith(incomplete))


def complete_parameter(ctx: typer.Context, incomplete: str) -> Iterator[tuple[str, str]]:
    """Parameters of the query that stands on the line, each with its ``=``; then what a boolean, or one with a default, can be."""
    # While an option lacks its value, the words of the line are left over as ``args``.
    asked = next((_library()[word] for word in (str(ctx.params.get("name")), *ctx.args) if word in _library()), None)
    for name, parameter in asked.parameters.items() if asked else ():
        values = ("true", "false") if parameter.type == "boolean" else parameter.values or (parameter.default_text or "",)
        for value in values if incomplete.startswith(f"{name}=") else ("",):
            if f"{name}={value}".startswith(incomplete):
                yield f"{name}={value}", parameter.meaning


def query(
    name: Annotated[
        str | None,
        typer.Argument(help="A query of the library, or - for Cypher from standard input", metavar="NAME|-", autocompletion=complete_name),
    ] = None,
    param: Annotated[
        list[str] | None,
        typer.Option(
            "--param",
            "-p",
            help="name=value, for each parameter; with - a value that is JSON is taken as such, else as text",
            autocompletion=complete_parameter,
        ),
    ] = None,
    catalogue: Annotated[bool, typer.Option("--list", help="The library: name, title, topic, parameters")] = False,
    topic: Annotated[str | None, typer.Option("--topic", help="With --list: only this topic", autocompletion=complete_topic)] = None,
    explain: Annotated[bool, typer.Option("--explain", help="What NAME asks, its parameters and columns, and its Cypher")] = False,
    timeout: Annotated[float, typer.Option(help="Seconds at most", min=0.01)] = 30.0,
    max_rows: Annotated[int, typer.Option(help="Rows at most", min=1)] = 100_000,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Ask in Cypher, read-only."""
    from graphinv.pipeline.absent import absent

    if topic and not catalogue:
        raise UsageError("--topic goes with --list")
    if catalogue:
        _list(topic, form)
        return
    if not name:
        raise UsageError("query takes the name of a query, or - for Cypher from standard input; --list shows the library")
    if explain:
        if name == "-":
            raise UsageError("--explain takes the name of a query of the library")
        _explain(_named(name), form)
        return
    given = _params(param or [])
    if name == "-":
        cypher, bound = sys.stdin.read(), {parameter: _typed(value) for parameter, value in given.items()}
    else:
        asked = _named(name)
        cypher, bound = asked.cypher, asked.bind(given)
    with asking(store) as opened:
        found = opened.query(cypher, bound, timeout=timeout, max_rows=max_rows)
        for line in absent(opened, _named(name), bound) if not found.rows and name != "-" else ():
            console(err=True).print(text(line, "dim"))
    if form is Format.table:
        console().print(table([plain(column) for column in found.columns], ([shown(cell) for cell in row] for row in found.rows)))
        console(err=True).print(text(counted(len(found.rows), "row"), "dim"))
    else:
        emit(found.dicts(), form, found.columns)


def _named(name: str) -> Query:
    queries = _library()
    if name in queries:
        return queries[name]
    near = get_close_matches(name, queries, n=3)
    hint = f"; near to it: {', '.join(near)}" if near else ""
    raise NotFound(f"the library has no query {name!r}; `graphinv query --list` shows it{hint}")


def _list(topic: str | None, form: Format) -> None:
    listed = sorted(_library().values(), key=lambda one: (one.topic, one.name))
    topics = sorted({one.topic for one in listed})
    if topic is not None and topic not in topics:
        raise NotFound(f"the library has no topic {topic!r} (one of {', '.join(topics)})")
    chosen = [one for one in listed if topic in (None, one.topic)]
    takes = {one.name: {name: its.type for name, its in one.parameters.items()} for one in chosen}
    if form is not Format.table:
        emit(({"name": one.name, "title": one.title, "topic": one.topic, "parameters": takes[one.name]} for one in chosen), form)
        return
    rows = [[one.topic, one.name, one.title, ", ".join(f"{name} ({type})" for name, type in takes[one.name].items())] for one in chosen]
    console().print(table(["topic", "name", "title", "parameters"], rows))


def _explain(asked: Query, form: Format) -> None:
    if form is not Format.table:
        record = asked.model_dump(include={"name", "topic", "title", "question", "when", "parameters", "columns", "cypher"})
        emit_one(record, form)
        return
    screen = console()
    screen.print(text(f"{asked.name} ({asked.topic}): {asked.title}", "bold"))
    screen.print(text(asked.question))
    screen.print(text(asked.when, "dim"))
    if asked.parameters:
        rows = [
            [name, one.type, "needed" if one.default_text is None else repr(one.default_text), one.meaning]
            for name, one in asked.parameters.items()
        ]
        screen.print()
        screen.print(table(["parameter", "type", "default", "meaning"], rows))
    screen.print()
    screen.print(table(["column", "meaning"], asked.columns.items()))
    screen.print()
    for line in asked.cypher.splitlines():
        write(plain(line))


def _params(given: list[str]) -> dict[str, str]:
    pairs = {}
    for one in given:
        name, equals, value = one.partition("=")
        if not equals or not name:
            raise UsageError(f"--param {one!r} is not name=value")
        pairs[name] = value
    return pairs


def _typed(value: str) -> Any:
    try:
        return json.loads(value)
    except (ValueError, RecursionError):
        return value
