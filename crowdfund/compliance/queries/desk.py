"""Reads for the desk that verifies people: the list with its filters, and counts."""

from dataclasses import dataclass

import sqlalchemy as sa

from crowdfund.compliance.models import KycRecord, KycReview, Nominee
from crowdfund.compliance.queries.files import today
from crowdfund.compliance.rows import QueueRow
from crowdfund.compliance.rules import eligibility
from crowdfund.kernel.db.paging import START, Key, Page, Place, count_up_to, counts_up_to, read_page
from crowdfund.kernel.db.rows import columns
from crowdfund.kernel.db.searching import mentions
from crowdfund.kernel.fields.characters import plain_characters
from crowdfund.payout_accounts import queries as payout_accounts_queries
from crowdfund.people import queries as people_queries

_P = people_queries.PEOPLE
_F, _R, _N = KycRecord.__table__, KycReview.__table__, Nominee.__table__
_NOMINEES = (
    sa.select(
        _N.c.person_id,
        sa.func.count().label("number"),
        sa.func.min(_N.c.submitted_at).label("since"),
    )
    .where(_N.c.status == "pending")
    .group_by(_N.c.person_id)
    .subquery("waiting_nominees")
)
_PAYOUTS = payout_accounts_queries.PAYOUTS_WAITING
_REQUESTS = sa.select(_R.c.open_for.label("person_id"), _R.c.submitted_at.label("since"))
_EACH = sa.union_all(
    _REQUESTS.where(_R.c.open_for.is_not(None)),
    sa.select(_NOMINEES.c.person_id, _NOMINEES.c.since),
    sa.select(_PAYOUTS.c.person_id, _PAYOUTS.c.since),
).subquery("each")
# The people who wait, and since when; read from open work, so that its cost grows with that only.
_WAITS = (
    sa.select(_EACH.c.person_id, sa.func.min(_EACH.c.since).label("waiting_since"))
    .group_by(_EACH.c.person_id)
    .subquery("waits")
)
WAITING, EXPIRING = "waiting", "expiring"
STATUSES = ("none", "pending", "verified", "rejected", "expired")
_LONGEST_WAITING = (Key(_WAITS.c.waiting_since), Key(_P.c.person_id))
_NEWEST = (Key(_P.c.person_since, is_descending=True), Key(_P.c.person_id, is_descending=True))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A reviewer's filters; empty means everything."""

    status: str = ""  # waiting, expiring, or a status of a person
    level: str = ""
    text: str = ""


_SELECTED = columns(
    QueueRow,
    _P,
    _F,
    _WAITS,
    asks_for=_R.c.level,
    review_status=_R.c.status,
    nominees_waiting=_NOMINEES.c.number,
    payout_waiting=_PAYOUTS.c.since,
)


def queue(wanted: Wanted, place: Place = START, *, size: int = 25) -> Page[QueueRow]:
    """Return a page of people: of those who wait the longest waiting first, else the newest."""
    is_waiting = wanted.status == WAITING
    joined = (
        _P.join(_WAITS, _WAITS.c.person_id == _P.c.person_id, isouter=not is_waiting)
        .outerjoin(_F, _F.c.person_id == _P.c.person_id)
        .outerjoin(_R, _R.c.open_for == _P.c.person_id)
        .outerjoin(_NOMINEES, _NOMINEES.c.person_id == _P.c.person_id)
        .outerjoin(_PAYOUTS, _PAYOUTS.c.person_id == _P.c.person_id)
    )
    query = sa.select(*_SELECTED, _P.c.person_since).select_from(joined)
    order = _LONGEST_WAITING if is_waiting else _NEWEST
    return read_page(query.where(*_conditions(wanted)), order, place, size=size, row=QueueRow)


def counts() -> dict[str, int]:
    """Return how many people have each status, wait, or expire within 30 days.

    Each is counted up to 1,001 (see `paging`).
    """
    queries = {one: sa.select(_P.c.person_id).where(_P.c.kyc_status == one) for one in STATUSES}
    queries[EXPIRING] = sa.select(_P.c.person_id).where(*_conditions(Wanted(status=EXPIRING)))
    return counts_up_to(queries) | {WAITING: waiting_count()}


def waiting_count() -> int:
    """Return how many people wait, counted up to 1,001."""
    return count_up_to(sa.select(_WAITS.c.person_id))


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if wanted.status == EXPIRING:
        until = today() + eligibility.REMIND_BEFORE
        where += [_P.c.kyc_status == "verified", _P.c.kyc_expires_on.between(today(), until)]
    elif wanted.status and wanted.status != WAITING:
        where.append(_P.c.kyc_status == wanted.status)
    if wanted.level:
        where.append(_P.c.kyc_level == wanted.level)
    if text := wanted.text.strip():
        where.append(_matches(text))
    return where


def _matches(text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a name, address, number or referral code matches a text."""
    names = (_P.c.first_name + " " + _P.c.last_name, _P.c.email, _F.c.legal_name)
    found = [mentions(name, text) for name in names]
    found.append(_P.c.referral_code == text.upper())
    digits = "".join(filter(str.isdecimal, plain_characters(text))).lstrip("0")
    if len(digits) >= 3:
        found.append(_P.c.phone.contains(digits))
    return sa.or_(*found)
