"""Rules of companies: what may be typed, who decides, when a campaign may start."""

import pytest

from crowdfund.documents import rules
from crowdfund.issuers.rules import life, steps
from crowdfund.issuers.rules.life import Standing, Status
from crowdfund.kernel.errors import Invalid, WrongState
from crowdfund.kernel.fields import contacts, wallets

READY = {"verified": True, "registered": True, "has_live_campaign": False, "last_start_year": None}


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        ({}, None),
        ({"last_start_year": 2025}, None),
        ({"last_start_year": 2026}, "year_used"),
        ({"has_live_campaign": True}, "live_campaign"),
        ({"has_live_campaign": True, "last_start_year": 2026}, "live_campaign"),
        ({"verified": False}, "inactive"),
        ({"registered": False}, "not_registered"),
        ({"registered": False, "verified": False}, "not_verified"),
    ],
)
def test_a_company_may_start_one_campaign_at_a_time_and_one_a_year(change, verdict):
    assert life.start_refusal(Standing(**READY | change), 2026) == verdict


def test_every_refusal_has_a_sentence():
    for code in ("not_verified", "not_registered", "inactive", "live_campaign", "year_used"):
        assert life.REFUSALS[code].endswith(".")


def test_a_file_only_moves_along_the_allowed_ways():
    assert life.move("draft", Status.SUBMITTED) == "submitted"
    assert life.move("rejected", Status.SUBMITTED) == "submitted"
    for current, to in (
        ("draft", Status.VERIFIED),
        ("verified", Status.REJECTED),
        ("rejected", Status.VERIFIED),
    ):
        with pytest.raises(WrongState):
            life.move(current, to)


def test_nobody_reviews_a_company_of_their_own():
    assert life.may_review("carla", {"alice"})
    assert not life.may_review("alice", {"alice", "bob"})


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("0911 234 567", "+251911234567"),
        ("+251 91 123 4567", "+251911234567"),
        ("+91 98765 43210", "+919876543210"),
    ],
)
def test_phone_numbers_are_kept_as_e164(typed, stored):
    assert contacts.phone(typed, "contact_phone", region="ET") == stored


@pytest.mark.parametrize("typed", ["", "12", "+251", "<b>0911234567</b>", "9" * 400, "NaN"])
def test_what_is_no_phone_number_gets_a_sentence(typed):
    with pytest.raises(Invalid, match="phone number"):
        contacts.phone(typed, "contact_phone", region="ET")


GOOD = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


def test_a_wallet_address_keeps_its_checksum():
    assert wallets.wallet(f"  {GOOD} ", "wallet_address") == GOOD


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "0x",
        GOOD.lower(),
        GOOD.replace("aAeb", "AAeb"),
        GOOD[:-1],
        GOOD + "0",
        "0x" + "0" * 40,
        "０x" + GOOD[2:],
    ],
)
def test_a_wallet_address_with_a_mistake_is_refused(typed):
    with pytest.raises(Invalid):
        wallets.wallet(typed, "wallet_address")


@pytest.mark.parametrize(
    ("field", "typed"),
    [
        ("legal_name", ""),
        ("legal_name", "<script>alert(1)</script>"),
        ("legal_name", "x" * 121),
        ("legal_name", "a\x00b"),
        ("legal_name", "abc\u202egnp"),
        ("tin", "123"),
        ("tin", "-12345678901"),
        ("tin", "1e9"),
        ("sector", "gold"),
        ("country", "XX"),
        ("registration_no", "<b>"),
        ("registration_no", "x" * 41),
    ],
)
def test_bad_company_details_get_a_sentence_at_their_field(field, typed):
    values = {
        "legal_name": "Yirga",
        "trade_name": "Yirga",
        "registration_no": "MT/1",
        "tin": "0012345678",
        "sector": "other",
        "country": "ET",
        field: typed,
    }
    _, errors = steps.clean("company", values)
    assert errors[field].endswith(".")


def test_text_of_every_alphabet_is_welcome():
    values = {
        "legal_name": "የይርጋ ቡና አክሲዮን ማኅበር",
        "trade_name": "ይርጋ ቡና",
        "registration_no": "MT/1",
        "tin": "0012345678",
        "sector": "other",
        "country": "ET",
    }
    assert steps.clean("company", values)[1] == {}


def test_a_commitment_depends_on_its_salt_and_on_every_fact():
    one = rules.commitment("00" * 32, {"a": 1})
    assert one == rules.commitment("00" * 32, {"a": 1})
    assert (
        len({one, rules.commitment("01" * 32, {"a": 1}), rules.commitment("00" * 32, {"a": 2})})
        == 3
    )
    assert len(one) == 66


def test_a_page_of_the_wizard_is_todo_started_or_done():
    assert steps.step_state({}, "contacts") == "todo"
    assert steps.step_state({"contact_name": "A"}, "contacts") == "started"
    filled = {"wallet_address": GOOD, "bank": {"id": "b1"}}
    assert steps.missing_steps(filled) == ["company", "contacts", "officers", "documents"]
