"""A verified company changes facts: stored beside them, sent, decided; only new campaigns wait."""

from datetime import timedelta

import pytest

from crowdfund.campaigns import queries as campaigns
from crowdfund.chain import queries as chain
from crowdfund.documents import service as documents
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.rules import diffs
from crowdfund.issuers.service import (
    bank,
    changes,
    officers,
    onboarding,
    reviews,
    shared,
)
from crowdfund.issuers.service import documents as company_documents
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, rollback
from crowdfund.kernel.errors import NotYours, WrongState
from crowdfund.security import queries
from crowdfund.security.service import changes as sensitive
from tests import raising

OTHER_BANK = raising.BANK | {"number": "1000987654321"}


@pytest.fixture
def cast(app, frozen):
    raising.contracts()
    people = {name: raising.person(name) for name in ("alice", "bob")}
    people["carla"] = raising.person("carla", "compliance")
    people["company"] = raising.registered_company(people["alice"], people["carla"])
    return people


def rename(cast, name="Yirga Coffee Roasters"):
    values = raising.COMPANY | {"registration_no": "MT/AA/1/0000000/2015", "trade_name": name}
    onboarding.save(cast["company"], "company", values, actor=cast["alice"])
    commit()


def refusal(cast):
    rollback()
    return campaigns.start_refusal(cast["company"])


def test_a_change_counts_only_when_it_is_approved_and_the_registry_learns_it(cast):
    before = issuers_queries.get(cast["company"])
    rename(cast)
    assert issuers_queries.get(cast["company"]).trade_name == "Yirga Coffee"
    assert refusal(cast) is None
    changes.send(cast["company"], actor=cast["alice"])
    commit()
    assert refusal(cast) == "under_review"
    changes.approve(cast["company"], actor=cast["carla"])
    commit()
    row, write = (
        issuers_queries.get(cast["company"]),
        chain.writes_of("company", cast["company"])[-1],
    )
    assert (row.trade_name, refusal(cast)) == ("Yirga Coffee Roasters", None)
    assert (write.function, write.args[3]) == ("updateIssuer", row.vc_hash)
    assert row.vc_hash != before.vc_hash


def test_changes_that_were_sent_back_are_corrected_and_sent_again(cast):
    rename(cast)
    changes.send(cast["company"], actor=cast["alice"])
    changes.reject(cast["company"], "The licence names another trade.", actor=cast["carla"])
    commit()
    [change] = issuers_queries.running_changes(cast["company"])
    assert (change.status, change.reason) == ("open", "The licence names another trade.")
    assert refusal(cast) is None
    rename(cast, "Yirga Roasters")
    changes.send(cast["company"], actor=cast["alice"])
    commit()
    assert issuers_queries.running_changes(cast["company"])[0].new["trade_name"] == "Yirga Roasters"


def test_a_change_back_to_what_counts_is_no_change(cast):
    rename(cast)
    rename(cast, "Yirga Coffee")
    assert issuers_queries.running_changes(cast["company"]) == []
    with raising.refused(WrongState):
        changes.send(cast["company"], actor=cast["alice"])


def test_what_waits_for_review_cannot_be_changed_until_it_is_taken_back(cast):
    rename(cast)
    changes.send(cast["company"], actor=cast["alice"])
    commit()
    with raising.refused(WrongState):
        rename(cast, "Third name")
    changes.take_back(cast["company"], actor=cast["alice"])
    rename(cast, "Third name")
    changes.drop(cast["company"], actor=cast["alice"])
    commit()
    assert issuers_queries.running_changes(cast["company"]) == []
    with raising.refused(WrongState):
        changes.approve(cast["company"], actor=cast["carla"])


def test_nobody_decides_about_changes_of_a_company_of_their_own(cast):
    rename(cast)
    changes.send(cast["company"], actor=cast["alice"])
    raising.join(cast["company"], cast["carla"], "viewer")
    for decide in (
        lambda: changes.approve(cast["company"], actor=cast["carla"]),
        lambda: changes.reject(cast["company"], "A reason that is long.", actor=cast["carla"]),
        lambda: reviews.deactivate(cast["company"], "A reason that is long.", actor=cast["carla"]),
    ):
        with raising.refused(NotYours):
            decide()


def test_officers_of_a_verified_company_change_as_a_list(cast):
    [first] = issuers_queries.officers(cast["company"])
    bob = raising.DIRECTOR | {"name": "Bob Haile", "ownership_bps": "30", "role": "director"}
    officers.save(cast["company"], bob, actor=cast["alice"])
    officers.remove(cast["company"], first["id"], actor=cast["alice"])
    commit()
    assert issuers_queries.officers(cast["company"]) == [first]
    [change] = issuers_queries.running_changes(cast["company"])
    shown = diffs.differences(change.old, change.new)
    assert [(line.label, bool(line.old), bool(line.new)) for line in shown] == [
        ("Alice Bekele", True, False),
        ("Bob Haile", False, True),
    ]
    changes.send(cast["company"], actor=cast["alice"])
    changes.approve(cast["company"], actor=cast["carla"])
    commit()
    assert [one["name"] for one in issuers_queries.officers(cast["company"])] == ["Bob Haile"]


def test_changes_that_leave_the_file_incomplete_cannot_be_sent(cast):
    [first] = issuers_queries.officers(cast["company"])
    officers.remove(cast["company"], first["id"], actor=cast["alice"])
    commit()
    with pytest.raises(WrongState, match="directors and owners"):
        changes.send(cast["company"], actor=cast["alice"])


