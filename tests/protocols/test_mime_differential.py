"""The standard library's parser is the judge of ours, over hostile mails and those of the corpus (`test_mime_words_differential` over names
and words).

Every difference is either mended or a row of `DIVERGENCES`: its reason, what tells that a mail has it, and an example which shows that both
readings still are what the row says. What has none of them must be read the same: tree, types and decoded bodies.
"""

from __future__ import annotations

import dataclasses
import email
import email.message
import email.policy
import random
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.hprim_cases import CASES as HPRIM
from tests.corpus.letter_cases import CASES as LETTERS
from tests.corpus.mail_cases import CASES as MAILS
from tests.corpus.message_cases import CASES as MESSAGES
from tests.corpus.xdm_cases import CASES as XDM
from tests.protocols import hostile_mails
from vaguemestre.protocols import mime
from vaguemestre.protocols.mime import Part

Tree = tuple[str, Any]
"""(media type, list of trees or bytes)."""


def ours(part: Part) -> Tree:
    return part.media_type, [ours(one) for one in part.children] if part.children else part.content()[0]


def judged(message: email.message.Message) -> Tree:
    payload = message.get_payload()
    if message.is_multipart():
        assert isinstance(payload, list)
        return message.get_content_type(), [judged(one) for one in payload if isinstance(one, email.message.Message)]
    content = message.get_payload(decode=True)
    return message.get_content_type(), content if isinstance(content, bytes) else b""


def theirs(data: bytes) -> Tree:
    return judged(email.message_from_bytes(data, policy=email.policy.compat32))


def even(tree: Tree) -> Tree:
    """Without what has no meaning: the line end before a boundary that is left to a part in broken mails, the words of a multipart that
    has no part (ours shows them as they stand, the judge drops some)."""
    kind, held = tree
    if isinstance(held, list):
        return kind, [even(one) for one in held]
    return kind, b"" if kind.startswith("multipart/") else held.rstrip(b"\r\n")


def _bytes(pattern: bytes) -> Callable[[bytes, Part], bool]:
    compiled = re.compile(pattern, re.IGNORECASE | re.MULTILINE)
    return lambda data, _: compiled.search(data) is not None


def _parts(test: Callable[[Part], bool]) -> Callable[[bytes, Part], bool]:
    return lambda _, root: any(test(one) for one in root.walk())


_PLAIN_TYPE = re.compile(rb"\s*[A-Za-z0-9!#$&^_.+-]+/[A-Za-z0-9!#$&^_.+-]+[ \t]*(?:;|\Z)")
_MAILS = {"message/rfc822", "message/global"}


def _odd_type(part: Part) -> bool:
    value = part.raw(b"content-type")
    return value is not None and _PLAIN_TYPE.match(value) is None


def _odd_encoding(part: Part) -> bool:
    value = part.raw(b"content-transfer-encoding")
    return value is not None and re.fullmatch(rb"[A-Za-z0-9-]+", value) is None


@dataclasses.dataclass(frozen=True)
class Divergence:
    """`applies`: whether a mail may have it. `mail`, `ours`, `theirs`: an example."""

    why: str
    applies: Callable[[bytes, Part], bool]
    mail: bytes
    ours: Tree
    theirs: Tree


