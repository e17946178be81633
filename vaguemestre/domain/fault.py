"""The declared errors: what a reader, a door or a command may raise, and nothing else.

A fault's `detail` is one sentence about form ("the zip has 300 entries"), never a value taken from the input: it may be
logged and shown. Promise 5 of the architecture: no clinical content in error texts.
"""

from __future__ import annotations


class Fault(Exception):  # noqa: N818 - "fault" is the word of this project for its declared errors
    """An error of ours, foreseen, with a stable kebab-case `code` and a safe one-sentence `detail`."""

    code = "fault"

    def __init__(self, detail: str, code: str | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        if code is not None:
            self.code = code

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code!r})"


class Unreadable(Fault):
    """The bytes are not (or not wholly) of the format that the reader knows."""

    code = "malformed"


class TooLarge(Fault):
    """A bound of size, count, depth or time was met before the end."""

    code = "too-large"


class Unsupported(Fault):
    """The content is of a kind that this version does not read."""

    code = "unsupported"


class Refused(Fault):
    """A command or setting is wrong; the sentence says which and what to do (exit code 2)."""

    code = "refused"


class Unwritable(Fault):
    """A format cannot say, without loss, what it was asked to."""

    code = "unwritable"
