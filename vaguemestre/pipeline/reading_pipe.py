"""What lies between a guard and its reading child: frames over a socket, and a page of memory on which the child notes where it is.

The frames carry questions and answers, both ways at once and several by one write. The page is written by the child alone and read by its
parent's clock, so that beginning a document costs no wake-up. What stands on it is only ever read as a bounded count of numbers, and
believed no further than the parent's own clock allows: the child may be under the power of the bytes that it reads.
"""

from __future__ import annotations

import fcntl
import math
import mmap
import os
import socket
import struct
import time
from collections import deque

ANSWER, FAULT, ASK = b"A", b"F", b"Q"
MOST_ANSWER = 256 * 1024 * 1024

_FRAME = struct.Struct("!cI")
_ROOM = 1 << 17
"""Bytes received at once; a frame that is larger gets a place of its own."""
_PARTS = 64
"""Pieces sent by one write."""


class Gone(Exception):  # noqa: N818 - no error: the other end closed
    """The other end of the socket closed, or spoke no frames."""


class Pipe:
    """One end. Blocking or not as its socket is: `fill` and `flush` are one system call each."""

    def __init__(self, sock: socket.socket, most: int) -> None:
        self.sock = sock
        self._most = most
        self._buffer = bytearray(_ROOM)
        self._view = memoryview(self._buffer)
        self._start = self._end = 0
        self._kind = b""
        self._large: bytearray | None = None
        self._got = 0
        self._out: deque[memoryview] = deque()

    def take(self) -> tuple[bytes, bytes | bytearray] | None:
        """The kind and body of a frame that was wholly received, or None. Raises `Gone` for one that is longer than may be."""
        if self._large is not None:
            if self._got < len(self._large):
                return None
            body, self._large = self._large, None
            return self._kind, body
        there = self._end - self._start
        if there < _FRAME.size:
            return None
        kind, size = _FRAME.unpack_from(self._buffer, self._start)
        if size > self._most:
            raise Gone
        begin = self._start + _FRAME.size
        if there >= _FRAME.size + size:
            self._start = begin + size
            return kind, bytes(self._view[begin : self._start])
        if _FRAME.size + size > _ROOM:
            self._kind, self._large, self._got = kind, bytearray(size), self._end - begin
            self._large[: self._got] = self._view[begin : self._end]
            self._start = self._end = 0
        return None

    def fill(self) -> None:
        """Receives what is there. Raises `Gone` at the end."""
        if self._large is not None:
            got = self.sock.recv_into(memoryview(self._large)[self._got :])
            self._got += got
        else:
            rest = self._end - self._start
            self._buffer[:rest] = self._buffer[self._start : self._end]
            self._start, self._end = 0, rest
            got = self.sock.recv_into(self._view[rest:])
            self._end += got
        if not got:
            raise Gone

    def put(self, kind: bytes, *parts: bytes) -> None:
        """Makes a frame ready to be sent by `flush`."""
        self._out.append(memoryview(_FRAME.pack(kind, sum(map(len, parts)))))
        self._out.extend(memoryview(part) for part in parts if part)

    @property
    def pending(self) -> bool:
        """Whether something is still to be sent."""
        return bool(self._out)

    def flush(self) -> None:
        """Sends what the socket takes by one write."""
        sent = self.sock.sendmsg([part for _, part in zip(range(_PARTS), self._out, strict=False)])
        while sent:
            part = self._out.popleft()
            if sent < len(part):
                self._out.appendleft(part[sent:])
            sent -= min(sent, len(part))


_HEAD = struct.Struct("=QdQ")
_SLOT = struct.Struct("=Qd")
_SLOTS = 1_024
PAGE_BYTES = _HEAD.size + _SLOTS * _SLOT.size


class Page:
    """Where the child is: the number of its question, when it took it up, and the ranks of the documents begun, each with its time
    (seconds of the machine's monotonic clock, the same for both). `descriptor` is None for a new page."""

    def __init__(self, descriptor: int | None = None) -> None:
        if descriptor is None:
            self.descriptor = os.memfd_create("reading", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
            os.ftruncate(self.descriptor, PAGE_BYTES)
            # The child must not be able to cut off what its parent reads.
            fcntl.fcntl(self.descriptor, fcntl.F_ADD_SEALS, fcntl.F_SEAL_SHRINK | fcntl.F_SEAL_GROW | fcntl.F_SEAL_SEAL)
        else:
            self.descriptor = descriptor
        self._memory = mmap.mmap(self.descriptor, PAGE_BYTES)
        self._question, self._started, self._count = -1, 0.0, 0

    def close(self) -> None:
        """Lets go of the memory."""
        self._memory.close()
        os.close(self.descriptor)

    # --- the child's hand ----------------------------------------------------------------------------------------------------

    def take_up(self) -> None:
        """The next question is begun."""
        self._question, self._started, self._count = self._question + 1, time.monotonic(), 0
        _HEAD.pack_into(self._memory, 0, self._question, self._started, 0)

    def begin(self, key: str) -> None:
        """A document is begun; `key` is its rank in decimal digits."""
        _SLOT.pack_into(self._memory, _HEAD.size + self._count % _SLOTS * _SLOT.size, int(key), time.monotonic())
        self._count += 1
        _HEAD.pack_into(self._memory, 0, self._question, self._started, self._count)

    # --- the parent's eye ----------------------------------------------------------------------------------------------------

    def since(self, question: int) -> float | None:
        """When the child took up that question or its last document, or None where it is at another. Only the child's word."""
        at, started, count = _HEAD.unpack_from(self._memory)
        if at != question:
            return None
        told = _SLOT.unpack_from(self._memory, _HEAD.size + (count - 1) % _SLOTS * _SLOT.size)[1] if count else started
        return float(told) if math.isfinite(told) else None

    def begun(self, question: int) -> list[tuple[str, float]]:
        """The keys of the documents begun in that question, each with its time: the last ones, a thousand at most."""
        at, _, count = _HEAD.unpack_from(self._memory)
        if at != question:
            return []
        places = range(max(0, count - _SLOTS), count)
        found = [_SLOT.unpack_from(self._memory, _HEAD.size + place % _SLOTS * _SLOT.size) for place in places]
        return [(str(rank), when) for rank, when in found]