def test_another_bank_account_waits_a_day_and_a_review(cast, frozen):
    old = issuers_queries.bank_account(cast["company"])
    bank.save(cast["company"], OTHER_BANK, actor=cast["alice"])
    commit()
    outbox.drain("default")
    assert issuers_queries.bank_account(cast["company"]) == old
    assert issuers_queries.running_changes(cast["company"]) == []
    frozen.advance(timedelta(hours=24, seconds=1))
    outbox.drain_all()
    [change] = issuers_queries.running_changes(cast["company"])
    assert (change.part, change.status) == ("bank", "pending")
    assert "1000987654321" not in str(change)
    assert refusal(cast) == "under_review"
    changes.approve(cast["company"], actor=cast["carla"])
    commit()
    assert issuers_queries.bank_account(cast["company"])["masked"].endswith("4321")
    assert bank.unsealed(cast["company"])["number"] == "1000987654321"


def test_a_cancelled_bank_account_never_counts(cast, frozen):
    old = issuers_queries.bank_account(cast["company"])
    bank.save(cast["company"], OTHER_BANK, actor=cast["alice"])
    commit()
    [held] = queries.changes_of(cast["alice"], held_only=True)
    sensitive.cancel(held.id, cast["alice"], actor=cast["alice"])
    commit()
    frozen.advance(timedelta(hours=25))
    outbox.drain_all()
    assert issuers_queries.running_changes(cast["company"]) == []
    assert issuers_queries.bank_account(cast["company"]) == old


def test_a_renewed_licence_is_reviewed_while_the_old_one_still_counts(cast):
    [old] = issuers_queries.documents_of(cast["company"], ["business_licence"])
    new = company_documents.keep(
        cast["company"], raising.made_document("business_licence"), actor=cast["alice"]
    )
    commit()
    assert refusal(cast) == "under_review"
    assert [row.id for row in issuers_queries.queue(status="changes").rows] == [cast["company"]]
    company_documents.decide(cast["company"], new, actor=cast["carla"], approve=True)
    commit()
    assert [
        row.id for row in issuers_queries.documents_of(cast["company"], ["business_licence"])
    ] == [new]
    assert old.status == "verified"
    assert refusal(cast) is None
    assert chain.writes_of("company", cast["company"])[-1].function == "updateIssuer"


def test_an_expired_licence_stops_new_campaigns_and_the_team_is_told(cast, frozen):
    until = frozen.now().date() + timedelta(days=10)
    new = company_documents.keep(
        cast["company"], raising.made_document("business_licence"), actor=cast["alice"]
    )
    company_documents.decide(
        cast["company"], new, actor=cast["carla"], approve=True, expires_on=until
    )
    commit()
    frozen.advance(timedelta(days=12))
    documents.expire_due()
    commit()
    outbox.drain_all()
    assert refusal(cast) == "documents_missing"
    assert "company.document_expired" in raising.told(cast["alice"])


def test_two_changes_cannot_take_one_wallet(cast):
    other = raising.registered_company(cast["bob"], cast["carla"], 7)
    taken = issuers_queries.get(other).wallet_address
    onboarding.save(cast["company"], "wallet", {"wallet_address": taken}, actor=cast["alice"])
    changes.send(cast["company"], actor=cast["alice"])
    commit()
    with raising.refused(shared.Taken):
        changes.approve(cast["company"], actor=cast["carla"])
    assert issuers_queries.get(cast["company"]).wallet_address != taken


def test_another_bank_account_needs_the_second_factor_and_says_how_long_it_waits(client, cast):
    alice, here = raising.sign_in(client, cast["alice"]), f"/companies/{cast['company']}"
    for answer in (
        alice.get(f"{here}/edit/bank"),
        alice.post(f"{here}/edit/bank", data=OTHER_BANK),
    ):
        assert (answer.status_code, here in answer.headers["Location"].split("?")[0]) == (
            303,
            False,
        )
    assert issuers_queries.proposed_account(cast["company"]) is None
    raising.sign_in(client, cast["alice"], second_factor=True)
    assert "It waits 24 hours" in alice.get(f"{here}/edit/bank").text
    assert alice.post(f"{here}/edit/bank", data=OTHER_BANK).status_code == 303
    page = alice.get(f"{here}/changes").text
    assert "A new bank account is on hold for 24 hours" in page
    assert "4321" in page
    assert "1000987654321" not in page


def test_the_owner_sends_takes_back_and_forgets_changes_on_the_page(client, cast):
    alice, here = raising.sign_in(client, cast["alice"]), f"/companies/{cast['company']}"
    assert alice.post(f"{here}/changes/send").status_code == 409
    assert "No changes" in alice.get(f"{here}/changes").text
    alice.post(f"{here}/edit/contacts", data=raising.CONTACTS | {"city": "Gondar"})
    assert "<ins>Gondar</ins>" in alice.get(f"{here}/changes").text
    alice.post(f"{here}/changes/send")
    assert "A change is waiting for review" in alice.get(here).text
    assert alice.post(f"{here}/edit/contacts", data=raising.CONTACTS).status_code == 409
    alice.post(f"{here}/changes/take-back")
    alice.post(f"{here}/changes/drop")
    rollback()
    assert issuers_queries.running_changes(cast["company"]) == []
    assert issuers_queries.get(cast["company"]).city == "Addis Ababa"
