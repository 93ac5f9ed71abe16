"""What people type: every cleaner gives one normal form, or a sentence, whatever comes."""

import unicodedata
from datetime import date
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crowdfund.kernel import bank_accounts
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import (
    contacts,
    dates,
    names,
    numbers,
    percents,
    registers,
    texts,
    wallets,
)
from crowdfund.kernel.fields.characters import code, compact, has_hidden, plain_characters, trimmed
from crowdfund.kernel.fields.collecting import collect, state_of, unfinished

TODAY = date(2026, 6, 15)
ASK = "Enter it."
WALLET = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
DEVANAGARI = str.maketrans("0123456789", "०१२३४५६७८९")
CLEANERS = {
    "line": partial(texts.line, field="f", ask=ASK),
    "optional line": partial(texts.optional_line, field="f"),
    "lines": partial(texts.lines, field="f", ask=ASK),
    "reason": texts.reason,
    "choice": partial(texts.choice, field="f", ask=ASK, choices={"a", "b"}),
    "email": contacts.email,
    "phone": contacts.phone,
    "company phone": partial(contacts.phone, region="ET"),
    "mobile": partial(contacts.phone, mobile=True),
    "postal code": contacts.postal_code,
    "day": partial(dates.day, field="f", ask=ASK),
    "birthday": partial(dates.birthday, field="f", today=TODAY),
    "expiry day": partial(dates.expiry_day, field="f", today=TODAY),
    "basis points": partial(percents.basis_points, field="f"),
    "rate": partial(percents.rate, field="f", ask=ASK, least_bp=1, most_bp=100_000),
    "whole number": partial(numbers.whole, field="f", ask=ASK, least=0, most=9_999),
    "registration number": partial(registers.registration_number, field="f"),
    "tax number": partial(registers.tax_number, country="KE", field="f"),
    "Ethiopian tax number": partial(registers.tax_number, country="ET", field="f"),
    "Indian tax number": partial(registers.tax_number, country="IN", field="f"),
    "document number": partial(registers.document_number, field="f"),
    "wallet": partial(wallets.wallet, field="f"),
    "first name": lambda typed: names.given_names(typed, "")[0],
    "last name": lambda typed: names.given_names("Abebe", typed)[1],
    "Ethiopian account": lambda typed: bank_accounts.ethiopian("amhara", typed or "").number,
    "Indian account": lambda typed: bank_accounts.indian("SBIN0001234", typed or "").number,
    "IBAN": lambda typed: bank_accounts.iban(typed or "").number,
}
# What comes close to being right, with whatever people and programs put around it.
NEARLY = st.sampled_from([
    "Abebe Bikila", "name@example.com", "+251 91 123 4567", "0911234567", "1990-12-31", "33.34 %",
    "MT/AA/1/0012345/2015", "0012345678", "AAACC1234D", WALLET, "a", "110 001", "EP1234567",
    "2026-06-15", "a reason that is long enough", "0791234567", "+251 11 551 2345 ext. 6",
    "27AAACC1234D1ZC", "IBAN GB82 WEST 1234 5698 7654 32", "1000-1234-56789", "क्\u200dष",
])  # fmt: skip
AROUND = st.text(
    st.sampled_from(" \t\n\u00a0\u200b\u200d\u200e\u202e\u3000\u3164\ufffd\U000e0041-०९%.,<\x00éé"),
    max_size=4,
)
TYPED = st.one_of(
    st.none(),
    st.text(max_size=60),
    st.builds(lambda before, text, after: before + text + after, AROUND, NEARLY, AROUND),
)


@pytest.mark.parametrize("name", CLEANERS)
@given(typed=TYPED)
@example("<" + "ß" * 300)
@example("0" * 10_000)
def test_whatever_is_typed_is_refused_with_a_sentence_or_has_one_normal_form(name, typed):
    clean = CLEANERS[name]
    refusal, once = attempt(clean, typed)
    if refusal is not None:
        assert refusal.user_message
        assert refusal.field
        return
    shown = percents.percent(once) if name in ("basis points", "rate") else str(once)
    assert clean(shown) == once
    assert shown == shown.strip()
    assert "<" not in shown
    assert not has_hidden(shown)


