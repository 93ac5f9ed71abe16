"""Verbs of investments: place, follow the payment, record on chain, return."""

import secrets
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow, PublicCampaign, TermsInForce
from crowdfund.campaigns.rules import life, terms
from crowdfund.campaigns.service import ending as ending_service
from crowdfund.campaigns.service import releasing, totals
from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain
from crowdfund.compliance.queries import files
from crowdfund.investments import counting, notices, queries, rules
from crowdfund.investments.events import InvestmentReturned
from crowdfund.investments.models import Consent, Investment, InvestorKey, investment_event
from crowdfund.investments.rules import Status
from crowdfund.issuers import queries as issuers_queries
from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import db, insert_ignore, locked, new_id, record_event
from crowdfund.kernel.errors import NotYours
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.service import posting
from crowdfund.payments import rules as payment_rules
from crowdfund.payments.service import cancelling, from_wallet, rests, starting
from crowdfund.token_payments import service as token_payments

ending_service.register_arriving(queries.arriving_minor)
releasing.register_under_way(queries.has_tokens_under_way)

# What a feature above this one does when money has been counted for a campaign.
_after_settled: list[Callable[[Investment], None]] = []


def register_settled(then: Callable[[Investment], None]) -> None:
    """Have `then` called with each investment whose money has just been counted."""
    _after_settled.append(then)


@dataclass(frozen=True, slots=True)
class Order:
    """What a person wants to invest: where, how much (minor units), by which rail."""

    user_id: str
    slug: str
    amount_minor: int
    rail: str
    key: str
    has_consented: bool
    replaces: str = ""
    terms_version: int | None = None  # the version that the person has read, if the page says so


def place(order: Order) -> str:
    """Place an investment: reserve its room, store the consent, start the payment; return its id.

    The same key of the same person is one investment, however often it is sent. An unpaid one that
    it replaces is cancelled with it, or neither happens. Raises NotVerified, NotYours, NoContact,
    NoConsent, NotPossible, FormUsed, NotReserved, AlreadyPaid, CampaignFull, CampaignClosed,
    TermsChanged.
    """
    if known := _known(order):
        return known
    campaign = campaigns.detail(order.slug)
    _check_person(order, campaign.company_id)
    if not order.has_consented:
        raise rules.NoConsent(
            _("Read the risk warning and tick the box to continue."), field="consent"
        )
    _cancel_replaced(order, campaign.id)
    # Serialise: check the form's key again under the lock, and the amount against current totals.
    totals.lock_for_update(campaign.id)
    if known := _known(order):
        return known
    agreed = campaigns.terms_in_force(campaign.id)
    if order.terms_version not in (None, agreed.number):
        raise rules.TermsChanged(
            _(
                "The terms of this campaign have changed since you opened this page. Nothing was "
                "reserved. Read what has changed, then send the form again."
            )
        )
    totals.reserve(campaign.id, order.amount_minor)
    _check_amount(order, campaign.id)
    investment_id = new_id()
    payment_id = _begin_payment(order, campaign, investment_id)
    row = {
        "id": investment_id,
        "campaign_id": campaign.id,
        "shares": rules.shares(order.amount_minor, campaign.price_minor),
        "currency": campaign.currency,
        "payment_id": payment_id,
    }
    _insert(order, row)
    _consent(order.user_id, investment_id, rules.risk_text(campaign.security_type), agreed)
    return investment_id


def _begin_payment(order: Order, campaign: PublicCampaign, investment_id: str) -> str:
    """Begin the payment of a reserved investment by its rail; return the payment's id."""
    is_token = order.rail == payment_rules.TOKEN
    account = ledger_rules.tokens if is_token else ledger_rules.escrow
    wanted = starting.NewPayment(
        user_id=order.user_id,
        amount_minor=order.amount_minor,
        currency=campaign.currency,
        gateway=order.rail,
        purpose=("investment", investment_id),
        destination=account(campaign.id),
        description=f"Investment in {campaign.title}"[:200],
    )
    key = rules.reference(investment_id)
    if is_token:
        place = token_payments.Place(str(campaign.contract_address), campaign.ends_at)
        return token_payments.begin(wanted, place, key=key)
    begin = from_wallet.pay if order.rail == payment_rules.WALLET else starting.start
    return begin(wanted, key=key)


