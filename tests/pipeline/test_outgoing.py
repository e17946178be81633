"""The queue: each recipient's own end, retries, expiry, notices to our own senders, and every instant of a crash (promises 1 and 2)."""

from __future__ import annotations

import email
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.leaving import OFFICE, OTHER, Leaving, events, notices, report, states
from tests.scenes.operators import DOCTOR, LABORATORY

HOUR = 3600.0


@pytest.fixture
def leaving(data_directory: Path) -> Leaving:
    return Leaving(data_directory)


def recipient(address: str = LABORATORY) -> Any:
    from vaguemestre.records.models import Recipient

    return Recipient.objects.get(address=address)


def test_sent_once_and_never_again(leaving: Leaving) -> None:
    leaving.submit()
    post = leaving.post()
    assert leaving.turn(post, report("delivered", code=250, host="mx.hopital.demo.example", peer_dn="CN=peer", tls="TLSv1.3 X")) == 1
    assert states() == [(LABORATORY, "sent")]
    one = recipient()
    assert (one.code, one.host, one.peer_dn, one.tries, one.owner) == (250, "mx.hopital.demo.example", "CN=peer", 1, "")
    leaving.now += 100 * HOUR
    assert leaving.turn(leaving.post("after a restart"), report("later")) == 0
    assert events()[-1] == "sent"


def test_one_parcel_a_domain_and_each_recipient_its_own_end(leaving: Leaving) -> None:
    leaving.submit(to=(LABORATORY, OTHER, f"x{LABORATORY}"))
    post = leaving.post()
    (load,) = post.claim(100)
    assert [one.address for one in post.parcel(load).recipients] == [LABORATORY, OTHER, f"x{LABORATORY}"]
    post.release([load])
    leaving.turn(post, report("delivered", code=250), report("never", "rejected", 550, enhanced="5.1.1"), report("later", "busy", 451))
    assert states() == [(LABORATORY, "sent"), (OTHER, "bounced"), (f"x{LABORATORY}", "waiting")]
    assert recipient().tries == 1, "a claim given back before the work is no try"


def test_a_claim_given_back_is_no_try_and_busy_domains_wait(leaving: Leaving) -> None:
    leaving.submit()
    post = leaving.post()
    assert post.claim(100, ["hopital.demo.example"]) == []
    assert len(post.claim(100, ["autre.example"])) == 1
    assert post.claim(100) == [], "nobody claims what is held"
    assert leaving.post("other").claim(100) == []


def test_later_is_tried_again_with_growing_delays(leaving: Leaving) -> None:
    leaving.submit(notify="FAILURE")
    post = leaving.post()
    waits = []
    for _ in range(8):
        assert leaving.turn(post, report("later", "connect-failed")) == 1
        waits.append(round((recipient().not_before - leaving.now) / 60))
        leaving.now = recipient().not_before - 1
        assert leaving.turn(post, report("delivered")) == 0, "not before its time"
        leaving.now += 1
    assert waits == [1, 5, 15, 30, 60, 120, 240, 240]
    assert (recipient().reason, recipient().tries) == ("connect-failed", 8)
    leaving.turn(post, report("delivered"))
    assert states() == [(LABORATORY, "sent")]


def test_a_delay_is_told_once(leaving: Leaving) -> None:
    leaving.submit()
    post = leaving.post()
    for hours in (0, 4.1, 9, 14):
        leaving.now = leaving.at().timestamp() if hours == 0 else recipient().outgoing.queued_at.timestamp() + hours * HOUR
        leaving.turn(post, report("later", "timeout"))
    (notice,) = notices()
    assert b"Action: delayed" in notice
    assert b"Will-Retry-Until: " in notice
    assert states() == [(LABORATORY, "waiting")]


