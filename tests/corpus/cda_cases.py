"""CDA letters, level 1 and 3: headers of every kind, bodies, narratives (formats.md 2.3 and 9, cases 8 to 18)."""

from __future__ import annotations

from typing import Any

from tests.corpus import Case, Json, document, patient, reading, sha
from tests.corpus.cda_build import (
    AUTHOR,
    INS,
    IPP,
    NAME,
    RECIPIENT,
    encoded,
    media,
    packed,
    plain,
    section,
    structured,
    target,
    wrapped,
)
from tests.corpus.cda_build import document as built
from tests.corpus.pdfs import text_pdf

GP: Json = {
    "code": "G15_10/SM26",
    "system": "1.2.250.1.213.1.1.4.5",
    "label": "Médecin - Qualifié en Médecine Générale (SM)",
}
JEAN: Json = {
    "name": "Jean ESSAI",
    "id": "99900000017",
    "organization": "Clinique des Essais",
    "organization_id": "999900001",
    "specialty": GP,
}
ANNE: Json = {
    "name": "Anne MODELE",
    "id": "99900000025",
    "organization": "Cabinet du Modèle",
    "organization_id": "999900019",
    "specialty": None,
}
NOBODY: Json = {"name": None, "id": None, "organization": None, "organization_id": None, "specialty": None}
LUCIE = patient(
    ins={"value": "261059999012394", "oid": "1.2.250.1.213.1.4.8"},
    birth_name="ZORBEC",
    used_name="BARZOU",
    given_names=["LUCIE", "ANNE-MARIE"],
    first_given_name="LUCIE",
    birth_date="1961-05-04",
    sex="F",
    birth_place_code="99990",
    local_ids=[{"value": "IPP-0042", "oid": "1.2.250.1.999.1.1"}],
)
FACTS: Json = {
    "type": {"code": "11490-0", "system": "2.16.840.1.113883.6.1", "label": "Lettre de liaison"},
    "title": "Lettre de sortie",
    "date": "2024-03-12T11:30:00+01:00",
    "id": "1.2.250.1.999.2^L-1",
    "set_id": "1.2.250.1.999.2.7",
    "version": 1,
    "confidentiality": ["N"],
    "patient": LUCIE,
    "author": JEAN,
    "recipients": [ANNE],
    "text": "Motif\nToux depuis trois semaines.",
}


def one(name: str, data: bytes | str, *warnings: str, form: str = "cda-n3", understood: bool = True, **facts: Any) -> tuple[str, Case]:
    """A letter that says what FACTS say, `facts` apart."""
    octets = encoded(data) if isinstance(data, str) else data
    file = f"{name}.xml"
    told = document(form, [file], octets, warnings, **(FACTS | facts))
    return name, Case(file, octets, reading(file, "cda", [told]), understood)


def with_pdf(name: str, data: str, file: str, pdf: bytes, words: list[str], **facts: Any) -> tuple[str, Case]:
    """A letter that embeds `pdf`, which is read as a document of its own and is a form of the letter."""
    called, case = one(name, data, attachments=[attachment(file, "application/pdf", pdf)], **facts)
    case.expected["documents"].append(document("pdf", [case.file, file], pdf, text="\n".join(words), duplicate_of=0))
    return called, case


def attachment(name: str, kind: str, data: bytes) -> Json:
    return {"name": name, "media_type": kind, "size": len(data), "sha256": sha(data)}


def person(**facts: Any) -> Json:
    return {"patient": LUCIE | facts}


def text_body(words: str, **facts: Any) -> Json:
    data = words.encode()
    return {"form": "cda-n1", "text": words, "attachments": [attachment("nonXMLBody.txt", "text/plain", data)], **facts}


