"""Notify investors about their money."""

from collections.abc import Iterable
from typing import Any

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.rules import securities
from crowdfund.investments import queries
from crowdfund.investments.models import Investment
from crowdfund.investments.rows import InvestmentRow
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.notifications import receipts, service
from crowdfund.payments import queries as payments
from crowdfund.payments import reviews
from crowdfund.payments.rules import TOKEN
from crowdfund.people import queries as people

# What a receipt calls the units of a kind of security.
_COUNTED: dict[str | None, str] = {
    securities.Kind.DEBT: "notes",
    securities.Kind.REVENUE_SHARE: "units",
}


def notify_investor(investment: Investment, what: str, **context: object) -> None:
    """Notify a person of a state of an investment (`investment.<what>`), once for each."""
    notify_of(investment, campaigns.by_id(investment.campaign_id), what, **context)


def notify_of(investment: Investment, campaign: CampaignRow, what: str, **context: object) -> None:
    """Do what `notify_investor` does, with the campaign at hand."""
    notify_of_each([investment], campaign, what, **context)


def notify_of_each(
    investments: Iterable[Investment], campaign: CampaignRow, what: str, **context: object
) -> None:
    """Do what `notify_of` does for investments of one campaign, in one go."""
    is_back = what in ("returned", "refunded", "unrecorded", "taken_back", "not_reconfirmed")
    news = [
        service.News(
            one.user_id,
            _facts(one, campaign) | context,
            f"investment:{one.id}:{what}",
            "/wallet/refunds" if is_back else f"/investments/{one.id}",
        )
        for one in investments
    ]
    service.notify_each(f"investment.{what}", news)


def _facts(investment: Investment | InvestmentRow, campaign: CampaignRow) -> dict[str, Any]:
    return {
        "amount_minor": investment.amount_minor,
        "currency": investment.currency,
        "campaign": campaign.title,
    }


def send_receipt(investment: Investment) -> None:
    """Notify a person that their money has arrived, with what a receipt says."""
    campaign = campaigns.by_id(investment.campaign_id)
    notify_investor(
        investment,
        _settled(investment),
        **_receipt(investment, campaign),
        picture=campaign.image_id or "",
        picture_alt=campaign.image_alt or "",
    )


def receipt(investment: InvestmentRow) -> bytes:
    """Return the receipt of an investment as a PDF file. Raises NotFound before it is settled."""
    campaign = campaigns.by_id(investment.campaign_id)
    context = _facts(investment, campaign) | _receipt(investment, campaign)
    path = f"/investments/{investment.id}"
    return receipts.write(f"investment.{_settled(investment)}", context, path=path)


def _settled(investment: Investment | InvestmentRow) -> str:
    """Return the kind of the receipt: a contract records tokens at once."""
    return "settled_tokens" if investment.rail == TOKEN else "settled"


def _receipt(investment: Investment | InvestmentRow, campaign: CampaignRow) -> dict[str, Any]:
    times = queries.times(investment.id)
    settled_at, returned_at = times.get("settled"), times.get("returned")
    if settled_at is None:
        raise NotFound(_("There is no receipt yet: your money has not arrived."))
    payer = people.get(investment.user_id)
    return {
        _COUNTED.get(campaign.security_type, "shares"): investment.shares,
        "company": campaign.trade_name or "",
        "settled_at": settled_at.isoformat(),
        **({"returned_at": returned_at.isoformat()} if returned_at else {}),
        "payer": payer.name if payer else "",
        "receipt": investment.id,
    }


def notify_not_paid(investment: Investment, status: str) -> None:
    """Notify a person why a payment was not invested, by what its money did.

    Says that nothing was charged only if no money was received. While money of the payment is under
    review, the notice about the review is enough.
    """
    payment = payments.get(str(investment.payment_id))
    if payment.received_minor is None:
        notify_investor(investment, status)
        return
    if payment.status == "reversed":
        notify_investor(investment, "reversed")
        return
    review = reviews.misfits_of([payment.id]).get(payment.id)
    if review is not None and not review.is_open:
        notify_investor(
            investment,
            "not_invested",
            received_minor=review.amount_minor,
            received_currency=review.currency,
            resolution=review.outcome,
        )


def notify_investors(campaign_id: str, what: str) -> None:
    """Notify everyone whose money is in a campaign that it succeeded or was released, once."""
    service.notify_all(
        queries.investors_of(campaign_id),
        f"investment.{what}",
        {"campaign": campaigns.by_id(campaign_id).title},
        key=f"campaign:{campaign_id}:investors:{what}",
        path="/portfolio",
    )