def attempt(clean, typed):
    """Return the refusal or what the cleaner gives."""
    try:
        return None, clean(typed)
    except Invalid as refusal:
        return refusal, None


@given(st.integers(0, 10_000))
def test_every_share_is_read_as_it_is_shown(points):
    shown = percents.percent(points)
    for typed in (shown, f"{shown} %", shown.replace(".", ","), shown.translate(DEVANAGARI)):
        assert percents.basis_points(typed, "share") == points


@given(st.dates(date(1907, 1, 1), date(2008, 6, 15)))
def test_every_birthday_of_an_adult_is_read_in_digits_of_any_script(born):
    for typed in (born.isoformat(), born.isoformat().translate(DEVANAGARI)):
        assert dates.birthday(typed, "born_on", today=TODAY) == born
    assert dates.age(born, TODAY) >= 18


@given(st.text(st.sampled_from("0123456789"), min_size=10, max_size=10).filter(int))
def test_a_tax_number_is_the_same_in_digits_of_any_script_and_width(digits):
    wide = "".join(chr(ord(mark) + 0xFEE0) for mark in digits)
    printed = f"{digits[:4]} {digits[4:7]}\u2013{digits[7:]}"
    for typed in (digits, digits.translate(DEVANAGARI), wide, f" {digits}\u00a0", printed):
        assert registers.tax_number(typed, "ET", "tin") == digits


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("  Abebe \u00a0 Bikila\t", "Abebe Bikila"),
        ("Ame\u0301lie", "Am\u00e9lie"),
        ("क्\u200dष", "क्\u200dष"),  # a joiner belongs to the word
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("അവന്\u200d", "അവന്\u200d"),
        ("አበበ ቢቂላ", "አበበ ቢቂላ"),
    ],
)
def test_a_line_has_composed_letters_and_single_spaces(typed, clean):
    assert texts.line(typed, "name", ASK) == clean


HIDDEN = [
    "Abebe\u202eBikila",  # turns the direction of what follows
    "Abebe\u2066Bikila",
    "Abebe\u200bBikila",  # a space without width
    "Abebe\ufffdBikila",  # what a program could not read
    "Abebe\U000e0041Bikila",  # a tag
    "Abebe\u3164Bikila",  # a letter without a shape
    "\u3164\u3164\u3164",
    "\u200d\u200d\u200d",  # joiners that join nothing
    "Abebe \u200dBikila",
    "\u200cAbebe",
]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", ASK),
        ("   ", ASK),
        ("<b>Abebe</b>", "Use plain text only, without < or > or hidden characters."),
        *((typed, "Use plain text only, without < or > or hidden characters.") for typed in HIDDEN),
        ("x" * 121, "Use at most 120 characters; this is 121."),
        ("x", "Use at least 2 characters."),
    ],
)
def test_a_line_that_cannot_be_used_says_why(typed, sentence):
    with pytest.raises(Invalid) as refusal:
        texts.line(typed, "name", ASK)
    assert (refusal.value.user_message, refusal.value.field) == (sentence, "name")


def test_an_optional_line_may_be_empty_and_short():
    assert texts.optional_line(None, "region") == texts.optional_line(" ", "region") == ""
    assert texts.optional_line("X", "region") == "X"


@pytest.mark.parametrize("typed", HIDDEN)
@pytest.mark.parametrize("clean", ["line", "lines", "reason", "first name", "last name"])
def test_one_policy_refuses_what_nobody_sees_in_every_text(clean, typed):
    with pytest.raises(Invalid, match="hidden characters"):
        CLEANERS[clean](typed)


@pytest.mark.parametrize("picture", ["👩\u200d🌾", "👩🏾\u200d🌾", "❤\ufe0f\u200d🔥", "\U0001fae8"])
def test_a_picture_that_is_new_or_joined_of_others_is_no_hidden_character(picture):
    assert texts.lines(f"Thank you {picture}", "reason", ASK) == f"Thank you {picture}"


def test_tabs_of_a_table_become_spaces():
    assert texts.lines("one\ttwo\u2028three", "reason", ASK) == "one two\nthree"


