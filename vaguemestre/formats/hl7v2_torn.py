"""Whether a message of HL7 v2 may tell of another patient than its PID: a segment that lost its name, its line break or its letters might
have been another PID, and what stands below it is then not this patient's (HL7 v2.5, 2.5.2; formats.md 6.5, the vetoes).

Nothing is put right here: it is told, and a person looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

_NAMES = (
    "ABS ACC ADD ADJ AFF AIG AIL AIP AIS AL1 APR ARQ ARV AUT BHS BLC BLG BPO BPX BTS BTX BUI CDM CDO CER CM0 CM1 CM2 CNS CON CSP CSR CSS"
    " CTD CTI CTR DB1 DEV DG1 DMI DON DPS DRG DSC DSP DST ECD ECR EDU EQL EQP EQU ERQ ERR EVN FAC FHS FT1 FTS GOL GP1 GP2 GT1 IAM IAR"
    " IIM ILT IN1 IN2 IN3 INV IPC IPR ISD ITM IVC IVT LAN LCC LCH LDP LOC LRL MCP MFA MFE MFI MRG MSA MSH NCK NDS NK1 NPU NSC NST NTE"
    " OBR OBX ODS ODT OH1 OH2 OH3 OH4 OM1 OM2 OM3 OM4 OM5 OM6 OM7 OMC ORC ORG ORO OVR PAC PCE PCR PD1 PDA PDC PEO PES PID PKG PM1 PMT PR1"
    " PRA PRB PRC PRD PRT PSG PSH PSL PSS PTH PV1 PV2 PYE QAK QID QPD QRD QRF QRI RCP RDF RDT REL RF1 RFI RGS RMI ROL RQ1 RQD RX1 RXA RXC"
    " RXD RXE RXG RXO RXR RXV SAC SCD SCH SCP SDD SFT SGH SGT SHP SID SLT SPM SPR STF STZ TCC TCD TQ1 TQ2 TXA UAC UB1 UB2 URD URS VAR VND"
    " VTQ"
)
KNOWN = frozenset(_NAMES.split())
"""Segments of HL7 v2.1 to v2.8; those whose names begin with Z are a sender's own."""
_OF_A_PATIENT = frozenset({"OBR", "OBX", "TXA"})
_MARKS_OF_A_SEGMENT, _LONGEST_NAME, _MARKS_AFTER_A_NAME = 4, 4, 2
_VALUE, _NAME, _BORN = 5, 5, 7
"""OBX-5; PID-5 and PID-7."""


def may_be_another(names: Sequence[str], lines: Iterable[str], mark: str) -> bool:
    """Whether nothing below the header is sure to be of the patient it seems to be of. `names`: of the segments, in order; `lines`: the
    segments as written, a line that begins none after a line feed; `mark`: what parts their fields."""
    if any(name not in KNOWN and not name.startswith("Z") for name in names):
        return True
    if "PID" in names and not _OF_A_PATIENT.isdisjoint(names[: names.index("PID")]):
        return True  # of whom is what stands above the patient?
    return any(_is_torn(line, mark) for line in lines)


def _is_torn(line: str, mark: str) -> bool:
    """Whether a patient's segment hangs on to another one, or lines below it have the look of a segment: a few letters, then marks. The
    rest of words or of base64 that were cut into lines has next to none, but for the fields that close the OBX of which it is the value."""
    if f"PID{mark}" in line[3:]:
        return True
    if "\n" not in line:
        return False
    first, *below = line.split("\n")
    is_value = first.startswith("OBX") and first.count(mark) == _VALUE
    for rest in below:
        if mark not in rest:
            continue
        if _has_a_birth(rest, mark) if is_value else _like_a_segment(rest, mark):
            return True
        is_value = False
    return False


def _has_a_birth(rest: str, mark: str) -> bool:
    """Whether a name or a birth date stands where PID bears it (PID-5, PID-7), and no OBX from its value on."""
    fields = rest.split(mark, _BORN + 1)
    return len(fields) > _BORN and (fields[_BORN][:8].isdigit() or (bool(fields[_NAME]) and not fields[_NAME].isalnum()))


def _like_a_segment(rest: str, mark: str) -> bool:
    count = rest.count(mark)
    return count >= _MARKS_OF_A_SEGMENT or (count >= _MARKS_AFTER_A_NAME and rest.find(mark) <= _LONGEST_NAME)
