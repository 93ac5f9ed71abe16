"""What people see when the database is away, or undoes one of two: a sentence, and never a lie."""

import io
import threading

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from crowdfund import create_app
from crowdfund.kernel import clock, config, sessions
from crowdfund.kernel.db import Fault, commit, db, fault_of, insert_ignore, rollback
from crowdfund.kernel.outbox import Schedule
from crowdfund.kernel.retrying import Recorded
from crowdfund.people import queries
from tests.browser import Browser, lint
from tests.kernel import fault_pages as pages
from tests.kernel.striking import strike

HTMX = {"HX-Request": "true"}
JSON = {"Accept": "application/json"}


@pytest.fixture
def server_only(database_kind):
    if database_kind == "sqlite":
        pytest.skip("SQLite has no server, and one writer at a time")


@pytest.fixture(params=["postgresql", "mysql", "sqlite"])
def away(request, app, tmp_path):
    """A browser of somebody signed in, on an app whose database cannot be reached."""
    kept = config.settings()
    url = {
        "postgresql": "postgresql://nobody@127.0.0.1:1/none",
        "mysql": "mysql://nobody@127.0.0.1:1/none",
        "sqlite": f"sqlite:///{tmp_path}/no/such/folder.db",
    }[request.param]
    lost = create_app(kept.model_copy(update={"database_url": url}))
    lost.test_client_class = Browser
    lost.after_request(lint)
    with lost.app_context():
        browser = lost.test_client()
        browser.set_cookie("crowdfund", "x" * 43)
        yield browser
    config.use(kept)


@pytest.mark.parametrize("path", ["/", "/campaigns", "/sign-in", "/account", "/nowhere"])
def test_a_page_without_its_database_is_503_with_a_sentence_and_a_time(away, path):
    answer = away.get(path)
    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert "Our database does not answer" in answer.text
    assert "Nothing was saved" in answer.text
    assert "<html" in answer.text
    assert "cf-header" in answer.text  # in our look


def test_a_post_a_fragment_and_a_program_are_told_as_well(away):
    page = away.post("/sign-in", data={"identifier": "a@example.com"})
    fragment = away.post("/sign-in", data={"identifier": "a@example.com"}, headers=HTMX)
    problem = away.get("/campaigns", headers=JSON)
    assert [answer.status_code for answer in (page, fragment, problem)] == [503] * 3
    assert all(answer.headers["Retry-After"] for answer in (page, fragment, problem))
    assert "<html" not in fragment.text
    assert "Nothing was saved" in fragment.text
    assert problem.mimetype == "application/problem+json"
    assert problem.json["code"] == "database_lost"


def test_a_visitor_without_a_cookie_gets_no_form_that_cannot_be_sent(away):
    answer = alone(away.application, lambda browser: browser.get("/sign-in"))
    assert answer.status_code == 503
    assert "Our database does not answer" in answer.text


def test_style_and_health_need_no_database(away):
    assert away.get("/static/app.css").status_code == 200
    assert away.get("/health").status_code == 503
    assert away.get("/health").json["database"] is False


def test_an_error_of_ours_is_still_our_mistake(probe):
    answer = probe.post("/probe/late")  # the database refuses what we send
    assert answer.status_code == 500
    assert "Something went wrong on our side" in answer.text


def test_a_read_page_is_read_again_when_its_connection_was_lost(server_only, app, probe_app):
    with probe_app.app_context(), strike(2) as blow:
        assert alone(probe_app, lambda browser: browser.get("/probe/two-reads")).status_code == 200
    assert blow.hit == "SELECT 2"


def test_a_post_whose_connection_was_lost_is_not_sent_again_by_us(server_only, app, probe_app):
    with probe_app.app_context(), strike(2) as blow:
        answer = alone(probe_app, lambda browser: browser.post("/probe/keep/200"))
    assert blow.hit
    assert answer.status_code == 503
    assert "Nothing was saved" in answer.text
    rollback()
    assert queries.find_by_email("kept@example.com") is None


def test_a_post_whose_commit_was_not_answered_is_not_called_unsaved(server_only, app, probe_app):
    with probe_app.app_context(), strike(1, after_commit=True) as blow:
        answer = alone(probe_app, lambda browser: browser.post("/probe/keep/200"))
    assert blow.hit
    assert answer.status_code == 503
    assert "cannot tell whether it was saved" in answer.text
    rollback()
    assert queries.find_by_email("kept@example.com") is not None