def test_what_expires_is_returned_to_our_sender_by_our_own_mailbox(leaving: Leaving) -> None:
    from vaguemestre.records.models import Delivery, Message, Recipient

    leaving.submit(notify="FAILURE", ret="FULL", envid="QQ1")
    post = leaving.post()
    leaving.now += 48 * HOUR + 1
    leaving.turn(post, report("later", "connect-failed"))
    assert states() == [(LABORATORY, "bounced")]
    assert recipient().reason == "expired"
    (notice,) = notices()
    assert b"Action: failed" in notice
    assert b"Status: 4.4.7" in notice
    assert b"Original-Envelope-Id: QQ1" in notice
    assert f"Original-Recipient: rfc822; {LABORATORY}".encode() in notice
    assert b"Bonjour," in notice, "RET=FULL"
    own = Recipient.objects.get(outgoing__mail_from="")
    assert (own.address, own.channel, own.state) == (DOCTOR, "local", "waiting")
    leaving.turn(post)
    assert (Message.objects.get().mail_from, Message.objects.get().channel) == ("", "local")
    assert Delivery.objects.get().mailbox_id == leaving.doctor.pk
    own.refresh_from_db()
    assert own.state == "sent"


@pytest.mark.parametrize(("notify", "told"), [("", 1), ("FAILURE,DELAY", 1), ("SUCCESS", 0), ("NEVER", 0)])
def test_a_failure_is_told_as_it_was_asked(leaving: Leaving, notify: str, told: int) -> None:
    leaving.submit(notify=notify)
    leaving.turn(leaving.post(), report("never", "rejected", 550, enhanced="5.1.1", host="mx.example"))
    assert states() == [(LABORATORY, "bounced")]
    assert len(notices()) == told
    assert all(b"Status: 5.1.1" in one and b"Diagnostic-Code: smtp; 550 5.1.1" in one for one in notices())


def test_several_failures_of_a_message_are_one_notice(leaving: Leaving) -> None:
    leaving.submit(to=(LABORATORY, OTHER))
    leaving.turn(leaving.post(), report("never", "rejected", 550))
    (notice,) = notices()
    assert notice.count(b"Action: failed") == 2


def test_success_is_told_where_the_next_hop_will_not(leaving: Leaving) -> None:
    leaving.submit(to=(LABORATORY, OTHER), notify="SUCCESS")
    leaving.turn(leaving.post(), report("delivered", code=250, relayed=True), report("delivered", code=250))
    (notice,) = notices()
    assert b"Action: relayed" in notice
    assert OTHER.encode() in notice
    assert f"Final-Recipient: rfc822; {LABORATORY}".encode() not in notice


def test_a_notice_that_fails_is_told_to_nobody(leaving: Leaving) -> None:
    """RFC 5321, 4.5.5: no notice about the null sender, so no notice ever makes another."""
    from vaguemestre.records.models import Mailbox, Recipient

    leaving.submit()
    post = leaving.post()
    leaving.turn(post, report("never", "rejected", 550))
    # Even where one had been asked for: it is the null sender that forbids it.
    Recipient.objects.filter(outgoing__mail_from="").update(notify="FAILURE")
    Mailbox.objects.filter(pk=leaving.doctor.pk).update(state="closed")
    leaving.turn(post)
    assert len(notices()) == 1
    leaving.now += 100 * HOUR
    assert leaving.turn(post) == 0


def test_our_own_recipients_never_see_smtp(leaving: Leaving) -> None:
    from vaguemestre.records.models import Delivery, Message

    leaving.submit(to=(OFFICE, LABORATORY), notify="SUCCESS")
    leaving.turn(leaving.post(), report("later"))
    assert states() == [(OFFICE, "sent"), (LABORATORY, "waiting")]
    message = Message.objects.get()
    assert (message.channel, message.mail_from, message.message_id) == ("local", DOCTOR, "<un@cabinet.demo.example>")
    assert (Delivery.objects.get().mailbox_id, Delivery.objects.get().dsn_notify) == (leaving.office.pk, "SUCCESS")
    assert notices() == [], "the pipeline tells of the delivery once it is through"


