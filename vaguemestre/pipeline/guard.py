"""Documents are read in a child process that may die (promise 2): long-lived, replaced when it dies, RLIMIT_AS on it, and a number of
seconds a document kept by the parent with SIGKILL.

The child is handed bytes and gives back a packed reading: JSON, since what parsed hostile bytes is not to be trusted with more. It says
which document it begins, so that the parent's clock is per document. When it dies or takes too long, the file is read again by a new
child; after the second death in one document that document is passed over and told as unreadable, and the others of its file go on.

The child holds no file, socket or database of its parent's: all descriptors but its own are closed as it begins.
"""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import os
import resource
import select
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.domain.reading import Document, Reading, Warning
from vaguemestre.domain.reading_json import unpack

_FRAME = struct.Struct("!cI")
BEGIN, ANSWER, FAULT, ASK = b"B", b"A", b"F", b"Q"
_TOGETHER = 1 << 20
MOST_ANSWER = 256 * 1024 * 1024
DEATHS = 2
MOST_DEATHS = 50
MESSAGE_FACTOR = 6
"""A whole file may take this many times the limit of one document."""


class ChildDied(Fault):
    """The reading child was ended by a signal, by itself or by its memory limit."""

    code = "reader-died"


class TookTooLong(Fault):
    """The reading child was ended by its parent's clock."""

    code = "reader-too-slow"


@dataclasses.dataclass(frozen=True, slots=True)
class Limits:
    """`seconds` a document; `memory` bytes of address space."""

    seconds: float = 10.0
    memory: int = 1 << 30

    @classmethod
    def of(cls, configuration: Configuration) -> Limits:
        return cls(configuration.number("pipeline", "document_seconds"), configuration.number("pipeline", "document_bytes"))


class _Gone(Exception):  # noqa: N818 - no error: the other end closed
    """The child's end of the socket closed."""


def _send(sock: socket.socket, kind: bytes, *parts: bytes) -> None:
    size = sum(len(part) for part in parts)
    frame = _FRAME.pack(kind, size)
    if size <= _TOGETHER:
        # One write: the other end wakes once.
        sock.sendall(b"".join((frame, *parts)))
        return
    sock.sendall(frame)
    for part in parts:
        sock.sendall(part)


def _receive(sock: socket.socket, count: int, deadline: float | None) -> bytearray:
    data = bytearray(count)
    view = memoryview(data)
    while view:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([sock], [], [], left)[0]:
                raise TimeoutError
        got = sock.recv_into(view)
        if not got:
            raise _Gone
        view = view[got:]
    return data


