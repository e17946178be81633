"""Rendered page images in DIR/cache, bounded: the oldest go first. They hold clinical content: 0600, and the view has checked who asks."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path

MOST_BYTES = 256 * 1024 * 1024
_SWEEP_EVERY = 64


class PageCache:
    """Files named by their key, in one folder. Safe for several threads."""

    def __init__(self, folder: Path, most: int = MOST_BYTES) -> None:
        self._folder = folder
        self._most = most
        self._writes = 0
        self._lock = threading.Lock()

    def get(self, key: str) -> bytes | None:
        """What was kept under this key, or None."""
        try:
            return (self._folder / key).read_bytes()
        except OSError:
            return None

    def put(self, key: str, data: bytes) -> None:
        """Keeps it; a full disk only means that it is made again next time."""
        aside = self._folder / f"{key}.{os.getpid()}.{threading.get_ident()}.aside"
        with contextlib.suppress(OSError):
            self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
            aside.rename(self._folder / key)
        with self._lock:
            self._writes += 1
            sweep = self._writes % _SWEEP_EVERY == 1
        if sweep:
            self.sweep()

    def sweep(self) -> None:
        """Removes the oldest files until the folder is within its bound."""
        files = []
        with contextlib.suppress(OSError):
            for entry in os.scandir(self._folder):
                with contextlib.suppress(OSError):
                    status = entry.stat(follow_symlinks=False)
                    files.append((status.st_mtime, status.st_size, entry.path))
        total = sum(size for _, size, _ in files)
        for _, size, path in sorted(files):
            if total <= self._most:
                return
            with contextlib.suppress(OSError):
                Path(path).unlink()
                total -= size
