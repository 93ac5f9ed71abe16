"""Onboarding as a browser sees it: task list, one thing a page, errors at the field, nobody else's files."""

import io
import re

import pytest

from crowdfund.db import rollback
from crowdfund.issuers import queries
from tests import raising

WALLET = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"


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


def pdf(data=raising.PDF, name="memorandum.pdf"):
    return {"memorandum": (io.BytesIO(data), name)}


def fill(client, here):
    for step, values in (
        ("company", raising.COMPANY),
        ("contacts", raising.CONTACTS),
        ("wallet", {"choice": "own", "wallet_address": WALLET}),
    ):
        assert client.post(f"{here}/edit/{step}", data=values).status_code == 303
    return client.post(f"{here}/edit/memorandum", data=pdf())


def read(here):
    rollback()
    return queries.get(here.rsplit("/", 1)[1])


def test_a_company_is_registered_page_by_page(alice, cast, app):
    here = start(alice)
    assert "Cannot start yet" in alice.get(here).text
    answer = alice.post(f"{here}/edit/company", data=raising.COMPANY)
    assert answer.headers["Location"] == f"{here}/edit/contacts"
    assert fill(alice, here).headers["Location"] == here
    assert alice.get(here).text.count("Completed") == 4
    check = alice.get(f"{here}/check").text
    for shown in ("Yirga Coffee Share Company", "0012345678", "+251911234567", WALLET, "memorandum.pdf"):
        assert shown in check
    assert alice.post(f"{here}/check", data={"declaration": "y"}).headers["Location"] == here
    assert "Somebody is looking at your company" in alice.get(here).text
    carla = raising.browser(app, cast["carla"])
    company_id = read(here).id
    assert "Yirga Coffee" in carla.get("/staff/companies").text
    assert carla.post(f"/staff/companies/{company_id}/approve").status_code == 303
    assert "registration is on its way" in alice.get(f"{here}/state").text
    raising.confirm("company", company_id)
    state = alice.get(f"{here}/state").text
    assert "verified and registered" in state
    assert "<html" not in state


def test_the_next_visit_goes_on_where_the_last_one_stopped(alice, app, cast):
    here = start(alice)
    alice.post(f"{here}/edit/company", data=raising.COMPANY)
    again = raising.browser(app, cast["alice"])
    assert start(again) != here
    assert 'value="Yirga Coffee"' in again.get(f"{here}/edit/company").text
    assert "Go on with the registration" in again.get("/my/company").text


def test_an_empty_file_is_not_opened_twice(alice):
    assert start(alice) == start(alice)


def test_a_submission_needs_the_declaration(alice):
    here = start(alice)
    fill(alice, here)
    answer = alice.post(f"{here}/check", data={})
    assert answer.status_code == 422
    assert "Confirm that the answers are true." in answer.text
    assert read(here).status == "draft"


def test_the_platform_can_hold_a_wallet_for_the_company(alice):
    here = start(alice)
    assert alice.post(f"{here}/edit/wallet", data={"choice": "hold"}).status_code == 303
    row = read(here)
    assert re.fullmatch(r"0x[0-9a-fA-F]{40}", row.wallet_address)
    assert row.wallet_sealed_key not in alice.get(f"{here}/check").text


NASTY = ["", "x" * 5000, "-1", "NaN", "1e9", "٠١٢٣٤٥٦٧٨٩", "<script>alert(1)</script>", "a\x00b"]
WELCOME_IN = {"legal_name", "trade_name", "contact_name", "address"}


@pytest.mark.parametrize("typed", NASTY)
@pytest.mark.parametrize(("step", "good"), [("company", raising.COMPANY), ("contacts", raising.CONTACTS)])
def test_bad_input_gets_a_sentence_keeps_the_rest_and_stores_nothing(alice, step, good, typed):
    here = start(alice)
    for field in good:
        if field in WELCOME_IN and typed in ("-1", "NaN", "1e9", "٠١٢٣٤٥٦٧٨٩"):
            continue
        answer = alice.post(f"{here}/edit/{step}", data=good | {field: typed})
        if answer.status_code == 303:
            assert (field, typed) == ("registration_no", "1e9")
            continue
        assert answer.status_code == 422, field
        assert "cf-error-summary" in answer.text
        assert "<script>alert" not in answer.text
        kept = next(
            value for name, value in good.items() if name not in (field, "sector", "country", "address")
        )
        assert kept in answer.text
        assert getattr(read(here), field) != typed


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
        {"memorandum": "text"},
    ],
)
def test_what_is_no_pdf_is_refused_at_its_field(alice, data):
    here = start(alice)
    answer = alice.post(f"{here}/edit/memorandum", data=data, headers={"HX-Request": "true"})
    assert answer.status_code == 422
    assert "<html" not in answer.text
    assert 'id="memorandum-error"' in answer.text
    rollback()
    assert queries.memorandum(read(here).id) is None


def test_a_file_over_ten_megabytes_is_refused(alice):
    here = start(alice)
    big = raising.PDF + b"\0" * (12 * 1024 * 1024)
    assert alice.post(f"{here}/edit/memorandum", data=pdf(big)).status_code == 413


def test_a_stranger_finds_nothing_of_a_company(alice, app, cast):
    here = start(alice)
    fill(alice, here)
    paper = queries.memorandum(read(here).id)
    bob = raising.browser(app, cast["bob"])
    for path in ("", "/state", "/check", "/edit/company", f"/documents/{paper.id}"):
        assert bob.get(here + path).status_code == 404
        assert raising.browser(app).get(here + path).status_code == 303
    for path in ("/edit/company", "/check"):
        assert bob.post(here + path, data=raising.COMPANY | {"declaration": "y"}).status_code == 404
    assert read(here).status == "draft"


def test_the_memorandum_opens_for_its_owner_and_for_staff_only(alice, app, cast):
    here = start(alice)
    fill(alice, here)
    path = f"{here}/documents/{queries.memorandum(read(here).id).id}"
    for client in (alice, *(raising.browser(app, cast[name]) for name in ("carla", "rita"))):
        answer = client.get(path)
        assert answer.data == raising.PDF
        assert answer.headers["Content-Disposition"].startswith("attachment")
        assert answer.headers["Cache-Control"] == "private, no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_a_submitted_company_cannot_be_changed_through_the_pages(alice):
    here = start(alice)
    fill(alice, here)
    alice.post(f"{here}/check", data={"declaration": "y"})
    answer = alice.post(f"{here}/edit/company", data=raising.COMPANY | {"trade_name": "Other"})
    assert answer.status_code == 409
    assert "cannot be changed now" in answer.text
    assert read(here).trade_name == "Yirga Coffee"


@pytest.mark.parametrize("step", ["nonsense", "../company", "company/x"])
def test_there_are_no_other_pages(alice, step):
    assert alice.get(f"{start(alice)}/edit/{step}").status_code == 404
