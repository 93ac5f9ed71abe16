"""The audit log: search, read, export."""

import json
from collections.abc import Iterable, Iterator

from flask import Response, request

from crowdfund.admin import queries as admin_queries
from crowdfund.admin.links import link
from crowdfund.admin.views.blueprint import bp
from crowdfund.kernel import audit, exports
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import pages, requests
from crowdfund.people import queries

SIZE = 25
HEADER = (
    "number",
    "at",
    "actor",
    "roles",
    "action",
    "outcome",
    "subject_kind",
    "subject_id",
    "detail",
    "request_id",
    "previous",
    "hash",
)


@bp.get("/staff/audit", endpoint="audit")
def index() -> Response:
    """List what staff did, opened and were refused, newest first."""
    page = audit.entries(_filters(), requests.place(), size=SIZE)
    return pages.render(
        "admin/audit.html",
        "admin/_audit.html",
        page=page,
        names=queries.names({one for row in page.rows for one in (row.actor, row.subject_id)}),
        link=link,
        actions=audit.actions(),
        head=audit.head(),
    )


@bp.get("/staff/audit.csv")
def audit_csv() -> Response:
    """Send every matching entry, oldest first, with its hashes; the export is recorded too."""
    return exports.csv_file("audit.csv", HEADER, _lines(audit.all_of(_filters())))


@bp.get("/staff/audit/<int:seq>")
def audit_entry(seq: int) -> Response:
    """Show one entry in full, with links to the previous and next about the same subject."""
    row = audit.get(seq)
    if row is None:
        raise NotFound(_("There is no such entry in the audit log."))
    earlier, later = audit.neighbours(row)
    return pages.render(
        "admin/audit_entry.html",
        row=row,
        name=queries.names({row.actor}).get(row.actor),
        thing=link(row.subject_kind, row.subject_id),
        earlier=earlier,
        later=later,
    )


def _filters() -> audit.Filters:
    args = {name: value.strip()[:100] for name, value in request.args.items()}
    who = args.get("who", "")
    return audit.Filters(
        actors=(*admin_queries.find_people(who), who) if who else None,
        action=args.get("action", ""),
        outcome=args.get("outcome", ""),
        subject_kind=args.get("kind", ""),
        subject_id=args.get("thing", ""),
        search=args.get("q", ""),
        since=requests.start_of_day("from"),
        until=requests.start_of_day("to", days=1),
    )


def _lines(rows: Iterable[audit.EntryRow]) -> Iterator[tuple[object, ...]]:
    for row in rows:
        detail = json.dumps(row.detail, ensure_ascii=False, sort_keys=True)
        subject = (row.subject_kind, row.subject_id)
        what = (row.seq, row.at, row.actor, row.roles, row.action, row.outcome)
        yield (*what, *subject, detail, row.request_id, row.previous, row.hash)
