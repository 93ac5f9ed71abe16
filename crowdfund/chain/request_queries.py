"""Reads of requests about keys, pause, cap and wallets."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.chain import rules
from crowdfund.chain.models import ChainRequest, chain_request_event
from crowdfund.kernel.db import db
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

Row = Any  # a row of chain_request
_R, _E = ChainRequest.__table__, chain_request_event


def get(request_id: str) -> Row:
    """Return one request. Raises NotFound."""
    found = db.session.execute(sa.select(_R).where(_R.c.id == request_id)).first()
    if found is None:
        raise NotFound(_("There is no such request."))
    return found


def newest(*, limit: int = 50) -> list[Any]:
    """Return requests, open ones first, then the newest."""
    is_open = sa.case((_R.c.status.in_(rules.OPEN_REQUESTS), 0), else_=1)
    query = sa.select(_R).order_by(is_open, _R.c.asked_at.desc(), _R.c.id)
    return list(db.session.execute(query.limit(limit)))


def open_redirect(target: str) -> Row:
    """Return the undecided or running request to redirect a contract's release, or None."""
    return db.session.execute(sa.select(_R).where(_R.c.open_key == f"redirect:{target}")).first()


def history(request_id: str) -> list[Any]:
    """Return what happened to a request, oldest first."""
    query = sa.select(_E).where(_E.c.chain_request_id == request_id)
    return list(db.session.execute(query.order_by(_E.c.at, _E.c.id)))


def waiting() -> tuple[int, datetime | None]:
    """Return how many requests wait for a second admin, and since when the oldest has."""
    waits = _R.c.status == rules.RequestStatus.ASKED
    count, oldest = db.session.execute(
        sa.select(sa.func.count(), sa.func.min(_R.c.asked_at)).where(waits)
    ).one()
    return int(count), oldest
