"""Rows such as the pipeline leaves behind, put into a data directory by the models: `python world.py DIR [MANY]`.

One message filed (a PDF as its other form), its repeat by a second mailbox, one proposed, one to review, one blocked and unreadable,
one given to a person, two waiting.
"""

from __future__ import annotations

import datetime as dt
import sys

from vaguemestre.cli.assemble import open_data

NOW = dt.datetime(2026, 11, 20, 8, 0, tzinfo=dt.UTC)


def main(directory: str, many: int) -> None:
    open_data(directory)
    from django.conf import settings
    from django.db import transaction

    from vaguemestre.domain.event import Event
    from vaguemestre.records import chain
    from vaguemestre.records.models import Delivery, Document, Filing, Mailbox, Message, Patient, Practice, Result
    from vaguemestre.vault.files import Vault, digest

    vault = Vault(settings.DATA_DIR / "vault")
    practice = Practice.objects.get()
    first = Mailbox.objects.get()
    second = Mailbox.objects.create(practice=practice, address="b@cabinet.demo.example", type="PER", name="B", created_at=NOW)
    charts = [
        Patient.objects.create(practice=practice, ref=f"P{k}", birth_name="Zeste", given_names=f"Ève{k}", birth_date="1980-01-01")
        for k in range(3)
    ]

    def message(k: int, message_id: str) -> Message:
        data = b"Message %d\r\n" % k
        vault.keep([(digest(data), data)])
        made = Message.objects.create(
            sha256=digest(data), size=len(data), message_id=message_id, channel="smtp", received_at=NOW + dt.timedelta(minutes=k)
        )
        chain.append([Event(NOW, "received", f"message:{made.pk}", "peer:00ff", "kept")])
        return made

    def delivery(of: Message, mailbox: Mailbox, state: str = "done", reason: str = "") -> Delivery:
        return Delivery.objects.create(message=of, mailbox=mailbox, state=state, reason=reason)

    def document(of: Delivery, decision: str, rule: str, **more: object) -> Document:
        values: dict[str, object] = {
            "position": 0, "format": "hprim-medecin", "sha256": "ab" * 32, "content_key": "ab" * 32, "content": {}, "reason": "why",
            "received_at": of.message.received_at,
        }  # fmt: skip
        made = Document.objects.create(delivery=of, mailbox=of.mailbox, practice=practice, decision=decision, rule=rule, **(values | more))
        chain.append([Event(NOW, "matched", f"document:{made.pk}", "node", f"{decision} {rule}")])
        return made

    def filed(of: Delivery, patient: Patient, **more: object) -> Document:
        made = document(of, "filed", "E", patient=patient, filed_at=NOW, **more)
        Filing.objects.create(document=made, patient=patient, rule="E", at=NOW)
        chain.append([Event(NOW, "filed", f"document:{made.pk}", "node", f"patient:{patient.pk}")])
        return made

    def candidates(*these: Patient) -> list[dict[str, object]]:
        return [{"patient": one.pk, "ref": one.ref, "evidence": [["birth_date", "equal"]]} for one in these]

    with transaction.atomic():
        letter = message(1, "<one@hopital.demo.example>")
        main_form = filed(delivery(letter, first), charts[0], type_code="11502-2", type_system="2.16.840.1.113883.6.1", type_label="CR-BIO")
        Result.objects.create(document=main_form, patient=charts[0], position=0, label="Sodium", value="140")
        other = document(
            main_form.delivery, "filed", "E", patient=charts[0], filed_at=NOW, form_of=main_form, format="pdf", sha256="cd" * 32
        )
        assert other.form_of_id == main_form.pk
        filed(delivery(letter, second), charts[0], duplicate_of=main_form)
        document(delivery(message(2, "<two@x>"), first), "proposed", "E:twin", candidates=candidates(charts[1], charts[2]))
        document(delivery(message(3, "three@x"), first), "review", "F", candidates=candidates(charts[2], charts[1]))
        document(delivery(message(4, "<" + "0" * 64 + "@none>"), first), "blocked", "C", candidates=candidates(charts[0]), unreadable=True)
        document(delivery(message(5, "<five@x>"), first, "failed", "reading"), "review", "N", unreadable=True, format="unknown")
        delivery(message(6, "<six@x>"), first, "waiting")
        delivery(message(7, "<seven@x>"), second, "waiting")
        for k in range(many):
            made = message(100 + k, f"<many{k}@x>")
            filed(delivery(made, first), charts[k % 3], text="Texte de la lettre. " * 200, sha256=digest(b"%d" % k))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0)
