"""Commands that bring results out: export, formats, app."""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from graphinv.cli.options import Format, FormatOption, StoreOption, existing_store, reader
from graphinv.cli.output import console, emit, table, text, to_json, write
from graphinv.cli.stages import AcceptedOption, BaselineOption
from graphinv.model.errors import UsageError
from graphinv.pipeline.accepted import ACCEPTED_VARIABLE

PATTERNS_SHOWN = 8


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (export, formats, dashboard):
        app.command(name="app" if command is dashboard else None)(command)


def export(
    name: Annotated[str | None, typer.Argument(help="Format; --list shows them", metavar="FORMAT")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File, or folder where a format has several; standard output when absent")
    ] = None,
    catalogue: Annotated[bool, typer.Option("--list", help="The formats")] = False,
    accepted: AcceptedOption = None,
    baseline: BaselineOption = None,
    store: StoreOption = None,
) -> None:
    """Write findings, the graph or policy data in a format of others."""
    from graphinv.export import exports
    from graphinv.pipeline.accepted import Filter, Shown
    from graphinv.pipeline.stages import render

    available = exports()
    if catalogue:
        console().print(table(["format", "what it is"], ([one.NAME, one.TITLE] for one in available.values())))
        return
    if name is None or name not in available:
        raise UsageError(f"export takes a format: {', '.join(available)}")
    hidden = Filter.of(accepted, baseline)
    with reader(store) as opened:
        analysis, shown = opened.analysis(), Shown(())
        if analysis is not None:
            analysis, shown = hidden.without(analysis)
        made = render(opened, name, analysis)
    for line in shown.words:
        console(err=True).print(text(line, "yellow"))
    if isinstance(made, dict):
        if output is None:
            raise UsageError(f"{name} is several files; say where with --output FOLDER")
        try:
            output.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise UsageError(f"{output} cannot be made a folder: {error.strerror}") from None
        for file, content in made.items():
            save(output / file, content.encode())
    elif output is not None:
        save(output, made.encode() if isinstance(made, str) else made)
    elif isinstance(made, str):
        sys.stdout.write(made)
    else:
        raise UsageError(f"{name} is no text; say where with --output FILE")


def save(path: Path, content: bytes) -> None:
    """Write a file, and the folders that it lies in.

    Raises:
        UsageError: it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    except OSError as error:
        raise UsageError(f"{path} cannot be written: {error.strerror}") from None


def formats(
    schema: Annotated[bool, typer.Option("--schema", help="The JSON Schema of one native fact")] = False,
    form: FormatOption = Format.table,
) -> None:
    """What graphinv reads."""
    from graphinv.ingest import ingestors

    if schema:
        from graphinv.model.schema import facts_json_schema

        write(to_json(facts_json_schema()))
        return
    if form is Format.table:
        console().print(table(["name", "reads", "files"], ([one.NAME, one.TITLE, _some(one.FILES)] for one in ingestors())))
    else:
        emit(({"name": one.NAME, "title": one.TITLE, "files": list(one.FILES)} for one in ingestors()), form)


def _some(files: Sequence[str]) -> str:
    """The shortest patterns in full and the number of others: a client has one for every platform it runs on."""
    if len(files) <= PATTERNS_SHOWN:
        return ", ".join(files)
    shortest = set(sorted(files, key=len)[:PATTERNS_SHOWN])
    return f"{', '.join(file for file in files if file in shortest)} and {len(files) - len(shortest)} more (--format json lists them)"


def dashboard(
    store: StoreOption = None,
    port: Annotated[int, typer.Option(help="Port on loopback", min=1, max=65535)] = 8501,
    browser: Annotated[bool, typer.Option(help="Open it in a browser")] = True,
    accepted: AcceptedOption = None,
) -> None:
    """Open the dashboard, on loopback."""
    from graphinv.pipeline.accepted import Filter
    from graphinv.pipeline.bundled import bundled

    url = existing_store(store).removeprefix("file://")
    _check_free(port)
    Filter.of(accepted, None)  # a file that cannot be read is told here, not on each page
    script = bundled("app") / "streamlit_app.py"
    environment = {**os.environ, "GRAPHINV_STORE": url if "://" in url else str(Path(url).resolve())}
    if accepted is not None:
        environment[ACCEPTED_VARIABLE] = str(accepted.resolve())
    settings = {
        "server.address": "127.0.0.1",
        "server.port": str(port),
        "server.showEmailPrompt": "false",
        "server.headless": "false" if browser else "true",
        "server.fileWatcherType": "none",
        "browser.gatherUsageStats": "false",
        "runner.magicEnabled": "false",  # a page shows what it is told to, not what stands alone on a line
        "client.toolbarMode": "minimal",
        "client.showErrorDetails": "none",
    }
    console(err=True).print(text(f"graphinv app: http://127.0.0.1:{port} (stop with Ctrl-C)"))
    arguments = [part for name, value in settings.items() for part in (f"--{name}", value)]
    command = [sys.executable, "-m", "streamlit", "run", str(script), *arguments]
    os.execve(sys.executable, command, environment)  # noqa: S606 - our own script; what stops this process then stops the dashboard


def _check_free(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # one that was just given back is free
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(f"port {port} cannot be had ({error.strerror}); name another with --port") from None
