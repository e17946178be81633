"""The directory's extractions: columns by name, encodings, what is refused whole and what only by line."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from vaguemestre.domain.directory import Entry
from vaguemestre.domain.fault import TooLarge, Unreadable
from vaguemestre.formats import directory_extract as extract

HEADER = (
    "Type de BAL|Adresse BAL|Type d'identifiant PP|Identifiant PP|Identification nationale PP|Type identifiant structure|"
    "Identification Structure|Service de rattachement|Nom d'exercice|Prénom d'exercice|Libellé profession|Libellé savoir-faire|"
    "Raison Sociale structure BAL|L4NUMEROVOIE structure BAL|NL4TYPEVOIE structure BAL|L4LIBELLEVOIE structure BAL|"
    "L6LIGNEACHEMINEMENT structure BAL|Code postal structure BAL|Département structure BAL|Dématérialisation|"
)
PER = (
    "PER|Ève.Zeste@medecin.demo.example|8|10000000001|810000000001||750000001||ZESTE|Ève|Médecin||Cabinet des Tilleuls|12|rue|"
    "des Tilleuls|75011 PARIS CEDEX 11|||N|"
)
ORG = "ORG|urgences@ch.demo.example|||||330000001|Urgences|||||CH de Claircourt|1|place|du Puits|33000 CLAIRCOURT|33000|33|O|"
PEOPLE = "Type d'identifiant PP|Identifiant PP|Identification nationale PP|Nom d'exercice|Libellé profession|Libellé savoir-faire|"


def text(*lines: str, header: str = HEADER) -> bytes:
    return "".join(line + "\n" for line in (header, *lines)).encode()


def read(data: bytes) -> tuple[list[Entry], extract.Rows]:
    file, rows = io.BytesIO(data), extract.Rows()
    told = extract.survey(file)
    assert told is not None
    assert told.kind is extract.Kind.MAILBOXES
    return list(extract.mailboxes(file, told, rows)), rows


def test_a_person_and_a_service() -> None:
    data = text(PER.replace("Ève.Zeste@", "Eve.Zeste@"), ORG)
    (person, service), rows = read(data)
    assert person.address == "eve.zeste@medecin.demo.example"
    assert (person.type, person.family, person.given, person.rpps) == ("PER", "ZESTE", "Ève", "10000000001")
    assert (person.street, person.postcode, person.town, person.department) == ("12 rue des Tilleuls", "75011", "PARIS", "75")
    assert (person.structure, person.structure_id, person.dematerialised) == ("Cabinet des Tilleuls", "750000001", "N")
    assert (service.type, service.service, service.family, service.department) == ("ORG", "Urgences", "", "33")
    assert (rows.seen, rows.bad) == (2, [])


@pytest.mark.parametrize(
    "drift",
    [
        str.upper,
        lambda text: text.replace("é", "e"),
        lambda text: text.replace(" structure BAL", " (coord. structure)"),
        lambda text: text.removesuffix("|"),
        lambda text: "\ufeff" + text,
    ],
)
def test_the_spelling_of_the_header_drifts(drift: object) -> None:
    assert callable(drift)
    whole, _ = read(text(ORG))
    header = drift(HEADER)
    line = ORG.removesuffix("|") if not header.endswith("|") else ORG
    assert read(text(line, header=header))[0] == whole


def test_columns_in_another_order_and_new_ones() -> None:
    header = "Nouvelle colonne|Code postal structure BAL|Adresse BAL|Nom d'exercice|Identifiant PP|"
    (entry,), _ = read(text("x|06000|a@b.demo.example|ZESTE|10000000001|", header=header))
    assert (entry.address, entry.postcode, entry.department, entry.family, entry.type) == (
        "a@b.demo.example",
        "06000",
        "06",
        "ZESTE",
        "PER",
    )


def test_bad_lines_are_told_by_number_and_the_others_read() -> None:
    data = text(ORG, "ORG|cut", ORG.replace("urgences", "b"), ORG.replace("urgences@", "no address "), ORG.replace("ORG|u", "XXX|u"))
    found, rows = read(data)
    assert [entry.address for entry in found] == ["urgences@ch.demo.example", "b@ch.demo.example"]
    assert (rows.bad, rows.bad_count, rows.seen) == ([3, 5, 6], 3, 5)


def test_a_line_too_long_is_bad_and_no_memory_is_spent_on_it() -> None:
    found, rows = read(text(ORG, "x" * 5_000_000, ORG.replace("urgences", "b")))
    assert len(found) == 2
    assert rows.bad == [3]


def test_cp1252_is_read_and_told() -> None:
    data = text(ORG.replace("Urgences", "Maternité œuvre")).decode().encode("cp1252")
    told = extract.survey(io.BytesIO(data))
    assert told is not None
    assert told.encoding == "cp1252"
    assert read(data)[0][0].service == "Maternité œuvre"


def test_the_red_list_repeats_and_patients_are_left_out() -> None:
    header = HEADER + "Liste rouge|"
    red = [ORG + "O|", ORG.replace("urgences", "b") + "N|", ORG.replace("urgences", "b") + "N|"]
    patient = ORG.replace("urgences@ch.demo.example", "279039912518989@patient.mssante.fr") + "N|"
    found, rows = read(text(*red, patient, header=header))
    assert [entry.address for entry in found] == ["b@ch.demo.example"]
    assert (rows.hidden, rows.repeats, rows.bad) == (1, 1, [5])


def test_control_characters_do_not_survive() -> None:
    (entry,), _ = read(text(ORG.replace("Urgences", "Ur\x00gen\x1bces")))
    assert entry.service == "Ur gen ces"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "empty"),
        (HEADER.encode(), "empty"),
        (text(), "no line"),
        (text(ORG)[:-40], "cut"),
        (text(ORG)[:-3], "cut"),
        (b"x" * 100_000, "no header"),
    ],
)
def test_what_is_refused_whole(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable) as raised:
        extract.survey(io.BytesIO(data))
    assert why in raised.value.detail


def test_a_last_line_without_its_end_of_line_is_whole() -> None:
    assert len(read(text(ORG)[:-1])[0]) == 1


def test_a_file_of_another_kind_is_none_of_ours() -> None:
    assert extract.survey(io.BytesIO(b"a;b\n1;2\n")) is None
    assert extract.survey(io.BytesIO("Identifiant PP|Libellé diplôme|Libellé profession|\n1|2|3|\n".encode())) is None


def test_professionals_of_several_activities() -> None:
    lines = [
        "8|10000000001|810000000001|ZESTE|Médecin|Cardiologie et maladies vasculaires|",
        "8|10000000001|810000000001|ZESTE|Médecin|Médecine vasculaire|",
        "8|10000000001|810000000001|ZESTE|Médecin|Cardiologie et maladies vasculaires|",
        "8||810000000002|ROY|Infirmier||",
        "0|991234567|0991234567|ADELI|Infirmier||",
        "8|||||",
    ]
    file, rows, into = io.BytesIO(text(*lines, header=PEOPLE)), extract.Rows(), {}
    told = extract.survey(file)
    assert told is not None
    assert told.kind is extract.Kind.PROFESSIONALS
    extract.professionals(file, told, rows, into)
    assert into == {
        10000000001: ("Médecin", "Cardiologie et maladies vasculaires · Médecine vasculaire"),
        10000000002: ("Infirmier", ""),
    }
    assert rows.bad == [7]


class TestZip:
    def make(self, path: Path, **members: bytes) -> Path:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in members.items():
                archive.writestr(name.replace("_txt", ".txt"), data)
        return path

    def test_each_text_file_of_it(self, tmp_path: Path) -> None:
        path = self.make(tmp_path / "a.zip", Extraction_txt=text(ORG), readme=b"nothing")
        with extract.parts(path) as found:
            assert [name for name, _ in found] == ["Extraction.txt"]
            told = extract.survey(found[0][1])
            assert told is not None
            assert len(list(extract.mailboxes(found[0][1], told, extract.Rows()))) == 1

    def test_a_cut_one(self, tmp_path: Path) -> None:
        path = self.make(tmp_path / "a.zip", Extraction_txt=text(*[ORG] * 2000))
        path.write_bytes(path.read_bytes()[:-60])
        with pytest.raises(Unreadable), extract.parts(path):
            pass

    def test_damaged_content(self, tmp_path: Path) -> None:
        path = self.make(tmp_path / "a.zip", Extraction_txt=text(*[ORG.replace("urgences", f"u{k}") for k in range(2000)]))
        data = bytearray(path.read_bytes())
        data[200:260] = b"\xff" * 60
        path.write_bytes(bytes(data))
        with extract.parts(path) as found, pytest.raises(Unreadable):
            extract.survey(found[0][1])

    def test_nothing_to_read_and_too_much(self, tmp_path: Path) -> None:
        with pytest.raises(Unreadable), extract.parts(self.make(tmp_path / "a.zip", readme=b"x")):
            pass
        many = {f"f{k}_txt": b"x" for k in range(extract.MEMBERS_MOST + 1)}
        with pytest.raises(TooLarge), extract.parts(self.make(tmp_path / "b.zip", **many)):
            pass