def test_a_reason_that_is_too_long_is_refused_never_cut():
    with pytest.raises(Invalid, match="Use at most 500 characters; this is 501"):
        texts.reason("x" * 501)


def test_lines_keep_their_breaks_and_lose_the_spaces_at_their_ends():
    assert texts.lines(" one \r\n two\n", "story", ASK) == "one\ntwo"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Name@Example.COM ", "name@example.com"),
        ("o'hara+tag@mail.example.co", "o'hara+tag@mail.example.co"),
        ("\u202aname@example.com\u202c\u00a0", "name@example.com"),
        ("\ufeffname@example.com\u200b", "name@example.com"),
    ],
)
def test_an_address_is_stored_in_lower_case(typed, stored):
    assert contacts.email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "name",
        "name@",
        "@example.com",
        "name@example",
        "a..b@example.com",
        "a@b.c1.1",
        "a b@c.de",
        "na\u200bme@example.com",
        "user१@example.com",
        "ｎame@example.com",
    ],
)
def test_what_is_no_address_is_refused(typed):
    with pytest.raises(Invalid, match="Enter an e-mail address"):
        contacts.email(typed)


@pytest.mark.parametrize(
    ("typed", "region", "stored"),
    [
        ("0911 23 45 67", None, "+251911234567"),
        ("911234567", "ET", "+251911234567"),
        ("+91 98765 43210", "ET", "+919876543210"),
        ("098765 43210", "IN", "+919876543210"),
        ("+२५१ ९१ १२३ ४५६७", None, "+251911234567"),
        ("\u202a+251\u00a091\u00a0123\u00a04567\u202c", None, "+251911234567"),
        ("+44 (0)20 7946 0958", None, "+442079460958"),
    ],
)
def test_a_phone_number_is_read_as_one_of_its_region(typed, region, stored):
    assert contacts.phone(typed, region=region) == stored


def test_a_number_without_a_region_needs_its_country_code():
    with pytest.raises(Invalid, match="country code"):
        contacts.phone("911234567")


@given(st.sampled_from("79"), st.text("0123456789", min_size=8, max_size=8))
def test_every_mobile_number_of_ethiopia_is_possible_until_its_code_has_arrived(first, digits):
    for typed in (f"0{first}{digits}", f"+251 {first}{digits[:1]} {digits[1:4]} {digits[4:]}"):
        assert contacts.phone(typed, mobile=True) == f"+251{first}{digits}"


@pytest.mark.parametrize("typed", ["+251 41 000 0000", "+44 7000 000"])
def test_what_is_no_block_of_mobile_numbers_is_still_refused(typed):
    with pytest.raises(Invalid):
        contacts.phone(typed, mobile=True)


@pytest.mark.parametrize(
    "typed",
    [
        "+251 11 551 2345 ext. 67",
        "+251115512345 x67",
        "+251115512345;ext=67",
        "+251 11 551 2345, extension 67",
        "+251 (11) 551-2345 # 67",
        "011 551 2345 EXT ६७",
    ],
)
def test_a_number_with_an_extension_is_refused_never_cut(typed):
    for region in ("ET", None):
        with pytest.raises(Invalid, match="without its extension"):
            contacts.phone(typed, region=region)


def test_someone_too_young_reads_the_sentence_for_the_place():
    born = date(2010, 1, 1).isoformat()
    with pytest.raises(Invalid, match="at least 18 years old to be verified"):
        dates.birthday(born, "born_on", today=TODAY)
    with pytest.raises(Invalid, match="An officer"):
        dates.birthday(born, "born_on", today=TODAY, too_young="An officer is an adult.")
    assert dates.birthday(born, "born_on", today=TODAY, least_years=0) == date(2010, 1, 1)


@pytest.mark.parametrize("typed", ["15.06.2026", "2026-6-1", "2026-02-30", "20260615"])
def test_a_date_in_another_form_is_refused_with_an_example(typed):
    with pytest.raises(Invalid, match="1990-12-31"):
        dates.day(typed, "day", ASK)


