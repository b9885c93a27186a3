"""Something between a client and a server that can be cut."""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import threading


class Proxy:
    """Hands on what is sent to a server, until it is cut; with ``tls`` those who connect speak that."""

    def __init__(self, uri: str, tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        self._to = ("127.0.0.1", int(uri.rpartition(":")[2]))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        self.uri = f"bolt://127.0.0.1:{self.port}"
        self._open: list[socket.socket] = []
        self.accepts = self.answers = True
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                if not self.accepts:
                    client.close()
                    continue
                if self._tls:
                    try:
                        client = self._tls.wrap_socket(client, server_side=True)
                    except OSError:
                        continue  # who does not trust us goes away
                server = socket.create_connection(self._to)
                self._open += [client, server]
                threading.Thread(target=self._hand_on, args=(client, server), daemon=True).start()

    def _hand_on(self, client: socket.socket, server: socket.socket) -> None:
        with contextlib.suppress(OSError, ValueError):
            while True:
                waiting = isinstance(client, ssl.SSLSocket) and client.pending()
                for one in [client] if waiting else select.select([client, server], [], [])[0]:
                    data = one.recv(2**16)
                    if not data:
                        raise OSError
                    if one is client or self.answers:
                        (server if one is client else client).sendall(data)
        client.close()
        server.close()

    def cut(self, *, accepts: bool = True) -> None:
        """Break all connections; whether new ones are made."""
        self.accepts = accepts
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def close(self) -> None:
        self._listening.close()
        self.cut(accepts=False)
