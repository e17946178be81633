"""Files that a result names as sent beside it (HPRIM Santé, OBX of type FIC; formats.md 1.2): each is listed with the document where the
same mail or archive holds one file of that name, and told as lacking where not. Pure.

The file stays a document of its own, judged by its own words: the list is a link, and makes no one document of the two. One that names
another person is not listed, and holds the result for a person to look at.
"""

from __future__ import annotations

from collections.abc import Sequence

from vaguemestre.domain.matching_names import Given
from vaguemestre.domain.reading import Attachment, Document, StatedPatient, Warning
from vaguemestre.formats.media_types import EXTENSIONS, UNKNOWN
from vaguemestre.inbound.read_forms import Piece
from vaguemestre.inbound.read_identities import disagree, other_given_name

_TYPES = {"pdf": "application/pdf", "rtf": "application/rtf", "text": "text/plain", "html": "text/html"}
_ENDINGS = {ending: kind for kind, ending in EXTENSIONS.items() if kind.startswith("image/")}
LACKING = Warning("malformed", "The document names a file that the message does not hold, or holds more than once.")
OF_ANOTHER = Warning("patient-mismatch", "A file that the document names tells of another patient.")


def linked(place: int, names: Sequence[str], pieces: Sequence[Piece]) -> tuple[tuple[Attachment, ...], tuple[Warning, ...]]:
    """What the document at that index lists of the files that it names, and what is to be told of them, each sentence once."""
    mine = pieces[place]
    found: dict[str, Attachment] = {}
    warnings: dict[Warning, None] = {}
    for name in names:
        wanted = _bare(name)
        fitting: dict[str, Piece] = {}
        for piece in pieces:
            if _beside(piece, mine) and _bare(piece.document.path[-1]) == wanted:
                fitting.setdefault(piece.document.sha256, piece)
        if len(fitting) != 1:
            warnings[LACKING] = None
            continue
        ((digest, file),) = fitting.items()
        if any(_another(mine.document.patient, stated) for stated in (file.document.patient, file.patient)):
            warnings[OF_ANOTHER] = None
            continue
        found[digest] = Attachment(file.document.path[-1], _media_type(file.document), file.document.size, digest)
    return tuple(found.values()), tuple(warnings)


def _beside(piece: Piece, mine: Piece) -> bool:
    return piece.mail == mine.mail and piece.inside is None and bool(piece.document.path) and piece.document.sha256 != mine.document.sha256


def _bare(name: str) -> str:
    """A name as compared: without folders or regard to case."""
    return name.replace("\\", "/").rpartition("/")[2].strip().casefold()


def _another(one: StatedPatient | None, other: StatedPatient | None) -> bool:
    """Whether they are two persons by anything that both tell, given names included: twins share all else."""
    if one is None or other is None:
        return False
    mine, its = (Given.of(stated.first_given_name or "", stated.given_names) for stated in (one, other))
    return disagree(one, other) or other_given_name(mine, its)


def _media_type(document: Document) -> str:
    if document.format == "image":
        ending = document.path[-1].rpartition(".")[2].lower()
        return _ENDINGS.get(f".{ending}", UNKNOWN)
    return _TYPES.get(document.format, UNKNOWN)
