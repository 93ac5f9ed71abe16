"""Onboarding in the browser: task list, one thing a page, errors at the field, no foreign files."""

import io
import re

import pytest

from crowdfund.issuers import queries
from crowdfund.issuers.rules import declarations
from crowdfund.kernel.db import rollback
from tests import raising

WALLET = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"
DECLARED = dict.fromkeys(declarations.STATEMENTS, "y")


@pytest.fixture
def cast(app, frozen):
    raising.contracts()
    staff = {"carla": "compliance", "rita": "regulator"}
    return {
        name: raising.person(name, *([staff[name]] if name in staff else []))
        for name in ("alice", "bob", *staff)
    }


@pytest.fixture
def alice(client, cast):
    return raising.sign_in(client, cast["alice"])


def start(client):
    """Open a file through the page and return its address."""
    answer = client.post("/companies")
    assert answer.status_code == 303
    return answer.headers["Location"]


def pdf(data=raising.PDF, name="paper.pdf"):
    return {"file": (io.BytesIO(data), name)}


def fill(client, here):
    for step, values in (
        ("edit/company", raising.COMPANY),
        ("edit/contacts", raising.CONTACTS),
        ("officers/new", raising.DIRECTOR),
        ("edit/bank", raising.BANK),
        ("edit/wallet", {"choice": "own", "wallet_address": WALLET}),
    ):
        assert client.post(f"{here}/{step}", data=values).status_code == 303, step
    for kind in raising.DOCUMENTS:
        answer = client.post(f"{here}/documents/{kind}", data=pdf())
    return answer


@pytest.fixture
def ready(cast):
    """The address of a file of Alice's that could be submitted."""
    return f"/companies/{raising.filled_company(cast['alice'])}"


def read(here):
    rollback()
    return queries.get(here.rsplit("/", 1)[1])


def documents(here, *kinds):
    rollback()
    return queries.documents_of(here.rsplit("/", 1)[1], kinds or None)


def test_a_company_is_registered_page_by_page(alice, cast, app):
    here = start(alice)
    assert "Not available yet" in alice.get(here).text
    answer = alice.post(f"{here}/edit/company", data=raising.COMPANY)
    assert answer.headers["Location"] == f"{here}/edit/contacts"
    assert fill(alice, here).headers["Location"] == f"{here}/documents"
    assert alice.get(here).text.count("Completed") == 6
    check = alice.get(f"{here}/check").text
    shown = (
        "Yirga Coffee Share Company",
        "0012345678",
        "+251911234567",
        WALLET,
        "paper.pdf",
        "60 %",
        "6789",
    )
    for text in shown:
        assert text in check
    assert raising.BANK["number"] not in check
    assert alice.post(f"{here}/check", data=DECLARED).headers["Location"] == here
    assert "We are reviewing your company" in alice.get(here).text
    company_id = read(here).id
    carla, desk = raising.browser(app, cast["carla"]), f"/staff/companies/{company_id}"
    assert "Yirga Coffee" in carla.get("/staff/companies").text
    answer = carla.post(f"{desk}/approve")
    assert (answer.status_code, "Accept the required documents first" in answer.text) == (409, True)
    for document in documents(here):
        decision = {"decision": "approve", "expires_on": "2027-01-31"}
        assert (
            carla.post(f"{desk}/documents/{document.id}/decide", data=decision).status_code == 303
        )
    assert carla.post(f"{desk}/approve").status_code == 303
    assert "registration is in progress" in alice.get(f"{here}/state").text
    raising.confirm("company", company_id)
    state = alice.get(f"{here}/state").text
    assert "verified and registered" in state
    assert "<html" not in state


def test_the_next_visit_goes_on_where_the_last_one_stopped(alice, app, cast):
    here = start(alice)
    alice.post(f"{here}/edit/company", data=raising.COMPANY)
    alice.post(f"{here}/officers/new", data=raising.DIRECTOR)
    again = raising.browser(app, cast["alice"])
    assert start(again) != here
    assert 'value="Yirga Coffee"' in again.get(f"{here}/edit/company").text
    assert "Alice Bekele" in again.get(f"{here}/officers").text
    assert "Continue the registration" in again.get("/my/company").text


def test_an_empty_file_is_not_opened_twice(alice):
    assert start(alice) == start(alice)


