"""Exchange rates: one person proposes, another approves, and a slip of a digit is asked about."""

from datetime import timedelta
from fractions import Fraction

import pytest

from crowdfund.exchange_rates import queries, rules, service
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, InvalidFields
from crowdfund.kernel.fields import texts
from crowdfund.token_payments import queries as rates
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.service import NewRate
from tests import raising

TYPED = {
    "token": "cETB",
    "currency": "ETB",
    "rate": "1.05",
    "source": "https://nbe.example/rates",
    "reason": "The issuer has changed its terms.",
}


@pytest.fixture
def cast(app, frozen):
    """Fin and fred work in finance; one cETB is worth one birr."""
    made = {name: raising.person(name, "finance") for name in ("fin", "fred")}
    made["reg"] = raising.person("reg", "regulator")
    since = clock.now().replace(year=2020, microsecond=0)
    token_payments.add_rate(NewRate("cETB", "ETB", 1, 1, since, "By definition"), actor="cli")
    commit()
    yield made
    rollback()


def today():
    return clock.today("Africa/Addis_Ababa")


def propose(cast, actor="fin", **typed):
    rollback()
    made = service.propose(
        {**TYPED, "from_on": today().isoformat(), **typed}, actor=cast.get(actor, actor)
    )
    commit()
    return made


def approve(cast, request_id, actor="fred"):
    rollback()
    service.approve(request_id, actor=cast[actor])
    commit()


def rate_now():
    rollback()
    found = rates.rate_at("cETB", "ETB", clock.now())
    return Fraction(found.numerator, found.denominator)


def status(request_id):
    rollback()
    return queries.request(request_id).status


@pytest.mark.parametrize(
    ("typed", "rate"),
    [
        ("1", 1),
        ("155.25", Fraction(621, 4)),
        (" 0.000001 ", Fraction(1, 10**6)),
        ("1.10", Fraction(11, 10)),
    ],
)
def test_a_rate_is_an_exact_decimal_number(typed, rate):
    assert rules.parse_rate(typed) == rate


@pytest.mark.parametrize(
    "typed", ["", "0", "0.0", "-1", "1,5", "1.0000001", "1e3", "1/3", "x", None]
)
def test_anything_else_is_refused_with_an_example(typed):
    with pytest.raises(Invalid, match=r"155\.25"):
        rules.parse_rate(typed)


def test_a_rate_counts_only_once_a_second_person_has_approved_it(cast):
    request_id = propose(cast)
    assert rate_now() == 1
    with pytest.raises(Forbidden):
        approve(cast, request_id, "fin")
    approve(cast, request_id)
    assert (rate_now(), status(request_id)) == (Fraction(21, 20), "approved")
    rollback()
    found = rates.rate_at("cETB", "ETB", clock.now())
    assert (found.source, found.added_by) == (TYPED["source"], cast["fred"])
    assert queries.request(request_id).rate_id == found.id
    with pytest.raises(Conflict):
        approve(cast, request_id)


def test_a_rate_for_a_later_day_waits_for_it(cast, frozen):
    request_id = propose(cast, from_on=(today() + timedelta(days=2)).isoformat())
    approve(cast, request_id)
    assert rate_now() == 1
    frozen.advance(timedelta(days=2))
    assert rate_now() == Fraction(21, 20)


def test_a_rate_never_counts_for_the_past(cast, frozen):
    request_id = propose(cast)
    frozen.advance(timedelta(days=3))
    before = clock.now() - timedelta(seconds=1)
    approve(cast, request_id)
    rollback()
    assert rates.rate_at("cETB", "ETB", before).numerator == 1


def test_there_is_one_proposal_for_a_pair_and_a_day(cast):
    first = propose(cast)
    with pytest.raises(Conflict, match="for this day already"):
        propose(cast, "fred", rate="1.06")
    rollback()
    later = propose(cast, from_on=(today() + timedelta(days=1)).isoformat())
    assert later != first
    service.withdraw(first, actor=cast["fin"])
    commit()
    assert status(first) == "cancelled"
    propose(cast, "fred", rate="1.06")


@pytest.mark.parametrize("rate", ["1.11", "10.5", "0.89"])
def test_a_change_of_more_than_a_tenth_needs_a_look(cast, rate):
    with pytest.raises(Invalid, match="confirm that you have checked it") as refused:
        propose(cast, rate=rate)
    assert refused.value.field == "has_checked"
    rollback()
    assert queries.waiting()[0] == 0
    request_id = propose(cast, rate=rate, has_checked=True)
    rollback()
    assert queries.request(request_id).has_checked


@pytest.mark.parametrize("rate", ["1.1", "0.9"])
def test_a_tenth_itself_needs_none(cast, rate):
    assert status(propose(cast, rate=rate)) == "pending"


