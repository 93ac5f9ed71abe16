"""Place an investment: check person and amount, reserve its room, start its payment."""

from dataclasses import dataclass

import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import PublicCampaign, TermsInForce
from crowdfund.campaigns.rules import terms
from crowdfund.campaigns.service import totals
from crowdfund.compliance.queries import files
from crowdfund.investments import queries, rules
from crowdfund.investments.models import Consent, Investment, investment_event
from crowdfund.investments.rules import Status
from crowdfund.investments.service import reservations, states
from crowdfund.issuers import queries as issuers_queries
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, new_id, record_event
from crowdfund.kernel.errors import NotYours
from crowdfund.kernel.i18n import _
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payments import rules as payment_rules
from crowdfund.payments.service import from_wallet, starting
from crowdfund.token_payments import service as token_payments


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
    has_ended = states.lock(order.replaces).status in rules.WITHOUT_ROOM
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
    reservations.cancel(order.replaces, user_id=order.user_id)


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