def _cancel_replaced(order: Order, campaign_id: str) -> None:
    """Cancel the reservation in the same campaign that an order takes the place of.

    Raises NotReserved if it has none to give: two orders never take the place of one.
    """
    if not order.replaces:
        return
    if queries.for_owner(order.replaces, order.user_id).campaign_id != campaign_id:
        return
    has_ended = lock(order.replaces).status in rules.WITHOUT_ROOM
    if _known(order):  # the same form came twice, and the other was faster
        return
    if has_ended:
        raise rules.NotReserved(
            _(
                "The reservation that you wanted to change has ended or was changed already, "
                "perhaps in another window. Nothing new was reserved. Look at your reservations "
                "first. If you still want this investment, send the form again."
            )
        )
    cancel(order.replaces, user_id=order.user_id)


def _insert(order: Order, known: dict[str, object]) -> None:
    """Add the investment and the first step of its history."""
    row = {
        **known,
        "user_id": order.user_id,
        "form_key": order.key,
        "amount_minor": order.amount_minor,
        "rail": order.rail,
        "status": Status.PAYING,
        "created_at": clock.now(),
    }
    db.session.execute(sa.insert(Investment).values(row))
    investment_id = str(known["id"])
    record_event(
        investment_event, investment_id, actor=order.user_id, before=None, after=Status.PAYING
    )


def refusal(slug: str, user_id: str, amount_minor: int, *, replaced_minor: int = 0) -> str | None:
    """Return as a sentence why this person could not invest this amount now, or None.

    `replaced_minor` is the room of a reservation that it would replace.
    """
    campaign = campaigns.detail(slug)
    already = queries.active_minor(user_id, campaign.id) - replaced_minor
    room = campaign.goal_minor - campaign.reserved_minor + replaced_minor
    return terms.check_investment(
        amount_minor, already_minor=already, terms=campaigns.terms_of(campaign), room_minor=room
    )


def _known(order: Order) -> str | None:
    found = queries.by_form_key(order.user_id, order.key)
    if found is None:
        return None
    if (found.amount_minor, found.slug) != (order.amount_minor, order.slug):
        raise rules.FormUsed(
            _(
                "You have already sent this form with a different amount. See your portfolio for "
                "the result. To invest again, reload the page. Nothing was charged this time."
            )
        )
    return found.id


def _check_person(order: Order, company_id: str) -> None:
    if why := files.refusal(order.user_id):
        raise rules.NotVerified(why)
    if issuers_queries.is_member(company_id, order.user_id):
        raise NotYours(_("This is your own company. You cannot invest in it here."))
    if why := missing_contact(order.user_id, order.rail):
        raise rules.NoContact(why, field="rail")


def missing_contact(user_id: str, rail: str) -> str | None:
    """Return as a sentence what a rail has to know of a person and we do not, or None."""
    if rail in payment_rules.WITHOUT_GATEWAY:
        return None
    return starting.missing_contact(user_id, rail)


def _check_amount(order: Order, campaign_id: str) -> None:
    """Check the reserved amount, with everything else that the person has in the campaign."""
    campaign = campaigns.by_id(campaign_id)
    already = queries.active_minor(order.user_id, campaign_id)
    room = (campaign.goal_minor or 0) - campaign.reserved_minor + order.amount_minor
    pockets = [already]
    if order.rail == payment_rules.TOKEN:
        pockets.append(_already_in_tokens(order, campaign_id))
    for already_minor in pockets:
        reason = terms.check_investment(
            order.amount_minor,
            already_minor=already_minor,
            terms=campaigns.terms_of(campaign),
            room_minor=room,
        )
        if reason:
            raise rules.NotPossible(reason, field="amount")


def _already_in_tokens(order: Order, campaign_id: str) -> int:
    """Return what a person has in a campaign as tokens, in minor units.

    The contract counts minimum and maximum of a wallet's tokens on their own. Raises NotPossible
    while another payment with tokens is open: one admission at a time.
    """
    if queries.has_open_tokens(order.user_id, campaign_id):
        raise rules.NotPossible(
            _(
                "You have another reservation to be paid with tokens in this campaign. Pay it, "
                "cancel it or wait until it ends."
            ),
            field="rail",
        )
    return queries.active_minor(order.user_id, campaign_id, is_token=True)


def _consent(user_id: str, investment_id: str, text: str, agreed: TermsInForce) -> None:
    consent = Consent(
        id=new_id(),
        user_id=user_id,
        investment_id=investment_id,
        text_hash=rules.text_hash(text),
        text=text,
        at=clock.now(),
        terms_version=agreed.number,
        terms_hash=agreed.hash,
    )
    db.session.add(consent)
    db.session.flush()


