"""Lock investments and move them from one status to the next."""

from collections.abc import Collection, Sequence

import sqlalchemy as sa

from crowdfund.investments import rules
from crowdfund.investments.models import Investment, investment_event
from crowdfund.investments.rules import Status
from crowdfund.investments.service import counting
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, locked
from crowdfund.kernel.moving import move, move_all


def lock(investment_id: str) -> Investment:
    """Return an investment, locked until the transaction ends."""
    return locked(Investment, investment_id)


def lock_many(ids: Collection[str]) -> list[Investment]:
    """Return investments in the order of their ids, locked until the transaction ends."""
    query = sa.select(Investment).where(Investment.id.in_(list(ids))).order_by(Investment.id)
    fresh = query.with_for_update().execution_options(populate_existing=True)
    return list(db.session.scalars(fresh))


def move_to(investment_id: str, to: Status, *, reason: str = "", actor: str = "system") -> bool:
    """Move an investment to a status if that may follow; return whether it did."""
    return move_locked(lock(investment_id), to, reason=reason, actor=actor)


def confirm_all(investments: Sequence[Investment]) -> list[Investment]:
    """Move locked investments to `confirmed` in one go; return those that were settled before."""
    going = [one for one in investments if rules.can_move(one.status, Status.CONFIRMED)]
    _move_all(going, Status.CONFIRMED)
    return going


def return_all(investments: Sequence[Investment], *, reason: str) -> None:
    """Move locked investments of a campaign whose money is in to `returned`, in one go."""
    _move_all(investments, Status.RETURNED, reason=reason)
    counting.went(investments)


def _move_all(investments: Sequence[Investment], to: Status, *, reason: str = "") -> None:
    pages = [page for one in investments for page in _pages(one)]
    move_all(investments, to, investment_event, actor="system", reason=reason, pages=pages)


def _pages(investment: Investment) -> tuple[tuple[str, str], ...]:
    return (
        ("investment", investment.id),
        ("portfolio", investment.user_id),
        ("wallet", investment.user_id),
    )


def move_locked(
    investment: Investment, to: Status, *, reason: str = "", actor: str = "system"
) -> bool:
    """Move a locked investment to a status if that may follow; return whether it did."""
    before = investment.status
    if not rules.can_move(before, to):
        return False
    if to == Status.SETTLED:
        investment.settled_at = clock.now()
    move(investment, to, investment_event, actor=actor, reason=reason, pages=_pages(investment))
    if to == Status.SETTLED:
        counting.came(investment)
    elif to == Status.RETURNED and before in rules.IN:
        counting.went([investment])
    return True
