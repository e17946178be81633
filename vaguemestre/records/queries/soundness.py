"""What must hold in the database: its pages, its foreign keys, and the rules between rows that no constraint can say.

Each rule is a query of the rows that break it; it finds none in a sound database.
"""

from __future__ import annotations

from django.db import connection

MOST_NAMED = 20
"""Rows named for one rule; the others are counted."""

RULES = {
    "document {}: its decision is none of filed, proposed, review, blocked": (
        "SELECT id FROM records_document WHERE decision NOT IN ('filed', 'proposed', 'review', 'blocked')"
    ),
    "document {}: it is filed and has no patient": (
        "SELECT id FROM records_document WHERE decision = 'filed' AND (patient_id IS NULL OR filed_at IS NULL)"
    ),
    "document {}: it is not filed and yet has a patient": (
        "SELECT id FROM records_document WHERE decision <> 'filed' AND (patient_id IS NOT NULL OR filed_at IS NOT NULL)"
    ),
    "document {}: its patient is of another practice": (
        "SELECT d.id FROM records_document d JOIN records_patient p ON p.id = d.patient_id WHERE p.practice_id <> d.practice_id"
    ),
    "document {}: it is filed without any act of filing in force for that patient": (
        # Sets and no sub-query a row: the database would look for it by the patient, who may have thousands.
        "SELECT lost.id FROM (SELECT id, patient_id FROM records_document WHERE decision = 'filed' AND form_of_id IS NULL"
        " EXCEPT SELECT document_id, patient_id FROM records_filing WHERE undone_at IS NULL) AS lost"
    ),
    "document {}: an act of filing is in force and yet it is not filed there": (
        "SELECT f.document_id FROM records_filing f JOIN records_document d ON d.id = f.document_id"
        " WHERE f.undone_at IS NULL AND (d.decision <> 'filed' OR d.patient_id <> f.patient_id)"
    ),
    "document {}: its results are in a chart in which it is not filed": (
        "SELECT DISTINCT d.id FROM records_result r JOIN records_document d ON d.id = r.document_id"
        " WHERE r.patient_id IS NOT NULL AND (d.decision <> 'filed' OR d.patient_id IS NULL OR d.patient_id <> r.patient_id)"
    ),
    "document {}: its mailbox, its practice and its delivery do not agree": (
        "SELECT d.id FROM records_document d JOIN records_delivery v ON v.id = d.delivery_id JOIN records_mailbox m ON m.id = d.mailbox_id"
        " WHERE v.mailbox_id <> d.mailbox_id OR m.practice_id <> d.practice_id"
    ),
    "document {}: it is called another form of a document of another delivery": (
        "SELECT d.id FROM records_document d JOIN records_document o ON o.id = d.form_of_id WHERE o.delivery_id <> d.delivery_id"
    ),
    "document {}: it is called a repeat of a document of another practice": (
        "SELECT d.id FROM records_document d JOIN records_document o ON o.id = d.duplicate_of_id WHERE o.practice_id <> d.practice_id"
    ),
    "document {}: it is called replaced and is not filed in the same chart as what replaced it": (
        "SELECT d.id FROM records_document d JOIN records_document n ON n.id = d.superseded_by_id WHERE d.decision <> 'filed'"
        " OR n.decision <> 'filed' OR d.patient_id IS NULL OR n.patient_id IS NULL OR d.patient_id <> n.patient_id"
        " OR d.practice_id <> n.practice_id OR n.form_of_id IS NOT NULL"
    ),
    "document {}: what replaced it was replaced in turn, in a circle": (
        # From those that stand down to what they replaced, each once: what is never reached has no end above it.
        "WITH RECURSIVE ended (id) AS (SELECT n.id FROM records_document n WHERE n.superseded_by_id IS NULL"
        " AND n.id IN (SELECT superseded_by_id FROM records_document WHERE superseded_by_id IS NOT NULL)"
        " UNION SELECT d.id FROM records_document d JOIN ended e ON d.superseded_by_id = e.id)"
        " SELECT d.id FROM records_document d JOIN records_document n ON n.id = d.superseded_by_id"
        " WHERE NOT EXISTS (SELECT 1 FROM ended e WHERE e.id = d.id)"
    ),
    "document {}: it is called replaced and its results are in a chart": (
        "SELECT DISTINCT d.id FROM records_document d JOIN records_result r ON r.document_id = d.id"
        " WHERE d.superseded_by_id IS NOT NULL AND r.patient_id IS NOT NULL"
    ),
    "delivery {}: it is done and no document came of it": (
        "SELECT v.id FROM records_delivery v WHERE v.state <> 'waiting'"
        " AND NOT EXISTS (SELECT 1 FROM records_document d WHERE d.delivery_id = v.id)"
    ),
    "delivery {}: its state is none of waiting, done, failed": (
        "SELECT id FROM records_delivery WHERE state NOT IN ('waiting', 'done', 'failed')"
    ),
    "outgoing message {}: it has no recipient": (
        "SELECT o.id FROM records_outgoing o WHERE NOT EXISTS (SELECT 1 FROM records_recipient r WHERE r.outgoing_id = o.id)"
    ),
    "recipient {}: its state is none of waiting, sent, bounced, returned, or its end has no time": (
        "SELECT id FROM records_recipient WHERE state NOT IN ('waiting', 'sent', 'bounced', 'returned')"
        " OR (state = 'waiting') <> (done_at IS NULL)"
    ),
    "folder {}: it has an entry whose UID it has not given yet": (
        "SELECT DISTINCT f.id FROM records_folder f JOIN records_folderentry e ON e.folder_id = f.id WHERE e.uid >= f.uid_next"
    ),
    "local code {}: its patient is of another practice": (
        "SELECT c.id FROM records_localcode c JOIN records_patient p ON p.id = c.patient_id WHERE p.practice_id <> c.practice_id"
    ),
    "filing ban {}: its patient is of another practice": (
        "SELECT b.id FROM records_filingban b JOIN records_patient p ON p.id = b.patient_id WHERE p.practice_id <> b.practice_id"
    ),
    "account {}: an admin has a mailbox": (
        "SELECT DISTINCT a.id FROM records_account a JOIN records_account_mailboxes m ON m.account_id = a.id WHERE a.role = 'admin'"
    ),
}
"""What is wrong, with the row's number for {} -> the numbers of the rows of which it is true."""


