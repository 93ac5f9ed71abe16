"""A verified company changes facts: kept beside what counts, sent, decided; only new campaigns wait."""

from datetime import timedelta

import pytest

from crowdfund import outbox
from crowdfund.accounts import queries as accounts
from crowdfund.accounts.service import changes as sensitive
from crowdfund.campaigns import queries as campaigns
from crowdfund.chain import queries as chain
from crowdfund.db import commit, rollback
from crowdfund.documents import service as documents
from crowdfund.issuers import queries, rules, service
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
    service.save(cast["company"], "company", values, actor=cast["alice"])
    commit()


def refusal(cast):
    rollback()
    return campaigns.start_refusal(cast["company"])


def test_a_change_counts_only_when_it_is_approved_and_the_registry_learns_it(cast):
    before = queries.get(cast["company"])
    rename(cast)
    assert queries.get(cast["company"]).trade_name == "Yirga Coffee"
    assert refusal(cast) is None
    service.changes.send(cast["company"], actor=cast["alice"])
    commit()
    assert refusal(cast) == "under_review"
    service.changes.approve(cast["company"], actor=cast["carla"])
    commit()
    row, write = queries.get(cast["company"]), chain.writes_of("company", cast["company"])[-1]
    assert (row.trade_name, refusal(cast)) == ("Yirga Coffee Roasters", None)
    assert (write.function, write.args[3]) == ("updateIssuer", row.vc_hash)
    assert row.vc_hash != before.vc_hash


def test_changes_that_were_sent_back_are_corrected_and_sent_again(cast):
    rename(cast)
    service.changes.send(cast["company"], actor=cast["alice"])
    service.changes.reject(cast["company"], "The licence names another trade.", actor=cast["carla"])
    commit()
    [change] = queries.running_changes(cast["company"])
    assert (change.status, change.reason) == ("open", "The licence names another trade.")
    assert refusal(cast) is None
    rename(cast, "Yirga Roasters")
    service.changes.send(cast["company"], actor=cast["alice"])
    commit()
    assert queries.running_changes(cast["company"])[0].new["trade_name"] == "Yirga Roasters"


def test_a_change_back_to_what_counts_is_no_change(cast):
    rename(cast)
    rename(cast, "Yirga Coffee")
    assert queries.running_changes(cast["company"]) == []
    with raising.refused(rules.WrongState):
        service.changes.send(cast["company"], actor=cast["alice"])


def test_what_waits_for_review_cannot_be_changed_until_it_is_taken_back(cast):
    rename(cast)
    service.changes.send(cast["company"], actor=cast["alice"])
    commit()
    with raising.refused(rules.WrongState):
        rename(cast, "Third name")
    service.changes.take_back(cast["company"], actor=cast["alice"])
    rename(cast, "Third name")
    service.changes.drop(cast["company"], actor=cast["alice"])
    commit()
    assert queries.running_changes(cast["company"]) == []
    with raising.refused(rules.WrongState):
        service.changes.approve(cast["company"], actor=cast["carla"])


def test_nobody_decides_about_changes_of_a_company_of_their_own(cast):
    rename(cast)
    service.changes.send(cast["company"], actor=cast["alice"])
    raising.join(cast["company"], cast["carla"], "viewer")
    for decide in (
        lambda: service.changes.approve(cast["company"], actor=cast["carla"]),
        lambda: service.changes.reject(cast["company"], "A reason that is long.", actor=cast["carla"]),
        lambda: service.deactivate(cast["company"], "A reason that is long.", actor=cast["carla"]),
    ):
        with raising.refused(service.OwnCompany):
            decide()


def test_officers_of_a_verified_company_change_as_a_list(cast):
    [first] = queries.officers(cast["company"])
    bob = raising.DIRECTOR | {"name": "Bob Haile", "ownership_bps": "30", "role": "director"}
    service.officers.save(cast["company"], bob, actor=cast["alice"])
    service.officers.remove(cast["company"], first["id"], actor=cast["alice"])
    commit()
    assert queries.officers(cast["company"]) == [first]
    [change] = queries.running_changes(cast["company"])
    shown = rules.differences(change.old, change.new)
    assert [(line.label, bool(line.old), bool(line.new)) for line in shown] == [
        ("Alice Bekele", True, False),
        ("Bob Haile", False, True),
    ]
    service.changes.send(cast["company"], actor=cast["alice"])
    service.changes.approve(cast["company"], actor=cast["carla"])
    commit()
    assert [one["name"] for one in queries.officers(cast["company"])] == ["Bob Haile"]


def test_changes_that_leave_the_file_incomplete_cannot_be_sent(cast):
    [first] = queries.officers(cast["company"])
    service.officers.remove(cast["company"], first["id"], actor=cast["alice"])
    commit()
    with pytest.raises(rules.WrongState, match="directors and owners"):
        service.changes.send(cast["company"], actor=cast["alice"])


