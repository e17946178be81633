"""Mails as a hostile or careless sender writes them: every construct of MIME that readers understand differently, mixed at random."""

from __future__ import annotations

import random

_TYPES = (
    b"text/plain", b"text/plain; charset=utf-8", b"TEXT/HTML", b'application/pdf; name="a b.pdf"', b"application/octet-stream",
    b"message/rfc822", b"multipart/mixed; boundary=B", b'multipart/mixed; boundary="B"', b'multipart/mixed;\r\n boundary="B"',
    b"multipart/mixed; Boundary = B", b"multipart/digest; boundary=B", b'multipart/alternative; boundary="C d"',
    b"multipart/mixed; boundary=BB", b"multipart/report; report-type=x; boundary=B", b'multipart/signed; boundary=B; protocol="a/b"',
    b'multipart/mixed; charset=x; boundary=B; x=y', b"multipart/mixed; boundary*=us-ascii''B",
    b"multipart/mixed; boundary*0=B; boundary*1=B",
    b'multipart/mixed; boundary="B ";', b"multipart/mixed; boundary=B;boundary=C", b'multipart/mixed; x="; boundary=C"; boundary=B',
)  # fmt: skip
_ODD_TYPES = (
    b"multipart/mixed", b'multipart/mixed; boundary=""', b'multipart/mixed; boundary="B\\"q"', b"multipart/mixed; boundary=B (comment)",
    b"multipart/mixed boundary=B", b"multipart/mixed; boundary='B'", b"image/png; name=\xe9.png", b"multipart/mixed; boundary=B\xe9",
    b"text", b"text/", b"/plain", b"text/plain/x", b"text /plain", b"(c) text/plain", b"text/plain (c)", b'"text/plain"', b"",
    b"message/global", b"message/partial; id=x", b"message/delivery-status",
)  # fmt: skip
_ENCODINGS = (b"base64", b"quoted-printable", b"7bit", b"8bit", b"binary", b"x-uuencode", b"uuencode", b"x-unknown")
_ODD_ENCODINGS = (b"BASE64 ", b"base64 (c)", b'"base64"', b"")
_FIELDS = (b"Subject: a", b"X: y\r\n z", b"MIME-Version: 1.0", b"X:y", b"X:", b"Subject: \xe9\r\n \xff", b"X: a\r\n \r\n b")
_ODD_FIELDS = (
    b"nofield", b" folded", b": x", b"X : y", b"From a@b Mon", b">From x", b"X:\r\n\t", b"\xe9: x", b"X-\xe9: y", b"",
    b"Content-Type: text/html",
    b"Bcc:a\rb", b"\tfirst",
)  # fmt: skip
_LINES = (
    b"texte", b"", b"YWJj", b"YWJj=", b"YWJ", b"Y", b"a=3Db=\r\nc", b"=E9=", b"begin 644 a\r\n#86)C\r\n`\r\nend", b"--B", b"--B--", b"--BB",
    b"-- B", b"--C d", b"From: a\r\n\r\nx", b"\r\n", b"Subject: z\r\n\r\n--B\r\n\r\nin\r\n--B--", b"\xe9\x00\xff", b" --B", b"--B \t",
    b"--B x", b"--B--x", b"--B-", b"--b", b"x --B", b"YWJj\r\nYWJj\r\n", b"a\rb", b"--B\r",
)  # fmt: skip


def mail(r: random.Random, oddity: float = 0.06, depth: int = 3) -> bytes:
    """One mail; `oddity` is the share of what no standard knows."""
    data = _part(r, oddity, depth)
    return data.replace(b"\r\n", b"\n") if r.random() < 0.2 else data


def _one(r: random.Random, usual: tuple[bytes, ...], odd: tuple[bytes, ...], oddity: float) -> bytes:
    return r.choice(odd if r.random() < oddity else usual)


def _part(r: random.Random, oddity: float, depth: int) -> bytes:
    fields = [_one(r, _FIELDS, _ODD_FIELDS, oddity) for _ in range(r.choice([0, 0, 0, 1, 1, 2]))]
    if r.random() < 0.9:
        fields.append(b"Content-Type: " + _one(r, _TYPES, _ODD_TYPES, oddity))
    if r.random() < 0.4:
        fields.append(b"Content-Transfer-Encoding: " + _one(r, _ENCODINGS, _ODD_ENCODINGS, oddity))
    r.shuffle(fields)
    return b"".join(field + b"\r\n" for field in fields) + b"\r\n" + _body(r, oddity, depth)


