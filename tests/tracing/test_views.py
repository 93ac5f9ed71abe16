"""What an explanation says, to whom, and what it never says."""

import html
import re

import pytest
import sqlalchemy as sa

from crowdfund.campaigns.service import ending
from crowdfund.chain.models import Signer, Tx
from crowdfund.investments.service import cancelling, returning
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, new_id, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.rules import Posting
from crowdfund.ledger.service import posting
from crowdfund.tracing.figures import FIGURES
from tests import raising
from tests.investments import test_from_wallet
from tests.investments.conftest import world  # noqa: F401
from tests.tracing.conftest import settle_exactly
from tests.tracing.reading import Page, explanation


def one(query, **values):
    rollback()
    found = db.session.scalar(sa.text(query), values)
    rollback()
    return found


def change(statement, **values):
    rollback()
    db.session.execute(sa.text(statement), values)
    commit()


def text_of(answer):
    assert answer.status_code == 200, answer.status_code
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", answer.text)).split())


# --- what it says ---------------------------------------------------------------------------------


def test_an_amount_is_a_link_whose_name_says_what_it_does(story, app):
    page = story.browser(app, "charlie").get("/wallet").text
    charlie = story.world.people["charlie"]
    assert (
        f'<a class="money cf-why" href="/explain/wallet.balance/{charlie}?shown=73000" '
        'aria-label="730.00 ETB, explain this amount">730.00 ETB</a>'
    ) in page


def test_a_balance_is_explained_by_its_rule_and_each_posting_by_what_it_came_from(story, app):
    charlie = story.world.people["charlie"]
    text = text_of(story.browser(app, "charlie").get(f"/explain/wallet.balance/{charlie}"))
    for words in (
        "Balance of the wallet: 730.00 ETB",
        "The lines below add up to exactly this amount",
        "The balance of an account is the sum of its postings",
        "In force since version 0.1.0",
        "every investor is refunded",
        "Withdrawal to ET •••• 6789 Paid",
        "Payment through NEO Bank Settled",
        "Signed message of the bank, confirmed by our own question to the bank",
        "Decision of our staff: Credit to the wallet",
        "Link in the hash chain",
        "Sum of all lines: 730.00 ETB",
    ):
        assert words in text


def test_what_is_available_is_the_balance_less_each_hold(story, app):
    charlie = story.world.people["charlie"]
    client = story.browser(app, "charlie")
    found = explanation(client, f"/explain/wallet.available/{charlie}")
    assert (found.number, found.sum, found.lines) == (690_00, 690_00, [730_00, -40_00])
    assert f"/explain/withdrawal.amount/{story.payouts['on hold']}?shown=-4000" in found.links


def test_the_fee_names_its_rate_the_day_from_which_it_holds_and_the_posting(story, app):
    text = text_of(story.browser(app, "ivan").get(f"/explain/campaign.fee/{story.released}"))
    assert "Fee: 200.00 ETB" in text
    assert "The fee of this campaign is 2.5 % of what is released." in text
    assert "The goal, limits and fee of this campaign have been fixed since 15 Jun 2026." in text
    assert "A campaign's escrow → Platform fees" in text
    assert "A campaign's escrow → A company's wallet" in text  # beside the sum
    assert "Our staff decided to release the money" in text
    assert "Fiona" not in text
    path = f"/explain/campaign.released/{story.released}"
    assert "Decided by: Fiona" in text_of(story.browser(app, "adam").get(path))


def test_a_line_shows_transaction_and_block_of_the_chain(story, app):
    rollback()
    db.session.add(Signer(address="0xa", role="recorder", next_nonce=1))
    db.session.flush()
    tx = Tx(id=new_id(), signer="0xa", nonce=0, hash="0x" + "5e" * 32, to="0xb", data="0x")
    tx.raw, tx.gas, tx.fee_cap, tx.status, tx.block_number = "0x", 1, 1, "confirmed", 4711
    db.session.add(tx)
    commit()
    investment, tx_id = story.investments["recorded"], one("SELECT id FROM chain_tx")
    change("UPDATE chain_write SET tx_id = :tx WHERE subject_id = :id", tx=tx_id, id=investment)
    text = story.browser(app).get(f"/explain/campaign.settled/{story.live}").text
    assert 'title="0x' + "5e" * 32 in text
    assert "Block: 4,711" in text


def test_a_page_of_a_moment_ago_and_lines_that_differ_are_both_named(story, app):
    client = story.browser(app)
    path = f"/explain/campaign.settled/{story.live}"
    assert "The page showed" not in text_of(client.get(f"{path}?shown=180000"))
    text = text_of(client.get(f"{path}?shown=170000"))
    assert "The page showed 1,700.00 ETB. It is 1,800.00 ETB now." in text
    change("UPDATE campaign SET settled_minor = settled_minor - 1 WHERE id = :id", id=story.live)
    text = text_of(client.get(path))
    assert "The lines add up to 1,800.00 ETB, not to 1,799.99 ETB" in text
    assert "add up to exactly" not in text


