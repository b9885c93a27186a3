"""What is special about the store in a server: its password, its writer's lock, and what a lost connection leaves."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import ssl
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

import neo4j
import pytest

from graphinv.model.errors import StoreError, StoreLocked, UsageError
from graphinv.store import neo4j as module
from graphinv.store import open_store
from graphinv.store.merge import State
from graphinv.store.neo4j_contents import read_living, read_state
from tests.neo4j_server import Server, server
from tests.store.proxy import Proxy
from tests.store.support import EDGES, NODES, scan

pytestmark = pytest.mark.xdist_group("neo4j")


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, with one generation."""
    server().wipe()
    server().enter(monkeypatch)
    with open_store(server().uri, write=True) as store:
        store.commit(scan(1), NODES, EDGES)
    return server()


def test_a_wrong_password_is_said_and_not_shown(there: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", "not-the-password")
    with pytest.raises(StoreError, match="refuses this user and password") as caught:
        open_store(there.uri)
    assert "not-the-password" not in str(caught.value)


def test_an_address_holds_no_password() -> None:
    with pytest.raises(UsageError, match="NEO4J_PASSWORD"):
        open_store("bolt://neo4j:secret@127.0.0.1:7687")


@pytest.mark.parametrize("url", ["bolt://[", "bolt://h:1?x=1"])
def test_an_address_that_is_none(url: str) -> None:
    with pytest.raises(UsageError, match=r"is no address of a Neo4j server, such as bolt://"):
        open_store(url)


@pytest.mark.skipif(shutil.which("openssl") is None, reason="a certificate is made with openssl")
def test_an_encrypted_way_is_taken_and_its_certificate_checked(there: Server, tmp_path: Path) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    request = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-keyout", str(key)]
    subprocess.run([*request, "-out", str(certificate)], check=True, capture_output=True)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate, key)
    with contextlib.closing(Proxy(there.uri, tls)) as proxy:
        with open_store(f"bolt+ssc://127.0.0.1:{proxy.port}") as reader:
            assert reader.generation == 1
        for scheme in ("bolt+s", "neo4j+s", "bolt"):
            with pytest.raises(StoreError, match=rf"{re.escape(scheme)}://127\.0\.0\.1:{proxy.port}: the server cannot be reached"):
                open_store(f"{scheme}://127.0.0.1:{proxy.port}")


