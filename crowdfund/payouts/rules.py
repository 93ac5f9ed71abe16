"""What a withdrawal goes through, when finance has to approve it, and what its page shows; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from crowdfund.kernel.errors import Conflict, CrowdfundError, Invalid
from crowdfund.kernel.i18n import _, _l
from crowdfund.kernel.statuses import status_text

GATEWAY = "bill_bitts"
CURRENCY = "ETB"
DAY = timedelta(hours=24)
LATE_AFTER = timedelta(days=2)  # an unfinished payout is shown to staff
LOOK_AGAIN_AFTER = timedelta(days=1)  # after the end, whether the bank still says the same
SAME_WITHIN = timedelta(minutes=10)  # in which the same amount again is confirmed once more
MOST_A_DAY = 20  # requests of a person within 24 hours: each one notifies all their addresses
MOST_SENDS = 12  # orders under one key that brought no answer; after that staff decide
ORDER_ARRIVES_WITHIN = timedelta(minutes=5)  # longer than any call to the bank takes


class Status(StrEnum):
    """The state of a payout; it never moves backward."""

    REQUESTED = "requested"
    APPROVED = "approved"
    SUBMITTED = "submitted"
    PAID = "paid"
    FAILED = "failed"
    REJECTED = "rejected"
    CANCELLED = "cancelled"


_NEXT: dict[Status, tuple[Status, ...]] = {
    Status.REQUESTED: (Status.APPROVED, Status.SUBMITTED, Status.REJECTED, Status.CANCELLED),
    Status.APPROVED: (Status.SUBMITTED, Status.REJECTED),
    Status.SUBMITTED: (Status.PAID, Status.FAILED),
    Status.PAID: (),
    Status.FAILED: (),
    Status.REJECTED: (),
    Status.CANCELLED: (),
}
HELD = (Status.REQUESTED, Status.APPROVED, Status.SUBMITTED)
RETURNED = (Status.FAILED, Status.REJECTED, Status.CANCELLED)
FINAL = (Status.PAID, *RETURNED)


class Kind(StrEnum):
    """Where the money goes: to the person's payout account, or back to the account that paid."""

    WITHDRAWAL = "withdrawal"
    RETURN = "return"


class Outcome(StrEnum):
    """What staff decide about a payout on which the bank and we do not agree."""

    PAID = "paid"
    FAILED = "failed"


class NoAccount(Conflict):
    """The person has no verified payout account."""

    code = "no_payout_account"


class NotEnough(Invalid):
    """More than is available in the wallet."""

    code = "not_enough"


class Repeated(Conflict):
    """The same amount was requested just before; a person confirms a second one."""

    code = "repeated_withdrawal"


class FormUsed(Conflict):
    """A form was sent again with a different amount."""

    code = "form_used"


class NotPossible(CrowdfundError):
    """The payout can no longer be carried out; the sentence says why."""

    status = 409
    code = "not_possible"


def can_move(before: str, after: Status) -> bool:
    """Return whether a status may follow another."""
    return after in _NEXT[Status(before)]


def needs_approval(amount_minor: int, earlier_minor: int, above_minor: int) -> bool:
    """Return whether finance has to approve an amount (minor units).

    `earlier_minor` is what the person has withdrawn in the last 24 hours, so that a large amount
    cannot be split into small ones.
    """
    return amount_minor + earlier_minor > above_minor


def may_send_again(status: str, gateway_id: str | None, sends: int, most_sends: int) -> bool:
    """Return whether staff may let more orders be sent: the bank has none, and all were used."""
    return status == Status.SUBMITTED and gateway_id is None and sends >= most_sends


def hold_key(user_id: str, form_key: str) -> str:
    """Return the key of the hold of a request: the same form holds the money once."""
    return f"payout:{user_id}:{form_key}"


def reference(payout_id: str) -> str:
    """Return our name of a payout at the gateway, and its idempotency key: it never changes."""
    return payout_id


def taken_out_key(exception_id: str, payout_id: str) -> str:
    """Return the key of the entry that takes held money out of suspense for its return."""
    return f"exception:{exception_id}:return:{payout_id}"


def entry_keys(payout_id: str, exception_id: str | None = None) -> list[str]:
    """Return the keys that entries of a payout can have."""
    first = [taken_out_key(exception_id, payout_id)] if exception_id else []
    return [*first, *(f"payout:{payout_id}:{step}" for step in ("sent", "paid", "failed"))]


