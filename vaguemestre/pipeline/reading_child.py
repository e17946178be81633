"""What the reading child answers (see `pipeline.guard`), and its door when it is started as a program of its own.

It imports the readers and nothing that remembers: neither the database nor the vault.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import struct
import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from vaguemestre.domain.fault import Fault


def answer(head: Mapping[str, Any], data: bytes, begin: Callable[[str], None]) -> bytes:
    """The bytes of one answer; `begin` is told the key of each document as its reading begins."""
    if head["what"] == "read":
        from vaguemestre.domain.reading_json import pack
        from vaguemestre.inbound.read import read

        return pack(read(data, head["name"], head["media_type"], skip=head["skip"], begin=begin))
    if head["what"] == "extract":
        from vaguemestre.inbound.read import extract

        found, media_type, name = extract(data, head["sha256"])
        said = json.dumps({"media_type": media_type, "name": name}).encode()
        return struct.pack("!I", len(said)) + said + found
    if head["what"] == "strip":
        from vaguemestre.formats import pdf_strip

        return pdf_strip.stripped(data)
    if head["what"] == "measure":
        from vaguemestre.inbound.read_extract import extract_each

        return json.dumps(_measured(extract_each(data, head["digests"]), head["width"], head["most"])).encode()
    from vaguemestre.formats import image, pdf

    if head["what"] == "pages":
        return str(pdf.pages(data)).encode()
    if head["what"] == "render":
        from vaguemestre.formats.recognise import recognise

        draw = image.render if recognise(data).name == "image" else pdf.render
        return draw(data, head["page"], head["width"])
    raise Fault("an unknown question was asked of the reading child")


def _measured(found: Iterable[tuple[str, bytes]], width: int, most: int) -> dict[str, Any]:
    from vaguemestre.formats import image

    told = {}
    for digest, data in found:
        # What cannot be shown is left out: who asks says so in its place.
        with contextlib.suppress(Fault):
            told[digest] = dataclasses.asdict(image.measure(data, width, most))
    return told


if __name__ == "__main__":
    from vaguemestre.pipeline.guard import become_child
    from vaguemestre.pipeline.reading_pipe import Page

    become_child(int(sys.argv[1]), Page(int(sys.argv[2])), int(sys.argv[3]))
