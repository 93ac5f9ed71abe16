"""Account numbers: the same ones are right for a person and for a company,
however they are written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crowdfund.issuers.rules import bank as company_rules
from crowdfund.kernel import bank_accounts
from crowdfund.kernel.errors import Invalid
from crowdfund.payout_accounts import rules as person_rules

BANKS = {code: lengths for code, _name, lengths in bank_accounts.ETHIOPIAN_BANKS}
HOLDER = "Alice Bekele"
numbers = st.text("0123456789", min_size=1, max_size=20).filter(lambda text: int(text) > 0)


def of_person(scheme, **typed):
    given_fields = {"bank": "", "number": "", "holder": HOLDER, "person_name": HOLDER} | typed
    return person_rules.account(scheme, **given_fields).number


def of_company(kind, **typed):
    return company_rules.parse_account({"format": kind, "holder": HOLDER} | typed, HOLDER).number


def outcome(check, *args, **typed):
    try:
        return check(*args, **typed)
    except Invalid:
        return "refused"


def test_each_bank_has_a_code_of_its_own_and_sane_lengths():
    assert len(BANKS) == len(bank_accounts.ETHIOPIAN_BANKS)
    assert all(lengths == tuple(sorted(set(lengths))) for lengths in BANKS.values())
    assert all(8 <= length <= 17 for lengths in BANKS.values() for length in lengths)


# Chapa's list of banks of August 2024 (GET /v1/banks): how long an account number is.
CHAPA = {
    "abay": 16, "addis": 15, "ahadu": 10, "awash": 14, "boa": 8, "berhan": 13, "cbe": 13,
    "dashen": 13, "global": 13, "hibret": 16, "lion": 9, "nib": 13, "oromia": 12, "wegagen": 13,
    "zemen": 16,
}  # fmt: skip


@pytest.mark.parametrize(("bank", "length"), CHAPA.items())
def test_every_length_of_the_payment_providers_list_is_taken(bank, length):
    assert length in BANKS[bank]
    number = "1" + "0" * (length - 1)
    assert of_person("et", bank=bank, number=number) == number
    assert of_company("ET", bank=bank, number=number) == number
    assert outcome(of_person, "et", bank=bank, number="0" * length) == "refused"
    assert outcome(of_company, "ET", bank=bank, number="0" * length) == "refused"


@given(bank=st.sampled_from(sorted(BANKS)), number=numbers)
def test_an_ethiopian_number_is_judged_alike_for_people_and_companies(bank, number):
    person = outcome(of_person, "et", bank=bank, number=number)
    assert person == outcome(of_company, "ET", bank=bank, number=number)
    assert person == (number if len(number) in BANKS[bank] else "refused")


@given(number=numbers)
def test_an_indian_number_is_judged_alike_for_people_and_companies(number):
    person = outcome(of_person, "in", bank="SBIN0001234", number=number)
    assert person == outcome(of_company, "IN", ifsc="SBIN0001234", number=number)
    assert person == (number if 9 <= len(number) <= 18 else "refused")


@given(
    number=st.text("123456789", min_size=13, max_size=13),
    blanks=st.lists(st.integers(1, 12), max_size=5),
)
def test_blanks_and_hyphens_change_no_number(number, blanks):
    typed = number
    for place in sorted(set(blanks), reverse=True):
        typed = typed[:place] + (" -\u00a0"[place % 3]) + typed[place:]
    assert bank_accounts.ethiopian("cbe", f" {typed} ").number == number


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("1000-1234-567é9", "Remove “É”"),
        ("1000/1234/56789", "Remove “/”"),
        ("0000000000000", "all zeros"),
        ("10001234", "has 13 digits. You entered 8."),
        ("9" * 5_000, "You entered 5000."),
        ("0" * 5_000, "all zeros"),
    ],
)
def test_a_refused_number_says_exactly_what_is_wrong(typed, words):
    with pytest.raises(Invalid, match=words.replace(".", "[.]")) as refusal:
        bank_accounts.ethiopian("cbe", typed)
    assert refusal.value.field == "number"


@pytest.mark.parametrize(
    "typed",
    [
        "GB82 WEST 1234 5698 7654 32",
        "gb82west12345698765432",
        "IBAN GB82–WEST–1234—5698‑7654−32",
        "ＧＢ８２ WEST\u200b 1234 5698 7654 32",
    ],
)
def test_an_iban_is_taken_as_it_is_printed(typed):
    assert (
        of_person("iban", number=typed)
        == of_company("IBAN", iban=typed)
        == "GB82WEST12345698765432"
    )


LONG = "GB82 WEST 1234 5698 7654 32" + " " * 60 + "9"  # never cut


@pytest.mark.parametrize("typed", ["GB82 WEST 1234 5698 7654 33", "IBAN", "", "GB82", LONG])
def test_what_is_no_iban_is_refused_at_the_field_of_each_form(typed):
    with pytest.raises(Invalid, match="not a valid IBAN") as person:
        of_person("iban", number=typed)
    with pytest.raises(Invalid, match="not a valid IBAN") as company:
        of_company("IBAN", iban=typed)
    assert (person.value.field, company.value.field) == ("number", "iban")


def test_an_ifsc_is_refused_at_the_field_of_each_form():
    with pytest.raises(Invalid, match="SBIN0001234") as person:
        of_person("in", bank="SBIN1001234", number="123456789")
    with pytest.raises(Invalid, match="SBIN0001234") as company:
        of_company("IN", ifsc="SBIN1001234", number="123456789")
    assert (person.value.field, company.value.field) == ("bank", "ifsc")
