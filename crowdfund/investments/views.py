"""Invest in a campaign, follow one investment, see all of one's own."""

import secrets
from collections.abc import Iterator
from datetime import datetime
from typing import Any, cast

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import FundingRow, PublicCampaign
from crowdfund.campaigns.rules import offers, securities
from crowdfund.compliance.queries import files
from crowdfund.investments import days, notices, queries, rules
from crowdfund.investments.forms import RAILS, InvestForm
from crowdfund.investments.rows import InvestmentRow
from crowdfund.investments.service import cancelling, placing, reservations
from crowdfund.issuers import queries as issuers_queries
from crowdfund.kernel import clock, exports, money
from crowdfund.kernel.errors import Conflict, CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person
from crowdfund.kernel.web import destinations, identity, pages, requests
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.queries import EntryRow
from crowdfund.notifications import receipts
from crowdfund.payments import queries as payments
from crowdfund.payments import reviews as payment_reviews
from crowdfund.payments import rules as payment_rules
from crowdfund.payments.rows import PaymentRow
from crowdfund.payments.rules import Review
from crowdfund.payments.service import purposes, short
from crowdfund.token_payments import service as token_payments

bp = Blueprint("investments", __name__)


def _status_url(investment_id: str) -> str:
    return url_for("investments.show", investment_id=investment_id)


def _continue_words(slug: str) -> str:
    title = campaigns.detail(slug).title
    return _("Continue to your investment in %(title)s", title=title)


destinations.register("investments.new", _continue_words)
purposes.register_purpose("investment", _status_url, rest_until=reservations.rest_until)


@bp.route("/campaigns/<slug>/invest", methods=["GET", "POST"])
def new(slug: str) -> BaseResponse:
    """Ask for amount, rail and consent; a good answer leads to the investment's own page."""
    campaign, user = campaigns.detail(slug), identity.signed_in()
    form = InvestForm()
    if request.method == "GET":
        form.key.data = secrets.token_urlsafe(16)
        form.replaces.data = request.args.get("replaces", "")[:32]
        form.amount.data = request.args.get("amount", "")[:40] or _last_amount(user.id, campaign)
        form.terms.data = _version_in_force(campaign.id)
    if form.validate_on_submit():
        try:
            amount_minor = money.parse(
                form.amount.data, campaign.currency, most_minor=campaign.max_minor
            )
            order = placing.Order(
                user.id,
                slug,
                amount_minor,
                form.rail.data,
                form.key.data,
                form.consent.data,
                form.replaces.data or "",
                _version_read(form),
            )
            investment_id = placing.place(order)
        except CrowdfundError as error:
            pages.put_error(form, error)
            if isinstance(error, rules.TermsChanged):  # the person has been told
                form.terms.data = _version_in_force(campaign.id)
            return _form_page(form, campaign, user, status=error.status)
        return pages.back(_first_url(investment_id))
    return _form_page(form, campaign, user, status=422 if form.errors else 200)


def _first_url(investment_id: str) -> str:
    """Return the page after the form: the wallet's for tokens, else the investment's status."""
    investment = queries.get(investment_id)
    if investment.rail == payment_rules.TOKEN and investment.status == rules.Status.PAYING:
        return url_for("token_payments.pay", payment_id=investment.payment_id)
    return _status_url(investment_id)


def _form_page(
    form: InvestForm,
    campaign: PublicCampaign,
    user: Person,
    *,
    status: int,
) -> Response:
    unpaid = queries.unpaid_of(user.id, campaign.id)
    replaced = _replaced(unpaid, form.replaces.data or "")
    freed_minor = replaced.amount_minor if replaced else 0
    return pages.render(
        "investments/new.html",
        status=status,
        form=form,
        campaign=campaign,
        agreed_version=form.terms.data or _version_in_force(campaign.id),
        phase=campaigns.phase(campaign, clock.now()),
        already_minor=queries.active_minor(user.id, campaign.id) - freed_minor,
        room_minor=_room_minor(campaign) + freed_minor,
        unpaid=[one for one in unpaid if one is not replaced],
        replaced=replaced,
        not_verified=files.refusal(user.id),
        no_contact=placing.missing_contact(user.id, _rail(form)),
        no_tokens=token_payments.refusal(campaign.currency, campaign.contract_address),
        wallet_minor=ledger.available(ledger_rules.user_wallet(user.id), campaign.currency),
        is_own=issuers_queries.is_member(campaign.company_id, user.id),
        risk_text=rules.risk_text(campaign.security_type),
        limits=offers.limits_sentence(
            campaign.security_type,
            *(money.fmt(minor, campaign.currency) for minor in _limits(campaign)),
        ),
        offered=offers.shown(campaign),
        cancel_until=rules.cancel_until(campaign.ends_at),
        may_cancel=clock.now() <= rules.cancel_until(campaign.ends_at),
        quote=_quote(campaign, user.id, form.amount.data or "", freed_minor),
    )


