"""`flask clock` and the clock panel: forward, back, and clear refusals."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from crowdfund.kernel import clock, config
from crowdfund.kernel.audit.models import AuditEntry
from crowdfund.kernel.clock import SharedClock
from crowdfund.kernel.db import db, rollback
from crowdfund.local import clock_moves, rpc
from crowdfund.local.clock_moves import CannotMove
from crowdfund.local.clock_panel.pages import create_app

DAY = timedelta(days=1)


@pytest.fixture
def shared(app, tmp_path):
    clock.use(SharedClock(clock.file_in(tmp_path)))
    yield clock.shared()
    clock.use(None)


@pytest.fixture
def run(app, shared):
    """Run `flask clock …` and return its exit code and output."""

    def invoke(*args):
        done = app.test_cli_runner().invoke(args=["clock", *args])
        rollback()
        return done.exit_code, done.output

    return invoke


@pytest.fixture
def node(shared, monkeypatch):
    """What a local node was asked for, each with how far our clock was ahead at that moment."""
    asked = []

    def call(_url, method, *params):
        if method == "web3_clientVersion":
            return "anvil/v1.7.1"
        if method == "eth_blockNumber":
            return "0x10"
        asked.append((method, *params, shared.ahead()))
        return None

    monkeypatch.setattr(rpc, "call", call)
    config.use(config.settings().model_copy(update={"chain_rpc_url": "http://chain"}))
    return asked


def entries():
    rows = db.session.execute(sa.select(AuditEntry.__table__).order_by(AuditEntry.seq)).all()
    return [(row.actor, row.action, row.subject_kind) for row in rows]


def is_ahead(by):
    return abs(clock.now() - clock.real() - by) < timedelta(seconds=2)


# --- what is typed --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("2d", 2 * DAY),
        ("5h", timedelta(hours=5)),
        ("1d12h", 1.5 * DAY),
        ("90 s", timedelta(seconds=90)),
        ("1W", 7 * DAY),
        ("30m", timedelta(minutes=30)),
    ],
)
def test_an_amount_is_a_number_with_a_unit_or_several(text, meant):
    assert clock_moves.amount(text) == meant


@pytest.mark.parametrize("text", ["", "2", "d", "-2d", "2 years", "1.5d", "2d!", "२d", "1234567d"])
def test_anything_else_is_refused_with_an_example(text):
    with pytest.raises(CannotMove, match="such as 2d"):
        clock_moves.amount(text)


def test_a_date_begins_on_the_platforms_clock(app):
    assert clock_moves.moment("2027-01-01") == datetime(2026, 12, 31, 21, tzinfo=UTC)
    assert clock_moves.moment("2027-01-01 10:30") == datetime(2027, 1, 1, 7, 30, tzinfo=UTC)
    assert clock_moves.moment("2027-01-01T10:30Z") == datetime(2027, 1, 1, 10, 30, tzinfo=UTC)


@pytest.mark.parametrize("text", ["2027-13-01", "1 January", "0001-01-01", "tomorrow"])
def test_what_is_no_date_is_refused(app, text):
    with pytest.raises(CannotMove, match="is no date"):
        clock_moves.moment(text)


# --- flask clock ----------------------------------------------------------------------------------


def test_the_clock_goes_forward_by_an_amount_and_back_by_a_reset(run):
    assert "was not moved" in run("show")[1]
    code, said = run("advance", "2d")
    assert (code, "2 days, 0:00:0" in said) == (0, True)
    assert is_ahead(2 * DAY)
    assert run("advance", "1h")[0] == 0
    assert is_ahead(2 * DAY + timedelta(hours=1))
    assert "ahead of real time" in run("show")[1]
    assert run("reset")[0] == 0
    assert is_ahead(timedelta())


def test_the_clock_goes_to_a_date(run):
    year = clock.now().year + 1
    assert run("advance", "--to", f"{year}-01-01")[0] == 0
    assert clock.today(config.settings().time_zone).isoformat() == f"{year}-01-01"


@pytest.mark.parametrize(
    ("args", "reason"),
    [
        (("advance",), "Give an amount"),
        (("advance", "2d", "--to", "2030-01-01"), "Give an amount"),
        (("advance", "soon"), "is no amount of time"),
        (("advance", "0d"), "only goes forward"),
        (("advance", "--to", "2020-01-01"), "only goes forward"),
        (("advance", "--to", "2999-01-01"), "at most 20 years"),
        (("advance", "999999w"), "at most 20 years"),
    ],
)
def test_a_move_that_cannot_be_is_refused_with_a_sentence_and_changes_nothing(run, args, reason):
    code, said = run(*args)
    assert (code, reason in said) == (1, True)
    assert is_ahead(timedelta())
    assert entries() == []


@pytest.mark.parametrize("args", [("advance", "2d"), ("reset",)])
def test_production_refuses_and_says_why(run, args):
    live = config.settings().model_copy(update={"environment": "production"})
    config.use(live)
    code, said = run(*args)
    assert (code, "not moved in production" in said) == (1, True)
    assert is_ahead(timedelta())
    assert entries() == []


def test_each_move_is_in_the_audit_log(run):
    run("advance", "2d")
    run("reset")
    assert entries() == [("cli", "clock.advance", "clock"), ("cli", "clock.reset", "clock")]


# --- the chain ------------------------------------------------------------------------------------


def test_the_chain_is_never_behind_us_on_the_way_forward_and_back(run, node):
    run("advance", "2d")
    run("reset")
    begun, forth, _, back, _ = clock.real().timestamp(), *node
    assert [(method, ahead) for method, *_, ahead in node] == [
        ("evm_setTime", timedelta()),  # before we move
        ("evm_mine", timedelta()),
        ("evm_setTime", timedelta()),  # after we have moved back
        ("evm_mine", timedelta()),
    ]
    assert abs(forth[1] - begun - 2 * 86_400) < 10
    assert abs(back[1] - begun) < 10


def test_a_chain_that_cannot_be_moved_keeps_the_clock_where_it_is(run, node, monkeypatch):
    monkeypatch.setattr(rpc, "call", lambda *_: "Geth/v1.14")
    code, said = run("advance", "2d")
    assert (code, "not a local node" in said) == (1, True)

    def away(*_):
        raise rpc.RpcError("connection refused")

    monkeypatch.setattr(rpc, "call", away)
    code, said = run("advance", "2d")
    assert (code, "does not answer" in said) == (1, True)
    assert is_ahead(timedelta())
    assert entries() == []


# --- the panel ------------------------------------------------------------------------------------


@pytest.fixture
def panel(app, shared):
    return create_app(app).test_client()


def test_the_panel_shows_the_time_and_moves_it(panel, app):
    assert "This is real time" in panel.get("/now").text
    assert "To the next deadline" in panel.get("/").text
    for by, moved in (("1h", DAY / 24), ("5d", 5 * DAY + DAY / 24)):
        assert panel.post("/advance", data={"by": by}).headers["Location"] == "/"
        assert is_ahead(moved)
    assert "ahead. Real time" in panel.get("/now").text
    assert panel.post("/reset").status_code == 303
    assert is_ahead(timedelta())
    rollback()
    assert {actor for actor, *_ in entries()} == {"system"}


@pytest.mark.parametrize(
    ("typed", "reason"),
    [("soon", "no amount"), ("2020-01-01", "only goes forward"), ("deadline", "No live campaign")],
)
def test_the_panel_keeps_what_was_typed_and_says_what_is_wrong(panel, typed, reason):
    answer = panel.post("/advance", data={"by": typed})
    assert answer.status_code == 422
    assert reason in answer.text
    assert f'value="{typed}"' in answer.text


@pytest.mark.parametrize("path", ["/advance", "/reset"])
def test_the_page_of_another_site_cannot_move_the_clock(panel, path):
    answer = panel.post(path, data={"by": "1d"}, headers={"Sec-Fetch-Site": "cross-site"})
    assert answer.status_code == 403
    assert is_ahead(timedelta())
