"""Hands the demo's messages to the practice's door as the hospital's server would: SMTP with STARTTLS and both certificates (RFC 3207)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator, Sequence
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from vaguemestre.cli.demo_people import HOSPITAL, PRACTICE
from vaguemestre.domain.fault import Refused

TIMEOUT_S = 60


class _Named(ssl.SSLContext):
    """A context that checks the server's certificate for the practice's name, whatever address was dialled."""

    def wrap_socket(self, sock: Any, *args: Any, **keywords: Any) -> ssl.SSLSocket:
        keywords["server_hostname"] = f"mail.{PRACTICE.domain}"
        return super().wrap_socket(sock, *args, **keywords)


def context(peer: Path) -> ssl.SSLContext:
    """The hospital's side of mutual TLS, from `cert.pem`, `key.pem` and `ca.pem` in `peer`."""
    tls = _Named(ssl.PROTOCOL_TLS_CLIENT)
    tls.minimum_version = ssl.TLSVersion.TLSv1_2
    tls.load_verify_locations(peer / "ca.pem")
    tls.load_cert_chain(peer / "cert.pem", peer / "key.pem")
    return tls


def send(peer: Path, host: str, port: int, mails: Sequence[EmailMessage]) -> Iterator[str]:
    """Sends each mail and yields its Message-ID once the practice has said 250. Raises `Refused`."""
    try:
        with smtplib.SMTP(host, port, local_hostname=f"mail.{HOSPITAL.domain}", timeout=TIMEOUT_S) as client:
            client.starttls(context=context(peer))
            for mail in mails:
                client.send_message(mail)
                yield str(mail["Message-ID"])
    except smtplib.SMTPResponseException as error:
        raise Refused(f"The practice's door answered {error.smtp_code} to the demo's hospital.") from None
    except (OSError, smtplib.SMTPException) as error:
        raise Refused(f"The demo's hospital could not send its messages ({type(error).__name__}).") from None
