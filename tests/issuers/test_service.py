"""A company's file from draft to registry, on a real database."""

import pytest
import sqlalchemy as sa

from crowdfund.chain import queries as chain
from crowdfund.documents import queries as documents
from crowdfund.documents import rules
from crowdfund.issuers import queries
from crowdfund.issuers.models import Company
from crowdfund.issuers.service import bank, officers, onboarding, registry, reviews, shared
from crowdfund.issuers.service import documents as company_documents
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import CrowdfundError, InvalidFields, NotYours, WrongState
from tests import raising


@pytest.fixture
def cast(app, frozen):
    raising.contracts()
    return {name: raising.person(name) for name in ("alice", "bob")} | {
        "carla": raising.person("carla", "compliance")
    }


def test_a_draft_keeps_each_page_and_nothing_of_a_bad_one(cast):
    company_id = onboarding.start(cast["alice"])
    onboarding.save(company_id, "contacts", raising.CONTACTS)
    commit()
    with raising.refused(InvalidFields):
        onboarding.save(company_id, "company", raising.COMPANY | {"tin": "1e9"})
    row = queries.get(company_id)
    assert (row.contact_phone, row.legal_name, row.status) == ("+251911234567", None, "draft")


def test_an_incomplete_file_cannot_be_submitted(cast):
    company_id = onboarding.start(cast["alice"])
    commit()
    with pytest.raises(
        shared.Incomplete, match="company details, contact person and address, directors and owners"
    ):
        onboarding.submit(company_id, actor=cast["alice"])


def test_an_approved_company_is_written_to_the_registry_with_salted_commitments_only(cast):
    company_id = raising.filled_company(cast["alice"])
    onboarding.submit(company_id, actor=cast["alice"])
    raising.accept_documents(company_id, cast["carla"])
    reviews.approve(company_id, actor=cast["carla"])
    commit()
    row, write = queries.get(company_id), chain.writes_of("company", company_id)[0]
    documents = queries.documents_of(company_id)
    assert (row.status, row.registered_at, row.reviewed_by) == ("verified", None, cast["carla"])
    assert (write.contract, write.function) == ("IssuerRegistry", "registerIssuer")
    assert write.args[2:] == [row.wallet_address, row.vc_hash, row.documents_commitment]
    salt = db.session.scalar(sa.select(Company.salt).where(Company.id == company_id))
    told = sorted([document.kind, document.sha256_commitment] for document in documents)
    assert row.documents_commitment == rules.commitment(salt, told)
    assert salt not in str(write.args)


def test_the_confirmation_registers_the_company_once(cast, frozen):
    company_id = raising.registered_company(cast["alice"], cast["carla"])
    first = queries.get(company_id)
    assert first.register_tx == "0x" + "ab" * 32
    registry.mark_registered(company_id, "0xother")
    commit()
    assert queries.get(company_id).register_tx == first.register_tx
    states = dict.fromkeys(event.to_status for event in queries.history(company_id))
    assert list(states) == ["draft", "submitted", "verified"]


def test_a_refusal_by_the_registry_is_shown_and_tried_again(cast):
    company_id = raising.filled_company(cast["alice"])
    onboarding.submit(company_id, actor=cast["alice"])
    raising.accept_documents(company_id, cast["carla"])
    reviews.approve(company_id, actor=cast["carla"])
    commit()
    raising.refuse("company", company_id, "WalletTaken")
    assert queries.get(company_id).registration_error == "WalletTaken"
    registry.again(company_id, actor=cast["carla"])
    commit()
    assert len(chain.writes_of("company", company_id)) == 2
    raising.confirm("company", company_id)
    row = queries.get(company_id)
    assert row.registered_at
    assert row.registration_error is None


