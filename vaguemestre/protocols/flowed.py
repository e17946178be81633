"""Text of format=flowed as its writer saw it: paragraphs on one line again (RFC 3676 4)."""

from __future__ import annotations

_SIGNATURE = "-- "


def unflowed(text: str, delete_space: bool = False) -> str:
    """`text` with line ends `\\n`; `delete_space`: the parameter DelSp=yes. Quoted lines keep their marks, each paragraph its own."""
    found: list[list[str]] = []
    open_depth = -1
    for line in text.split("\n"):
        bare = line.lstrip(">")
        depth = len(line) - len(bare)
        bare = bare[1:] if bare.startswith(" ") else bare  # space-stuffed by the writer
        soft = bare.endswith(" ") and bare != _SIGNATURE
        told = bare[:-1] if soft and delete_space else bare
        if depth == open_depth and bare != _SIGNATURE:
            found[-1].append(told)
        else:
            found.append(["> " * depth, told])
        open_depth = depth if soft else -1
    return "\n".join(map("".join, found))
