"""Documents whose content is not on the page, explained: what they are and what to do, in one sentence for the page and a few words for the
list. A reader tells it by the sentence of its warning, which is in English and of a closed list; the words of the screens are in `wording`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vaguemestre.formats import encrypted, image_kinds
from vaguemestre.records.documents import Document
from vaguemestre.web import wording
from vaguemestre.web.wording import Words

SENTENCES: Mapping[str, str] = {
    "The file is empty.": "empty-file",
    "The format of the file is not known.": "unknown-format",
    "Office files of before 2007 are not read: the file can be downloaded.": "old-office",
    "Office files of this kind are not read: the file can be downloaded.": "other-office",
    "The file is a mail saved by Outlook (.msg): open it with Outlook, or ask the sender to forward the mail itself.": "outlook-mail",
    "A file in a message that is no report is not opened: the message can be downloaded.": "hl7-file",
    "The message only points to a file, which is not in it.": "pointed-file",
    **{sentence: f"image-{kind}" for kind, sentence in image_kinds.SENTENCES.items()},
}
"""The sentences of readers by the code of `wording.WARNINGS` that says it to a person."""
WHOLE = frozenset(SENTENCES.values()) - {"hl7-file", "pointed-file"}
"""Codes that say all there is to say of a document of which nothing is shown."""
_ACKNOWLEDGEMENTS = frozenset({"ACK", "ZAM"})
_SHORT: Mapping[str, str] = {
    "empty-file": "empty",
    "unknown-format": "unknown-format",
    "old-office": "office-unread",
    "other-office": "office-unread",
    "outlook-mail": "office-unread",
}
"""The reason, a key of `wording.REASONS`, by code."""


def code_of(warning: Mapping[str, Any]) -> str:
    """A key of `wording.WARNINGS` for one warning of a reader."""
    return SENTENCES.get(str(warning.get("detail", "")), str(warning.get("code", "")))


def locks(warnings: Sequence[Any]) -> list[str]:
    """How an encrypted document is locked, as codes of `wording.WARNINGS`."""
    kinds = [encrypted.kind_of(str(one.get("detail", ""))) or "other" for one in warnings if isinstance(one, dict)]
    return [f"locked-{kind}" for kind in dict.fromkeys(kinds)]


def _code(document: Document) -> str:
    """The code that explains a document of which nothing is shown, "" where none does. A list asks for its first warning by itself
    (`queries.inbox`); elsewhere it stands in the content."""
    held = document.__dict__
    content = held.get("content")
    told = content.get("warnings") if isinstance(content, dict) else None
    sentence = held.get("first_warning") or (told[0].get("detail") if isinstance(told, list) and told and isinstance(told[0], dict) else "")
    if document.format == "encrypted":
        return f"locked-{encrypted.kind_of(str(sentence)) or 'other'}"
    code = SENTENCES.get(str(sentence), "") if document.unreadable else ""
    return code if code in WHOLE else ""


def reason(document: Document) -> Words:
    """Why it waits, in a whole sentence; what to do about it is said above its content."""
    word, code = wording.word_of(document), _code(document)
    if word == "no-identity" and document.format in {"hl7v2", "hprim-sante"} and document.type_code in _ACKNOWLEDGEMENTS:
        word = "acknowledgement"
    elif word == "no-identity" and document.format == "calendar":
        word = "appointment"
    elif code and word in {"unreadable", "image"}:
        word = "locked" if document.format == "encrypted" else _SHORT.get(code, "image-unshown")
    return wording.reason(word, document.rule)


def line(document: Document) -> Words:
    """Why it waits and, of what cannot be shown, what to do: the sentence of a list."""
    code = _code(document)
    return (
        wording.WARNINGS.get(code, wording.OTHER_WARNING) if code and document.reason in {"unreadable", "no-identity"} else reason(document)
    )


def mark(document: Document) -> Words:
    """The mark of a document whose content is not shown, "" of any other."""
    if not document.unreadable:
        return ""
    code = _code(document)
    if code.startswith("locked-"):
        return wording.MARKS_OF_UNREAD["locked"]
    return wording.MARKS_OF_UNREAD.get(code) or wording.MARKS_OF_UNREAD["download" if code or document.format == "image" else "other"]


def kind(document: Document) -> Words:
    """What kind of file it is, where its title, which is the mail's subject, does not tell and no mark does."""
    titled = document.title or document.type_label or document.results_count or document.reason == "returned"
    return "" if titled or document.unreadable else wording.KINDS_OF_FILE.get(document.format, "")
