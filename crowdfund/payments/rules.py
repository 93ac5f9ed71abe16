"""The state machine of a payment; pure.

An event is only a notification. What counts is the strongest status on which the verified webhooks
so far and the gateway's own status query agree, so no order and no repetition of events can change
the postings (rules.md, Payments).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from crowdfund.payments.rows import PaymentRow

Rung = Literal["PENDING", "SUCCESS", "SETTLED"]
LADDER: tuple[Rung, ...] = ("PENDING", "SUCCESS", "SETTLED")
WALLET = "wallet"  # in the place of a gateway: paid from the payer's wallet
TOKEN = "token"  # noqa: S105 - in the place of a gateway: paid with tokens, to a contract on chain
WITHOUT_GATEWAY = (WALLET, TOKEN)
LIFETIME = timedelta(hours=24)
QUIET = timedelta(minutes=5)  # without news for so long, a payment gets a status query
# Somebody who comes back from the gateway waits at the page, so it is asked at once and again.
WATCHED = timedelta(minutes=5)
AT_ONCE = timedelta(seconds=15)  # for so long, "not paid yet" may only mean that the bank is slow
WATCH_DELAYS_S = (2.0, 30.0)
# A gateway that gives wrong or no answers for some seconds should make no work for staff. So
# patience is counted in time: the number of tries says nothing about how long it was wrong.
PATIENCE = timedelta(minutes=1)  # then an event that the gateway does not confirm is shown to staff
DEAD_AFTER = timedelta(hours=12)  # then an event is no longer tried until staff process it again
MAX_DELAY_S = 3600.0


class Status(StrEnum):
    """The state of a payment; it never moves backward."""

    CREATED = "created"
    PENDING = "pending"
    SUCCEEDED = "succeeded"
    SETTLED = "settled"
    FAILED = "failed"
    EXPIRED = "expired"
    REVERSED = "reversed"
    CANCELLED = "cancelled"


class Kind(StrEnum):
    """Why money or an event needs a decision of staff."""

    TOO_LITTLE = "too_little"
    TOO_MUCH = "too_much"
    LATE = "late"
    UNKNOWN_REFERENCE = "unknown_reference"
    WRONG_CURRENCY = "wrong_currency"
    DUPLICATE = "duplicate"
    CONTRADICTION = "contradiction"
    WEBHOOK_MISSING = "webhook_missing"
    UNKNOWN_ON_CHAIN = "unknown_on_chain"


class Resolution(StrEnum):
    """What staff may do about an exception."""

    ACCEPT = "accept"
    CREDIT = "credit"
    RETURN = "return"
    BY_HAND = "by_hand"  # staff have returned it at the bank themselves
    DISMISS = "dismiss"
    TOP_UP = "top_up"  # never chosen: the payer has paid the rest


class Verdict(StrEnum):
    """What an event is worth against the gateway's status."""

    OK = "ok"
    AHEAD = "ahead"
    CONTRADICTION = "contradiction"


# To the payer: through the gateway, or by staff at the bank where the gateway cannot do it.
BACK = (Resolution.RETURN, Resolution.BY_HAND)
NEVER_PROPOSED = (Resolution.TOP_UP, Resolution.BY_HAND)
# What may be done, the proposal first. Money in suspense is never dismissed; money of an unknown
# customer cannot be credited. Late money may be accepted only if its purpose can still take it.
RESOLUTIONS: dict[Kind, tuple[Resolution, ...]] = {
    Kind.TOO_LITTLE: (Resolution.CREDIT, *BACK),
    Kind.TOO_MUCH: (Resolution.ACCEPT, Resolution.CREDIT, *BACK),
    Kind.LATE: (Resolution.CREDIT, Resolution.ACCEPT, *BACK),
    Kind.UNKNOWN_REFERENCE: (Resolution.CREDIT, *BACK),
    Kind.WRONG_CURRENCY: BACK,
    Kind.DUPLICATE: (Resolution.CREDIT, *BACK),
    Kind.CONTRADICTION: (Resolution.DISMISS,),
    Kind.WEBHOOK_MISSING: (Resolution.ACCEPT, Resolution.DISMISS),
    Kind.UNKNOWN_ON_CHAIN: (Resolution.DISMISS,),
}
# Money of a payment itself that may not go where it was meant for.
MISFITS = (Kind.TOO_LITTLE, Kind.TOO_MUCH, Kind.LATE, Kind.WRONG_CURRENCY)


