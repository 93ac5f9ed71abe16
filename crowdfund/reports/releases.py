"""Successful campaigns whose money waits for its release, and what each of them waits for."""

from dataclasses import dataclass
from enum import StrEnum

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import life, tranches
from crowdfund.chain import request_queries
from crowdfund.issuers import queries as issuers
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns
from crowdfund.kernel.i18n import _l
from crowdfund.reconciliation import queries as reconciliation
from crowdfund.releases import queries as release_requests
from crowdfund.reports.rows import ReleaseRow

_C, _F = Campaign.__table__, issuers.FACTS
_OLDEST = (Key(_C.c.closed_at), Key(_C.c.id))


class Waits(StrEnum):
    """What a release waits for."""

    FINANCE = "finance"
    COLLEAGUE = "colleague"
    SECOND = "second"
    CONTRACT = "contract"
    CHAIN = "chain"


WORDS = {
    Waits.FINANCE: _l("Ready to release"),
    Waits.COLLEAGUE: _l("A colleague has to release it: you belong to this company"),
    Waits.SECOND: _l("A second person is needed"),
    Waits.CONTRACT: _l("The contract and our books differ"),
    Waits.CHAIN: _l("Being recorded on chain"),
}


@dataclass(frozen=True, slots=True)
class Release:
    """A campaign that waits, what its company gets, and for what it waits.

    `request` is the request that a second person decides about: its route and what is in it.
    """

    row: ReleaseRow
    payout: life.Payout
    waits: Waits
    request: tuple[str, dict[str, str]] | None


def can_be_released() -> sa.ColumnElement[bool]:
    """Return the condition of what finance can release: not under way, and as its contract says."""
    agrees = sa.and_(_C.c.contract_result.is_(None), _C.c.refused_count == 0)
    return sa.and_(_C.c.status == "succeeded", _C.c.ending.is_(None), agrees)


def page(reader_id: str, place: Place = START, *, size: int = 25) -> Page[Release]:
    """Return the successful campaigns that are not released yet, the longest waiting first."""
    is_own = issuers.has_member(_C.c.company_id, sa.literal(reader_id))
    query = sa.select(*columns(ReleaseRow, _C, _F, is_own=is_own))
    query = query.join(_F, _F.c.company_id == _C.c.company_id)
    query = query.where(_C.c.status == "succeeded", _C.c.closed_at.is_not(None))
    found = read_page(query, _OLDEST, place, size=size, row=ReleaseRow)
    return found.map(lambda row: _release(row, reader_id))


def _release(row: ReleaseRow, reader_id: str) -> Release:
    request = _open_request(row)
    payout = life.payout(
        row.settled_minor,
        row.token_minor,
        row.fee_bps,
        paid_token_minor=row.paid_token_minor,
        share_bps=tranches.share_after(row.tranches, row.tranches_paid + (row.ending is None)),
        before_bps=tranches.share_after(row.tranches, row.tranches_paid - (row.ending is not None)),
    )
    return Release(row, payout, _waits(row, reader_id, has_request=request is not None), request)


def _waits(row: ReleaseRow, reader_id: str, *, has_request: bool) -> Waits:
    if has_request:
        return Waits.SECOND
    if row.contract_result or row.refused_count:
        return Waits.CONTRACT
    if row.ending is not None:
        return Waits.CHAIN
    return Waits.COLLEAGUE if row.is_own or reader_id == row.author_id else Waits.FINANCE


def _open_request(row: ReleaseRow) -> tuple[str, dict[str, str]] | None:
    """Return the request that a second person decides about: to release, to follow, to redirect.

    Few campaigns wait at a time, so each is asked about on its own.
    """
    if release := release_requests.open_request(row.id):
        return "releases.request", {"release_id": release.id}
    if follow := reconciliation.open_request_id(row.id):
        return "reconciliation.requested", {"follow_id": follow}
    redirect = request_queries.open_redirect(row.contract_address or "")
    return ("chain.key_request", {"request_id": redirect.id}) if redirect else None
