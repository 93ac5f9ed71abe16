"""Garbage at the address for webhooks: counted, bounded in storage, harmless to real webhooks."""

import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import audit, clock, config
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.payments import desk_queries
from crowdfund.payments.models import Inbox, WebhookRefusal
from crowdfund.payments.service import inbox, refusals

from .conftest import GATEWAY

URL = "/webhooks/neo-payment/"
STAFF = "f" * 32
_I, _R = Inbox.__table__, WebhookRefusal.__table__


@pytest.fixture
def post(client, world):
    def send(raw, headers, address="203.0.113.7", **environ):
        return client.post(
            URL, data=raw, headers=headers, environ_base={"REMOTE_ADDR": address} | environ
        )

    return send


def garbage(world, tx_id, number):
    return world.bank.webhook(tx_id, "SETTLED", key=3, nonce=f"garbage-{number:06}")


def kept():
    rollback()
    found = db.session.scalar(
        sa.select(sa.func.count()).select_from(_I).where(_I.c.state == "refused")
    )
    rollback()
    return found


def counted():
    rollback()
    found = {row.client: row.count for row in db.session.execute(sa.select(_R))}
    rollback()
    return found


# --- what is stored -------------------------------------------------------------------------------


def test_of_much_garbage_some_is_kept_and_all_is_counted(world, post, frozen):
    payment = world.start()
    answers = [post(*garbage(world, payment.tx_id, n)) for n in range(300)]
    assert [answer.status_code for answer in answers[:10]] == [401] * 10
    assert {answer.status_code for answer in answers[10:]} == {429}
    assert answers[-1].headers["Retry-After"] == "60"
    assert kept() == refusals.SAMPLES_A_MINUTE
    frozen.advance(timedelta(seconds=11))
    post(*garbage(world, payment.tx_id, 300))
    assert counted() == {"203.0.113.0/24": 301}


def test_garbage_beyond_the_budget_asks_the_database_nothing(world, post):
    payment = world.start()
    for number in range(refusals.SAMPLES_A_MINUTE + 1):
        post(*garbage(world, payment.tx_id, number))
    statements = []
    note = lambda *args: statements.append(args[2])  # noqa: E731
    sa.event.listen(db.engine, "before_cursor_execute", note)
    try:
        for number in range(100, 150):
            assert post(*garbage(world, payment.tx_id, number)).status_code == 429
    finally:
        sa.event.remove(db.engine, "before_cursor_execute", note)
    assert statements == []


def test_honest_webhooks_from_the_same_address_are_taken_all_the_while(world, post):
    payment = world.start()
    for number in range(60):
        post(*garbage(world, payment.tx_id, number))
        honest = post(*world.bank.webhook(payment.tx_id, "SUCCESS"))
        assert honest.status_code == 200
    rollback()
    states = [row.state for row in world.inbox()]
    assert states.count("received") == 60


def test_a_thousand_addresses_store_no_more_than_the_gateways_hour(world, post, frozen):
    payment = world.start()
    for number in range(400):
        post(*garbage(world, payment.tx_id, number), address=f"203.0.{number % 100}.{number % 250}")
    assert kept() == refusals.SAMPLES_AN_HOUR
    frozen.advance(timedelta(hours=1))
    post(*garbage(world, payment.tx_id, 999))
    assert kept() == refusals.SAMPLES_AN_HOUR + 1


def test_only_so_many_addresses_are_told_apart_in_memory(frozen):
    counts = refusals.Refusals()
    for number in range(3 * refusals.CLIENTS):
        counts.note(GATEWAY, f"client-{number}", "")
    assert len(counts._of_client) == refusals.CLIENTS + 1


def test_counts_are_of_a_full_hour_and_wait_ten_seconds_to_be_written(frozen):
    counting = refusals.Refusals()
    frozen.advance(timedelta(microseconds=7))
    now = clock.now()
    counting.note("bill_bitts", "10.0.0.1", "10.0.0.0/24")
    [(_gateway, _network, hour)] = counting.to_write()
    assert hour == now.replace(minute=0, second=0, microsecond=0)
    counting.note("bill_bitts", "10.0.0.1", "10.0.0.0/24")
    frozen.advance(refusals.WRITE_EVERY - timedelta(microseconds=1))
    assert counting.to_write() == {}
    frozen.advance(timedelta(microseconds=1))
    assert sum(counting.to_write().values()) == 1


def test_a_new_minute_gives_a_client_new_samples(world, post, frozen):
    payment = world.start()
    for number in range(20):
        post(*garbage(world, payment.tx_id, number))
    frozen.advance(timedelta(minutes=1))
    assert post(*garbage(world, payment.tx_id, 20)).status_code == 401
    assert kept() == refusals.SAMPLES_A_MINUTE + 1


def test_signed_but_malformed_webhooks_are_kept_whatever_garbage_comes_beside(world, post):
    payment = world.start()
    for number in range(30):
        post(*garbage(world, payment.tx_id, number))
        assert post(*world.bank.sign(b'{"status": %d}' % number)).status_code == 400
    rollback()
    names = [row.event_id.split(":")[0] for row in world.inbox()]
    assert names.count("malformed") == 30


def test_behind_a_proxy_each_sender_has_its_own_budget(world, client, monkeypatch):
    door = client.application.wsgi_app
    monkeypatch.setattr(door, "_hops", 1)
    payment = world.start()
    for number in range(30):
        raw, headers = garbage(world, payment.tx_id, number)
        via = {"X-Forwarded-For": f"198.51.100.1, 203.0.{number % 3}.9"}
        client.post(URL, data=raw, headers=headers | via)
    assert kept() == 3 * refusals.SAMPLES_A_MINUTE
    assert config.settings().proxy_count == 0


