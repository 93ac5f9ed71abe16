"""The pages of an investor: the form that forgives, the status that only its owner sees."""

import re

import pytest
import sqlalchemy as sa
from markupsafe import escape

from crowdfund.adapters import mail
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.service import ending
from crowdfund.investments.models import Consent, Investment
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger.rules import account_words
from crowdfund.people.models import User
from tests import raising
from tests.receipts import text_of

HTMX = {"HX-Request": "true"}
NASTY = [
    "",
    " ",
    "abc",
    "-100",
    "0",
    "NaN",
    "1e9",
    "1,2,3.4",
    "100.001",
    "9" * 30,
    "<b>100</b>",
    "100;",
]


@pytest.fixture
def charlie(app, world):
    return raising.sign_in(app.test_client(), world.people["charlie"])


def form(**changes):
    return {"amount": "1,000", "rail": "bill_bitts", "consent": "y", "key": "form-key-1"} | changes


def invest_url(world):
    return f"/campaigns/{world.slug}/invest"


def count():
    rollback()
    return db.session.scalar(sa.select(sa.func.count()).select_from(Investment))


def test_the_form_shows_terms_warning_and_a_key_of_its_own(world, charlie):
    first, second = (charlie.get(invest_url(world)) for _ in range(2))
    assert (
        "Shares cost 100.00 ETB each. Each person can invest from 100.00 ETB to 5,000.00 ETB"
        in first.text
    )
    assert "I may lose all of the money" in first.text
    keys = {re.search(r'name="key"[^>]*value="([^"]+)"', page.text)[1] for page in (first, second)}
    assert len(keys) == 2


def test_a_good_form_leads_to_the_status_page_where_one_pays(world, charlie):
    answer = charlie.post(invest_url(world), data=form())
    assert answer.status_code == 303
    page = charlie.get(answer.headers["Location"])
    assert "We are preparing the payment" in page.text
    world.work()
    page = charlie.get(answer.headers["Location"])
    assert "Pay 1,000.00 ETB at NEO Bank" in page.text
    assert 'href="http://bank.invalid/' in page.text


def test_a_double_post_leads_to_the_same_place(world, charlie):
    answers = [charlie.post(invest_url(world), data=form()) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [303] * 3
    assert len({answer.headers["Location"] for answer in answers}) == 1
    assert count() == 1


def test_a_reused_form_with_another_amount_is_refused_and_says_so(world, charlie):
    charlie.post(invest_url(world), data=form())
    answer = charlie.post(invest_url(world), data=form(amount="2,000"))
    assert answer.status_code == 409
    assert "already sent this form with a different amount" in answer.text
    assert count() == 1


@pytest.mark.parametrize("typed", ["१,०००", "١٠٠٠", "１,０００.００"])
def test_an_amount_in_digits_of_any_script_is_invested(world, charlie, typed):
    assert charlie.post(invest_url(world), data=form(amount=typed)).status_code == 303
    assert db.session.scalar(sa.select(Investment.amount_minor)) == 1_000_00


@pytest.mark.parametrize("typed", NASTY)
def test_what_is_no_amount_gets_a_sentence_keeps_what_was_typed_and_stores_nothing(
    world, charlie, typed
):
    answer = charlie.post(invest_url(world), data=form(amount=typed))
    assert answer.status_code == 422
    assert 'class="cf-summary' in answer.text or 'role="alert"' in answer.text
    kept = re.search(r'<input[^>]*id="amount"[^>]*>', answer.text)[0]
    assert 'aria-invalid="true"' in kept
    assert "<b>100</b>" not in answer.text
    if typed.strip() and len(typed) <= 40 and "<" not in typed:
        assert f'value="{typed}"' in kept
    assert count() == 0


@pytest.mark.parametrize(
    ("change", "status", "sentence"),
    [
        ({"consent": ""}, 422, "tick the box to continue"),
        ({"amount": "5,100"}, 422, "One person may invest at most 5,000.00 ETB"),
        ({"amount": "150"}, 422, "multiple of 100.00 ETB"),
        ({"rail": "cash"}, 422, "Choose one of the options in the list"),
        ({"key": ""}, 422, "Reload the page and try again"),
        ({"key": "x" * 65}, 422, ""),
    ],
)
def test_a_refused_form_says_why_and_keeps_the_amount(world, charlie, change, status, sentence):
    answer = charlie.post(invest_url(world), data=form(**change))
    assert answer.status_code == status
    assert sentence in answer.text
    assert f'value="{form(**change)["amount"]}"' in answer.text
    assert count() == 0


def test_a_refused_form_does_not_show_as_done_what_was_undone(world, charlie):
    answer = charlie.post(invest_url(world), data=form(amount="5,100"))
    assert "You already have" not in answer.text
    answer = charlie.post(invest_url(world), data=form(amount="150"))
    assert "Nothing is available" not in answer.text
    assert "You already have" not in answer.text


def test_who_may_not_invest_is_told_instead_of_shown_a_form(app, world):
    eve = raising.sign_in(app.test_client(), raising.person("eve"))
    page = eve.get(invest_url(world))
    assert "You cannot invest yet" in page.text
    assert "<form" not in page.text.split("<main")[1].split("</main>")[0]
    refused = eve.post(invest_url(world), data=form())
    assert refused.status_code == 403
    alice = raising.sign_in(app.test_client(), world.people["alice"])
    assert "This is your own company" in alice.get(invest_url(world)).text
    assert count() == 0


def test_a_visitor_signs_in_first_and_comes_back(app, world):
    answer = app.test_client().get(invest_url(world))
    assert answer.headers["Location"] == f"/sign-in?next={invest_url(world)}"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("", "Enter an amount to see"),
        ("1,000", "10 shares"),
        ("100", "1 share<"),
        ("150", "multiple"),
        ("abc", "in digits"),
    ],
)
def test_the_quote_follows_what_is_typed(world, charlie, typed, said):
    answer = charlie.get(
        f"/campaigns/{world.slug}/quote", query_string={"amount": typed}, headers=HTMX
    )
    assert answer.status_code == 200
    assert said in answer.text
    assert "<html" not in answer.text


