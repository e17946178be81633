"""Where `serve` listens: what HOST:PORT means, a port kept until its server has it, and the lock that makes one `serve` a directory."""

from __future__ import annotations

import fcntl
import os
import socket
from pathlib import Path

from vaguemestre.domain.fault import Refused


def place(text: str, what: str) -> tuple[str, int] | None:
    """(host, port) of HOST:PORT, or None for "off". Raises `Refused`."""
    if text == "off":
        return None
    host, colon, port = text.rpartition(":")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) > 65_535:
        raise Refused(f"--{what}: {text!r} is no HOST:PORT; say for example 127.0.0.1:0, or off.")
    return host.strip("[]"), int(port)


def reserve(host: str, port: int, what: str) -> tuple[socket.socket, int]:
    """A bound socket that keeps the port ours until its server binds it too (SO_REUSEPORT), and the port. Raises `Refused`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    probe = socket.socket(family, socket.SOCK_STREAM)
    try:
        # Without SO_REUSEPORT first: a port that another program serves must be refused, not shared.
        if port:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        raise Refused(f"{what}: {host}:{port} cannot be opened: {error.strerror}.") from None
    finally:
        probe.close()
    reserved = socket.socket(family, socket.SOCK_STREAM)
    try:
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        reserved.bind((host, port))
    except OSError as error:
        reserved.close()
        raise Refused(f"{what}: {host}:{port} cannot be opened: {error.strerror}.") from None
    return reserved, int(reserved.getsockname()[1])


def lock(directory: Path) -> int:
    """Takes the data directory for this `serve`; the descriptor holds it. Raises `Refused` when another has it."""
    descriptor = os.open(directory / "run" / "serve.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise Refused(f"{directory} is already served by another vaguemestre serve; stop that one first.") from None
    return descriptor


def shown(host: str, port: int) -> str:
    """HOST:PORT, an IPv6 host in brackets."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
