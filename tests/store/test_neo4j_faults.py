"""What a Neo4j server and the way to it can do to a commit: each is said with its place and its remedy, nothing is half visible, and the
same command again completes it. A server of its own, which is killed, filled and cut off.
"""

from __future__ import annotations

import contextlib
import os
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import neo4j
import pytest

from graphinv.model.errors import StoreError
from graphinv.store import Store, open_store
from graphinv.store import neo4j as module
from tests.neo4j_server import Server, own_server, stop
from tests.store.proxy import Proxy
from tests.store.support import generation_facts, scan

pytestmark = pytest.mark.xdist_group("neo4j-faults")

COUNT = "MATCH (a:Agent)-[r:DELEGATES_TO]->(:Agent) WHERE r.gone_at IS NULL RETURN a.version AS version, count(r) AS n"


class Fragile:
    """A server to do harm to."""

    def __init__(self, home: Path) -> None:
        self.home = home
        # The log grows as it is written, and so can run into a limit.
        self.settings = ["db.tx_log.preallocate=false"]
        self.server: Server = own_server(home, *self.settings)

    @property
    def uri(self) -> str:
        return self.server.uri

    @property
    def pid(self) -> int:
        return int((self.home / "pid").read_text())

    def kill(self) -> None:
        os.kill(self.pid, signal.SIGKILL)
        with contextlib.suppress(ChildProcessError):
            os.waitpid(self.pid, 0)

    def start(self, *settings: str) -> None:
        again = own_server(self.home, *self.settings, *settings)
        assert again.uri == self.server.uri, "it comes back where it was"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fragile]:
    home = tmp_path_factory.mktemp("neo4j")
    fragile = Fragile(home)
    yield fragile
    stop(home)


@pytest.fixture
def there(running: Fragile, monkeypatch: pytest.MonkeyPatch) -> Fragile:
    """The server, with one generation."""
    running.server.enter(monkeypatch)
    monkeypatch.setattr(module, "_RETRY", 1.0)
    running.server.wipe()
    with open_store(running.uri, write=True) as store:
        store.commit(scan(1), *generation_facts(1))
    return running


def _commit(store: Store, number: int = 2) -> None:
    store.commit(scan(number), *generation_facts(number))


def _holds(uri: str, generation: int) -> None:
    """See that readers are told of this generation, all of it, and nothing else."""
    with open_store(uri) as reader:
        assert reader.generation == generation
        assert reader.query(COUNT).rows == ((str(generation), 300),)
        assert {node.props["version"] for node in reader.estate().nodes.values()} == {str(generation)}


def _completes(uri: str) -> None:
    """The same command again does what it should have done, and leaves nothing else behind."""
    with open_store(uri, write=True) as store:
        _commit(store)
        assert store.query("MATCH (n) WHERE n.version = '1' RETURN count(n) AS n").rows == ((0,),)
    _holds(uri, 2)


def _before(name: str, harm: Callable[[], object], monkeypatch: pytest.MonkeyPatch, *, nth: int = 1) -> None:
    """Do harm just before the function of that name is called for the ``nth`` time."""
    real, calls = getattr(module, name), []

    def harmed(*given: Any) -> Any:
        calls.append(name)
        if len(calls) == nth:
            harm()
        return real(*given)

    monkeypatch.setattr(module, name, harmed)


# --------------------------------------------------------------------------------------------------------------------------------
# The server dies


