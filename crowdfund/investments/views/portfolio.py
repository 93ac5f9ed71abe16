"""See all of one's own investments; a company sees what each day brought."""

from collections.abc import Iterator

from flask import Response, request

from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.rules import offers
from crowdfund.investments import days, queries, rules
from crowdfund.investments.views.blueprint import bp, units_of
from crowdfund.kernel import exports, money
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.payments import reviews as payment_reviews


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
        units={row.id: units_of(row) for row in page.rows},
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