@dataclass(frozen=True, slots=True)
class Review:
    """Money that was not as expected and went to suspense, and what staff decided about it.

    Amounts in minor units of `currency`; `resolution` and `decided_at` are None until then.
    """

    id: str
    kind: str
    amount_minor: int
    currency: str
    resolution: str | None
    decided_at: datetime | None
    return_id: str | None  # the last return of it through the gateway; it may have failed
    returned_at: datetime | None  # when it had left us
    purpose_minor: int  # what an acceptance gives to the purpose; the rest goes to the wallet
    expected_minor: int  # what the payment asked for

    @property
    def is_open(self) -> bool:
        """Return whether staff have not decided yet."""
        return self.resolution is None

    @property
    def is_on_its_way_back(self) -> bool:
        """Return whether the gateway was asked to return it and has not confirmed it yet."""
        return self.resolution == Resolution.RETURN and self.returned_at is None

    @property
    def could_not_be_returned(self) -> bool:
        """Return whether the gateway has failed to return it, and staff have to decide again."""
        return self.is_open and self.return_id is not None

    @property
    def outcome(self) -> str | None:
        """Return the resolution as its payer reads it: money on its way is not back yet."""
        return outcome(self.resolution, is_back=not self.is_on_its_way_back)

    @property
    def is_misfit(self) -> bool:
        """Return whether this is the money of the payment itself, not a second payment."""
        return self.kind in MISFITS

    @property
    def is_short(self) -> bool:
        """Return whether less came than was asked for, so that the rest may follow."""
        return self.kind == Kind.TOO_LITTLE

    @property
    def rest_minor(self) -> int:
        """Return what an acceptance credits to the wallet."""
        return self.amount_minor - self.purpose_minor


def outcome(resolution: str | None, *, is_back: bool = False) -> str | None:
    """Return a resolution as notices name it: `returning`, and `return` once the money is back."""
    if resolution == Resolution.RETURN and not is_back:
        return "returning"
    return str(Resolution.RETURN) if resolution == Resolution.BY_HAND else resolution


def split_accepted(amount_minor: int, expected_minor: int) -> tuple[int, int]:
    """Return the parts of accepted money: what the purpose asked for, the rest for the wallet."""
    to_purpose = min(amount_minor, expected_minor)
    return to_purpose, amount_minor - to_purpose


UNPAID = (Status.CREATED, Status.PENDING)
_WITHOUT_MONEY = (*UNPAID, Status.EXPIRED, Status.FAILED, Status.CANCELLED)
_PATHS: dict[str, dict[str, tuple[Status, ...]]] = {
    "PENDING": {Status.CREATED: (Status.PENDING,)},
    "SUCCESS": dict.fromkeys(_WITHOUT_MONEY, (Status.SUCCEEDED,)),
    "SETTLED": {
        **dict.fromkeys(_WITHOUT_MONEY, (Status.SUCCEEDED, Status.SETTLED)),
        Status.SUCCEEDED: (Status.SETTLED,),
    },
    "FAILED": {
        Status.CREATED: (Status.FAILED,),
        Status.PENDING: (Status.FAILED,),
        Status.SUCCEEDED: (Status.REVERSED,),
    },
}


@dataclass(frozen=True, slots=True)
class Report:
    """What a webhook or a status query says of a payment."""

    status: str
    amount_minor: int
    currency: str
    customer_ref: str


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """An event against the truth: what it may claim, and whether it fits."""

    claim: str
    verdict: Verdict


def difference(
    answer: tuple[str, str, str],
    *,
    tx_id: str | None,
    reference: str | None,
    customer_ref: str | None,
) -> str | None:
    """Return which field of a status answer names something else than expected, or None.

    `answer` is its transaction, reference and customer; what is expected of a field is not known
    yet when it is None.
    """
    expected = {"transaction": tx_id, "reference": reference, "customer": customer_ref}
    for (name, wanted), given in zip(expected.items(), answer, strict=True):
        if wanted is not None and given != wanted:
            return name
    return None


_REACHED: dict[Status, Rung] = {
    Status.PENDING: "PENDING",
    Status.SUCCEEDED: "SUCCESS",
    Status.SETTLED: "SETTLED",
}


def reached(status: str) -> Rung | None:
    """Return what webhooks and gateway have agreed on for a payment with this status, or None."""
    return _REACHED.get(Status(status))


def is_old_news(event: Report, status: str, received: tuple[int | None, str | None]) -> bool:
    """Return whether an event says no more than was agreed on before: no status query is needed."""
    if event.status not in LADDER or rank(event.status) > rank(reached(status) or ""):
        return False
    return event.status == "PENDING" or _figures(event) == received


def rank(status: str) -> int:
    """Return the place on the ladder, -1 for nothing or FAILED."""
    return LADDER.index(status) if status in LADDER else -1


