"""The demo's data: each of the forty messages says what the practice's patient list expects of it."""

from __future__ import annotations

import csv
import datetime as dt
import email
import email.policy
import hashlib
import io
import zipfile
from email.message import EmailMessage
from xml.etree import ElementTree

import pypdfium2
import pytest

from vaguemestre.cli import demo_pdf, demo_post
from vaguemestre.cli.demo_biology import ANTICOAGULANT_ALARM
from vaguemestre.cli.demo_cda_messages import OTHER_JEANNE
from vaguemestre.cli.demo_hprim import FIN, FINFICHIER
from vaguemestre.cli.demo_messages import Post, posts
from vaguemestre.cli.demo_people import (
    ACCOUNTS,
    HOSPITAL,
    KNOWN_SENDERS,
    PATIENTS,
    PRACTICE,
    STRANGER,
    Person,
    patient,
    patients_csv,
)
from vaguemestre.cli.patient_rows import COLUMNS
from vaguemestre.domain.fault import Refused
from vaguemestre.domain.person import INS_DEMO

NOW = dt.datetime(2026, 3, 9, 18, 30, tzinfo=dt.UTC)
ALL = posts(NOW)
FIRST = ALL[:15]
"""HPRIM and PDF; the others are CDA in archives, and mails of other kinds."""
BY_TITLE = {post.what: post for post in ALL}
FIRST_NUMBERED = [pytest.param(number, post, id=f"{number:02d}") for number, post in enumerate(FIRST, 1)]
NUMBERED = [pytest.param(number, post, id=f"{number:02d}") for number, post in enumerate(ALL, 1)]


