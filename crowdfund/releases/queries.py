"""Reads about requests to release money."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from crowdfund.campaigns import queries as campaigns
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.releases.models import ReleaseRequest, release_request_event
from crowdfund.releases.rows import RequestRow

_R = ReleaseRequest.__table__
_REQUEST = sa.select(*columns(RequestRow, _R))


def request(request_id: str) -> RequestRow:
    """Return a request. Raises NotFound."""
    return _one(_REQUEST.where(_R.c.id == request_id))


def locked(request_id: str) -> RequestRow:
    """Return a request, locked. Raises NotFound."""
    return _one(_REQUEST.where(_R.c.id == request_id).with_for_update())


def _one(query: sa.Select[Any]) -> RequestRow:
    return read_one(RequestRow, query, NotFound(_("There is no such request.")))


def open_request(campaign_id: str) -> RequestRow | None:
    """Return the request about a campaign that waits for a second person, or None."""
    return read_first(RequestRow, _REQUEST.where(_R.c.open_key == campaign_id))


def approved(campaign_id: str) -> list[RequestRow]:
    """Return what two people have released of a campaign, in order."""
    is_approved = sa.and_(_R.c.campaign_id == campaign_id, _R.c.status == "approved")
    return read_all(RequestRow, _REQUEST.where(is_approved).order_by(_R.c.decided_at, _R.c.id))


def waiting() -> tuple[int, datetime | None]:
    """Return how many requests wait for a second person, and since when the oldest does."""
    query = sa.select(sa.func.count(), sa.func.min(_R.c.asked_at)).where(_R.c.status == "pending")
    count, oldest = db.session.execute(query).one()
    return count, oldest


def history(request_id: str) -> list[StatusChange]:
    """Return the decisions about a request, oldest first."""
    return status_changes(release_request_event, request_id)


def names(ids: Collection[str]) -> dict[str, str]:
    """Return the titles of the campaigns of requests, by the requests' ids."""
    query = sa.select(_R.c.id, _R.c.campaign_id).where(_R.c.id.in_(list(ids)))
    found = {row[0]: row[1] for row in db.session.execute(query)}
    titles = campaigns.names(set(found.values()))
    return {key: titles[value] for key, value in found.items() if value in titles}
