"""`patients import`: each row judged alone, named by its line and never by its content; the others loaded."""

from __future__ import annotations

import datetime as dt
import json
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests import databases
from tests.cli.conftest import BOX, DOMAIN, Run
from vaguemestre.cli.patient_rows import COLUMNS, BadRow, PatientRow, Table
from vaguemestre.domain.fault import Unreadable

TODAY = dt.date(2026, 11, 21)
INS = "1800299990001" + f"{97 - 1800299990001 % 97:02d}"
OID = "1.2.250.1.213.1.4.10"
SOUND = {"ref": "P1", "birth_name": "Zeste", "given_names": "Ève Marie", "birth_date": "1980-02-29"}


def table(data: bytes | str) -> list[PatientRow | BadRow]:
    return list(Table(data.encode() if isinstance(data, str) else data, TODAY).rows())


def one(**changes: str) -> PatientRow | BadRow:
    values = SOUND | changes
    quoted = ['"' + value.replace('"', '""') + '"' for value in values.values()]
    (row,) = table(",".join(values) + "\n" + ",".join(quoted) + "\n")
    return row


def fields(**changes: str) -> dict[str, str]:
    row = one(**changes)
    assert isinstance(row, PatientRow), row
    return dict(row.fields)


class TestARow:
    def test_whole(self) -> None:
        read = fields(
            ins=INS,
            ins_oid=OID,
            ins_status="qualified",
            nir=INS[:13],
            used_name="L’Héritier-Œuvré",
            first_given_name="Ève",
            sex="F",
            birth_place_code="99901",
            flags="homonym deceased",
        )
        assert read == SOUND | {
            "ins": INS,
            "ins_oid": OID,
            "ins_status": "qualified",
            "nir": INS[:13],
            "used_name": "L’Héritier-Œuvré",
            "first_given_name": "Ève",
            "sex": "F",
            "birth_place_code": "99901",
            "flags": "homonym deceased",
            "birth_name_key": "ZESTE",
            "birth_name_solid": "ZESTE",
            "used_name_key": "L HERITIER OEUVRE",
            "used_name_solid": "LHERITIEROEUVRE",
            "given_names_key": "EVE MARIE",
            "first_given_name_key": "EVE",
        }

    def test_least(self) -> None:
        read = fields()
        assert read["ins_status"] == "provisional"
        assert {name for name in COLUMNS if read[name]} == {*SOUND, "ins_status"}

    def test_nothing_absent_is_guessed(self) -> None:
        read = fields(ins=INS)
        assert (read["ins_oid"], read["nir"], read["sex"], read["first_given_name"]) == ("", "", "", "")

    @pytest.mark.parametrize(
        ("column", "written", "kept"),
        [
            ("ins", f"{INS[:1]} {INS[1:5]} {INS[5:13]} {INS[13:]}", INS),
            ("ins_oid", f"urn:oid:{OID}", OID),
            ("ins_status", "Qualified", "qualified"),
            ("sex", "f", "F"),
            ("birth_place_code", "2a004", "2A004"),
            ("flags", "Homonym homonym", "homonym"),
            ("birth_name", "  DE   LA\tTOUR ", "DE LA TOUR"),
            ("birth_date", "1900-01-01", "1900-01-01"),
            ("birth_date", "2026-11-22", "2026-11-22"),
        ],
    )
    def test_put_in_form(self, column: str, written: str, kept: str) -> None:
        assert fields(**{column: written})[column] == kept

    @pytest.mark.parametrize(
        ("column", "written"),
        [
            ("ref", ""),
            ("ref", "x" * 101),
            ("birth_name", ""),
            ("birth_name", "- . '"),
            ("birth_name", "x" * 101),
            ("birth_name", "ZES\x07TE"),
            ("given_names", ""),
            ("birth_date", ""),
            ("birth_date", "1980-02-30"),
            ("birth_date", "1980-2-3"),
            ("birth_date", "03/02/1980"),
            ("birth_date", "19800203"),
            ("birth_date", "1980-00-00"),
            ("birth_date", "1849-12-31"),
            ("birth_date", "2026-11-23"),
            ("birth_date", "１980-02-03"),
            ("sex", "X"),
            ("ins", INS[:14]),
            ("ins", INS[:-1] + str((int(INS[-1]) + 1) % 10)),
            ("ins", "x" * 15),
            ("ins_oid", "1.2.3"),
            ("ins_oid", "yes"),
            ("ins_status", "qualifié"),
            ("nir", "12345"),
            ("nir", INS[:-1] + str((int(INS[-1]) + 1) % 10)),
            ("birth_place_code", "999"),
            ("flags", "homonym dead"),
        ],
    )
    def test_wrong(self, column: str, written: str) -> None:
        row = one(**{column: written})
        assert isinstance(row, BadRow)
        assert row.line == 2
        if len(written) > 3:
            assert written not in row.why

    def test_a_used_name_alone_or_a_first_given_name_alone_will_do(self) -> None:
        assert fields(birth_name="", used_name="Zeste", given_names="", first_given_name="Ève")["used_name_solid"] == "ZESTE"

    def test_its_repr_says_nothing(self) -> None:
        assert "este" not in repr(one())


