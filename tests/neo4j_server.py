"""The Neo4j server of the tests: started on first use by the process of pytest that needs it, or the one at NEO4J_URI."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import neo4j
import pytest

from graphinv.model.errors import StoreError, UsageError
from graphinv.store import neo4j_local

FETCHED = "cannot be fetched from Maven Central"
"""Words of :func:`graphinv.store.neo4j_local.up` when the network is what is missing."""


@dataclass(frozen=True)
class Server:
    """Where it answers, and under which user and password."""

    uri: str
    user: str
    password: str
    home: Path | None = None

    def enter(self, patch: pytest.MonkeyPatch) -> None:
        """Make its user and password those of the environment."""
        patch.setenv("NEO4J_USER", self.user)
        patch.setenv("NEO4J_PASSWORD", self.password)
        patch.delenv("NEO4J_PASSWORD_FILE", raising=False)

    def wipe(self) -> None:
        """Take everything out of its database."""
        with neo4j.GraphDatabase.driver(self.uri, auth=(self.user, self.password)) as driver, driver.session() as session:
            session.run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()


def server() -> Server:
    """The server. Where it cannot be started, each test that needs it fails and says why; where it cannot be fetched, because this machine
    reaches no Maven repository, each is reported as not run, with the reason.
    """
    found = _started()
    if isinstance(found, Server):
        return found
    if FETCHED in found:
        pytest.skip(f"NOT RUN ON NEO4J: {found}; set NEO4J_URI to a server")
    pytest.fail(found)


@cache
def _started() -> Server | str:
    """The server, or why there is none; tried once."""
    uri = os.environ.get("NEO4J_URI")
    if uri:
        return Server(uri, os.environ.get("NEO4J_USER", "neo4j"), os.environ.get("NEO4J_PASSWORD", ""))
    home = Path(tempfile.mkdtemp(prefix="graphinv-neo4j-"))
    atexit.register(shutil.rmtree, home, ignore_errors=True)
    try:
        found = started(home)
    except (StoreError, UsageError) as error:
        return str(error)
    atexit.register(stop, home)
    return found


def own_server(home: Path, *settings: str) -> Server:
    """A server in ``home`` that a test may do harm to, with these lines in its configuration; whoever asks for it stops it. Where it cannot
    be started, as :func:`server`.
    """
    try:
        return started(home, *settings)
    except (StoreError, UsageError) as error:
        if FETCHED in str(error):
            pytest.skip(f"NOT RUN ON NEO4J: {error}")
        pytest.fail(str(error))


def started(home: Path, *settings: str) -> Server:
    """Start the server in ``home``, with these lines more in its configuration.

    Raises:
        StoreError, UsageError: it cannot be.
    """
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(neo4j_local.HOME_VARIABLE, str(home))
        patch.setattr(neo4j_local, "SETTINGS", (*neo4j_local.SETTINGS, *settings))
        # It does not live long enough for what its compiler would spend on the best code.
        patch.setattr(neo4j_local, "FLAGS", (*neo4j_local.FLAGS, "-XX:TieredStopAtLevel=1"))
        found = neo4j_local.up()
    assert found.uri
    assert found.password
    return Server(found.uri, found.user, found.password, home)


def stop(home: Path) -> None:
    """Stop the server in ``home``."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(neo4j_local.HOME_VARIABLE, str(home))
        neo4j_local.down()