def test_a_number_in_the_address_that_is_none_is_not_shown(story, app):
    path, client = f"/explain/campaign.settled/{story.live}", story.browser(app)
    for shown in ("", "x", "1.5", "--1", "9" * 40, "<b>"):
        answer = client.get(path, query_string={"shown": shown})
        assert "The page showed" not in text_of(answer), shown


def test_money_that_went_back_before_a_campaign_failed_was_not_raised(world, app):  # noqa: F811
    world.people["adam"] = raising.person("adam", "admin")
    made = [world.place("charlie", "600", key=f"key-{one}") for one in "abc"]
    for investment in made:
        settle_exactly(world, investment)
    rollback()
    returning.give_back_unrecorded(world.campaign_id, made[:1], reason="For this test.")
    commit()
    ending.cancel(world.campaign_id, "For this test.", actor=world.people["adam"])
    commit()
    raising.confirm("campaign", world.campaign_id)
    world.work()
    assert world.status(made[2]) == "returned"
    found = explanation(app.test_client(), f"/explain/campaign.settled/{world.campaign_id}")
    assert (found.number, found.sum, found.lines) == (1_200_00, 1_200_00, [600_00, 600_00])


# --- many lines -----------------------------------------------------------------------------------


@pytest.fixture
def busy(story):
    """Dora's wallet has sixty postings of one birr."""
    wallet = ledger_rules.user_wallet(story.world.people["dora"])
    rollback()
    for _ in range(60):
        move = Posting(ledger_rules.external("bill_bitts"), wallet, 100)
        posting.post(f"test:{new_id()}", [move], kind="test")
    commit()
    return wallet


def test_the_lines_are_pages_and_the_sum_is_that_of_all(story, app, busy):
    dora = story.world.people["dora"]
    client = story.browser(app, "dora")
    first = client.get(f"/explain/wallet.balance/{dora}").text
    assert first.count("<tr data-amount") == 25
    assert 'data-sum="6000"' in first
    found = explanation(client, f"/explain/wallet.balance/{dora}")
    assert found.lines == [100] * 60


def test_a_balance_after_a_posting_has_no_later_lines_on_any_page(story, app, busy):
    dora = story.world.people["dora"]
    rollback()
    line = ledger.history(busy, size=60).rows[20]
    rollback()
    client = story.browser(app, "dora")
    start = f"/explain/wallet.balance_after/{dora}@{line.seq}.{line.n}"
    found = explanation(client, start)
    assert (found.number, found.sum, found.lines) == (4_000, 4_000, [100] * 40)
    assert 'rel="prev"' not in client.get(start).text
    older = re.search(r'rel="next" href="([^"]+)"', client.get(start).text).group(1)
    newer = re.search(r'rel="prev" href="([^"]+)"', client.get(older.replace("&amp;", "&")).text)
    again = client.get(newer.group(1).replace("&amp;", "&")).text
    assert again.count("<tr data-amount") == 25
    assert 'rel="prev"' not in again


# --- to whom --------------------------------------------------------------------------------------


def things(story):
    """Return an address of charlie's, or of ivan's company, for each figure that is not public."""
    charlie = story.world.people["charlie"]
    wallet = ledger_rules.user_wallet(charlie)
    rollback()
    line = ledger.history(wallet).rows[0]
    payment = one("SELECT payment_id FROM investment WHERE id = :id", id=story.investments["paid"])
    return {
        **dict.fromkeys(("portfolio.invested", "portfolio.on_its_way"), charlie),
        **dict.fromkeys(("wallet.balance", "wallet.available", "wallet.on_hold"), charlie),
        "wallet.balance_after": f"{charlie}@{line.seq}.{line.n}",
        "posting.amount": f"{line.entry_id}.{line.n}",
        "investment.amount": story.investments["completed"],
        **dict.fromkeys(("payment.amount", "payment.received", "payment.missing"), payment),
        "withdrawal.amount": story.payouts["paid"],
        **dict.fromkeys(("campaign.arriving", "campaign.released", "campaign.fee"), story.released),
        "company.balance": story.companies["ivan"],
        "account.balance": f"{wallet}@ETB",
    }


def test_another_persons_amounts_are_not_found_and_a_visitor_is_asked_to_sign_in(story, app):
    found = things(story)
    for who, expected in (("dora", 404), ("alice", 404), (None, 303)):
        client = story.browser(app, who)
        answers = {name: client.get(f"/explain/{name}/{one}") for name, one in found.items()}
        answers.pop("account.balance")
        assert {name: one.status_code for name, one in answers.items()} == dict.fromkeys(
            answers, expected
        ), who
    assert story.browser(app, "dora").get("/explain/account.balance/x@ETB").status_code == 403


def test_compliance_does_not_see_the_money_of_people_and_finance_does(story, app):
    found = things(story)
    own = [name for name in found if name.split(".")[0] in ("wallet", "investment", "withdrawal")]
    carla, fiona = (story.browser(app, who) for who in ("carla", "fiona"))
    assert {carla.get(f"/explain/{name}/{found[name]}").status_code for name in own} == {404}
    assert {fiona.get(f"/explain/{name}/{found[name]}").status_code for name in own} == {200}