def test_the_password_may_be_in_a_file(there: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NEO4J_PASSWORD")
    monkeypatch.setenv("NEO4J_PASSWORD_FILE", str(tmp_path / "password"))
    with pytest.raises(StoreError, match=r"the password file .* cannot be read"):
        open_store(there.uri)
    (tmp_path / "password").write_text(there.password + "\n")
    with open_store(there.uri) as reader:
        assert reader.generation == 1
        assert there.password not in repr(vars(reader))


def test_database_and_user_to_act_as_are_those_of_the_environment(there: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[dict[str, Any]] = []
    real = neo4j.Driver.session

    def session(self: neo4j.Driver, **given: Any) -> neo4j.Session:
        asked.append(given)
        return real(self, **given)

    monkeypatch.setattr(neo4j.Driver, "session", session)
    monkeypatch.setenv("NEO4J_DATABASE", "neo4j")
    with open_store(there.uri, write=True) as store:
        store.commit(scan(2), NODES, EDGES)
        store.query("MATCH (n:Agent) RETURN n.id")
    assert {given["database"] for given in asked} == {"neo4j"}
    monkeypatch.setenv("NEO4J_IMPERSONATED_USER", "somebody")
    asked.clear()
    with contextlib.suppress(StoreError):  # the community edition has no such thing
        open_store(there.uri)
    assert {given["impersonated_user"] for given in asked} == {"somebody"}


def test_a_server_that_is_not_there_is_an_error() -> None:
    with pytest.raises(StoreError, match="cannot be reached"):
        open_store("bolt://127.0.0.1:1")


def test_two_writers_one_after_the_other(there: Server) -> None:
    with open_store(there.uri, write=True), pytest.raises(StoreLocked, match=rf"process {os.getpid()} on"):
        open_store(there.uri, write=True)
    open_store(there.uri, write=True).close()


def test_who_lost_the_lock_writes_nothing(there: Server) -> None:
    with open_store(there.uri, write=True) as first:
        first.estate()
        with neo4j.GraphDatabase.driver(there.uri, auth=(there.user, there.password)) as driver, driver.session() as session:
            found = session.run("SHOW TRANSACTIONS YIELD transactionId, metaData WHERE metaData.graphinv = 'writer' RETURN transactionId")
            for (identity,) in list(found):
                session.run("TERMINATE TRANSACTIONS $id", id=identity).consume()
        with open_store(there.uri, write=True) as second:
            second.commit(scan(2), NODES[:2], [])
        with pytest.raises(StoreLocked, match="nothing was written"):
            first.commit(scan(3), NODES, EDGES)
    with open_store(there.uri) as reader:
        assert reader.generation == 2
        assert len(reader.estate().nodes) == 2


WRITER = textwrap.dedent(
    """
    import os, sys
    from graphinv.store import open_store
    from graphinv.store import neo4j as module
    from tests.store.support import EDGES, NODES, scan
    when = sys.argv[2]
    real = module.write_scans
    def stop(*given):
        real(*given)
        os.kill(os.getpid(), 9)
    with open_store(sys.argv[1], write=True) as store:
        if when == "before":
            module.write_scans = stop
        else:
            mark = module.Neo4jStore._mark
            module.Neo4jStore._mark = lambda *given: (mark(*given), os.kill(os.getpid(), 9))
        store.commit(scan(2), NODES[:1], [])
    """
)


@pytest.mark.parametrize("when", ["before", "marked"])
def test_a_writer_that_is_killed_leaves_the_last_generation(there: Server, when: str) -> None:
    root = Path(__file__).parents[2]
    killed = subprocess.run(
        [sys.executable, "-c", WRITER, there.uri, when], cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False
    )
    assert killed.returncode == -signal.SIGKILL
    with open_store(there.uri) as reader:
        assert reader.generation == 1
        assert len(reader.estate().nodes) == 3
    with open_store(there.uri, write=True) as store:
        assert store.commit(scan(2), NODES[:1], []).generation == 2
    with open_store(there.uri) as reader:
        assert len(reader.estate().nodes) == 1


def test_who_reads_while_a_commit_is_applied_reads_again(there: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server shows nodes of which half has gone: that is no damage, unless nobody writes."""
    seen: list[neo4j.Transaction] = []

    def torn(transaction: neo4j.Transaction) -> State:
        seen.append(transaction)
        if len(seen) == 1:
            with neo4j.GraphDatabase.driver(there.uri, auth=(there.user, there.password)) as driver:
                driver.execute_query("MATCH (m:_Store {id: 'store'}) SET m.revision = m.revision + 1")
            raise KeyError("id")
        return read_state(transaction)

    monkeypatch.setattr(module, "read_state", torn)
    with open_store(there.uri) as reader:
        assert len(reader.state().nodes) == 3
    assert len(seen) == 2

    def damaged(transaction: neo4j.Transaction) -> State:
        raise KeyError("id")

    monkeypatch.setattr(module, "read_state", damaged)
    with open_store(there.uri) as reader, pytest.raises(StoreError, match="is damaged"):
        reader.state()


def test_an_estate_is_read_without_the_state_and_as_one_moment(there: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    with open_store(there.uri) as reader:
        whole, scans = reader.estate(), reader.scans()
        assert isinstance(reader, module.Neo4jStore)
        assert reader._state is None
        assert whole == reader.state().estate()
        assert scans == tuple(reader.state().scans.values())
    seen: list[neo4j.Transaction] = []

    def without_nodes(transaction: neo4j.Transaction) -> Any:
        """Edges whose ends are not there."""
        _, edges, scans = read_living(transaction)
        return [], edges, scans

    def torn(transaction: neo4j.Transaction) -> Any:
        seen.append(transaction)
        if len(seen) > 1:
            return read_living(transaction)
        with neo4j.GraphDatabase.driver(there.uri, auth=(there.user, there.password)) as driver:
            driver.execute_query("MATCH (m:_Store {id: 'store'}) SET m.revision = m.revision + 1")
        return without_nodes(transaction)

    monkeypatch.setattr(module, "read_living", torn)
    with open_store(there.uri) as reader:
        assert reader.estate() == whole
    assert len(seen) == 2
    monkeypatch.setattr(module, "read_living", without_nodes)
    with open_store(there.uri) as reader, pytest.raises(StoreError, match="is damaged"):
        reader.estate()


def test_a_state_of_another_generation_than_the_estate_is_not_given(there: Server) -> None:
    with open_store(there.uri) as reader:
        assert reader.estate().generation == reader.state().generation == 1
    with open_store(there.uri) as reader:
        reader.estate()
        with open_store(there.uri, write=True) as writer:
            writer.commit(scan(2), NODES[:1], [])
        assert reader.estate().generation == reader.generation == 1
        with pytest.raises(StoreError, match="was written to since it was read; open it again"):
            reader.state()
