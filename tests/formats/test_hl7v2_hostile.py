"""HL7 v2 messages that are cut, huge, mutated or not what they say: only declared faults escape, in bounded memory."""

from __future__ import annotations

import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.corpus.hl7v2_build import LUCIE, PAUL, RECIPIENT, SENDER, file, flagged, msh, obx, packed
from tests.corpus.pdfs import text_pdf
from vaguemestre.domain.fault import Fault, TooLarge, Unreadable
from vaguemestre.domain.person import INS_OIDS
from vaguemestre.formats import hl7v2
from vaguemestre.formats.hl7v2_syntax import Marks, unescape
from vaguemestre.formats.plain import MAX_TEXT
from vaguemestre.inbound.read import read

OBR = "OBR|1|777^CABINET|L-24-1^LABO|NFS^Numération^L|||20240311081500+0100"
SEGMENTS = (
    "FHS|^~\\&|LABO",
    "BHS|^~\\&|LABO",
    msh(),
    LUCIE,
    "ORC|RE|777^CABINET|L-24-1^LABO",
    OBR,
    obx(1, "NM", "GLY^Glycémie^L", "0.95", "g/L", "0.70-1.10", "N"),
    "NTE|1||Prélevé à jeun.",
    obx(2, "FT", "CCL^Conclusion^L", r"Examen\.br\normal \X2E\ ."),
    obx(3, "ED", "R^Rapport^L", packed(text_pdf(["Essai."]))),
    "SPM|1|||SER^Sérum^L",
    SENDER,
    RECIPIENT,
    flagged(4, "MASQUE_PS"),
    msh("MDM^T10^MDM_T02", number="M-2"),
    PAUL,
    "TXA|1|11490-0|TEXT|20240312||||||||1.2.250.1.999.2.1|1.2.250.1.999.2.0",
    obx(1, "ED", "11490-0^Lettre^LN", packed(b"Lettre d'essai.")),
    "BTS|2",
    "FTS|1",
)
SIGNS = [
    "|",
    "^",
    "~",
    "\\",
    "&",
    "\r",
    "\n",
    "\x0b",
    "\x1c",
    '""',
    "\\.br\\",
    "\\X",
    "\\",
    "MSH",
    "PID|",
    "OBX|",
    "ADD|",
    "DSC|x",
    "\ufeff",
    "\0",
    "0",
    "é",
]