def test_a_rejected_company_can_be_corrected_and_submitted_again(cast):
    company_id = raising.filled_company(cast["alice"])
    onboarding.submit(company_id, actor=cast["alice"])
    reviews.reject(company_id, "The licence has expired in May.", actor=cast["carla"])
    commit()
    assert queries.get(company_id).rejection_reason == "The licence has expired in May."
    onboarding.save(company_id, "company", raising.COMPANY | {"registration_no": "MT/AA/9/1/2026"})
    onboarding.submit(company_id, actor=cast["alice"])
    commit()
    assert queries.get(company_id).status == "submitted"


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_nobody_decides_about_a_company_of_their_own(cast, verb):
    company_id = raising.filled_company(cast["carla"])
    onboarding.submit(company_id, actor=cast["carla"])
    commit()
    with raising.refused(NotYours):
        if verb == "approve":
            reviews.approve(company_id, actor=cast["carla"])
        else:
            reviews.reject(company_id, "A reason that is long enough.", actor=cast["carla"])
    assert queries.get(company_id).status == "submitted"


def test_a_submitted_file_cannot_be_changed(cast):
    company_id = raising.filled_company(cast["alice"])
    onboarding.submit(company_id, actor=cast["alice"])
    commit()
    for change in (
        lambda: onboarding.save(company_id, "company", raising.COMPANY),
        lambda: onboarding.hold_wallet(company_id),
        lambda: company_documents.attach(
            company_id, "other", "a.pdf", raising.PDF, actor=cast["alice"]
        ),
        lambda: officers.save(company_id, raising.DIRECTOR, actor=cast["alice"]),
        lambda: bank.save(company_id, raising.BANK, actor=cast["alice"]),
        lambda: onboarding.submit(company_id, actor=cast["alice"]),
    ):
        with raising.refused(WrongState):
            change()


def test_two_companies_cannot_have_one_licence_or_one_wallet(cast):
    first = raising.filled_company(cast["alice"], 1)
    onboarding.submit(first, actor=cast["alice"])
    twin = raising.filled_company(cast["bob"], 1)
    other = raising.filled_company(cast["bob"], 2)
    onboarding.save(other, "wallet", {"wallet_address": queries.get(first).wallet_address})
    commit()
    with raising.refused(shared.Taken):
        onboarding.submit(twin, actor=cast["bob"])
    with raising.refused(shared.Taken):
        onboarding.submit(other, actor=cast["bob"])
    reviews.reject(first, "These documents are of another company.", actor=cast["carla"])
    onboarding.submit(twin, actor=cast["bob"])
    commit()
    assert queries.get(twin).status == "submitted"


def test_a_newer_document_takes_the_place_of_one_that_nobody_has_accepted(cast):
    company_id = raising.filled_company(cast["alice"])
    old = queries.documents_of(company_id, ["memorandum"])[0]
    company_documents.attach(
        company_id, "memorandum", "..\\..\\new <one>.pdf", raising.PDF, actor=cast["alice"]
    )
    commit()
    [now] = queries.documents_of(company_id, ["memorandum"])
    assert (now.filename, now.status) == ("new one.pdf", "pending")
    assert documents.get(old.id).status == "destroyed"


def test_a_wallet_held_by_the_platform_gives_way_to_an_own_one(cast):
    company_id = onboarding.start(cast["alice"])
    address = onboarding.hold_wallet(company_id)
    assert onboarding.hold_wallet(company_id) == address
    onboarding.save(
        company_id, "wallet", {"wallet_address": "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"}
    )
    assert queries.get(company_id).wallet_sealed_key is None


def test_the_history_of_a_company_cannot_be_rewritten(cast):
    company_id = onboarding.start(cast["alice"])
    commit()
    for statement in ("UPDATE company_event SET actor = 'x'", "DELETE FROM company_event"):
        with pytest.raises(sa.exc.DBAPIError, match="append-only"):
            db.session.execute(sa.text(statement))
        rollback()
    assert len(queries.history(company_id)) == 1


def test_a_stranger_finds_no_company(cast):
    company_id = onboarding.start(cast["alice"])
    commit()
    assert queries.for_member(company_id, cast["alice"]).id == company_id
    with pytest.raises(CrowdfundError) as refusal:
        queries.for_member(company_id, cast["bob"])
    assert refusal.value.status == 404