def reconcile(event: Report, truth: Report) -> Reconciliation:
    """Return what a verified event is worth: at most what the status query also says."""
    if event.customer_ref != truth.customer_ref:
        return Reconciliation("", Verdict.CONTRADICTION)
    if event.status == "FAILED" or truth.status == "FAILED":
        return _reconcile_failure(event.status, truth.status)
    both = LADDER[min(rank(event.status), rank(truth.status))]
    if both != "PENDING" and _figures(event) != _figures(truth):
        return Reconciliation("", Verdict.CONTRADICTION)
    ahead = rank(event.status) > rank(truth.status)
    return Reconciliation(both, Verdict.AHEAD if ahead else Verdict.OK)


def _reconcile_failure(event: str, truth: str) -> Reconciliation:
    if event == truth:
        return Reconciliation("FAILED", Verdict.OK)
    if truth == "FAILED":  # PENDING and SUCCESS are only older news; SETTLED never fails after
        return Reconciliation("", Verdict.CONTRADICTION if event == "SETTLED" else Verdict.OK)
    return Reconciliation("", Verdict.AHEAD if truth == "PENDING" else Verdict.CONTRADICTION)


def _figures(report: Report) -> tuple[int, str]:
    return report.amount_minor, report.currency


def higher_status(claimed: str, claim: str) -> str:
    """Return the higher of two claims on the ladder."""
    return claim if rank(claim) > rank(claimed) else claimed


def agreed_status(claimed: str, truth: str, *, claimed_failed: bool) -> str:
    """Return the strongest status on which webhooks and status query agree, or nothing."""
    if truth == "FAILED":
        return "FAILED" if claimed_failed else ""
    return LADDER[min(rank(claimed), rank(truth))] if claimed else ""


def path(status: str, effective: str) -> tuple[Status, ...]:
    """Return the statuses that a payment passes through; nothing when it is there already."""
    return _PATHS.get(effective, {}).get(status, ())


def misfit(received: tuple[int, str], expected: tuple[int, str], *, released: bool) -> Kind | None:
    """Return why received money may not go where it was meant for, or None.

    `released` says that the purpose was notified before that no money would come.
    """
    if received[1] != expected[1]:
        return Kind.WRONG_CURRENCY
    if released:
        return Kind.LATE
    if received[0] < expected[0]:
        return Kind.TOO_LITTLE
    return Kind.TOO_MUCH if received[0] > expected[0] else None


def missing_webhook(status: str, claimed: str, truth: str, *, claimed_failed: bool) -> bool:
    """Return whether the gateway knows more than its webhooks have reported."""
    if status in (Status.SETTLED, Status.REVERSED):
        return False
    if truth == "FAILED":
        return not claimed_failed and status in (Status.PENDING, Status.SUCCEEDED)
    return truth != "PENDING" and rank(truth) > rank(claimed)


class Progress(StrEnum):
    """What a payer can be told about a payment for which no money was booked."""

    TO_PAY = "to_pay"
    ASKING = "asking"
    NOT_PAID = "not_paid"
    REPORTED_PAID = "reported_paid"
    REPORTED_FAILED = "reported_failed"
    OVER = "over"


@dataclass(frozen=True, slots=True)
class Watch:
    """When a payer came back from the gateway, and the gateway's last own answer."""

    came_back_at: datetime | None
    checked_at: datetime
    reported: str


def progress(status: str, watch: Watch) -> Progress:
    """Return what to say of a payment without booked money; what the gateway reports comes first.

    Nobody who may have paid is asked to pay: after a return that takes a clear answer.
    """
    if watch.reported in ("SUCCESS", "SETTLED") and status in _WITHOUT_MONEY:
        return Progress.REPORTED_PAID
    if status not in UNPAID:
        return Progress.OVER
    if watch.reported == "FAILED":
        return Progress.REPORTED_FAILED
    if watch.came_back_at is None:
        return Progress.TO_PAY
    is_clear = watch.reported == "PENDING" and watch.checked_at > watch.came_back_at + AT_ONCE
    return Progress.NOT_PAID if is_clear else Progress.ASKING


def progress_of(payment: PaymentRow) -> Progress:
    """Return what to say of a payment without booked money."""
    watch = Watch(payment.came_back_at, payment.checked_at, payment.reported)
    return progress(payment.status, watch)


def watch_delay_s(waited: timedelta) -> float:
    """Return the wait before the next question after a return: half of what was waited so far."""
    least, most = WATCH_DELAYS_S
    return min(max(waited.total_seconds() / 2, least), most)


def may_be_on_its_way(came_back_at: datetime | None, reported_at: datetime, now: datetime) -> bool:
    """Return whether a missing webhook may only be slower than the questions after a return."""
    is_watched = came_back_at is not None and now - came_back_at < WATCHED
    return is_watched and now - reported_at < PATIENCE


def retry_delay_s(waited: timedelta) -> float:
    """Return the wait before the next try: as long as was waited, from a second to an hour."""
    return min(max(waited.total_seconds(), 1.0), MAX_DELAY_S)
