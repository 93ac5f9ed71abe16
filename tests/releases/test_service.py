"""Two people release money: what each may do, once, and only what both have seen."""

from functools import partial

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service import following
from crowdfund.campaigns.service.shared import NotYours
from crowdfund.chain import queries as chain
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, WrongState
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as accounts
from crowdfund.releases import queries, service
from tests import raising
from tests.together import at_once

LATE = (Conflict, WrongState, sa.exc.OperationalError)  # what the second of two learns
KNOWN = "The delivery note is signed, see the documents."


def ask(cast, campaign_id, reason=""):
    request_id = service.ask(campaign_id, reason, actor=cast.fiona)
    commit()
    return request_id


def approve(cast, request_id, who="adam"):
    service.approve(request_id, actor=getattr(cast, who))
    commit()


def released(campaign_id):
    rollback()
    return raising.campaign(campaign_id).released_minor


def put(**values):
    names = ", ".join(f"{name} = :{name}" for name in values)
    db.session.execute(sa.text(f"UPDATE campaign SET {names}"), values)
    commit()


def releases_asked_of_the_contract(campaign_id):
    rollback()
    writes = chain.writes_of("campaign", campaign_id)
    return [row.args[1] for row in writes if row.function == "release"]


def test_money_moves_when_the_second_person_approves(cast, campaign_id):
    request_id = ask(cast, campaign_id)
    assert released(campaign_id) is None
    assert releases_asked_of_the_contract(campaign_id) == []
    approve(cast, request_id)
    assert released(campaign_id) == 7_800_00
    assert ledger.balance(accounts.PLATFORM_FEE) == 200_00
    assert releases_asked_of_the_contract(campaign_id) == [0]
    row = queries.request(request_id)
    assert (row.status, row.asked_by, row.decided_by) == ("approved", cast.fiona, cast.adam)
    assert (row.company_minor, row.fee_minor) == (7_800_00, 200_00)


def test_who_has_prepared_a_release_decides_nothing_about_it(cast, campaign_id):
    request_id = ask(cast, campaign_id)
    for verb in (
        lambda: service.approve(request_id, actor=cast.fiona),
        lambda: service.refuse(request_id, "Not yet, please wait.", actor=cast.fiona),
    ):
        with raising.refused(Forbidden):
            verb()
    assert released(campaign_id) is None


def test_the_database_refuses_one_person_as_both(cast, campaign_id):
    request_id = ask(cast, campaign_id)
    change = sa.text(
        "UPDATE release_request SET status = 'approved', open_key = NULL, decided_by = asked_by "
        "WHERE id = :id"
    )
    with pytest.raises(sa.exc.DatabaseError):
        db.session.execute(change, {"id": request_id})
    rollback()


def test_a_release_is_approved_once(cast, campaign_id):
    request_id = ask(cast, campaign_id)
    approve(cast, request_id)
    for verb in (
        lambda: service.approve(request_id, actor=cast.adam),
        lambda: service.refuse(request_id, "Too late for that now.", actor=cast.adam),
        lambda: service.withdraw(request_id, actor=cast.fiona),
    ):
        with raising.refused(Conflict):
            verb()
    assert released(campaign_id) == 7_800_00
    assert releases_asked_of_the_contract(campaign_id) == [0]


def test_there_is_one_request_at_a_time(cast, campaign_id):
    first = ask(cast, campaign_id)
    with raising.refused(Conflict):
        service.ask(campaign_id, "", actor=cast.adam)
    service.withdraw(first, actor=cast.fiona)
    commit()
    approve(cast, ask(cast, campaign_id))
    assert released(campaign_id) == 7_800_00


def test_a_refused_request_moves_nothing(cast, campaign_id):
    request_id = ask(cast, campaign_id)
    with raising.refused(Invalid):
        service.refuse(request_id, " ", actor=cast.adam)
    service.refuse(request_id, "The bank asked us to wait.", actor=cast.adam)
    commit()
    assert (queries.request(request_id).status, released(campaign_id)) == ("refused", None)
    assert [one.to_status for one in queries.history(request_id)] == ["pending", "refused"]


def test_only_who_has_asked_withdraws(cast, campaign_id):
    request_id = ask(cast, campaign_id)
    with raising.refused(Forbidden):
        service.withdraw(request_id, actor=cast.adam)
    assert queries.request(request_id).status == "pending"


