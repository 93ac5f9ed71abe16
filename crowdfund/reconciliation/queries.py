"""Reads of reconciliation: the books' side of each contract, what was compared, and requests."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crowdfund.campaigns.models import Campaign, LimitsVersion
from crowdfund.campaigns.rules.terms import DEFAULT_LIMITS
from crowdfund.chain import queries as chain
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.models import Investment
from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_each, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.payments import rules as payment_rules
from crowdfund.reconciliation.models import (
    Comparison,
    ContractReading,
    FollowRequest,
    follow_request_event,
)
from crowdfund.reconciliation.rows import (
    CampaignRow,
    ComparisonRow,
    InvestmentMark,
    InvestmentRow,
    ListedRequest,
    ReadingRow,
    RequestRow,
)
from crowdfund.reconciliation.rules.comparing import Books, Contract, Difference
from crowdfund.reconciliation.rules.following import ContractFacts, Facts
from crowdfund.reconciliation.rules.following import Investment as Line

_C, _I, _R, _V, _Q = (
    model.__table__ for model in (Campaign, Investment, ContractReading, Comparison, FollowRequest)
)
_E = follow_request_event
OLD_AFTER = timedelta(minutes=30)  # three rounds without a comparison
# What was paid with tokens is in the contract by itself; only fiat is recorded there.
_FIAT = _I.c.rail != payment_rules.TOKEN
_IN = sa.and_(_I.c.status.in_(investment_rules.IN), _FIAT)
_RECORDED = sa.and_(_I.c.tx_hash.is_not(None), _I.c.cancel_tx.is_(None), _FIAT)


def books(campaign_id: str = "") -> list[Books]:
    """Return the books' side of every campaign that has a contract, or of one."""
    is_refused = sa.and_(_IN, _I.c.chain_problem.is_not(None))
    selected = columns(
        Books,
        _C,
        campaign_id=_C.c.id,
        title=sa.func.coalesce(_C.c.title, ""),
        address=_C.c.contract_address,
        recorded_minor=_sum(_RECORDED),
        coming_minor=_sum(
            sa.or_(_IN, _I.c.cancelled_at.is_not(None)),
            _FIAT,
            _I.c.status != investment_rules.Status.CANCELLED,
            _I.c.tx_hash.is_(None),
            _I.c.chain_problem.is_(None),
        ),
        refused_minor=_sum(is_refused),
        refused=sa.func.count(sa.case((is_refused, 1))),
        token_minor=_C.c.token_minor + _C.c.paid_token_minor,
    )
    query = sa.select(*selected).outerjoin(_I, _I.c.campaign_id == _C.c.id)
    query = query.where(_C.c.contract_address.is_not(None))
    if campaign_id:
        query = query.where(_C.c.id == campaign_id)
    return read_all(Books, query.group_by(_C.c.id).order_by(_C.c.id))