_TEST_INS = '<id root="1.2.250.1.213.1.4.10" extension="261059999012394"/>'
_DEMO_INS = '<id root="1.2.250.1.213.1.4.11" extension="261059999012394"/>'
_NIA = '<id root="1.2.250.1.213.1.4.9" extension="2 61 05 99 990 123 94"/>'
_OLD_NAME = '<given qualifier="BR">LUCIE</given><family qualifier="BR">ZORBEC</family><family qualifier="SP">BARZOU</family>'
_SEVERAL_GIVEN = "<given>LUCIE</given><given>ANNE-MARIE</given><family>ZORBEC</family>"
_DEVICE = """<author><time value="20240312"/><assignedAuthor><id root="1.2.250.1.999.5" extension="LOGICIEL-7"/>
<assignedAuthoringDevice><manufacturerModelName>Automate Essai</manufacturerModelName><softwareName>v3</softwareName>
</assignedAuthoringDevice></assignedAuthor></author>"""
_COPY = """<informationRecipient typeCode="TRC"><intendedRecipient><informationRecipient><name><family>COPIE</family></name>
</informationRecipient></intendedRecipient></informationRecipient>"""
_REPLACES = """<relatedDocument typeCode="APND"><parentDocument><id root="1.2.250.1.999.2" extension="AUTRE"/></parentDocument>
</relatedDocument>
<relatedDocument typeCode="RPLC"><parentDocument><id root="1.2.250.1.999.2" extension="L-1"/></parentDocument></relatedDocument>"""
_ACCENTED = structured(section("Synthèse", "<paragraph>Très bon état général, à revoir.</paragraph>"))
_ACCENTED_TEXT = "Synthèse\nTrès bon état général, à revoir."
_TABLE = """<table border="1"><caption>Constantes</caption><thead><tr><th>Mesure</th><th>Valeur</th></tr></thead>
<tbody><tr><td><content ID="c1">Tension</content></td><td styleCode="Bold">12/8</td></tr>
<tr><td colspan="2">Pouls<br/>régulier</td></tr></tbody></table>"""
_LIST = """<list listType="ordered"><caption>Traitement</caption><item>ESSAIVAL 10 mg</item><item>MODELINE 5 mg</item></list>
<list><item>Repos</item></list>"""
_NESTED = structured(
    section("Examens", None, section("Biologie", "<paragraph>Normale.</paragraph>", section("Détail", "Rien à dire.")), section("Imagerie"))
)
_PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(60))
_PICTURED = structured(
    section(
        "Images", '<paragraph>Voir <renderMultiMedia referencedObject="vue-1"/></paragraph>', entries=media("vue-1", _PICTURE, "image/png")
    )
)
_PDF_LINES = ["Compte rendu de consultation.", "Pouls 72, tension 12/8."]
_PDF = text_pdf(_PDF_LINES)
_PDF_ENTRY = media("doc-1", _PDF, "application/pdf")
_COPY_CODE = '<code code="55108-5" codeSystem="2.16.840.1.113883.6.1" displayName="Copie du document"/>'
_LINES = "Chère consœur,\n\nTension 12/8 < 14/9 & pouls régulier."
_LINES_XML = "Chère consœur,\n\nTension 12/8 &lt; 14/9 &amp; pouls régulier."

