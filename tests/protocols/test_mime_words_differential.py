"""The standard library is the judge of ours over file names (RFC 2231, RFC 2047, and what is sent instead) and over encoded words.

Every difference of names is either mended or a row of `NAME_DIVERGENCES`, with an example that both readings are held to.
"""

from __future__ import annotations

import email
import email.errors
import email.header
import email.policy
import email.utils
import random
import re
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocols import hostile_mails
from tests.protocols.test_mime_differential import CORPUS
from vaguemestre.protocols import mime


def judged_name(value: bytes) -> str | None:
    """The file name as the judge tells it, RFC 2047 undone, on one line; None where it tells none or fails."""
    message = email.message_from_bytes(b"Content-Disposition: " + value + b"\r\n\r\n", policy=email.policy.compat32)
    try:
        told = message.get_param("filename", None, "content-disposition")
    except TypeError:  # it cannot sort pieces with and without a rank
        return None
    if told is None:
        return None
    return one_line(email.utils.collapse_rfc2231_value(told))


def one_line(value: str) -> str:
    encoded = "=?" in value and value.isascii()
    return " ".join((str(email.header.make_header(email.header.decode_header(value))) if encoded else value).split())


def _starred(value: bytes) -> list[bytes]:
    """What stands behind each `filename`: "", a star, a rank; without the star of an encoded piece."""
    return re.findall(rb";\s*filename(\*\d+|\*|)\*?\s*=", value, re.IGNORECASE)


NAME_DIVERGENCES: dict[str, tuple[str, Callable[[bytes], bool], bytes, str, str | None]] = {
    "raw-eight-bit": (
        "Octets that no charset is told of are UTF-8 or Windows-1252; the judge replaces them.",
        lambda v: not v.isascii(),
        b"attachment; filename=\xe9.pdf",
        "é.pdf",
        "\ufffd.pdf",
    ),
    "open-quotes": (
        "A quote that nothing closes is no part of a name, nor is the semicolon behind it.",
        lambda v: b'"' in re.sub(rb'"(?:[^"\\]|\\.)*"', b"", v) or re.search(rb'=\s*[^\s";]+"|=\s*"[^"]*[;,][^"]*=', v) is not None,
        b'attachment; filename="a;',
        "a",
        '"a;',
    ),
    "comment": (
        "A comment after a quoted name is no part of it.",
        lambda v: v.endswith(b"(c)"),
        b'attachment; filename="a.pdf" (c)',
        "a.pdf",
        '"a.pdf" (c)',
    ),
    "several": (
        "RFC 2231 wins over the plain form, an empty name over nothing; the judge joins or takes the first.",
        lambda v: (names := _starred(v)) != [] and (len(set(names)) < len(names) or ((b"" in names or b"*" in names) and len(names) > 1)),
        b"attachment; filename=a.pdf; filename*=utf-8''r%C3%A9s.pdf",
        "rés.pdf",
        "a.pdf",
    ),
    "apostrophes-in-pieces": (
        "Only the first piece, where it is an encoded one, tells a charset; the judge looks for it in whatever the pieces make together.",
        lambda v: b"'" in v and len(_starred(v)) > 1,
        b"attachment; filename*0*=x; filename*1='a'",
        "x'a'",
        "",
    ),
    "words-in-pieces": (
        "Encoded words within the pieces of RFC 2231 join what stands beside them; the judge parts them by a blank.",
        lambda v: b"=?" in v and len(_starred(v)) > 1,
        b"attachment; filename*0==?utf-8?b?w6k=?=; filename*1=.pdf",
        "é.pdf",
        "é .pdf",
    ),
    "turning-characters": (
        "Characters that turn the direction of writing, or hide, are no part of a name.",
        lambda v: re.search(rb"%E2%8[01]", v, re.IGNORECASE) is not None,
        b"attachment; filename*=utf-8''fdp%E2%80%AE.exe",
        "fdp.exe",
        "fdp\u202e.exe",
    ),
    "unknown-charset": (
        "An encoded word of a charset that does not exist is read as Windows-1252 where it is not UTF-8.",
        lambda v: b"x-none" in v,
        b'attachment; filename="=?x-none?q?=E9?="',
        "é",
        None,
    ),
}  # fmt: skip


def name_of(value: bytes) -> str | None:
    return mime.parameters(value).get("filename")


@pytest.mark.parametrize("name", NAME_DIVERGENCES)
def test_each_divergence_of_names_is_what_its_row_says(name: str) -> None:
    _why, applies, value, mine, its = NAME_DIVERGENCES[name]
    assert applies(value)
    assert name_of(value) == mine
    if its is not None:
        assert judged_name(value) == its
    else:
        with pytest.raises(LookupError):
            judged_name(value)


def names_differ(value: bytes) -> tuple[bool, bool]:
    """(compared, different)."""
    if any(applies(value) for _why, applies, *_ in NAME_DIVERGENCES.values()):
        return False, False
    its = judged_name(value)
    return True, (name_of(value) or None) != (its or None)


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_file_names_are_read_as_the_judge_reads_them(r: random.Random) -> None:
    value = hostile_mails.disposition(r)
    assert not names_differ(value)[1], value


def test_most_file_names_are_compared() -> None:
    found = [names_differ(hostile_mails.disposition(random.Random(seed))) for seed in range(3_000)]
    assert not any(different for _, different in found)
    assert sum(compared for compared, _ in found) > 700


def judged_subject(value: bytes) -> str | None:
    """The words of a value as the judge tells them; None where it fails."""
    message = email.message_from_bytes(b"Subject: " + value + b"\r\n\r\n", policy=email.policy.compat32)
    try:
        return " ".join(str(email.header.make_header(email.header.decode_header(message["subject"]))).split())
    except (LookupError, ValueError, email.errors.HeaderParseError):
        return None


def words(text: str | None) -> str | None:
    """Without blanks: the judge puts them between words of different charsets and takes them off before a comment."""
    return None if text is None else text.replace(" ", "")


WELL_FORMED = re.compile(
    rb"(?:=\?(?:utf-8(?:\*fr)?|iso-8859-1|windows-1252)\?(?:q\?[!->@-~]*|b\?[A-Za-z0-9+/]*={0,2})\?=|[a-z]+|\([a-z]\)|\"[a-z]\"|,|\s)*",
    re.IGNORECASE,
)
"""Words that are whole, of charsets that exist, in ASCII."""


@settings(max_examples=600, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_encoded_words_are_read_as_the_judge_reads_them(r: random.Random) -> None:
    value = hostile_mails.subject(r)
    its = judged_subject(value)
    mine = mime.decoded(value)
    mine.encode()
    if its is not None and WELL_FORMED.fullmatch(value) and "\ufffd" not in its:
        assert words(mine) == words(its), value


@pytest.mark.parametrize("name", sorted(CORPUS))
def test_the_words_of_the_corpus_are_read_as_the_judge_reads_them(name: str) -> None:
    """Subject, From and To of the top, and the file names of every part."""
    root, message = mime.parse(CORPUS[name]), email.message_from_bytes(CORPUS[name], policy=email.policy.default)
    for field in ("subject", "from", "to"):
        mine = mime.decoded(root.raw(field.encode()) or b"")
        assert words(mine.replace('"', "")) == words(str(message.get(field, "")).replace('"', "")), field
    values = [value for part in root.walk() if (value := part.raw(b"content-disposition")) is not None]
    assert not [value for value in values if names_differ(value)[1]]