def next_question_s(waited: timedelta) -> float:
    """Return in how many seconds the bank is asked again about a payout that has waited so long."""
    if waited < timedelta(minutes=2):
        return 2.0
    if waited < timedelta(hours=1):
        return 30.0
    return 600.0 if waited < DAY else 3600.0


def next_look_s(step: int) -> float:
    """Return in how many seconds the bank is asked again how a withdrawal ended: 1 to 24 hours."""
    return 3600.0 * min(1 << min(step, 5), 24)


# Why the platform itself ended a withdrawal, by the code that is stored as its reason.
REASONS: Mapping[str, str] = {
    "account_changed": _l("The payout account was changed after the withdrawal was requested."),
    "person_disabled": _l("The account of this person is disabled."),
    "bank_failed": _l("The bank could not transfer the money."),
    "bank_refused": _l("The bank did not accept the transfer to this account."),
    "return_failed": _l("The bank could not send the money back to the account that paid."),
}


def reason_words(reason: str) -> str:
    """Return why a withdrawal ended; what staff wrote is shown as they wrote it."""
    return str(REASONS.get(reason, reason))


# --- what pages show ------------------------------------------------------------------------------

_WORDS = {
    Status.REQUESTED: _l("Requested"),
    Status.SUBMITTED: _l("Sent to the bank"),
}


def words(status: str) -> str:
    """Return the label of a status on pages."""
    return str(_WORDS.get(Status(status)) or status_text(status))


def destination(kind: str, masked: str) -> str:
    """Return in words where the money goes."""
    return masked if kind == Kind.WITHDRAWAL else _("The account that paid")


def label(status: str, *, needs_approval: bool) -> str:
    """Return the label of a payout's status; a request may wait for approval."""
    if status == Status.REQUESTED and needs_approval:
        return _("Waiting for approval")
    return words(status)


@dataclass(frozen=True, slots=True)
class _Step:
    status: Status
    label: str
    text: str


def timeline(
    status: str,
    times: Mapping[str, datetime],
    *,
    needs_approval: bool,
    is_delayed: bool = False,
    kind: str = Kind.WITHDRAWAL,
) -> list[dict[str, Any]]:
    """Return the steps of a status page: label, at, state (done, current, todo, failed), text.

    `times` holds the moment of each status that the payout has passed.
    """
    now = Status(status)
    steps = _usual_steps(needs_approval=needs_approval, is_delayed=is_delayed, kind=kind)
    done = [one for one in steps if one.status in times]
    shown = [_shown(one, times.get(one.status), "done") for one in done]
    if now in RETURNED:
        return [*shown, {**_ended(now), "at": times.get(now), "state": "failed"}]
    to_come = [one for one in steps[len(done) :] if one.status not in times]
    states = ["current"] + ["todo"] * len(to_come)
    return shown + [_shown(one, None, state) for one, state in zip(to_come, states, strict=False)]


def _usual_steps(*, needs_approval: bool, is_delayed: bool, kind: str) -> list[_Step]:
    is_return = kind == Kind.RETURN
    approval = _Step(
        Status.APPROVED,
        _("Approved"),
        _("Our finance team approves large withdrawals, usually within one working day."),
    )
    paid_text = _("The bank is transferring the money to your account.")
    if is_return:
        paid_text = _("The bank is sending the money back to the account that paid.")
    if is_delayed:
        paid_text = _(
            "The bank has not confirmed it yet. Your money is safe; our staff are looking into it."
        )
    paid = _("Sent back to the account that paid") if is_return else _("Paid to your account")
    return [
        _Step(Status.REQUESTED, _("Requested"), ""),
        *([approval] if needs_approval else []),
        _Step(Status.SUBMITTED, _("Sent to the bank"), _("We are sending it to the bank.")),
        _Step(Status.PAID, paid, paid_text),
    ]


def _shown(step: _Step, at: datetime | None, state: str) -> dict[str, Any]:
    return {
        "label": step.label,
        "at": at,
        "state": state,
        "text": "" if state != "current" else step.text,
    }


def _ended(status: Status) -> dict[str, str]:
    back = _("The full amount is back in your wallet.")
    if status == Status.CANCELLED:
        return {"label": _("Cancelled"), "text": back}
    if status == Status.REJECTED:
        return {"label": _("Rejected"), "text": back}
    return {"label": _("Payment failed"), "text": back}
