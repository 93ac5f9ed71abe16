"""The audit log: search, read, export."""

import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from flask import Response, request

from crowdfund.admin import queries as admin_queries
from crowdfund.admin.views.blueprint import bp
from crowdfund.admin.words import action_words
from crowdfund.kernel import audit, exports
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import pages, requests, subjects

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
    "actor_name",
    "action_words",
    "subject_name",
)
_CHUNK = 200


@bp.get("/staff/audit", endpoint="audit")
def index() -> Response:
    """List what staff did, opened and were refused, newest first."""
    page = audit.entries(_filters(), requests.place(), size=SIZE)
    return pages.render(
        "admin/audit.html",
        "admin/_audit.html",
        page=page,
        names=_names(page.rows),
        link=subjects.link,
        action_words=action_words,
        actions=sorted((action_words(name), name) for name in audit.actions()),
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
        names=_names([row]),
        action_words=action_words,
        thing=subjects.link(row.subject_kind, row.subject_id),
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


def _names(rows: Sequence[audit.EntryRow]) -> dict[str, str]:
    """Return the names of who acts in these entries, and of their subjects, by id."""
    return subjects.names_of(
        one for row in rows for one in (("person", row.actor), (row.subject_kind, row.subject_id))
    )


def _lines(rows: Iterable[audit.EntryRow]) -> Iterator[tuple[object, ...]]:
    entries = iter(rows)
    while some := list(islice(entries, _CHUNK)):
        names = _names(some)
        for row in some:
            detail = json.dumps(row.detail, ensure_ascii=False, sort_keys=True)
            subject = (row.subject_kind, row.subject_id)
            what = (row.seq, row.at, row.actor, row.roles, row.action, row.outcome)
            words = (names.get(row.actor), action_words(row.action), names.get(row.subject_id))
            yield (*what, *subject, detail, row.request_id, row.previous, row.hash, *words)
