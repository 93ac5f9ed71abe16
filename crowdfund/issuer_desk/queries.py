"""Reads of the issuer's desk: a campaign's investors as its company sees them, money per day."""

from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.rules import life, terms
from crowdfund.compliance.queries import files
from crowdfund.investments import charts, days
from crowdfund.investments import queries as investments
from crowdfund.issuer_desk import rules
from crowdfund.issuer_desk.rows import InvestorLine
from crowdfund.kernel import clock, config
from crowdfund.kernel.db.paging import START, Page, Place
from crowdfund.people import queries as people


@dataclass(frozen=True, slots=True)
class Raised:
    """A campaign's money per day, newest first, and its chart, which begins on `first`."""

    days: list[days.Day]
    chart: charts.Chart
    first: date


def investors_of(campaign: CampaignRow, place: Place = START, *, size: int) -> Page[InvestorLine]:
    """Return the settled investments of a campaign as its company sees them, newest first."""
    page = investments.counted_of(campaign.id, place, size=size)
    # Apart from the page: joined, a database may read all of a campaign for twenty rows.
    numbers = investments.investor_numbers(campaign.id, {row.user_id for row in page.rows})
    holders = {row.user_id for row in page.rows if rules.is_holder(row.status)}
    names = _names(holders) if rules.shows_names(campaign.status) else {}
    return page.map(lambda row: rules.line(row, numbers[row.user_id], names))


def _names(person_ids: set[str]) -> dict[str, str]:
    """Return the names on identity documents, else those that people gave."""
    return people.full_names(person_ids) | files.legal_names(person_ids)


def raised(campaign: CampaignRow) -> Raised:
    """Return what a campaign that was live has received on each day; its cost is that of its days.

    The chart ends today, or when no more money can come.
    """
    found = days.with_totals(investments.days_of(campaign.id))
    first, last = _span(campaign, found)
    shown = list(days.without_gaps(found, first, last))
    goal_minor = campaign.goal_minor or 0
    threshold_minor = life.threshold_minor(goal_minor, campaign.threshold_bps)
    chart = charts.chart(shown, goal_minor=goal_minor, threshold_minor=threshold_minor)
    return Raised(found[::-1], chart, first)


def _span(campaign: CampaignRow, found: list[days.Day]) -> tuple[date, date]:
    """Return the first and the last day of a campaign's chart."""
    zone = ZoneInfo(config.settings().time_zone)
    came = [day.on for day in found if day.came]
    today, now = clock.today(zone), clock.now()
    starts_at, ends_at = campaign.starts_at or now, campaign.ends_at or now
    closed_at = campaign.closed_at or terms.last_settlement(ends_at, campaign.grace_days)
    first = min([starts_at.astimezone(zone).date(), *came])
    end = min(today, closed_at.astimezone(zone).date())
    return first, max([first, end, *came])