def cancel(investment_id: str, *, user_id: str, actor: str = "") -> None:
    """Cancel a person's own unpaid reservation and free its room; once is enough.

    `actor` is who does it, if it is not that person. Raises NotFound for another person's,
    AlreadyPaid once the bank has the money.
    """
    queries.for_owner(investment_id, user_id)
    investment = lock(investment_id)
    if investment.status == Status.CANCELLED:
        return
    if investment.status != Status.PAYING:
        raise cancelling.AlreadyPaid(
            _("Only a reservation that has not been paid can be cancelled. Nothing was changed.")
        )
    who = actor or user_id
    token_payments.check_no_transaction(str(investment.payment_id))
    cancelling.cancel(str(investment.payment_id), actor=who)
    totals.unreserve(investment.campaign_id, investment.amount_minor)
    investment.cancelled_by = who
    move_locked(investment, Status.CANCELLED, actor=who)


def pay_rest(investment_id: str, *, user_id: str) -> None:
    """Begin the payment of what is missing of a person's own investment.

    Raises NotFound for another person's, RestNotPossible after the deadline or a decision.
    """
    investment = queries.for_owner(investment_id, user_id)
    lock(investment_id)
    rests.begin(str(investment.payment_id))


def rest_until(investment_id: str) -> datetime | None:
    """Return until when the rest of an investment's money may follow, or None (for payments)."""
    investment = queries.get(investment_id)
    campaign = campaigns.by_id(investment.campaign_id)
    is_reserved = investment.status in (Status.PAYING, Status.AUTHORISED)
    is_open = campaign.status == life.Status.LIVE and not campaign.ending
    return campaign.ends_at if is_reserved and is_open else None


# --- the payment moves ----------------------------------------------------------------------------


def authorised(investment_id: str) -> None:
    """Note that the bank has taken the money."""
    move_to(investment_id, Status.AUTHORISED)


def settled(investment_id: str) -> None:
    """Count the money as in and have it recorded on chain; return money that came too late."""
    investment = lock(investment_id)
    if investment.status in rules.IN or investment.status == Status.RETURNED:
        return
    if investment.cancelled_at is not None:  # after it was paid
        has_lapsed = investment.cancelled_by == "system"
        what = "not_reconfirmed" if has_lapsed else "taken_back"
        give_back(investment, what, reason="The investment had been cancelled.")
        return
    is_new = not queries.is_in(investment.user_id, investment.campaign_id)
    try:
        if investment.status in rules.WITHOUT_ROOM:  # its room was released
            totals.reserve(investment.campaign_id, investment.amount_minor)
        totals.count_settled(investment.campaign_id, investment.amount_minor, new_investor=is_new)
    except (life.CampaignClosed, life.CampaignFull) as error:
        had_room = investment.status in (Status.PAYING, Status.AUTHORISED)
        if had_room:
            totals.unreserve(investment.campaign_id, investment.amount_minor)
        give_back(investment, "returned", reason=error.user_message)
        return
    move_to(investment_id, Status.SETTLED)
    _record(investment)
    notices.send_receipt(investment)
    for then in _after_settled:
        then(investment)


def not_paid(investment_id: str, status: Status) -> None:
    """Release the reservation when no money will come (failed, expired)."""
    investment = lock(investment_id)
    if investment.status in (Status.PAYING, Status.AUTHORISED):
        totals.unreserve(investment.campaign_id, investment.amount_minor)
        ending = status if investment.status == Status.PAYING else Status.FAILED
        move_to(investment_id, ending)
        notices.notify_not_paid(investment, ending)


def give_back(investment: Investment, what: str, *, reason: str, actor: str = "system") -> None:
    """Move an investment's money from escrow to its investor's wallet, once, and notify them."""
    if investment.chain_problem and investment.status in rules.IN:
        totals.count_refused(investment.campaign_id, -1)
    move_to(investment.id, Status.RETURNED, reason=reason, actor=actor)
    emit_returned([investment])
    posting.post_many([return_draft(investment)])  # last: it locks the journal
    notices.notify_investor(investment, what)


def emit_returned(investments: Iterable[Investment]) -> None:
    """Emit that money is back in wallets, for what came through a gateway."""
    outbox.emit_many(
        InvestmentReturned(
            key=one.id,
            investment_id=one.id,
            payment_id=str(one.payment_id),
            user_id=one.user_id,
            amount_minor=one.amount_minor,
            currency=one.currency,
        )
        for one in investments
        if one.rail != payment_rules.WALLET
    )


def return_draft(investment: Investment) -> ledger_rules.Draft:
    """Return the entry that moves an investment's money from escrow to its investor's wallet."""
    to_wallet = ledger_rules.Posting(
        ledger_rules.escrow(investment.campaign_id),
        ledger_rules.user_wallet(investment.user_id),
        investment.amount_minor,
    )
    return ledger_rules.Draft(
        f"investment:{investment.id}:returned",
        (to_wallet,),
        "investment.returned",
        investment.currency,
        (("campaign", investment.campaign_id), ("investment", investment.id)),
    )


