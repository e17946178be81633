"""TLS between operators, both ends: the contexts, and one connection's layer over memory (mssante.md 1.3 and 2.2; RFC 3207, RFC 8446).

The layer is a `MemoryBIO` on each side inside the connection's own protocol, not `loop.start_tls`: what came before the handshake is
thrown away at an exact place, and the same code runs on asyncio and uvloop. Peers must show a certificate of our authorities; whether it
is revoked or listed is `crypto.standing`'s to decide, which can say "later" where TLS can only break off.
"""

from __future__ import annotations

import dataclasses
import logging
import ssl
from collections.abc import Callable
from pathlib import Path

from vaguemestre.crypto import certificates
from vaguemestre.crypto.certificates import Certificate
from vaguemestre.domain.fault import Fault, Refused

SUITES_1_2 = (
    "ECDHE-ECDSA-AES256-GCM-SHA384",
    "ECDHE-RSA-AES256-GCM-SHA384",
    "ECDHE-ECDSA-AES128-GCM-SHA256",
    "ECDHE-RSA-AES128-GCM-SHA256",
    "ECDHE-ECDSA-AES256-SHA384",
    "ECDHE-RSA-AES256-SHA384",
    "ECDHE-ECDSA-AES128-SHA256",
    "ECDHE-RSA-AES128-SHA256",
)
"""mssante.md 2.2 (C030, C02F, C028, C027) and the same with ECDSA; TLS 1.3 has its own, all sound."""
HANDSHAKE_MOST = 131_072
"""Bytes of a peer's handshake."""
READ = 262_144
SESSIONS_MOST = 2_000
"""Sessions kept to be resumed before the identity is loaded anew without them: a full handshake is then all that a peer loses."""

logger = logging.getLogger(__name__)


@dataclasses.dataclass(frozen=True, slots=True)
class Identity:
    """What an end shows and whom it trusts, loaded together so that both are of one moment."""

    context: ssl.SSLContext
    authorities: tuple[Certificate, ...]