def _body(r: random.Random, oddity: float, depth: int) -> bytes:
    if depth == 0 or r.random() < 0.35:
        return b"\r\n".join(r.choice(_LINES) for _ in range(r.choice([0, 1, 1, 1, 2, 3])))
    mark = b"--" + r.choice([b"B", b"B", b"B", b"C d", b"BB"])
    found = [r.choice([b"", b"pre\r\n", b"pre\r\n\r\n", b"\r\n"])]
    for _ in range(r.choice([0, 1, 1, 2, 2, 3])):
        found.append(mark + _one(r, (b"\r\n",), (b" \r\n", b"\n", b"\t\r\n", b""), oddity))
        found.append(_part(r, oddity, depth - 1) if r.random() < 0.85 else _body(r, oddity, depth - 1))
        found.append(_one(r, (b"\r\n",), (b"", b"\n", b"\r\n\r\n"), oddity))
    found.append(r.choice([mark + b"--", mark + b"--\r\n", mark + b"--\r\n", mark + b"--\r\npost", b"", mark + b"-- \r\n"]))
    return b"".join(found)


_NAMES = (
    b"a.pdf", b'"a b.pdf"', b'"a\\"b"', b'"a\\\\b"', b'"a;b.pdf"', b"utf-8''r%C3%A9s", b"iso-8859-1'fr'r%E9s", b"''a%20b", b"utf-8''%",
    b"utf-8''%ZZ", b"utf-8''%41%4", b"x-none''%E9", b"a%20b", b'"=?utf-8?q?r=C3=A9s?="', b"=?utf-8?b?w6k=?=",
    b'"=?utf-8?q?a?= =?utf-8?q?b?="', b'"=?utf-8?q?a b?="', b"\xe9.pdf", b'"\xc3\xa9"', b'""', b"", b'"a', b'a"b', b"a b", b"utf-8'x",
    b"utf-8''a'b", b'"a\r\n b"', b'" a "', b"'a'", b'"a=b"', b"a/b", b'"=?x-none?q?=E9?="',
)  # fmt: skip
_PARAMETERS = (
    b"filename", b"filename", b"filename*", b"filename*0", b"filename*1", b"filename*0*", b"filename*1*", b"filename*2", b"FILENAME",
    b"name",
    b"x",
)  # fmt: skip


def disposition(r: random.Random) -> bytes:
    """A Content-Disposition with file names in every form."""
    told = r.choice([b"attachment", b"inline", b"attachment", b""])
    for _ in range(r.choice([1, 1, 2, 2, 3])):
        told += (
            r.choice([b"; ", b";", b";\r\n\t", b" ; ", b";;"]) + r.choice(_PARAMETERS) + r.choice([b"=", b"=", b" = "]) + r.choice(_NAMES)
        )
    return told + r.choice([b"", b"", b";", b" (c)"])


_WORDS = (
    b"=?utf-8?q?r=C3=A9s?=", b"=?UTF-8?Q?a_b?=", b"=?utf-8?b?w6k=?=", b"=?iso-8859-1?q?=E9?=", b"=?windows-1252?b?6Q==?=",
    b"=?utf-8?q?=C3?=",
    b"=?utf-8?q?=A9?=", b"=?utf-8?q??=", b"=?utf-8?q?a", b"?=", b"=?", b"texte", b"\xe9", b"\xc3\xa9", b"=?x-none?q?=E9?=",
    b"=?utf-8*fr?q?x?=",
    b"=?utf-8?b?w6k?=", b"=?utf-8?b?!?=", b"=?utf-8?x?a?=", b"=?utf-8?q?a b?=", b"=?us-ascii?q?=E9?=", b"(c)", b'"q"', b",",
)  # fmt: skip


def subject(r: random.Random) -> bytes:
    """A header value of encoded words and what stands between them."""
    return b"".join(r.choice(_WORDS) + r.choice([b" ", b" ", b"", b"\r\n ", b"  "]) for _ in range(r.randint(1, 5)))
