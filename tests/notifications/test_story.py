"""Every state that somebody waits for sends one notice, also when events and jobs come twice."""

from collections import Counter
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from crowdfund.adapters import mail
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import tranches
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service import drafts, ending, releasing, reviews
from crowdfund.chain.events import ContractEvent, RequestDone
from crowdfund.investments.service import cancelling, returning
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.notifications.kinds import KINDS
from crowdfund.notifications.models import Notice
from crowdfund.payments.models import PaymentException
from crowdfund.payments.service import inbox, resolving
from crowdfund.people import service as people
from crowdfund.questions import service as questions
from crowdfund.term_changes.service import answering, asking, deciding, lapsing, proposing
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.service import NewRate
from crowdfund.updates import service as updates
from tests import raising
from tests.investments.conftest import world as raised
from tests.token_payments import conftest as with_tokens
from tests.token_payments.conftest import WALLET

world = raised  # a fixture: pytest finds it by this name


@pytest.fixture
def staff(world):
    """People of the desks besides carla, who verifies."""
    world.people |= {
        "fred": raising.person("fred", "finance"),
        "ada": raising.person("ada", "admin"),
    }
    return world.people


def work(world):
    world.work()
    outbox.drain("chain")
    world.work()


TOLD_HERE = ("campaign", "investment", "payment", "question", "staff", "update")


def told(world):
    """Return what each person was told; company and verification have tests of their own."""
    work(world)
    names = {person_id: name for name, person_id in world.people.items()}
    rows = db.session.execute(sa.select(Notice.person_id, Notice.kind).order_by(Notice.id)).all()
    found = {name: [] for name in world.people}
    for person_id, kind in rows:
        if kind.split(".")[0] in TOLD_HERE and kind != "staff.companies":
            found[names[person_id]].append(kind)
    return found


def everything_again(world):
    """Let every event be heard again and every notice be spread and sent again."""
    heard = sa.or_(
        outbox.outbox_table.c.kind.like("%>%"), outbox.outbox_table.c.kind.like("notifications.%")
    )
    db.session.execute(
        sa.update(outbox.outbox_table).where(heard).values(state="due", done_at=None)
    )
    commit()
    work(world)


def mails():
    return Counter((one["Message-ID"], one["To"], one["Subject"]) for one in mail.OUTBOX)


def told_once(world, **expected):
    """Assert what was told so far, then let everything happen again: nothing more comes."""
    before = told(world)
    assert {name: kinds for name, kinds in before.items() if kinds} == expected
    sent = mails()
    assert set(sent.values()) == {1}
    everything_again(world)
    assert told(world) == before
    assert mails() == sent


def end(world, *, succeeded):
    frozen_end = raising.campaign(world.campaign_id).ends_at
    rollback()
    ending.close_due(frozen_end + timedelta(days=6))
    commit()
    raising.confirm("campaign", world.campaign_id, Closed={"succeeded": succeeded})


AT_FIRST = ["campaign.submitted", "campaign.approved", "campaign.live"]


def test_a_campaign_that_succeeds_tells_team_and_investors_each_step(world, staff):
    for who, amount in (("charlie", "5,000"), ("dora", "2,500")):
        investment_id = world.place(who, amount, key=f"form-key-{who}")
        rollback()
        of_investment = sa.text(
            "SELECT p.tx_id FROM payment p JOIN investment i ON i.payment_id = p.id "
            "WHERE i.id = :id"
        )
        tx_id = db.session.execute(of_investment, {"id": investment_id}).scalar()
        for status in ("SUCCESS", "SETTLED"):
            world.bank.set_truth(tx_id, status)
            rollback()
            inbox.accept("bill_bitts", *world.bank.webhook(tx_id, status))
            work(world)
        raising.confirm("investment", investment_id)
        work(world)
    end(world, succeeded=True)
    rollback()
    releasing.release(world.campaign_id, actor=staff["fred"])
    commit()
    raising.confirm("campaign", world.campaign_id)
    investor = [f"investment.{what}" for what in ("settled", "recorded", "succeeded", "released")]
    told_once(
        world,
        alice=[*AT_FIRST, "campaign.succeeded", "campaign.released"],
        carla=["staff.campaigns"],
        charlie=investor,
        dora=investor,
    )
    release = next(one for one in mail.OUTBOX if one["Subject"].endswith("the money is released"))
    assert "7,312.50 ETB" in release.get_body(("plain",)).get_content()
    assert "187.50 ETB" in release.get_body(("plain",)).get_content()


