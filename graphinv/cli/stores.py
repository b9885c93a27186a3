"""Commands that look after stores: scans, prune, store backup, restore, verify, migrate, copy."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from graphinv.cli.options import Format, FormatOption, StoreOption, existing_store, moment, reader
from graphinv.cli.output import console, emit, emit_one, table, text, to_json, write
from graphinv.model.errors import StoreError, UsageError
from graphinv.store import store_url

stores = typer.Typer(help="Back a store up, restore, verify, migrate and copy it.", no_args_is_help=True)
Force = Annotated[bool, typer.Option("--force", help="Replace what the store holds")]
Source = Annotated[str, typer.Argument(help="Store to copy: embedded store's file, or bolt:// address", metavar="FROM")]
Target = Annotated[str, typer.Argument(help="Store to fill, likewise", metavar="TO")]
BackupFile = Annotated[Path, typer.Argument(help="The backup's file", metavar="FILE")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    for command in (scans, prune):
        app.command()(command)
    app.add_typer(stores, name="store")


def scans(store: StoreOption = None, form: FormatOption = Format.table) -> None:
    """The scan of each root that counts, and the last generations."""
    with reader(store) as opened:
        state = opened.state()
    listed = [
        {
            "root": scan.root,
            "at": scan.at,
            "outcome": scan.outcome,
            "complete_at": state.complete_at.get(scan.root),
            "documents": scan.documents,
            "problems": len(scan.problems),
        }
        for scan in state.scans.values()
    ]
    history = [line._asdict() for line in state.history]
    if form is Format.json:
        write(to_json({"generation": state.generation, "scans": listed, "generations": history}))
    elif form is not Format.table:
        emit(listed, form)
    else:
        screen = console()
        screen.print(table(list(listed[0]) if listed else ["root"], ([*scan.values()] for scan in listed), title="Scans"))
        recent = history[-20:]
        if recent:
            screen.print(table(list(recent[0]), ([*line.values()] for line in recent), title="The last generations"))


def prune(
    before: Annotated[str, typer.Option("--before", help="Take away what was closed or fixed before this time, ISO 8601", metavar="TIME")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how much")] = False,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Take closed history and findings that were fixed out of the store. What lives stays, and results about it; a finding that comes back
    after it went is a new one.
    """
    from graphinv.store import open_store
    from graphinv.store.upkeep import Pruned
    from graphinv.store.upkeep import prune as run

    at = moment(before, "--before") or ""
    with open_store(existing_store(store), write=not dry_run) as opened:
        gone = run(opened, at, dry_run=dry_run)
    _tell(
        {"before": at, "dry_run": dry_run, **asdict(gone)},
        f"{gone.nodes} nodes and {gone.edges} edges that were closed, and {gone.findings} findings that were fixed, before {at} "
        f"{'would go' if dry_run else 'are gone'}"
        if gone != Pruned(0, 0)
        else f"nothing was closed or fixed before {at}",
        form,
    )


@stores.command()
def backup(file: BackupFile, store: StoreOption = None, form: FormatOption = Format.table) -> None:
    """Write everything the store holds to a new file, which any engine can restore."""
    from graphinv.store.upkeep import backup as run

    with reader(store) as opened:
        state = run(opened, file)
    _tell(_sizes(state), f"{len(state.nodes)} nodes and {len(state.edges)} edges of generation {state.generation} are in {file}", form)


@stores.command()
def restore(file: BackupFile, store: StoreOption = None, force: Force = False, form: FormatOption = Format.table) -> None:
    """Make the store hold what a backup holds."""
    from graphinv.store import open_store
    from graphinv.store.upkeep import restore as run

    if not file.is_file():
        raise UsageError(f"there is no file {file}")
    with open_store(store_url(store), write=True) as opened:
        state = run(file, opened, force=force)
    _tell(_sizes(state), f"{len(state.nodes)} nodes and {len(state.edges)} edges of generation {state.generation} are restored", form)


@stores.command()
def copy(source: Source, target: Target, force: Force = False, form: FormatOption = Format.table) -> None:
    """Make store TO hold what store FROM holds, whichever engines keep them, and see that it does."""
    from graphinv.store import open_store
    from graphinv.store.upkeep import copy as run
    from graphinv.store.upkeep import difference

    if _place(source) == _place(target):
        raise UsageError("a store cannot be copied to itself")
    with open_store(existing_store(source)) as one, open_store(target, write=True) as other:
        state = run(one, other, force=force)
    with open_store(target) as other:
        differs = difference(state, other.state())
    if differs:
        raise StoreError(f"{target} is not equal to {source} after the copy: {differs}")
    _tell(_sizes(state), f"{len(state.nodes)} nodes and {len(state.edges)} edges of generation {state.generation} are equal in both", form)


@stores.command()
def verify(store: StoreOption = None, form: FormatOption = Format.table) -> None:
    """Read everything the store holds and say what is wrong with it; exit code 2 where something is."""
    from graphinv.store.upkeep import problems

    with reader(store) as opened:
        state = opened.state()
        opened.analysis()
    found = problems(state)
    _tell({**_sizes(state), "problems": found}, "\n".join(found) or f"sound: {len(state.nodes)} nodes, {len(state.edges)} edges", form)
    if found:
        raise typer.Exit(2)


@stores.command()
def migrate(store: StoreOption = None, form: FormatOption = Format.table) -> None:
    """Write the store anew in the form of this version; one that is in it already stays as it is in meaning."""
    from graphinv.store import open_store

    with open_store(existing_store(store), write=True, older=True) as opened:
        state = opened.state()
        opened.replace(state, opened.analysis())
    _tell(_sizes(state), f"generation {state.generation} is in the form of this version", form)


def _place(url: str) -> str:
    """What tells one store's address from another's."""
    path = url.removeprefix("file://")
    return url if "://" in path else str(Path(path).resolve())


def _sizes(state: Any) -> dict[str, Any]:
    return {"generation": state.generation, "nodes": len(state.nodes), "edges": len(state.edges)}


def _tell(record: dict[str, Any], words: str, form: Format) -> None:
    if form is not Format.table:
        emit_one(record, form)
    else:
        console().print(text(words))
