"""`directory import` and `directory search`, on a real data directory."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

from tests.cli.conftest import Inside
from tests.formats.test_directory_extract import ORG, PEOPLE, PER, text

BOXES = text(PER.replace("Ève.Zeste@", "eve.zeste@"), ORG)
PROFESSIONALS = text("8|10000000001|810000000001|ZESTE|Médecin|Rhumatologie|", header=PEOPLE)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    boxes, people = tmp_path / "Extraction_Correspondance_MSSante_202611200800.txt", tmp_path / "PS_LibreAcces_Personne_activite.txt"
    boxes.write_bytes(BOXES)
    people.write_bytes(PROFESSIONALS)
    return boxes, people


def found(inside: Inside, directory: Path, *words: str) -> list[dict[str, object]]:
    _, out, _ = inside("directory", "search", directory, *words, "--json")
    return [json.loads(line) for line in out.splitlines()]


def test_import_and_search(inside: Inside, data_directory: Path, files: tuple[Path, Path]) -> None:
    code, out, _ = inside("directory", "import", data_directory, files[0])
    assert (code, out) == (0, "2 mailboxes are in force: 2 added or changed, 0 gone or changed, 0 as before.\n")
    (only,) = found(inside, data_directory, "zeste", "paris")
    assert only["address"] == "eve.zeste@medecin.demo.example"
    assert (only["speciality"], only["corrected"]) == ("", False)
    code, out, _ = inside("directory", "search", data_directory, "urgences", "claircourt")
    assert code == 0
    assert out == "urgences@ch.demo.example  ORG  Urgences  CH de Claircourt  33000 CLAIRCOURT\n"


def test_both_extractions_in_either_order_are_one_directory(inside: Inside, data_directory: Path, files: tuple[Path, Path]) -> None:
    assert inside("directory", "import", data_directory, files[0])[0] == 0
    code, out, _ = inside("directory", "import", data_directory, files[1])
    assert code == 0
    assert "1 professionals, 1 of them new, changed or gone" in out
    (only,) = found(inside, data_directory, "rhumatologue")
    assert only["rpps"] == "10000000001"
    _, out, _ = inside("directory", "import", data_directory, *files)
    assert out.startswith("2 mailboxes are in force: 0 added or changed, 0 gone or changed, 2 as before.")


def test_a_zip_of_both(inside: Inside, data_directory: Path, files: tuple[Path, Path], tmp_path: Path) -> None:
    path = tmp_path / "both.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for file in files:
            archive.write(file, file.name)
    assert inside("directory", "import", data_directory, path)[0] == 0
    assert [one["speciality"] for one in found(inside, data_directory, "zeste")] == ["Rhumatologie"]


def test_a_bad_line_is_named_and_the_others_are_loaded(inside: Inside, data_directory: Path, files: tuple[Path, Path]) -> None:
    files[0].write_bytes(text(ORG, "ORG|cut|here", PER.replace("Ève.Zeste@", "eve.zeste@")))
    code, out, err = inside("directory", "import", data_directory, files[0])
    assert code == 1
    assert "2 mailboxes are in force" in out
    assert f"{files[0].name}, line 3: it cannot be used and was left out." in err


def many(count: int) -> list[str]:
    return [ORG.replace("urgences@", f"u{number}@") for number in range(count)]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (text(*many(300))[:-30], "cut"),
        (b"", "empty"),
        (text(), "no line"),
        (text(*many(100)), "--allow-shrunken"),
        (text(*many(300), *["ORG|bad"] * 8), "8 of 308 lines cannot be used"),
        (text(*many(300))[: len(text(*many(150)))], "--allow-shrunken"),
        (b"PK\x03\x04 and then nothing", "cut or damaged"),
        (b"a;b\n1;2\n", "No file holds mailboxes"),
        (text(*[line.replace("@", " ") for line in many(300)]), "300 of 300 lines"),
    ],
)
def test_a_file_that_is_no_whole_directory_is_refused_and_the_last_one_kept(
    inside: Inside, data_directory: Path, files: tuple[Path, Path], data: bytes, why: str
) -> None:
    files[0].write_bytes(text(*many(300), PER.replace("Ève.Zeste@", "eve.zeste@")))
    assert inside("directory", "import", data_directory, files[0])[0] == 0
    files[0].write_bytes(data)
    code, out, err = inside("directory", "import", data_directory, files[0])
    assert (code, out) == (1, "")
    assert why in err
    assert "The last good directory stays in force." in err
    assert [one["address"] for one in found(inside, data_directory, "zeste")] == ["eve.zeste@medecin.demo.example"]
    assert len(found(inside, data_directory, "urgences")) == 30


def test_a_shrunken_one_is_taken_when_it_is_asked_for(inside: Inside, data_directory: Path, files: tuple[Path, Path]) -> None:
    files[0].write_bytes(text(*many(300)))
    assert inside("directory", "import", data_directory, files[0])[0] == 0
    files[0].write_bytes(text(*many(10)))
    code, out, _ = inside("directory", "import", data_directory, files[0], "--allow-shrunken")
    assert code == 0
    assert out.startswith("10 mailboxes are in force")


def test_cp1252_is_told(inside: Inside, data_directory: Path, files: tuple[Path, Path]) -> None:
    files[0].write_bytes(BOXES.decode().encode("cp1252"))
    code, _, err = inside("directory", "import", data_directory, files[0])
    assert code == 0
    assert "it was read as cp1252" in err


def test_used_wrongly(inside: Inside, data_directory: Path, files: tuple[Path, Path]) -> None:
    assert inside("directory", "import", data_directory, data_directory / "absent.txt")[0] == 2
    assert inside("directory", "search", data_directory, "zeste", "--limit", "0")[0] == 2
    assert inside("directory", "frobnicate", data_directory)[0] == 2
    code, out, err = inside("directory", "search", data_directory, "personne")
    assert (code, out, err) == (1, "", "No entry fits.\n")


def test_the_setting_moves_the_bound(inside: Inside, data_directory: Path, files: tuple[Path, Path]) -> None:
    from vaguemestre.cli.directory import Imported
    from vaguemestre.domain.fault import Unreadable

    with pytest.raises(Unreadable):
        Imported({"bad": 1, "shrink": 20}, forced=False).long_enough("mailboxes", 79, 100)
    Imported({"bad": 1, "shrink": 21}, forced=False).long_enough("mailboxes", 79, 100)
    Imported({"bad": 1, "shrink": 20}, forced=False).long_enough("mailboxes", 80, 100)