class TestTheFile:
    def test_byte_order_mark_semicolons_quotes_and_line_ends(self) -> None:
        text = '﻿birth_date;REF ;given_names;birth_name\r\n1980-02-29;"P;1";Ève;"de ""Zeste"""\r\n\r\n1981-01-01;P2;Ève;Zeste'
        rows = table(text)
        assert [row.fields["ref"] for row in rows if isinstance(row, PatientRow)] == ["P;1", "P2"]
        assert [row.line for row in rows] == [2, 4]

    def test_the_lines_of_bad_rows_are_those_of_an_editor(self) -> None:
        text = 'ref,birth_name,given_names,birth_date\nP1,A,B,1980-01-01\nP2,A,B,nope\n"P\n3",A,B,1980-01-01\nP4,,B,1980-01-01\n'
        assert [(type(row).__name__, row.line) for row in table(text)] == [
            ("PatientRow", 2),
            ("BadRow", 3),
            ("PatientRow", 4),
            ("BadRow", 6),
        ]

    def test_cells_too_many_are_wrong_and_too_few_are_empty(self) -> None:
        head = "ref,birth_name,given_names,birth_date,sex\n"
        assert isinstance(table(head + "P1,A,B,1980-01-01,F,more")[0], BadRow)
        assert isinstance(table(head + "P1,A,B,1980-01-01,F,,")[0], PatientRow)
        assert isinstance(table(head + "P1,A,B,1980-01-01")[0], PatientRow)

    def test_a_quote_left_open_spoils_its_row_alone_or_says_so(self) -> None:
        rows = table('ref,birth_name,given_names,birth_date\nP1,A,B,1980-01-01\nP2,"A,B,1980-01-01\nP3,A,B,1980-01-01\n')
        assert isinstance(rows[0], PatientRow)
        assert isinstance(rows[1], BadRow)
        assert rows[1].line == 3

    @pytest.mark.parametrize(
        "data",
        [
            b"",
            b" \n\n",
            b"\xef\xbb\xbf",
            "ref,birth_name\nP1,Éve".encode("latin-1"),
            "ref,birth_name\nP1,Eve".encode("utf-16"),
            b"ref,birth_name\nP1,E\0ve",
            b"P1,Zeste,Eve,1980-01-01\n",
            b"ref,birth_name,birth_name\n",
            b'"ref,birth_name\n',
        ],
    )
    def test_no_row_can_be_told(self, data: bytes) -> None:
        with pytest.raises(Unreadable) as fault:
            table(data)
        assert "Zeste" not in fault.value.detail

    def test_columns_not_known_are_named_once(self) -> None:
        assert Table(b"ref,phone,birth_name\n", TODAY).unknown == ["phone"]

    @settings(max_examples=300, deadline=None, derandomize=True)
    @given(st.one_of(st.binary(max_size=400), st.text(alphabet='ref,;"\n\r birth_name1980-éŒ\u202e', max_size=400).map(str.encode)))
    def test_any_bytes_give_rows_or_the_declared_fault(self, data: bytes) -> None:
        head = b"ref,birth_name,given_names,birth_date\n"
        for body in (data, head + data):
            try:
                rows = table(body)
            except Unreadable:
                continue
            assert all(isinstance(row, PatientRow | BadRow) for row in rows)


def charts(data: Path) -> list[dict[str, object]]:
    with databases.opened(data) as base:
        rows = base.execute("SELECT * FROM records_patient ORDER BY ref")
        names = [column[0] for column in rows.description]
        return [dict(zip(names, row, strict=True)) for row in rows.fetchall()]


