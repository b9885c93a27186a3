"""Options that several commands share, and the store they mean."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from graphinv.model.errors import StoreError, UsageError
from graphinv.model.kinds import normal_time
from graphinv.model.results import Lens
from graphinv.store import DEFAULT_STORE, Store, guarded, open_store, store_url


class Format(StrEnum):
    """How an answer is printed."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store", help=f"Embedded store's file, or bolt:// address; GRAPHINV_STORE or {DEFAULT_STORE} when absent", metavar="PATH|URL"
    ),
]
FormatOption = Annotated[Format, typer.Option("--format", "-f", help="How to print the answer")]
LensOption = Annotated[Lens, typer.Option("--lens", "-l", help="Which edges count; see the README's concepts")]
AtOption = Annotated[str | None, typer.Option("--at", help="Time to judge at, ISO 8601 (no zone = UTC); now when absent", metavar="TIME")]


def existing_store(given: str | None) -> str:
    """The same, of a store that is there.

    Raises:
        StoreError: it is an embedded one, and its file is not.
    """
    url = store_url(given)
    if not Path(url.removeprefix("file://")).exists() and "://" not in url.removeprefix("file://"):
        raise StoreError(f"there is no store at {url}; run `graphinv demo` or `graphinv scan PATH` first")
    return url


def reader(given: str | None) -> Store:
    """The store, opened for reading."""
    return open_store(store_url(given))


def asking(given: str | None) -> Store | guarded.GuardedQueries:
    """The same, for queries that anybody may type."""
    return guarded.asking(store_url(given))


def moment(given: str | None, option: str = "--at") -> str | None:
    """The time that ``option`` was given, in the graph's form.

    Raises:
        UsageError: it is no time.
    """
    if given is None:
        return None
    try:
        return str(normal_time(given))
    except ValueError as error:
        raise UsageError(f"{option} {error}") from None
