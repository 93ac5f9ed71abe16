"""What every verb about a withdrawal does: lock it, move it, return its money, notify."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import locked, record_event
from crowdfund.kernel.errors import NotYours, WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move
from crowdfund.notifications import service as notifications
from crowdfund.payouts import queries, rules
from crowdfund.payouts.models import Payout, payout_event
from crowdfund.payouts.rules import Kind, Status
from crowdfund.payouts.service import held


def lock(payout_id: str) -> Payout:
    """Return a withdrawal, locked until the transaction ends. Raises NotFound."""
    return locked(Payout, payout_id, queries.missing())


def lock_many(ids: Iterable[str]) -> None:
    """Lock withdrawals in the order of their ids, before money of any of them moves.

    Who moves money locks the journal, so nobody may wait for a withdrawal after that.
    """
    for payout_id in sorted(set(ids)):
        lock(payout_id)


def change(payout: Payout, status: Status, *, actor: str, reason: str = "") -> None:
    """Set the status of a locked withdrawal. Raises WrongState if it may not follow."""
    if not rules.can_move(payout.status, status):
        raise changed_meanwhile()
    move(payout, status, payout_event, actor=actor, reason=reason, pages=pages_of(payout))


def pages_of(payout: Payout) -> tuple[tuple[str, str], ...]:
    """Return the live topics of the pages that show a withdrawal."""
    staff = (("withdrawal", payout.id), ("queue", "payouts"))
    if payout.user_id is None or payout.exception_id is not None:
        return staff
    refund = (("refund", payout.refund_id),) if payout.refund_id else ()
    return (*refund, *staff, ("wallet", payout.user_id), ("withdrawals", payout.user_id))


def give_back(payout: Payout, status: Status, *, actor: str, reason: str = "") -> None:
    """End a locked withdrawal without payment: its money is back where it came from."""
    payout.ended_at = clock.now()
    payout.reason = reason[:500]
    change(payout, status, actor=actor, reason=reason)
    held.give_back(payout, reason=reason)


def notify_owner(payout: Payout, what: str, context: Mapping[str, object] | None = None) -> None:
    """Notify the person of a state of a withdrawal or a refund that goes back, once for each.

    Of held money that staff return, `payments` notifies.
    """
    if payout.user_id is None or payout.exception_id is not None:
        return
    kind = f"{'refund' if payout.kind == Kind.RETURN else 'payout'}.{what}"
    path = f"/wallet/withdrawals/{payout.id}"
    if kind == "refund.failed":
        path = f"/wallet/refunds/{payout.refund_id}"
    facts: dict[str, object] = {"amount_minor": payout.amount_minor, "currency": payout.currency}
    if payout.masked:
        facts["account"] = payout.masked
    notifications.notify(
        payout.user_id,
        kind,
        facts | dict(context or {}),
        key=f"{kind}:{payout.id}",
        path=path,
    )


def queue_follow(
    payout_id: str, gateway: str, *, series: str, step: int, at: datetime | None = None
) -> None:
    """Queue the next question to the bank; each series of questions has one at a time."""
    outbox.add(
        "payouts.follow",
        f"payout:{payout_id}:{series}:{step}",
        {"payout_id": payout_id, "series": series, "step": step},
        not_before=at,
        lane=gateway,
    )


def changed_meanwhile() -> WrongState:
    """Return the refusal of a verb that does not fit the state of a withdrawal."""
    return WrongState(
        _("This withdrawal has changed meanwhile. Reload the page to see its current state.")
    )


def check_four_eyes(payout: Payout, actor: str) -> None:
    """Raise NotYours if somebody would decide about their own withdrawal."""
    if payout.user_id == actor:
        raise NotYours(_("You cannot decide about your own withdrawal. A colleague has to."))


def reason(text: str) -> str:
    """Return the checked reason of a decision. Raises Invalid."""
    return texts.reason(text, most=500)


def note(payout: Payout, *, actor: str, reason: str) -> None:
    """Add a line to the history of a withdrawal without a change of its status."""
    record_event(
        payout_event,
        payout.id,
        actor=actor,
        before=payout.status,
        after=payout.status,
        reason=reason,
    )
    for kind, key in pages_of(payout):
        live.changed(kind, key)