def test_a_slip_is_measured_against_the_rate_of_that_day(cast):
    day = today() + timedelta(days=5)
    approve(cast, propose(cast, rate="2", has_checked=True, from_on=day.isoformat()))
    after = (day + timedelta(days=1)).isoformat()
    assert status(propose(cast, rate="2.1", from_on=after)) == "pending"
    with pytest.raises(Invalid, match="applies on that day anyway"):
        propose(cast, rate="2", from_on=(day + timedelta(days=2)).isoformat())
    rollback()


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("token", "xyz"),
        ("currency", "EUR"),
        ("rate", "one"),
        ("source", ""),
        ("source", "x" * 201),
        ("reason", "short"),
        ("from_on", "yesterday"),
        ("from_on", "2020-01-01"),
        ("from_on", "2099-01-01"),
    ],
)
def test_what_is_not_complete_is_refused_and_nothing_is_stored(cast, field, typed):
    with pytest.raises(InvalidFields) as refused:
        propose(cast, **{field: typed})
    assert set(refused.value.errors) == {field}
    rollback()
    assert queries.waiting()[0] == 0


def test_a_refusal_needs_a_reason_and_changes_nothing(cast):
    request_id = propose(cast)
    with pytest.raises(Forbidden):
        service.refuse(request_id, "It is not what the bank says.", actor=cast["fin"])
    with pytest.raises(Invalid):
        service.refuse(request_id, "no", actor=cast["fred"])
    rollback()
    service.refuse(request_id, "It is not what the bank says.", actor=cast["fred"])
    commit()
    assert (status(request_id), rate_now()) == ("refused", 1)
    assert queries.history(request_id)[-1].reason == "It is not what the bank says."
    assert texts.LEAST_REASON == 10


def test_a_colleague_is_notified_that_a_rate_waits(cast):
    propose(cast)
    rollback()
    while sum(outbox.drain(queue) for queue in ("messages", "default")):
        pass
    assert "staff.rates" in raising.told(cast["fred"])


# --- the command ----------------------------------------------------------------------------------


def run(app, *args):
    rollback()
    return app.test_cli_runner().invoke(args=["fx", "add", *args, "--source", "Parity by terms"])


def test_the_command_adds_only_the_very_first_rate(app, frozen):
    done = run(app, "cETB", "ETB", "1", "--from", "2020-01-01")
    assert done.exit_code == 0, done.output
    assert rate_now() == 1
    rollback()
    listed = app.test_cli_runner().invoke(args=["fx", "list"])
    assert "1 cETB = 1 ETB (Parity by terms)" in listed.output
    again = run(app, "cETB", "ETB", "1", "--from", "2020-01-01")
    assert (again.exit_code, "applies already" in again.output) == (0, True)
    asked = run(app, "cETB", "ETB", "1.05")
    assert "has to approve it" in asked.output
    assert rate_now() == 1
    rollback()
    (row,) = queries.requests().rows
    assert (row.asked_by, row.status) == ("cli", "pending")
    large = run(app, "cETB", "ETB", "2")
    assert large.exit_code == 1
    rollback()
    service.approve(row.id, actor=raising.person("fin", "finance"))
    commit()
    assert rate_now() == Fraction(21, 20)


@pytest.mark.parametrize("words", [("0",), ("1/1",), ("1", "--from", "yesterday")])
def test_the_command_refuses_what_is_no_rate_or_no_day(app, frozen, words):
    assert run(app, "cETB", "ETB", *words).exit_code == 1
    rollback()
    assert rates.rates() == []


# --- the pages ------------------------------------------------------------------------------------


def test_two_people_of_finance_change_a_rate_on_the_pages(app, cast):
    fin, fred = (raising.sign_in(app.test_client(), cast[one]) for one in ("fin", "fred"))
    typed = {**TYPED, "rate": "1.5", "from_on": today().isoformat()}
    answer = fin.post("/staff/rates/new", data=typed)
    assert answer.status_code == 422
    assert "The rate on that day is 1, and this is a change of +50.0 %." in answer.text
    assert 'value="1.5"' in answer.text
    answer = fin.post("/staff/rates/new", data={**typed, "has_checked": "y"})
    assert answer.status_code == 303
    url = answer.location
    assert "You requested this" in fin.get(url).text
    assert "/approve" not in fin.get(url).text
    page = fred.get(url).text
    assert "1 cETB = 1.5 ETB" in page
    assert "This is a large change" in page
    assert "Payments with this token will stop" in page
    assert fin.post(f"{url}/approve").status_code == 403
    assert fred.post(f"{url}/approve").status_code == 303
    assert fred.post(f"{url}/approve").status_code == 409
    listed = fred.get("/staff/rates").text
    assert "Approved" in listed
    assert "nbe.example" in listed
    history = fred.get("/staff/rates/history").text
    assert "By definition" in history
    assert "Replaced" in history


def test_a_regulator_reads_and_cannot_propose(app, cast):
    request_id = propose(cast)
    reg = raising.sign_in(app.test_client(), cast["reg"])
    for url in ("/staff/rates", "/staff/rates/history", f"/staff/rates/{request_id}"):
        answer = reg.get(url)
        assert answer.status_code == 200
        assert 'action="/staff/rates' not in answer.text
    assert reg.get("/staff/rates/new").status_code == 403
    assert reg.post(f"/staff/rates/{request_id}/approve").status_code == 403


def test_lists_of_rates_and_proposals_are_pages(app, cast):
    for number in range(30):
        day = today() + timedelta(days=number)
        rate = "1.05" if number % 2 else "1.04"
        approve(cast, propose(cast, rate=rate, from_on=day.isoformat()))
    fin = raising.sign_in(app.test_client(), cast["fin"])
    for url in ("/staff/rates", "/staff/rates/history"):
        first = fin.get(url).text
        assert "Older" in first
