"""One GET over HTTP, bounded in bytes and in time as a whole: what the trust list and the revocation lists are fetched with (RFC 9110).

Over the standard library's `http.client`, which follows no redirect, reads no proxy from the environment and undoes no encoding. Over
https the host is checked against the authorities of one file, never the system's. No account, no cookie; an answer that is encoded is
refused, so nothing can swell. A timer cuts the connection, so that a host that drips its octets cannot hold us.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
import threading
from pathlib import Path
from urllib.parse import urlsplit

from vaguemestre import __version__
from vaguemestre.domain.fault import Fault, TooLarge
from vaguemestre.inbound.fetch import Fetched

AGENT = f"Vaguemestre/{__version__}"
PIECE = 65_536


class Unfetched(Fault):
    """What was asked for could not be had whole."""

    code = "unreachable"


def context(ca: Path | None) -> ssl.SSLContext:
    """TLS 1.2 or later, the host's name and chain checked against the authorities of `ca` alone. Raises `Unfetched`."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca is None:
        raise Unfetched("An https address needs a file of authorities.", "ca-absent")
    try:
        made.load_verify_locations(ca)
    except (OSError, ssl.SSLError):
        raise Unfetched("The file of authorities that the host is checked against cannot be read.", "ca-unreadable") from None
    return made


class _Cut:
    """Shuts a socket down after `seconds`, and tells that it did."""

    def __init__(self, seconds: float) -> None:
        self.done = False
        self._sock: socket.socket | None = None
        self._timer = threading.Timer(seconds, self._cut)
        self._timer.daemon = True
        self._timer.start()

    def holds(self, sock: socket.socket) -> None:
        self._sock = sock
        if self.done:
            self._cut()

    def _cut(self) -> None:
        self.done = True
        if self._sock is not None:
            with contextlib.suppress(OSError, ValueError):
                self._sock.shutdown(socket.SHUT_RDWR)

    def end(self) -> None:
        self._timer.cancel()


def get(url: str, ca: Path | None, most: int, seconds: float, headers: dict[str, str] | None = None, body: bytes | None = None) -> Fetched:
    """What is at `url`; a POST where there is a `body`. At most `most` bytes, in `seconds` in all. Raises `Unfetched` or `TooLarge`, whose
    code says why: unreachable, too-slow, certificate-untrusted, tls-failed, redirected, http-NNN, encoded, too-large, cut, not-http."""
    parts = urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Unfetched("The address is none of the web.", "bad-address")
    secured = context(ca) if parts.scheme == "https" else None
    port = parts.port or (443 if secured else 80)
    connection = http.client.HTTPConnection(parts.hostname, port, timeout=seconds)
    cut = _Cut(seconds)
    try:
        # Connected here, so that the timer holds the socket before TLS begins.
        sock = socket.create_connection((parts.hostname, port), timeout=seconds)
        connection.sock = sock
        cut.holds(sock)
        if secured is not None:
            # Wrapping takes the descriptor over: the timer must hold the new socket before the handshake.
            hidden = secured.wrap_socket(sock, server_hostname=parts.hostname, do_handshake_on_connect=False, suppress_ragged_eofs=False)
            connection.sock = hidden
            cut.holds(hidden)
            hidden.do_handshake()
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        given = {"User-Agent": AGENT, "Accept-Encoding": "identity", "Connection": "close"} | (headers or {})
        connection.request("GET" if body is None else "POST", target, body, given)
        with connection.getresponse() as answer:
            return _taken(answer, most, conditional=bool(headers) and body is None)
    except ssl.SSLCertVerificationError:
        raise Unfetched("The host's certificate is not of the authorities that it is checked against.", "certificate-untrusted") from None
    except (TimeoutError, OSError, http.client.HTTPException, ValueError) as error:
        raise _reason(error, cut.done) from None
    finally:
        cut.end()
        connection.close()


def _reason(error: Exception, cut: bool) -> Unfetched:
    if cut or isinstance(error, TimeoutError):
        return Unfetched("The host did not answer whole in time.", "too-slow")
    if isinstance(error, ssl.SSLError):
        return Unfetched("No TLS connection came about with the host.", "tls-failed")
    if isinstance(error, http.client.IncompleteRead):
        return Unfetched("The answer was cut before its end.", "cut")
    if isinstance(error, OSError):
        return Unfetched("The host cannot be reached.")
    return Unfetched("The host does not speak HTTP as it should.", "not-http")


def _taken(answer: http.client.HTTPResponse, most: int, conditional: bool) -> Fetched:
    """The body of an answer, whole, in pieces, up to the bound."""
    etag, modified = answer.getheader("ETag") or "", answer.getheader("Last-Modified") or ""
    if answer.status == 304 and conditional:
        return Fetched(None, etag, modified)
    if 300 <= answer.status < 400:
        raise Unfetched("The host sends elsewhere, and nobody else is asked.", "redirected")
    if answer.status != 200:
        raise Unfetched(f"The host answered {answer.status}.", f"http-{answer.status}")
    if (answer.getheader("Content-Encoding") or "identity").strip().lower() != "identity":
        raise Unfetched("The answer is encoded, which was not asked.", "encoded")
    if answer.length is not None and answer.length > most:
        raise TooLarge(f"The answer has more than {most} bytes.")
    pieces: list[bytes] = []
    size = 0
    while piece := answer.read(PIECE):
        size += len(piece)
        if size > most:
            raise TooLarge(f"The answer has more than {most} bytes.")
        pieces.append(piece)
    # `read` of a given length does not tell an end that came too soon (RFC 9112 section 8).
    if answer.length:
        raise Unfetched("The answer was cut before its end.", "cut")
    return Fetched(b"".join(pieces), etag, modified)