@pytest.mark.parametrize("left_out", list(declarations.STATEMENTS))
def test_a_submission_needs_every_declaration(alice, left_out, ready):
    here = ready
    said = {code: "y" for code in declarations.STATEMENTS if code != left_out}
    answer = alice.post(f"{here}/check", data=said)
    assert answer.status_code == 422
    assert f'id="{left_out}-error"' in answer.text
    assert read(here).status == "draft"
    assert queries.declarations(read(here).id) == []


def test_the_platform_can_hold_a_wallet_for_the_company(alice):
    here = start(alice)
    assert alice.post(f"{here}/edit/wallet", data={"choice": "hold"}).status_code == 303
    row = read(here)
    assert re.fullmatch(r"0x[0-9a-fA-F]{40}", row.wallet_address)
    assert row.wallet_sealed_key not in alice.get(f"{here}/check").text


NASTY = ["", "x" * 5000, "-1", "NaN", "1e9", "٠١٢٣٤٥٦٧٨٩", "<script>alert(1)</script>", "a\x07b"]
# Digits of any script are read as such.
TAKEN = {("registration_no", "1e9"), ("registration_no", "٠١٢٣٤٥٦٧٨٩"), ("tin", "٠١٢٣٤٥٦٧٨٩")}
WELCOME_IN = {"legal_name", "trade_name", "contact_name", "street", "city", "region", "postal_code"}


@pytest.mark.parametrize("typed", NASTY)
@pytest.mark.parametrize(
    ("step", "good"), [("company", raising.COMPANY), ("contacts", raising.CONTACTS)]
)
def test_bad_input_gets_a_sentence_keeps_the_rest_and_stores_nothing(alice, step, good, typed):
    here = start(alice)
    for field in good:
        if field in WELCOME_IN and typed in ("-1", "NaN", "1e9", "٠١٢٣٤٥٦٧٨٩"):
            continue
        answer = alice.post(f"{here}/edit/{step}", data=good | {field: typed})
        if answer.status_code == 303:
            assert (field, typed) in {*TAKEN, ("region", ""), ("postal_code", "")}
            continue
        assert answer.status_code == 422, field
        assert "cf-error-summary" in answer.text
        assert "<script>alert" not in answer.text
        kept = next(
            value
            for name, value in good.items()
            if value and name not in (field, "sector", "country")
        )
        assert kept in answer.text
        assert getattr(read(here), field) != typed


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "<b>x</b>"},
        {"role": "king"},
        {"born_on": "2015-01-01"},
        {"born_on": "15/06/1980"},
        {"born_on": "2090-01-01"},
        {"nationality": "XX"},
        {"ownership_bps": "101"},
        {"ownership_bps": "-1"},
        {"ownership_bps": "1e1"},
        {"ownership_bps": "25", "is_beneficial_owner": None},
    ],
)
def test_a_bad_officer_gets_a_sentence_and_is_not_stored(alice, change):
    here = start(alice)
    data = {name: value for name, value in (raising.DIRECTOR | change).items() if value is not None}
    answer = alice.post(f"{here}/officers/new", data=data)
    assert answer.status_code == 422
    assert "cf-error-summary" in answer.text
    assert queries.officers(read(here).id) == []


def test_officers_are_changed_and_removed_and_never_own_more_than_everything(alice):
    here = start(alice)
    alice.post(f"{here}/officers/new", data=raising.DIRECTOR)
    [first] = queries.officers(read(here).id)
    second = raising.DIRECTOR | {"name": "Bob Haile", "ownership_bps": "40.01"}
    answer = alice.post(f"{here}/officers/new", data=second)
    assert "All shares together are 100.01 %" in answer.text
    assert (
        alice.post(f"{here}/officers/new", data=second | {"ownership_bps": "40"}).status_code == 303
    )
    changed = raising.DIRECTOR | {"ownership_bps": "59.5"}
    assert alice.post(f"{here}/officers/{first['id']}", data=changed).status_code == 303
    assert "Shares named so far: 99.5 %." in alice.get(f"{here}/officers").text
    assert alice.post(f"{here}/officers/{first['id']}/remove").status_code == 303
    assert [one["name"] for one in queries.officers(read(here).id)] == ["Bob Haile"]
    assert alice.get(f"{here}/officers/{first['id']}").status_code == 404


