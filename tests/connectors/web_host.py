"""A small web host on loopback that answers exactly the bytes it is told, in clear or over TLS with a certificate made on the spot."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from vaguemestre.crypto import demo_pki

NOW = dt.datetime.now(dt.UTC)


def answer(body: bytes, status: str = "200 OK", **headers: str) -> bytes:
    """A whole response; `Content-Length` unless told otherwise."""
    given = {"Content-Length": str(len(body))} | {name.replace("_", "-"): value for name, value in headers.items()}
    head = "".join(f"{name}: {value}\r\n" for name, value in given.items() if value)
    return f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + body


class Host:
    """Answers each request with `says`, whatever it was; `asked` are the requests. `drip`: seconds between octets."""

    def __init__(self, folder: Path, tls: bool = True) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.ca = folder / "host-ca.pem"
        self.says = answer(b"")
        self.asked: list[bytes] = []
        self.drip = 0.0
        self._tls: ssl.SSLContext | None = None
        if tls:
            authority = demo_pki.make_ca(NOW)
            issued = demo_pki.issue(authority, NOW, "localhost", names=("127.0.0.1",))
            self.ca.write_bytes(authority.certificate)
            (folder / "host.pem").write_bytes(issued.certificate)
            (folder / "host.key").write_bytes(issued.key)
            self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._tls.load_cert_chain(folder / "host.pem", folder / "host.key")
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.port}/liste.xml"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            with connection, contextlib.suppress(OSError):
                connection.settimeout(5)
                self._one(connection)

    def _one(self, connection: socket.socket) -> None:
        with self._tls.wrap_socket(connection, server_side=True) if self._tls else contextlib.nullcontext(connection) as open_:
            request = b""
            while b"\r\n\r\n" not in request:
                more = open_.recv(65_536)
                if not more:
                    return
                request += more
            self.asked.append(request)
            if not self.drip:
                open_.sendall(self.says)
                if isinstance(open_, ssl.SSLSocket):
                    open_.unwrap().close()
                return
            for octet in self.says:
                open_.sendall(bytes([octet]))
                time.sleep(self.drip)

    def close(self) -> None:
        # A listening socket that another thread accepts on is woken by shutdown, not by close.
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(10)


@contextlib.contextmanager
def host(folder: Path, tls: bool = True) -> Iterator[Host]:
    made = Host(folder, tls)
    try:
        yield made
    finally:
        made.close()