@pytest.mark.parametrize(("state", "ends"), [("suspended", "waiting"), ("closed", "bounced")])
def test_a_mailbox_of_ours_that_takes_nothing(leaving: Leaving, state: str, ends: str) -> None:
    from vaguemestre.records.models import Mailbox, Message

    leaving.submit(to=(OFFICE,))
    Mailbox.objects.filter(pk=leaving.office.pk).update(state=state)
    leaving.turn(leaving.post())
    assert states() == [(OFFICE, ends)]
    assert not Message.objects.exists()


def test_a_crash_after_the_claim_repeats_the_try(leaving: Leaving) -> None:
    leaving.submit()
    assert len(leaving.post("dies").claim(100)) == 1
    after = leaving.post("next")
    assert after.claim(100) == []
    leaving.now += 61
    assert leaving.turn(after, report("delivered")) == 1
    assert states() == [(LABORATORY, "sent")]
    assert recipient().tries == 2


def test_what_may_have_killed_its_process_is_claimed_alone(leaving: Leaving) -> None:
    for number in range(3):
        leaving.submit(to=(f"a{number}@hopital.demo.example",))
    assert len(leaving.post("dies").claim(2)) == 2
    leaving.now += 61
    after = leaving.post("next")
    assert [len(after.claim(100)) for _ in range(4)] == [1, 1, 1, 0]


@pytest.mark.parametrize("cut", ["vault", "rows", "trace"])
def test_a_crash_while_settling_keeps_all_or_nothing(leaving: Leaving, monkeypatch: pytest.MonkeyPatch, cut: str) -> None:
    """The notice and the end that it tells are one commit: cut before, the try is made again, and one notice comes of it."""
    from vaguemestre.pipeline import outgoing
    from vaguemestre.records import chain
    from vaguemestre.vault.files import Vault

    class Killed(BaseException):
        pass

    def die(*arguments: Any, **more: Any) -> Any:
        raise Killed

    leaving.submit()
    with monkeypatch.context() as patch:
        target: Any = {"vault": (Vault, "keep"), "rows": (outgoing, "_queue_notice"), "trace": (chain, "append")}[cut]
        patch.setattr(*target, die)
        with pytest.raises(Killed):
            leaving.turn(leaving.post("dies"), report("never", "rejected", 550))
    assert states() == [(LABORATORY, "waiting")]
    assert notices() == []
    leaving.now += 61
    leaving.turn(leaving.post("next"), report("never", "rejected", 550))
    assert states() == [(LABORATORY, "bounced")]
    assert len(notices()) == 1


def test_a_crash_while_handing_over_is_no_second_letter(leaving: Leaving) -> None:
    from vaguemestre.records.models import Delivery

    leaving.submit(to=(OFFICE,))
    dying = leaving.post("dies")
    (load,) = dying.claim(100)
    dying.hand_over(load)
    leaving.now += 61
    leaving.turn(leaving.post("next"))
    assert states() == [(OFFICE, "sent")]
    assert Delivery.objects.count() == 1


def test_what_was_delivered_stays_so_where_another_took_the_claim(leaving: Leaving) -> None:
    from vaguemestre.pipeline.outgoing import Back

    leaving.submit()
    slow, quick = leaving.post("slow"), leaving.post("quick")
    (late,) = slow.claim(100)
    leaving.now += 61
    (again,) = quick.claim(100)
    slow.settle([Back(late, (report("delivered", code=250),))])
    assert states() == [(LABORATORY, "sent")]
    quick.settle([Back(again, (report("never", "rejected", 550),))])
    assert states() == [(LABORATORY, "sent")]
    assert notices() == []


def test_a_lost_claim_writes_no_failure(leaving: Leaving) -> None:
    from vaguemestre.pipeline.outgoing import Back

    leaving.submit()
    slow, quick = leaving.post("slow"), leaving.post("quick")
    (late,) = slow.claim(100)
    leaving.now += 61
    quick.claim(100)
    slow.settle([Back(late, (report("never", "rejected", 550),))])
    assert states() == [(LABORATORY, "waiting")]
    assert notices() == []


