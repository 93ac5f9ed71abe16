"""The investors of a campaign as its company may see them, and what its desk shows of the money.

Staff see the same, a regulator included.
"""

from collections.abc import Iterable, Iterator
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, url_for
from flask.blueprints import BlueprintSetupState

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rows import CampaignRow
from crowdfund.campaigns.rules import offers
from crowdfund.issuer_desk import queries, rules
from crowdfund.issuer_desk.rows import InvestorLine
from crowdfund.kernel import audit, config, exports, money
from crowdfund.kernel.db.paging import MOST
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests

bp = Blueprint("issuer_desk", __name__)
SIZE = 50
_HEADER = ("investor", "name", "day", "currency", "amount", "shares", "status")


@bp.record_once
def _offer_the_days(state: BlueprintSetupState) -> None:
    state.app.jinja_env.globals["raised_by"] = queries.raised


@bp.get("/my/campaigns/<string(length=32):campaign_id>/investors")
def investors(campaign_id: str) -> Response:
    """Show a company who has invested, newest first, as far as the rules let it see."""
    campaign = _was_live(campaigns.for_member(campaign_id, identity.signed_in().id))
    return _page(
        campaign,
        way_back=url_for("campaigns.manage", campaign_id=campaign_id),
        here=url_for("issuer_desk.investors", campaign_id=campaign_id),
        export=url_for("issuer_desk.investors_csv", campaign_id=campaign_id),
    )


@bp.get("/my/campaigns/<string(length=32):campaign_id>/investors.csv")
def investors_csv(campaign_id: str) -> Response:
    """Send a company the same list; that it took it is recorded, as for lists of staff."""
    me = identity.signed_in()
    campaign = _was_live(campaigns.for_member(campaign_id, me.id))
    file = _file(campaign)
    detail = {"names": rules.shows_names(campaign.status)}
    audit.record(me.id, "issuer_desk.investors_csv", ("campaign", campaign_id), detail)
    return file


@bp.get("/staff/campaigns/<string(length=32):campaign_id>/investors")
def staff_investors(campaign_id: str) -> Response:
    """Show staff what the company sees."""
    return _page(
        _was_live(campaigns.by_id(campaign_id)),
        way_back=url_for("campaigns.staff_detail", campaign_id=campaign_id),
        here=url_for("issuer_desk.staff_investors", campaign_id=campaign_id),
        export=url_for("issuer_desk.staff_investors_csv", campaign_id=campaign_id),
    )


@bp.get("/staff/campaigns/<string(length=32):campaign_id>/investors.csv")
def staff_investors_csv(campaign_id: str) -> Response:
    """Send staff the list that the company sees."""
    return _file(_was_live(campaigns.by_id(campaign_id)))


def _was_live(campaign: CampaignRow) -> CampaignRow:
    if campaign.starts_at is None:
        raise NotFound(_("This campaign is not public yet, so nobody has invested."))
    return campaign


def _page(campaign: CampaignRow, *, way_back: str, here: str, export: str) -> Response:
    page = queries.investors_of(campaign, requests.place(), size=SIZE)
    return pages.render(
        "issuer_desk/investors.html",
        "issuer_desk/_investors.html",
        campaign=campaign,
        page=page,
        units={
            row.shares: offers.units(campaign.security_type or "", row.shares) for row in page.rows
        },
        shows_names=rules.shows_names(campaign.status),
        way_back=way_back,
        here=here,
        export=export,
    )


def _file(campaign: CampaignRow) -> Response:
    lines = exports.walk(lambda place: queries.investors_of(campaign, place, size=MOST))
    return exports.csv_file(f"{campaign.slug}-investors.csv", _HEADER, _cells(lines))


def _cells(lines: Iterable[InvestorLine]) -> Iterator[tuple[object, ...]]:
    zone = ZoneInfo(config.settings().time_zone)
    for line in lines:
        day, amount = line.settled_at.astimezone(zone).date(), money.decimal_str(line.amount_minor)
        yield (line.number, line.name, day, line.currency, amount, line.shares, line.status)
