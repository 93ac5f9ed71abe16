"""While another process holds SQLite's write lock, pages answer and nothing claims to be saved."""

import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import commit, db, engines, patience, transactions
from crowdfund.kernel.sessions import WebSession
from crowdfund.people import service
from tests import raising

HOLD = (
    "import sqlite3, sys\n"
    "connection = sqlite3.connect(sys.argv[1], isolation_level=None)\n"
    "connection.execute('BEGIN IMMEDIATE')\n"
    "print('held', flush=True)\n"
    "sys.stdin.read()\n"
)
QUICK_S = 2.0


@pytest.fixture(autouse=True)
def _short_patience(database_kind, monkeypatch):
    if database_kind != "sqlite":
        pytest.skip("only SQLite has one lock for all writers")
    monkeypatch.setattr(transactions, "REQUEST_PATIENCE_S", 0.2)


@contextmanager
def locked():
    """Hold the write lock in another process, as a long proof of the books did."""
    db.session.remove()
    path = str(db.engine.url.database)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLD, path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    try:
        assert holder.stdout.readline() == b"held\n"
        yield
    finally:
        holder.communicate(b"")


@pytest.fixture
def alice(probe):
    person = service.ensure_user("alice@example.com", "Alice")
    commit()
    raising.sign_in(probe, person)
    return person


def quickly(ask):
    began = time.monotonic()
    answer = ask()
    assert time.monotonic() - began < QUICK_S
    return answer


def test_public_pages_forms_and_health_answer(probe):
    with locked():
        for path in ("/", "/campaigns", "/sign-in", "/health/live"):
            answer = quickly(lambda path=path: probe.get(path, follow_redirects=True))
            assert answer.status_code == 200, path
        assert quickly(lambda: probe.get("/health")).json["database"] is True


def test_a_person_reads_on_although_the_time_of_the_last_use_cannot_be_stored(probe, alice, frozen):
    frozen.advance(timedelta(minutes=11))
    before = clock.now() - timedelta(minutes=11)
    with locked():
        assert quickly(lambda: probe.get("/account")).status_code == 200
        assert quickly(lambda: probe.get("/campaigns")).status_code == 200
    db.session.execute(sa.update(WebSession).values(seen_at=before))
    commit()
    probe.get("/account")
    db.session.remove()
    assert db.session.scalar(sa.select(WebSession.seen_at)) == clock.now()


def test_what_cannot_be_saved_is_503_in_a_short_time_and_nothing_is_saved(probe, alice):
    with locked():
        page = quickly(lambda: probe.post("/probe/keep/200"))
        program = quickly(
            lambda: probe.post("/probe/keep/200", headers={"Accept": "application/json"})
        )
    assert (page.status_code, program.status_code) == (503, 503)
    assert int(page.headers["Retry-After"]) > 0
    assert "Nothing was saved by this request" in page.text
    assert program.json["code"] == "database_busy"
    assert probe.post("/probe/keep/200").status_code == 200


def test_a_gateway_is_asked_to_send_its_webhook_again_in_a_short_time(probe):
    with locked():
        answer = quickly(lambda: probe.post("/webhooks/neo-payment/", data=b"{}"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "Send it again" in answer.json["error"]


def test_of_many_that_want_to_save_one_waits_for_long_and_threads_are_free_for_pages(
    app, probe_app, monkeypatch
):
    monkeypatch.setattr(transactions, "REQUEST_PATIENCE_S", 4.0)
    took = []

    def post():
        began = time.monotonic()
        with probe_app.app_context():
            probe_app.test_client().post("/probe/keep/200")
        took.append(time.monotonic() - began)

    with locked():
        threads = [threading.Thread(target=post) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(seconds > 3.5 for seconds in took) == 1


def test_nobody_is_told_to_be_signed_out_while_the_session_lives(probe, alice):
    with locked():
        assert quickly(lambda: probe.post("/sign-out")).status_code == 503
        assert quickly(lambda: probe.get("/account")).status_code == 200
    assert probe.post("/sign-out").status_code in (200, 303)
    assert probe.get("/account").status_code == 303


def test_a_worker_waits_and_does_its_work_when_the_lock_is_free(app, frozen, registers):
    done = []
    outbox.handler("test.note")(lambda rows: done.extend(row.key for row in rows))
    outbox.add("test.note", "a")
    commit()
    with locked(), patience(0.1):
        assert outbox.drain("default") == 0
        outbox.relay.sweep()
    assert done == []
    outbox.drain("default")
    row = db.session.execute(sa.select(outbox.outbox_table)).one()
    assert (done, row.state, row.failures) == (["a"], "done", 0)


def test_how_long_a_job_waits_is_not_changed_by_a_request_before_it(probe):
    probe.post("/probe/keep/200")
    with db.engine.begin() as connection:
        found = connection.exec_driver_sql("PRAGMA busy_timeout").scalar()
    assert found == 30_000


def test_the_lock_is_looked_for_often_enough_to_find_a_short_gap(app, monkeypatch):
    if db.engine.dialect.name != "sqlite":
        pytest.skip("other databases wait in a queue")
    pauses, sleep = [], time.sleep
    holder = db.engine.connect()
    holder.begin()

    def pause(seconds):
        if seconds != engines.LOOK_AGAIN_S:
            return sleep(seconds)  # of another thread
        pauses.append(seconds)
        if len(pauses) == 3:
            holder.close()
        return None

    monkeypatch.setattr(engines.time, "sleep", pause)
    with patience(2.0), db.engine.begin() as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 2_000
    assert pauses == [engines.LOOK_AGAIN_S] * 3
    assert engines.LOOK_AGAIN_S <= 0.002