@pytest.mark.parametrize(
    ("typed", "least", "sentence"),
    [
        ("", 0, "Enter the share in percent"),
        ("half", 0, "Enter digits with at most two decimals"),
        ("33.333", 0, "Enter digits with at most two decimals"),
        ("101", 0, "from 0 to 100"),
        ("0", 1, "more than 0 and at most 100"),
    ],
)
def test_a_share_that_cannot_be_used_says_why(typed, least, sentence):
    with pytest.raises(Invalid, match=sentence):
        percents.basis_points(typed, "share", least_bp=least)


# Check characters by the method of the GST network (Luhn modulo 36).
@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("AAACC 1234 D", "AAACC1234D"),
        ("aaacc-1234-d", "AAACC1234D"),
        ("27 AAACC1234D 1ZC", "27AAACC1234D1ZC"),
        ("38AAACC1234D1Z9", "38AAACC1234D1Z9"),  # Ladakh
        ("97-AAACC1234D-1Z5", "97AAACC1234D1Z5"),  # other territory
    ],
)
def test_an_indian_tax_number_is_taken_as_it_is_printed(typed, stored):
    assert registers.tax_number(typed, "IN", "tin") == stored


@pytest.mark.parametrize(
    "typed",
    ["27AAACC1234D1ZH", "39AAACC1234D1Z7", "00AAACC1234D1ZS", "27AAACC1234D1Z", "27AAACC0000D1ZQ"],
)
def test_a_gstin_of_no_state_or_with_a_wrong_check_character_is_refused(typed):
    with pytest.raises(Invalid, match="PAN, like AAACC1234D"):
        registers.tax_number(typed, "IN", "tin")


@pytest.mark.parametrize("typed", ["AAAPC1234D", "27AAAPC1234D1ZL"])
def test_the_tax_number_of_a_person_is_not_a_companys(typed):
    with pytest.raises(Invalid, match="fourth letter is P"):
        registers.tax_number(typed, "IN", "tin")


@pytest.mark.parametrize("zeros", ["0000", "0000000000", "००००००००००", "00-00/00 00"])
@pytest.mark.parametrize(
    "clean",
    [
        "registration number",
        "tax number",
        "Ethiopian tax number",
        "Indian tax number",
        "document number",
        "Ethiopian account",
        "Indian account",
    ],
)
def test_a_number_of_zeros_is_nobodys(clean, zeros):
    with pytest.raises(Invalid):
        CLEANERS[clean](zeros)


SAME_PERSON = [
    ("Abebe Bikila", "ABEBE BIKILA"), ("Abebe Bikila", "Bikila Abebe Wakjira"),
    ("Am\u00e9lie Poulain", "Ame\u0301lie Poulain"), ("Amélie Poulain", "AMELIE POULAIN"),
    ("Haile Mariam", "HAILEMARIAM"), ("Sean O'Brien", "SEAN O’BRIEN"),
    ("Sean O'Brien", "Sean OBrien"), ("Meera", "MEERA"), ("राम शर्मा", "राम  शर्मा"),
    ("क्\u200dष शर्मा", "क्ष शर्मा"), ("अ\u095bीम खान", "अज\u093cीम खान"),
    ("አበበ ቢቂላ", "አበበ ቢቂላ ዋቅጅራ"),
]  # fmt: skip
OTHER_PERSON = [
    ("राम शर्मा", "रीम शर्मा"), ("कमला", "कमल"), ("कमला देवी", "कमल देवी"), ("अबेबे", "अबेबि"),
    ("Meera", "Meera Kapoor"), ("Kebede Kebede", "Kebede Alemu"), ("Abebe Bikila", "Abebe"),
    ("Abebe Bikila", "Abebe A B C D Bikila"),
    ("ሣራ አበበ", "ሰራ አበበ"), ("አበበ ቢቂላ", "አበቡ ቢቂላ"), ("", ""), ("", "Abebe"),
    ("राम शर्मा", "राम Sharma"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "holder"), SAME_PERSON)
def test_a_persons_name_is_the_same_however_a_bank_writes_it(name, holder):
    assert names.compare_people(name, holder) == "same"


