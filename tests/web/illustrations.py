"""Messages with images, as the reading of them leaves them in the records."""

from __future__ import annotations

import dataclasses
import io
import re
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from PIL import Image

from tests.corpus.cda_build import document as cda
from tests.corpus.cda_build import encoded, media, section, structured
from tests.corpus.images import chunks, quarters, saved
from tests.web.world import World, document, stated

UNSHOWN = "Cette image ne peut pas être montrée"
PHOTO, DRAWING = saved(quarters(), "JPEG", quality=95), saved(quarters(60, 60), "PNG")
SEEN = (
    '<paragraph>Voir <renderMultiMedia referencedObject="LESION"><caption>Lésion de l\'avant-bras</caption></renderMultiMedia>'
    " puis la suite.</paragraph>"
    '<table><tbody><tr><td>Schéma</td><td><renderMultiMedia referencedObject="SCHEMA"/></td></tr></tbody></table>'
)


def mail(*files: tuple[str, str, bytes]) -> bytes:
    """A mail with these attachments: name, media type, bytes."""
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "valmorin@embruns.example", "camille.roche@cabinet.demo.example", "Courrier"
    made["Message-ID"] = "<image@embruns.example>"
    made.set_content("Veuillez trouver ci-joint le courrier.")
    for name, kind, data in files:
        main, _, sub = kind.partition("/")
        made.add_attachment(data, maintype=main, subtype=sub, filename=name)
    return made.as_bytes()


def kept(world: World, vault: Path, name: str, data: bytes, rank: int = 0, **columns: Any) -> Any:
    """The row that the reading of a message leaves, of its document `rank`, filed in the chart of P1."""
    from vaguemestre.domain.matching import Match
    from vaguemestre.inbound.file import document_row
    from vaguemestre.inbound.read import read

    found = read(data, f"{name}.eml", "message/rfc822").documents[rank]
    row = document_row(dataclasses.replace(found, patient=None), Match("review", "N", "unreadable", None, ()), 0, found.sha256)
    used = ("format", "sha256", "content_key", "content", "text", "html", "title", "unreadable", "rendering")
    told = {key: row[key] for key in used} | columns
    return document(world, name, "roche", of="P1", rule="A", reason="same-ins-and-traits", data=data, vault=vault,
                    stated=stated("VIGNERON", "AMANDINE", "1971-03-14"), **told)  # fmt: skip


def letter(world: World, vault: Path, body: str, name: str = "lettre") -> Any:
    """A mail with a CDA."""
    return kept(world, vault, name, mail(("lettre.xml", "application/xml", encoded(cda(body)))))


def illustrated(world: World, vault: Path) -> Any:
    files = media("LESION", PHOTO, "image/jpeg") + media("SCHEMA", DRAWING, "image/png")
    return letter(world, vault, structured(section("Examen", SEEN, entries=files)))


def sources(shown: str) -> list[str]:
    return re.findall(r'<img[^>]* src="(/documents/[^"]+)"', shown)


def seen(response: Any) -> Image.Image:
    """The image of an answer, which is a PNG of pixels alone."""
    assert (response.status_code, response["Content-Type"]) == (200, "image/png")
    assert set(chunks(response.content)) == {b"IHDR", b"IDAT", b"IEND"}
    return Image.open(io.BytesIO(response.content)).convert("RGB")
