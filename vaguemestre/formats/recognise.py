"""Which format a file is in, by its content: signatures first, then the look of the text; its name and media type only ever break a tie.

`SCORERS` is the table: one row a format, a function from a `Sample` to a score. 0 is "not this", 100 a signature that nothing else
bears. A format that is read later needs no new row here, only a reader in `inbound.read`.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable

from vaguemestre.formats import encrypted, hprim_medecin
from vaguemestre.formats.charset import Decoded, decode

HEAD = 65_536
_TEXT_LIMIT = 30_000_000


@dataclasses.dataclass(slots=True)
class Sample:
    """What the scorers look at: the bytes, their first 64 kB, the name (upper case), its extension and the declared media type (both lower
    case)."""

    data: bytes
    extension: str
    media_type: str
    charset: str | None
    head: bytes
    name: str = ""
    _decoded: Decoded | None = None

    @property
    def decoded(self) -> Decoded:
        """The whole as text, decoded once."""
        if self._decoded is None:
            self._decoded = decode(self.data[:_TEXT_LIMIT], self.charset)
        return self._decoded


@dataclasses.dataclass(frozen=True, slots=True)
class Kind:
    """`name`: a kind of the contract. `score`: how sure. `decoded`: the text, where it was needed to tell."""

    name: str
    score: int
    decoded: Decoded | None = None


_XML_START = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,200}<(?:\?xml|!--|!DOCTYPE|[A-Za-z_])", re.IGNORECASE)
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|table|div|p|br|span|font|meta|center)\b", re.IGNORECASE)
_RTF = re.compile(rb"[\xef\xbb\xbf\s\0]{0,20}\{\\rtf")
_JSON_START = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,200}\{\s{0,200}\"")
_RESOURCE_TYPE = re.compile(rb'"resourceType"\s{0,20}:\s{0,20}"[A-Z]')
_HL7 = re.compile(rb"[\x0b\s\xef\xbb\xbf]{0,20}(?:MSH|FHS|BHS)([^A-Za-z0-9\s])\S{3,5}\1")
_HPRIM_SANTE = re.compile(
    rb"(?:^|[\r\n\x02\x0b])(?:\xef\xbb\xbf)?H([^A-Za-z0-9\s])[^A-Za-z0-9\s]{2,6}?\1"
    rb"[^\r\n]{0,600}(?:ADM|ORM|ORU|REG|FAC|ERR|\bH2\.|\bH1\.|[\r\n]{1,4}(?:A|P|C|OBR|ERR)\1)"
)
_MAIL_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]{1,60})[ \t]*:[^\r\n]*\r?(?:\n|$)(?:[ \t][^\n]*(?:\n|$))*")
_MAIL_NAMES = frozenset(
    {b"from", b"to", b"cc", b"bcc", b"subject", b"date", b"message-id", b"sender", b"reply-to", b"return-path", b"received"}
    | {b"delivered-to", b"mime-version", b"content-type", b"content-transfer-encoding", b"in-reply-to", b"references"}
    | {b"dkim-signature", b"arc-seal", b"authentication-results", b"envelope-to", b"user-agent"}
)
_MAIL_FIRST = frozenset({b"from", b"received", b"return-path", b"message-id", b"date", b"delivered-to"})


_CDA_MARKS: tuple[bytes, ...] = (b"ClinicalDocument", b"urn:hl7-org:v3")
_CDA_MARKS_LE, _CDA_MARKS_BE = (
    tuple(mark.decode("ascii").encode(encoding) for mark in _CDA_MARKS) for encoding in ("utf-16-le", "utf-16-be")
)


def _starts(*signatures: bytes) -> Callable[[Sample], int]:
    return lambda s: 100 if s.head.startswith(signatures) else 0


def _rtf(s: Sample) -> int:
    return 100 if _RTF.match(s.head) else 0


_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"\x1f\x8b\x08", b"7z\xbc\xaf\x27\x1c", b"Rar!\x1a\x07", b"\xfd7zXZ\x00")
_BZIP2 = re.compile(rb"BZh[1-9]1AY&SY")


def _pdf(s: Sample) -> int:
    if s.head.startswith(b"%PDF-"):
        return 100
    # the first file of an archive that packs nothing is not the whole
    return 90 if b"%PDF-" in s.head[:1_024] and not _archive(s) else 0


def _archive(s: Sample) -> int:
    if s.head.startswith(b"ustar", 257):
        return 98  # what a tar holds stands there in clear, whatever it looks like
    return 60 if s.head.startswith(_ARCHIVES) or _BZIP2.match(s.head) else 0


_XDM_MARKS = (b"METADATA.XML", b"IHE_XDM/", b"IHE_XDM\\")


def _is_zip(s: Sample) -> bool:
    return s.head.startswith(b"PK\x03\x04")


def _xdm(s: Sample) -> int:
    tail = s.data[-HEAD:]
    # octets before an archive: any format that those octets are of has its say first
    sure = 100 if _is_zip(s) else 50
    if sure == 50 and b"PK\x05\x06" not in tail:
        return 0
    if any(mark in tail for mark in _XDM_MARKS):
        return sure
    upper = (s.head + tail).upper()
    if any(mark in upper for mark in _XDM_MARKS):
        return sure
    return 65 if "XDM" in s.name and sure == 100 else 0


def _office(s: Sample) -> int:
    if s.head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return 90
    if not _is_zip(s):
        return 0
    opendocument = b"mimetypeapplication/vnd.oasis" in s.head[:200]
    return 100 if opendocument or (b"[Content_Types].xml" in s.head and re.search(rb"(?:word|xl|ppt)/", s.head + s.data[-HEAD:])) else 0


def _image(s: Sample) -> int:
    head = s.head
    if head.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\x00", b"MM\x00*", b"\x00\x00\x00\x0cjP  ")):
        return 100
    if head.startswith(b"RIFF") and head[8:12] == b"WEBP":
        return 100
    if head[4:12] in {b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypavif"} or head[128:132] == b"DICM":
        return 100
    if head.startswith(b"BM") and len(head) > 30 and head[6:10] == b"\0\0\0\0":
        return 80
    return 90 if b"<svg" in head[:1_000] and _XML_START.match(head) else 0


def _encrypted(s: Sample) -> int:
    if s.extension in {"apz", "apz2"} or b"$APICRYPT" in s.head:
        return 95
    if encrypted.is_locked_zip(s.data):
        return 70  # above an archive; what its names make an XDM archive is told by its own reader
    if encrypted.is_cms(s.data):
        return 95
    if b"-----BEGIN PGP MESSAGE-----" in s.head or s.media_type in {"application/pkcs7-mime", "application/x-pkcs7-mime"}:
        return 95
    if s.extension in {"p7m", "pgp", "gpg"}:
        return 70
    return 0


def _xml_kind(*needles: bytes) -> Callable[[Sample], int]:
    def scorer(s: Sample) -> int:
        return 95 if _XML_START.match(s.head) and any(n in s.head for n in needles) else 0

    return scorer


def _hl7v2(s: Sample) -> int:
    head = decode(s.head[:200]).text.encode("utf-8") if s.head.startswith((b"\xff\xfe", b"\xfe\xff")) else s.head
    return 95 if _HL7.match(head) else 0


def _cda(s: Sample) -> int:
    if _XML_START.match(s.head):
        marks = _CDA_MARKS
    elif s.head.startswith((b"\xff\xfe", b"<\0")):
        marks = _CDA_MARKS_LE
    elif s.head.startswith((b"\xfe\xff", b"\0<")):
        marks = _CDA_MARKS_BE
    else:
        return 0
    # a self-presenting CDA sits inside a stylesheet, far from its start
    return 97 if all(mark in s.data for mark in marks) else 0


def _fhir(s: Sample) -> int:
    if _JSON_START.match(s.head):
        # its members may come in any order: the one that tells may stand behind a file in base64
        hinted = s.media_type.startswith("application/fhir") or s.media_type.endswith("+fhir")
        told = s.data if hinted else s.head + s.data[-HEAD:]
        return 95 if _RESOURCE_TYPE.search(told) else 0
    return 95 if _XML_START.match(s.head) and b"http://hl7.org/fhir" in s.head else 0


def _email(s: Sample) -> int:
    head = s.head
    place = head.find(b"\n") + 1 if head.startswith(b"From ") else 0
    place += 3 if head.startswith(b"\xef\xbb\xbf", place) else 0
    known = fields = 0
    first = b""
    while fields < 60:
        match = _MAIL_FIELD.match(head, place)
        if match is None:
            break
        fields += 1
        name = match.group(1).lower()
        first = first or name
        known += name in _MAIL_NAMES or name.startswith(b"x-")
        place = match.end()
    ended = head[place : place + 1] in {b"", b"\n", b"\r"}
    if known >= 3 and known * 2 >= fields:
        return 96 if ended else 88
    hinted = s.extension == "eml" or s.media_type == "message/rfc822"
    if known and (hinted or (known == 2 and ended and first in _MAIL_FIRST)):
        return 85
    return 0


def _html(s: Sample) -> int:
    start = s.head[:4_096]
    if re.search(rb"<!doctype\s+html|<html\b", start, re.IGNORECASE):
        return 80
    tags = len(_HTML.findall(start))
    return (
        60
        if s.media_type == "text/html" or (s.extension in {"htm", "html"} and tags)
        else (40 if tags >= 4 and start.lstrip()[:1] == b"<" else 0)
    )


def _hprim_medecin(s: Sample) -> int:
    if b"\0" in s.head and not s.head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return 0
    score = hprim_medecin.score(s.decoded.text)
    if score == 0:
        return 0
    return min(98, 70 + score)


def _looks_like_text(s: Sample) -> bool:
    if s.head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return True
    sample = s.head[:8_192]
    controls = len(sample) - len(sample.translate(None, bytes(range(9)) + bytes(range(14, 27)) + bytes(range(28, 32)) + b"\x0b\x7f"))
    return b"\0" not in sample and controls * 50 <= len(sample)


def _text(s: Sample) -> int:
    return (
        (20 if s.media_type.startswith("text/") or s.extension in {"txt", "text", "hpr", "hpm", "md", "csv"} else 10)
        if _looks_like_text(s)
        else 0
    )


SCORERS: tuple[tuple[str, Callable[[Sample], int]], ...] = (
    ("pdf", _pdf),
    ("image", _image),
    ("rtf", _rtf),
    ("tnef", _starts(b"\x78\x9f\x3e\x22")),
    ("xdm", _xdm),
    ("office", _office),
    ("archive", _archive),
    ("cda", _cda),
    ("hprim-xml", _xml_kind(b"http://www.hprim.org/hprimXML")),
    ("fhir", _fhir),
    ("hl7v2", _hl7v2),
    ("email", _email),
    ("encrypted", _encrypted),
    ("calendar", lambda s: 95 if b"BEGIN:VCALENDAR" in s.head[:200].upper() else 0),
    ("hprim-medecin", _hprim_medecin),
    ("hprim-sante", lambda s: 90 if _HPRIM_SANTE.search(s.head) else 0),
    ("html", _html),
    ("text", _text),
)
_CERTAIN = 95


def recognise(data: bytes, name: str = "", media_type: str | None = None, charset: str | None = None) -> Kind:
    """The likeliest kind of a file; "unknown" where nothing fits. Never raises."""
    if not data:
        return Kind("unknown", 0)
    extension = name.rpartition(".")[2].lower()[:10] if "." in name else ""
    sample = Sample(data, extension, (media_type or "").lower(), charset, data[:HEAD], name.upper())
    best, best_score = "unknown", 0
    for kind, scorer in SCORERS:
        score = scorer(sample)
        if score > best_score:
            best, best_score = kind, score
            if score >= _CERTAIN:
                break
    return Kind(best, best_score, sample._decoded)