def test_a_campaign_that_fails_tells_team_and_investors_and_gives_back(world, staff):
    investment_id = world.place()
    world.bank_says(investment_id, "SETTLED")
    raising.confirm("investment", investment_id)
    work(world)
    end(world, succeeded=False)
    told_once(
        world,
        alice=[*AT_FIRST, "campaign.failed"],
        carla=["staff.campaigns"],
        charlie=["investment.settled", "investment.recorded", "investment.refunded"],
    )


def test_a_payment_that_fails_is_told_once(world, staff):
    investment_id = world.place()
    world.bank_says(investment_id, "FAILED", "FAILED")
    told_once(world, alice=AT_FIRST, carla=["staff.campaigns"], charlie=["investment.failed"])


def test_a_payment_that_the_bank_takes_back_is_told_once(world, staff):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS", "FAILED", "FAILED")
    told_once(world, alice=AT_FIRST, carla=["staff.campaigns"], charlie=["investment.reversed"])


def test_money_that_did_not_fit_and_was_returned_is_told_once(world, staff):
    investment_id = world.place()
    tx_id = world.payment(investment_id).tx_id
    world.bank.set_truth(tx_id, "SETTLED", amount="1100.00")
    for status in ("SUCCESS", "SETTLED"):
        rollback()
        inbox.accept("bill_bitts", *world.bank.webhook(tx_id, status))
        world.work()
    exception_id = db.session.scalar(sa.select(PaymentException.id))
    rollback()
    resolving.resolve(exception_id, "return", actor=staff["fred"])
    commit()
    told_once(
        world,
        alice=AT_FIRST,
        carla=["staff.campaigns"],
        charlie=["payment.in_question", "payment.resolved", "investment.not_invested"],
        fred=["staff.payments"],
        ada=["staff.payments"],
    )


def test_too_little_is_told_with_the_rest_and_what_staff_decided(world, staff):
    investment_id = world.place()
    tx_id = world.payment(investment_id).tx_id
    world.bank.set_truth(tx_id, "SETTLED", amount="900.00")
    for status in ("SUCCESS", "SETTLED"):
        rollback()
        inbox.accept("bill_bitts", *world.bank.webhook(tx_id, status))
        world.work()
    exception_id = db.session.scalar(sa.select(PaymentException.id))
    rollback()
    resolving.resolve(exception_id, "credit", actor=staff["fred"])
    commit()
    told_once(
        world,
        alice=AT_FIRST,
        carla=["staff.campaigns"],
        charlie=["payment.short", "payment.resolved", "investment.not_invested"],
        fred=["staff.payments"],
        ada=["staff.payments"],
    )


def test_late_money_is_told_to_its_owner_and_to_those_who_decide(world, staff, frozen):
    investment_id = world.place()
    frozen.advance(timedelta(hours=25))
    world.work()
    world.bank_says(investment_id, "SETTLED")
    exception_id = db.session.scalar(sa.select(PaymentException.id))
    rollback()
    resolving.resolve(exception_id, "credit", actor=staff["fred"])
    commit()
    told_once(
        world,
        alice=AT_FIRST,
        carla=["staff.campaigns"],
        charlie=["investment.expired", "payment.in_question", "payment.resolved"],
        fred=["staff.payments"],
        ada=["staff.payments"],
    )


def test_money_that_cannot_be_used_is_told_as_returned(world, staff):
    investment_id = world.place()
    db.session.execute(sa.text("UPDATE campaign SET status = 'failed'"))
    commit()
    world.bank_says(investment_id, "SETTLED")
    told_once(world, alice=AT_FIRST, carla=["staff.campaigns"], charlie=["investment.returned"])


def test_each_round_of_review_and_deployment_is_told(world, staff, frozen):
    company = raising.registered_company(world.people["dora"], world.people["carla"], number=2)
    draft = raising.complete_draft(company, world.people["dora"])
    for _ in range(2):
        drafts.submit(draft, actor=world.people["dora"])
        commit()
        reviews.reject(draft, "Say what happens if beans fail.", actor=world.people["carla"])
        commit()
        frozen.advance(timedelta(minutes=1))
    drafts.submit(draft, actor=world.people["dora"])
    reviews.approve(draft, actor=world.people["carla"])
    commit()
    raising.refuse("campaign", draft)
    ending.cancel(draft, "The company wants to wait.", actor=world.people["ada"])
    commit()
    told_once(
        world,
        alice=AT_FIRST,
        carla=["staff.campaigns"],  # the first is unread, so the later ones need no other
        ada=["staff.campaigns"],
        dora=[
            "campaign.submitted",
            "campaign.rejected",
            "campaign.submitted",
            "campaign.rejected",
            "campaign.submitted",
            "campaign.approved",
            "campaign.deployment_failed",
            "campaign.cancelled",
        ],
    )


