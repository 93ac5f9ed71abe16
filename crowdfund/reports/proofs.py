"""The proofs of invariants.md over the whole platform: all at once, or in parts that stay flat.

`problems` reads everything and trusts no earlier result. `periodic` returns the parts of one run
every ten minutes. Each part checks what changed lately, and the next slice of its table, so that
everything is checked again and again while no run grows with the data. What was wrong once is
checked in every run until it is right.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.rules import tranches
from crowdfund.chain import queries as chain
from crowdfund.chain.models import Tx, Write
from crowdfund.investments import queries as investments
from crowdfund.investments.rows import CampaignSums
from crowdfund.kernel import audit, marks, outbox
from crowdfund.kernel.db import db
from crowdfund.kernel.marks import MarkForged, Step
from crowdfund.kernel.outbox import outbox_table
from crowdfund.ledger import proof as journal
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.payments import queries as payments
from crowdfund.payments.models import Payment
from crowdfund.payouts import queries as payouts
from crowdfund.payouts.models import Payout
from crowdfund.reports import booked, campaign_checks, refund_checks, secrets
from crowdfund.reports.queues import LATE_AFTER, given_up, unfinished

ENDED = ("failed", "cancelled", "refunded")
SLICE = 1_000  # rows of a table in one run
NEWEST_EVENTS = 5_000
NEWEST_CAMPAIGNS = 10
INVESTORS = 20_000  # of the campaigns that are summed up in one slice
MOST_SUSPECTS = 100
MARKS = ("payments", "payouts", "campaigns", "chain.writes", "chain.txs")
Found = Iterator[tuple[str, str]]  # the id of what is wrong, and a sentence
Part = Callable[[], Step]


def problems() -> list[str]:
    """Return a sentence for each broken invariant of I1–I8, I10, I11 and I14.

    Reads everything; while others write, call it inside `db.snapshot()`.
    """
    return [
        *journal.problems(),
        *payments.problems(),
        *_sentences(booked.payments(None)),
        *_sentences(booked.payouts(None)),
        *_sentences(refund_checks.returns(None)),
        *_sentences(_campaign_totals(None)),
        *campaign_checks.problems(),
        *chain.nonce_problems(),
        *_unfinished(),
        *audit.problems(),
        *secrets.problems(),
    ]


def periodic() -> list[Part]:
    """Return the parts of one run; each works inside a snapshot of its own."""
    return [
        *journal.periodic(),
        *audit.periodic(),
        _payments,
        _payouts,
        _campaigns,
        _writes,
        _transactions,
        _rest,
    ]


def slices() -> list[Part]:
    """Return the parts that prove a slice of the verified journal and audit log once more."""
    return [*journal.slices(), audit.slice_again]


def against_marks() -> list[str]:
    """Return whether journal and audit log still are those that the periodic runs have proved.

    This alone finds a history that was rewritten up to its end, with all hashes made anew.
    """
    return [] if marks_are_forged() else [*journal.against_mark(), *audit.against_mark()]


def marks_are_forged() -> bool:
    """Return whether the record of a periodic proof was changed, so that it has to begin anew."""
    for name in (*journal.MARKS, *audit.MARKS, *MARKS):
        try:
            marks.read(name)
        except MarkForged:
            return True
    return False


def begin_anew(connection: Connection) -> None:
    """Forget how far the slices have come."""
    marks.forget(connection, list(MARKS))


# --- the parts of a run ---------------------------------------------------------------------------


def _payments() -> Step:
    """I4 for payments that changed lately, and a slice of all."""
    return _turn("payments", Payment.id, booked.payments, payments.recently_changed(NEWEST_EVENTS))


def _payouts() -> Step:
    """I6 and I7 for withdrawals and returns that changed lately, and a slice of all."""
    newest = payouts.recently_changed(NEWEST_EVENTS)
    return _turn("payouts", Payout.id, _booked_payouts, newest)


def _booked_payouts(ids: Sequence[str] | None) -> Found:
    yield from booked.payouts(ids)
    yield from refund_checks.returns(ids)


def _campaigns() -> Step:
    """I5 and I7 for campaigns with new investments, and a slice of all."""
    newest = investments.recently_changed(NEWEST_EVENTS, NEWEST_CAMPAIGNS)
    return _turn(
        "campaigns", Campaign.id, _campaign_totals, newest, weight=Campaign.investors_count
    )


def _writes() -> Step:
    """I8 for new writes, and a slice of all."""
    return _turn(
        "chain.writes", Write.id, lambda ids: iter(chain.double_success(ids)), _newest(Write.id)
    )


def _transactions() -> Step:
    """I8 for new transactions, and a slice of all."""
    return _turn("chain.txs", Tx.id, lambda ids: iter(chain.double_finals(ids)), _newest(Tx.id))


def _rest() -> Step:
    """Nonce gaps (I8), campaigns that need attention (I9), failed work (I10), sealed secrets."""
    found = [*chain.gaps(), *campaign_checks.problems(), *payments.problems()]
    return Step([*found, *_unfinished_now(), *secrets.problems()])


def _newest(column: sa.orm.InstrumentedAttribute[str]) -> list[str]:
    return list(db.session.scalars(sa.select(column).order_by(column.desc()).limit(SLICE)))


def _turn(
    name: str,
    column: sa.orm.InstrumentedAttribute[str],
    check: Callable[[Sequence[str] | None], Found],
    newest: Iterable[str],
    *,
    weight: sa.SQLColumnExpression[Any] | None = None,
) -> Step:
    """Check the newest rows, the next slice of the table, and what was wrong before.

    With a weight (a column), a slice ends when its weights add up to INVESTORS. Raises MarkForged.
    """
    mark = marks.read(name)
    after, suspects = mark.state.get("after", ""), mark.state.get("suspects", [])
    following, is_end = _slice(column, after, weight)
    wrong = dict(check(list(dict.fromkeys([*newest, *following, *suspects]))))
    state = {
        "after": "" if is_end else following[-1],
        "suspects": sorted(wrong)[:MOST_SUSPECTS],
    }
    saves = [] if state == mark.state else [partial(marks.move, mark=mark, state=state)]
    return Step(list(wrong.values()), saves)


def _slice(
    column: sa.orm.InstrumentedAttribute[str],
    after: str,
    weight: sa.SQLColumnExpression[Any] | None,
) -> tuple[list[str], bool]:
    query = sa.select(column, sa.literal(1) if weight is None else weight)
    rows = db.session.execute(query.where(column > after).order_by(column).limit(SLICE)).all()
    ids, most = [], SLICE if weight is None else INVESTORS
    for row_id, weighs in rows:
        ids.append(row_id)
        most -= weighs
        if most <= 0:
            break
    return ids, len(ids) == len(rows) < SLICE


def _sentences(found: Found) -> Iterator[str]:
    return (sentence for _id, sentence in found)


# --- the checks -----------------------------------------------------------------------------------


def _campaign_totals(ids: Sequence[str] | None) -> Found:
    """I5 and I7: totals are the sums of investments, within the goal, and lie in escrow."""
    foreign = investments.foreign_minor(ids)
    for row in investments.sums(ids):
        escrow = ledger.balance(ledger_rules.escrow(row.id))
        due = row.settled - row.settled_tokens + row.arriving
        if wrong_tokens := _wrong_tokens(row):
            yield row.id, wrong_tokens
            continue
        if row.status in ENDED:
            if escrow != due:
                yield row.id, f"I7 campaign {row.id}: {escrow} in escrow, {due} not returned yet"
            continue
        wrong = list(_wrong_totals(row, foreign.get((row.id, "token"), 0)))
        left = due - (row.released_minor or 0) - (row.fee_minor or 0)
        if escrow != left:
            wrong.append(f"I5 campaign {row.id}: {escrow} in escrow, {left} paid in and not out")
        if wrong:
            yield row.id, "; ".join(wrong)


def _wrong_tokens(row: CampaignSums) -> str:
    """Return how the tokens in the journal differ from those of the investments, or nothing."""
    held = ledger.balance(ledger_rules.tokens(row.id))
    share = tranches.share_after(row.tranches, row.tranches_paid)
    due = row.settled_tokens - row.settled_tokens * share // 10_000
    if row.status not in ENDED and row.paid_token_minor != row.settled_tokens:
        return (
            f"I5 campaign {row.id}: {row.paid_token_minor} paid with tokens, "
            f"investments say {row.settled_tokens}"
        )
    if held != due:
        return f"I5 campaign {row.id}: {held} of tokens in the journal, {due} paid in"
    return ""


def _wrong_totals(row: CampaignSums, token_minor: int) -> Iterator[str]:
    # Money that only the contract has takes room, but belongs to no investment.
    stored = (row.reserved_minor - row.foreign_room_minor, row.settled_minor)
    counted = (row.active, row.settled)
    if stored != counted:
        yield f"I5 campaign {row.id}: reserved and settled are {stored}, investments say {counted}"
    if row.goal_minor and row.reserved_minor > row.goal_minor:
        yield f"I5 campaign {row.id} has sold more than its goal"
    if row.token_minor != token_minor:
        yield f"I5 campaign {row.id}: {row.token_minor} of token money counted, {token_minor} seen"
    if row.investors_count != row.investors:
        yield f"I5 campaign {row.id}: {row.investors_count} investors, counted {row.investors}"
    if row.in_days != row.settled:
        yield f"I5 campaign {row.id}: {row.in_days} on its days, investments say {row.settled}"


def _unfinished_now() -> Iterator[str]:
    """I10 for a periodic run, which only a working relay starts.

    If the relay is silent nevertheless, this machine has just come back, and what is late is about
    to be done. A relay that stays silent is a reason of the health report.
    """
    return _given_up() if outbox.relay_is_silent() else _unfinished()


def _unfinished() -> Iterator[str]:
    """I10: work that is due must not wait for long without an alert."""
    yield from _in_outbox(unfinished())
    for queue in outbox.unqueued(LATE_AFTER):
        yield f"I10 work for the queue {queue} has come and is not taken up"


def _given_up() -> Iterator[str]:
    return _in_outbox(given_up())


def _in_outbox(which: sa.ColumnElement[bool]) -> Iterator[str]:
    kind = outbox_table.c.kind
    query = sa.select(kind, sa.func.count()).where(which).group_by(kind)
    for name, count in db.session.execute(query):
        yield f"I10 {count} × {name} in the outbox is unfinished"
