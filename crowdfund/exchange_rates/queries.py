"""Reads of exchange rates: those in force, every rate, and the proposals."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.exchange_rates.models import RateRequest, rate_request_event
from crowdfund.exchange_rates.rows import RequestRow
from crowdfund.kernel import config
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.money import DECIMALS
from crowdfund.token_payments import queries as rates
from crowdfund.token_payments.rows import RateRow

_Q = RateRequest.__table__
_REQUEST = sa.select(*columns(RequestRow, _Q))
_NEWEST = (Key(_Q.c.id, is_descending=True),)


def tokens() -> tuple[str, ...]:
    """Return the tokens that can have a rate: the platform's, and those that have had one."""
    return tuple(sorted({config.settings().chain_token_symbol, *rates.known_tokens()}))


def in_force(at: datetime) -> list[RateRow]:
    """Return the rate of each pair that applies at a moment."""
    pairs = [(token, currency) for token in tokens() for currency in DECIMALS]
    return [found for pair in pairs if (found := rates.rate_at(*pair, at)) is not None]


def requests(place: Place = START, *, size: int = 25) -> Page[RequestRow]:
    """Return a page of proposals in any state, newest first."""
    return read_page(_REQUEST, _NEWEST, place, size=size, row=RequestRow)


def request(request_id: str) -> RequestRow:
    """Return a proposal. Raises NotFound."""
    return _one(_REQUEST.where(_Q.c.id == request_id))


def locked(request_id: str) -> RequestRow:
    """Return a proposal, locked. Raises NotFound."""
    return _one(_REQUEST.where(_Q.c.id == request_id).with_for_update())


def _one(query: sa.Select[Any]) -> RequestRow:
    return read_one(RequestRow, query, NotFound(_("There is no such proposal.")))


def history(request_id: str) -> list[StatusChange]:
    """Return who did what about a proposal and why, oldest first."""
    return status_changes(rate_request_event, request_id)


def names(request_ids: set[str]) -> dict[str, str]:
    """Return what proposals are about, by id: the pair and the first day."""
    query = sa.select(_Q.c.id, _Q.c.token, _Q.c.currency, _Q.c.from_on)
    rows = db.session.execute(query.where(_Q.c.id.in_(request_ids)))
    return {row.id: f"{row.token}/{row.currency} {row.from_on.isoformat()}" for row in rows}


def waiting() -> tuple[int, datetime | None]:
    """Return how many proposals need a second person, and since when the oldest."""
    pending = sa.select(sa.func.count(), sa.func.min(_Q.c.asked_at)).where(_Q.c.status == "pending")
    count, oldest = db.session.execute(pending).one()
    return count, oldest
