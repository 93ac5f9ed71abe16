"""Reads for the desk that verifies people: who waits, who is found, how many of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from crowdfund.compliance.models import KycFile, KycReview, Nominee
from crowdfund.compliance.queries.files import today
from crowdfund.compliance.rules import standing
from crowdfund.kernel.db import db
from crowdfund.payout_accounts import queries as payout_accounts_queries
from crowdfund.people import queries

_P = queries.PEOPLE
_F, _R, _N = KycFile.__table__, KycReview.__table__, Nominee.__table__
_NOMINEES = (
    sa.select(_N.c.person_id, sa.func.count().label("number"), sa.func.min(_N.c.submitted_at).label("since"))
    .where(_N.c.status == "pending")
    .group_by(_N.c.person_id)
    .subquery("waiting_nominees")
)
_PAYOUTS = payout_accounts_queries.PAYOUTS_WAITING


def _earlier(one: sa.ColumnElement[Any], other: sa.ColumnElement[Any]) -> sa.Case[Any]:
    """Return the earlier of two moments of which either may be missing."""
    return sa.case((one.is_(None), other), (other < one, other), else_=one)


_SINCE = _earlier(_earlier(_R.c.submitted_at, _NOMINEES.c.since), _PAYOUTS.c.since)
_JOINED = (
    _P.outerjoin(_F, _F.c.person_id == _P.c.person_id)
    .outerjoin(_R, _R.c.open_for == _P.c.person_id)
    .outerjoin(_NOMINEES, _NOMINEES.c.person_id == _P.c.person_id)
    .outerjoin(_PAYOUTS, _PAYOUTS.c.person_id == _P.c.person_id)
)
WAITING, EXPIRING = "waiting", "expiring"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a reviewer looks for; empty means everything."""

    status: str = ""  # waiting, expiring, or a status of a person
    level: str = ""
    text: str = ""
    page: int = 1


def queue(wanted: Wanted, *, size: int = 25) -> tuple[Sequence[Any], bool]:
    """Return a page of people and whether there are more: who waits longest first, then the newest."""
    columns = (*_P.c, _F.c.legal_name, _R.c.level.label("asks_for"), _R.c.status.label("review_status"),
               _NOMINEES.c.number.label("nominees_waiting"), _PAYOUTS.c.since.label("payout_waiting"),
               _SINCE.label("waiting_since"))  # fmt: skip
    query = sa.select(*columns).select_from(_JOINED).where(*_conditions(wanted))
    query = query.order_by(_SINCE.is_(None), _SINCE, _P.c.person_since.desc(), _P.c.person_id.desc())
    rows = db.session.execute(query.offset((wanted.page - 1) * size).limit(size + 1)).all()
    return rows[:size], len(rows) > size


def counts() -> dict[str, int]:
    """Return how many people are in each state, how many wait, and how many run out within 30 days."""
    states = sa.select(_P.c.kyc_status, sa.func.count()).group_by(_P.c.kyc_status)
    found = {row[0]: row[1] for row in db.session.execute(states)}
    for name in (WAITING, EXPIRING):
        query = sa.select(sa.func.count()).select_from(_JOINED).where(*_conditions(Wanted(status=name)))
        found[name] = db.session.scalar(query) or 0
    return found


def _conditions(wanted: Wanted) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if wanted.status == WAITING:
        where.append(_SINCE.is_not(None))
    elif wanted.status == EXPIRING:
        until = today() + standing.REMIND_BEFORE
        where += [_P.c.kyc_status == "verified", _P.c.kyc_expires_on.between(today(), until)]
    elif wanted.status:
        where.append(_P.c.kyc_status == wanted.status)
    if wanted.level:
        where.append(_P.c.kyc_level == wanted.level)
    if text := wanted.text.strip():
        where.append(_matches(text))
    return where


def _matches(text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a name, address, number or referral code is the one looked for."""
    pattern = "%" + text.casefold().replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
    names = (_P.c.first_name + " " + _P.c.last_name, _P.c.email, _F.c.legal_name)
    found: list[sa.ColumnElement[bool]] = [sa.func.lower(name).like(pattern, escape="!") for name in names]
    found.append(_P.c.referral_code == text.upper())
    digits = "".join(filter(str.isdigit, text))
    if len(digits) >= 3 and text.isascii():
        found.append(_P.c.phone.like(f"%{digits.lstrip('0')}%"))
    return sa.or_(*found)
