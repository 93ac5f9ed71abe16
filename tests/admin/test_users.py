"""User management: two admins for roles, accounts close at once, nobody is locked out."""

import itertools
from datetime import timedelta

import pytest
import sqlalchemy as sa

from crowdfund.admin import queries
from crowdfund.admin import service as users
from crowdfund.admin.rules import LastAdmin, NotOneself
from crowdfund.api_tokens import service
from crowdfund.kernel import audit, exports, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from crowdfund.kernel.sessions import WebSession
from crowdfund.notifications.models import Notice
from crowdfund.people import queries as people_queries
from crowdfund.people import service as people_service
from crowdfund.security import queries as security_queries
from crowdfund.security.service import second_factor
from tests import raising
from tests.raising import refused
from tests.together import at_once

WHY = "She moved to the finance team."


@pytest.fixture
def cast(app, frozen):
    """Two admins, somebody of finance, somebody without a role."""
    roles = {"ada": ("admin",), "ben": ("admin",), "fay": ("finance",), "alice": ()}
    return {name: raising.person(name, *held) for name, held in roles.items()}


def ask(cast, who="alice", kind="give_role", role="finance", by="ada"):
    request_id = users.ask(cast[who], kind, role=role, reason=WHY, actor=cast[by])
    commit()
    return request_id


def confirm(cast, request_id, by="ben"):
    users.confirm(request_id, actor=cast[by])
    commit()


def roles(cast, who):
    rollback()
    return queries.roles_of(cast[who])


def told(cast, who):
    rollback()
    outbox.drain_all()
    query = sa.select(Notice.kind).where(Notice.person_id == cast[who]).order_by(Notice.created_at)
    return list(db.session.scalars(query))


# --- roles by four eyes ---------------------------------------------------------------------------


def test_a_role_that_one_admin_asks_for_is_given_when_another_confirms(cast):
    request_id = ask(cast)
    assert roles(cast, "alice") == []
    confirm(cast, request_id)
    assert roles(cast, "alice") == ["finance"]
    assert queries.staff_request(request_id).decided_by == cast["ben"]
    assert [event.to_status for event in queries.staff_request_history(request_id)] == [
        "pending",
        "approved",
    ]
    assert "security.roles_changed" in told(cast, "alice")
    assert "staff.requests" in told(cast, "ben")


def test_a_role_is_taken_in_the_same_way(cast):
    confirm(cast, ask(cast, "fay", "take_role"))
    assert roles(cast, "fay") == []
    assert "no role:finance" in [
        event.to_status for event in people_queries.kyc_history(cast["fay"])
    ]


def test_nobody_confirms_what_one_asked_for(cast):
    request_id = ask(cast)
    with refused(NotOneself):
        users.confirm(request_id, actor=cast["ada"])
    assert roles(cast, "alice") == []


def test_nobody_asks_or_confirms_for_oneself(cast):
    with refused(NotOneself):
        users.ask(cast["ada"], "give_role", role="finance", reason=WHY, actor=cast["ada"])
    request_id = ask(cast, "ben", role="finance")
    with refused(NotOneself):
        users.confirm(request_id, actor=cast["ben"])
    assert roles(cast, "ben") == ["admin"]


@pytest.mark.parametrize("actor", ["fay", "alice"])
@pytest.mark.parametrize("verb", ["ask", "confirm", "disable", "enable", "sign_out_everywhere"])
def test_only_admins_manage_users(cast, actor, verb):
    request_id = ask(cast)
    target = raising.person("victim")
    asked = {"kind": "give_role", "role": "admin"} if verb == "ask" else {}
    arguments = {} if verb == "confirm" else {"reason": WHY, **asked}
    with refused(Forbidden):
        getattr(users, verb)(
            request_id if verb == "confirm" else target, actor=cast[actor], **arguments
        )


