"""I4 and I6: payments and withdrawals have exactly the entries and holds of their status."""

from collections.abc import Iterator, Sequence

import sqlalchemy as sa

from crowdfund.kernel.db.rows import columns, read_all, read_each
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.models import Entry, Hold
from crowdfund.payments import rules as payment_rules
from crowdfund.payments.models import Payment
from crowdfund.payouts import rules
from crowdfund.payouts.models import Payout
from crowdfund.reports.rows import BookedRow, PaidOutRow

STEPS = (("succeeded", ("succeeded", "settled", "reversed")), ("settled", ("settled",)))
# What is paid from a wallet or with tokens comes from no bank, so it has one entry.
WITHOUT_GATEWAY = "succeeded"
MOST = 100
_P, _E = Payment.__table__, Entry.__table__
_O, _H = Payout.__table__, Hold.__table__


def payments(ids: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    """Yield (id, sentence) for each payment whose status and entries differ.

    With ids, of these payments only.
    """
    for step, statuses in STEPS:
        key = sa.literal("payment:") + _P.c.id + f":{step}"
        query = sa.select(*columns(BookedRow, _P, entry_id=_E.c.id)).outerjoin(_E, _E.c.key == key)
        is_due: sa.ColumnElement[bool] = _P.c.status.in_(statuses)
        is_booked = _E.c.id.is_not(None)
        if step == WITHOUT_GATEWAY:
            is_due = sa.and_(is_due, _P.c.gateway.not_in(payment_rules.WITHOUT_GATEWAY))
        query = query.where(is_due != is_booked).limit(MOST)
        if ids is not None:
            query = query.where(_P.c.id.in_(ids))
        for row in read_all(BookedRow, query):
            entry = row.entry_id or "none"
            yield row.id, f"I4 payment {row.id} is {row.status}; entry for {step}: {entry}"


def payouts(ids: Sequence[str] | None) -> Iterator[tuple[str, str]]:
    """Yield (id, sentence) for each withdrawal whose status, hold and entries differ (I6).

    With ids, of these withdrawals only.
    """
    sent, paid = _E.alias("sent"), _E.alias("paid")
    taken_out, put_back = _E.alias("taken_out"), _E.alias("put_back")
    payout_key = sa.literal("payout:") + _O.c.id
    taken_out_key = sa.literal("exception:") + _O.c.exception_id + ":return:" + _O.c.id
    query = sa.select(
        *columns(
            PaidOutRow,
            _O,
            hold_account=_H.c.account,
            hold_minor=_H.c.amount_minor,
            hold_status=_H.c.status,
            sent=sent.c.id,
            paid=paid.c.id,
            taken_out=taken_out.c.id,
            put_back=put_back.c.id,
        )
    ).select_from(
        _O.outerjoin(_H, _H.c.id == _O.c.hold_id)
        .outerjoin(sent, sent.c.key == payout_key + ":sent")
        .outerjoin(paid, paid.c.key == payout_key + ":paid")
        .outerjoin(taken_out, taken_out.c.key == taken_out_key)
        .outerjoin(put_back, put_back.c.key == payout_key + ":failed")
    )
    if ids is not None:
        query = query.where(_O.c.id.in_(ids))
    for row in read_each(PaidOutRow, query.order_by(_O.c.id)):
        if wrong := _wrong_payout(row):
            yield row.id, f"I6 withdrawal {row.id} is {row.status}, but {wrong}"


def _wrong_payout(row: PaidOutRow) -> str | None:
    """Return what does not belong to the status of a withdrawal, or None."""
    if row.exception_id is not None:
        return _wrong_return(row)
    wanted = "held" if row.status in rules.HELD else "released"
    wanted = "captured" if row.status == rules.Status.PAID else wanted
    if row.hold_status != wanted:
        return f"its hold is {row.hold_status or 'missing'}"
    held = (ledger_rules.user_wallet(str(row.user_id)), row.amount_minor)
    if (row.hold_account, row.hold_minor) != held:
        return "its hold is of another account or amount"
    is_paid = row.status == rules.Status.PAID
    if (row.sent is not None, row.paid is not None) != (is_paid, is_paid):
        return f"its entries are {row.sent or 'none'} and {row.paid or 'none'}"
    if row.approved_by == row.user_id:
        return "its owner has approved it"
    went_out = row.status in (rules.Status.SUBMITTED, rules.Status.PAID, rules.Status.FAILED)
    return "nobody has approved it" if went_out and _lacks_approval(row) else None


def _wrong_return(row: PaidOutRow) -> str | None:
    """Return what does not belong to the status of held money that staff return, or None.

    It left suspense at the request, and went on to the bank or back.
    """
    is_paid, is_back = row.status == rules.Status.PAID, row.status in rules.RETURNED
    booked = {"taken out": row.taken_out, "paid": row.paid, "put back": row.put_back}
    wanted = {"taken out": True, "paid": is_paid, "put back": is_back}
    wrong = [name for name, is_due in wanted.items() if (booked[name] is not None) != is_due]
    if wrong:
        name = wrong[0]
        return f"its entry ({name}) is {booked[name] or 'missing'}"
    return "it has a hold" if row.hold_status is not None else None


def _lacks_approval(row: PaidOutRow) -> bool:
    return row.needs_approval and row.approved_by is None
