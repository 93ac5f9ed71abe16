"""One offset for all processes of an installation, and what it leaves in real time."""

import secrets
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from crowdfund import create_app
from crowdfund.kernel import clock, config, outbox, sessions
from crowdfund.kernel.clock import SharedClock
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.outbox.models import Schedule, outbox_table
from crowdfund.security.service import second_factor
from tests import raising
from tests.security.factors import SECRET, rules

DAY = timedelta(days=1)


@pytest.fixture
def shared(tmp_path):
    """The clock of an installation, which this process follows."""
    clock.use(SharedClock(clock.file_in(tmp_path)))
    yield clock.shared()
    clock.use(None)


def is_about(moment, other):
    return abs(moment - other) < timedelta(seconds=10)


# --- the clock itself -----------------------------------------------------------------------------


def test_a_move_in_one_process_is_followed_by_the_others_within_half_a_second(shared, tmp_path):
    others = SharedClock(clock.file_in(tmp_path))
    assert is_about(others.now(), clock.real())
    shared.move(2 * DAY)
    assert is_about(clock.now(), clock.real() + 2 * DAY)
    others._look_at -= clock.LOOK_EVERY_S  # as if that time had gone by
    assert clock.LOOK_EVERY_S <= 0.5
    assert is_about(others.now(), clock.real() + 2 * DAY)
    shared.move(timedelta())
    assert is_about(clock.now(), datetime.now(UTC))


def test_the_clock_is_read_once_in_a_while_and_not_at_each_question(shared):
    clock.now()
    looked = shared._look_at
    for _ in range(100):
        clock.now()
    assert shared._look_at - looked <= clock.LOOK_EVERY_S + 1


@pytest.mark.parametrize("text", ["", "soon", "-5", "1e9", "9" * 30])
def test_a_file_that_holds_no_offset_leaves_the_clock_in_real_time(shared, tmp_path, text):
    clock.file_in(tmp_path).write_text(text)
    assert SharedClock(clock.file_in(tmp_path)).ahead() == timedelta()


def test_a_clock_that_stands_still_is_not_replaced_by_the_shared_one(frozen, tmp_path):
    clock.follow(tmp_path)
    assert clock.shared() is None
    assert clock.now() == clock.real()


def test_production_follows_no_moved_clock(tmp_path):
    clock.use(None)
    clock.file_in(tmp_path).write_text("864000")
    live = config.Settings(
        _env_file=None,
        environment="production",
        secret_key=secrets.token_hex(32),
        public_url="https://crowdfund.com",
        database_url="sqlite://",
        CROWDFUND_DATA_DIR=tmp_path,
    )
    before = config._override
    try:
        create_app(live)
        assert clock.shared() is None
        assert is_about(clock.now(), datetime.now(UTC))
    finally:
        config.use(before)


@pytest.mark.parametrize(
    ("since_s", "is_past"), [(-600, True), (-599, False), (0, False), (60, False), (61, True)]
)
def test_a_wait_is_over_when_its_time_has_passed_or_it_began_in_the_future(since_s, is_past):
    at = datetime(2026, 6, 15, tzinfo=UTC)
    assert clock.is_past(at + timedelta(seconds=since_s), timedelta(minutes=10), at) == is_past


# --- what stays in real time ----------------------------------------------------------------------


def test_a_jump_takes_no_work_from_the_worker_that_holds_it(app, shared):
    table = outbox_table
    outbox.add("outbox.purge", "held")
    commit()
    held = {"leased_by": "worker", "leased_until": clock.real() + outbox.LEASE}
    db.session.execute(sa.update(table).where(table.c.key == "held").values(**held))
    commit()
    shared.move(60 * DAY)
    assert outbox.due_queues() == []
    shared.move(timedelta())
    assert outbox.due_queues() == []


def test_who_moves_the_clock_stays_signed_in_but_proves_the_second_factor_again(app, shared):
    carla = raising.person("carla", "compliance")
    browser = raising.sign_in(app.test_client(), carla)
    assert browser.get("/staff/people").status_code == 200
    shared.move(40 * DAY)
    answer = browser.get("/staff/people")
    assert answer.headers["Location"].startswith("/sign-in/second-factor")
    assert browser.get("/account/security").status_code == 200
    assert [one.id for one in sessions.of_person(carla)] != []


def test_the_codes_of_a_phone_count_real_time(app, shared):
    alice = raising.person("alice")
    second_factor.keep_app(alice, SECRET)
    commit()
    shared.move(40 * DAY)
    second_factor.prove_app(alice, rules.code_at(SECRET, rules.step_of(clock.real())))
    commit()
    shared.move(timedelta())  # and the next code works after the clock went back
    second_factor.prove_app(alice, rules.code_at(SECRET, rules.step_of(clock.real()) + 1))


# --- what goes on ---------------------------------------------------------------------------------


def test_duties_go_on_after_the_clock_went_back(app, shared):
    shared.move(60 * DAY)
    outbox.tick()
    outbox.drain_all()
    outbox.add("outbox.purge", "made in the future")
    commit()
    shared.move(timedelta())
    outbox.tick()
    rollback()
    late = sa.select(sa.func.count()).select_from(Schedule)
    late = late.where(Schedule.next_at > clock.now() + 2 * DAY)
    assert db.session.scalar(late) == 0
    due = sa.select(outbox_table.c.not_before).where(outbox_table.c.key == "made in the future")
    assert db.session.scalar(due) <= clock.now()


# --- pages ----------------------------------------------------------------------------------------


NOTICE = "The clock of this installation is moved: it is "


def test_pages_say_that_the_clock_is_moved_only_while_it_is(client, shared):
    paths = ("/campaigns", "/sign-in", "/about", "/terms")
    for path in paths:
        assert NOTICE not in client.get(path).text
    shared.move(60 * DAY)
    for path in (*paths, "/nothing-here"):
        assert NOTICE in client.get(path).text
    shared.move(timedelta())
    for path in paths:
        assert NOTICE not in client.get(path).text