def test_another_bank_account_waits_a_day_and_a_review(cast, frozen):
    old = queries.bank_account(cast["company"])
    service.bank.save(cast["company"], OTHER_BANK, actor=cast["alice"])
    commit()
    outbox.drain("default")
    assert queries.bank_account(cast["company"]) == old
    assert queries.running_changes(cast["company"]) == []
    frozen.advance(timedelta(hours=24, seconds=1))
    outbox.drain_all()
    [change] = queries.running_changes(cast["company"])
    assert (change.part, change.status) == ("bank", "pending")
    assert "1000987654321" not in str(change)
    assert refusal(cast) == "under_review"
    service.changes.approve(cast["company"], actor=cast["carla"])
    commit()
    assert queries.bank_account(cast["company"])["masked"].endswith("4321")
    assert service.bank.unsealed(cast["company"])["number"] == "1000987654321"


def test_a_cancelled_bank_account_never_counts(cast, frozen):
    old = queries.bank_account(cast["company"])
    service.bank.save(cast["company"], OTHER_BANK, actor=cast["alice"])
    commit()
    [held] = accounts.changes_of(cast["alice"], held_only=True)
    sensitive.cancel(held.id, cast["alice"], actor=cast["alice"])
    commit()
    frozen.advance(timedelta(hours=25))
    outbox.drain_all()
    assert queries.running_changes(cast["company"]) == []
    assert queries.bank_account(cast["company"]) == old


def test_a_renewed_licence_is_reviewed_while_the_old_one_still_counts(cast):
    [old] = queries.papers(cast["company"], ["business_licence"])
    new = service.papers.keep(cast["company"], raising.made_paper("business_licence"), actor=cast["alice"])
    commit()
    assert refusal(cast) == "under_review"
    assert [row.id for row in queries.queue(status="changes")[0]] == [cast["company"]]
    service.papers.decide(cast["company"], new, actor=cast["carla"], approve=True)
    commit()
    assert [row.id for row in queries.papers(cast["company"], ["business_licence"])] == [new]
    assert old.status == "verified"
    assert refusal(cast) is None
    assert chain.writes_of("company", cast["company"])[-1].function == "updateIssuer"


def test_an_expired_licence_stops_new_campaigns_and_the_team_is_told(cast, frozen):
    until = frozen.now().date() + timedelta(days=10)
    new = service.papers.keep(cast["company"], raising.made_paper("business_licence"), actor=cast["alice"])
    service.papers.decide(cast["company"], new, actor=cast["carla"], approve=True, expires_on=until)
    commit()
    frozen.advance(timedelta(days=12))
    documents.expire_due()
    commit()
    outbox.drain_all()
    assert refusal(cast) == "papers_missing"
    assert "company.document_expired" in raising.told(cast["alice"])


def test_two_changes_cannot_take_one_wallet(cast):
    other = raising.registered_company(cast["bob"], cast["carla"], 7)
    taken = queries.get(other).wallet_address
    service.save(cast["company"], "wallet", {"wallet_address": taken}, actor=cast["alice"])
    service.changes.send(cast["company"], actor=cast["alice"])
    commit()
    with raising.refused(service.Taken):
        service.changes.approve(cast["company"], actor=cast["carla"])
    assert queries.get(cast["company"]).wallet_address != taken


def test_another_bank_account_needs_the_second_factor_and_says_how_long_it_waits(client, cast):
    alice, here = raising.sign_in(client, cast["alice"]), f"/companies/{cast['company']}"
    for answer in (alice.get(f"{here}/edit/bank"), alice.post(f"{here}/edit/bank", data=OTHER_BANK)):
        assert (answer.status_code, here in answer.headers["Location"].split("?")[0]) == (303, False)
    assert queries.proposed_account(cast["company"]) is None
    raising.sign_in(client, cast["alice"], second_factor=True)
    assert "It waits for 24 hours" in alice.get(f"{here}/edit/bank").text
    assert alice.post(f"{here}/edit/bank", data=OTHER_BANK).status_code == 303
    page = alice.get(f"{here}/changes").text
    assert "Another bank account waits for its day" in page
    assert "4321" in page
    assert "1000987654321" not in page


def test_the_owner_sends_takes_back_and_forgets_changes_on_the_page(client, cast):
    alice, here = raising.sign_in(client, cast["alice"]), f"/companies/{cast['company']}"
    assert alice.post(f"{here}/changes/send").status_code == 409
    assert "No changes" in alice.get(f"{here}/changes").text
    alice.post(f"{here}/edit/contacts", data=raising.CONTACTS | {"city": "Gondar"})
    assert "<ins>Gondar</ins>" in alice.get(f"{here}/changes").text
    alice.post(f"{here}/changes/send")
    assert "A change waits for review" in alice.get(here).text
    assert alice.post(f"{here}/edit/contacts", data=raising.CONTACTS).status_code == 409
    alice.post(f"{here}/changes/take-back")
    alice.post(f"{here}/changes/drop")
    rollback()
    assert queries.running_changes(cast["company"]) == []
    assert queries.get(cast["company"]).city == "Addis Ababa"
