"""Invest in a campaign: the form, what an amount buys, what room is left."""

import secrets
from typing import Any

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import FundingRow, PublicCampaign
from crowdfund.campaigns.rules import offers, securities
from crowdfund.compliance.queries import files
from crowdfund.investments import queries, rules
from crowdfund.investments.forms import RAILS, InvestForm
from crowdfund.investments.rows import InvestmentRow
from crowdfund.investments.service import placing
from crowdfund.investments.views.blueprint import bp, status_url
from crowdfund.issuers import queries as issuers_queries
from crowdfund.kernel import clock, money
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person
from crowdfund.kernel.web import destinations, identity, pages
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payments import rules as payment_rules
from crowdfund.token_payments import service as token_payments


def _continue_words(slug: str) -> str:
    title = campaigns.detail(slug).title
    return _("Continue to your investment in %(title)s", title=title)


destinations.register("investments.new", _continue_words)


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
            investment_id = placing.place(_order(form, campaign, user))
        except CrowdfundError as error:
            pages.put_error(form, error)
            if isinstance(error, rules.TermsChanged):  # the person has been told
                form.terms.data = _version_in_force(campaign.id)
            return _form_page(form, campaign, user, status=error.status)
        return pages.back(_first_url(investment_id))
    return _form_page(form, campaign, user, status=422 if form.errors else 200)


def _order(form: InvestForm, campaign: PublicCampaign, user: Person) -> placing.Order:
    """Return what a person has entered. Raises Invalid for what is no amount."""
    return placing.Order(
        user.id,
        campaign.slug,
        money.parse(form.amount.data, campaign.currency, most_minor=campaign.max_minor),
        form.rail.data,
        form.key.data,
        form.consent.data,
        form.replaces.data or "",
        _version_read(form),
    )


def _first_url(investment_id: str) -> str:
    """Return the page after the form: the wallet's for tokens, else the investment's status."""
    investment = queries.get(investment_id)
    if investment.rail == payment_rules.TOKEN and investment.status == rules.Status.PAYING:
        return url_for("token_payments.pay", payment_id=investment.payment_id)
    return status_url(investment_id)


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
        risk_text=rules.risk_text(campaign.security_type),
        limits=offers.limits_sentence(
            campaign.security_type,
            *(money.fmt(minor, campaign.currency) for minor in _limits(campaign)),
        ),
        offered=offers.shown(campaign),
        cancel_until=rules.cancel_until(campaign.ends_at),
        may_cancel=clock.now() <= rules.cancel_until(campaign.ends_at),
        quote=_quote(campaign, user.id, form.amount.data or "", freed_minor),
        **_person(form, campaign, user.id),
    )


def _person(form: InvestForm, campaign: PublicCampaign, user_id: str) -> dict[str, Any]:
    """Return what a person can pay with, and what keeps them from investing here."""
    return {
        "not_verified": files.refusal(user_id),
        "no_contact": placing.missing_contact(user_id, _rail(form)),
        "no_tokens": token_payments.refusal(campaign.currency, campaign.contract_address),
        "wallet_minor": ledger.available(ledger_rules.user_wallet(user_id), campaign.currency),
        "is_own": issuers_queries.is_member(campaign.company_id, user_id),
    }


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