class _Unread(io.BytesIO):
    def read(self, *_):
        raise AssertionError("the body was read")


def test_a_body_that_is_too_large_is_refused_before_a_byte_of_it_is_read(world, client):
    environ = {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": URL,
        "CONTENT_LENGTH": str(64 * 1024 + 1),
        "wsgi.input": _Unread(),
        "REMOTE_ADDR": "203.0.113.7",
    }
    answered = []
    client.application.wsgi_app(environ, lambda status, headers: answered.append(status))
    assert answered == ["413 Content Too Large"]


# --- the purge ------------------------------------------------------------------------------------


def fill(number, *, mark="refused:", days=0):
    at = clock.now() - timedelta(days=days)
    rows = [
        {
            "id": new_id(),
            "provider": GATEWAY,
            "event_id": f"{mark}{days}-{n}",
            "raw": b"x",
            "headers": {},
            "received_at": at,
            "state": "refused",
            "attempts": 1,
        }
        for n in range(number)
    ]
    db.session.execute(sa.insert(_I), rows)
    commit()


def test_the_purge_keeps_the_newest_samples_and_every_signed_one(world, monkeypatch):
    monkeypatch.setattr(refusals, "MOST_SAMPLES", 100)
    fill(50, mark="malformed:", days=40)
    fill(30, days=40)
    fill(2_500)
    assert refusals.purge() == 2_430
    commit()
    assert kept() == 150
    assert refusals.purge() == 0
    rollback()


def test_one_run_of_the_purge_removes_more_than_a_minute_can_bring(world, monkeypatch):
    monkeypatch.setattr(refusals, "MOST_SAMPLES", 10)
    fill(3_000)
    world.work()
    from crowdfund.kernel import outbox

    rollback()
    outbox.tick()
    world.work()
    assert kept() == 10
    assert refusals.SAMPLES_AN_HOUR / 60 < 10_000


def test_old_counts_go_as_well(world):
    for days in (1, 91):
        hour = clock.now() - timedelta(days=days)
        row = {
            "gateway": GATEWAY,
            "client": "203.0.113.0/24",
            "hour": hour,
            "count": 5,
            "last_at": hour,
        }
        db.session.execute(sa.insert(_R), [row])
    commit()
    refusals.purge()
    commit()
    assert counted() == {"203.0.113.0/24": 5}
    rollback()


# --- processing all again -------------------------------------------------------------------------


def die(world, frozen, number):
    payments = [world.start(key=f"order-{n}") for n in range(number)]
    for payment in payments:
        world.tell(payment.tx_id, "SUCCESS")
    for _ in range(16):
        world.work()
        frozen.advance(timedelta(hours=1))
    return payments


def test_one_click_processes_parked_and_dead_webhooks_again(world, bank, frozen, sign_in):
    payments = die(world, frozen, 5)
    stranger = bank.open_payment("CPRN-AAAAAAAA", 7_000)
    world.tell(stranger, "SUCCESS")
    for payment in payments:
        bank.set_truth(payment.tx_id, "SUCCESS")
    client = sign_in("fin", "finance")
    page = client.get("/staff/webhooks").text
    assert "Process all 6 waiting webhooks again" in page
    assert "No customer of ours has this number (yet)." in page
    answer = client.post("/staff/webhooks/replay-all")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/staff/webhooks")
    assert "6 webhooks are being processed again." in client.get("/staff/webhooks").text
    world.work()
    assert {world.status(payment.id) for payment in payments} == {"succeeded"}


def test_who_processed_all_again_is_recorded(world, frozen, sign_in):
    die(world, frozen, 1)
    sign_in("fin", "finance").post("/staff/webhooks/replay-all")
    rollback()
    table = audit.models.AuditEntry.__table__
    actions = db.session.scalars(sa.select(table.c.action)).all()
    assert "payments.replay_all" in actions
    rollback()


def test_processing_all_again_twice_does_not_double_the_tries(world, bank, frozen):
    payment = world.start()
    world.tell(payment.tx_id, "SUCCESS")
    world.work()
    for _ in range(3):
        assert inbox.replay_all(actor=STAFF) == 1
        commit()
        world.work()
    bank.calls.clear()
    for _ in range(20):
        frozen.advance(timedelta(seconds=1))
        world.work()
    assert len(bank.calls) <= 6, "one chain of growing waits, however often it was begun anew"


def test_without_anything_waiting_the_page_offers_no_button_and_says_so(world, sign_in):
    client = sign_in("fin", "finance")
    assert "replay-all" not in client.get("/staff/webhooks").text
    client.post("/staff/webhooks/replay-all")
    assert "No webhook was waiting" in client.get("/staff/webhooks").text


def test_a_regulator_sees_the_refused_but_may_process_nothing(world, post, sign_in):
    payment = world.start()
    post(*garbage(world, payment.tx_id, 1))
    world.tell(payment.tx_id, "SUCCESS")
    world.work()
    client = sign_in("reg", "regulator")
    page = client.get("/staff/webhooks").text
    assert "203.0.113.0/24" in page
    assert "replay-all" not in page
    assert client.post("/staff/webhooks/replay-all").status_code == 403
    assert (
        world.read(lambda: desk_queries.refused_since(clock.now() - timedelta(days=1)))[0].count
        == 1
    )