def test_of_two_requests_that_lock_each_other_out_both_succeed(server_only, app, probe_app):
    insert_ignore(Schedule.__table__, [{"name": name, "next_at": clock.now()} for name in "ab"])
    commit()
    db.session.remove()
    pages.meeting.__init__()
    answers = []

    def send(path):
        answers.append(alone(probe_app, lambda browser: browser.post(path)).status_code)

    threads = [
        threading.Thread(target=send, args=(path,))
        for path in ("/probe/lock/a/b", "/probe/lock/b/a")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [201, 201]
    assert len(pages.meeting.runs) == 3  # one of the two ran twice
    rollback()
    assert queries.find_by_email("ab@example.com")
    assert queries.find_by_email("ba@example.com")


def form():
    return {"a": "1", "file": (io.BytesIO(b"long " * 200_000), "long.txt")}


def test_a_request_that_was_undone_runs_again_with_its_whole_body(server_only, app, probe_app):
    pages.seen.clear()
    answer = alone(probe_app, lambda browser: browser.post("/probe/undone/1", data=form()))
    assert answer.status_code == 200
    assert answer.json == {"form": {"a": "1"}, "files": {"file": "long " * 200_000}}
    assert pages.seen[0] == pages.seen[1]
    assert len(answer.headers.getlist("Set-Cookie")) == 1
    rollback()
    assert queries.find_by_email("again@example.com") is not None
    assert [row.data for row in db.session.scalars(sa.select(sessions.WebSession))] == [{"seen": 2}]


def test_a_request_that_is_undone_again_and_again_ends_with_a_sentence(server_only, app, probe_app):
    pages.seen.clear()
    answer = alone(probe_app, lambda browser: browser.post("/probe/undone/9", data=form()))
    assert (answer.status_code, len(pages.seen)) == (503, 2)
    assert "at the same moment" in answer.text
    rollback()
    assert queries.find_by_email("again@example.com") is None


def test_a_request_that_has_committed_something_apart_is_not_done_twice(
    server_only, app, probe_app
):
    pages.seen.clear()
    answer = alone(probe_app, lambda browser: browser.post("/probe/undone/1?apart=1", data=form()))
    assert (answer.status_code, len(pages.seen)) == (503, 1)


def test_a_recorded_body_is_read_again_from_its_first_byte_and_on_to_its_last():
    body = Recorded(io.BytesIO(b"0123456789"))
    assert (body.read(3), body.read(2)) == (b"012", b"34")
    body.rewind()
    assert (body.read(4), body.read(4), body.read(-1)) == (b"0123", b"4", b"56789")
    untouched = Recorded(io.BytesIO(b"all"))
    untouched.rewind()
    assert untouched.read() == b"all"


def test_the_first_admin_before_the_migrations_is_a_sentence_and_no_traceback(app, tmp_path):
    kept = config.settings()
    empty = create_app(kept.model_copy(update={"database_url": f"sqlite:///{tmp_path}/empty.db"}))
    found = []
    ask = empty.test_cli_runner().invoke
    # in a thread, because a command would use the context of the test around it
    command = threading.Thread(
        target=lambda: found.append(ask(args=["create-admin", "ada@example.com"]))
    )
    command.start()
    command.join()
    config.use(kept)
    (result,) = found
    assert (result.exit_code, "Traceback" in result.output) == (1, False)
    assert "flask db upgrade" in result.output


def test_too_many_tries_say_when_to_come_back(probe):
    answer = probe.post("/probe/keep/429")
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)


def test_what_is_no_fault_of_the_database_is_not_taken_for_one():
    assert fault_of(ValueError("connection is closed")) is None
    assert fault_of(ConnectionError("the bank")) is None
    assert fault_of(sa.exc.TimeoutError("the pool is empty")) is Fault.BUSY
    assert fault_of(sa.exc.PendingRollbackError("again")) is Fault.LOST


def alone(app, ask):
    """Ask in a thread without any context, as a server does:
    a request's second run starts from nothing."""
    app.config["WTF_CSRF_ENABLED"] = False
    found = []
    browser = FlaskClient(app, app.response_class, use_cookies=True)
    thread = threading.Thread(target=lambda: found.append(ask(browser)))
    thread.start()
    thread.join()
    return found[0]
