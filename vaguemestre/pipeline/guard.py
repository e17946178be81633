"""Documents are read in a child process that may die (promise 2): long-lived, replaced when it dies, RLIMIT_AS on it, and a number of
seconds a document kept by the parent with SIGKILL.

The child is handed bytes and gives back a packed reading: JSON, since what parsed hostile bytes is not to be trusted with more. It notes
which document it begins, so that the parent's clock is per document. When it dies or takes too long, the file is read again by a new
child; after the second death in one document that document is passed over and told as unreadable, and the others of its file go on.

Several files are asked ahead, so that the child reads one while its parent works on the one before. It answers in order, and each answer
before it takes up the next: a death is always that of the first file without an answer, and the others are simply asked again.

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
from collections import deque
from collections.abc import Callable, Generator, Hashable, Iterable, Iterator
from typing import Any, TypeVar, cast

from vaguemestre.domain.configuration import Configuration
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.domain.reading import Document, Reading, Warning
from vaguemestre.domain.reading_json import unpack
from vaguemestre.formats.image import Measured
from vaguemestre.pipeline.reading_pipe import ANSWER, ASK, FAULT, MOST_ANSWER, Gone, Page, Pipe

K = TypeVar("K", bound=Hashable)

AHEAD, AHEAD_BYTES = 16, 1 << 20
"""Files asked at once at most, and the bytes past which no other is added to them."""
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


class _Asked:
    """One question, and what became of it so far."""

    def __init__(self, what: str, data: bytes, arguments: dict[str, Any], key: Hashable = None) -> None:
        self.what = what
        self.data = data
        self.arguments = arguments
        self.key = key
        self.number: int | None = None
        self.posted = 0.0
        self.deaths: dict[str, int] = {}
        self.skip: dict[str, str] = {}
        self.begun: list[tuple[str, float]] = []


class Guard:
    """Reads in a child. Not for several threads at once. `spawn` starts the child as a new program, for a parent that has threads
    (the screens); else it is forked, which is quicker and shares memory. `alive` is called before each wait for the child and every
    second of its silence, so that a claim can be renewed."""

    def __init__(self, limits: Limits, *, spawn: bool = False, alive: Callable[[], None] | None = None) -> None:
        self._limits = limits
        self._spawn = spawn
        self._alive = alive
        self._pipe: Pipe | None = None
        self._page: Page | None = None
        self._posted = 0
        self._pid = 0
        self._process: subprocess.Popen[bytes] | None = None

    # --- what may be asked ---------------------------------------------------------------------------------------------------

    def read(self, data: bytes, name: str, media_type: str | None = None) -> Reading:
        """Everything found in a file. Never raises for what the bytes do: a document whose reader died twice is told as such."""
        return next(self.read_each([(None, data, name, media_type)]))[1]

    def read_each(self, files: Iterable[tuple[K, bytes, str, str | None]]) -> Generator[tuple[K, Reading], None, None]:
        """As `read`, for many: (key, bytes, name, media type) each, taken as they are needed; gives (key, reading) in the same order.
        Nothing else may be asked before the iterator is ended or closed; a child that is then still at work is ended."""
        source = iter(files)
        asked: deque[_Asked] = deque()
        try:
            while True:
                self._take_more(asked, source)
                if not asked:
                    return
                reading = self._first(asked)
                yield cast(K, asked.popleft().key), reading
        finally:
            if asked:
                self.close()

    def _take_more(self, asked: deque[_Asked], source: Iterator[tuple[K, bytes, str, str | None]]) -> None:
        """Asks ahead, half of what may be ahead at a time, so that one write carries several questions."""
        if len(asked) > AHEAD // 2:
            return
        size = sum(len(one.data) for one in asked)
        while len(asked) < AHEAD and size < AHEAD_BYTES:
            found = next(source, None)
            if found is None:
                return
            key, data, name, media_type = found
            asked.append(_Asked("read", data, {"name": name, "media_type": media_type, "skip": {}}, key))
            size += len(data)

    def _first(self, asked: deque[_Asked]) -> Reading:
        """The reading of the first file asked. What killed its reader is alone with it while it is read again."""
        first = asked[0]
        last_pass = False
        deadline = time.monotonic() + self._limits.seconds * MESSAGE_FACTOR
        while True:
            first.arguments["skip"] = first.skip
            try:
                return unpack(self._answer(first, [first] if first.deaths else asked, deadline))
            except (ChildDied, TookTooLong) as fault:
                for one in asked:
                    one.number = None
                key = first.begun[-1][0] if first.begun else ""
                first.deaths[key] = first.deaths.get(key, 0) + 1
                if first.deaths[key] >= DEATHS:
                    first.skip[key] = fault.code
                if last_pass or first.deaths.get("", 0) >= DEATHS or len(first.deaths) > MOST_DEATHS:
                    return impossible(first.data, first.arguments["name"], fault)
                if time.monotonic() >= deadline:
                    # The file as a whole took too long: once more, without what was slow and without all that comes after.
                    first.skip |= self._slow(first.begun)
                    last_pass = True
                    deadline = time.monotonic() + self._limits.seconds * MESSAGE_FACTOR
            except Fault as fault:
                return impossible(first.data, first.arguments["name"], fault)

    def _slow(self, begun: list[tuple[str, float]]) -> dict[str, str]:
        """The keys whose reading took a tenth of the limit or more, the last one begun, and every one after it."""
        slow = {key for (key, began), (_, ended) in itertools.pairwise(begun) if ended - began > self._limits.seconds / 10}
        last = int(begun[-1][0]) if begun else 0
        slow.update(str(rank) for rank in range(last, last + 1000))
        return dict.fromkeys(slow, TookTooLong.code)

    def extract(self, data: bytes, sha256: str) -> tuple[bytes, str, str]:
        """(bytes, media type, name) of the document with that digest. Raises `Unreadable`, `ChildDied` or `TookTooLong`."""
        answer = self._ask("extract", data, sha256=sha256)
        size = struct.unpack_from("!I", answer)[0]
        head = json.loads(answer[4 : 4 + size])
        return answer[4 + size :], str(head["media_type"]), str(head["name"])

    def render(self, data: bytes, page: int, width: int) -> bytes:
        """A page (from 0) of a PDF or an image as a PNG, at most that many pixels wide. Raises `Unreadable`, `TooLarge`, `ChildDied` or
        `TookTooLong`."""
        return self._ask("render", data, page=page, width=width)

    def measure(self, data: bytes, digests: list[str], width: int, most: int) -> dict[str, Measured]:
        """What `formats.image.measure` tells of each image with one of these digests in a message; nothing of one that cannot be shown.
        Raises as `extract`."""
        told = json.loads(self._ask("measure", data, digests=digests, width=width, most=most))
        found = {digest: Measured.of(told.get(digest)) for digest in digests if isinstance(told, dict)}
        return {digest: one for digest, one in found.items() if one is not None}

    def strip(self, data: bytes) -> bytes:
        """A PDF without what acts in it. Raises as `render`, or `Unsupported` for a password."""
        return self._ask("strip", data)

    def pages(self, data: bytes) -> int:
        """How many pages a PDF has. Raises as `render`."""
        return int(self._ask("pages", data))

    # --- the child -----------------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Starts the child if none lives: to be called early, before the parent opens anything that a fork should not share."""
        if self._pipe is not None:
            return
        ours, theirs = socket.socketpair()
        page = Page()
        try:
            if self._spawn:
                kept = [theirs.fileno(), page.descriptor]
                self._process = subprocess.Popen(  # noqa: S603 - our own module
                    [sys.executable, "-m", "vaguemestre.pipeline.reading_child", *map(str, kept), str(self._limits.memory)],
                    pass_fds=kept,
                    stdin=subprocess.DEVNULL,
                    close_fds=True,
                )
                self._pid = self._process.pid
            else:
                self._pid = self._fork(theirs, page)
        except OSError:
            ours.close()
            page.close()
            raise
        finally:
            theirs.close()
        ours.setblocking(False)
        self._pipe, self._page, self._posted = Pipe(ours, MOST_ANSWER), page, 0

    def _fork(self, theirs: socket.socket, page: Page) -> int:
        pid = os.fork()
        if pid:
            return pid
        try:
            become_child(theirs.detach(), page, self._limits.memory)
        finally:
            os._exit(70)

    def close(self) -> None:
        """Ends the child."""
        if self._pipe is None or self._page is None:
            return
        self._pipe.sock.close()
        self._page.close()
        self._pipe = self._page = None
        self._kill()

    def _kill(self) -> None:
        if not self._pid:
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait()
            self._process = None
        else:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(self._pid, 0)
        self._pid = 0

    def _ask(self, what: str, data: bytes, **arguments: Any) -> bytes:
        one = _Asked(what, data, arguments)
        return self._answer(one, [one], time.monotonic() + self._limits.seconds)

    def _answer(self, first: _Asked, asked: Iterable[_Asked], overall: float) -> bytes:
        """What is said to the first of the questions asked. Raises `Fault`; the child is ended where it is no answer."""
        self.start()
        assert self._pipe is not None
        assert self._page is not None
        try:
            for one in asked:
                if one.number is None:
                    self._post(one)
            if self._pipe.pending:
                self._send(self._pipe)
            kind, body = self._frame(self._pipe, self._page, first, overall)
        except (TimeoutError, Gone, OSError) as why:
            assert first.number is not None
            # Dead before its notes are read: they move no more.
            self._kill()
            first.begun = self._page.begun(first.number)
            self.close()
            if isinstance(why, TimeoutError):
                raise TookTooLong("reading took longer than it may") from None
            raise ChildDied("the reader stopped in the middle") from None
        except BaseException:
            # An answer would be left behind, to be taken for that of another question.
            self.close()
            raise
        if kind == ANSWER:
            return bytes(body)
        said = json.loads(body)
        raise (TooLarge if said["code"] == "too-large" else Unreadable)(str(said["detail"]), str(said["code"]))

    def _post(self, one: _Asked) -> None:
        assert self._pipe is not None
        head = json.dumps({"what": one.what, **one.arguments}).encode()
        self._pipe.put(ASK, struct.pack("!I", len(head)), head, one.data)
        one.number, one.posted, self._posted = self._posted, time.monotonic(), self._posted + 1

    def _send(self, pipe: Pipe) -> None:
        # Of a dead child, the answers that it gave before are still to be received: the end of these tells of its death.
        with contextlib.suppress(OSError):
            pipe.flush()

    def _frame(self, pipe: Pipe, page: Page, first: _Asked, overall: float) -> tuple[bytes, bytes | bytearray]:
        """The next frame of the child; what is still to be sent is sent meanwhile, so that two large frames may cross."""
        assert first.number is not None
        began = time.monotonic()
        while (frame := pipe.take()) is None:
            if self._alive is not None:
                self._alive()
            now = time.monotonic()
            told = page.since(first.number)
            since = began if told is None else min(max(told, first.posted), now)
            left = min(since + self._limits.seconds, overall) - now
            to_send = [pipe.sock] if pipe.pending else []
            ready, free, _ = select.select([pipe.sock], to_send, [], max(0.0, min(left, 1.0)))
            # What came in time is taken, however late we look; but not byte by byte for ever.
            if left <= 0 and (not ready or now - began > self._limits.seconds):
                raise TimeoutError
            if ready:
                pipe.fill()
            if free:
                self._send(pipe)
        return frame