def test_amounts_of_a_draft_are_its_teams(world, app):  # noqa: F811
    company = raising.campaign(world.campaign_id).company_id
    draft = raising.complete_draft(company, world.people["alice"])
    path = f"/explain/campaign.settled/{draft}"
    assert app.test_client().get(path).status_code == 404
    assert raising.browser(app, world.people["dora"]).get(path).status_code == 404
    assert raising.browser(app, world.people["alice"]).get(path).status_code == 200


def test_a_public_total_names_no_person_and_nothing_that_leads_to_one(story, app):
    names = ("campaign.settled", "campaign.on_its_way")
    ids = (story.live, story.released, story.refunded)
    paths = [f"/explain/{name}/{one}" for name in names for one in ids]
    charlie = story.world.people["charlie"]
    rollback()
    of_charlie = {"id": charlie}
    query = sa.text("SELECT id, payment_id FROM investment WHERE user_id = :id")
    secret = {text for row in db.session.execute(query, of_charlie) for text in row}
    query = sa.text("SELECT tx_id FROM payment WHERE user_id = :id")
    secret |= set(db.session.scalars(query, of_charlie))
    rollback()
    secret |= {charlie, "Charlie", "Tadesse", "charlie@example.com"}
    assert len(secret) > 20
    for who in (None, "dora", "alice", "hana"):
        client = story.browser(app, who)
        page = "".join(
            re.search("<main.*</main>", client.get(path).text, re.S)[0] for path in paths
        )
        assert [text for text in secret if text in page] == [], who
        assert "Investment" in page
        assert "Reservation" in page


def test_an_investor_finds_the_own_investment_among_those_of_others(story, app):
    client = story.browser(app, "dora")
    page = client.get(f"/explain/campaign.settled/{story.live}").text
    assert f"/explain/investment.amount/{story.investments['refused']}" in page
    assert f"/explain/investment.amount/{story.investments['recorded']}" not in page


WRONG = [
    "x",
    "@",
    "a@ETB",
    "x@1.0",
    "x@1",
    "x@9999999999999999999.1",
    "a.b",
    "a.0.in",
    "a.0",
    ":::::",
]


@pytest.mark.parametrize("name", FIGURES)
def test_an_address_of_nothing_is_not_found(app, name):
    client = raising.browser(app, raising.person("fiona", "finance"))
    assert {client.get(f"/explain/{name}/{one}").status_code for one in WRONG} == {404}


def test_an_account_or_a_posting_that_does_not_exist_is_not_found(story, app):
    client = story.browser(app, "fiona")
    escrow = ledger_rules.escrow(story.live)
    for path in (
        f"account.balance/{ledger_rules.escrow('f' * 32)}@ETB",
        f"account.balance_after/{escrow}@ETB@999999.0",
        f"wallet.balance/{'f' * 32}",
        f"campaign.released/{story.live}",
        f"contract.recorded/{'f' * 32}",
    ):
        assert client.get(f"/explain/{path}").status_code == 404, path
    assert Page(client.get(f"/staff/journal/{escrow}").text).amounts


def test_a_further_payment_is_what_was_asked_less_what_came_before(story, app):
    first = one(
        "SELECT payment_id FROM investment WHERE id = :id", id=story.investments["completed"]
    )
    rest = one("SELECT id FROM payment WHERE rest_of = :id", id=first)
    found = explanation(story.browser(app, "charlie"), f"/explain/payment.amount/{rest}")
    assert (found.number, found.lines) == (400_00, [700_00, -300_00])


def test_what_is_missing_is_asked_less_each_part(story, app):
    first = one("SELECT payment_id FROM investment WHERE id = :id", id=story.investments["short"])
    found = explanation(story.browser(app, "dora"), f"/explain/payment.missing/{first}")
    assert (found.number, found.lines) == (300_00, [500_00, -200_00])


def test_money_taken_back_and_paid_again_from_the_wallet_is_explained_so(world, app):  # noqa: F811
    first = world.place("charlie", "500")
    settle_exactly(world, first)
    raising.confirm("investment", first)
    outbox.drain("chain")
    rollback()
    cancelling.cancel_paid(first, user_id=world.people["charlie"])
    commit()
    raising.confirm("cancellation", first)
    second = test_from_wallet.place(world, "300", key="from-wallet")
    charlie = raising.browser(app, world.people["charlie"])
    text = text_of(charlie.get(f"/explain/wallet.balance/{world.people['charlie']}"))
    for words in (
        "Balance of the wallet: 200.00 ETB",
        "The investor cancelled the investment",
        "The contract no longer counts it",
        "Payment from the wallet Settled",
        "Sum of all lines: 200.00 ETB",
    ):
        assert words in text
    assert "could not be invested" not in text
    page = text_of(charlie.get(f"/explain/investment.amount/{second}"))
    assert "300.00 ETB" in page
    assert "The lines below add up to exactly this amount" in page
