"""A decision point on loopback that speaks as much of AuthZEN as a simulation asks for, and fails where it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Question = dict[str, Any]


@dataclass
class FakePoint:
    """``decide`` gives the answer to one evaluation."""

    decide: Callable[[Question], Any] = lambda question: {"decision": True}
    has_batch: int = 200
    """Status of the batch's address: 404 or 405 where there is none."""
    metadata: Callable[[str], Any] | None = None
    """What it says of itself, by its own address."""
    faults: list[int] = field(default_factory=list)
    """Statuses of the next requests, in order."""
    prefix: str = ""
    url: str = ""
    paths: list[str] = field(default_factory=list)
    headers: list[Mapping[str, str]] = field(default_factory=list)
    bodies: list[Any] = field(default_factory=list)

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        if self.faults and (status := self.faults.pop(0)) != 200:
            return status, {"error": "no"}
        if method == "GET" and path == f"/.well-known/authzen-configuration{self.prefix}" and self.metadata:
            return 200, self.metadata(self.url)
        if path == f"{self.prefix}/access/v1/evaluation":
            return 200, self.decide(body)
        if path == f"{self.prefix}/access/v1/evaluations":
            return self.has_batch, {"evaluations": [self.decide(one) for one in body["evaluations"]]}
        return 404, {"message": "nothing here"}


@contextmanager
def pointed(fake: FakePoint) -> Iterator[FakePoint]:
    """``fake`` at work, with its address."""

    class Handler(BaseHTTPRequestHandler):
        def do(self) -> None:
            size = int(self.headers.get("content-length") or 0)
            body = json.loads(self.rfile.read(size)) if size else None
            fake.paths.append(self.path)
            fake.headers.append({name.lower(): value for name, value in self.headers.items()})
            fake.bodies.append(body)
            status, data = fake.answer(self.command, self.path, body)
            content = data if isinstance(data, bytes) else json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do  # noqa: N815 - as http.server calls them

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_address[1]}{fake.prefix}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
