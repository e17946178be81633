"""The syntax of HL7 v2: delimiters, segments, escapes, character sets, batches."""

from __future__ import annotations

import pytest

from tests.corpus.hl7v2_build import LUCIE, file, msh
from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.formats import hl7v2_syntax
from vaguemestre.formats.hl7v2_syntax import Marks, Message, Segment, messages, unescape


def one(data: bytes, charset: str | None = None) -> Message:
    (found,), _ = messages(data, charset)
    return found


def around(data: bytes) -> list[str]:
    return [w.code for w in messages(data)[1]]


def names(message: Message) -> list[str]:
    return [segment.name for segment in message.segments]


def note(text: str, **more: str) -> Segment:
    return one(file(msh(**more), f"NTE|1||{text}")).segments[1]


@pytest.mark.parametrize(
    ("written", "read"),
    [
        (r"a\F\b\S\c\T\d\R\e\E\f", "a|b^c&d~e\\f"),
        (r"un\.br\deux\.sp2\trois\.ce\quatre", "un\ndeux\n\ntrois\nquatre"),
        (r"\.in+4\\.ti-2\mot\.sk3\fin", "mot   fin"),
        (r"\H\gras\N\ fin", "gras fin"),
        (r"\XC3A9\t\XC3A9\ ", "été "),
        (r"\C2842\\M212223\\Zlocal\x", "x"),
        (r"C:\dossier\fichier", r"C:\dossier\fichier"),
        (r"seul \ ici", r"seul \ ici"),
        (r"\XZZ\ \X1\ ", r"\XZZ\ \X1\ "),
        (r"\.inconnu\ ", r"\.inconnu\ "),
        (r"1\2\F\3", "1\\2|3"),
        ("\\" * 5, "\\" * 5),
        ("", ""),
    ],
)
def test_escapes(written: str, read: str) -> None:
    assert unescape(written, Marks(), "utf-8") == read


def test_an_escape_in_octets_is_of_the_messages_character_set() -> None:
    assert unescape(r"\XE9\t\XE9\ ", Marks(), "iso8859-15") == "été "


def test_without_an_escape_character_nothing_is_one() -> None:
    assert unescape(r"a\F\b", Marks(escape=""), "utf-8") == r"a\F\b"


@pytest.mark.parametrize(
    ("header", "marks"),
    [
        (r"MSH|^~\&|", ("|", "^", "~", "\\", "&")),
        (r"MSH|^~\&#|", ("|", "^", "~", "\\", "&")),
        ("MSH|^˜\\&|", ("|", "^", "˜", "\\", "&")),
        ("MSH!$%#@!", ("!", "$", "%", "#", "@")),
        ("MSH|^~|", ("|", "^", "~", "", "")),
        ("MSH|", ("|", "", "", "", "")),
    ],
)
def test_delimiters_are_those_of_the_header(header: str, marks: tuple[str, ...]) -> None:
    found = Marks.of(header)
    assert (found.field, found.component, found.repetition, found.escape, found.part) == marks


def test_a_sign_that_is_no_delimiter_here_is_text() -> None:
    found = one("MSH|^˜\\&|A\rPID|1||X~1^^^B˜Y".encode()).segments[1]
    assert [value.part(1) for value in found.repeats(3)] == ["X~1", "Y"]


def test_fields_are_numbered_as_the_standard_does() -> None:
    header = one(file(msh())).header
    assert (header.get(1), header.whole(2).raw, header.get(3), header.get(9, 2), header.get(12)) == ("|", "^~\\&", "LABO", "R01", "2.5")
    assert header.get(99) == "" and header.repeats(99) == []


def test_the_null_value_is_absent() -> None:
    segment = one(file(msh(), 'PID|1||""^^^""&""|')).segments[1]
    assert segment.get(3) == "" and segment.get(3, 4, 2) == "" and segment.whole(3).part(9) == ""
    assert note('""').whole(3).text() == ""


@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\r", "\n\n"])
def test_segments_end_in_any_way(end: str) -> None:
    assert names(one(file(msh(), LUCIE, "OBX|1", "ZZZ", end=end))) == ["MSH", "PID", "OBX", "ZZZ"]


def test_a_line_that_begins_no_segment_goes_on_the_one_above() -> None:
    found = one(file(msh(), "NTE|1||Première ligne", "deuxième", "OBXTRA ligne", "Obx", "PID|1", end="\n"))
    assert names(found) == ["MSH", "NTE", "PID"]
    assert found.segments[1].whole(3).text() == "Première ligne\ndeuxième\nOBXTRA ligne\nObx"


def test_an_added_segment_goes_on_the_field_above() -> None:
    found = one(file(msh(), "NTE|1||Compte rendu cou", "ADD|pé en deux", "PID|1"))
    assert names(found) == ["MSH", "NTE", "PID"]
    assert found.segments[1].whole(3).text() == "Compte rendu coupé en deux"