IN = {"format": "IN", "ifsc": "SBIN0001234", "number": "123456789012"}
IBAN = {"format": "IBAN", "iban": "DE89 3704 0044 0532 0130 00"}


@pytest.mark.parametrize("good", [{}, IN, IBAN, {"number": "1000 1234 56789"}])
def test_a_bank_account_is_kept_sealed_and_shown_masked(alice, good):
    here = start(alice)
    alice.post(f"{here}/edit/company", data=raising.COMPANY)
    assert alice.post(f"{here}/edit/bank", data=raising.BANK | good).status_code == 303
    shown = queries.bank_account(read(here).id)
    assert re.search(r"···· \w{4}$", shown["masked"])
    page = alice.get(f"{here}/edit/bank").text
    assert shown["masked"] in page
    for number in ("1000123456789", "123456789012", "DE89370400440532013000"):
        assert number not in page


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"bank": "NONE"}, "bank"),
        ({"number": "100012345678"}, "number"),
        ({"number": "0000000000000"}, "number"),
        ({"number": "1000 1234 5678x"}, "number"),
        ({"holder": "Alice Bekele"}, "holder"),
        ({"holder": ""}, "holder"),
        (IN | {"ifsc": "SBIN1001234"}, "ifsc"),
        (IN | {"number": "12345678"}, "number"),
        (IBAN | {"iban": "DE89 3704 0044 0532 0130 01"}, "iban"),
        (IBAN | {"iban": "ET89 3704"}, "iban"),
        (IBAN | {"iban": "D" * 5000}, "iban"),
    ],
)
def test_a_wrong_bank_account_is_refused_at_its_field(alice, bad, field):
    here = start(alice)
    alice.post(f"{here}/edit/company", data=raising.COMPANY)
    answer = alice.post(f"{here}/edit/bank", data=raising.BANK | bad)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert queries.bank_account(read(here).id) is None


NAME = "Bekele & Sons PLC"


@pytest.mark.parametrize(
    ("name", "holder", "is_taken"),
    [
        (NAME, "BEKELE AND SONS PLC", True),
        (NAME, "Bekele & Sons P.L.C.", True),
        ("Caf\u00e9 Adama PLC", "Cafe\u0301 Adama PLC", True),
        ("አበበ ኃ.የተ.የግል ማኅበር", "Abebe PLC", True),  # a person compares them
        ("राम लिमिटेड", "रीम लिमिटेड", False),
        ("कमला", "कमल", False),
        (NAME, "Bekele PLC", False),
    ],
)
def test_the_holder_is_the_company_however_the_bank_writes_its_name(alice, name, holder, is_taken):
    here = start(alice)
    alice.post(f"{here}/edit/company", data=raising.COMPANY | {"legal_name": name})
    answer = alice.post(f"{here}/edit/bank", data=raising.BANK | {"holder": holder})
    assert answer.status_code == (303 if is_taken else 422)
    rollback()
    assert (queries.bank_account(read(here).id) is not None) is is_taken


@pytest.mark.parametrize(
    ("step", "typed", "stored"),
    [
        ("company", {"tin": "0012 345-678"}, "0012345678"),
        ("company", {"tin": "aaacc 1234 d", "country": "IN"}, "AAACC1234D"),
        ("company", {"tin": "38AAACC1234D1Z9", "country": "IN"}, "38AAACC1234D1Z9"),
        ("contacts", {"contact_email": "s.o'hara@example.com"}, "s.o'hara@example.com"),
        (
            "contacts",
            {"contact_phone": "\u202a+251\u00a079\u00a0123\u00a04567\u202c"},
            "+251791234567",
        ),
    ],
)
def test_what_is_pasted_from_a_paper_is_stored_in_its_normal_form(alice, step, typed, stored):
    here, page = start(alice), raising.COMPANY if step == "company" else raising.CONTACTS
    assert alice.post(f"{here}/edit/{step}", data=page | typed).status_code == 303
    assert getattr(read(here), next(iter(typed))) == stored


def test_a_share_with_a_comma_is_the_same_for_an_officer_as_for_a_nominee(alice):
    here = start(alice)
    answer = alice.post(f"{here}/officers/new", data=raising.DIRECTOR | {"ownership_bps": "33,34"})
    assert answer.status_code == 303
    assert queries.officers(read(here).id)[0]["ownership_bps"] == 3_334


