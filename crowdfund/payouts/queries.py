"""Reads of withdrawals: one's own, and the desk of finance."""

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.ledger import line_queries as ledger_lines
from crowdfund.ledger.queries import EntryRow
from crowdfund.payouts import rules
from crowdfund.payouts.models import Payout, PayoutAnswer, payout_event
from crowdfund.payouts.rows import AnswerRow, PayoutRow
from crowdfund.payouts.rules import Kind, Status

_P, _W = Payout.__table__, PayoutAnswer.__table__
_COLUMNS = columns(PayoutRow, _P)
_NEWEST = (Key(_P.c.id, is_descending=True),)
PAGE = 25
MOST_ANSWERS = 100


def missing() -> NotFound:
    """Return the refusal for a withdrawal that does not exist, or that is another person's."""
    return NotFound(_("There is no such withdrawal."))


def get(payout_id: str) -> PayoutRow:
    """Return a withdrawal. Raises NotFound."""
    return read_one(PayoutRow, sa.select(*_COLUMNS).where(_P.c.id == payout_id), missing())


def for_owner(payout_id: str, user_id: str) -> PayoutRow:
    """Return what a person takes out of the wallet. Raises NotFound for another person's."""
    query = sa.select(*_COLUMNS).where(_P.c.id == payout_id, _is_of_wallet(user_id))
    return read_one(PayoutRow, query, missing())


def _is_of_wallet(user_id: str) -> sa.ColumnElement[bool]:
    """Return the condition of money of a person's wallet: not held money that staff return."""
    return sa.and_(_P.c.user_id == user_id, _P.c.exception_id.is_(None))


def by_form_key(user_id: str, form_key: str) -> PayoutRow | None:
    """Return the withdrawal that a form has made, or None."""
    query = sa.select(*_COLUMNS).where(_P.c.user_id == user_id, _P.c.form_key == form_key)
    return read_first(PayoutRow, query)


def of_person(user_id: str, *, place: Place = START) -> Page[PayoutRow]:
    """Return a page of a person's withdrawals, newest first."""
    query = sa.select(*_COLUMNS).where(_is_of_wallet(user_id))
    return read_page(query, _NEWEST, place, size=PAGE, row=PayoutRow)


def withdrawn_since(user_id: str, since: datetime) -> int:
    """Return what a person has withdrawn since a moment, without what came back (minor units).

    Refunds that went back to their source do not count.
    """
    total = sa.func.coalesce(sa.func.sum(_P.c.amount_minor), 0)
    query = sa.select(total).where(
        _P.c.user_id == user_id,
        _P.c.kind == Kind.WITHDRAWAL,
        _P.c.requested_at > since,
        _P.c.status.not_in(rules.RETURNED),
    )
    return int(db.session.scalar(query) or 0)


def requested_since(user_id: str, since: datetime) -> int:
    """Return how many withdrawals a person has requested since a moment."""
    its = sa.and_(_P.c.user_id == user_id, _P.c.kind == Kind.WITHDRAWAL)
    query = sa.select(sa.func.count()).where(its, _P.c.requested_at > since)
    return int(db.session.scalar(query) or 0)


def has_same_since(user_id: str, amount_minor: int, since: datetime, *, besides: str) -> bool:
    """Return whether a person has requested a withdrawal of an amount by another form since."""
    its = sa.and_(_P.c.user_id == user_id, _P.c.kind == Kind.WITHDRAWAL, _P.c.form_key != besides)
    is_same = sa.and_(its, _P.c.amount_minor == amount_minor, _P.c.requested_at > since)
    return db.session.scalar(sa.select(_P.c.id).where(is_same).limit(1)) is not None


def of_refund(refund_id: str) -> list[PayoutRow]:
    """Return the returns of a refund, oldest first; more than one if the bank failed."""
    query = sa.select(*_COLUMNS).where(_P.c.refund_id == refund_id)
    return read_all(PayoutRow, query.order_by(_P.c.id))


def of_exception(exception_id: str) -> list[PayoutRow]:
    """Return the returns of a payment exception, oldest first; all but the last have failed."""
    query = sa.select(*_COLUMNS).where(_P.c.exception_id == exception_id)
    return read_all(PayoutRow, query.order_by(_P.c.id))


def returned_of(refund_ids: Collection[str]) -> dict[str, int]:
    """Return what of refunds went back or is on its way back, by refund (minor units)."""
    query = sa.select(_P.c.refund_id, sa.func.sum(_P.c.amount_minor)).where(
        _P.c.refund_id.in_(list(refund_ids)), _P.c.status.not_in(rules.RETURNED)
    )
    rows = db.session.execute(query.group_by(_P.c.refund_id))
    return {refund_id: int(amount) for refund_id, amount in rows if refund_id is not None}