class TestTheCommand:
    HEAD = "ref,birth_name,given_names,birth_date,sex\n"

    def load(self, run: Run, data: Path, text: str, box: str = BOX) -> tuple[int, str, str]:
        file = data.parent / "patients.csv"
        file.write_text(text, encoding="utf-8")
        done = run("patients", "import", data, file, "--mailbox", box)
        return done.returncode, done.stdout, done.stderr

    def test_good_rows_are_loaded_beside_bad_ones(self, run: Run, data: Path) -> None:
        code, out, err = self.load(
            run, data, self.HEAD + "P1,Zeste,Ève,1980-01-01,F\nP2,Zeste,Adam,1980-13-01,M\nP3,Pépin,Jo,1999-12-31,\n"
        )
        assert code == 1
        assert "line 3" in err
        assert "Adam" not in out + err
        assert [chart["ref"] for chart in charts(data)] == ["P1", "P3"]

    def test_the_same_ref_updates(self, run: Run, data: Path) -> None:
        assert self.load(run, data, self.HEAD + "P1,Zeste,Ève,1980-01-01,F\n")[0] == 0
        before = charts(data)
        assert self.load(run, data, "ref;used_name;first_given_name;birth_date\nP1;Pépin;Ève;1980-01-02\nP1;Pépin;Ève;1980-01-03\n")[0] == 0
        (chart,) = charts(data)
        assert chart["id"] == before[0]["id"]
        assert (chart["birth_name"], chart["used_name_key"], chart["birth_date"], chart["sex"]) == ("", "PEPIN", "1980-01-03", "")

    def test_each_practice_has_its_own(self, run: Run, data: Path) -> None:
        run("mailbox", "add", data, f"b@{DOMAIN}", "--type", "PER", "--name", "B", "--practice", "B")
        assert self.load(run, data, self.HEAD + "P1,Zeste,Ève,1980-01-01,F\n")[0] == 0
        assert self.load(run, data, self.HEAD + "P1,Pépin,Jo,1981-01-01,M\n", f"b@{DOMAIN}")[0] == 0
        assert len(charts(data)) == 2

    def test_traced_by_counts_alone_and_matched_again(self, run: Run, data: Path) -> None:
        self.load(run, data, self.HEAD + "P1,Zeste,Ève,1980-01-01,F\n")
        with databases.opened(data) as base:
            traced = json.dumps(base.execute("SELECT * FROM records_traceevent").fetchall(), ensure_ascii=False)
            assert base.execute("SELECT revision FROM records_practice").fetchone()[0] > 0
        assert "patients-imported" in traced
        assert "1 added, 0 updated" in traced
        assert "Zeste" not in traced
        assert run("verify", data).returncode == 0

    @pytest.mark.parametrize("content", [b"", b"\xff\xfer\0e\0f\0", "ref,birth_name\nP,É".encode("cp1252")])
    def test_a_file_that_is_none(self, run: Run, data: Path, content: bytes) -> None:
        file = data.parent / "patients.csv"
        file.write_bytes(content)
        done = run("patients", "import", data, file, "--mailbox", BOX)
        assert done.returncode == 1
        assert len(done.stderr.splitlines()) == 1

    def test_no_file_and_no_mailbox(self, run: Run, data: Path) -> None:
        assert run("patients", "import", data, data / "none.csv", "--mailbox", BOX).returncode == 2
        assert self.load(run, data, self.HEAD, f"nobody@{DOMAIN}")[0] == 2

    def test_many_bad_rows_are_counted_not_all_named(self, run: Run, data: Path) -> None:
        code, out, err = self.load(run, data, self.HEAD + "P,Zeste,Ève,nope,F\n" * 1000)
        assert code == 1
        assert len(err.splitlines()) == 101
        assert "1000 bad rows" in out

    def test_five_thousand_in_a_few_seconds(self, run: Run, data: Path) -> None:
        text = self.HEAD + "".join(f"P{k},Zeste-{k},Ève Marie,19{k % 90 + 10}-01-{k % 28 + 1:02d},F\n" for k in range(5000))
        begun = time.monotonic()
        assert self.load(run, data, text)[0] == 0
        assert time.monotonic() - begun < 10
        assert len(charts(data)) == 5000