def parsed(number: int, post: Post) -> EmailMessage:
    mail = email.message_from_bytes(post.message(number).as_bytes(), policy=email.policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


def key(matricule: str) -> int:
    return 97 - int(matricule[:13].replace("2A", "19").replace("2B", "18")) % 97


def test_forty_messages_and_twelve_patients() -> None:
    assert len(ALL) == 40
    assert len(PATIENTS) == 12
    assert len({post.message_id(number) for number, post in enumerate(ALL, 1)}) == 40
    assert sum(len(post.expected) for post in ALL) == 41


@pytest.mark.parametrize("person", [*PATIENTS, STRANGER], ids=lambda person: person.ref or "stranger")
def test_a_matricule_is_nobodys_and_agrees_with_its_person(person: Person) -> None:
    number = person.matricule
    assert len(number) == 15
    assert int(number[13:]) == key(number)
    assert 990 <= int(number[7:10]) <= 998
    year, month, _ = person.birth_date.split("-")
    assert (number[1:3], number[3:5]) == (year[2:], month)
    assert number[0] == {"M": "1", "F": "2"}[person.sex]
    assert person.given_names.split()[0].startswith(person.first_given_name.split()[0])


def test_the_patients_hold_what_makes_filing_hard() -> None:
    mael, malo = patient("T-0102"), patient("T-0103")
    assert (mael.birth_name, mael.birth_date, mael.first_given_name[0]) == (malo.birth_name, malo.birth_date, malo.first_given_name[0])
    one, other = patient("T-0104"), patient("T-0105")
    assert (one.birth_name, one.first_given_name, one.birth_date) == (other.birth_name, other.first_given_name, other.birth_date)
    assert one.matricule != other.matricule
    assert any(person.used_name for person in PATIENTS)
    assert any("2B" in person.matricule for person in PATIENTS)
    assert any(person.age(NOW.date()) < 10 for person in PATIENTS)


def test_the_patient_list_has_the_columns_of_the_command_line() -> None:
    rows = list(csv.DictReader(io.StringIO(patients_csv())))
    assert tuple(rows[0]) == tuple(COLUMNS)
    assert [row["ref"] for row in rows] == [person.ref for person in PATIENTS]
    assert next(row for row in rows if row["ref"] == "T-0106")["used_name"] == "KERVELLA"


def test_accounts_and_mailboxes_fit_together() -> None:
    ours = {box.address for box in PRACTICE.mailboxes}
    assert {account.role for account in ACCOUNTS} == {"doctor", "secretary", "admin"}
    assert all(set(account.mailboxes) <= ours for account in ACCOUNTS)
    assert not next(account for account in ACCOUNTS if account.role == "admin").mailboxes
    assert {box.type for box in PRACTICE.mailboxes} == {"PER", "ORG"}
    assert all(box.address.endswith(f"@{operator.domain}") for operator in (PRACTICE, HOSPITAL) for box in operator.mailboxes)
    assert all(operator.domain.endswith(".example") for operator in (PRACTICE, HOSPITAL))


@pytest.mark.parametrize(("number", "post"), NUMBERED)
def test_a_mail_comes_from_the_hospital_to_the_practice(number: int, post: Post) -> None:
    mail = parsed(number, post)
    [sender] = mail["From"].addresses
    [recipient] = mail["To"].addresses
    assert sender.domain == HOSPITAL.domain
    assert recipient.addr_spec in {box.address for box in PRACTICE.mailboxes}
    assert mail["Message-ID"] == post.message_id(number)
    assert mail["Date"].datetime <= NOW
    assert [part.get_filename() for part in mail.iter_attachments()] == [name for name, _, _ in post.attached]
    for part, (_, media_type, data) in zip(mail.iter_attachments(), post.attached, strict=True):
        assert part.get_content_type() == media_type
        if media_type != "message/rfc822":
            assert part.get_payload(decode=True) == data


def texts(number: int, post: Post) -> list[str]:
    """The decoded documents of a message; the encoding is the one under which its French is French."""
    mail = parsed(number, post)
    if not post.attached:
        body = mail.get_body(("plain",))
        assert body is not None
        return [body.get_content().replace("\r\n", "\n")]
    found = []
    for _, media_type, data in post.attached:
        if media_type == "application/pdf":
            with pypdfium2.PdfDocument(data) as pdf:
                assert len(pdf) == 1
                found.append(pdf[0].get_textpage().get_text_range().replace("\r\n", "\n"))
            continue
        for encoding in ("utf-8-sig", "cp850" if b"\x82" in data else "mac_roman" if b"\x8e" in data else "cp1252"):
            try:
                text = data.decode(encoding)
            except UnicodeDecodeError:
                continue
            found.append(text.replace("\r\n", "\n").replace("\r", "\n"))
            break
    return found


@pytest.mark.parametrize(("number", "post"), FIRST_NUMBERED)
def test_a_document_states_the_person_that_the_list_expects(number: int, post: Post) -> None:
    [text] = texts(number, post)
    if post.attached and post.attached[0][1] == "application/pdf":
        [person] = post.people
        assert f"Patient : {person.spoken_name}" in text
        assert f"le {person.french_birth_date}" in text
        return
    assert text.rstrip().endswith(FINFICHIER)
    records = text.split(f"{FIN}\n")[:-1]
    assert len(records) == len(post.people)
    for record, person in zip(records, post.people, strict=True):
        lines = record.split("\n")
        if len(lines[0]) > 60:
            lines = lines[1:]
        assert lines[1] in {person.birth_name, person.used_name}
        assert lines[2] == person.first_given_name
        assert lines[6] == person.french_birth_date
        dt.datetime.strptime(lines[9], "%d/%m/%Y").replace(tzinfo=dt.UTC)
        assert max(map(len, lines)) <= 140
        assert "?" not in record.replace("? ", "")
        assert not set(record) & set("�ÃÂƒ‚Ž")


def test_each_expectation_follows_from_the_list_and_the_known_senders() -> None:
    for post in FIRST:
        for expected, person in zip(post.expected, post.people, strict=True):
            same = [
                other.ref
                for other in PATIENTS
                if other.first_given_name == person.first_given_name
                and other.birth_date == person.birth_date
                and (person.used_name or person.birth_name) in {other.birth_name, other.used_name}
            ]
            in_fields = not (post.attached and post.attached[0][1] == "application/pdf")
            twin = any(
                other.birth_date == person.birth_date and other.birth_name == person.birth_name and other.ref not in same
                for other in PATIENTS
            )
            if len(same) == 1 and in_fields and not twin and post.sender in KNOWN_SENDERS:
                assert (expected.decision, expected.ref) == ("filed", same[0])
            elif len(same) == 1:
                assert (expected.decision, expected.ref) == ("proposed", same[0])
            else:
                assert (expected.decision, expected.ref, list(expected.candidates)) == ("review", None, same)


def test_the_father_s_number_is_on_the_child_s_letter() -> None:
    [text] = texts(8, BY_TITLE["Urgences, au numéro du père"])
    number = text.split("\n")[7].replace(" ", "")
    assert number == patient("T-0108").matricule
    assert number[1:5] != patient("T-0107").matricule[1:5]


def test_the_repeat_has_the_same_bytes_and_another_message_id() -> None:
    repeat = next(post for post in FIRST if post.repeats is not None)
    assert repeat.repeats is not None
    first = ALL[repeat.repeats - 1]
    assert first.attached == repeat.attached
    assert first.to != repeat.to
    everything = [data for post in ALL if post.repeats is None for _, _, data in post.attached]
    assert len(everything) == len(set(everything))


def test_the_urgent_report_has_critical_results() -> None:
    assert {line.label for line in ANTICOAGULANT_ALARM if line.flag == "HH"} == {"INR", "Potassium"}
    assert any(line.flag == "LL" for line in ANTICOAGULANT_ALARM)
    [text] = texts(15, ALL[14])
    assert "RES|INR|INR  210|N|6.8||2.0|3.0|HH|F" in text


def test_encodings_and_layouts_differ() -> None:
    data = [data for post in FIRST for _, media_type, data in post.attached if media_type != "application/pdf"]
    assert any(one.startswith(b"\xef\xbb\xbf") for one in data)
    assert any(b"\r\n" in one for one in data)
    assert any(b"\r" in one and b"\n" not in one for one in data)
    assert any(b"\n" in one and b"\r" not in one for one in data)
    assert any(len(one.split(b"\r\n")[0]) > 60 for one in data)
    assert any(b"\x82" in one and b"consult" in one.lower() for one in data)


ARCHIVES = [
    pytest.param(post, data, id=f"{number:02d}")
    for number, post in enumerate(ALL, 1)
    for name, _, data in post.attached
    if name == "IHE_XDM.zip" and "coupée" not in post.what
]
V3 = "{urn:hl7-org:v3}"


def members(data: bytes) -> tuple[bytes, bytes]:
    """(document, metadata)."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("IHE_XDM/SUBSET01/DOC00001.XML"), archive.read("IHE_XDM/SUBSET01/METADATA.XML")


@pytest.mark.parametrize(("post", "data"), ARCHIVES)
def test_an_archive_holds_the_document_of_the_person_that_the_list_expects(post: Post, data: bytes) -> None:
    document, metadata = members(data)
    [person] = post.people
    patient_role = ElementTree.fromstring(document).find(f"{V3}recordTarget/{V3}patientRole")
    assert patient_role is not None
    assert patient_role.findtext(f".//{V3}family[@qualifier='BR']") == person.birth_name
    assert patient_role.findtext(f".//{V3}given[@qualifier='BR']") == person.first_given_name
    assert patient_role.find(f".//{V3}birthTime").get("value") == person.birth_date.replace("-", "")  # type: ignore[union-attr]
    numbers = [one.get("extension") for one in patient_role.findall(f"{V3}id") if one.get("root") == INS_DEMO]
    for number in numbers:
        assert number is not None
        assert int(number[13:]) == key(number)
        assert 990 <= int(number[7:10]) <= 998
    own = bool(post.expected[0].ref) and numbers == [patient(post.expected[0].ref).matricule]
    assert own or post.expected[0].decision in {"blocked", "review"}
    told = hashlib.sha1(document).hexdigest().encode() in metadata
    assert told is ("Empreinte" not in post.what)


def test_the_other_jeanne_is_nobody_of_the_list() -> None:
    assert key(OTHER_JEANNE) == int(OTHER_JEANNE[13:])
    assert OTHER_JEANNE not in {person.matricule for person in PATIENTS}


def test_corrections_come_in_both_orders() -> None:
    forward, backward = (post for post in ALL if post.replaces is not None)
    assert forward.replaces is not None
    assert backward.replaces is not None
    assert forward.replaces < ALL.index(forward) + 1
    assert backward.replaces > ALL.index(backward) + 1


def test_no_line_of_a_pdf_leaves_the_page() -> None:
    for post in ALL:
        for _, media_type, data in post.attached:
            if media_type != "application/pdf":
                continue
            with pypdfium2.PdfDocument(data) as pdf:
                page = pdf[0]
                text = page.get_textpage()
                boxes = [text.get_rect(place) for place in range(text.count_rects())]
                assert min(left for left, _, _, _ in boxes) >= demo_pdf.MARGIN - 1
                assert max(right for _, _, right, _ in boxes) <= page.get_width() - demo_pdf.MARGIN + 1
                assert min(bottom for _, bottom, _, _ in boxes) > 40


def test_the_same_day_makes_the_same_messages() -> None:
    again = posts(NOW)
    assert [post.attached for post in again] == [post.attached for post in ALL]


def test_sending_without_the_certificate_says_so_in_one_sentence(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Refused, match="could not send"):
        list(demo_post.send(tmp_path, "127.0.0.1", 1, []))
