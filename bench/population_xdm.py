"""Mails of about 200 kB of XDM: a CDA whose body is a PDF of incompressible pages, each unlike the others (formats.md 3)."""

from __future__ import annotations

import base64
import datetime as dt
import random
import zlib

from bench.population import Person
from vaguemestre.cli import demo_cda, demo_xdm
from vaguemestre.cli.demo_people import Person as Named

PDF_BYTES = 196_500
"""What makes an archive of 200 kB: base64 inside a deflated XML gains back nearly all of its third."""

_AUTHOR = demo_cda.Author("BENCH ALIX", "99999000062", "Laboratoire de mesure", "990000028")
_SIZE = 420


def pdf(rng: random.Random, size: int = PDF_BYTES) -> bytes:
    """About `size` bytes. One page that holds an image of noise, as a scanned letter does."""
    noise = rng.randbytes(size - 900)
    height = len(noise) // _SIZE
    image = zlib.compress(noise[: _SIZE * height], 0)
    content = b"q 500 0 0 700 48 70 cm /Im0 Do Q"
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Resources<</XObject<</Im0 5 0 R>>>>/Contents 4 0 R>>",
        b"<</Length %d>>stream\n%b\nendstream" % (len(content), content),
        b"<</Type/XObject/Subtype/Image/Width %d/Height %d/ColorSpace/DeviceGray/BitsPerComponent 8" % (_SIZE, height)
        + b"/Filter/FlateDecode/Length %d>>stream\n%b\nendstream" % (len(image), image),
    ]
    out = bytearray(b"%PDF-1.4\n")
    places = []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%b\nendobj\n" % (number, part)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    out += b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(parts) + 1, start)
    return bytes(out)


def xdm_mail(person: Person, *, sender: str, recipient: str, rng: random.Random) -> bytes:
    """One message as it goes over the wire."""
    number = rng.randrange(10**12)
    named = Named(
        person.ref, person.own_nir, person.birth_name, " ".join(person.given_names), person.first_given_name, person.birth_date, person.sex
    )
    day = dt.date(2026, 5, 4) - dt.timedelta(days=rng.randrange(300))
    root = f"1.2.250.1.999.9.3.{number}"
    heading = demo_cda.Heading(
        demo_cda.CONSULTATION,
        "Compte rendu de consultation",
        named,
        _AUTHOR,
        day,
        root,
        f"{root}.0",
        ins=bool(person.ins),
        matricule=person.ins,
        oid=person.ins_oid,
    )
    archive = demo_xdm.archive(heading, demo_cda.pages(heading, pdf(rng)))
    lines = (
        f"From: <{sender}>",
        f"To: <{recipient}>",
        f"Subject: XDM/1.0/DDM+Compte rendu {number}",
        f"Message-ID: <{number}@{sender.rpartition('@')[2]}>",
        f"Date: {day:%a, %d %b %Y} 09:30:00 +0100",
        "MIME-Version: 1.0",
        'Content-Type: multipart/mixed; boundary="=_bench"',
        "",
        "--=_bench",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "Veuillez trouver ci-joint un document.",
        "--=_bench",
        "Content-Type: application/zip; name=IHE_XDM.zip",
        "Content-Disposition: attachment; filename=IHE_XDM.zip",
        "Content-Transfer-Encoding: base64",
        "",
        "",
    )
    body = base64.encodebytes(archive).replace(b"\n", b"\r\n")
    return "\r\n".join(lines).encode() + body + b"--=_bench--\r\n"
