"""What people type: every cleaner gives one normal form, or a sentence, whatever comes."""

from datetime import date
from functools import partial

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import contacts, dates, percents, registers, texts, wallets
from crowdfund.kernel.fields.characters import code, plain_characters
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
    "registration number": partial(registers.registration_number, field="f"),
    "tax number": partial(registers.tax_number, country="KE", field="f"),
    "Ethiopian tax number": partial(registers.tax_number, country="ET", field="f"),
    "Indian tax number": partial(registers.tax_number, country="IN", field="f"),
    "document number": partial(registers.document_number, field="f"),
    "wallet": partial(wallets.wallet, field="f"),
}
# What comes close to being right, with whatever people and programs put around it.
NEARLY = st.sampled_from([
    "Abebe Bikila", "name@example.com", "+251 91 123 4567", "0911234567", "1990-12-31", "33.34 %",
    "MT/AA/1/0012345/2015", "0012345678", "AAACC1234D", WALLET, "a", "110 001", "EP1234567",
    "2026-06-15", "a reason that is long enough",
])  # fmt: skip
AROUND = st.text(st.sampled_from(" \t\n\u00a0\u200b\u200e\u3000-०९%.,<\x00éé"), max_size=4)
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
    shown = percents.percent(once) if isinstance(once, int) else str(once)
    assert clean(shown) == once
    assert shown == shown.strip()
    assert "<" not in shown
    assert all(
        mark.isprintable() or mark in "\n\u200c\u200d" for mark in shown if not mark.isspace()
    )


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


@given(st.text(st.sampled_from("0123456789"), min_size=10, max_size=10))
def test_a_tax_number_is_the_same_in_digits_of_any_script_and_width(digits):
    wide = "".join(chr(ord(mark) + 0xFEE0) for mark in digits)
    for typed in (digits, digits.translate(DEVANAGARI), wide, f" {digits}\u00a0"):
        assert registers.tax_number(typed, "ET", "tin") == digits


@pytest.mark.parametrize(
    ("typed", "clean"),
    [
        ("  Abebe \u00a0 Bikila\t", "Abebe Bikila"),
        ("Ame\u0301lie", "Am\u00e9lie"),
        ("क्\u200dष", "क्\u200dष"),  # a joiner belongs to the word
        ("አበበ ቢቂላ", "አበበ ቢቂላ"),
    ],
)
def test_a_line_has_composed_letters_and_single_spaces(typed, clean):
    assert texts.line(typed, "name", ASK) == clean


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", ASK),
        ("   ", ASK),
        ("<b>Abebe</b>", "Use plain text only, without < or > or hidden characters."),
        ("Abebe\u202eBikila", "Use plain text only, without < or > or hidden characters."),
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


def test_lines_keep_their_breaks_and_lose_the_spaces_at_their_ends():
    assert texts.lines(" one \r\n two\n", "story", ASK) == "one\ntwo"


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("Name@Example.COM ", "name@example.com"),
        ("o'hara+tag@mail.example.co", "o'hara+tag@mail.example.co"),
    ],
)
def test_an_address_is_stored_in_lower_case(typed, stored):
    assert contacts.email(typed) == stored


@pytest.mark.parametrize(
    "typed",
    ["name", "name@", "@example.com", "name@example", "a..b@example.com", "a@b.c1.1", "a b@c.de"],
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
    ],
)
def test_a_phone_number_is_read_as_one_of_its_region(typed, region, stored):
    assert contacts.phone(typed, region=region) == stored


def test_a_number_without_a_region_needs_its_country_code():
    with pytest.raises(Invalid, match="country code"):
        contacts.phone("911234567")


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


def test_codes_are_plain_capitals_with_single_spaces():
    assert code("ｅｐ\u200b 12–34") == "EP 12-34"
    assert plain_characters("१२−३") == "12-3"


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