DIVERGENCES = {
    "bare-cr": Divergence(
        "A CR alone ends no line (RFC 5322 2.3): a field smuggled behind one is none.",
        _bytes(rb"\r(?!\n)"),
        b"Bcc: a\rSubject: x\r\nContent-Type: text/html\r\n\r\ny",
        ("text/html", b"y"),
        ("text/html", b"y"),
    ),
    "space-before-colon": Divergence(
        "The obsolete blank before the colon is a field (RFC 5322 4.5), not the beginning of the body.",
        _bytes(rb"^[!-9;-~]+[ \t]+:"),
        b"X : y\r\nContent-Type: text/html\r\n\r\nz",
        ("text/html", b"z"),
        ("text/plain", b"X : y\r\nContent-Type: text/html\r\n\r\nz"),
    ),
    "envelope-line-last": Divergence(
        "A stray envelope line that ends the header begins the body: ours keeps the blank line after it.",
        _bytes(rb"^From [^\n]*\n\r?\n"),
        b"X: y\r\nFrom a@b.example\r\n\r\nz",
        ("text/plain", b"From a@b.example\r\n\r\nz"),
        ("text/plain", b"From a@b.example\r\nz"),
    ),
    "encoded-mail": Divergence(
        "A mail that is itself encoded is decoded before it is parsed (`inbound.read_mail`); the judge parses its base64.",
        _parts(lambda one: one.media_type in _MAILS and one.encoding in mime.CHANGING),
        b"Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\nU3ViamVjdDogeA==",
        ("message/rfc822", b"Subject: x"),
        ("message/rfc822", [("text/plain", b"U3ViamVjdDogeA==")]),
    ),
    "other-message-types": Divergence(
        "Only a mail is a mail: notices, fragments and references to outside bodies are leaves with a grammar of their own.",
        _parts(lambda one: one.media_type.startswith("message/") and one.media_type not in _MAILS),
        b"Content-Type: message/disposition-notification\r\n\r\nDisposition: a/b; displayed",
        ("message/disposition-notification", b"Disposition: a/b; displayed"),
        ("message/disposition-notification", [("text/plain", b"")]),
    ),
    "broken-base64": Divergence(
        "Of broken base64 what can be decoded is, with a defect (and a warning where it is cut); the judge gives it back or stops.",
        _parts(lambda one: one.encoding == "base64" and bool(one.content()[1])),
        b"Content-Transfer-Encoding: base64\r\n\r\nYWJjZ",
        ("text/plain", b"abc"),
        ("text/plain", b"YWJjZ"),
    ),
    "cut-uuencode": Divergence(
        "Of uuencoded text without its end what came is decoded, with a defect; other octets beside it are left out.",
        _parts(lambda one: "uu" in one.encoding),
        b"Content-Transfer-Encoding: x-uuencode\r\n\r\nbegin 644 a\r\n#86)C\r\n",
        ("text/plain", b"abc"),
        ("text/plain", b"abc"),
    ),
    "odd-type": Divergence(
        "Comments in a Content-Type are no part of it (RFC 2045 5.1); what is no type is text/plain (5.2).",
        _parts(_odd_type),
        b"Content-Type: text/html (c)\r\n\r\nx",
        ("text/html", b"x"),
        ("text/html (c)", b"x"),
    ),
    "odd-encoding": Divergence(
        "Quotes, blanks and comments around a transfer encoding do not hide it.",
        _parts(_odd_encoding),
        b'Content-Transfer-Encoding: "base64"\r\n\r\nYWJj',
        ("text/plain", b"abc"),
        ("text/plain", b"YWJj"),
    ),
    "comment-after-boundary": Divergence(
        "Words after a boundary, such as a comment, are no part of it.",
        _bytes(rb"boundary(?:\*\d*\*?)?\s*=\s*(?:\"[^\"\n]*\"|[^;\s\"]+)(?:[ \t]|\r?\n[ \t])+[^;\s]"),
        b"Content-Type: multipart/mixed; boundary=B (c)\r\n\r\n--B\r\n\r\nx\r\n--B--",
        ("multipart/mixed", [("text/plain", b"x")]),
        ("multipart/mixed", b"--B\r\n\r\nx\r\n--B--"),
    ),
    "eight-bit-boundary": Divergence(
        "A boundary is compared by its octets, whatever they are.",
        _bytes(rb"boundary\*?[^\n]*[\x80-\xff]"),
        b"Content-Type: multipart/mixed; boundary=\xe9\r\n\r\n--\xe9\r\n\r\nx\r\n--\xe9--",
        ("multipart/mixed", [("text/plain", b"x")]),
        ("multipart/mixed", b"--\xe9\r\n\r\nx\r\n--\xe9--"),
    ),
    "closed-at-once": Divergence(
        "A closing line right after an opening one closes an empty part; the judge takes it for one more opening line.",
        _bytes(rb"^(--[^\r\n]*?)[ \t]*\r?\n(?:\1[ \t]*\r?\n)*\1--"),
        b"Content-Type: multipart/mixed; boundary=B\r\n\r\n--B\r\n--B--\r\nafter",
        ("multipart/mixed", [("text/plain", b"")]),
        ("multipart/mixed", [("text/plain", b"after")]),
    ),
}


@pytest.mark.parametrize("name", DIVERGENCES)
def test_each_divergence_is_what_its_row_says(name: str) -> None:
    row = DIVERGENCES[name]
    root = mime.parse(row.mail)
    assert row.applies(row.mail, root)
    assert even(ours(root)) == even(row.ours)
    assert even(theirs(row.mail)) == even(row.theirs)


def differs(data: bytes) -> tuple[bool, bool]:
    """(compared, different)."""
    root = mime.parse(data)
    if any(row.applies(data, root) for row in DIVERGENCES.values()):
        return False, False
    return True, even(ours(root)) != even(theirs(data))


CORPUS = {name: case.data for name, case in (HPRIM | LETTERS | MAILS | MESSAGES | XDM).items() if case.file.endswith(".eml")}
NOT_COMPARED = {
    "mdn": "other-message-types",
    "mdn-displayed": "other-message-types",
    "mdn-refused-with-the-files-again": "other-message-types",
    "mdn-in-a-mixed-mail": "other-message-types",
    "mdn-closed-by-a-dash": "other-message-types",
    "dsn-failed": "other-message-types",
    "dsn-with-headers-only": "other-message-types",
    "dsn-with-nothing-back": "other-message-types",
    "dsn-delivered-and-delayed": "other-message-types",
    "dsn-in-utf-8": "other-message-types",
    "forwarded-report": "other-message-types",
    "one-fragment": "other-message-types",
    "copy-in-base64-of-a-mail": "encoded-mail",
    "uuencoded": "cut-uuencode",
}
"""The mails of the corpus that have a divergence, and which."""


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_the_corpus_is_read_as_the_judge_reads_it(name: str) -> None:
    root = mime.parse(CORPUS[name])
    found = {row for row, divergence in DIVERGENCES.items() if divergence.applies(CORPUS[name], root)}
    assert found == ({NOT_COMPARED[name]} if name in NOT_COMPARED else set())
    if not found:
        assert even(ours(root)) == even(theirs(CORPUS[name]))


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_hostile_mails_are_read_as_the_judge_reads_them(r: random.Random) -> None:
    data = hostile_mails.mail(r)
    assert not differs(data)[1], data


def test_most_hostile_mails_are_compared() -> None:
    found = [differs(hostile_mails.mail(random.Random(seed))) for seed in range(2_000)]
    assert not any(different for _, different in found)
    assert sum(compared for compared, _ in found) > 1_000


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_no_octet_of_a_mail_with_only_oddities_escapes(r: random.Random) -> None:
    data = hostile_mails.mail(r, oddity=0.7)
    for part in mime.parse(data).walk():
        assert 0 <= part.start <= part.header_end <= part.body <= part.end <= len(data)
        part.content()
        for one in part.children:
            assert part.body <= one.start <= one.end <= part.end