def test_the_last_admin_stays(cast):
    confirm_by = raising.person("cleo", "admin")
    for leaving in ("ben", "ada"):
        request_id = users.ask(
            cast[leaving], "take_role", role="admin", reason=WHY, actor=confirm_by
        )
        commit()
        other = cast["ada"] if leaving == "ben" else confirm_by
        if leaving == "ben":
            users.confirm(request_id, actor=other)
            commit()
    assert people_queries.staff_with("admin") == sorted([cast["ada"], confirm_by])
    with refused(NotOneself):  # one asked, the other leaves: a third is needed
        users.confirm(request_id, actor=cast["ada"])


def test_a_closed_account_does_not_count_as_an_admin(cast):
    users.disable(cast["ben"], actor=cast["ada"], reason=WHY)
    commit()
    third = raising.person("cleo", "admin")
    request_id = users.ask(cast["ada"], "take_role", role="admin", reason=WHY, actor=third)
    commit()
    with refused(Forbidden):
        users.confirm(request_id, actor=cast["ben"])
    users.disable(cast["ada"], actor=third, reason=WHY)
    commit()
    with refused(Forbidden):
        users.disable(third, actor=cast["ada"], reason=WHY)
    with refused(LastAdmin):
        users.rules.check_not_last([third], third)


def test_two_admins_who_close_each_other_at_once_leave_one(cast, app):
    pairs = [("ada", "ben"), ("ben", "ada")]
    outcomes = at_once(
        app,
        [
            lambda by=by, who=who: users.disable(cast[who], actor=cast[by], reason=WHY)
            for by, who in pairs
        ],
    )
    assert sorted(type(one).__name__ for one in outcomes) == ["Forbidden", "NoneType"]


def test_two_who_confirm_at_once_do_it_once(cast, app):
    request_id, third = ask(cast), raising.person("cleo", "admin")
    works = [lambda by=by: users.confirm(request_id, actor=by) for by in (cast["ben"], third)]
    assert sorted(type(one).__name__ for one in at_once(app, works)) == ["Conflict", "NoneType"]
    assert roles(cast, "alice") == ["finance"]


def test_the_same_thing_is_asked_for_once(cast):
    first = ask(cast)
    with refused(Conflict):
        ask(cast, by="ben")
    users.withdraw(first, actor=cast["ada"])
    commit()
    assert ask(cast, by="ben") != first


@pytest.mark.parametrize(
    ("who", "kind", "role", "error"),
    [
        ("fay", "give_role", "finance", Conflict),
        ("fay", "take_role", "compliance", Conflict),
        ("fay", "give_role", "owner", Invalid),
        ("fay", "crown", "admin", Invalid),
    ],
)
def test_what_makes_no_sense_is_not_asked_for(cast, who, kind, role, error):
    with refused(error):
        ask(cast, who, kind, role)


@pytest.mark.parametrize("reason", ["", "  ", "no", None, "x" * 501, "a\0bcdefg"])
def test_nothing_is_done_without_a_reason_that_says_something(cast, reason):
    with refused(Invalid):
        users.ask(cast["alice"], "give_role", role="finance", reason=reason, actor=cast["ada"])
    with refused(Invalid):
        users.disable(cast["alice"], actor=cast["ada"], reason=reason)


def test_a_request_is_refused_by_another_and_taken_back_only_by_whoever_asked(cast):
    request_id = ask(cast)
    with refused(Forbidden):
        users.withdraw(request_id, actor=cast["ben"])
    users.refuse(request_id, actor=cast["ben"], reason="Finance is full.")
    commit()
    assert queries.staff_request(request_id).status == "refused"
    with refused(Conflict):
        users.confirm(request_id, actor=cast["ben"])
    assert roles(cast, "alice") == []


def test_after_seven_days_a_request_has_lapsed(cast, frozen):
    request_id = ask(cast)
    frozen.advance(timedelta(days=7, seconds=1))
    with refused(Conflict):
        users.confirm(request_id, actor=cast["ben"])
    users.lapse()
    commit()
    assert queries.staff_request(request_id).status == "expired"
    assert ask(cast) != request_id