def test_a_stranger_does_not_learn_that_an_investment_exists(app, world, charlie):
    investment_id = world.place()
    stranger = raising.sign_in(app.test_client(), world.people["dora"])
    there, nowhere = (
        stranger.get(f"/investments/{investment_id}"),
        stranger.get("/investments/none"),
    )
    assert there.status_code == nowhere.status_code == 404
    assert "1,000.00" not in there.text
    assert app.test_client().get(f"/investments/{investment_id}").status_code == 303
    staff = raising.sign_in(app.test_client(), world.people["carla"])
    assert staff.get(f"/investments/{investment_id}").status_code == 404


def test_the_status_page_follows_the_money_and_stops_asking_when_all_is_done(app, world, charlie):
    investment_id = world.place()
    here = f"/investments/{investment_id}"
    assert "data-live" in charlie.get(here, headers=HTMX).text
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    page = charlie.get(here, headers=HTMX).text
    accounts = (
        "gateway:bill_bitts:external",
        "gateway:bill_bitts:clearing",
        f"campaign:{world.campaign_id}:escrow",
    )
    for account in accounts:
        assert escape(account_words(account)) in page  # every posting is explained
    assert "data-live" in page
    raising.confirm("investment", investment_id)

    outbox.drain("chain")
    page = charlie.get(here, headers=HTMX).text
    assert "recorded on chain" in page
    assert "0x" + "ab" * 32 in page
    assert "data-live=" not in page


def test_the_receipt_can_be_downloaded_by_its_owner_when_the_money_is_settled(app, world, charlie):
    investment_id = world.place()
    here, file = f"/investments/{investment_id}", f"/investments/{investment_id}/receipt.pdf"
    assert file not in charlie.get(here).text
    refused = charlie.get(file)
    assert (refused.status_code, "your money has not arrived" in refused.text) == (404, True)
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    assert f'href="{file}"' in charlie.get(here).text
    answer = charlie.get(file)
    assert answer.content_type == "application/pdf"
    name = f"crowdfund-receipt-{investment_id}.pdf"
    assert answer.headers["Content-Disposition"] == f"attachment; filename={name}"
    stranger = raising.sign_in(app.test_client(), world.people["dora"])
    assert stranger.get(file).status_code == 404
    text = text_of(answer.data)
    for words in ("received 1,000.00 ETB from Charlie Tadesse.", f"Receipt number {investment_id}"):
        assert words in text


def test_the_receipt_of_money_that_went_back_says_so(app, world, charlie):
    investment_id = world.place()
    world.bank_says(investment_id, "SETTLED")
    raising.confirm("investment", investment_id)
    ending.cancel(world.campaign_id, "The company asked for it.", actor=world.people["carla"])
    commit()
    raising.confirm("campaign", world.campaign_id)
    world.work()
    assert world.status(investment_id) == "returned"
    file = charlie.get(f"/investments/{investment_id}/receipt.pdf").data
    assert "Returned 15 Jun 2026, 12:00 EAT" in text_of(file)


def test_the_receipt_of_the_page_is_the_one_of_the_e_mail(world, charlie):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    outbox.drain_all()
    sent = [one for one in mail.OUTBOX if investment_id in str(one.as_bytes())]
    (attached,) = (part.get_content() for one in sent for part in one.iter_attachments())
    assert attached == charlie.get(f"/investments/{investment_id}/receipt.pdf").data


