"""Pages of a company's team: the dashboard, drafts page by page, submit, close early, cancel."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from flask import Response, abort, request, url_for
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.campaigns import follower_queries, forms, limits_queries, queries
from crowdfund.campaigns.rows import CampaignRow, CompanyCampaign
from crowdfund.campaigns.rules import drafts, life, offers, terms, tranches
from crowdfund.campaigns.service import drafts as drafts_service
from crowdfund.campaigns.service import ending
from crowdfund.campaigns.views.blueprint import bp
from crowdfund.campaigns.views.public import figures, safe_story
from crowdfund.documents import service as documents
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.rows import MemberCompany
from crowdfund.issuers.rules import lists
from crowdfund.issuers.rules.life import REFUSALS
from crowdfund.issuers.rules.team import may
from crowdfund.kernel import clock, config, money
from crowdfund.kernel.db import rollback
from crowdfund.kernel.errors import CrowdfundError, FileRefused, WrongState
from crowdfund.kernel.fields.percents import percent
from crowdfund.kernel.forms import put_errors
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules

MONEY_FIELDS = ("goal_minor", "price_minor", "min_minor", "max_minor")


@bp.get("/my/company")
def dashboard() -> Response:
    """Show the person's companies, their campaigns and what to do next."""
    companies = issuers_queries.of_member(identity.signed_in().id)
    return pages.render("campaigns/dashboard.html", companies=[_overview(row) for row in companies])


@bp.get("/my/company/<string(length=32):company_id>")
def company(company_id: str) -> Response:
    """Show one company of the dashboard alone, for live updates."""
    row = issuers_queries.for_member(company_id, identity.signed_in().id)
    return pages.render("campaigns/_company.html", entry=_overview(row))


@bp.post("/companies/<string(length=32):company_id>/campaigns")
def create(company_id: str) -> BaseResponse:
    """Open a draft; one that is still empty is used again."""
    me = identity.signed_in().id
    issuers_queries.for_member(company_id, me, "campaign")
    empty = [
        row for row in queries.of_companies([company_id]) if row.status == "draft" and not row.title
    ]
    campaign_id = empty[0].id if empty else drafts_service.create_draft(company_id, actor=me)
    return pages.back(url_for("campaigns.manage", campaign_id=campaign_id))


@bp.get("/my/campaigns/<string(length=32):campaign_id>")
def manage(campaign_id: str) -> Response:
    """Show a campaign to its company: tasks, state, next step."""
    return pages.render(
        "campaigns/manage.html", form=forms.ReasonForm(), **_state(_authorise(campaign_id))
    )


@bp.get("/my/campaigns/<string(length=32):campaign_id>/state")
def state(campaign_id: str) -> Response:
    """Show where a campaign stands, alone, for live updates."""
    return pages.render("campaigns/_state.html", **_state(_authorise(campaign_id)))


@bp.route("/my/campaigns/<string(length=32):campaign_id>/edit/<step>", methods=["GET", "POST"])
def edit(campaign_id: str, step: str) -> BaseResponse:
    """Show one page of a draft and save it."""
    campaign = _authorise(campaign_id, "campaign")
    if step not in drafts.STEPS:
        abort(404)
    kind = campaign.security_type or ""
    page_form = forms.TERMS_FORMS.get(kind) if step == "terms" else None
    form = (page_form or forms.FORMS[step])(**_presets(campaign, step))
    if step == "terms":
        form.price_minor.label.text = offers.price_label(kind)
    context: dict[str, Any] = {"campaign": campaign, "step": step, "form": form}
    context |= {"limits": limits_queries.in_force(), "preview": None}
    page = f"campaigns/edit_{step}.html"
    partial = "campaigns/_picture.html" if step == "picture" else None
    if not form.validate_on_submit():
        return pages.render(page, partial, status=422 if form.errors else 200, **context)
    try:
        if step == "story" and request.form.get("preview"):
            return pages.render(page, **context | {"preview": _preview(form.story_md.data)})
        _save(campaign_id, step, form)
    except CrowdfundError as error:
        put_errors(form, error)
        return pages.render(page, partial, status=error.status, **context)
    return pages.back(_after(campaign_id, step))