def impossible(data: bytes, name: str, fault: Fault) -> Reading:
    """What is said of a file whose reading was given up: kept whole, shown as a file, with one sentence."""
    import hashlib

    warning = Warning("malformed", f"Reading was given up: {fault.detail}.")
    document = Document("unknown", (name,), hashlib.sha256(data).hexdigest(), warnings=(warning,), size=len(data), understood=False)
    return Reading(name, "unknown", None, (document,), (warning,), understood=False)


def become_child(descriptor: int, page: Page, memory: int) -> None:
    """The child's whole life: limits, then answer what is asked until the parent closes."""
    kept = 900 if descriptor != 900 else 901
    os.dup2(descriptor, kept)
    os.closerange(3, kept)
    os.closerange(kept + 1, min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], 65_536))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    pipe = Pipe(socket.socket(fileno=kept), 1 << 32)
    with contextlib.suppress(Gone, OSError):
        while True:
            while (frame := pipe.take()) is None:
                pipe.fill()
            page.take_up()
            pipe.put(*_said(frame[1], page))
            del frame
            while pipe.pending:
                pipe.flush()
    os._exit(0)


def _said(request: bytes | bytearray, page: Page) -> tuple[bytes, bytes]:
    """The kind and body of the answer."""
    from vaguemestre.pipeline.reading_child import answer

    size = struct.unpack_from("!I", request)[0]
    head = json.loads(request[4 : 4 + size])
    data = bytes(memoryview(request)[4 + size :])
    try:
        return ANSWER, answer(head, data, page.begin)
    except MemoryError:
        # What is left of the memory is not to be trusted: the parent sees a death and starts another child.
        os._exit(71)
    except Fault as fault:
        return FAULT, json.dumps({"code": fault.code, "detail": fault.detail}).encode()
    except Exception:  # noqa: BLE001 - an unforeseen error of a reader is told as unreadable, without its words (promise 5)
        return FAULT, json.dumps({"code": "malformed", "detail": "the reader met what it did not foresee"}).encode()
