"""Starting a local server, with a stand-in that only listens; the real one is what the other tests run on."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphinv.model.errors import StoreError
from graphinv.store import neo4j_local

STAND_IN = """
import pathlib, re, socket, sys, time
top = pathlib.Path(sys.argv[1])
port = int(re.search(r"listen_address=127.0.0.1:(\\d+)", (top / "conf" / "neo4j.conf").read_text())[1])
time.sleep(0.5)  # as Java, which takes its port long after it was told it
listening = socket.create_server(("127.0.0.1", port))
(top / "logs" / "neo4j.log").open("a").write("Bolt enabled\\n")
time.sleep(60)
"""

here = threading.local()


def listens(top: Path, process: subprocess.Popen[bytes], uri: str, logged: int) -> None:
    while neo4j_local._LISTENS not in neo4j_local._since(top / "logs" / "neo4j.log", logged):
        if process.poll() is not None:
            raise StoreError("it ended at once")
        time.sleep(0.05)


@pytest.fixture
def homes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Path]]:
    """Two homes whose servers had the same port before."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    tops = [tmp_path / "one", tmp_path / "two"]
    for top in tops:
        top.mkdir()
        (top / "uri").write_text(f"bolt://127.0.0.1:{port}\n")
    (tmp_path / "jars").mkdir()
    monkeypatch.setattr(neo4j_local, "home", lambda: here.top)
    monkeypatch.setattr(neo4j_local, "jars", lambda: tmp_path / "jars")
    monkeypatch.setattr(neo4j_local, "_jars", lambda version: "")
    monkeypatch.setattr(neo4j_local, "_command", lambda top, classpath, main: [sys.executable, "-c", STAND_IN, str(top)])
    monkeypatch.setattr(neo4j_local, "_await", listens)
    yield tops
    for top in tops:
        here.top = top
        neo4j_local.down()


def started(tops: list[Path]) -> list[neo4j_local.Status | Exception]:
    """What each of these says when they are started at once."""
    found: list[neo4j_local.Status | Exception] = []

    def start(top: Path) -> None:
        here.top = top
        try:
            found.append(neo4j_local.up())
        except StoreError as error:
            found.append(error)

    threads = [threading.Thread(target=start, args=(top,)) for top in tops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def test_servers_that_are_started_at_once_take_ports_of_their_own(homes: list[Path]) -> None:
    found = started(homes)
    assert all(isinstance(one, neo4j_local.Status) and one.running for one in found), found
    assert len({one.uri for one in found if isinstance(one, neo4j_local.Status)}) == 2


def test_a_server_that_is_started_twice_at_once_is_one(homes: list[Path]) -> None:
    found = started([homes[0], homes[0]])
    assert len({one.pid for one in found if isinstance(one, neo4j_local.Status)}) == 1, found