@bp.post("/my/campaigns/<string(length=32):campaign_id>/preview")
def preview(campaign_id: str) -> Response:
    """Show the story as it would look; nothing is saved."""
    _authorise(campaign_id, "campaign")
    story = _preview(request.form.get("story_md"))
    return pages.render("campaigns/_preview.html", preview=story)


@bp.route("/my/campaigns/<string(length=32):campaign_id>/check", methods=["GET", "POST"])
def check(campaign_id: str) -> BaseResponse:
    """Show the whole draft, take the declaration and submit."""
    campaign = _authorise(campaign_id, "view" if request.method == "GET" else "campaign")
    form = forms.SubmitForm()
    context = {"campaign": campaign, "form": form, **draft_context(campaign)}
    context["can_write"] = may_write(campaign.company_id)
    context["refusal"] = REFUSALS.get(queries.start_refusal(campaign.company_id) or "")
    if not form.validate_on_submit():
        return pages.render("campaigns/check.html", status=422 if form.errors else 200, **context)
    try:
        if not form.declaration.data:
            raise CrowdfundError(_("Confirm that this is true."), status=422, field="declaration")
        drafts_service.submit(campaign_id, actor=identity.signed_in().id)
    except CrowdfundError as error:
        put_errors(form, error)
        return pages.render("campaigns/check.html", status=error.status, **context)
    pages.flash(_("Submitted. We are reviewing it. This page updates automatically."), "success")
    return pages.back(url_for("campaigns.manage", campaign_id=campaign_id))


@bp.post("/my/campaigns/<string(length=32):campaign_id>/close")
def close(campaign_id: str) -> BaseResponse:
    """Close early, once the threshold is settled."""
    _authorise(campaign_id, "campaign")
    ending.close_early(campaign_id, actor=identity.signed_in().id)
    pages.flash(_("The contract is being closed."), "success")
    return pages.back(url_for("campaigns.manage", campaign_id=campaign_id))


@bp.post("/my/campaigns/<string(length=32):campaign_id>/cancel")
def withdraw(campaign_id: str) -> BaseResponse:
    """Withdraw a campaign that is not live yet; a live one only staff can cancel."""
    campaign = _authorise(campaign_id, "campaign")
    if campaign.status == life.Status.LIVE:
        raise WrongState(_("A live campaign can only be cancelled by us. Contact us."))
    ending.cancel(campaign_id, "Withdrawn by the company.", actor=identity.signed_in().id)
    pages.flash(_("Withdrawn. Nothing was published."), "success")
    return pages.back(url_for("campaigns.dashboard"))


# --- helpers ------------------------------------------------------------------------------------


def _authorise(campaign_id: str, action: str = "view") -> CampaignRow:
    return queries.for_member(campaign_id, identity.signed_in().id, action)


def _preview(story_md: str | None) -> Markup:
    drafts.check_length(story_md or "")
    return safe_story(story_md or "")


def may_write(company_id: str) -> bool:
    """Return whether this request's person may change the company's campaigns."""
    return may(issuers_queries.role_of(company_id, identity.signed_in().id), "campaign")


def _overview(company: MemberCompany) -> dict[str, Any]:
    campaigns = queries.of_companies([company.id])
    now = clock.now()
    is_verified = company.status == "verified"
    refusal = queries.start_refusal(company.id) if is_verified else None
    may_start = is_verified and refusal is None and not _has_unpublished(campaigns)
    return {
        "company": company,
        "balance_minor": ledger.balance(ledger_rules.company_wallet(company.id)),
        "campaigns": [
            (row, queries.phase(row, now), life.time_left(row.ends_at, now)) for row in campaigns
        ],
        "can_start": may_start and may_write(company.id),
        "refusal": REFUSALS.get(refusal or ""),
    }


def _has_unpublished(campaigns: Sequence[CompanyCampaign]) -> bool:
    return any(row.status in ("draft", "submitted", "approved") for row in campaigns)