def _version_in_force(campaign_id: str) -> str:
    return str(campaigns.terms_in_force(campaign_id).number)


def _version_read(form: InvestForm) -> int | None:
    """Return the version of the terms that the form has shown; 0 for what is no version."""
    text = form.terms.data or ""
    if not text:
        return None
    return int(text) if text.isascii() and text.isdecimal() else 0


def _limits(campaign: PublicCampaign) -> tuple[int, int, int]:
    return campaign.price_minor, campaign.min_minor, campaign.max_minor


def _replaced(unpaid: list[InvestmentRow], wanted: str) -> InvestmentRow | None:
    """Return the reservation that the form replaces, if it is still unpaid."""
    return next((one for one in unpaid if one.id == wanted), None)


def _last_amount(user_id: str, campaign: PublicCampaign) -> str:
    """Return what was entered last time, for who comes back from a payment that brought nothing."""
    last = queries.last_amount(user_id, campaign.id)
    return money.decimal_str(last, campaign.currency) if last else ""


def _rail(form: InvestForm) -> str:
    """Return the chosen rail, the usual one if none of ours was sent."""
    return form.rail.data if form.rail.data in dict(RAILS) else RAILS[0][0]


@bp.get("/campaigns/<slug>/room")
def room(slug: str) -> Response:
    """Show how much a campaign can still take, alone: it changes while someone types an amount."""
    campaign, replaces = campaigns.funding(slug), request.args.get("replaces", "")
    person = identity.current_user()
    unpaid = queries.unpaid_of(person.id, campaign.id) if person and replaces else []
    replaced = _replaced(unpaid, replaces)
    room_minor = _room_minor(campaign) + (replaced.amount_minor if replaced else 0)
    return pages.render(
        "investments/_room.html", campaign=campaign, room_minor=room_minor, replaced=replaced
    )


def _room_minor(campaign: PublicCampaign | FundingRow) -> int:
    return campaign.goal_minor - campaign.reserved_minor


@bp.get("/campaigns/<slug>/quote")
def quote(slug: str) -> Response:
    """Show what an amount buys, or why it cannot be taken, while it is being typed."""
    campaign, user = campaigns.detail(slug), identity.signed_in()
    unpaid = queries.unpaid_of(user.id, campaign.id) if request.args.get("replaces") else []
    replaced = _replaced(unpaid, request.args.get("replaces", ""))
    freed_minor = replaced.amount_minor if replaced else 0
    answer = _quote(campaign, user.id, request.args.get("amount", "")[:40], freed_minor)
    return pages.render("investments/_quote.html", quote=answer, campaign=campaign)


def _quote(
    campaign: PublicCampaign, user_id: str, text: str, freed_minor: int = 0
) -> dict[str, Any]:
    if not text.strip():
        return {"state": "empty"}
    try:
        amount = money.parse(text, campaign.currency, most_minor=campaign.max_minor)
    except CrowdfundError as error:
        return {"state": "refused", "reason": error.user_message}
    reason = placing.refusal(campaign.slug, user_id, amount, replaced_minor=freed_minor)
    if reason:
        return {"state": "refused", "reason": reason}
    return {
        "state": "fine",
        "amount_minor": amount,
        "units": offers.units(campaign.security_type, rules.shares(amount, campaign.price_minor)),
        "offer": offers.offer(amount, campaign.currency, securities.of(campaign)),
        "percent": rules.percent_of_goal(amount, campaign.goal_minor),
    }


@bp.get("/investments/<investment_id>")
def show(investment_id: str) -> Response:
    """Show the status of an investment; the timeline updates itself."""
    return _status_page(investment_id)


@bp.get("/investments/<investment_id>/receipt.pdf")
def receipt(investment_id: str) -> Response:
    """Send the receipt as a PDF file, in the reader's language."""
    content = notices.receipt(queries.for_owner(investment_id, identity.signed_in().id))
    response = Response(content, mimetype="application/pdf")
    name = receipts.file_name(investment_id)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/investments/<investment_id>/cancel")
def cancel(investment_id: str) -> BaseResponse:
    """Cancel an unpaid reservation of one's own; its room is free at once."""
    try:
        reservations.cancel(investment_id, user_id=identity.signed_in().id)
    except Conflict as error:
        return _status_page(investment_id, error)
    pages.flash(_("Your reservation is cancelled. Nothing was charged."), "success")
    return pages.back(_status_url(investment_id))


@bp.route("/investments/<investment_id>/cancel-paid", methods=["GET", "POST"])
def cancel_paid(investment_id: str) -> BaseResponse:
    """Ask whether a paid investment of one's own is to be cancelled, then cancel it."""
    user_id = identity.signed_in().id
    investment = queries.for_owner(investment_id, user_id)
    if request.method == "GET":
        if investment.cancelled_at is not None or cancelling.refusal(investment_id):
            return pages.back(_status_url(investment_id))
        return pages.render(
            "investments/cancel.html", investment=investment, units=_units(investment)
        )
    try:
        cancelling.cancel_paid(investment_id, user_id=user_id)
    except Conflict as error:
        return _status_page(investment_id, error)
    if investment.rail == payment_rules.TOKEN:
        pages.flash(_("The contract is paying your tokens back."), "success")
    else:
        pages.flash(_("Your investment is cancelled."), "success")
    return pages.back(_status_url(investment_id))


