"""The revocation lists under DIR/pki: `crl.pem`, put there by hand or by the demo CA, and `crl.d`, where fetched ones are kept (RFC 5280
section 6.3; mssante.md 2.2, requirement 12). A kept list outlives its host, until its own end and not a second more.

    DIR/pki/crl.d/<issuer and scope>.crl    the newest list of each issuer and distribution point, DER
    DIR/pki/seen.d/<fingerprint>.der        certificates met at a door, whose distribution points are asked too where that is wanted
"""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import serialization

from vaguemestre.crypto import certificates, revocation
from vaguemestre.crypto.certificates import Certificate
from vaguemestre.crypto.revocation import Published, Revocation
from vaguemestre.domain.fault import Fault, Unreadable

KEPT, SEEN = "crl.d", "seen.d"
FILES_MOST, SEEN_MOST = 512, 2_000
RACY_NS = 2_000_000_000
"""A folder that changed so lately may change again within one tick of its clock: it is looked at again."""
Stamp = tuple[int, int, int]


def _stamp(path: Path) -> Stamp | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size


def write_whole(path: Path, data: bytes) -> None:
    """Writes a file whole or not at all, durable when it returns."""
    path.parent.mkdir(mode=0o700, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with aside.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


class RevocationFiles:
    """`pki`: the folder. `notices`: whether certificates that are asked about are put down in `seen.d`."""

    def __init__(self, pki: Path, notices: bool = False) -> None:
        self._pki = pki
        self._notice: Callable[[Certificate], None] | None = self._put_down if notices else None
        self._stamps: tuple[Stamp | None, ...] | None = None
        self._authorities_stamp: Stamp | None = None
        self._found = Revocation()
        self._read: dict[Path, tuple[Stamp, Revocation]] = {}
        self._seen: set[str] = set()

    def authorities(self) -> tuple[Certificate, ...]:
        """Those of `ca.pem`; none where it cannot be read: then every verdict is Unknown."""
        try:
            return certificates.read_pem((self._pki / "ca.pem").read_bytes())
        except (OSError, Fault):
            return ()

    def current(self) -> Revocation:
        """What the files say now. Three looks at the file system; a file is read only when it changed. An unreadable list is a list that
        could not be looked at."""
        stamps = (_stamp(self._pki / "crl.pem"), _stamp(self._pki / "ca.pem"), _stamp(self._pki / KEPT))
        if stamps != self._stamps:
            if stamps[1] != self._authorities_stamp:
                self._read.clear()
                self._authorities_stamp = stamps[1]
            self._found = self._load()
            folder = stamps[2]
            settled = folder is None or time.time_ns() - folder[0] > RACY_NS
            self._stamps = stamps if settled else None
        return self._found

    def _load(self) -> Revocation:
        authorities = self.authorities()
        before, self._read = self._read, {}
        for path in [self._pki / "crl.pem", *self._kept()]:
            stamp = _stamp(path)
            if stamp is None:
                continue
            known = before.get(path)
            if known is None or known[0] != stamp:
                try:
                    known = stamp, revocation.read(path.read_bytes(), authorities)
                except OSError:
                    continue
            self._read[path] = known
        lists = tuple(one for _, found in self._read.values() for one in found.lists)
        if lists == self._found.lists and self._found.notice is self._notice:
            return self._found
        return Revocation(lists, self._notice)

    def _kept(self) -> list[Path]:
        try:
            return sorted((self._pki / KEPT).glob("*.crl"))[:FILES_MOST]
        except OSError:
            return []

    def keep(self, data: bytes, now: dt.datetime) -> Published:
        """Keeps a list that was fetched instead of the one of the same issuer and scope. Raises `Fault` where it may not be kept, and
        OSError; what is kept then stays."""
        authorities = self.authorities()
        found = revocation.published(data, authorities, now)
        path = self._pki / KEPT / f"{found.place}.crl"
        kept = self._held(path, authorities)
        if kept is not None and kept.data == found.data:
            return found
        if kept is not None and found.older(kept):
            raise Unreadable("The revocation list is older than the one that is kept.", revocation.OLDER)
        write_whole(path, found.data)
        return found

    def holds(self, place: str) -> bool:
        """Whether a list is kept there."""
        return bool(place) and (self._pki / KEPT / f"{place}.crl").is_file()

    @staticmethod
    def _held(path: Path, authorities: tuple[Certificate, ...]) -> Published | None:
        """The list that is kept, whatever its dates; None where there is none to rely on."""
        try:
            return revocation.published(path.read_bytes(), authorities, None)
        except (OSError, Fault):
            return None

    def seen(self) -> list[Certificate]:
        """The certificates met at a door. One that can be read no more is passed over."""
        found: list[Certificate] = []
        with contextlib.suppress(OSError):
            for path in sorted((self._pki / SEEN).glob("*.der"))[:SEEN_MOST]:
                with contextlib.suppress(OSError, Fault):
                    found.append(certificates.read(path.read_bytes()))
        return found

    def own(self) -> list[Certificate]:
        """Our own certificate and the authorities."""
        found = list(self.authorities())
        with contextlib.suppress(OSError, Fault):
            found += certificates.read_pem((self._pki / "server.pem").read_bytes())
        return found

    def _put_down(self, certificate: Certificate) -> None:
        """Notes a certificate met at a door. It speaks for itself alone, so it need not be durable; a failure is only a check less soon."""
        name = certificate.fingerprint
        if name in self._seen or len(self._seen) >= SEEN_MOST:
            return
        self._seen.add(name)
        folder = self._pki / SEEN
        with contextlib.suppress(OSError):
            path = folder / f"{name}.der"
            if path.exists():
                return
            folder.mkdir(mode=0o700, exist_ok=True)
            aside = folder / f".{name}.{os.getpid()}"
            aside.write_bytes(certificate.x509.public_bytes(serialization.Encoding.DER))
            aside.rename(path)