def _presets(campaign: CampaignRow, step: str) -> dict[str, Any]:
    if step != "terms":
        return {"obj": campaign}
    amounts = {name: getattr(campaign, name) for name in MONEY_FIELDS}
    shown = {name: money.decimal_str(value) if value else "" for name, value in amounts.items()}
    rates = ("interest_bps", "revenue_bps", "cap_bps")
    return {
        **shown,
        **{name: _shown_rate(getattr(campaign, name)) for name in rates},
        "duration_days": campaign.duration_days or "",
        "term_months": campaign.term_months or "",
        "repayment": campaign.repayment,
        **_shown_parts(campaign),
    }


def _shown_parts(campaign: CampaignRow) -> dict[str, str]:
    shown: dict[str, str] = {}
    for number, part in enumerate(tranches.read(campaign.tranches), 1):
        shown |= {f"part{number}": percent(part.share_bps), f"condition{number}": part.condition}
    return shown


def _shown_rate(bps: int | None) -> str:
    return percent(bps) if bps else ""


def _save(campaign_id: str, step: str, form: FlaskForm) -> None:
    if step == "basics":
        drafts_service.save_basics(campaign_id, form.data)
    elif step == "story":
        drafts_service.save_story(campaign_id, form.story_md.data or "")
    elif step == "terms":
        drafts_service.save_terms(campaign_id, form.data)
    else:
        _save_picture(campaign_id, form)


def _save_picture(campaign_id: str, form: FlaskForm) -> None:
    upload = form.image.data
    try:
        picture = None
        if upload and upload.filename:
            rollback()  # reading a picture takes a moment: no other writer waits for it
            picture = documents.poster(upload.stream.read())
        drafts_service.set_picture(campaign_id, picture, form.image_alt.data or "")
    except FileRefused as error:
        error.field = "image"
        raise


def _after(campaign_id: str, step: str) -> str:
    draft = asdict(queries.by_id(campaign_id))
    later = list(drafts.STEPS)[list(drafts.STEPS).index(step) + 1 :]
    for name in later:
        if drafts.step_state(draft, name) != "done":
            return url_for("campaigns.edit", campaign_id=campaign_id, step=name)
    return url_for("campaigns.manage", campaign_id=campaign_id)


def _state(campaign: CampaignRow) -> dict[str, Any]:
    draft = asdict(campaign)
    goal_minor, threshold_bps = campaign.goal_minor or 0, campaign.threshold_bps
    is_success = life.is_success(campaign.settled_minor, goal_minor, threshold_bps)
    path = url_for("campaigns.detail", slug=campaign.slug) if campaign.slug else ""
    return {
        "campaign": campaign,
        "public_address": config.settings().public_url + path,
        "followers": follower_queries.count(campaign.id),
        "step_states": {step: drafts.step_state(draft, step) for step in drafts.STEPS},
        "step_titles": drafts.STEP_TITLES,
        "complete": not drafts.missing_steps(draft),
        "can_write": may_write(campaign.company_id),
        "documents": queries.documents(campaign.id),
        "can_close": campaign.status == "live" and is_success,
        "arriving_minor": ending.arriving_minor(campaign.id) if is_success else 0,
        "payout": life.payout(
            campaign.settled_minor,
            campaign.token_minor,
            campaign.fee_bps,
            paid_token_minor=campaign.paid_token_minor,
        ),
        "grace_ends_at": terms.last_settlement(campaign.ends_at, campaign.grace_days)
        if campaign.ends_at
        else None,
        "average_minor": life.average_minor(campaign.settled_minor, campaign.investors_count),
        **figures(campaign),
    }


def draft_context(campaign: CampaignRow) -> dict[str, Any]:
    """Return what shows all answers of a draft, for its company and for reviewers."""
    missing = [drafts.STEP_TITLES[step] for step in drafts.missing_steps(asdict(campaign))]
    return {
        "editable": campaign.status == life.Status.DRAFT,
        "missing": missing,
        "documents": queries.documents(campaign.id),
        "sector": lists.SECTORS.get(campaign.sector or ""),
        "security": drafts.SECURITY_TYPES.get(campaign.security_type or ""),
        "offered": offers.shown(campaign),
        "story": safe_story(campaign.story_md or ""),
    }
