"""Amounts of a campaign: raised, on its way, paid but not settled, released, and the fee."""

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign, campaign_event
from crowdfund.campaigns.rules import life
from crowdfund.campaigns.service import ending
from crowdfund.campaigns.service.releasing import release_key
from crowdfund.investments import queries as investments
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.models import ForeignMoney, Investment, investment_event
from crowdfund.issuers import queries as issuers
from crowdfund.kernel import i18n
from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_first
from crowdfund.kernel.fields.percents import percent
from crowdfund.kernel.i18n import _
from crowdfund.ledger import line_queries as ledger_lines
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payments.models import Payment
from crowdfund.payments.rules import TOKEN
from crowdfund.tracing import rules
from crowdfund.tracing.queries import accounts, sources
from crowdfund.tracing.queries import investments as lines_of
from crowdfund.tracing.rows import CampaignFacts, Explanation, Line, Link, Reader, Source, WayLine

_C, _I, _F = Campaign.__table__, Investment.__table__, ForeignMoney.__table__
_P = Payment.__table__
_WAITING = (investment_rules.Status.PAYING, investment_rules.Status.AUTHORISED)
_STAFF_PAGE = "campaigns.staff_detail"


def settled(campaign_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what a campaign has raised, to everybody who may read its page."""
    campaign = _public(campaign_id, reader)
    facts: list[str] = []
    if campaign.status in life.REFUNDING:
        facts.append(_("The campaign did not go ahead. Every investor is refunded in full."))
    return of_investments(
        campaign, campaign.settled_minor, _counted(campaign), reader, place, *facts
    )


def _counted(campaign: CampaignFacts) -> sa.ColumnElement[bool]:
    """Return which investments count as raised: settled, and not returned before the end.

    Where everybody is refunded, what was raised stays what had been settled at the end: only what
    went back before it does not count. Ids grow with time.
    """
    here = _I.c.campaign_id == campaign.id
    if campaign.status not in life.REFUNDING:
        return sa.and_(here, _I.c.status.in_(investment_rules.IN))
    end = sa.select(sa.func.min(campaign_event.c.id)).where(
        campaign_event.c.campaign_id == campaign.id,
        campaign_event.c.to_status.in_((life.Status.FAILED, life.Status.CANCELLED)),
    )
    event = investment_event.c
    came = sa.exists().where(
        event.investment_id == _I.c.id, event.to_status == investment_rules.Status.SETTLED
    )
    went = sa.exists().where(
        event.investment_id == _I.c.id,
        event.from_status.in_(investment_rules.IN),
        event.to_status == investment_rules.Status.RETURNED,
        event.id < end.scalar_subquery(),
    )
    return sa.and_(here, came, ~went)


def arriving(campaign_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what has been paid for a campaign and is not settled yet, to its team."""
    campaign = inside(campaign_id, reader)
    paid = sa.select(_I.c.id).outerjoin(_P, _P.c.id == _I.c.payment_id)
    paid = paid.where(_I.c.campaign_id == campaign.id, investments.is_arriving())
    number = ending.arriving_minor(campaign.id)
    return of_investments(campaign, number, _I.c.id.in_(paid), reader, place)


def of_investments(
    campaign: CampaignFacts,
    number_minor: int,
    which: sa.ColumnElement[bool],
    reader: Reader,
    place: Place,
    *facts: str,
) -> Explanation:
    """Return how an amount of a campaign is the sum of the investments that fit."""
    return Explanation(
        number_minor=number_minor,
        sum_minor=lines_of.total_of(which),
        currency=campaign.currency,
        page=lines_of.lines(which, reader, place),
        subject=str(campaign.title),
        home=_home(campaign, reader),
        facts=facts,
        since=_since(campaign),
    )


# --- on its way -----------------------------------------------------------------------------------


def on_its_way(campaign_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what is reserved or paid and not settled, to everybody who may read the page."""
    campaign = _public(campaign_id, reader)
    parts = [_reservations(campaign.id), only_on_chain(campaign.id, _F.c.room_minor)]
    return of_ways(campaign, campaign.reserved_minor - campaign.settled_minor, parts, reader, place)


def _reservations(campaign_id: str) -> sa.Select[tuple[object, ...]]:
    kind, at = sa.literal("investment"), _I.c.created_at
    selected = columns(WayLine, _I, kind=kind, at=at)
    return sa.select(*selected).where(_I.c.campaign_id == campaign_id, _I.c.status.in_(_WAITING))


def paid_with_tokens(campaign_id: str) -> sa.Select[tuple[object, ...]]:
    """Return the investments whose tokens a campaign's contract has received."""
    selected = columns(WayLine, _I, kind=sa.literal("investment"), at=_I.c.settled_at)
    is_paid = sa.and_(_I.c.rail == TOKEN, _I.c.settled_at.is_not(None))
    return sa.select(*selected).where(_I.c.campaign_id == campaign_id, is_paid)


def only_on_chain(campaign_id: str, amount: sa.ColumnElement[int]) -> sa.Select[tuple[object, ...]]:
    """Return the money that only a campaign's contract has; `amount` is the column that counts."""
    nobody = sa.literal("").label("user_id")
    selected = columns(
        WayLine, _F, amount_minor=amount, at=_F.c.seen_at, user_id=nobody, status=sa.literal("")
    )
    return sa.select(*selected).where(_F.c.campaign_id == campaign_id, amount > 0)


def of_ways(
    campaign: CampaignFacts,
    number_minor: int,
    parts: list[sa.Select[tuple[object, ...]]],
    reader: Reader,
    place: Place,
) -> Explanation:
    """Return how an amount of a campaign is the sum of several lists, shown as one."""
    listed = sa.union_all(*parts).subquery() if len(parts) > 1 else parts[0].subquery()
    newest = (Key(listed.c.id, is_descending=True),)
    page = read_page(sa.select(listed), newest, place, size=lines_of.SIZE, row=WayLine)
    found = sources.of_things([("investment", row.id) for row in page.rows], reader)
    return Explanation(
        number_minor=number_minor,
        sum_minor=_total(listed),
        currency=campaign.currency,
        page=page.map(lambda row: _way(row, reader, found.get(("investment", row.id), ()))),
        subject=str(campaign.title),
        home=_home(campaign, reader),
        since=_since(campaign),
    )


def _total(listed: sa.Subquery) -> int:
    query = sa.select(sa.func.coalesce(sa.func.sum(listed.c.amount_minor), 0))
    return int(db.session.scalar(query) or 0)


def _way(row: WayLine, reader: Reader, found: tuple[Source, ...]) -> Line:
    if row.kind != "investment":
        origin = Source(_("Seen on chain"), row.at, hashes=((_("Transaction"), str(row.tx_hash)),))
        what = _("Money that only the contract has")
        return Line(what, row.amount_minor, row.at, sources=(origin,))
    is_open = lines_of.may_see(row.user_id, reader)
    return Line(
        _("Reservation") if row.status in _WAITING else _("Investment"),
        row.amount_minor,
        row.at,
        investment_rules.words(row.status),
        figure=("investment.amount", row.id) if is_open else None,
        sources=found,
    )


# --- the release ----------------------------------------------------------------------------------


def released(campaign_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain what a company got of a release, to its team and to staff."""
    campaign = inside(campaign_id, reader)
    to = ledger_rules.company_wallet(campaign.company_id)
    return _of_release(campaign, campaign.released_minor, to, reader)


def fee(campaign_id: str, reader: Reader, place: Place) -> Explanation:
    """Explain the fee of a release, to the company's team and to staff."""
    campaign = inside(campaign_id, reader)
    return _of_release(campaign, campaign.fee_minor, ledger_rules.PLATFORM_FEE, reader)


def _of_release(
    campaign: CampaignFacts, number_minor: int | None, to: str, reader: Reader
) -> Explanation:
    if number_minor is None:
        raise rules.missing()
    keys = [release_key(campaign.id, tranche) for tranche in range(campaign.tranches_paid)]
    entries = list(ledger_lines.entries_by_keys(keys).values())
    came = accounts.posting_lines(entries, reader, to=to)
    rate = _(
        "The fee of this campaign is %(rate)s %% of what is released.",
        rate=percent(campaign.fee_bps),
    )
    return Explanation(
        number_minor=number_minor,
        sum_minor=sum(line.amount_minor for line in came),
        currency=campaign.currency,
        page=Page(list(came)),
        subject=str(campaign.title),
        home=_home(campaign, reader),
        facts=(rate,),
        since=_since(campaign),
        related=tuple(line for line in accounts.posting_lines(entries, reader) if line not in came),
    )


# --- who may see ----------------------------------------------------------------------------------


def _find(campaign_id: str) -> CampaignFacts:
    query = sa.select(*columns(CampaignFacts, _C)).where(_C.c.id == campaign_id)
    found = read_first(CampaignFacts, query)
    if found is None:
        raise rules.missing()
    return found


def _public(campaign_id: str, reader: Reader) -> CampaignFacts:
    """Return a campaign whose page everybody may read, or that the reader may see anyhow."""
    campaign = _find(campaign_id)
    if campaign.status in life.PUBLIC and campaign.starts_at is not None:
        return campaign
    return _checked(campaign, reader)


def inside(campaign_id: str, reader: Reader) -> CampaignFacts:
    """Return a campaign for its team and for staff. Raises NotFound for others."""
    return _checked(_find(campaign_id), reader)


def _checked(campaign: CampaignFacts, reader: Reader) -> CampaignFacts:
    if not reader.may(_STAFF_PAGE) and not _is_own(campaign, reader):
        raise rules.missing()
    return campaign


def _is_own(campaign: CampaignFacts, reader: Reader) -> bool:
    return bool(reader.id) and issuers.is_member(campaign.company_id, reader.id)


def _home(campaign: CampaignFacts, reader: Reader) -> Link:
    if reader.may(_STAFF_PAGE):
        return Link(_STAFF_PAGE, "campaign_id", campaign.id)
    if _is_own(campaign, reader):
        return Link("campaigns.manage", "campaign_id", campaign.id)
    return Link("campaigns.detail", "slug", campaign.slug)


def _since(campaign: CampaignFacts) -> str:
    if campaign.reviewed_at is None:
        return ""
    return _(
        "The goal, limits and fee of this campaign have been fixed since %(day)s.",
        day=i18n.day(campaign.reviewed_at),
    )
