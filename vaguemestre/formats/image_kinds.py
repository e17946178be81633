"""Which kind of image a file is, by its first octets, and the sentence for one that is not shown (HEIF, ISO/IEC 23008-12; AVIF; DICOM
PS3.10, 7.1; SVG, which may hold scripts and is never drawn). Nothing is decoded here; `image` draws the others.
"""

from __future__ import annotations

import re

SENTENCES = {
    "heic": "A photo in HEIC is not shown: download it, or ask the sender for a JPEG or a PDF.",
    "avif": "An image in AVIF is not shown: download it, or ask the sender for a JPEG or a PDF.",
    "dicom": "A DICOM image is not shown: download it and open it with an imaging viewer.",
    "svg": "An SVG drawing may hold scripts and is not shown: download it, or ask the sender for a PDF.",
    "other": "An image of this kind is not shown: the file can be downloaded.",
}
"""One sentence for each kind that is not shown. They are the `detail` of a warning, by which the screens know the kind again."""
_KINDS = {sentence: kind for kind, sentence in SENTENCES.items()}
_STARTS = (
    (b"\x89PNG\r\n\x1a\n", "png"),
    (b"\xff\xd8\xff", "jpeg"),
    (b"GIF87a", "gif"),
    (b"GIF89a", "gif"),
    (b"II*\0", "tiff"),
    (b"MM\0*", "tiff"),
    (b"BM", "bmp"),
    (b"\0\0\0\x0cjP  \r\n\x87\n", "jp2"),
    (b"\xff\x4f\xff\x51", "jp2"),
)
SHOWN = frozenset(kind for _, kind in _STARTS) | {"webp"}
"""What `formats.image` draws."""
_BRANDS = re.compile(rb"hei[cxms]|hev[cxms]|mif1|msf1")
_SVG = re.compile(rb"<svg[\s>]", re.IGNORECASE)
_REACH = 4_096


def kind(data: bytes) -> str:
    """A member of SHOWN or a key of SENTENCES. Never raises."""
    for start, name in _STARTS:
        if data.startswith(start):
            return name
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[4:8] == b"ftyp":
        # the brand of the file, then those that it agrees with: a bare "mif1" may be either
        brands = data[8:12] + data[16 : min(int.from_bytes(data[:4], "big"), 200)]
        if b"avif" in brands or b"avis" in brands:
            return "avif"
        return "heic" if _BRANDS.search(brands) else "other"
    if data[128:132] == b"DICM":
        return "dicom"
    return "svg" if _SVG.search(data[:_REACH]) else "other"


def kind_of(sentence: str) -> str | None:
    """The kind of which a warning is the sentence, None where it is none of them."""
    return _KINDS.get(sentence)