# --- the chain ------------------------------------------------------------------------------------


def _record(investment: Investment) -> None:
    campaign = campaigns.by_id(investment.campaign_id)
    chain.write(
        rules.reference(investment.id),
        "CampaignImplementation",
        "recordInvestment",
        _record_args(investment),
        subject=("investment", investment.id),
        address=campaign.contract_address,
        batch="recordInvestments",
    )


def _record_args(investment: Investment) -> list[object]:
    """Return the reference, the investor's key and the token units of a contract's record."""
    return [
        chain_rules.intent_bytes32(rules.reference(investment.id)),
        _key(investment.campaign_id, investment.user_id),
        chain_rules.to_units(investment.amount_minor),
    ]


def record_refund(investment: Investment, campaign: CampaignRow) -> None:
    """Mark the contract's record of this investment as refunded, once."""
    chain.write(
        f"refund:{investment.id}",
        "CampaignImplementation",
        "recordRefund",
        _record_args(investment)[:2],
        subject=("refund", investment.campaign_id),
        address=campaign.contract_address,
        batch="recordRefunds",
    )


def _key(campaign_id: str, user_id: str) -> str:
    if known := queries.investor_key(campaign_id, user_id):
        return known
    totals.lock_for_update(campaign_id)  # two people never get the same number
    number = queries.last_investor_number(campaign_id) + 1
    row = {"campaign_id": campaign_id, "user_id": user_id, "key": "0x" + secrets.token_hex(32)}
    insert_ignore(InvestorKey.__table__, [row | {"number": number}])
    return str(queries.investor_key(campaign_id, user_id))


def confirmed(investment_id: str, tx_hash: str) -> None:
    """Note that the contract has the investment."""
    investment = lock(investment_id)
    if investment.chain_problem and investment.status in rules.IN:
        totals.count_refused(investment.campaign_id, -1)
    investment.tx_hash, investment.chain_problem = tx_hash, None
    if move_to(investment_id, Status.CONFIRMED):
        notices.notify_investor(investment, "recorded")
        return
    campaign = campaigns.by_id(investment.campaign_id)
    if campaign.status in life.REFUNDING:
        record_refund(investment, campaign)  # it was recorded just before the contract ended
    elif campaign.status == life.Status.LIVE and investment.cancelled_at is not None:
        take_off_chain(investment)  # it was cancelled while the record was on its way


def take_off_chain(investment: Investment) -> None:
    """Have the contract of a live campaign cancel its record of an investment."""
    campaign = campaigns.by_id(investment.campaign_id)
    chain.write(
        f"cancel:{investment.id}",
        "CampaignImplementation",
        "cancelRecord",
        _record_args(investment),
        subject=("cancellation", investment.id),
        address=campaign.contract_address,
    )


def record_refused(investment_id: str, reason: str) -> None:
    """Store why the contract refused; the money stays in escrow until staff have decided.

    Until then the campaign is neither closed nor released.
    """
    investment = lock(investment_id)
    if investment.status not in rules.IN:  # the money has gone back: the record is not needed
        if investment.cancelled_at is not None:
            investment.chain_problem = reason[:500]
        return
    if not investment.chain_problem:
        totals.count_refused(investment.campaign_id, 1)
    investment.chain_problem = reason[:500]
    db.session.flush()
    live.changed("investment", investment_id)


# --- shared ---------------------------------------------------------------------------------------


def lock(investment_id: str) -> Investment:
    """Return an investment, locked until the transaction ends."""
    return locked(Investment, investment_id)


def lock_many(ids: Collection[str]) -> list[Investment]:
    """Return investments in the order of their ids, locked until the transaction ends."""
    query = sa.select(Investment).where(Investment.id.in_(list(ids))).order_by(Investment.id)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(fresh))


def move_to(investment_id: str, to: Status, *, reason: str = "", actor: str = "system") -> bool:
    """Move an investment to a status if that may follow; return whether it did."""
    return move_locked(lock(investment_id), to, reason=reason, actor=actor)


def move_locked(
    investment: Investment, to: Status, *, reason: str = "", actor: str = "system"
) -> bool:
    """Move a locked investment to a status if that may follow; return whether it did."""
    before = investment.status
    if not rules.can_move(before, to):
        return False
    if to == Status.SETTLED:
        investment.settled_at = clock.now()
    pages = (
        ("investment", investment.id),
        ("portfolio", investment.user_id),
        ("wallet", investment.user_id),
    )
    move(investment, to, investment_event, actor=actor, reason=reason, pages=pages)
    if to == Status.SETTLED:
        counting.came(investment)
    elif to == Status.RETURNED and before in rules.IN:
        counting.went(investment)
    return True