def test_amounts_that_changed_since_are_not_released(cast, campaign_id):
    request_id = ask(cast, campaign_id)
    put(fee_bps=300)
    with raising.refused(service.Outdated):
        service.approve(request_id, actor=cast.adam)
    assert (released(campaign_id), queries.request(request_id).status) == (None, "pending")


def test_a_campaign_that_is_live_or_differs_from_its_contract_is_not_released(cast, campaign_id):
    request_id = ask(cast, campaign_id)
    put(contract_result="failed")
    with raising.refused(WrongState):
        service.approve(request_id, actor=cast.adam)
    put(contract_result=None, status="live")
    with raising.refused(WrongState):
        service.ask(campaign_id, "", actor=cast.adam)
    assert released(campaign_id) is None


def test_people_of_the_company_neither_prepare_nor_approve(cast, campaign_id):
    with raising.refused(NotYours):
        service.ask(campaign_id, "", actor=cast.alice)
    request_id = ask(cast, campaign_id)
    with raising.refused(NotYours):
        service.approve(request_id, actor=cast.alice)
    assert released(campaign_id) is None


def test_a_part_with_a_condition_needs_the_reason_why_it_is_met(cast, in_parts):
    with raising.refused(Invalid):
        service.ask(in_parts, "", actor=cast.fiona)
    approve(cast, ask(cast, in_parts, KNOWN))
    assert released(in_parts) == 3_900_00
    assert raising.campaign(in_parts).status == "succeeded"


def test_a_note_that_is_too_short_says_that_it_may_be_empty(cast, campaign_id):
    with pytest.raises(Invalid, match="Leave the note empty"):
        service.ask(campaign_id, "please", actor=cast.fiona)
    rollback()
    assert service.ask(campaign_id, "", actor=cast.fiona)


def test_parts_are_released_one_after_the_other(cast, in_parts):
    for number in range(2):
        approve(cast, ask(cast, in_parts, KNOWN))
        with raising.refused(WrongState):  # its record is on its way
            service.ask(in_parts, KNOWN, actor=cast.fiona)
        raising.confirm("campaign", in_parts)
        rollback()
        assert raising.campaign(in_parts).tranches_paid == number + 1
    assert releases_asked_of_the_contract(in_parts) == [0, 1]
    row = raising.campaign(in_parts)
    assert (row.status, row.released_minor, row.fee_minor) == ("released", 7_800_00, 200_00)
    assert ledger.balance(accounts.escrow(in_parts)) == 0


# --- two at once, and a campaign that ends otherwise ----------------------------------------------


def test_of_two_people_who_decide_at_once_one_wins_and_money_moves_once(app, cast, campaign_id):
    request_id = ask(cast, campaign_id)
    second = raising.person("abe", "admin")
    works = [partial(service.approve, request_id, actor=one) for one in (cast.adam, second)]
    outcomes = at_once(app, works)
    assert outcomes.count(None) == 1
    [late] = [one for one in outcomes if one is not None]
    assert isinstance(late, LATE)
    assert released(campaign_id) == 7_800_00
    assert ledger.balance(accounts.PLATFORM_FEE) == 200_00
    assert releases_asked_of_the_contract(campaign_id) == [0]


def test_one_who_refuses_while_another_approves_learns_that_it_is_decided(cast, campaign_id):
    request_id = ask(cast, campaign_id)
    approve(cast, request_id)
    with raising.refused(Conflict):
        service.refuse(request_id, "I would rather wait.", actor=raising.person("abe", "admin"))
    assert releases_asked_of_the_contract(campaign_id) == [0]


@pytest.mark.parametrize("how", [Status.FAILED, Status.CANCELLED])
def test_a_campaign_that_follows_its_contract_leaves_no_release_waiting(cast, campaign_id, how):
    request_id = ask(cast, campaign_id)
    following.follow_end(campaign_id, how, actor="system", reason="The contract says so.")
    commit()
    outbox.drain("default")
    rollback()
    row = queries.request(request_id)
    assert (row.status, row.decided_by) == ("cancelled", None)
    assert [one.to_status for one in queries.history(request_id)] == ["pending", "cancelled"]
    assert queries.waiting()[0] == 0
