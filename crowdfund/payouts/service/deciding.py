"""What staff do about a withdrawal on which the bank and the books do not agree."""

from crowdfund.kernel import clock
from crowdfund.kernel.db import new_id
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _
from crowdfund.payouts import queries, rules
from crowdfund.payouts.models import Payout
from crowdfund.payouts.rules import Outcome, Status
from crowdfund.payouts.service import following, shared

_ASKED = (Status.SUBMITTED, Status.PAID, Status.FAILED)


def ask_bank(payout_id: str) -> None:
    """Ask the bank about a withdrawal now. Raises WrongState before it was sent there."""
    found = queries.get(payout_id)
    if found.status not in _ASKED:
        raise shared.changed_meanwhile()
    shared.queue_follow(found.id, found.gateway, series=f"now-{new_id()[:12]}", step=0)


def settle(payout_id: str, outcome: str, *, actor: str, reason: str) -> None:
    """Book how a withdrawal has ended, by what the bank has told staff on another way.

    Only while it has a problem, and never as failed while an order may be on its way to the bank.
    Raises NotYours, WrongState, NotPossible, Invalid (no choice, no reason).
    """
    if outcome not in tuple(Outcome):
        raise Invalid(_("Choose what has happened."), field="outcome")
    payout = shared.lock(payout_id)
    shared.check_four_eyes(payout, actor)
    if payout.status != Status.SUBMITTED or payout.problem is None:
        raise shared.changed_meanwhile()
    why = shared.reason(reason)
    if outcome == Outcome.PAID:
        following.book_paid(payout, actor=actor, reason=why)
    else:
        _refuse_while_on_its_way(payout)
        following.book_failed(payout, "bank_failed", actor=actor, reason=why)


def _refuse_while_on_its_way(payout: Payout) -> None:
    sent = payout.last_sent_at
    if sent is not None and clock.now() - sent < rules.ORDER_ARRIVES_WITHIN:
        raise rules.NotPossible(
            _(
                "An order was sent to the bank a moment ago and may still arrive. Nothing was "
                "changed. Wait five minutes, ask the bank again, then decide."
            )
        )


def send_again(payout_id: str, *, actor: str, reason: str) -> None:
    """Let more orders be sent, under the same key, after the bank has left many without a trace.

    Raises NotYours, WrongState (it may still be sent, or the bank has it), Invalid (no reason).
    """
    payout = shared.lock(payout_id)
    shared.check_four_eyes(payout, actor)
    if not rules.may_send_again(payout.status, payout.gateway_id, payout.sends, payout.most_sends):
        raise shared.changed_meanwhile()
    shared.note(payout, actor=actor, reason=shared.reason(reason))
    payout.most_sends = payout.sends + rules.MOST_SENDS
    payout.problem = payout.problem_at = None
    shared.queue_follow(payout.id, payout.gateway, series=f"again-{new_id()[:12]}", step=0)


def dismiss(payout_id: str, *, actor: str, reason: str) -> None:
    """Note that staff have looked into a difference about a withdrawal that has ended.

    Raises NotYours, WrongState, Invalid (no reason).
    """
    payout = shared.lock(payout_id)
    shared.check_four_eyes(payout, actor)
    if payout.problem is None or payout.status == Status.SUBMITTED:
        raise shared.changed_meanwhile()
    shared.note(payout, actor=actor, reason=shared.reason(reason))
    payout.problem = payout.problem_at = None
