"""Boundaries of the rules: facts, levels, expiry, shares."""

from datetime import date

import pytest

from crowdfund.compliance.rules import eligibility, facts, nominees, requirements, reviews
from crowdfund.compliance.rules.requirements import Document, File
from crowdfund.kernel.errors import Invalid, InvalidFields
from crowdfund.kernel.fields import dates, percents, registers

TODAY = date(2026, 6, 15)
GOOD = {
    "legal_name": "Abebe Bikila",
    "born_on": "1990-05-01",
    "nationality": "ET",
    "street": "Bole 7",
    "city": "Addis Ababa",
    "country": "ET",
    "id_kind": "passport",
    "id_number": "EP123",
}
IDENTITY = Document("passport", "verified", date(2030, 1, 1))


def refused(step, **changed):
    with pytest.raises(InvalidFields) as error:
        facts.clean(step, GOOD | changed, today=TODAY)
    return error.value.errors


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "Enter the date of birth"),
        ("2008-06-16", "at least 18"),
        ("2026-06-16", "in the future"),
        ("1905-06-15", "more than 120"),
        ("1990-02-30", "exists"),
        ("01/05/1990", "exists"),
        ("1990-05-01T00:00", "exists"),
        ("0", "exists"),
        ("x" * 999, "exists"),
    ],
)
def test_a_birthday_that_cannot_be_is_refused_with_a_sentence(typed, words):
    assert words in refused("about", born_on=typed)["born_on"]


@pytest.mark.parametrize("typed", ["2008-06-15", "1905-06-16", "2000-02-29"])
def test_a_birthday_on_the_boundary_is_taken(typed):
    assert facts.clean("about", GOOD | {"born_on": typed}, today=TODAY)[
        "born_on"
    ] == date.fromisoformat(typed)


@pytest.mark.parametrize(
    "typed", ["", " ", "<b>x</b>", "a\nb", "a\x00b", "x" * 121, "A", "a\u202eb"]
)
def test_what_is_no_name_is_refused(typed):
    assert "legal_name" in refused("about", legal_name=typed)


def test_every_wrong_field_has_its_own_sentence():
    found = refused("about", legal_name="", born_on="", nationality="XX")
    assert set(found) == {"legal_name", "born_on", "nationality"}
    assert len(set(found.values())) == 3


@pytest.mark.parametrize("typed", ["", "abc", "12", "1" * 31, "12<34"])
def test_what_is_no_document_number_is_refused(typed):
    assert "id_number" in refused("identity", id_number=typed)


def test_a_number_is_compared_without_its_spaces_and_shown_by_its_end():
    assert registers.document_number(" ep 12-34 ", "id_number") == "EP 12-34"
    assert registers.document_number("１２３４", "id_number") == "1234"
    assert facts.same_number("EP 12-34") == facts.same_number("EP1234")
    assert facts.masked("EP 12-3456").endswith("456")
    assert "EP" not in facts.masked("EP 12-3456")
    assert facts.masked("12").count("•") >= 4


def whole(*documents, **more):
    return File(facts=GOOD, has_contact=True, documents=documents, **more)


def test_a_level_needs_what_it_says_and_everything_of_the_lower_one():
    assert requirements.complete_level(File()) == "none"
    assert [one.key for one in requirements.missing(File(), "basic")] == [
        "contact",
        "about",
        "address",
        "identity",
        "identity-document",
    ]
    assert requirements.complete_level(whole(IDENTITY)) == "basic"
    documents = (
        IDENTITY,
        Document("proof_of_address", "pending"),
        Document("bank_proof", "pending"),
    )
    assert requirements.complete_level(whole(*documents)) == "enhanced"
    assert requirements.complete_level(whole(*documents[1:])) == "none"


def test_a_document_of_another_kind_than_the_one_named_is_none():
    assert requirements.complete_level(whole(Document("national_id", "verified"))) == "none"


def test_a_verified_payout_account_stands_for_the_bank_proof():
    documents = (IDENTITY, Document("proof_of_address", "pending"))
    assert requirements.complete_level(whole(*documents)) == "basic"
    assert requirements.complete_level(whole(*documents, has_payout_account=True)) == "enhanced"


@pytest.mark.parametrize("where", [{"country": "IN"}, {"nationality": "IN"}])
def test_india_asks_for_a_pan_card_at_the_enhanced_level_only(where):
    documents = (
        IDENTITY,
        Document("proof_of_address", "pending"),
        Document("bank_proof", "pending"),
    )
    indian = File(facts=GOOD | where, has_contact=True, documents=documents)
    assert requirements.complete_level(indian) == "basic"
    assert [one.key for one in requirements.missing(indian, "enhanced")] == ["pan"]
    assert requirements.missing(whole(*documents, uses_rupees=True), "enhanced")[0].key == "pan"