def test_a_claim_that_is_renewed_is_not_taken_over(leaving: Leaving) -> None:
    leaving.submit()
    post = leaving.post()
    post.claim(100)
    leaving.now += 40
    post.renew()
    leaving.now += 40
    assert leaving.post("other").claim(100) == []
    post.let_go()
    assert len(leaving.post("other").claim(100)) == 1


def test_a_person_returns_one_and_its_sender_is_told(leaving: Leaving) -> None:
    from vaguemestre.pipeline import outgoing

    leaving.submit()
    post = leaving.post()
    leaving.turn(post, report("later", "connect-failed"))
    assert post.give_back(recipient(), "account:1")
    assert states() == [(LABORATORY, "returned")]
    assert b"Action: failed" in notices()[0]
    assert not post.give_back(recipient(), "account:1"), "once"
    assert not outgoing.try_again(recipient(), "account:1", leaving.now)
    assert events().count("returned") == 1


def test_what_is_on_its_way_is_not_returned(leaving: Leaving) -> None:
    leaving.submit()
    leaving.post("busy").claim(100)
    assert not leaving.post().give_back(recipient(), "cli")
    assert (states(), notices()) == ([(LABORATORY, "waiting")], [])


def test_a_person_has_one_tried_at_once(leaving: Leaving) -> None:
    from vaguemestre.pipeline import outgoing

    leaving.submit()
    post = leaving.post()
    leaving.turn(post, report("later"))
    assert leaving.turn(post, report("delivered")) == 0
    assert outgoing.try_again(recipient(), "cli", leaving.now)
    assert leaving.turn(post, report("delivered")) == 1
    assert states() == [(LABORATORY, "sent")]


def test_a_damaged_original_still_has_its_sender_told(leaving: Leaving) -> None:
    from vaguemestre.records.models import Outgoing

    leaving.submit()
    post = leaving.post()
    (load,) = post.claim(100)
    leaving.vault.drop(Outgoing.objects.get().sha256)
    from vaguemestre.pipeline.outgoing import Back

    post.settle([Back(load, (report("never", "rejected", 550),))])
    (notice,) = notices()
    assert email.message_from_bytes(notice).get_content_type() == "multipart/report"


@pytest.mark.parametrize(("notify", "told"), [("SUCCESS", 1), ("SUCCESS,FAILURE", 1), ("FAILURE", 0), ("", 0), ("NEVER", 0)])
def test_a_delivery_through_the_pipeline_is_told_to_who_asked(leaving: Leaving, notify: str, told: int) -> None:
    """What a peer sends: its success notice leaves once the delivery is through (RFC 3461, 5.2.3), and only once."""
    from vaguemestre.domain.envelope import Notices
    from vaguemestre.inbound.store import Incoming
    from vaguemestre.pipeline import commit
    from vaguemestre.pipeline.worker import Worker
    from vaguemestre.records.models import Recipient
    from vaguemestre.vault.files import digest

    data = f"From: {LABORATORY}\r\nSubject: Confidentiel\r\nMessage-ID: <z@hopital.demo.example>\r\n\r\ntexte secret\r\n".encode()
    for sender in (LABORATORY, ""):
        asked = {DOCTOR: Notices(notify, "rfc822;Alias@cabinet.demo.example")}
        commit.receive(
            leaving.vault,
            [Incoming(digest(data), data, "<z@hopital.demo.example>", "smtp", sender, (DOCTOR,), leaving.at(), notices=asked, envid="E9")],
        )
    post = leaving.post()
    assert post.write_asked() == 0, "not before it is through"
    worker = Worker(leaving.configuration, leaving.vault, "w", leaving.clock)
    try:
        assert worker.once() == 2
    finally:
        worker.close()
    assert (post.write_asked(), post.write_asked()) == (told, 0)
    assert len(notices()) == told
    if told:
        (notice,) = notices()
        for line in (b"Action: delivered", b"Status: 2.1.5", b"Original-Envelope-Id: E9", b"Alias@cabinet.demo.example"):
            assert line in notice
        assert b"texte secret" not in notice
        own = Recipient.objects.get()
        assert (own.address, own.channel, own.notify) == (LABORATORY, "smtp", "NEVER")