class Guard:
    """Reads in a child. Not for several threads at once. `spawn` starts the child as a new program, for a parent that has threads
    (the screens); else it is forked, which is quicker and shares memory. `before_wait` is called at each sign of life of the child
    and every few seconds of its silence, so that a claim can be renewed."""

    def __init__(self, limits: Limits, *, spawn: bool = False, alive: Callable[[], None] | None = None) -> None:
        self._limits = limits
        self._spawn = spawn
        self._alive = alive
        self._sock: socket.socket | None = None
        self._pid = 0
        self._process: subprocess.Popen[bytes] | None = None

    # --- what may be asked ---------------------------------------------------------------------------------------------------

    def read(self, data: bytes, name: str, media_type: str | None = None) -> Reading:
        """Everything found in a file. Never raises for what the bytes do: a document whose reader died twice is told as such."""
        deaths: dict[str, int] = {}
        skip: dict[str, str] = {}
        last_pass = False
        deadline = time.monotonic() + self._limits.seconds * MESSAGE_FACTOR
        while True:
            begun: list[tuple[str, float]] = []
            try:
                arguments = {"name": name, "media_type": media_type, "skip": skip}
                answer = self._ask("read", data, arguments, lambda key: begun.append((key, time.monotonic())), deadline)  # noqa: B023
                return unpack(bytes(answer))
            except (ChildDied, TookTooLong) as fault:
                key = begun[-1][0] if begun else ""
                deaths[key] = deaths.get(key, 0) + 1
                if deaths[key] >= DEATHS:
                    skip[key] = fault.code
                if last_pass or deaths.get("", 0) >= DEATHS or len(deaths) > MOST_DEATHS:
                    return impossible(data, name, fault)
                if time.monotonic() >= deadline:
                    # The file as a whole took too long: once more, without what was slow and without all that comes after.
                    skip |= self._slow(begun)
                    last_pass = True
                    deadline = time.monotonic() + self._limits.seconds * MESSAGE_FACTOR
            except Fault as fault:
                return impossible(data, name, fault)

    def _slow(self, begun: list[tuple[str, float]]) -> dict[str, str]:
        """The keys whose reading took a tenth of the limit or more, the last one begun, and every one after it."""
        slow = {key for (key, began), (_, ended) in itertools.pairwise(begun) if ended - began > self._limits.seconds / 10}
        last = int(begun[-1][0]) if begun else 0
        slow.update(str(rank) for rank in range(last, last + 1000))
        return dict.fromkeys(slow, TookTooLong.code)

    def extract(self, data: bytes, sha256: str) -> tuple[bytes, str, str]:
        """(bytes, media type, name) of the document with that digest. Raises `Unreadable`, `ChildDied` or `TookTooLong`."""
        answer = self._ask("extract", data, {"sha256": sha256})
        size = struct.unpack_from("!I", answer)[0]
        head = json.loads(bytes(answer[4 : 4 + size]))
        return bytes(answer[4 + size :]), str(head["media_type"]), str(head["name"])

    def render(self, data: bytes, page: int, width: int) -> bytes:
        """A PDF's page (from 0) as a PNG of that many pixels' width. Raises `Unreadable`, `TooLarge`, `ChildDied` or `TookTooLong`."""
        return bytes(self._ask("render", data, {"page": page, "width": width}))

    def pages(self, data: bytes) -> int:
        """How many pages a PDF has. Raises as `render`."""
        return int(self._ask("pages", data, {}))

    # --- the child -----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the child if none lives: to be called early, before the parent opens anything that a fork should not share."""
        if self._sock is None:
            ours, theirs = socket.socketpair()
            if self._spawn:
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-m", "vaguemestre.pipeline.reading_child", str(theirs.fileno()), str(self._limits.memory)],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    close_fds=True,
                )
                self._pid = self._process.pid
            else:
                self._pid = self._fork(theirs)
            theirs.close()
            self._sock = ours

    def _fork(self, theirs: socket.socket) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            become_child(theirs.detach(), self._limits.memory)
        finally:
            os._exit(70)

    def close(self) -> None:
        """Ends the child."""
        if self._sock is None:
            return
        self._sock.close()
        self._sock = None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None
        else:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)

    def _ask(
        self,
        what: str,
        data: bytes,
        arguments: Mapping[str, Any],
        begin: Callable[[str], None] | None = None,
        overall: float | None = None,
    ) -> bytearray:
        self.start()
        assert self._sock is not None
        head = json.dumps({"what": what, **arguments}).encode()
        try:
            self._sock.settimeout(self._limits.seconds)
            _send(self._sock, ASK, struct.pack("!I", len(head)), head, data)
            return self._answer(begin, overall)
        except TimeoutError:
            self.close()
            raise TookTooLong("reading took longer than it may") from None
        except (_Gone, OSError):
            self.close()
            raise ChildDied("the reader stopped in the middle") from None

    def _answer(self, begin: Callable[[str], None] | None, overall: float | None) -> bytearray:
        sock = self._sock
        assert sock is not None
        while True:
            deadline = time.monotonic() + self._limits.seconds
            if overall is not None:
                deadline = min(deadline, overall)
            self._wait(sock, deadline)
            kind, size = _FRAME.unpack(_receive(sock, _FRAME.size, deadline))
            if size > MOST_ANSWER:
                raise _Gone
            body = _receive(sock, size, deadline)
            if kind == ANSWER:
                return body
            if kind == FAULT:
                said = json.loads(body)
                raise (TooLarge if said["code"] == "too-large" else Unreadable)(str(said["detail"]), str(said["code"]))
            if begin is not None:
                begin(body.decode("utf-8", "replace"))

    def _wait(self, sock: socket.socket, deadline: float) -> None:
        """Waits for the child, saying every second that we are alive."""
        while True:
            if self._alive is not None:
                self._alive()
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            if select.select([sock], [], [], min(left, 1.0))[0]:
                return


def impossible(data: bytes, name: str, fault: Fault) -> Reading:
    """What is said of a file whose reading was given up: kept whole, shown as a file, with one sentence."""
    import hashlib

    warning = Warning("malformed", f"Reading was given up: {fault.detail}.")
    document = Document("unknown", (name,), hashlib.sha256(data).hexdigest(), warnings=(warning,), size=len(data), understood=False)
    return Reading(name, "unknown", None, (document,), (warning,), understood=False)


def become_child(descriptor: int, memory: int) -> None:
    """The child's whole life: limits, then answer what is asked until the parent closes."""
    kept = 900 if descriptor != 900 else 901
    os.dup2(descriptor, kept)
    os.closerange(3, kept)
    os.closerange(kept + 1, min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 65_536))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    sock = socket.socket(fileno=kept)
    with contextlib.suppress(_Gone, OSError):
        while True:
            _, size = _FRAME.unpack(_receive(sock, _FRAME.size, None))
            request = _receive(sock, size, None)
            _serve(sock, request)
            del request
    os._exit(0)


def _serve(sock: socket.socket, request: bytearray) -> None:
    from vaguemestre.pipeline.reading_child import answer

    size = struct.unpack_from("!I", request)[0]
    head = json.loads(bytes(request[4 : 4 + size]))
    data = bytes(memoryview(request)[4 + size :])
    try:
        said = answer(head, data, lambda key: _send(sock, BEGIN, key.encode("utf-8", "replace")))
    except MemoryError:
        # What is left of the memory is not to be trusted: the parent sees a death and starts another child.
        os._exit(71)
    except Fault as fault:
        _send(sock, FAULT, json.dumps({"code": fault.code, "detail": fault.detail}).encode())
        return
    except Exception:  # noqa: BLE001 - an unforeseen error of a reader is told as unreadable, without its words (promise 5)
        _send(sock, FAULT, json.dumps({"code": "malformed", "detail": "the reader met what it did not foresee"}).encode())
        return
    _send(sock, ANSWER, said)