def test_there_is_no_other_kind_of_account(alice):
    here = start(alice)
    alice.post(f"{here}/edit/company", data=raising.COMPANY)
    answer = alice.post(f"{here}/edit/bank", data=raising.BANK | {"format": "GOLD"})
    assert (answer.status_code, "Choose a kind of account from the list." in answer.text) == (
        422,
        True,
    )
    assert 'name="iban"' in alice.get(f"{here}/edit/bank?kind=IBAN").text
    assert 'name="number"' in alice.get(f"{here}/edit/bank?kind=GOLD").text


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"choice": "own"},
        {"choice": "own", "wallet_address": WALLET.lower()},
        {"choice": "steal"},
        {"wallet_address": WALLET},
    ],
)
def test_a_wallet_must_be_chosen_and_right(alice, data):
    here = start(alice)
    assert alice.post(f"{here}/edit/wallet", data=data).status_code == 422
    assert read(here).wallet_address is None


@pytest.mark.parametrize(
    "data",
    [
        {},
        pdf(b""),
        pdf(b"MZ\x90\x00", "a.pdf"),
        pdf(raising.picture(), "a.pdf"),
        pdf(b"%PDF-1.4 cut"),
        {"file": "text"},
    ],
)
def test_what_is_no_pdf_is_refused_at_its_field(alice, data):
    here = start(alice)
    answer = alice.post(f"{here}/documents/memorandum", data=data, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert 'id="file-error"' in answer.text
    assert documents(here) == []


def test_a_stranger_finds_nothing_of_a_company(alice, app, cast, ready):
    here = ready
    [document] = documents(here, "memorandum")
    bob = raising.browser(app, cast["bob"])
    pages = (
        "",
        "/state",
        "/check",
        "/edit/company",
        "/edit/bank",
        "/officers",
        "/officers/new",
        "/documents",
    )
    for path in (*pages, "/documents/memorandum", "/team", "/changes"):
        assert bob.get(here + path).status_code == 404, path
        assert raising.browser(app).get(here + path).status_code == 303
    assert bob.get(f"/documents/{document.id}").status_code == 404
    for path in ("/edit/company", "/check", "/officers/new", "/team", "/changes/send"):
        assert bob.post(here + path, data=raising.COMPANY | DECLARED).status_code == 404, path
    assert bob.post(f"{here}/documents/{document.id}/remove").status_code == 404
    assert read(here).status == "draft"


def test_a_document_opens_for_the_team_and_for_staff_only(alice, app, cast, ready):
    here = ready
    [document] = documents(here, "business_licence")
    for client in (alice, *(raising.browser(app, cast[name]) for name in ("carla", "rita"))):
        answer = client.get(f"/documents/{document.id}")
        assert answer.data.startswith(b"%PDF-")
        assert answer.headers["Cache-Control"] == "private, no-store"
    page = alice.get(f"{here}/documents").text
    for shown in (
        "Who looked at them",
        "Carla",
        "Review by staff",
        "Rita",
        "Inspection by the regulator",
    ):
        assert shown in page


def test_a_document_of_another_company_cannot_be_removed(alice, app, cast, ready):
    here = ready
    [document] = documents(here, "memorandum")
    bob = raising.browser(app, cast["bob"])
    theirs = start(bob)
    assert bob.post(f"{theirs}/documents/{document.id}/remove").status_code == 404
    assert documents(here, "memorandum") == [document]


def test_a_submitted_company_cannot_be_changed_through_the_pages(alice, ready):
    here = ready
    alice.post(f"{here}/check", data=DECLARED)
    answer = alice.post(f"{here}/edit/company", data=raising.COMPANY | {"trade_name": "Other"})
    assert answer.status_code == 409
    assert "cannot be changed now" in answer.text
    assert read(here).trade_name == "Yirga Coffee"


@pytest.mark.parametrize("step", ["nonsense", "../company", "company/x"])
def test_there_are_no_other_pages(alice, step):
    assert alice.get(f"{start(alice)}/edit/{step}").status_code == 404
    assert alice.get(f"{start(alice)}/documents/{step}").status_code == 404