def test_money_that_the_contract_never_recorded_is_announced_as_returned(world, staff):
    investment_id = world.place()
    world.bank_says(investment_id, "SETTLED")
    returning.give_back_unrecorded(
        world.campaign_id, [investment_id], reason="The contract closed without it."
    )
    commit()
    told_once(
        world,
        alice=AT_FIRST,
        carla=["staff.campaigns"],
        charlie=["investment.settled", "investment.unrecorded"],
    )


def test_each_redirection_of_a_release_is_told_to_the_company(world, staff):
    for number in range(2):
        facts = {"kind": "redirect", "subject_id": world.campaign_id, "address": f"0x{number:040x}"}
        outbox.emit(RequestDone(key=f"r{number}", request_id=f"r{number}", **facts))
    commit()
    told_once(
        world,
        alice=[*AT_FIRST, "campaign.redirected", "campaign.redirected"],
        carla=["staff.campaigns"],
    )


def test_updates_questions_and_what_is_hidden_of_them_are_told_once(world, staff):
    people, texts = world.people, {"title": "It is here", "text_md": "It came on Monday morning."}
    investment_id = world.place("charlie")
    world.bank_says(investment_id, "SUCCESS", "SETTLED")
    update = updates.create(world.campaign_id, texts, actor=people["alice"])
    updates.publish(update, actor=people["alice"])
    commit()
    world.work()
    updates.take_down(update, "It promises a return.", actor=people["carla"])
    question = questions.ask(world.campaign_id, "How many do you have?", actor=people["dora"])
    questions.answer(question, "Two of them.", actor=people["alice"])
    questions.hide_answer(question, "It promises a return.", actor=people["carla"])
    questions.decline(question, "We do not say this.", actor=people["alice"])
    commit()
    told_once(
        world,
        alice=[*AT_FIRST, "update.taken_down", "question.asked", "question.answer_hidden"],
        carla=["staff.campaigns"],
        charlie=["investment.settled", "update.published"],
        dora=["question.answered", "question.hidden"],
    )


def test_who_cancels_a_paid_investment_is_told_where_the_money_is_and_when_it_is_there(world):
    investment_id = world.place()
    world.bank_says(investment_id, "SUCCESS")
    rollback()
    cancelling.cancel_paid(investment_id, user_id=world.people["charlie"])
    commit()
    told_once(world, alice=AT_FIRST, carla=["staff.campaigns"], charlie=["investment.cancelled"])
    world.bank_says(investment_id, "SETTLED")
    told_once(
        world,
        alice=AT_FIRST,
        carla=["staff.campaigns"],
        charlie=["investment.cancelled", "investment.taken_back"],
    )


def test_the_team_is_told_of_each_part_of_a_release_and_then_of_the_whole(world, staff):
    parts = {"part1": "50", "condition1": "At success.", "part2": "50", "condition2": "Delivered."}
    db.session.get(Campaign, world.campaign_id).tranches = tranches.clean(parts)
    commit()
    raising.put_in(world.campaign_id, 7_500_00)
    end(world, succeeded=True)
    rollback()
    for _part in range(2):
        releasing.release(world.campaign_id, actor=staff["fred"])
        commit()
        raising.confirm("campaign", world.campaign_id)
        work(world)
    released = [one for one in told(world)["alice"] if "released" in one]
    assert released == ["campaign.part_released", "campaign.released"]


def _order_of_charlie(world):
    token_payments.add_rate(
        NewRate("cETB", "ETB", 1, 1, clock.now().replace(year=2020), "By definition"), actor="test"
    )
    people.add_method(world.people["charlie"], "wallet", WALLET, label="a wallet")
    commit()
    investment_id, order = with_tokens.place(world)
    token_payments.choose_wallet(order.payment_id, WALLET, user_id=world.people["charlie"])
    commit()
    return investment_id, order


def _contract_says(world, order, name, **args):
    outbox.emit(
        ContractEvent(
            key=name,
            contract="CampaignImplementation",
            address=order.contract,
            event=name,
            args={"investor": WALLET, "amount": order.units, **args},
            tx_hash="0x" + "ab" * 32,
            ordinal=0,
            block=9,
        )
    )
    commit()
    world.work()


