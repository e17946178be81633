"""Addresses of patients in Mon espace santé (mssante.md 3 and 5; requirement 36): `<matricule INS>@patient.mssante.fr`.

Such an address is an INS: it is made from a qualified one only, and wherever it could be read by somebody who has no business with the
patient (logs, traces, screens of administrators) it is `masked`.
"""

from __future__ import annotations

import re
from collections.abc import Collection

from vaguemestre.domain import person
from vaguemestre.domain.fault import Refused

MASK = "•••"
REAL = frozenset({person.INS_NIR, person.INS_NIA})
INVENTED = frozenset({person.INS_TEST, person.INS_DEMO})
BARRING = frozenset({"doubtful", "fictitious"})
"""Attributes of an identity that cannot be a qualified one (RNIV)."""
END = "[FIN]"


def build(matricule: str, oid: str, status: str, domain: str, *, invented: bool = False, flags: Collection[str] = ()) -> str:
    """The address of a patient. `matricule`: 13 characters and their key; `status`: as in the patients' table; `invented`: whether test and
    demo registers count (profile demo). Raises `Refused`, with the codes ins-not-qualified, ins-form, ins-key, ins-register and
    patients-unknown; no sentence tells anything of the patient."""
    if not domain:
        raise Refused("The settings name no domain of patients.", "patients-unknown")
    if status != "qualified" or BARRING & set(flags):
        raise Refused("Only a patient whose INS is qualified can be written to.", "ins-not-qualified")
    plain = person.matricule(matricule)
    if len(plain) != 15:
        raise Refused("An address is made of the 13 characters of an INS and their key.", "ins-form")
    if not person.ins_key_valid(plain):
        raise Refused("The key of the patient's INS is wrong.", "ins-key")
    if oid not in REAL and not (invented and oid in INVENTED):
        raise Refused("The patient's INS is not of the national register.", "ins-register")
    return f"{plain.lower()}@{domain}"


def masked(text: str, domain: str) -> str:
    """A text in which nobody can read the local part of an address of patients."""
    if not domain:
        return text
    local = r"""(?:"(?:[^"\\]|\\.)*"|[^\s<>@,;:()"']+)"""
    return re.sub(rf"{local}@(?={re.escape(domain)}(?![\w.-]*\w))", f"{MASK}@", text, flags=re.IGNORECASE)


def ends_exchange(subject: str, mes: str) -> bool:
    """Whether a message to a patient ends the exchange: its subject is exactly [FIN], or its header X-MSS-MES says FIN (mssante.md 3)."""
    return subject.strip() == END or mes.strip().upper() == "FIN"