def damaged_pages() -> list[str]:
    """What the database says of its own pages and indexes; one sentence a fault."""
    if connection.vendor == "postgresql":
        from vaguemestre.records.postgresql import soundness

        return soundness.damaged_pages()
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA integrity_check(100)")
        # Its lines name pages, tables and indexes, never what is in them.
        return [f"database: {row[0]}" for row in cursor.fetchall() if row[0] != "ok"]


def broken_keys() -> list[str]:
    """Rows that point at a row which is not there."""
    if connection.vendor == "postgresql":
        from vaguemestre.records.postgresql import soundness

        return soundness.broken_keys(MOST_NAMED)
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA foreign_key_check")
        rows = cursor.fetchmany(MOST_NAMED + 1)
    named = [f"database: row {row[1]} of {row[0]} points at a row of {row[2]} that is absent" for row in rows[:MOST_NAMED]]
    return [*named, "database: and more rows point at absent ones"] if len(rows) > MOST_NAMED else named


def broken_rules() -> list[str]:
    """The rows that break a rule of RULES; one sentence a row."""
    faults = []
    for sentence, query in RULES.items():
        with connection.cursor() as cursor:
            cursor.execute(f"{query} ORDER BY 1")
            rows = cursor.fetchmany(MOST_NAMED)
            faults += [f"records: {sentence.format(row[0])}" for row in rows]
            if len(rows) == MOST_NAMED and (more := len(cursor.fetchall())):
                faults.append(f"records: and {more} more of the same")
    return faults
