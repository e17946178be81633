"""What the screens log: that something failed, where in the code, with which class of error; never a message, a value or an address,
which may hold a patient (promise 5)."""

from __future__ import annotations

import logging
import sys
import traceback


class Discreet(logging.Handler):
    """One line an event on standard error."""

    def emit(self, record: logging.LogRecord) -> None:
        status = getattr(record, "status_code", "")
        words = ["vaguemestre web:", record.levelname.lower(), record.name, str(status)]
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            words.append(record.exc_info[0].__name__)
            words += [f"{frame.filename.rpartition('/')[2]}:{frame.lineno}" for frame in frames[-3:]]
        try:
            sys.stderr.write(" ".join(word for word in words if word) + "\n")
        except (OSError, ValueError):
            self.handleError(record)


def install() -> None:
    """Gives Django's and allauth's loggers this handler alone."""
    for name in ("django", "allauth"):
        logger = logging.getLogger(name)
        logger.handlers = [Discreet(logging.WARNING)]
        logger.propagate = False
