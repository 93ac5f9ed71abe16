"""Stored hashes stay what they are: the examples were computed before the encodings moved here."""

import hmac
from datetime import datetime, timedelta, timezone

from crowdfund.adapters import bill_bitts
from crowdfund.campaigns.rules import terms
from crowdfund.documents import rules as documents
from crowdfund.kernel import hashing, marks
from crowdfund.kernel.audit import chaining
from crowdfund.ledger import rules as ledger
from crowdfund.local.bill_bitts import signing
from crowdfund.reconciliation.rules import following

AUDIT_ROW = {
    "seq": 7,
    "at": datetime(2026, 2, 3, 4, 5, 6, 7, tzinfo=timezone(timedelta(hours=3))),
    "actor": "u1",
    "roles": "admin",
    "action": "campaigns.approve",
    "outcome": "done",
    "subject_kind": "campaign",
    "subject_id": "c1",
    "request_id": "r1",
    "detail": {"b": "ሰላም €", "a": [1, None, True]},
}


def test_canonical_json_has_one_form_for_each_use():
    value = {"b": "ሰ", "a": [1, None]}
    assert hashing.canonical(value) == '{"a":[1,null],"b":"ሰ"}'.encode()
    assert hashing.canonical_ascii(value) == rb'{"a":[1,null],"b":"\u1230"}'
    assert hashing.canonical_spaced(value) == rb'{"a": [1, null], "b": "\u1230"}'


def test_links_of_the_audit_log_never_change():
    assert chaining.row_hash(hashing.GENESIS, AUDIT_ROW) == (
        "69fc1ca28630967e46fec0b52f204f3b4686ee778bd07e608dbffc8c5466855f"
    )


def test_links_and_inputs_of_the_journal_never_change():
    draft = ledger.Draft(
        "k", (ledger.Posting("a", "b", 5),), "ክፍያ", "ETB", (("payment", "p1"), ("by", "é"))
    )
    body = ledger.input_hash(draft)
    assert body == ("c10d5ef2b14de83d23ec7dabaab273c8b80d295c75d11e213886c0c6fe5e074e")
    assert ledger.entry_hash(hashing.GENESIS, 1, "id", "ክ", "moment", body) == (
        "a129e20a8f8a7279d8b8c3d1973271d8cb3af5b2cae530c4f353335037a352cd"
    )


def test_hashes_of_terms_and_documents_never_change():
    assert terms.terms_hash({"title": "ጤፍ “x”", "goal_minor": 5, "a": None}) == (
        "0xd17654157ba461d1152c23e12373a7101fb06f03abee3787b1f5886b75fb9632"
    )
    assert documents.commitment("ab" * 16, {"z": "ሰላም", "a": [1, 2]}) == (
        "0x2968ac4d3d3a95abcb88b59a83fa23b5b5913ee6fcd06c320acae82f81d7af51"
    )


def test_the_fingerprint_of_a_request_to_follow_never_changes():
    one = following.Investment("i1", "u1", 500, "settled", True, False, False)
    facts = following.Facts(
        campaign_id="c1",
        company_id="k1",
        currency="ETB",
        status="settled",
        ending=None,
        settled_minor=5,
        token_minor=0,
        recorded_minor=4,
        fee_bps=300,
        released_minor=None,
        fee_minor=None,
        tranches=None,
        tranches_paid=0,
        accepted_difference_minor=0,
        accepted_result="ተሳክቷል",
        in_flight=0,
        contract=following.ContractFacts("live", 5),
        investments=(one,),
    )
    assert following.fingerprint(facts) == (
        "38f48b8f12fa65fcb5dde9ee3ae818bbbe96b89c60ca655794e2acf5f9decfa4"
    )


def test_the_seal_of_a_proof_mark_never_changes():
    content = marks._content("audit", 5, "ab" * 32, {"b": "é", "a": {"c": 1}})
    assert hmac.digest(b"development-only-secret-key", content, "sha256").hex() == (
        "3beff1bb5c15139af39de33e63d6925cca67399a248af9869dd1ff119bec4f06"
    )


def test_what_the_bank_signs_and_what_we_sign_is_the_same():
    body = {"b": "é ሰ", "a": 1.5}
    assert bill_bitts.canonical(body) == signing.canonical(body) == '{"a":1.5,"b":"é ሰ"}'.encode()