@pytest.mark.parametrize("status", ["rejected", "expired"])
def test_one_bad_side_of_a_document_spoils_the_good_one(status):
    file = whole(IDENTITY, Document("passport", status))
    assert requirements.complete_level(file) == "none"


def test_a_document_that_waits_is_enough_to_ask_but_not_to_get():
    file = whole(IDENTITY, Document("passport", "pending"))
    assert requirements.complete_level(file) == "basic"
    assert [one.key for one in requirements.unproven(file, "basic")] == ["identity-document"]
    assert requirements.unproven(whole(IDENTITY), "basic") == []


def test_a_level_ends_with_the_first_document_it_needs():
    documents = (
        IDENTITY,
        Document("proof_of_address", "verified", date(2027, 1, 1)),
        Document("bank_proof", "verified"),
    )
    assert requirements.expires_on(whole(*documents), "basic") == date(2030, 1, 1)
    assert requirements.expires_on(whole(*documents), "enhanced") == date(2027, 1, 1)
    assert requirements.expires_on(whole(Document("passport", "verified")), "basic") is None


@pytest.mark.parametrize(
    ("status", "level", "expires_on", "words"),
    [
        ("verified", "basic", None, None),
        ("verified", "basic", TODAY, None),
        ("verified", "basic", date(2026, 6, 14), "has expired"),
        ("expired", "none", None, "has expired"),
        ("none", "none", None, "Verify your identity first"),
        ("pending", "none", None, "are checking"),
        ("rejected", "none", None, "could not verify"),
        ("pending", "basic", None, "are checking"),
    ],
)
def test_new_money_is_refused_in_words_unless_the_person_is_verified_today(
    status, level, expires_on, words
):
    found = eligibility.refusal(status, level, expires_on, TODAY)
    assert (found is None) if words is None else (words in found)


@pytest.mark.parametrize(
    ("day", "is_ending"),
    [("2026-06-14", False), ("2026-06-15", True), ("2026-07-15", True), ("2026-07-16", False)],
)
def test_the_reminder_comes_within_thirty_days(day, is_ending):
    assert eligibility.is_ending(date.fromisoformat(day), TODAY) == is_ending


@pytest.mark.parametrize(
    ("typed", "points"),
    [
        ("50", 5000),
        ("33.34", 3334),
        ("33,3", 3330),
        ("100", 10000),
        ("0.01", 1),
        ("7 %", 700),
        ("٥٠", 5000),
    ],
)
def test_a_share_is_kept_in_basis_points(typed, points):
    assert percents.basis_points(typed, "share", least_bp=1) == points


@pytest.mark.parametrize(
    "typed", ["", "0", "0.00", "100.01", "101", "33.333", "-5", "1e1", "NaN", "½", "1,000"]
)
def test_what_is_no_share_is_refused(typed):
    with pytest.raises(Invalid) as error:
        percents.basis_points(typed, "share", least_bp=1)
    assert error.value.field == "share"


@pytest.mark.parametrize(
    ("shares", "words"),
    [
        ([10000], ""),
        ([3333, 3333, 3334], ""),
        ([6000], "60 % instead of 100 %. 40 % are missing"),
        ([3333, 3333, 3333], "99.99 % instead of 100 %. 0.01 % are missing"),
        ([6000, 6000], "120 % instead of 100 %. Reduce them by 20 %"),
    ],
)
def test_a_set_says_how_far_it_is_from_a_hundred(shares, words):
    found = nominees.sum_words(shares)
    assert found == "" if not words else words in found
    assert nominees.is_complete(shares) == (not words)


@pytest.mark.parametrize(
    "typed", ["", "x", "0911234567", "a@b", "a@@b.example", "+251", "9" * 40, "<a@b.example>"]
)
def test_what_reaches_nobody_is_no_contact(typed):
    with pytest.raises(Invalid):
        nominees.contact(typed)


def test_a_contact_is_kept_in_one_form():
    assert nominees.contact("+251 91 123 4567") == "+251911234567"
    assert nominees.contact("Sara@Example.COM") == "sara@example.com"


@pytest.mark.parametrize("typed", ["2026-06-14", "", "2077-01-01", "soon", "2026-13-01"])
def test_an_expiry_day_that_is_past_or_none_is_refused(typed):
    with pytest.raises(Invalid):
        dates.expiry_day(typed, "until", today=TODAY)
    assert dates.expiry_day("2026-06-15", "until", today=TODAY) == TODAY


def test_a_commitment_needs_its_salt_and_every_fact():
    salt, other = "aa" * 32, "bb" * 32
    found = {
        reviews.commitment(salt, {"a": 1}),
        reviews.commitment(other, {"a": 1}),
        reviews.commitment(salt, {"a": 2}),
    }
    assert len(found) == 3
    assert reviews.commitment(salt, {"a": 1, "b": 2}) == reviews.commitment(salt, {"b": 2, "a": 1})
    assert set(requirements.KIND_NAMES) >= set(requirements.DOCUMENT_KINDS)
