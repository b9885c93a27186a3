"""What is special about the embedded store: its file, its lock, and what a kill leaves."""

from __future__ import annotations

import os
import random
import signal
import stat
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import kglite
import pytest

from graphinv.model.errors import QueryError, StoreError, StoreLocked, UsageError
from graphinv.model.facts import NodeFact
from graphinv.store import open_store
from graphinv.store.embedded import EmbeddedStore
from graphinv.store.embedded_graph import META
from graphinv.store.layout import SCHEMA
from tests.store.support import EDGES, NODES, analysis, day, generation_facts, scan


def filled(path: Path) -> None:
    with open_store(path, write=True) as store:
        store.commit(scan(), NODES, EDGES)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_files_are_for_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "graph"
    before = os.umask(0)
    try:
        filled(path)
        with open_store(path, write=True) as store:
            store.put_analysis(analysis())
    finally:
        os.umask(before)
    assert mode(path.parent) == 0o700
    assert {entry.name: mode(entry) for entry in path.parent.iterdir()} == {"graph": 0o600, "graph.lock": 0o600}


def test_a_folder_that_is_there_keeps_its_mode(tmp_path: Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir(mode=0o755)
    filled(folder / "graph")
    assert mode(folder) == 0o755


def test_a_link_to_a_store_stays_a_link(tmp_path: Path) -> None:
    filled(tmp_path / "real")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with open_store(tmp_path / "link", write=True) as store:
        store.commit(scan(2), [], [])
    assert (tmp_path / "link").is_symlink()
    with open_store(tmp_path / "real") as store:
        assert store.generation == 2


def test_addresses(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    filled(path)
    with open_store(f"file://{path}") as store:
        assert store.url == str(path)
    with pytest.raises(UsageError, match="redis://"):
        open_store("redis://localhost")


def test_opening_for_writing_alone_writes_no_store(tmp_path: Path) -> None:
    EmbeddedStore(tmp_path / "graph", write=True).close()
    assert not (tmp_path / "graph").exists()
    with pytest.raises(StoreError, match="run `graphinv scan PATH` first"):
        open_store(tmp_path / "graph")


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    filled(tmp_path / "graph")
    (tmp_path / "graph.lock").unlink()
    with open_store(tmp_path / "graph") as store:
        store.estate()
    assert [entry.name for entry in tmp_path.iterdir()] == ["graph"]


HOLDER = textwrap.dedent(
    """
    import sys, time
    from graphinv.store import open_store
    store = open_store(sys.argv[1], write=True)
    print("held", flush=True)
    time.sleep(60)
    """
)


def test_the_lock_names_its_holder_and_goes_with_it(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    filled(path)
    holder = python(HOLDER, path)
    assert holder.stdout
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(StoreLocked, match=rf"process {holder.pid};"):
        open_store(path, write=True)
    with open_store(path) as reader:
        assert reader.generation == 1
    holder.kill()
    holder.communicate()
    open_store(path, write=True).close()


def test_a_folder_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot write"):
        open_store(tmp_path / "file" / "graph", write=True)


@pytest.mark.parametrize("content", [b"", b"x", b"SQLite format 3\0" + b"\0" * 200, b"\0" * 4096, b"RGF\n" * 50])
def test_a_foreign_file_is_an_error_and_is_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "graph"
    path.write_bytes(content)
    for write in (False, True):
        with pytest.raises(StoreError, match="graphinv store"):
            open_store(path, write=write)
    assert path.read_bytes() == content


def test_a_folder_or_another_graph_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    graph = kglite.KnowledgeGraph()
    graph.cypher("CREATE (:Person {id: 'p', name: 'x'})")
    graph.save(str(tmp_path / "other"))
    for name in ("folder", "other"):
        with pytest.raises(StoreError, match="graphinv store"):
            open_store(tmp_path / name)


def test_a_damaged_store_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    filled(path)
    whole = path.read_bytes()
    rng = random.Random(7)
    for _ in range(60):
        damaged = bytearray(whole)
        if rng.random() < 0.5:
            del damaged[rng.randrange(len(damaged)) :]
        else:
            damaged[rng.randrange(len(damaged))] ^= 1 << rng.randrange(8)
        path.write_bytes(damaged)
        try:
            with open_store(path) as store:
                assert len(store.estate().nodes) == 3
        except StoreError:
            continue
    path.write_bytes(whole)
    with open_store(path) as store:
        assert len(store.estate().nodes) == 3


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    filled(path)
    graph = kglite.load(str(path))
    graph.cypher(f"MATCH (n:{META}) SET n.schema = {SCHEMA + 1}")
    graph.save(str(path))
    for write in (False, True):
        with pytest.raises(StoreError, match="newer graphinv"):
            open_store(path, write=write)


def test_a_commit_that_cannot_be_published_leaves_everything_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "graph"
    filled(path)
    with open_store(path, write=True) as store:
        before = store.estate()
        with monkeypatch.context() as patched:
            patched.setattr(os, "replace", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left on device")))
            with pytest.raises(StoreError, match="nothing was written"):
                store.commit(scan(2), NODES[:1], [])
            with pytest.raises(StoreError, match="nothing was written"):
                store.put_analysis(analysis())
        assert store.estate() == before
        assert store.analysis() is None
        assert store.commit(scan(2), NODES[:1], []).generation == 2
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["graph", "graph.lock"]


def test_many_threads_may_read_one_store(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    with open_store(path, write=True) as store:
        store.commit(scan(), [NodeFact("Agent", f"a{i}") for i in range(500)], [])
    answers: list[object] = []
    with open_store(path) as store:

        def read() -> None:
            answers.extend((store.query("MATCH (n:Agent) RETURN count(n) AS n").rows, len(store.estate().nodes)) for _ in range(10))

        threads = [threading.Thread(target=read) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert answers == [(((500,),), 500)] * 60


@pytest.mark.parametrize(
    ("cypher", "params", "found"),
    [
        ("MATCH (a:Agent) RETURN a.id AS id ORDER BY id SKIP $from LIMIT $n", {"from": 1, "n": 2}, ["a1", "a2"]),
        ("MATCH (a:Agent) RETURN a.id AS id ORDER BY id LIMIT $n", {"n": 0}, []),
        ("CALL { MATCH (a:Agent) RETURN a.id AS id ORDER BY id LIMIT $n } RETURN id + ' LIMIT $n' AS id", {"n": 1}, ["a0 LIMIT $n"]),
    ],
)
def test_a_limit_that_a_parameter_gives(tmp_path: Path, cypher: str, params: dict[str, int], found: list[str]) -> None:
    """The engine sees numbers instead."""
    with open_store(tmp_path / "graph", write=True) as store:
        store.commit(scan(1), [NodeFact("Agent", f"a{number}") for number in range(4)], ())
        assert [row[0] for row in store.query(cypher, params).rows] == found
        for wrong in (-1, "2", 1.5, None):
            with pytest.raises(QueryError):
                store.query("MATCH (a:Agent) RETURN a.id AS id LIMIT $n", {"n": wrong})


# --------------------------------------------------------------------------------------------------------------------------------
# Kills

# Forks a writer for each line it reads and says which; a writer commits until it is killed, and says each generation once it is there.
WRITERS = textwrap.dedent(
    """
    import os, sys
    from graphinv.store import open_store
    import graphinv.store.embedded
    from tests.store.support import analysis, generation_facts, scan

    def say(what):
        os.write(1, f"{what}\\n".encode())

    def write():
        with open_store(sys.argv[1], write=True) as store:
            while True:
                number = store.generation + 1
                store.commit(scan(number % 27 + 1), *generation_facts(number))
                say(number)
                store.put_analysis(analysis(generation=number))

    for _ in sys.stdin:
        child = os.fork()
        if not child:
            write()
        say(f"pid {child}")
        os.waitpid(child, 0)
        say("dead")
    """
)


def python(program: str, *arguments: object) -> subprocess.Popen[str]:
    root = Path(__file__).parents[2]
    return subprocess.Popen(
        [sys.executable, "-c", program, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root)},
    )


def test_a_kill_at_any_instant_leaves_a_committed_generation(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    rng = random.Random(3)
    reached = 0
    with python(WRITERS, path) as writers:
        assert writers.stdin
        assert writers.stdout
        for _ in range(25):
            writers.stdin.write("next\n")
            writers.stdin.flush()
            # The first lines are the writer's pid and the first generation, in either order.
            first = {
                line.startswith("pid "): int(line.removeprefix("pid ")) for line in (writers.stdout.readline(), writers.stdout.readline())
            }
            time.sleep(rng.uniform(0.0, 0.3))
            os.kill(first[True], signal.SIGKILL)
            said = first[False]
            while (line := writers.stdout.readline()) != "dead\n":
                said = int(line)
            with open_store(path) as store:
                # What was said to be committed is there; at most one more was under way.
                assert said <= store.generation <= said + 1
                reached = store.generation
                nodes, edges = generation_facts(reached)
                estate = store.estate()
                assert {node.props["version"] for node in estate.nodes.values()} == {str(reached)}
                assert len(estate.nodes) == len(nodes)
                assert len(estate.edges) == len(edges)
                results = store.analysis()
                assert results is None or results.generation <= reached
                assert [found.at for found in store.scans()] == [day(reached % 27 + 1)]
    with open_store(path, write=True) as store:
        assert store.commit(scan(28), NODES, EDGES).generation == reached + 1
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["graph", "graph.lock"]


def test_a_reader_that_has_rested_reads_the_generation_that_it_opened(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    filled(path)
    with open_store(path) as reader:
        with open_store(path, write=True) as writer:
            writer.commit(scan(2), [], [])
        reader.rest()
        assert reader.generation == 1
        assert len(reader.estate().nodes) == len(NODES)
        assert reader.query("MATCH (n:Agent) WHERE n.gone_at IS NULL RETURN count(n) AS n").rows == ((1,),)


def test_resting_lets_the_graph_go(tmp_path: Path) -> None:
    path = tmp_path / "graph"
    filled(path)
    with EmbeddedStore(path, write=True) as store:
        store.estate()
        store.rest()
        assert store._graph is None
        assert store._state is None
    with EmbeddedStore(tmp_path / "new", write=True) as empty:
        empty.rest()
        assert empty.estate().nodes == {}
