"""`vaguemestre pki issue|revoke|refresh DIR`: the demo CA of a data directory (profile demo only).

    DIR/pki/ca.pem ca.key           the CA          DIR/pki/crl.pem         its revocation list
    DIR/pki/server.pem server.key   our server      DIR/pki/register.json   every certificate issued, and when it was revoked

The register is the source: the CRL is made from it and never the other way round, so that a lost or damaged CRL un-revokes nobody.
Acts on the register are serialised by a lock, and each file is replaced whole.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime as dt
import fcntl
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vaguemestre.domain.fault import Refused

if TYPE_CHECKING:
    from vaguemestre.crypto.demo_pki import Issued

SUMMARY = "issues and revokes peers' certificates (profile demo)"
RENEW = dt.timedelta(days=90)
"""A CRL with less time left is published again; it lives a year, for a demo directory taken up again after months."""

Entry = dict[str, Any]


def make(path: Path, domain: str) -> None:
    """The CA, the server's certificate and an empty CRL of a new data directory."""
    from vaguemestre.cli.init import write
    from vaguemestre.crypto import demo_pki

    now = dt.datetime.now(dt.UTC)
    pki = path / "pki"
    ca = demo_pki.make_ca(now, f"Vaguemestre demo CA of {domain}"[:64])
    write(pki / "ca.key", ca.key, 0o600)
    write(pki / "ca.pem", ca.certificate, 0o644)
    # A demo is reached on the machine itself: its clients check the name that they dial.
    server = demo_pki.issue(ca, now, _host(domain), names=(domain, "localhost", "127.0.0.1", "::1"))
    write(pki / "server.key", server.key, 0o600)
    write(pki / "server.pem", server.certificate, 0o644)
    entries = [_entry("server", domain, demo_pki.serial_of(server.certificate))]
    _save(pki, entries)
    _publish(pki, entries, now)


def _host(domain: str) -> str:
    """The name of a domain's mail server, whole in the subject's CN (at most 64 characters, X.520 ub-common-name): a shortened one
    could be another domain's."""
    host = f"mail.{domain}"
    if len(host) > 64:
        raise Refused("The demo CA certifies domains of at most 59 characters.")
    return host


def _entry(use: str, domain: str, serial: int) -> Entry:
    return {"use": use, "domain": domain, "serial": f"{serial:x}", "revoked_at": None}


def _ca(pki: Path) -> Issued:
    from vaguemestre.crypto.demo_pki import Issued

    try:
        return Issued((pki / "ca.pem").read_bytes(), (pki / "ca.key").read_bytes())
    except OSError as error:
        raise Refused(f"The CA under {pki} cannot be read: {error.strerror}; put ca.pem and ca.key back from a copy.") from None


