"""Ways of damaging a file that know its structure: cut, splice, doubled and exchanged fields, flipped bits, other encodings, and the same
inside the entries of a zip, the base64 of a mail or of an XML, the packed streams of a PDF.

A damage is (number of the way, two numbers from which it chooses where): the same three give the same octets, so that hypothesis can
shrink a list of them and a failure can be told in one line.
"""

from __future__ import annotations

import base64
import binascii
import io
import random
import re
import zipfile
import zlib
from collections.abc import Callable, Sequence

Damage = tuple[int, int, int]
MOST = 300_000
"""Octets that a damaged file may have: more is the business of the tests of bounds."""

_MARKS = (b"\r\n", b"\n", b"\r", b"|", b"^", b"~", b"&", b"<", b">", b",", b";", b'"', b" ", b"=", b"/", b"{", b"}", b"\\", b":", b"\0")
_OCTETS = (0, 1, 9, 10, 13, 27, 32, 34, 38, 60, 62, 92, 94, 124, 127, 128, 192, 237, 239, 254, 255)
_TOKENS = (
    b"\0",
    b"\xff\xfe",
    b"\xef\xbb\xbf",
    b"\xed\xa0\x80",
    "é\u0301\u202e\u2028\ufffd\U0001f4a9".encode(),
    b"-1",
    b"0",
    b"1e309",
    b"NaN",
    b"9" * 40,
    b"99991231",
    b"00000000",
    b"19000229",
    b"%s%n",
    b"&amp;&#0;&#x10FFFF;&nope;",
    b"<![CDATA[",
    b"]]>",
    b"<!--",
    b"<!DOCTYPE a [<!ENTITY b 'c'>]>",
    b"\\bin999999 ",
    b"\\u-32768?",
    b"{\\*\\x ",
    b"\r\n\r\n",
    b"\r\n--=",
    b"=?utf-8?B?4pi",
    b"BEGIN:VEVENT\r\n",
    b"MSH|^~\\&|",
    b"PID|1||",
    b"H|~^\\&|",
    b"\r\nA|",
    b"****FIN****\r\n",
    b'{"resourceType":"Bundle"}',
    b"null",
    b"\x1b%G",
)
_DIGITS = re.compile(rb"[0-9]{1,20}")
_BASE64 = re.compile(rb"(?:[A-Za-z0-9+/]{4}\s{0,4}){15,100000}[A-Za-z0-9+/=]{0,4}")
_STREAM = re.compile(rb"stream\r?\n(.{1,100000}?)\r?\nendstream", re.DOTALL)
_ENCODINGS = ("utf-16", "utf-16-le", "utf-8-sig", "cp850", "iso-8859-15", "utf-7", "utf-32")


def _place(data: bytes, where: int) -> int:
    return where % (len(data) + 1)


def _span(data: bytes, where: int, how: int) -> tuple[int, int]:
    """A run of octets, short ones as often as long ones."""
    start = _place(data, where)
    length = 1 + how % (1, 4, 16, 64, 512, 4_096, 65_536)[how % 7]
    return start, min(len(data), start + length)


def _cut_end(data: bytes, where: int, how: int, _: bytes) -> bytes:
    return data[: _place(data, where)]


def _cut_start(data: bytes, where: int, how: int, _: bytes) -> bytes:
    return data[_place(data, where) % 2_000 :]


def _cut_out(data: bytes, where: int, how: int, _: bytes) -> bytes:
    start, end = _span(data, where, how)
    return data[:start] + data[end:]


def _double(data: bytes, where: int, how: int, _: bytes) -> bytes:
    start, end = _span(data, where, how)
    return data[:end] + data[start:]


def _many(data: bytes, where: int, how: int, _: bytes) -> bytes:
    start, end = _span(data, where, how % 400)
    times = (2, 10, 100, 1_000, 5_000)[how % 5]
    return data[:start] + data[start:end] * times + data[end:]


def _splice(data: bytes, where: int, how: int, other: bytes) -> bytes:
    return data[: _place(data, where)] + other[_place(other, how) :]


def _insert(data: bytes, where: int, how: int, other: bytes) -> bytes:
    start, end = _span(other, how, where)
    at = _place(data, where)
    return data[:at] + other[start:end] + data[at:]


def _flip(data: bytes, where: int, how: int, _: bytes) -> bytes:
    if not data:
        return data
    at = where % len(data)
    return data[:at] + bytes([data[at] ^ (1 << how % 8)]) + data[at + 1 :]


def _octet(data: bytes, where: int, how: int, _: bytes) -> bytes:
    at = _place(data, where)
    return data[:at] + bytes([_OCTETS[how % len(_OCTETS)]]) + data[at + 1 :]