def test_a_role_is_not_given_to_a_closed_account(cast):
    request_id = ask(cast)
    users.disable(cast["alice"], actor=cast["ada"], reason=WHY)
    commit()
    with refused(Conflict):
        users.confirm(request_id, actor=cast["ben"])
    assert roles(cast, "alice") == []


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE staff_request SET status = 'approved', decided_by = asked_by",
        "UPDATE staff_request SET decided_by = person_id",
        "UPDATE staff_request SET asked_by = person_id",
    ],
)
def test_the_database_itself_wants_four_eyes(cast, change):
    ask(cast)
    with pytest.raises(sa.exc.DBAPIError, match="ck_staff_request"):
        db.session.execute(sa.text(change))
    rollback()


# --- second factors -------------------------------------------------------------------------------


def test_a_second_factor_is_reset_by_four_eyes_and_the_person_is_told(cast, app):
    second_factor.keep_app(cast["fay"], "JBSWY3DPEHPK3PXP")
    commit()
    raising.browser(app, cast["fay"])
    request_id = ask(cast, "fay", "reset_factor", "")
    assert security_queries.factors(cast["fay"])
    confirm(cast, request_id)
    assert not security_queries.factors(cast["fay"])
    assert queries.open_sessions(cast["fay"])[0] == 0
    assert "security.second_factor_reset" in told(cast, "fay")


# --- closing and opening accounts -----------------------------------------------------------------


def test_closing_an_account_ends_every_session_at_once_and_tells_the_person(cast, app):
    browsers = [raising.browser(app, cast["alice"]) for _ in range(3)]
    token = service.issue(cast["alice"])
    commit()
    assert [one.get("/account").status_code for one in browsers] == [200] * 3
    rollback()
    users.disable(cast["alice"], actor=cast["ada"], reason=WHY)
    commit()
    assert [one.get("/account").status_code for one in browsers] == [303] * 3
    assert (
        db.session.scalar(sa.select(sa.func.count()).where(WebSession.user_id == cast["alice"]))
        == 0
    )
    with refused(Exception):
        service.authenticate(token.access)
    assert "security.account_disabled" in told(cast, "alice")
    with refused(Conflict):
        users.disable(cast["alice"], actor=cast["ada"], reason=WHY)


def test_an_account_opens_again_with_all_that_it_had(cast, app):
    users.disable(cast["fay"], actor=cast["ada"], reason=WHY)
    commit()
    users.enable(cast["fay"], actor=cast["ben"], reason="It was a mistake.")
    commit()
    assert raising.browser(app, cast["fay"]).get("/account").status_code == 200
    assert roles(cast, "fay") == ["finance"]
    assert "security.account_enabled" in told(cast, "fay")
    with refused(Conflict):
        users.enable(cast["fay"], actor=cast["ada"], reason=WHY)


def test_nobody_closes_the_own_account(cast):
    with refused(NotOneself):
        users.disable(cast["ada"], actor=cast["ada"], reason=WHY)


def test_signing_somebody_out_everywhere_leaves_the_account_open(cast, app):
    browser = raising.browser(app, cast["alice"])
    assert users.sign_out_everywhere(cast["alice"], actor=cast["ada"], reason=WHY) == 1
    commit()
    assert browser.get("/account").status_code == 303
    assert raising.browser(app, cast["alice"]).get("/account").status_code == 200


def test_somebody_who_does_not_exist_is_not_managed(cast):
    for verb in (users.disable, users.enable, users.sign_out_everywhere):
        with refused(NotFound):
            verb("f" * 32, actor=cast["ada"], reason=WHY)


# --- pages ----------------------------------------------------------------------------------------


@pytest.fixture
def ada(app, cast):
    return raising.browser(app, cast["ada"])


@pytest.fixture
def ben(app, cast):
    return raising.browser(app, cast["ben"])


@pytest.fixture
def rita(app, cast):
    return raising.browser(app, raising.person("rita", "regulator"))


