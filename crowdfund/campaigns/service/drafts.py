"""Write a campaign page by page and submit it; every page is saved on its own."""

from collections.abc import Mapping
from dataclasses import asdict

import sqlalchemy as sa

from crowdfund.adapters import storage
from crowdfund.campaigns import limits_queries, queries
from crowdfund.campaigns.models import Campaign, campaign_event
from crowdfund.campaigns.rules import drafts, securities, terms, tranches
from crowdfund.campaigns.rules.addresses import folded
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service.shared import (
    Incomplete,
    NotEligible,
    change,
    locked,
    notify_team,
    touch,
)
from crowdfund.documents.service import Poster
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.rules import lists
from crowdfund.issuers.rules.life import REFUSALS
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, new_id, record_event
from crowdfund.kernel.errors import FileRefused, Invalid, InvalidFields, WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.statuses import status_text
from crowdfund.notifications import service


def create_draft(company_id: str, *, actor: str) -> str:
    """Open an empty draft for a company with today's platform settings; return its id."""
    now, limits, campaign_id = clock.now(), limits_queries.in_force(), new_id()
    company = issuers_queries.get(company_id)
    db.session.add(
        Campaign(
            id=campaign_id,
            slug=campaign_id,
            company_id=company_id,
            author_id=actor,
            sector=company.sector,
            threshold_bps=limits.threshold_bps,
            fee_bps=limits.fee_bps,
            grace_days=limits.grace_days,
            created_at=now,
            updated_at=now,
        )
    )
    db.session.flush()
    record_event(campaign_event, campaign_id, actor=actor, before=None, after=Status.DRAFT)
    return campaign_id


def save_basics(campaign_id: str, values: Mapping[str, object]) -> None:
    """Save title, summary, sector and security type; raises InvalidFields or WrongState.

    Another type has other terms: those of the former one are cleared.
    """
    good, errors = drafts.clean_basics(values)
    _refuse(errors)
    campaign = editable(campaign_id)
    if campaign.security_type != good["security_type"]:
        for name in securities.EVERY_FIELD:
            setattr(campaign, name, None)
    for name, value in good.items():
        setattr(campaign, name, value)
    campaign.slug = _free_slug(good["title"], campaign_id)
    company = issuers_queries.get(campaign.company_id)
    make_searchable(campaign, company.trade_name)
    touch(campaign)


def renamed(company_id: str) -> None:
    """Let every campaign of a company be found and shown by the company's new name."""
    company = issuers_queries.get(company_id)
    for campaign_id in queries.ids_of_company(company_id):
        campaign = locked(campaign_id)
        if campaign.search_text:
            make_searchable(campaign, company.trade_name)
        touch(campaign)


def make_searchable(campaign: Campaign, company_name: str | None) -> None:
    """Store the words that the list is searched by: the sector has its name in each language."""
    sector = lists.sector_words(campaign.sector)
    words = (campaign.title, campaign.summary, company_name, sector)
    campaign.search_text = folded(" ".join(word or "" for word in words), most=500)


def set_picture(campaign_id: str, picture: Poster | None, alt: str) -> None:
    """Store an uploaded picture (documents.service.poster) and what it shows, in words.

    Without one the picture stays and only the words change. Raises FileRefused.
    """
    words = texts.line(alt, "image_alt", _("Describe what the picture shows."), least=5, most=160)
    campaign = editable(campaign_id)
    if not picture and not campaign.image_id:
        raise FileRefused(_("Choose a picture: JPEG, PNG or WebP."), field="image")
    if picture:
        campaign.image_id = storage.put_public(picture.data)
    campaign.image_alt = words
    touch(campaign)


def set_picture_id(campaign_id: str, file_id: str, alt: str) -> None:
    """Use a public file that is stored already (the platform's own drawings in the demo story)."""
    storage.open_public(file_id)
    campaign = editable(campaign_id)
    campaign.image_id, campaign.image_alt = file_id, alt
    touch(campaign)


def save_story(campaign_id: str, story_md: str) -> None:
    """Save the story in Markdown; it is made safe each time it is shown."""
    story = drafts.parse_story(story_md)
    campaign = editable(campaign_id)
    campaign.story_md = story
    touch(campaign)


def save_terms(campaign_id: str, values: Mapping[str, object]) -> None:
    """Save goal, price, limits per person and duration, typed as text; raises InvalidFields.

    Threshold and grace period become those in force now: the page shows them beside.
    """
    campaign, limits = editable(campaign_id), limits_queries.in_force()
    good, errors = terms.clean_terms(values, limits, campaign.security_type)
    try:
        parts = tranches.clean(values)
    except Invalid as error:
        errors = {**errors, str(error.field): error.user_message}
    _refuse(errors)
    campaign.tranches = parts or None
    campaign.threshold_bps, campaign.grace_days = limits.threshold_bps, limits.grace_days
    for name, value in good.items():
        setattr(campaign, name, value)
    touch(campaign)


def submit(campaign_id: str, *, actor: str) -> None:
    """Submit a complete draft for approval.

    Raises Incomplete, InvalidFields (limits changed since it was saved), NotEligible or WrongState.
    """
    campaign = editable(campaign_id)
    draft = asdict(queries.by_id(campaign_id))
    missing = drafts.missing_steps(draft)
    if missing:
        pages = ", ".join(drafts.STEP_TITLES[step].lower() for step in missing)
        raise Incomplete(_("Some pages are not complete yet: %(pages)s.", pages=pages))
    errors = terms.check_platform(draft, limits_queries.in_force())
    _refuse(errors | _correct_the_terms() if errors else errors)
    refusal = queries.start_refusal(campaign.company_id)
    if refusal:
        raise NotEligible(str(REFUSALS[refusal]))
    campaign.submitted_at, campaign.rejection_reason = clock.now(), None
    change(campaign, Status.SUBMITTED, actor=actor)
    notify_team(campaign, "submitted")
    service.queue_work("staff.campaigns", key=f"{campaign.id}:{campaign.submitted_at.timestamp()}")


def _correct_the_terms() -> dict[str, str]:
    sentence = _(
        "The limits for campaigns have changed since you saved these terms. Open “Goal, limits and "
        "price”, correct them and save the page again."
    )
    return {"limits": sentence}


def _refuse(errors: Mapping[str, str]) -> None:
    if errors:
        raise InvalidFields(errors)


def editable(campaign_id: str) -> Campaign:
    """Return a locked draft; raises WrongState once it was submitted."""
    campaign = locked(campaign_id)
    if campaign.status != Status.DRAFT:
        raise WrongState(
            _(
                "This campaign is %(status)s: it cannot be changed now.",
                status=status_text(campaign.status),
            )
        )
    return campaign


def _free_slug(title: str, campaign_id: str) -> str:
    base = drafts.slugify(title) or campaign_id
    taken = sa.select(Campaign.id).where(Campaign.slug == base, Campaign.id != campaign_id)
    # The end of an id is random: two people with one title at one moment still differ.
    return f"{base}-{campaign_id[-6:]}" if db.session.execute(taken).first() else base
