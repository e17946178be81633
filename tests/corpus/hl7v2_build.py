"""Builds our own HL7 v2 messages (ER7) of invented people, segment by segment, so that a test changes one."""

from __future__ import annotations

import base64

FLAGS = "expandedYes-NoIndicator"
INS = "261059999012394^^^ASIP-SANTE-INS-NIR&1.2.250.1.213.1.4.8&ISO^INS^^20240101"
IPP = "IPP-0042^^^CLINIQUE&1.2.250.1.999.1.1&ISO^PI"
NAMES = "ZORBEC^LUCIE^LUCIE ANNE-MARIE^^^^L~BARZOU^LULU^^^^^D"
PLACES = "1 RUE DE L'ESSAI^^ESSAI^^99000^FRA^H~^^^^^^BDL^^99990"
LUCIE = f"PID|1||{IPP}~{INS}||{NAMES}||19610504|F|||{PLACES}{'|' * 21}VALI"
PAUL = "PID|1||IPP-0077^^^CLINIQUE&1.2.250.1.999.1.1&ISO^PI||AUTREMONT^PAUL^PAUL^^^^L||19700201|M"
AUTHOR = "899900000017^ESSAI^Jean^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^RPPS"
READER = "899900000025^MODELE^Anne^^^^^^ASIP-SANTE-PS&1.2.250.1.71.4.2.1&ISO^D^^^RPPS"
STRUCTURE = "Clinique des Essais^^^^^ASIP-SANTE-ST&1.2.250.1.71.4.2.2&ISO^FINEG^^^1999900001"
SENDER = f"PRT||UC||SB^^participation|{AUTHOR}|||{STRUCTURE}"
RECIPIENT = f"PRT||UC||RCT^^participation|{READER}||||||||||^^X.400^anne.modele@medecin.example"


def msh(kind: str = "ORU^R01^ORU_R01", charset: str = "UNICODE UTF-8", number: str = "M-1", marks: str = "|^~\\&") -> str:
    """MSH, with the delimiters `marks`: the field's first, then MSH-2."""
    told = f"MSH|{marks[1:]}|LABO|CLINIQUE|CABINET|VILLE|20240312113000+0100||{kind}|{number}|P|2.5|||||FRA|{charset}"
    return told.replace("|", marks[0])


def obx(
    rank: int, kind: str, code: str, value: str, unit: str = "", bounds: str = "", flag: str = "", status: str = "F", more: str = ""
) -> str:
    """`more`: what stands from OBX-12 on."""
    return f"OBX|{rank}|{kind}|{code}||{value}|{unit}|{bounds}|{flag}|||{status}{more}"


def packed(data: bytes, kind: str = "TEXT", sub: str = "XML") -> str:
    """OBX-5 of type ED."""
    return f"^{kind}^{sub}^Base64^{base64.b64encode(data).decode()}"


def flagged(rank: int, name: str, answer: str = "Y") -> str:
    """One of the flags of MetaDMPMSS."""
    return f"OBX|{rank}|CE|{name}^Drapeau^MetaDMPMSS||{answer}^^{FLAGS}||||||F"


def file(*segments: str, end: str = "\r", encoding: str = "utf-8") -> bytes:
    return (end.join(segments) + end).encode(encoding)