def _register(pki: Path) -> list[Entry]:
    try:
        entries = json.loads((pki / "register.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise Refused(f"{pki / 'register.json'} cannot be read; put it back from a copy: it tells who was revoked.") from None
    assert isinstance(entries, list)
    return entries


def _save(pki: Path, entries: list[Entry]) -> None:
    from vaguemestre.cli.init import write

    write(pki / "register.json", (json.dumps(entries, indent=1) + "\n").encode())


def _publish(pki: Path, entries: list[Entry], now: dt.datetime) -> None:
    """Writes the CRL that the register says."""
    from vaguemestre.cli.init import write
    from vaguemestre.crypto import demo_pki

    revoked = [int(one["serial"], 16) for one in entries if one["revoked_at"]]
    write(pki / "crl.pem", demo_pki.make_crl(_ca(pki), now, revoked), 0o644)


@contextlib.contextmanager
def locked(pki: Path) -> Iterator[None]:
    """Acts on the files of the demo CA, one at a time."""
    descriptor = os.open(pki / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def refresh_crl(directory: str | os.PathLike[str], *, whatever: bool = False) -> bool:
    """Publishes the CRL again when it is valid and nears its end, and returns whether it did; `serve` calls it at start.

    A CRL that is absent, damaged or past its end stays so unless `whatever`: silently making a new one would hide that checks had
    stopped, and a person decides with `vaguemestre pki refresh`.
    """
    from cryptography import x509

    pki = Path(directory) / "pki"
    now = dt.datetime.now(dt.UTC)
    with locked(pki):
        if not whatever:
            try:
                ends = x509.load_pem_x509_crl((pki / "crl.pem").read_bytes()).next_update_utc
            except (OSError, ValueError):
                return False
            if ends is None or not now < ends <= now + RENEW:
                return False
        _publish(pki, _register(pki), now)
    return True


def _out(name: str, entries: list[Entry]) -> Path:
    """The folder OUT, empty of any key but those of this CA's peers."""
    from vaguemestre.crypto import certificates
    from vaguemestre.domain.fault import Fault

    out = Path(name)
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Refused(f"--out cannot be made: {error.strerror}.") from None
    if not os.access(out, os.W_OK | os.X_OK):
        raise Refused("--out cannot be written to.")
    if (out / "key.pem").exists():
        try:
            serial = f"{certificates.read_pem((out / 'cert.pem').read_bytes())[0].serial:x}"
        except (OSError, IndexError, Fault):
            serial = ""
        if serial not in {one["serial"] for one in entries if one["use"] == "peer"}:
            raise Refused("--out holds a key.pem that this CA did not issue; name another folder.")
    return out


def _issue(path: Path, domain: str, out_name: str) -> int:
    from vaguemestre.cli.init import write
    from vaguemestre.crypto import certificates, demo_pki
    from vaguemestre.records import trust_lists

    pki = path / "pki"
    now = dt.datetime.now(dt.UTC)
    with locked(pki):
        entries = _register(pki)
        out = _out(out_name, entries)
        ca = _ca(pki)
        peer = demo_pki.issue(ca, now, _host(domain), names=(domain,))
        read = certificates.read_pem(peer.certificate)[0]
        # Registered before it is trusted or handed out: what exists can be revoked.
        _save(pki, [*entries, _entry("peer", domain, read.serial)])
        trust_lists.list_peer(domain, read.subject, read.key, read.serial, now)
        write(out / "key.pem", peer.key, 0o600)
        write(out / "cert.pem", peer.certificate, 0o644)
        write(out / "ca.pem", ca.certificate, 0o644)
    print(f"{domain} is listed; its certificate, its key and the CA's certificate are in {out}.")
    return 0


def _revoke(path: Path, domain: str) -> int:
    from vaguemestre.records import trust_lists

    pki = path / "pki"
    now = dt.datetime.now(dt.UTC)
    with locked(pki):
        entries = _register(pki)
        peers = [one for one in entries if one["use"] == "peer" and one["domain"] == domain]
        if not peers:
            raise Refused("This CA issued no certificate to that domain.")
        sound = [one for one in peers if not one["revoked_at"]]
        for one in sound:
            one["revoked_at"] = now.isoformat(timespec="seconds")
        _save(pki, entries)
        _publish(pki, entries, now)
        trust_lists.peer_revoked([int(one["serial"], 16) for one in sound], now)
    print(f"{len(sound)} certificates of {domain} were revoked; {len(peers) - len(sound)} were before.")
    return 0


def arguments(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="issue|revoke|refresh")
    issue = verbs.add_parser("issue", help="issues a peer's certificate and lists it as trusted", allow_abbrev=False)
    issue.add_argument("directory", metavar="DIR")
    issue.add_argument("--domain", required=True, metavar="PEER_DOMAIN")
    issue.add_argument("--out", required=True, metavar="OUT", help="folder for cert.pem, key.pem and ca.pem")
    revoke = verbs.add_parser("revoke", help="revokes every certificate of a peer", allow_abbrev=False)
    revoke.add_argument("directory", metavar="DIR")
    revoke.add_argument("--domain", required=True, metavar="PEER_DOMAIN")
    refresh = verbs.add_parser("refresh", help="publishes the CRL again, from the register", allow_abbrev=False)
    refresh.add_argument("directory", metavar="DIR")


def run(args: argparse.Namespace) -> int:
    from vaguemestre.cli.assemble import absolute, open_data

    configuration = open_data(args.directory)
    from vaguemestre.cli.init import hosted_form

    if configuration.text("server", "profile") != "demo":
        raise Refused("Only profile demo has a CA of its own; in profile mssante certificates come from IGC Santé.")
    path = absolute(args.directory)
    if args.verb == "refresh":
        refresh_crl(path, whatever=True)
        print("The CRL was published again.")
        return 0
    domain = hosted_form(args.domain)
    return _issue(path, domain, args.out) if args.verb == "issue" else _revoke(path, domain)