def assert_sound(data: bytes) -> None:
    """Whatever it is, it is read or refused as declared, and says nothing that no field may say."""
    try:
        records = hl7v2.read(data)
    except (Unreadable, TooLarge) as fault:
        assert isinstance(fault, Fault) and "ZORBEC" not in fault.detail
        return
    assert 1 <= len(records) <= hl7v2.MAX_RECORDS
    for number, record in enumerate(records, 1):
        assert record.number == number and len(record.text) <= MAX_TEXT
        assert all(code.code and "ZORBEC" not in code.detail for code in record.warnings)
        assert [one.size for one in record.attachments] == [len(one.data) for one in record.embedded]
        if record.patient is not None:
            assert record.patient.sex in {"M", "F", "U", None}
            assert record.patient.ins is None or (len(record.patient.ins.value) == 15 and record.patient.ins.oid in INS_OIDS)
        for result in record.results:
            assert result.number is None or float(result.number) is not None


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_only_declared_faults_escape(data: st.DataObject) -> None:
    """Segments dropped, doubled and moved; signs set in and taken out; octets changed; the end cut."""
    segments = list(SEGMENTS)
    for _ in range(data.draw(st.integers(0, 6))):
        place = data.draw(st.integers(0, len(segments) - 1))
        act = data.draw(st.sampled_from(["drop", "double", "move", "set", "take"]))
        if act == "drop" and len(segments) > 1:
            del segments[place]
        elif act == "double":
            segments.insert(place, segments[place])
        elif act == "move":
            segments.append(segments.pop(place))
        elif act == "set":
            at = data.draw(st.integers(0, len(segments[place])))
            segments[place] = segments[place][:at] + data.draw(st.sampled_from(SIGNS)) + segments[place][at:]
        else:
            segments[place] = segments[place].replace(data.draw(st.sampled_from(SIGNS)), "")
    octets = bytearray(data.draw(st.sampled_from(["\r", "\n", "\r\n", ""])).join(segments).encode("utf-8", "replace"))
    for _ in range(data.draw(st.integers(0, 4))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    assert_sound(bytes(octets[: data.draw(st.sampled_from([len(octets), len(octets) // 2, len(octets) - 7]))]))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400))
def test_any_octets_after_a_header(rest: bytes) -> None:
    assert_sound(b"MSH|^~\\&|" + rest)
    assert_sound(b"MSH" + rest)


@settings(max_examples=200, deadline=None)
@given(st.text(st.sampled_from("\\.XbrspinHFSTE0123 a"), max_size=80))
def test_escapes_are_undone_without_harm(text: str) -> None:
    assert len(unescape(text, Marks(), "utf-8")) <= len(text) + 20 * text.count("\\")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_whole_reading_never_raises(data: st.DataObject) -> None:
    octets = bytearray(file(*SEGMENTS))
    for _ in range(data.draw(st.integers(1, 6))):
        octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    found = read(bytes(octets), "essai.hl7")
    assert found.documents
    assert all(w.detail != "The content could not be read." for d in found.documents for w in d.warnings)


HUGE = 200_000


@pytest.mark.parametrize(
    "data",
    [
        file(msh(), LUCIE, OBR, obx(1, "ST", "A^A^L", "\\" * HUGE)),
        file(msh(), LUCIE, OBR, obx(1, "FT", "A^A^L", "\\.br\\" * HUGE)),
        file(msh(), LUCIE, OBR, obx(1, "FT", "A^A^L", "\\.sp99\\" * HUGE)),
        file(msh(), LUCIE, OBR, obx(1, "CE", "A^A^L", "^" * HUGE)),
        file(msh(), LUCIE, OBR, obx(1, "TX", "A^A^L", "~" * HUGE)),
        file(msh(), "PID" + "|" * HUGE),
        file(msh(), "PID|1||" + "1^^^A&B~" * HUGE),
        file(msh(), "PID|1||||" + "A^B^C^^^^L~" * HUGE),
        file(msh(), LUCIE, OBR, *["NTE|1||x"] * 51_000),
        file(msh(), LUCIE, *["OBR|1|||A^A^L", obx(1, "NM", "A^A^L", "1")] * 10_000),
        file(msh(), *["PID|1||1"] * 20_000),
        file(msh()) * 2_000,
        file(msh(), "NTE|1||x", *["suite"] * 100_000, end="\n"),
        file(msh(), LUCIE, OBR, *[obx(1, "TX", "A^A^L", "x" * 900)] * 9_000),
        file(msh(), LUCIE, OBR, obx(1, "ED", "A^A^L", "^A^B^Base64^" + "A" * 8_000_001)),
        file(msh(), LUCIE, OBR, obx(1, "ED", "A^A^L", "^A^B^Base64^" + "=" * 4_000_000)),
        b"MSH|^~\\&|" + b"\xe9" * 3_000_000,
        b"\x0b" * 1_000_000 + file(msh()),
        b"MSH|^~\\&|" + b"\r" * 3_000_000,
        b" " * 19 + file(msh()),
    ],
    ids=lambda data: f"{data[:60][-20:]!r}-{len(data)}",
)
def test_long_messages_stay_in_bounds(data: bytes) -> None:
    tracemalloc.start()
    try:
        assert_sound(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 300_000_000


def test_messages_in_messages_are_not_opened_without_end() -> None:
    data = file(msh(), LUCIE, OBR, obx(1, "NM", "A^A^L", "1"))
    for _ in range(30):
        data = file(msh(), LUCIE, OBR, obx(1, "NM", "A^A^L", "1"), obx(2, "ED", "A^A^L", packed(data)))
    found = read(data, "essai.hl7")
    assert [(one.format, [a.name for a in one.attachments]) for one in found.documents] == [("hl7v2", ["OBX-2.bin"])]
