"""The invented people and documents are what they say: the same for a seed, nobody's, and no two alike."""

from __future__ import annotations

import csv
import datetime as dt
from pathlib import Path

from bench.population import COLUMNS, hprim, mail, people, write_csv
from bench.population_documents import documents, world
from vaguemestre.cli.patient_rows import PatientRow, Table
from vaguemestre.domain import person
from vaguemestre.inbound.read import read


def test_a_seed_gives_the_same_people_and_documents() -> None:
    assert [p.row() for p in people(200, 1)] == [p.row() for p in people(200, 1)]
    assert [p.row() for p in people(200, 1)] != [p.row() for p in people(200, 2)]
    of = world(3, 300, 60)
    assert [d.data for d in documents(of, 40, 4)] == [d.data for d in documents(world(3, 300, 60), 40, 4)]


def test_nobody_is_somebody() -> None:
    """Right keys, communes 990 to 998, the OID of tests."""
    made = [*people(2_000, 5), *world(6, 500, 200).strangers]
    for p in made:
        assert person.ins_key_valid(p.own_nir)
        assert 990 <= int(p.own_nir[7:10]) <= 998
        assert p.birth_place_code == p.own_nir[5:10]
        assert person.nir_is_of_birth_date(p.own_nir, p.birth_date) and person.nir_sex(p.own_nir) == p.sex
        assert p.ins_oid in {"", person.INS_TEST}
    charts = people(2_000, 5)
    assert len({p.own_nir for p in charts}) == len({p.ref for p in charts}) == 2_000


def test_every_row_can_be_imported(tmp_path: Path) -> None:
    write_csv(people(1_000, 7), tmp_path / "patients.csv")
    data = (tmp_path / "patients.csv").read_bytes()
    rows = list(Table(data, dt.date(2026, 6, 1)).rows())
    assert len(rows) == 1_000 and all(isinstance(row, PatientRow) for row in rows)
    assert next(csv.reader([data.decode().splitlines()[0]])) == list(COLUMNS)


def test_a_laboratorys_mail() -> None:
    one = people(3, 8)[0]
    data = hprim(one)
    assert 9_500 <= len(data) <= 12_500
    reading = read(mail(data, sender="labo@hopital.demo.example"), "resultat.eml")
    [document] = reading.documents
    assert reading.message is not None and reading.message.from_ == "Laboratoire des Tilleuls <labo@hopital.demo.example>"
    assert (document.format, len(document.results)) == ("hprim-medecin", 12)
    assert document.patient is not None and document.patient.birth_date == one.birth_date
    assert mail(data) != mail(data + b" ")