def _context(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.verify_mode = ssl.CERT_REQUIRED
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    context.set_ciphers(":".join(SUITES_1_2))
    return context


def server_context() -> ssl.SSLContext:
    """The door's, without authorities and certificate yet."""
    context = _context(ssl.PROTOCOL_TLS_SERVER)
    context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    # What a peer needs to resume is kept here, and it is given a name of it: to write a session, certificates and all, into a sealed
    # ticket costs a fifth of a handshake (0.29 ms of 1.40, measured). One is enough. How many are kept: SESSIONS_MOST.
    context.options |= ssl.OP_NO_TICKET
    context.num_tickets = 1
    return context


def client_context() -> ssl.SSLContext:
    """The carrier's, without authorities and certificate yet. The name of the host proves nothing in the trust space: the subject does
    (mssante.md 1.3), and `crypto.standing` holds it against the list."""
    context = _context(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    return context


def load(pki: Path, make: Callable[[], ssl.SSLContext] = server_context) -> Identity:
    """From `server.pem`, `server.key` and `ca.pem` of a folder. Raises `Refused` naming the file."""
    ca = pki / "ca.pem"
    try:
        authorities = certificates.read_pem(ca.read_bytes())
    except OSError as error:
        raise Refused(f"{ca} cannot be read: {error.strerror}.") from None
    except Fault:
        raise Refused(f"{ca} holds no certificates in PEM.") from None
    context = make()
    try:
        context.load_verify_locations(ca)
    except (OSError, ssl.SSLError):
        raise Refused(f"{ca} holds no certificates that TLS can use.") from None
    try:
        context.load_cert_chain(pki / "server.pem", pki / "server.key")
    except (OSError, ssl.SSLError):
        raise Refused(f"{pki / 'server.pem'} and {pki / 'server.key'} are not a certificate and its private key in PEM.") from None
    return Identity(context, authorities)


class IdentityFiles:
    """The identity in force, loaded again when a file of it changed or it holds too many sessions. A new one that cannot be used leaves
    the old in force."""

    def __init__(self, pki: Path, make: Callable[[], ssl.SSLContext] = server_context) -> None:
        self._make = make
        self._files = [pki / name for name in ("server.pem", "server.key", "ca.pem")]
        self._pki = pki
        self._stamp = self._stamps()
        self.current = load(pki, make)

    def _stamps(self) -> list[tuple[int, int, int] | None]:
        found: list[tuple[int, int, int] | None] = []
        for path in self._files:
            try:
                status = path.stat()
                found.append((status.st_mtime_ns, status.st_ino, status.st_size))
            except OSError:
                found.append(None)
        return found

    def refresh(self) -> None:
        stamp = self._stamps()
        if stamp == self._stamp and self.current.context.session_stats()["number"] <= SESSIONS_MOST:
            return
        self._stamp = stamp
        try:
            self.current = load(self._pki, self._make)
        except Refused as refused:
            logger.error("the new TLS files are not used, the old ones stay: %s", refused.detail)


class HandshakeFailed(Exception):  # noqa: N818 - a verdict on the peer, not a fault of ours
    """`reason` is a key of `protocols.replies`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


_VERIFY_REASONS = {9: "certificate-not-yet-valid", 10: "certificate-expired", 26: "certificate-usage"}
"""X509_V_ERR_* of OpenSSL; all others are an untrusted certificate."""


class SecureLayer:
    """One connection's TLS. Bytes of the wire in, plain bytes out, and the other way round; `closed` once the peer ended it."""

    def __init__(self, context: ssl.SSLContext, server_side: bool = True, hostname: str | None = None) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._object = context.wrap_bio(self._incoming, self._outgoing, server_side=server_side, server_hostname=hostname)
        self._seen = 0
        self.closed = False

    def handshake(self, data: bytes) -> bool:
        """Takes bytes of the handshake; True once it is done. Raises `HandshakeFailed`; `wire()` then holds the alert to send."""
        self._seen += len(data)
        if self._seen > HANDSHAKE_MOST:
            raise HandshakeFailed("handshake-failed")
        self._incoming.write(data)
        try:
            self._object.do_handshake()
        except ssl.SSLWantReadError:
            return False
        except ssl.SSLCertVerificationError as error:
            raise HandshakeFailed(_VERIFY_REASONS.get(error.verify_code, "certificate-untrusted")) from None
        except ssl.SSLError as error:
            absent = error.reason == "PEER_DID_NOT_RETURN_A_CERTIFICATE"
            raise HandshakeFailed("certificate-absent" if absent else "handshake-failed") from None
        return True

    def unwrap(self, data: bytes) -> bytes:
        """Plain bytes of these bytes of the wire. Raises `HandshakeFailed` where they are no TLS."""
        self._incoming.write(data)
        plain: list[bytes] = []
        try:
            # Asked only while bytes wait: to be told that there are none costs as much as to read some.
            while self._incoming.pending or self._object.pending():
                piece = self._object.read(READ)
                if not piece:
                    self.closed = True
                    break
                plain.append(piece)
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLZeroReturnError:
            self.closed = True
        except ssl.SSLError:
            raise HandshakeFailed("handshake-failed") from None
        return plain[0] if len(plain) == 1 else b"".join(plain)

    def wrap(self, plain: bytes) -> None:
        """Ciphers; then `wire()`."""
        view = memoryview(plain)
        while view:
            view = view[self._object.write(view) :]

    def wire(self) -> bytes:
        """Takes what must be sent."""
        return self._outgoing.read()

    def end(self) -> None:
        """Says goodbye to the peer (close_notify); its own is not waited for."""
        try:
            self._object.unwrap()
        except (ssl.SSLError, ValueError):
            return

    @property
    def certificate(self) -> bytes | None:
        """DER of the peer's certificate, also in a resumed connection."""
        return self._object.getpeercert(binary_form=True)

    @property
    def version(self) -> str:
        return self._object.version() or ""

    @property
    def cipher(self) -> str:
        found = self._object.cipher()
        return found[0] if found else ""

    @property
    def resumed(self) -> bool:
        return bool(self._object.session_reused)