def test_tokens_that_a_failed_campaign_pays_back_are_announced(world, staff):
    investment_id, order = _order_of_charlie(world)
    _contract_says(world, order, "Invested", intentId=order.intent)
    rollback()
    ending.end(ending.locked(world.campaign_id), Status.FAILED, tx_hash="0x01")
    commit()
    world.work()
    _contract_says(world, order, "Refunded")
    assert world.status(investment_id) == "returned"
    told_once(
        world,
        alice=[*AT_FIRST, "campaign.failed"],
        carla=["staff.campaigns"],
        charlie=["investment.settled_tokens", "investment.refunded_tokens"],
    )


def test_tokens_of_a_cancelled_investment_are_announced_when_the_contract_has_paid(world, staff):
    investment_id, order = _order_of_charlie(world)
    _contract_says(world, order, "Invested", intentId=order.intent)
    for answer in (raising.refuse, raising.confirm):  # refused first, then tried again
        rollback()
        cancelling.cancel_paid(investment_id, user_id=world.people["charlie"])
        commit()
        answer("token_cancellation", investment_id)
        outbox.drain("chain")
        world.work()
    assert world.status(investment_id) == "returned"
    told_once(
        world,
        alice=AT_FIRST,
        carla=["staff.campaigns"],
        charlie=[
            "investment.settled_tokens",
            "investment.not_cancelled",
            "investment.cancelled_tokens",
        ],
    )


TERMS = {"story_md": raising.STORY + " The roaster is a used one.", "reason": "It is cheaper."}


def _change_terms(world, decide, **more):
    rollback()
    summary = raising.BASICS["summary"]
    values = {"summary": summary, **TERMS, **more}
    change = proposing.create(world.campaign_id, values, actor=world.people["alice"])
    proposing.submit(change, actor=world.people["alice"])
    decide(change)
    commit()


def test_a_change_of_terms_is_told_to_who_decides_answers_and_asked(world, frozen):
    carla = world.people["carla"]
    kept = world.place("dora", key="form-key-2")
    coming = world.place(key="form-key-3")
    world.place(key="form-key-4")  # unpaid
    settled = world.place(key="form-key-5")
    world.bank_says(settled, "SUCCESS", "SETTLED")
    world.bank_says(coming, "SUCCESS")

    def decide(change):
        deciding.reject(change, "Say what it costs.", actor=carla)
        proposing.submit(change, actor=world.people["alice"])
        deciding.approve_material(change, actor=carla)

    _change_terms(world, decide)
    work(world)
    rollback()
    answering.keep(kept, user_id=world.people["dora"])
    commit()
    frozen.advance(timedelta(days=4, hours=12))
    asking.remind_due()
    frozen.advance(timedelta(days=1))
    lapsing.lapse_next(world.campaign_id)
    lapsing.finish_due()
    commit()
    _change_terms(world, lambda change: deciding.approve_correction(change, actor=carla), **SECOND)
    found = told(world)
    assert set(found["alice"]) >= {
        "campaign.terms_rejected",
        "campaign.terms_material",
        "campaign.terms_finished",
        "campaign.terms_corrected",
    }
    assert "staff.term_changes" in found["carla"]
    assert Counter(found["charlie"]) >= Counter(
        {
            "investment.terms_changed": 3,
            "investment.terms_reminder": 3,
            "investment.not_reconfirmed": 1,
            "investment.lapsed": 1,
            "investment.reservation_lapsed": 1,
        }
    )
    assert found["dora"].count("investment.kept") == 1
    told_once(world, **{name: kinds for name, kinds in found.items() if kinds})


SECOND = {"story_md": raising.STORY + " The roaster is a used one, of 20 kg."}


def test_every_kind_about_campaigns_and_money_is_told_somewhere_here():
    others = (
        "payouts/test_service.py",
        "refunds/test_back.py",
        "refunds/test_reminders.py",
        "refunds/test_returned_payments.py",
    )
    files = [Path(__file__), *(Path(__file__).parents[1] / one for one in others)]
    text = "".join(file.read_text() for file in files)
    kinds = [name for name in KINDS if KINDS[name].group in ("campaign", "money", "news")]
    missing = [name for name in kinds if name not in text and f'"{name.split(".")[1]}"' not in text]
    assert missing == []
