"""The kinds of documents by which a chart is looked through, from their type codes (CI-SIS, value set JDV_J07 of document types;
HPRIM Santé, field H.6; HL7 v2, MSH-9)."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Words = str | Promise

KINDS: Mapping[str, Words] = {
    "biologie": _("Biologie"),
    "imagerie": _("Imagerie"),
    "courriers": _("Courriers et comptes rendus"),
    "sejours": _("Hospitalisations et urgences"),
    "prescriptions": _("Prescriptions et dispensations"),
    "prevention": _("Vaccins et prévention"),
    "administratif": _("Administratif"),
    "autres": _("Autres"),
}
"""By the word that addresses use, in the order in which they are offered."""

_CODES = {
    "biologie": "11502-2 51969-4 60568-3 96173-0 DOCPAT05",
    "imagerie": "18748-4 55115-0 IMG-KOS 52040-3 DOCPAT04",
    "sejours": "11490-0 34112-3 15507-7 15508-5 18761-7 60280-5 67851-6 78341-5 74207-2 34874-8 34875-5 77436-4 34749-2 34133-9 86531-1",
    "prescriptions": (
        "57828-6 57832-8 57833-6 60593-1 56445-0 61357-0 75468-9 80565-5 80820-4 77604-7 DISP_AUT PRESC-AAT PRESC-BIO PRESC-KINE PRESC-INF"
        " PRESC-PEDI PRESC-ORTHOPHO PRESC-ORTHOPTIE DOCPAT02 ORM"
        " OMG OMI OML OMP RDE RDS RAS"
    ),
    "prevention": "11369-6 87273-9 96874-3 68817-6 83869-8 75492-9 75482-0 59283-2 DOCPAT06 VXU",
    "administratif": (
        "ATTEST-ASS-COMPL ATTEST-RESID ATTEST-HEBGT ATTEST-DROITS-AM AUTORIS-SOINS CERT_DECL PROT_ALD REMB PIECE-IDENTITE FICHE-CONTACTS"
        " EXPORT_DUI 51851-4 59284-0 89601-9 56446-8 28653-4 EXPPAT_1 EXPPAT_2 EXPPAT_3 DOCPAT07 DOCPAT09 101881-1 ADM REG FAC ERR ACK"
        " ADT ZAM SIU BAR DFT MFN"
    ),
    "courriers": (
        "11488-4 11505-5 11506-3 18776-5 29274-8 34120-6 34794-8 47420-5 60591-5 SYNTH 68599-0 70004-7 78513-9 78601-2 85208-7 93024-8"
        " 96349-6 89233-1 83901-9 83981-1 88348-8 28617-9 75496-0 74465-6 80771-9 80788-3 34842-5 BIL_AUTO 57055-6 57057-2 57075-4 89235-6"
        " 78489-2 83836-7 DOCPAT01 DOCPAT03 REF PPR"
    ),
}
_KIND_OF = {code: kind for kind, codes in _CODES.items() for code in codes.split()}
_LETTERS = {"hprim-medecin", "text", "html", "cda-n1", "cda-n3", "rtf", "fhir"}


def kind(type_code: str, format_: str, results: int) -> str:
    """The kind of a document: by its type, else by what it holds: results are biology, a letter in a letter's format is one."""
    if type_code in _KIND_OF:
        return _KIND_OF[type_code]
    if results or format_ == "hprim-sante":
        return "biologie"
    return "courriers" if format_ in _LETTERS else "autres"
