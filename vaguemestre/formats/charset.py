"""Which encoding a French text was written in (formats.md 1.1, "Encodings").

A byte-order mark says it, strict UTF-8 proves itself; what is left is chosen among cp1252, cp850 and mac_roman by how French
the accented words look, since all three decode nearly any bytes without an error. General detectors take cp850 for cp437
on a short text, so the letters are scored here.

Known weakness: a text whose only accents are in capitals typed as small letters (`HéLèNE`) reads as well in two of them;
cp1252, by far the most used, is then taken.
"""

from __future__ import annotations

import codecs
import dataclasses
import functools
import itertools
import re

CANDIDATES = ("cp1252", "cp850", "mac_roman")
_SAMPLE_WORDS = 400
_SAMPLE_RUNS = 20_000
_SAMPLE_BYTES = 2_000_000
_MEMO = 8_192
"""Scores kept: a word is at most 66 octets, and French text repeats a few hundred of them."""
_RUN = re.compile(rb"[\x80-\xff]+")
# How often each character comes in French medical text, as a rough logarithm. What is not here costs.
_WEIGHT = (
    dict.fromkeys("é", 5)
    | dict.fromkeys("àè", 4)
    | dict.fromkeys("êçÉÇ", 3)
    | dict.fromkeys("ôîûâùïëœÈÀÊ°µ’", 2)
    | dict.fromkeys("üöäÎÔÂÛËÏÜÖÄÙŒæ²³«»–—…€±\u00a0§‘“”•½", 1)
    | dict.fromkeys("ñáíóúãåøßÑÁÓÅØ£¨´·×÷¼¾¹¿ÿ", -1)
)
_UNLIKELY = -4
_LOWER_ACCENTS = frozenset("éàèêçôîûâùïëœüöäæ")
_UPPER_ACCENTS = frozenset("ÉÈÀÊÇÎÔÂÛËÏÜÖÄÙŒ")
_SIGNS = frozenset("…’–—•«»“”‘±½")


@dataclasses.dataclass(frozen=True, slots=True)
class Decoded:
    """`guessed`: the bytes did not tell their encoding. `unknown`: the declared charset exists nowhere."""

    text: str
    encoding: str
    guessed: bool = False
    unknown: bool = False

    def __repr__(self) -> str:
        return f"Decoded({self.encoding!r}, guessed={self.guessed})"


def _score_word(word: str) -> int:
    score = 0
    last = len(word) - 1
    for i, c in enumerate(word):
        if c < "\x80":
            continue
        before = word[i - 1] if i else " "
        after = word[i + 1] if i < last else " "
        score += _WEIGHT.get(c, _UNLIKELY)
        if c in _LOWER_ACCENTS:
            if (before.isupper() and before.isascii()) or (after.isupper() and after.isascii()):
                score -= 3
            if c == "à" and after.isalpha():
                score -= 4  # only ever ends a word
            elif c in "êâîôû" and not after.isalpha():
                score -= 3  # never ends one
        elif c in _UPPER_ACCENTS:
            if before.islower() or (before.isalpha() and after.islower()):
                score -= 8
            elif c == "À" and after.isalpha():
                score -= 2
            elif c == "Ç" and not before.isalpha() and not after.isalpha():
                score -= 5  # alone it is cp1252's "€"
        elif c == "µ":
            score += 2 if after in "gmlkUus" and not before.isalpha() else -3
        elif c == "°":
            score += 2 if before.isdigit() or before in "nN" else -1
        elif c in _SIGNS and c != "’" and before.isalpha() and after.isalpha():
            score -= 4
        elif c == "’" and not (before.isalpha() and after.isalpha()):
            score -= 2
        elif c == "…" and not before.isalpha():
            score -= 3  # alone between blanks it is cp850's "à"
    return score


def _accented_words(data: bytes) -> list[bytes]:
    """Distinct runs of octets that are no ASCII, each with its two neighbours, which are all that scoring looks at."""
    # a text repeats its words: those between two blanks are looked at once, those at its ends keep their place
    pieces = data[:_SAMPLE_BYTES].split(b" ")
    pieces[1:-1] = dict.fromkeys(itertools.filterfalse(bytes.isascii, pieces[1:-1]))
    data = b" ".join(pieces)
    runs = map(re.Match.span, itertools.islice(_RUN.finditer(data), _SAMPLE_RUNS))
    words = dict.fromkeys([data[start - 1 if start else 0 : min(end, start + 64) + 1] for start, end in runs])
    return list(words)[:_SAMPLE_WORDS]


@functools.lru_cache(_MEMO)
def _scores(word: bytes) -> tuple[int, ...]:
    """The score of one word in each candidate encoding."""
    return tuple(_score_word(word.decode(encoding, "replace")) for encoding in CANDIDATES)


def guess(data: bytes) -> str:
    """The most French of the three candidate encodings; the first of equal ones, and of those where nothing tells."""
    words = _accented_words(data)
    if not words:
        return CANDIDATES[0]
    totals = [sum(column) - place * 0.4 for place, column in enumerate(zip(*map(_scores, words), strict=True))]
    return CANDIDATES[totals.index(max(totals))]


_NEVER = frozenset(
    {"idna", "punycode", "undefined", "utf-7", "unicode-escape", "raw-unicode-escape", "unicode_escape", "raw_unicode_escape"}
)
_LATIN = frozenset({"cp1252", "iso8859-1", "iso8859-15", "latin-1", "ascii"})


def _known(charset: str) -> str | None:
    try:
        info = codecs.lookup(charset)
    except (LookupError, ValueError):
        return None
    # rot13, zlib... are no text encodings; the others are none that a text is sent in, and may be slow or raise anything
    return info.name if getattr(info, "_is_text_encoding", True) and info.name not in _NEVER else None


def decode(data: bytes, charset: str | None = None) -> Decoded:
    """The text of `data`; `charset` is what its carrier declared, believed when it fits the bytes. NULs are left out. Never raises."""
    if data.startswith(codecs.BOM_UTF8):
        text = data[3:].decode("utf-8", "replace")
        return Decoded(text.replace("\0", ""), "utf-8", guessed="\ufffd" in text)
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16-le" if data.startswith(codecs.BOM_UTF16_LE) else "utf-16-be"
        text = data[2:].decode(encoding, "replace")
        return Decoded(text.replace("\0", ""), encoding, guessed="\ufffd" in text)
    unknown = False
    name: str | None = None
    if charset:
        name = _known(charset.strip().strip("\"'")[:40])
        unknown = name is None
    if data.isascii() and (name is None or name in _LATIN or name == "utf-8"):
        return Decoded(data.decode("ascii").replace("\0", ""), "ascii", unknown=unknown)
    if name in {None, "utf-8"} or name in _LATIN:
        # UTF-8 proves itself, even where something else was declared
        try:
            return Decoded(data.decode("utf-8").replace("\0", ""), "utf-8", unknown=unknown)
        except UnicodeDecodeError:
            pass
    if name is not None and name != "utf-8":
        if name not in _LATIN and name not in CANDIDATES:
            try:
                return Decoded(data.decode(name).replace("\0", ""), name)
            except (UnicodeError, ValueError, OverflowError):
                pass
        else:
            wanted = "cp1252" if name in _LATIN else name
            if wanted == guess(data) and name != "ascii":
                exact = name if name == "iso8859-15" else wanted
                return Decoded(data.decode(exact, "replace").replace("\0", ""), exact)
    encoding = guess(data)
    return Decoded(data.decode(encoding, "replace").replace("\0", ""), encoding, guessed=True, unknown=unknown)
