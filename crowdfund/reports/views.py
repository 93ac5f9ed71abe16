"""The staff desk: what waits, whether everything adds up, and the work behind the pages."""

from typing import Any

from flask import Blueprint, Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import outbox
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests, subjects
from crowdfund.reconciliation import queries as reconciliation
from crowdfund.reconciliation.rules import comparing
from crowdfund.reports import alarms, queries, queues
from crowdfund.reports import releases as waiting
from crowdfund.reports.alarms import Alarm
from crowdfund.reports.rows import SelfcheckRow

bp = Blueprint("reports", __name__)
SIZE = 50


@bp.get("/staff")
def desk() -> Response:
    """Show the queues of this person, and the last self-check."""
    return pages.render("reports/desk.html", "reports/_queues.html", **_desk())


@bp.get("/staff/queues")
def queues_now() -> Response:
    """Show the queues alone, for live updates."""
    return pages.render("reports/_queues.html", **_desk())


@bp.get("/staff/releases")
def releases() -> Response:
    """List successful campaigns whose money waits for its release, the oldest first."""
    return pages.render(
        "reports/releases.html",
        "reports/_releases.html",
        page=waiting.page(identity.signed_in().id, requests.place()),
        words=waiting.WORDS,
    )


@bp.get("/staff/work")
def work() -> Response:
    """List background work, by default what has failed or is late."""
    state, search = request.args.get("state", "unfinished"), request.args.get("q", "").strip()[:80]
    return pages.render(
        "reports/work.html",
        "reports/_work.html",
        page=queries.work(state=state, search=search, place=requests.place(), size=SIZE),
        shown=state,
        counts=queries.work_counts(),
    )


@bp.post("/staff/work/<string(length=32):work_id>/retry")
def retry(work_id: str) -> BaseResponse:
    """Retry work that has failed, or waits, at once."""
    if not queries.is_unfinished(work_id):
        raise NotFound(_("There is no such work, or it is done."))
    outbox.revive(work_id)
    pages.flash(_("It is being retried now."), "success")
    return pages.back(url_for("reports.work"))


def _desk() -> dict[str, Any]:
    found = queues.waiting(queues.of(identity.roles()))
    contracts = reconciliation.state()
    differences = contracts.last.differences if contracts.last else []
    selfcheck = queries.last_run()
    return {
        "broken": _alarms(_broken(selfcheck, differences)),
        "problems": [queue for queue in found if queue.kind.is_trouble and queue.count],
        "work": [queue for queue in found if not queue.kind.is_trouble],
        "selfcheck": selfcheck,
        "contracts": contracts,
        "differences": [(one, comparing.words(one)) for one in differences],
    }


def _alarms(lines: list[str]) -> list[tuple[Alarm, str, str | None]]:
    """Return what is wrong, each with the name and the page of what it is about."""
    found = alarms.read(lines)
    names = subjects.names_of({(one.kind, one.thing_id) for one in found})
    return [
        (
            one,
            names.get(one.thing_id) or alarms.general_name(one),
            subjects.link(one.kind, one.thing_id),
        )
        for one in found
    ]


def _broken(selfcheck: SelfcheckRow | None, differences: list[dict[str, Any]]) -> list[str]:
    """Return what the self-check found, without what is listed as a campaign's difference."""
    campaigns = [one["campaign_id"] for one in differences if one["campaign_id"]]
    listed = tuple(f"I9 campaign {campaign_id} is " for campaign_id in campaigns)
    found = selfcheck.problems if selfcheck else []
    return [problem for problem in found if not problem.startswith(listed)]
