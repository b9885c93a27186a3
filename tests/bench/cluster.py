"""``graphinv reach --all --workers dask://…`` on a cluster of separate processes, of which one is killed while it works:
``python -m tests.bench.cluster [AGENTS [WORKERS]]``.

An invented estate is ingested, asked on one machine, on the cluster, and on the cluster again while a worker of it is killed. Ends with 1
where one of the three answers is not that of the others.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from distributed import Client

from tests.bench.synthetic import AT, synthetic


def main(agents: int, workers: int) -> int:
    """Print a table of the three ways; says whether they differ."""
    with tempfile.TemporaryDirectory() as name, cluster(Path(name), workers) as (address, client, processes):
        store = Path(name) / "graph"
        facts = Path(name) / "estate.facts.jsonl"
        write(agents, facts)
        graphinv("ingest", facts, "--store", store)
        asked = ("reach", "--all", "--format", "jsonl", "--store", store, "--at", AT)
        graphinv(*asked, "--summary")  # compiled, and the arrays are kept, before anything is measured
        print("| way | answers | seconds | processor seconds, asking process |")
        print("| --- | --- | ---: | ---: |")
        digests = [timed("one machine", asked)]
        digests.append(timed(f"{workers} workers", (*asked, "--workers", f"dask://{address}")))
        killer = threading.Thread(target=kill_one, args=(client, processes))
        killer.start()
        digests.append(timed(f"{workers} workers, one killed", (*asked, "--workers", f"dask://{address}")))
        killer.join()
        dead = sum(process.poll() is not None for process in processes)
        print(f"\n{dead} of {workers} workers killed; answers are {'equal' if len(set(digests)) == 1 else 'DIFFERENT'}")
    return int(len(set(digests)) != 1 or dead != 1)


def write(agents: int, path: Path) -> None:
    """The estate as native facts."""
    estate = synthetic(agents)
    with path.open("w") as file:
        for node in estate.nodes.values():
            file.write(json.dumps({"node": node.kind, "id": node.id, "props": node.props}) + "\n")
        for edge in estate.edges:
            file.write(json.dumps({"edge": edge.kind, "from": edge.source, "to": edge.target, "props": edge.props}) + "\n")


def graphinv(*words: object) -> bytes:
    """What the command prints."""
    return subprocess.run([sys.executable, "-m", "graphinv", *map(str, words)], check=True, stdout=subprocess.PIPE).stdout


def timed(way: str, words: Sequence[object]) -> str:
    """Digest of what the command prints, and a row of the table."""
    start, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    answer = graphinv(*words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    digest = hashlib.sha256(answer).hexdigest()
    print(f"| {way} | {digest[:12]} | {time.monotonic() - start:.1f} | {spent:.1f} |", flush=True)
    return digest


def kill_one(client: Client, processes: Sequence[subprocess.Popen[bytes]]) -> None:
    """Kill the first worker that is seen at work."""
    while True:
        for worker, tasks in client.processing().items():
            if tasks:
                pid = client.run(os.getpid, workers=[worker])[worker]
                os.kill(pid, signal.SIGKILL)
                next(process for process in processes if process.pid == pid).wait()
                return
        time.sleep(0.005)


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[tuple[str, Client, list[subprocess.Popen[bytes]]]]:
    """Address of a scheduler, a client of it, and the processes of its workers; all end with the context."""
    contact = folder / "scheduler.json"

    def start(module: str, *words: str) -> subprocess.Popen[bytes]:
        common = ("--host", "127.0.0.1", "--scheduler-file", str(contact), "--no-dashboard")
        command = [sys.executable, "-m", f"distributed.cli.{module}", *words, *common]
        return subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    scheduler = start("dask_scheduler", "--port", "0")
    started = [start("dask_worker", "--no-nanny", "--nthreads", "1") for _ in range(workers)]
    try:
        while not contact.exists():
            time.sleep(0.1)
        with Client(scheduler_file=str(contact)) as client:
            client.wait_for_workers(workers, timeout=120)
            yield client.scheduler_info()["address"].removeprefix("tcp://"), client, started
    finally:
        for process in (*started, scheduler):
            process.kill()
            process.wait()


if __name__ == "__main__":
    given = [int(word) for word in sys.argv[1:]]
    sys.exit(main(*(given + [2_000, 2][len(given) :])))