def _token(data: bytes, where: int, how: int, _: bytes) -> bytes:
    at = _place(data, where)
    return data[:at] + _TOKENS[how % len(_TOKENS)] + data[at + (how // 64) % 8 :]


def _number(data: bytes, where: int, how: int, _: bytes) -> bytes:
    """A count, length or offset that lies."""
    found = list(_DIGITS.finditer(data[:MOST]))
    if not found:
        return data
    one = found[where % len(found)]
    told = (b"0", b"-1", b"1", b"999999999", b"18446744073709551616", b"1e9", b"2147483648", b"007", b"")[how % 9]
    return data[: one.start()] + told + data[one.end() :]


def _binary(data: bytes, where: int, how: int, _: bytes) -> bytes:
    """A length of two or four octets that lies."""
    at, width = _place(data, where), (2, 4)[how % 2]
    value = (0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF, len(data), len(data) + 1)[(how // 2) % 8] % (1 << 8 * width)
    return data[:at] + value.to_bytes(width, ("little", "big")[(how // 16) % 2]) + data[at + width :]


def _fields(data: bytes, where: int, how: int, _: bytes) -> bytes:
    """Two fields exchanged, one dropped, one doubled."""
    marks = [mark for mark in _MARKS if mark in data]
    if not marks:
        return data
    mark = marks[how % len(marks)]
    parts = data.split(mark, 20_000)
    one, other = where % len(parts), (where // 7 + how) % len(parts)
    shape = (how // 20) % 3
    if shape == 0:
        parts[one], parts[other] = parts[other], parts[one]
    elif shape == 1:
        del parts[one]
    else:
        parts.insert(other, parts[one])
    return mark.join(parts)


def _encoding(data: bytes, where: int, how: int, _: bytes) -> bytes:
    text = data.decode("utf-8", "replace") if where % 2 else data.decode("latin-1")
    return text.encode(_ENCODINGS[how % len(_ENCODINGS)], "replace")


def _case(data: bytes, where: int, how: int, _: bytes) -> bytes:
    start, end = _span(data, where, how)
    return data[:start] + data[start:end].swapcase() + data[end:]


def _ends(data: bytes, where: int, how: int, _: bytes) -> bytes:
    """Other line ends."""
    return data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").replace(b"\n", (b"\n", b"\r", b"\r\r\n", b" \r\n", b"\n\n", b"")[how % 6])


def _deep(data: bytes, where: int, how: int, _: bytes) -> bytes:
    """Something opened very often."""
    opened = (b"<a>", b"{", b"[", b"(", b'{"a":', b"<div>", b"[[", b"{\\b ", b"<</A ", b"BEGIN:VEVENT\r\n", b"<component><section>")[
        how % 11
    ]
    at = _place(data, where)
    return data[:at] + opened * (50, 500, 5_000)[(how // 11) % 3] + data[at:]


def _in_zip(data: bytes, where: int, how: int, other: bytes) -> bytes:
    """One entry of a zip damaged, the zip itself sound."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [(one.filename, archive.read(one)) for one in archive.infolist()[:50]]
    except Exception:  # whatever it is, it is no sound zip
        return data
    if not entries:
        return data
    rank = where % len(entries)
    name, content = entries[rank]
    entries[rank] = (name, once(content, (how % len(_PLAIN), where // 11, how // 31), other))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for called, content in entries:
            archive.writestr(zipfile.ZipInfo(called or "x", (2026, 5, 4, 9, 30, 0)), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _in_base64(data: bytes, where: int, how: int, other: bytes) -> bytes:
    """What stands in base64 damaged, the base64 itself sound."""
    found = list(_BASE64.finditer(data))
    if not found:
        return data
    one = found[where % len(found)]
    try:
        content = base64.b64decode(b"".join(one.group().split()) + b"==")
    except binascii.Error:
        return data
    made = once(content, (how % len(WAYS), where // 7, how // 29), other)
    return data[: one.start()] + base64.b64encode(made) + data[one.end() :]


def _in_stream(data: bytes, where: int, how: int, other: bytes) -> bytes:
    """A packed stream of a PDF damaged and packed again."""
    found = list(_STREAM.finditer(data))
    if not found:
        return data
    one = found[where % len(found)]
    try:
        content = zlib.decompress(one.group(1))
    except zlib.error:
        content = one.group(1)
    made = zlib.compress(once(content, (how % len(_PLAIN), where // 7, how // 29), other))
    return data[: one.start(1)] + made + data[one.end(1) :]


_Way = Callable[[bytes, int, int, bytes], bytes]
_PLAIN: tuple[_Way, ...] = (
    _cut_end,
    _cut_start,
    _cut_out,
    _double,
    _many,
    _splice,
    _insert,
    _flip,
    _octet,
    _token,
    _number,
    _binary,
    _fields,
    _encoding,
    _case,
    _ends,
    _deep,
)
WAYS: tuple[_Way, ...] = (*_PLAIN, _in_zip, _in_base64, _in_stream)


def once(data: bytes, damage: Damage, other: bytes = b"") -> bytes:
    """`data` damaged in one way; `other`: what is spliced into it."""
    way, where, how = damage
    return WAYS[way % len(WAYS)](data, where, how, other)[:MOST]


def damaged(data: bytes, damages: Sequence[Damage], other: bytes = b"") -> bytes:
    """`data` damaged in each way, in order."""
    for one in damages:
        data = once(data, one, other)
    return data


def at_random(rng: random.Random, most: int = 4) -> list[Damage]:
    """One to `most` damages."""
    return [(rng.randrange(len(WAYS)), rng.randrange(1 << 24), rng.randrange(1 << 16)) for _ in range(rng.randint(1, most))]