CASES = dict(
    [
        one("lettre", built()),
        one("ins-en-dernier", built(patient=target(ids=IPP + '<id nullFlavor="UNK"/>' + INS))),
        one("ins-nia", built(patient=target(ids=_NIA + IPP)), **person(ins={"value": "261059999012394", "oid": "1.2.250.1.213.1.4.9"})),
        one(
            "ins-de-test",
            built(patient=target(ids=IPP + _TEST_INS)),
            "test-identity",
            **person(ins={"value": "261059999012394", "oid": "1.2.250.1.213.1.4.10"}),
        ),
        one(
            "ins-de-demonstration",
            built(patient=target(ids=_DEMO_INS + IPP)),
            "test-identity",
            **person(ins={"value": "261059999012394", "oid": "1.2.250.1.213.1.4.11"}),
        ),
        one(
            "cle-fausse",
            built(patient=target(ids=INS.replace("394", "395") + IPP)),
            "bad-ins-key",
            **person(ins={"value": "261059999012395", "oid": "1.2.250.1.213.1.4.8"}),
        ),
        one("sans-ins", built(patient=target(ids=IPP)), **person(ins=None)),
        one("ancien-nom", built(patient=target(name=_OLD_NAME)), **person(given_names=["LUCIE"])),
        one(
            "nom-sans-qualificatif",
            built(patient=target(name=_SEVERAL_GIVEN)),
            **person(birth_name=None, used_name=None, names_unqualified=["ZORBEC"]),
        ),
        one(
            "nom-absent",
            built(patient=target(name=NAME.replace(">ZORBEC<", ' nullFlavor="UNK"><'))),
            **person(birth_name=None),
        ),
        one("naissance-partielle", built(patient=target(birth='<birthTime value="19610500"/>')), **person(birth_date="1961-05")),
        one("naissance-annee", built(patient=target(birth='<birthTime value="1961"/>')), **person(birth_date="1961")),
        one(
            "naissance-heure",
            built(patient=target(birth='<birthTime value="196105040015+0100"/>')),
            **person(birth_date="1961-05-04T00:15+01:00"),
        ),
        one("sexe-indetermine", built(patient=target(sex='<administrativeGenderCode code="UN"/>')), **person(sex="U")),
        one("sexe-absent", built(patient=target(sex='<administrativeGenderCode nullFlavor="UNK"/>')), **person(sex=None)),
        one("deux-patients", built(patient=target() + target(name="<family>AUTRE</family>")), "several-patients"),
        one("auteur-automate", built(author=_DEVICE), author=NOBODY | {"name": "Automate Essai v3", "id": "LOGICIEL-7"}),
        one("automate-et-personne", built(author=_DEVICE + AUTHOR)),
        one("copie-avant", built(recipients=_COPY + RECIPIENT), recipients=[ANNE, NOBODY | {"name": "COPIE"}]),
        one(
            "version-2",
            built(
                identifier='<id root="1.2.250.1.999.2" extension="L-2"/>',
                version='<versionNumber value="2"/>',
                related=_REPLACES,
            ),
            id="1.2.250.1.999.2^L-2",
            version=2,
            replaces="1.2.250.1.999.2^L-1",
        ),
        one("sans-titre", built(title=""), title="Lettre de liaison"),
        one(
            "date-sans-heure",
            built(date='<effectiveTime value="20240312"/>', identifier='<id root="C2B1A0"/>'),
            date="2024-03-12",
            id="C2B1A0",
        ),
        one(
            "tableau",
            built(structured(section("Constantes", _TABLE))),
            text="Constantes\nConstantes\nMesure | Valeur\nTension | 12/8\nPouls régulier",
        ),
        one(
            "listes",
            built(structured(section("Sortie", _LIST))),
            text="Sortie\nTraitement\n1. ESSAIVAL 10 mg\n2. MODELINE 5 mg\n- Repos",
        ),
        one("sections-emboitees", built(_NESTED), text="Examens\n\nBiologie\nNormale.\n\nDétail\nRien à dire.\n\nImagerie"),
        one("image", built(_PICTURED), text="Images\nVoir [vue-1.png]", attachments=[attachment("vue-1.png", "image/png", _PICTURE)]),
        one("feuille-de-style", wrapped(built())),
        one("marque-et-blancs", encoded(built(_ACCENTED), before=b"\xef\xbb\xbf\r\n  "), text=_ACCENTED_TEXT),
        one("utf-16", encoded(built(_ACCENTED), "utf-16", "UTF-16"), text=_ACCENTED_TEXT),
        one("latin-1-declare", encoded(built(_ACCENTED), "cp1252", "ISO-8859-1"), text=_ACCENTED_TEXT),
        one("latin-1-dit-utf-8", encoded(built(_ACCENTED), "cp1252", "UTF-8"), "encoding-guessed", text=_ACCENTED_TEXT),
        one("texte-seul", built(plain(_LINES_XML)), **text_body(_LINES)),
        one("texte-en-base64", built(packed(_LINES.encode(), "text/plain")), **text_body(_LINES)),
        one(
            "page-html",
            built(packed(b"<p>Tension <b>12/8</b></p><p>Revoir.</p>", "text/html")),
            form="cda-n1",
            text="Tension 12/8\n\nRevoir.",
            attachments=[attachment("nonXMLBody.html", "text/html", b"<p>Tension <b>12/8</b></p><p>Revoir.</p>")],
        ),
        one(
            "image-seule",
            built(packed(_PICTURE, "image/png")),
            form="cda-n1",
            text="",
            attachments=[attachment("nonXMLBody.png", "image/png", _PICTURE)],
        ),
        with_pdf("pdf-niveau-1", built(packed(_PDF, "application/pdf")), "nonXMLBody.pdf", _PDF, _PDF_LINES, form="cda-n1", text=""),
        with_pdf(
            "pdf-copie",
            built(structured(section("Copie", '<renderMultiMedia referencedObject="doc-1"/>', code=_COPY_CODE, entries=_PDF_ENTRY))),
            "doc-1.pdf",
            _PDF,
            _PDF_LINES,
            text="Copie\n[doc-1.pdf]",
        ),
        one("sans-corps", built(""), "malformed", form="unknown", understood=False, text=""),
    ]
)