def test_killed_in_the_middle(there: Fragile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once everything is sent, and before it is committed."""
    _before("write_scans", there.kill, monkeypatch)
    with open_store(there.uri, write=True) as store:
        with pytest.raises(StoreError, match=rf"nothing was written to {there.uri}: .* cannot be reached .*`graphinv neo4j status`"):
            _commit(store)
        with pytest.raises(StoreError, match="cannot be reached"):
            open_store(there.uri)
        there.start()
        _holds(there.uri, 1)
        # Who wrote has lost its lock, and would see it if somebody else had it meanwhile.
        _commit(store)
    _holds(there.uri, 2)


def test_restarted_while_it_is_being_written(there: Fragile, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever writes waits for it, and goes on where it was."""
    monkeypatch.setattr(module, "DIRECT", -1)
    monkeypatch.setattr(module, "_RETRY", 120.0)

    def restart() -> None:
        there.kill()
        there.start()

    _before("switch", restart, monkeypatch)
    with open_store(there.uri, write=True) as store:
        _commit(store)
    _holds(there.uri, 2)


def test_a_full_disk(there: Fragile) -> None:
    """Its files may not grow any more: it stops working until it is restarted, and has lost nothing then."""
    log = max((there.home / "data" / "transactions" / "neo4j").glob("neostore.transaction.db.*"))
    unlimited = resource.prlimit(there.pid, resource.RLIMIT_FSIZE)
    with open_store(there.uri, write=True) as store:
        store.state()
        resource.prlimit(there.pid, resource.RLIMIT_FSIZE, (log.stat().st_size + 50_000, unlimited[1]))
        with pytest.raises(StoreError, match=rf"nothing was written to {there.uri}: .*full disk.*restart the server"):
            _commit(store)
    with pytest.raises(StoreError, match=rf"cannot read {there.uri}: .*restart"):
        open_store(there.uri)
    there.kill()
    there.start()
    _holds(there.uri, 1)
    _completes(there.uri)


# --------------------------------------------------------------------------------------------------------------------------------
# The way to it


@pytest.fixture
def proxy(there: Fragile) -> Iterator[Proxy]:
    made = Proxy(there.uri)
    yield made
    made.close()


@pytest.mark.parametrize(("direct", "moment"), [(10**9, "write_scans"), (-1, "switch")], ids=["direct", "staged"])
def test_a_connection_that_breaks_between_batches(
    there: Fragile, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, direct: int, moment: str
) -> None:
    """It is made again, and the transaction too."""
    monkeypatch.setattr(module, "DIRECT", direct)
    monkeypatch.setattr(module, "_RETRY", 20.0)
    _before(moment, proxy.cut, monkeypatch)
    with open_store(proxy.uri, write=True) as store:
        _commit(store)
    _holds(there.uri, 2)


@pytest.mark.parametrize("direct", [10**9, -1], ids=["direct", "staged"])
def test_a_connection_that_stays_broken(there: Fragile, proxy: Proxy, monkeypatch: pytest.MonkeyPatch, direct: int) -> None:
    monkeypatch.setattr(module, "DIRECT", direct)
    _before("write_scans", lambda: proxy.cut(accepts=False), monkeypatch)
    with open_store(proxy.uri, write=True) as store:
        with pytest.raises(StoreError, match=rf"nothing was written to {proxy.uri}: .* cannot be reached .*run the same command again"):
            _commit(store)
        _holds(there.uri, 1)
        _completes(there.uri)
        with pytest.raises(StoreError):
            _commit(store)  # it does not come back


def test_a_connection_that_breaks_as_it_commits(there: Fragile, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody knows then whether it was done; it was."""
    real = module.Neo4jStore._finish

    def finish(self: module.Neo4jStore, *given: Any) -> None:
        real(self, *given)
        proxy.answers = False  # what is sent still arrives
        threading.Timer(1.0, proxy.cut).start()

    with monkeypatch.context() as patch:
        patch.setattr(module.Neo4jStore, "_finish", finish)
        with (
            open_store(proxy.uri, write=True) as store,
            pytest.raises(StoreError, match=rf"{proxy.uri} broke as it committed; run the same"),
        ):
            _commit(store)
    _holds(there.uri, 2)
    proxy.answers = True
    with open_store(proxy.uri, write=True) as store:
        assert store.commit(scan(2), *generation_facts(2)).updated == 0


# --------------------------------------------------------------------------------------------------------------------------------
# Who writes


def _ask(there: Fragile, statement: str, **given: object) -> None:
    with neo4j.GraphDatabase.driver(there.uri, auth=(there.server.user, there.server.password)) as driver:
        driver.execute_query(statement, given, database_="system")


def test_a_user_whose_password_must_be_changed(there: Fragile, monkeypatch: pytest.MonkeyPatch) -> None:
    _ask(there, "CREATE USER fresh IF NOT EXISTS SET PASSWORD $password CHANGE REQUIRED", password="first-password")
    monkeypatch.setenv("NEO4J_USER", "fresh")
    monkeypatch.setenv("NEO4J_PASSWORD", "first-password")
    with pytest.raises(StoreError, match=rf"{there.uri}: .*must be changed first") as caught:
        open_store(there.uri)
    assert "first-password" not in str(caught.value)


def test_wrong_passwords_one_after_the_other(there: Fragile, monkeypatch: pytest.MonkeyPatch) -> None:
    _ask(there, "CREATE USER other IF NOT EXISTS SET PASSWORD $password CHANGE NOT REQUIRED", password="right-password")
    monkeypatch.setenv("NEO4J_USER", "other")
    monkeypatch.setenv("NEO4J_PASSWORD", "not-the-password")
    said = set()
    for _ in range(5):
        with pytest.raises(StoreError) as caught:
            open_store(there.uri, write=True)
        assert "not-the-password" not in str(caught.value)
        said.add(str(caught.value).partition(there.uri)[2])
    assert any("refuses this user and password" in line for line in said)
    assert any("wait some seconds" in line for line in said)
    _holds_as(there, monkeypatch, 1)


def _holds_as(there: Fragile, monkeypatch: pytest.MonkeyPatch, generation: int) -> None:
    there.server.enter(monkeypatch)
    _holds(there.uri, generation)


def test_a_database_that_is_not_there(there: Fragile, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_DATABASE", "elsewhere")
    with pytest.raises(StoreError, match=rf"{there.uri}: .*elsewhere.*; NEO4J_DATABASE names the database"):
        open_store(there.uri)


def test_a_user_to_act_as_where_there_are_none(there: Fragile, monkeypatch: pytest.MonkeyPatch) -> None:
    """The setting comes as far as the server, which says that its edition has no such thing."""
    monkeypatch.setenv("NEO4J_IMPERSONATED_USER", "somebody")
    with pytest.raises(StoreError, match=rf"{there.uri}: .*not supported in community edition"):
        open_store(there.uri)


def test_who_may_only_read(there: Fragile, monkeypatch: pytest.MonkeyPatch) -> None:
    """The community edition knows no roles, so a connection that is for reading stands for a user who may not write."""
    monkeypatch.setattr(neo4j, "WRITE_ACCESS", neo4j.READ_ACCESS)
    with pytest.raises(StoreError, match=rf"cannot write to {there.uri}: .*; only reading is allowed"):
        open_store(there.uri, write=True)
    _holds(there.uri, 1)


def test_two_ingests_at_once(there: Fragile, tmp_path: Path) -> None:
    """The second is told who writes; it does the same again when the first is done."""
    (tmp_path / "one.facts.jsonl").write_text('{"node": "Agent", "id": "one"}\n')
    command = [sys.executable, "-m", "graphinv", "ingest", str(tmp_path), "--store", there.uri]
    with open_store(there.uri, write=True) as first:
        second = subprocess.run(command, capture_output=True, text=True, check=False, cwd=Path(__file__).parents[2])
        assert second.returncode == 2
        assert f"{there.uri} is being written by process {os.getpid()} on" in second.stderr
        assert there.server.password not in second.stdout + second.stderr
        _commit(first)
    assert subprocess.run(command, capture_output=True, check=False, cwd=Path(__file__).parents[2]).returncode == 0
    with open_store(there.uri) as reader:
        assert reader.generation == 3
        assert ("Agent", "one") in reader.estate().nodes