@bp.post("/investments/<investment_id>/rest")
def pay_rest(investment_id: str) -> BaseResponse:
    """Begin the payment of what is missing; its button appears on the same page."""
    try:
        reservations.pay_rest(investment_id, user_id=identity.signed_in().id)
    except Conflict as error:
        return _status_page(investment_id, error)
    return pages.back(_status_url(investment_id))


def _status_page(investment_id: str, error: Conflict | None = None) -> Response:
    investment = queries.for_owner(investment_id, identity.signed_in().id)
    first = payments.get(str(investment.payment_id))
    reviews = payment_reviews.of_payment(first.id)
    rest = short.rest(first.id) if any(one.is_short and one.is_open for one in reviews) else None
    rest_ids = short.rest_ids(first.id) if any(one.is_short for one in reviews) else []
    reviews += payment_reviews.of_payment(*rest_ids) if rest_ids else []
    payment = rest.under_way if rest and rest.under_way else first
    received, times = _received(investment, first, reviews), queries.times(investment_id)
    is_questioned = not payment.is_received and payment_reviews.is_questioned(payment.id)
    is_open = is_questioned or any(one.is_open for one in reviews)
    return pages.render(
        "investments/show.html",
        "investments/_status.html",
        status=error.status if error else 200,
        error=error,
        investment=investment,
        units=_units(investment),
        offered=offers.shown(investment),
        offer=offers.offer(investment.amount_minor, investment.currency, securities.of(investment)),
        payment=payment,
        first=first,
        rest=rest,
        reviews=reviews,
        progress=payment_rules.progress_of(payment),
        is_questioned=is_questioned,
        label=rules.label(investment.status, received),
        steps=rules.timeline(investment.status, times, received=received, rail=investment.rail),
        has_receipt="settled" in times,
        cancel_until=_cancel_until(investment),
        is_final=_is_final(investment, received) and not is_open,
        entries=_entries(investment, [first.id, *rest_ids]),
    )


def _units(investment: InvestmentRow) -> str:
    return offers.units(investment.security_type or "", investment.shares)


def _is_final(investment: InvestmentRow, received: rules.Received) -> bool:
    """Return whether a status stays; a cancelled investment's money may be on its way."""
    is_waiting = investment.status == rules.Status.CANCELLED and received.is_coming_back
    is_waiting = is_waiting or (investment.status in rules.IN and received.is_cancelled)
    return investment.status in rules.FINAL and not is_waiting


def _cancel_until(investment: InvestmentRow) -> datetime | None:
    """Return until when a paid investment can be cancelled, or None if it cannot."""
    if investment.cancelled_at is not None or cancelling.refusal(investment.id):
        return None
    return rules.cancel_until(cast(datetime, investment.ends_at))


def _received(
    investment: InvestmentRow, payment: PaymentRow, reviews: list[Review]
) -> rules.Received:
    """Return what was booked for an investment; what a gateway only claims is not among it."""
    misfit = next((one for one in reviews if one.is_misfit), None)
    progress = payment_rules.progress_of(payment)
    return rules.Received(
        payment.is_received,
        payment.status == "reversed",
        misfit,
        progress,
        is_cancelled=investment.cancelled_at is not None,
        has_lapsed=investment.cancelled_by == "system",
    )


def _entries(investment: InvestmentRow, payment_ids: list[str]) -> list[EntryRow]:
    paid = payment_reviews.entries(*payment_ids)
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
        units={row.id: _units(row) for row in page.rows},
        kinds={row.id: offers.shown(row) for row in page.rows},
        status_options=[("", _("All")), *((str(s), rules.words(s)) for s in rules.Status)],
    )


_DAYS = ("date", "currency", "investments", "received", "investments returned", "returned", "total")


@bp.get("/my/campaigns/<string(length=32):campaign_id>/days.csv")
def campaign_days(campaign_id: str) -> Response:
    """Send a company what its campaign received and returned on each day; it names no investor."""
    campaign = campaigns.for_member(campaign_id, identity.signed_in().id)
    found = days.with_totals(queries.days_of(campaign_id))
    return exports.csv_file(f"{campaign.slug}.csv", _DAYS, _day_lines(found, campaign.currency))


def _day_lines(found: list[days.Day], currency: str) -> Iterator[tuple[object, ...]]:
    for day in found:
        came = (day.came, money.decimal_str(day.came_minor))
        went = (day.went, money.decimal_str(day.went_minor))
        yield (day.on, currency, *came, *went, money.decimal_str(day.total_minor))