def test_a_failed_payment_offers_another_try(world, charlie):
    investment_id = world.place()
    world.bank_says(investment_id, "FAILED")
    page = charlie.get(f"/investments/{investment_id}").text
    assert "Nothing was charged" in page
    assert f'href="{invest_url(world)}?amount=1000.00"' in page


def test_returned_money_is_seen_in_the_wallet_with_its_posting(world, charlie):
    investment_id = world.place()
    db.session.execute(sa.text("UPDATE campaign SET status = 'failed'"))
    db.session.commit()
    world.bank_says(investment_id, "SETTLED")
    assert "Money returned" in charlie.get(f"/investments/{investment_id}").text
    wallet = charlie.get("/wallet").text
    assert "1,000.00" in wallet
    assert f"/investments/{investment_id}" in wallet


def test_the_portfolio_filters_and_leads_on(world, charlie):
    assert "No investments yet" in charlie.get("/portfolio").text
    for number in range(22):
        world.place(amount="100", key=f"form-key-{number}")
    page = charlie.get("/portfolio")
    older = re.search(r'href="(/portfolio\?[^"]*before=[^"]+)"', page.text)[1].replace("&amp;", "&")
    shown = set(re.findall(r"/investments/([0-9a-f]{32})", page.text))
    more = set(re.findall(r"/investments/([0-9a-f]{32})", charlie.get(older).text))
    assert (len(shown), len(more), shown & more) == (20, 2, set())
    assert "No investments found" in charlie.get("/portfolio?status=confirmed").text
    answer = charlie.get("/portfolio?status=<script>&before=zzz", follow_redirects=True)
    assert answer.status_code == 200


def test_who_has_no_address_for_the_bank_is_told_so_before_anything_is_reserved(app, world):
    dora = world.people["dora"]
    db.session.execute(sa.update(User).where(User.id == dora).values(email=None))
    commit()
    tab = raising.browser(app, dora)
    url = f"/campaigns/{world.slug}/invest"
    page = tab.get(url).text
    assert "The bank needs your e-mail address" in page
    assert f"/account/sign-in-methods?next={url}" in page
    filled = {"amount": "1,000", "rail": "bill_bitts", "consent": "y", "key": "form-key-9"}
    answer = tab.post(url, data=filled)
    assert answer.status_code == 403
    assert "The bank needs your e-mail address" in answer.text
    assert world.campaign().reserved_minor == 0


LOAN = {
    "security_type": "debt",
    "interest_bps": 1_200,
    "term_months": 24,
    "repayment": "monthly",
}
REVENUE = {"security_type": "revenue_share", "revenue_bps": 500, "cap_bps": 15_000}


def offer(world, **terms):
    """Make the live campaign one of another kind."""
    rollback()
    db.session.execute(sa.update(Campaign).values(**terms, version=Campaign.version + 1))
    commit()


@pytest.mark.parametrize(
    ("terms", "unit", "promise", "row"),
    [
        (LOAN, "10 notes", "you get 47.07 ETB a month", "12 % a year"),
        (REVENUE, "10 units", "until you have received 1,500.00 ETB", "5 % for all investors"),
    ],
)
def test_a_kind_shows_its_own_words_and_terms_on_every_page(
    world, charlie, terms, unit, promise, row
):
    offer(world, **terms)
    page = charlie.get(invest_url(world)).text
    assert row in page
    assert "hares cost" not in page
    quote = charlie.get(f"/campaigns/{world.slug}/quote?amount=1000", headers=HTMX).text
    assert unit in quote
    assert promise in quote
    placed = charlie.post(invest_url(world), data=form())
    world.work()
    status = charlie.get(placed.headers["Location"]).text
    assert unit in status
    assert promise in status
    portfolio = charlie.get("/portfolio").text
    assert unit in portfolio
    assert row in portfolio
    public = charlie.get(f"/campaigns/{world.slug}").text
    assert row in public
    assert "dividends" not in public
    assert not re.search(r"\d shares", quote + status + portfolio)


def test_the_warning_that_is_consented_to_is_that_of_the_kind(world, charlie):
    offer(world, **LOAN)
    assert "I lend money to the company" in charlie.get(invest_url(world)).text
    charlie.post(invest_url(world), data=form())
    rollback()
    consent = db.session.scalar(sa.select(Consent.text))
    assert "I lend money to the company" in consent


def test_a_loan_from_before_its_terms_were_asked_for_is_still_shown(world, charlie):
    offer(world, security_type="debt")
    quote = charlie.get(f"/campaigns/{world.slug}/quote?amount=1000", headers=HTMX).text
    assert "10 notes" in quote
    assert charlie.get(f"/campaigns/{world.slug}").status_code == 200