def returned_minor(refund: sa.FromClause) -> sa.ColumnElement[int]:
    """Return what went back or is on its way back, for each row of a table of refunds."""
    gone = sa.select(sa.func.coalesce(sa.func.sum(_P.c.amount_minor), 0))
    gone = gone.where(_P.c.refund_id == refund.c.id, _P.c.status.not_in(rules.RETURNED))
    return gone.correlate(refund).scalar_subquery()


def overdue(before: datetime, *, most: int) -> list[str]:
    """Return withdrawals that the bank has had since before a moment, and staff do not see."""
    query = sa.select(_P.c.id).where(
        _P.c.status == Status.SUBMITTED, _P.c.submitted_at < before, _P.c.problem_at.is_(None)
    )
    return list(db.session.scalars(query.order_by(_P.c.id).limit(most)))


def history(payout_id: str) -> list[StatusChange]:
    """Return what was done about a withdrawal, oldest first."""
    return status_changes(payout_event, payout_id)


def entries(payout: PayoutRow) -> list[EntryRow]:
    """Return the entries of a payout, oldest first."""
    found = ledger_lines.entries_by_keys(rules.entry_keys(payout.id, payout.exception_id))
    return sorted(found.values(), key=lambda one: one.seq)


def answers(payout_id: str) -> list[AnswerRow]:
    """Return the newest answers of the bank, oldest first."""
    query = sa.select(*columns(AnswerRow, _W)).where(_W.c.payout_id == payout_id)
    found = read_all(AnswerRow, query.order_by(_W.c.at.desc(), _W.c.id.desc()).limit(MOST_ANSWERS))
    return found[::-1]


def desk(*, state: str = "", place: Place = START, size: int = PAGE) -> Page[PayoutRow]:
    """Return a page of withdrawals for staff, newest first.

    `state` is a status, `waiting` (for approval), `problem`, `return` (what goes back to its
    payer), or empty for all.
    """
    query = sa.select(*_COLUMNS)
    if state == "waiting":
        query = query.where(waits_for_approval())
    elif state == "problem":
        query = query.where(_P.c.problem_at.is_not(None))
    elif state == Kind.RETURN:
        query = query.where(_P.c.kind == Kind.RETURN)
    elif state in tuple(Status):
        query = query.where(_P.c.status == state)
    return read_page(query, _NEWEST, place, size=size, row=PayoutRow)


def waits_for_approval() -> sa.ColumnElement[bool]:
    """Return the condition that finance has to decide."""
    return sa.and_(_P.c.status == Status.REQUESTED, _P.c.needs_approval == sa.true())


def unsent_of(user_id: str) -> list[str]:
    """Return a person's withdrawals that the bank does not have yet, in order of their ids."""
    unsent = _P.c.status.in_((Status.REQUESTED, Status.APPROVED))
    query = sa.select(_P.c.id).where(_P.c.user_id == user_id, unsent).order_by(_P.c.id)
    return list(db.session.scalars(query))


def many(ids: Collection[str]) -> list[PayoutRow]:
    """Return withdrawals by their ids, in order of the ids."""
    query = sa.select(*_COLUMNS).where(_P.c.id.in_(list(ids)))
    return read_all(PayoutRow, query.order_by(_P.c.id))


def is_gateway_id_taken(gateway: str, gateway_id: str, *, besides: str) -> bool:
    """Return whether the gateway has given a number to another withdrawal already."""
    query = sa.select(_P.c.id).where(
        _P.c.gateway == gateway, _P.c.gateway_id == gateway_id, _P.c.id != besides
    )
    return db.session.scalar(query) is not None


def last_answer(payout_id: str) -> AnswerRow | None:
    """Return the newest answer of the bank, or None."""
    query = sa.select(*columns(AnswerRow, _W)).where(_W.c.payout_id == payout_id)
    return read_first(AnswerRow, query.order_by(_W.c.at.desc(), _W.c.id.desc()).limit(1))


def recently_changed(events: int) -> list[str]:
    """Return the withdrawals of the newest status changes."""
    newest = sa.select(payout_event.c.payout_id).order_by(payout_event.c.id.desc()).limit(events)
    return list(db.session.scalars(sa.select(newest.subquery().c.payout_id).distinct()))


def day_ago() -> datetime:
    """Return the beginning of the 24 hours whose withdrawals count together."""
    return clock.now() - rules.DAY