@pytest.mark.parametrize(("name", "holder"), OTHER_PERSON)
def test_the_name_of_another_person_is_not_theirs(name, holder):
    assert names.compare_people(name, holder) == "other"


@pytest.mark.parametrize(
    ("name", "holder"),
    [
        ("Bekele & Sons PLC", "BEKELE AND SONS PLC"),
        ("Bekele & Sons P.L.C.", "Bekele and Sons Private Limited Company"),
        ("Café Ltd.", "CAFE LIMITED"),
        ("Cafe\u0301 PLC", "Caf\u00e9 PLC"),
        ("Bekele-Sons S.C.", "BEKELE SONS SHARE COMPANY"),
        ("राम एवं श्याम", "राम & श्याम"),
    ],
)
def test_a_companys_name_is_the_same_however_a_bank_writes_it(name, holder):
    assert names.compare_companies(name, holder) == "same"


@pytest.mark.parametrize(
    ("name", "holder"),
    [
        ("राम लिमिटेड", "रीम लिमिटेड"),
        ("कमला", "कमल"),
        ("Bekele & Sons PLC", "Bekele Sons PLC"),
        ("Bekele PLC", "Bekele"),
        ("Bekele PLC", "Abebe Bekele PLC"),
        ("&", "and PLC"),
        ("", ""),
    ],
)
def test_the_name_of_another_company_is_not_theirs(name, holder):
    assert names.compare_companies(name, holder) == "other"


@pytest.mark.parametrize(
    ("compare", "name", "holder"),
    [
        (names.compare_people, "አበበ ቢቂላ", "Abebe Bikila"),
        (names.compare_people, "Kamala Devi", "कमला देवी"),
        (names.compare_companies, "አበበ ኃ.የተ.የግል ማኅበር", "Abebe PLC"),
        (names.compare_companies, "አበበ PLC", "ABEBE P.L.C."),
        (names.compare_companies, "አበበ Share Company", "Abebe and Share Company"),
        (names.compare_people, "ኃይሌ ገብረ ሥላሴ", "ሀይሌ ገብረ ስላሴ"),
        (names.compare_people, "ዓለሙ ፀሐይ", "አለሙ ጸሀይ"),
    ],
)
def test_a_name_in_another_script_or_spelling_is_for_a_person_to_compare(compare, name, holder):
    assert compare(name, holder) == "uncertain"


@given(st.text(st.sampled_from("अकमलरा\u093fी ंAbé'& "), max_size=12))
def test_a_name_is_its_own_in_capitals_and_in_any_composition(name):
    for other in (name.upper(), unicodedata.normalize("NFD", name), f" {name} "):
        for compare in (names.compare_people, names.compare_companies):
            assert compare(name, other) == compare(name, name)


def test_codes_are_plain_capitals_with_single_spaces():
    assert code("ｅｐ\u200b 12–34") == "EP 12-34"
    assert plain_characters("१२−३") == "12-3"
    assert compact(" ab\u201412 ३४ ") == "AB1234"
    assert trimmed("\u202a\u00a0a b\u200b ") == "a b"
    assert trimmed("\u200b \u202c") == trimmed(None) == ""


def test_all_fields_are_checked_before_anything_is_refused():
    checks = {
        "name": lambda: texts.line("", "name", "Enter a name."),
        "email": lambda: contacts.email("x"),
        "city": lambda: texts.line("Adama", "city", "Enter a city."),
    }
    good, errors = collect(checks)
    assert good == {"city": "Adama"}
    assert errors == {
        "name": "Enter a name.",
        "email": "Enter an e-mail address, like name@example.com.",
    }


@pytest.mark.parametrize(
    ("filled", "state"), [({}, "todo"), ({"a": 1, "b": ""}, "started"), ({"a": 1, "b": 2}, "done")]
)
def test_a_step_is_done_when_all_that_it_requires_is_there(filled, state):
    assert state_of(filled, ("a", "b")) == state


def test_the_unfinished_steps_come_in_their_order():
    states = {"about": "done", "address": "started", "identity": "todo"}
    assert unfinished(states, states.__getitem__) == ["address", "identity"]