def test_one_admin_asks_and_another_confirms_on_pages_and_both_stand_in_the_audit_log(
    cast, ada, ben
):
    form = {"kind": "give_role", "role": "finance", "reason": WHY}
    assert ada.post(f"/staff/users/{cast['alice']}/ask", data=form).status_code == 303
    (request,) = queries.staff_requests().rows
    assert "Assign role: Finance" in ben.get("/staff/requests").text
    assert "Approve and carry out" not in ada.get(f"/staff/requests/{request.id}").text
    assert "Approve and carry out" in ben.get(f"/staff/requests/{request.id}").text
    assert ada.post(f"/staff/requests/{request.id}/confirm").status_code == 403
    assert ben.post(f"/staff/requests/{request.id}/confirm").status_code == 303
    assert roles(cast, "alice") == ["finance"]
    said = [(row.actor, row.action, row.outcome) for row in audit.about("person", cast["alice"])]
    assert said == [
        (cast["ben"], "admin.confirm", "done"),
        (cast["ada"], "admin.confirm", "denied"),
        (cast["ada"], "admin.ask", "done"),
    ]
    assert audit.about("person", cast["alice"])[2].detail == form
    assert audit.problems() == []


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        ("ask", {"reason": WHY}, "Choose what should be done."),
        ("ask", {"kind": "give_role", "reason": WHY}, "Choose a role."),
        ("ask", {"kind": "give_role", "role": "finance"}, "Give a reason"),
        ("disable", {"reason": "no"}, "Give a reason"),
        ("sign-out", {}, "Give a reason"),
    ],
)
def test_a_form_that_lacks_something_comes_back_with_what_to_do(cast, ada, path, form, words):
    answer = ada.post(f"/staff/users/{cast['alice']}/{path}", data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert queries.staff_requests().rows == []
    assert audit.about("person", cast["alice"]) == []


def test_an_admin_closes_and_opens_an_account_on_the_page(cast, ada):
    address = f"/staff/users/{cast['alice']}"
    assert ada.post(f"{address}/disable", data={"reason": WHY}).status_code == 303
    page = ada.get(address).text
    assert 'data-status="closed"' in page
    assert "Reopen the account" in page
    assert ada.post(f"{address}/enable", data={"reason": "It was a mistake."}).status_code == 303
    assert people_queries.get(cast["alice"]).disabled_at is None


def test_a_request_is_refused_and_taken_back_on_the_page(cast, ada, ben):
    first = ask(cast)
    assert ben.post(f"/staff/requests/{first}/refuse", data={}).status_code == 422
    assert (
        ben.post(f"/staff/requests/{first}/refuse", data={"reason": "Not this year."}).status_code
        == 303
    )
    assert "Not this year." in ada.get(f"/staff/requests/{first}").text
    second = ask(cast)
    assert ben.post(f"/staff/requests/{second}/withdraw").status_code == 403
    assert ada.post(f"/staff/requests/{second}/withdraw").status_code == 303
    shown = ada.get("/staff/requests?status=all").text
    assert "Refused" in shown
    assert "Cancelled" in shown


def test_the_page_of_a_person_shows_ways_in_masked_and_nothing_secret(cast, ada, app):
    raising.browser(app, cast["alice"])
    page = ada.get(f"/staff/users/{cast['alice']}").text
    assert "a•••@example.com" in page
    assert "1 browser" in page
    own = ada.get(f"/staff/users/{cast['ada']}").text
    assert "This is you" in own
    assert "Close the account" not in own


def test_closing_an_account_asks_once_more_who_and_why_and_says_what_follows(cast, ada):
    address = f"/staff/users/{cast['alice']}"
    page = ada.get(address).text
    closing = page[page.index('<details class="cf-confirm mt-3" id="close">') :]
    closing = closing[: closing.index("</details>")]
    assert "Close the account of Alice" in closing
    assert "Its money and history stay." in closing
    assert "Yes, close the account" in closing
    # Nothing outside the step closes the account.
    assert page.count(f"{address}/disable") == closing.count(f"{address}/disable") == 1
    refused = ada.post(f"{address}/disable", data={"reason": "no"})
    assert refused.status_code == 422
    assert 'id="close" open>' in refused.text
    assert 'href="#reason-close"' in refused.text
    assert ada.post(f"{address}/disable", data={"reason": WHY}).status_code == 303
    assert 'id="close"' not in ada.get(address).text


def test_users_are_found_by_name_role_and_state(cast, ada):
    users.disable(cast["alice"], actor=cast["ada"], reason=WHY)
    commit()

    def found(query):
        page = ada.get(f"/staff/users?{query}").text
        return {name for name, person_id in cast.items() if f"/staff/users/{person_id}" in page}

    assert found("") == set(cast)
    assert found("q=FAY") == {"fay"}
    assert found("q=alice@example") == {"alice"}
    assert found(f"q={cast['ben']}") == {"ben"}
    assert found("role=admin") == {"ada", "ben"}
    assert found("role=staff") == {"ada", "ben", "fay"}
    assert found("state=closed") == {"alice"}
    assert found("q=nobody") == set()
    assert found("q=%25") == set(), "a percent sign is no wildcard"
    page = ada.get("/staff/users?sort=name").text
    assert page.index(cast["ada"]) < page.index(cast["fay"])


@pytest.mark.parametrize("name", ["Élodie", "ÉLODIE", "élodie", "E\u0301lodie"])
@pytest.mark.parametrize("typed", ["élodie", "ÉLODIE", "Élo", "lodie ŞA", "e\u0301lodie"])
def test_a_name_is_found_whatever_its_capitals_on_every_database(cast, ada, name, typed):
    people_service.save_profile(cast["alice"], first_name=name, last_name="Şahin")
    commit()
    here = "/staff/users", "/staff/people"
    for address in here:
        page = ada.get(address, query_string={"q": typed, "status": ""}).text
        assert cast["alice"] in page, address
        assert cast["ben"] not in page.split("<main")[1], address
    assert people_queries.matching(typed) == [cast["alice"]]


def test_pages_by_name_go_on_from_the_longest_name_in_any_script(cast):
    for number in range(3):
        person = people_service.ensure_user(f"long{number}@example.com", "")
        people_service.save_profile(person, first_name="ጸ" * 80, last_name="𞤀" * 80)
    commit()
    by_name = queries.UserFilters(sort="name")
    walk = exports.walk(lambda place: queries.users(by_name, place, size=1))
    found = [row.id for row in itertools.islice(walk, 20)]
    assert len(found) == len(set(found)) == len(cast) + 3


def test_a_page_that_has_become_empty_leads_to_the_first(cast, ada):
    beyond = f"before=0,{'0' * 32}"
    answer = ada.get(f"/staff/users?q=FAY&{beyond}", headers={"HX-Request": "true"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/staff/users?q=FAY")
    assert cast["fay"] in ada.get(f"/staff/users?{beyond}", follow_redirects=True).text
    assert "Nobody here" in ada.get(f"/staff/users?q=nobody&{beyond}", follow_redirects=True).text


def test_the_export_holds_everybody_who_fits_and_defuses_formulas_and_is_recorded(cast, ada):
    people_service.ensure_user("eve@example.com", "=cmd|' /C calc'!A0 Evil")
    commit()
    answer = ada.get("/staff/users.csv?q=example")
    lines = answer.get_data(as_text=True).splitlines()
    assert answer.headers["Content-Disposition"] == 'attachment; filename="users.csv"'
    assert len(lines) == 6
    assert any(",'=cmd|'," in line for line in lines)
    (row,) = audit.entries(audit.Filters(action="admin.users_csv")).rows
    assert (row.actor, row.detail) == (cast["ada"], {"export": {"q": "example"}})


def test_the_regulator_reads_users_and_changes_nothing(cast, rita):
    assert rita.get("/staff/users").status_code == 200
    page = rita.get(f"/staff/users/{cast['alice']}")
    assert page.status_code == 200
    assert "Close the account" not in page.text
    for verb in ("ask", "disable", "enable", "sign-out"):
        assert (
            rita.post(f"/staff/users/{cast['alice']}/{verb}", data={"reason": WHY}).status_code
            == 403
        )
