"""Reads of requests about keys, pause, cap and wallets."""

from datetime import datetime

import sqlalchemy as sa

from crowdfund.chain import rules
from crowdfund.chain.models import ChainRequest, chain_request_event
from crowdfund.chain.rows import RequestRow
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

_R, _E = ChainRequest.__table__, chain_request_event
REQUEST = sa.select(*columns(RequestRow, _R))


def get(request_id: str) -> RequestRow:
    """Return one request. Raises NotFound."""
    missing = NotFound(_("There is no such request."))
    return read_one(RequestRow, REQUEST.where(_R.c.id == request_id), missing)


def newest(*, limit: int = 50) -> list[RequestRow]:
    """Return requests, open ones first, then the newest."""
    is_open = sa.case((_R.c.status.in_(rules.OPEN_REQUESTS), 0), else_=1)
    query = REQUEST.order_by(is_open, _R.c.asked_at.desc(), _R.c.id)
    return read_all(RequestRow, query.limit(limit))


def with_open_key(key: str) -> RequestRow | None:
    """Return the undecided or running request with this key, or None."""
    return read_first(RequestRow, REQUEST.where(_R.c.open_key == key))


def open_redirect(target: str) -> RequestRow | None:
    """Return the undecided or running request to redirect a contract's release, or None."""
    return with_open_key(f"redirect:{target}")


def history(request_id: str) -> list[StatusChange]:
    """Return what happened to a request, oldest first."""
    return status_changes(_E, request_id)


def waiting() -> tuple[int, datetime | None]:
    """Return how many requests wait for a second admin, and since when the oldest has."""
    waits = _R.c.status == rules.RequestStatus.ASKED
    count, oldest = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(_R.c.asked_at)).where(waits)
    ).one()
    return int(count), oldest
