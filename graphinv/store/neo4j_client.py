"""The way to a Neo4j server: its address, user and password, and how long an answer is waited for."""

from __future__ import annotations

import logging
import os
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

import neo4j
from neo4j.exceptions import ConfigurationError

from graphinv.model.errors import StoreError, UsageError

T = TypeVar("T")

logging.getLogger("neo4j").addHandler(logging.NullHandler())  # what the driver tries again is no news


def connected(url: str, *, retry: float) -> neo4j.Driver:
    """The driver for the server at ``url``, which tries a transaction again for ``retry`` seconds. Nothing is sent yet.

    Raises:
        UsageError: the address holds a password, or is none.
        StoreError: the file with the password cannot be read.
    """
    try:
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise UsageError("a store's address holds no user or password; set NEO4J_USER and NEO4J_PASSWORD")
        return neo4j.GraphDatabase.driver(
            url, auth=_auth(), user_agent="graphinv", notifications_min_severity="OFF", max_transaction_retry_time=retry
        )
    except (ValueError, ConfigurationError) as error:
        raise UsageError(f"{url} is no address of a Neo4j server, such as bolt://127.0.0.1:7687 ({error})") from None


def _auth() -> tuple[str, str] | None:
    """User and password from the environment.

    Raises:
        StoreError: the file with the password cannot be read.
    """
    password = os.environ.get("NEO4J_PASSWORD")
    file = os.environ.get("NEO4J_PASSWORD_FILE")
    if password is None and file:
        try:
            password = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"the password file {file} cannot be read ({type(error).__name__})") from None
    return (os.environ.get("NEO4J_USER") or "neo4j", password) if password is not None else None


def within(seconds: float, work: Callable[[], T]) -> T:
    """What ``work`` gives, or TimeoutError: a server that plans, or evaluates one expression, knows no time limit; it is left to itself."""
    done: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((True, work()))
        except BaseException as error:  # goes to whoever waits
            done.put((False, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        fine, found = done.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if not fine:
        raise found
    return cast("T", found)
