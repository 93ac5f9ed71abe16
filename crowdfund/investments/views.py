"""Invest in a campaign, follow one investment, see all of one's own."""

import secrets
from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import FundingRow, PublicCampaign
from crowdfund.compliance.queries import files
from crowdfund.investments import queries, rules, service
from crowdfund.investments.forms import RAILS, InvestForm
from crowdfund.investments.rows import InvestmentRow
from crowdfund.issuers import queries as issuers_queries
from crowdfund.kernel import clock, money
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.ledger import queries as ledger
from crowdfund.ledger.queries import EntryRow
from crowdfund.payments import queries as payments
from crowdfund.payments import reviews as payment_reviews
from crowdfund.payments.rows import PaymentRow
from crowdfund.payments.rules import Review
from crowdfund.payments.service import purposes, starting

bp = Blueprint("investments", __name__)


def _status_url(investment_id: str) -> str:
    return url_for("investments.show", investment_id=investment_id)


purposes.register_purpose("investment", _status_url)


@bp.route("/campaigns/<slug>/invest", methods=["GET", "POST"])
def new(slug: str) -> BaseResponse:
    """Ask for amount, rail and consent; a good answer leads to the investment's own page."""
    campaign, user = campaigns.detail(slug), identity.signed_in()
    form = InvestForm()
    if request.method == "GET":
        form.key.data = secrets.token_urlsafe(16)
        form.amount.data = request.args.get("amount", "")[:40]
    if form.validate_on_submit():
        try:
            amount_minor = money.parse(
                form.amount.data, campaign.currency, most_minor=campaign.max_minor
            )
            order = service.Order(
                user.id, slug, amount_minor, form.rail.data, form.key.data, form.consent.data
            )
            investment_id = service.place(order)
        except CrowdfundError as error:
            pages.put_error(form, error)
            return _form_page(form, campaign, user, status=error.status)
        return pages.back(_status_url(investment_id))
    return _form_page(form, campaign, user, status=422 if form.errors else 200)


def _form_page(
    form: InvestForm,
    campaign: PublicCampaign,
    user: Person,
    *,
    status: int,
) -> Response:
    already = queries.active_minor(user.id, campaign.id)
    return pages.render(
        "investments/new.html",
        status=status,
        form=form,
        campaign=campaign,
        phase=campaigns.phase(campaign, clock.now()),
        already_minor=already,
        room_minor=_room_minor(campaign),
        not_verified=files.refusal(user.id),
        no_contact=starting.missing_contact(user.id, _rail(form)),
        is_own=issuers_queries.is_member(campaign.company_id, user.id),
        risk_text=rules.risk_text(),
        quote=_quote(campaign, user.id, form.amount.data or ""),
    )


def _rail(form: InvestForm) -> str:
    """Return the chosen rail, the usual one if none of ours was sent."""
    return form.rail.data if form.rail.data in dict(RAILS) else RAILS[0][0]


@bp.get("/campaigns/<slug>/room")
def room(slug: str) -> Response:
    """Show how much a campaign can still take, alone: it changes while someone types an amount."""
    campaign = campaigns.funding(slug)
    return pages.render(
        "investments/_room.html", campaign=campaign, room_minor=_room_minor(campaign)
    )


def _room_minor(campaign: PublicCampaign | FundingRow) -> int:
    return campaign.goal_minor - campaign.reserved_minor


@bp.get("/campaigns/<slug>/quote")
def quote(slug: str) -> Response:
    """Show what an amount buys, or why it cannot be taken, while it is being typed."""
    campaign, user = campaigns.detail(slug), identity.signed_in()
    answer = _quote(campaign, user.id, request.args.get("amount", "")[:40])
    return pages.render("investments/_quote.html", quote=answer, campaign=campaign)


def _quote(campaign: PublicCampaign, user_id: str, text: str) -> dict[str, Any]:
    if not text.strip():
        return {"state": "empty"}
    try:
        amount = money.parse(text, campaign.currency, most_minor=campaign.max_minor)
    except CrowdfundError as error:
        return {"state": "refused", "reason": error.user_message}
    reason = service.refusal(campaign.slug, user_id, amount)
    if reason:
        return {"state": "refused", "reason": reason}
    return {
        "state": "fine",
        "amount_minor": amount,
        "shares": rules.shares(amount, campaign.price_minor),
        "percent": rules.percent_of_goal(amount, campaign.goal_minor),
    }


@bp.get("/investments/<investment_id>")
def show(investment_id: str) -> Response:
    """Show the status of an investment; the timeline updates itself."""
    investment = queries.for_owner(investment_id, identity.signed_in().id)
    payment = payments.get(investment.payment_id) if investment.payment_id else None
    reviews = payment_reviews.of_payment(payment.id) if payment else []
    received = _received(payment, reviews)
    return pages.render(
        "investments/show.html",
        "investments/_status.html",
        investment=investment,
        payment=payment,
        reviews=reviews,
        label=rules.label(investment.status, received),
        steps=rules.timeline(investment.status, queries.times(investment_id), received=received),
        is_final=investment.status in rules.FINAL and not any(one.is_open for one in reviews),
        entries=_entries(investment),
    )


def _received(payment: PaymentRow | None, reviews: list[Review]) -> rules.Received:
    """Return what was booked for an investment; what a gateway only claims is not among it."""
    if payment is None:
        return rules.NOTHING_RECEIVED
    misfit = next((one for one in reviews if one.is_misfit), None)
    return rules.Received(payment.is_received, payment.status == "reversed", misfit)


def _entries(investment: InvestmentRow) -> list[EntryRow]:
    paid = payment_reviews.entries(investment.payment_id) if investment.payment_id else []
    return paid + ledger.entries_with_key_prefix("investment", investment.id)


@bp.get("/portfolio")
def portfolio() -> Response:
    """Show a person's investments, newest first, with the sums on top."""
    user = identity.signed_in()
    status = request.args.get("status", "")
    page = queries.portfolio(user.id, status=status, place=requests.place())
    misfits = payment_reviews.misfits_of([row.payment_id for row in page.rows if row.payment_id])
    labels = {
        row.id: rules.label(row.status, rules.Received(review=misfits.get(row.payment_id or "")))
        for row in page.rows
    }
    return pages.render(
        "investments/portfolio.html",
        "investments/_portfolio.html",
        page=page,
        totals=queries.totals(user.id),
        labels=labels,
        status_options=[("", _("All")), *((str(s), rules.words(s)) for s in rules.Status)],
    )
