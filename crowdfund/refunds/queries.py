"""Reads of refunds, and of what is left of them in the wallet."""

from collections.abc import Collection

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import START, Key, Page, Place, read_page
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payouts import queries as payouts
from crowdfund.payouts import rules as payout_rules
from crowdfund.refunds import rules
from crowdfund.refunds.models import Refund, RefundDefault
from crowdfund.refunds.rows import OpenRefund, RefundRow

_R, _D = Refund.__table__, RefundDefault.__table__
_COLUMNS = columns(RefundRow, _R)
_NEWEST = (Key(_R.c.id, is_descending=True),)
PAGE = 20
MOST = 500  # unfinished refunds of a person among which the money of a wallet is divided


def missing() -> NotFound:
    """Return the refusal for a refund that does not exist, or that is another person's."""
    return NotFound(_("There is no such refund."))


def get(refund_id: str) -> RefundRow:
    """Return a refund. Raises NotFound."""
    return read_one(RefundRow, sa.select(*_COLUMNS).where(_R.c.id == refund_id), missing())


def find(refund_id: str) -> RefundRow | None:
    """Return a refund, or None."""
    return read_first(RefundRow, sa.select(*_COLUMNS).where(_R.c.id == refund_id))


def many(ids: Collection[str]) -> list[RefundRow]:
    """Return refunds by their ids."""
    return read_all(RefundRow, sa.select(*_COLUMNS).where(_R.c.id.in_(list(ids))))


def for_owner(refund_id: str, user_id: str) -> RefundRow:
    """Return a person's own refund. Raises NotFound for another person's."""
    query = sa.select(*_COLUMNS).where(_R.c.id == refund_id, _R.c.user_id == user_id)
    return read_one(RefundRow, query, missing())


def of_person(user_id: str, *, place: Place = START) -> Page[RefundRow]:
    """Return a page of a person's refunds, newest first."""
    query = sa.select(*_COLUMNS).where(_R.c.user_id == user_id)
    return read_page(query, _NEWEST, place, size=PAGE, row=RefundRow)


def unfinished(user_id: str) -> list[OpenRefund]:
    """Return the refunds of a person of which something did not go back, newest first.

    With what of each is still in the wallet, and free to go.
    """
    is_left = _R.c.amount_minor > payouts.returned_minor(_R)
    query = sa.select(*_COLUMNS).where(_R.c.user_id == user_id, is_left)
    rows = read_all(RefundRow, query.order_by(_R.c.id.desc()).limit(MOST))
    returned = payouts.returned_of([row.id for row in rows])
    rests = [row.amount_minor - returned.get(row.id, 0) for row in rows]
    parts = rules.split_wallet(rests, _available(user_id))
    return [
        OpenRefund(row, row.amount_minor - rest, part)
        for row, rest, part in zip(rows, rests, parts, strict=True)
    ]


def _available(user_id: str) -> int:
    return ledger.available(ledger_rules.user_wallet(user_id), payout_rules.CURRENCY)


def open_one(refund: RefundRow) -> OpenRefund:
    """Return a refund with what is left of it."""
    for one in unfinished(refund.user_id):
        if one.refund.id == refund.id:
            return one
    returned = payouts.returned_of([refund.id]).get(refund.id, 0)
    return OpenRefund(refund, returned, 0)


def who_sends_back_always(people: Collection[str]) -> set[str]:
    """Return who of these people want every refund sent back at once."""
    return set(db.session.scalars(sa.select(_D.c.user_id).where(_D.c.user_id.in_(list(people)))))


def sends_back_always(user_id: str) -> bool:
    """Return whether a person wants every refund sent back at once."""
    return db.session.scalar(sa.select(_D.c.user_id).where(_D.c.user_id == user_id)) is not None