def test_what_goes_on_elsewhere_is_cut() -> None:
    assert [w.code for w in one(file(msh(), LUCIE, "DSC|suite-1|F")).warnings] == ["truncated"]
    assert one(file(msh(), LUCIE, "DSC|")).warnings == ()


@pytest.mark.parametrize(
    ("told", "encoding", "codes"),
    [
        ("8859/1", "latin-1", []),
        ("8859/15", "iso8859-15", []),
        ("UNICODE UTF-8", "utf-8", []),
        ("unicode utf-8", "utf-8", []),
        ("UTF-8", "utf-8", []),
        ("", "utf-8", []),
        ("", "cp1252", ["encoding-guessed"]),
        ("8859/1", "utf-8", []),
        ("UNICODE UTF-8", "cp1252", ["encoding-guessed"]),
        ("UNICODE UTF-16", "utf-8", []),
        ("KLINGON", "utf-8", ["unknown-charset"]),
        ("cp037", "utf-8", ["unknown-charset"]),
    ],
)
def test_character_sets(told: str, encoding: str, codes: list[str]) -> None:
    found = one(file(msh(charset=told), "NTE|1||Hélène opérée à Besançon, été 1961", encoding=encoding))
    assert found.segments[1].whole(3).text() == "Hélène opérée à Besançon, été 1961"
    assert [w.code for w in found.warnings] == codes
    assert found.guessed is ("encoding-guessed" in codes)


def test_each_message_is_of_its_own_character_set() -> None:
    data = file(msh(charset="8859/1"), "NTE|1||été", encoding="latin-1") + file(msh(charset="UNICODE UTF-8"), "NTE|1||hiver à Ô")
    found, _ = messages(data)
    assert [one.segments[1].whole(3).text() for one in found] == ["été", "hiver à Ô"]


def test_the_carriers_character_set_holds_where_the_message_tells_none() -> None:
    data = file(msh(charset=""), "NTE|1||żółć", encoding="iso8859-2")
    assert one(data, "iso-8859-2").segments[1].whole(3).text() == "żółć"


def test_marks_of_order_of_octets() -> None:
    text = "\r".join((msh(), "NTE|1||été"))
    for data in (b"\xef\xbb\xbf" + text.encode(), b"\xff\xfe" + text.encode("utf-16-le"), b"\xfe\xff" + text.encode("utf-16-be")):
        assert one(data).segments[1].whole(3).text() == "été"


@pytest.mark.parametrize(
    ("segments", "codes"),
    [
        (("FHS|^~\\&|A", "BHS|^~\\&|A", msh(), "BTS|1", "FTS|1"), []),
        (("BHS|^~\\&|A", msh(), "BTS|1|texte"), []),
        (("BHS|^~\\&|A", msh(), "BTS|"), []),
        (("BHS|^~\\&|A", msh()), ["missing-end-mark"]),
        (("FHS|^~\\&|A", "BHS|^~\\&|A", msh(), "BTS|1"), ["missing-end-mark"]),
        (("BHS|^~\\&|A", msh(), "BTS|2"), ["truncated"]),
        (("FHS|^~\\&|A", "BHS|^~\\&|A", msh(), "BTS|1", "BHS|^~\\&|A", msh(), msh(), "BTS|2", "FTS|2"), []),
        (("FHS|^~\\&|A", "BHS|^~\\&|A", msh(), "BTS|1", "FTS|2"), ["truncated"]),
    ],
)
def test_a_batch_is_whole_or_says_so(segments: tuple[str, ...], codes: list[str]) -> None:
    assert around(file(*segments)) == codes


@pytest.mark.parametrize("data", [b"", b"PID|1", b"MSH", b"MSHXX", b"XMSH|^~\\&|", b"\x0b\x1c\r", b"FHS|^~\\&|\rBHS|^~\\&|\r"])
def test_what_holds_no_message_is_refused(data: bytes) -> None:
    with pytest.raises(Unreadable) as caught:
        messages(data)
    assert caught.value.code == "malformed"


def test_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    many, codes = messages(file(msh()) * (hl7v2_syntax.MAX_MESSAGES + 50))
    assert len(many) == hl7v2_syntax.MAX_MESSAGES and [w.code for w in codes] == ["too-large"]
    (long,), codes = messages(file(msh(), *["NTE|1||x"] * (hl7v2_syntax.MAX_SEGMENTS + 50)))
    assert len(long.segments) == hl7v2_syntax.MAX_SEGMENTS and [w.code for w in codes] == ["too-large"]
    wide = one(file(msh(), "PID" + "|x" * 5_000)).segments[1]
    assert len(wide.fields) <= hl7v2_syntax.MAX_FIELDS + 1
    assert len(one(file(msh(), "PID|1||" + "x~" * 5_000)).segments[1].repeats(3)) == hl7v2_syntax.MAX_REPEATS
    monkeypatch.setattr(hl7v2_syntax, "MAX_BYTES", 1_000)
    with pytest.raises(TooLarge):
        messages(file(msh()) * 50)