def _sum(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    """Return the sum of the investments that fit."""
    amount = sa.case((sa.and_(*where), _I.c.amount_minor), else_=0)
    # PostgreSQL adds up to NUMERIC, a Decimal in Python.
    return sa.cast(sa.func.coalesce(sa.func.sum(amount), 0), sa.BigInteger)


def investment_marks(campaign_id: str) -> list[InvestmentMark]:
    """Return of every investment of a campaign whether it is in and whether it is recorded."""
    selected = columns(InvestmentMark, _I, is_in=_IN, has_tx=_I.c.tx_hash.is_not(None))
    query = sa.select(*selected).where(_I.c.campaign_id == campaign_id, _FIAT)
    return read_all(InvestmentMark, query.order_by(_I.c.id))


def campaigns_at(addresses: Collection[str]) -> list[str]:
    """Return the campaigns whose contracts are at these addresses."""
    return list(db.session.scalars(sa.select(_C.c.id).where(_C.c.contract_address.in_(addresses))))


def deploying() -> list[str]:
    """Return the campaigns whose contract is being created; it may exist before they know of it."""
    return list(db.session.scalars(sa.select(_C.c.id).where(_C.c.status == "deploying")))


def disagreeing() -> set[str]:
    """Return the campaigns whose contract ended in another way, as far as that was noticed."""
    return set(db.session.scalars(sa.select(_C.c.id).where(_C.c.contract_result.is_not(None))))


def most_grace_days() -> int:
    """Return the longest grace that any settings or campaign give, in days."""
    # Proposals too: one may be approved a moment later.
    dated = db.session.scalar(sa.select(sa.func.max(LimitsVersion.__table__.c.grace_days))) or 0
    used = db.session.scalar(sa.select(sa.func.max(_C.c.grace_days))) or 0
    return max(dated, used, DEFAULT_LIMITS.grace_days)


# --- the contract's side as it was last read ------------------------------------------------------


def reading(campaign_id: str) -> ReadingRow | None:
    """Return what a campaign's contract showed when it was last read, or None."""
    query = sa.select(*columns(ReadingRow, _R)).join(_C, _C.c.contract_address == _R.c.address)
    return read_first(ReadingRow, query.where(_C.c.id == campaign_id))


def own_contracts() -> list[str]:
    """Return the addresses of our factory's contracts that were ever read."""
    return list(db.session.scalars(sa.select(_R.c.address).where(_R.c.is_ours == sa.true())))


def last_comparison() -> ComparisonRow | None:
    """Return the newest comparison that was made, or None."""
    query = sa.select(*columns(ComparisonRow, _V)).where(_V.c.failure.is_(None))
    newest = query.order_by(_V.c.at.desc(), _V.c.id.desc()).limit(1)
    return read_first(ComparisonRow, newest)


def says_otherwise(campaign_id: str, differences: Collection[Difference]) -> bool:
    """Return whether the last comparison has other differences of this campaign."""
    last = last_comparison()
    known = [one for one in last.differences if one["campaign_id"] == campaign_id] if last else []
    return known != [one.as_json() for one in differences]


def away_since() -> datetime | None:
    """Return since when comparing has failed, or None when the last one was made."""
    last = last_comparison()
    query = sa.select(sa.func.min(_V.c.at)).where(_V.c.failure.is_not(None))
    if last is not None:
        same_moment = sa.and_(_V.c.at == last.at, _V.c.id > last.id)
        query = query.where(sa.or_(_V.c.at > last.at, same_moment))
    since: datetime | None = db.session.scalar(query)
    return since


@dataclass(frozen=True, slots=True)
class State:
    """The last comparison, since when none could be made (no node), and whether it is old."""

    last: ComparisonRow | None
    away_since: datetime | None
    is_old: bool


def state() -> State:
    """Return what is known about contracts and books: for the desk and for everyone."""
    last = last_comparison()
    is_old = last is not None and last.at < clock.now() - OLD_AFTER
    return State(last, away_since(), is_old)


def contract_of(row: ReadingRow) -> Contract:
    """Return a contract as it was last read."""
    return Contract(
        address=row.address,
        status=row.status,
        fiat_units=int(row.fiat_units),
        token_units=int(row.token_units),
        escrow_units=int(row.escrow_units),
        releases=row.releases,
        factory_knows=row.is_ours,
        problem=_("there is no contract at this address") if row.status == "none" else "",
    )


# --- following ------------------------------------------------------------------------------------


def facts(
    campaign_id: str, contract: ContractFacts, *, missing: Sequence[str], extra: Sequence[str]
) -> Facts:
    """Return everything that decides how a campaign follows its contract, in a fixed order."""
    of_campaign = sa.select(*columns(CampaignRow, _C)).where(_C.c.id == campaign_id)
    campaign = read_one(CampaignRow, of_campaign, LookupError(f"campaign {campaign_id}"))
    here = sa.and_(_I.c.campaign_id == campaign_id, sa.or_(_IN, _I.c.id.in_(list(extra))))
    investments = sa.select(*columns(InvestmentRow, _I)).where(here).order_by(_I.c.id)
    absent = set(missing)
    return Facts(
        campaign_id=campaign_id,
        company_id=campaign.company_id,
        currency=campaign.currency,
        status=campaign.status,
        ending=campaign.ending,
        settled_minor=campaign.settled_minor - campaign.paid_token_minor,
        token_minor=campaign.token_minor + campaign.paid_token_minor,
        recorded_minor=_recorded_minor(campaign_id),
        fee_bps=campaign.fee_bps,
        released_minor=campaign.released_minor,
        fee_minor=campaign.fee_minor,
        tranches=campaign.tranches,
        tranches_paid=campaign.tranches_paid,
        accepted_difference_minor=campaign.accepted_difference_minor,
        accepted_result=campaign.accepted_result,
        in_flight=chain.in_flight(campaign.contract_address),
        contract=contract,
        investments=tuple(
            _line(row, on_contract=row.id not in absent)
            for row in read_each(InvestmentRow, investments)
        ),
    )


def _recorded_minor(campaign_id: str) -> int:
    recorded = sa.select(_sum(_RECORDED)).where(_I.c.campaign_id == campaign_id)
    return db.session.scalar(recorded) or 0


def _line(row: InvestmentRow, *, on_contract: bool) -> Line:
    return Line(
        id=row.id,
        user_id=row.user_id,
        amount_minor=row.amount_minor,
        status=row.status,
        on_contract=on_contract,
        has_tx=row.tx_hash is not None,
        is_refused=row.chain_problem is not None,
    )


def request(request_id: str) -> RequestRow:
    """Return a request to follow a contract. Raises NotFound."""
    return _request(sa.select(*columns(RequestRow, _Q)).where(_Q.c.id == request_id))


def locked_request(request_id: str) -> RequestRow:
    """Return a request to follow a contract, locked. Raises NotFound."""
    query = sa.select(*columns(RequestRow, _Q)).where(_Q.c.id == request_id)
    return _request(query.with_for_update())


def _request(query: sa.Select[Any]) -> RequestRow:
    return read_one(RequestRow, query, NotFound(_("There is no such request.")))


def open_request_id(campaign_id: str) -> str | None:
    """Return the request of a campaign that is not decided or carried out yet, or None."""
    return db.session.scalar(sa.select(_Q.c.id).where(_Q.c.open_key == campaign_id))


def requests(*, status: str = "", place: Place = START, size: int = 25) -> Page[ListedRequest]:
    """Return a page of requests, newest first."""
    query = sa.select(*columns(ListedRequest, _Q, _C)).join(_C, _C.c.id == _Q.c.campaign_id)
    if status:
        query = query.where(_Q.c.status == status)
    newest = (Key(_Q.c.asked_at, is_descending=True), Key(_Q.c.id, is_descending=True))
    return read_page(query, newest, place, size=size, row=ListedRequest)


def request_history(request_id: str) -> list[StatusChange]:
    """Return who did what about a request and why, oldest first."""
    return status_changes(_E, request_id)


def requests_waiting() -> tuple[int, datetime | None]:
    """Return how many requests wait for a second person, and since when the oldest."""
    waiting = sa.select(sa.func.count(), sa.func.min(_Q.c.asked_at)).where(_Q.c.status == "pending")
    count, oldest = db.session.execute(waiting).one()
    return count, oldest
