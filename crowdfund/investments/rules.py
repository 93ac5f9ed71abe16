"""What an investment goes through, who may invest, and the text that is consented to; pure."""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import Any

from crowdfund.kernel.errors import Conflict, CrowdfundError, Forbidden, Invalid
from crowdfund.kernel.i18n import _, _l
from crowdfund.kernel.statuses import status_text


class Status(StrEnum):
    """Where an investment stands; it never goes back."""

    PAYING = "paying"
    AUTHORISED = "authorised"
    SETTLED = "settled"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    EXPIRED = "expired"
    RETURNED = "returned"


_NEXT: dict[Status, tuple[Status, ...]] = {
    Status.PAYING: (Status.AUTHORISED, Status.SETTLED, Status.FAILED, Status.EXPIRED, Status.RETURNED),
    Status.AUTHORISED: (Status.SETTLED, Status.FAILED, Status.RETURNED),
    Status.SETTLED: (Status.CONFIRMED, Status.RETURNED),
    Status.CONFIRMED: (Status.RETURNED,),
    Status.FAILED: (Status.SETTLED, Status.RETURNED),
    Status.EXPIRED: (Status.SETTLED, Status.RETURNED),
    Status.RETURNED: (),
}
ACTIVE = (Status.PAYING, Status.AUTHORISED, Status.SETTLED, Status.CONFIRMED)
IN = (Status.SETTLED, Status.CONFIRMED)
FINAL = (Status.CONFIRMED, Status.FAILED, Status.EXPIRED, Status.RETURNED)

_RISK_TEXT = _l(
    "I understand that I may lose all of the money that I invest, that it is locked in until the "
    "company sells or pays out, that I may not find a buyer for my shares, and that my investment "
    "is not covered by a deposit guarantee. I only invest what I can afford to lose."
)


class NotVerified(Forbidden):
    """Investing needs a verified person."""

    code = "not_verified"


class NoContact(Forbidden):
    """The gateway registers nobody without an address that this person has not given."""

    code = "no_contact"


class NoConsent(Invalid):
    """The risk warning was not accepted."""

    code = "no_consent"


class NotPossible(CrowdfundError):
    """The amount breaks a rule of the campaign; the sentence says which."""

    status = 422
    code = "not_possible"


class FormUsed(Conflict):
    """A form came back with other figures than those it was sent with before."""

    code = "form_used"


def can_move(before: str, after: Status) -> bool:
    """Return whether a status may follow another."""
    return after in _NEXT[Status(before)]


def risk_text() -> str:
    """Return the risk warning in the language of the reader, who agrees to these very words."""
    return str(_RISK_TEXT)


def text_hash(text: str | None = None) -> str:
    """Return the SHA-256 of a consent text (of the one shown now if none is given)."""
    return hashlib.sha256((text or risk_text()).encode()).hexdigest()


def shares(amount_minor: int, price_minor: int) -> int:
    """Return how many shares an amount buys; amounts are multiples of the price."""
    return amount_minor // price_minor


def reference(investment_id: str) -> str:
    """Return the intent id of the chain record of an investment."""
    return f"investment:{investment_id}"


def percent_of_goal(amount_minor: int, goal_minor: int) -> str:
    """Return an amount's part of the goal as text with two decimals, floored."""
    hundredths = amount_minor * 10_000 // goal_minor
    return f"{hundredths // 100}.{hundredths % 100:02d}"


_PROGRESS = {
    Status.PAYING: 1, Status.FAILED: 1, Status.EXPIRED: 1, Status.AUTHORISED: 2, Status.SETTLED: 3,
    Status.RETURNED: 3, Status.CONFIRMED: 4,
}  # fmt: skip


WORDS = {Status.PAYING: _l("To be paid"), Status.AUTHORISED: _l("Paid")}


def words(status: str) -> str:
    """Return what a status is called on pages."""
    return str(WORDS.get(Status(status)) or status_text(status))


def timeline(
    investment: Any,  # noqa: ANN401 - a row
    times: dict[str, datetime],
    *,
    came_minor: int | None = None,
) -> list[dict[str, Any]]:
    """Return the steps of a status page: label, at, state (done, current, todo, failed), text.

    `times` holds the moment of each status that the investment has passed, `came_minor` what the
    bank has taken. What will never happen is not shown as a step to come.
    """
    status = Status(investment.status)
    at = _PROGRESS[status]
    steps = [
        _step(0, at, _("Investment placed"), times.get(Status.PAYING), _("Your share is reserved.")),
        _step(1, at, _("Paid at NEO Bank"), times.get(Status.AUTHORISED), _("Pay on the bank's page.")),
        _step(
            2, at, _("Settled"), times.get(Status.SETTLED), _("The bank hands the money over to the escrow.")
        ),
        _step(3, at, _("Recorded on chain"), times.get(Status.CONFIRMED), _("The contract writes it down.")),
    ]  # fmt: skip
    if status in (Status.FAILED, Status.EXPIRED):
        text = _why_not_paid(status, investment.amount_minor, came_minor)
        label = _("Payment not completed")
        return [
            steps[0], {"label": label, "at": times.get(status), "state": "failed", "text": text},
        ]  # fmt: skip
    if status == Status.RETURNED:
        text = _("The whole amount is in your wallet.")
        steps[3] = {"label": _("Money returned"), "at": times.get(status), "state": "done", "text": text}
    return steps


def _why_not_paid(status: Status, amount_minor: int, came_minor: int | None) -> str:
    if came_minor is None and status == Status.EXPIRED:
        return _("The payment was not made in time. Nothing was charged; you can try again.")
    if came_minor is None:
        return _("The bank did not take the payment. Nothing was charged; you can try again.")
    if came_minor == amount_minor:
        return _("The bank took the payment back. You can try again.")
    return _("What came was not the amount that you chose. You can try again.")


def _step(index: int, at: int, label: str, when: datetime | None, text: str) -> dict[str, Any]:
    state = "done" if index < at else "current" if index == at else "todo"
    if index == 0:
        state = "done"
    return {"label": label, "at": when, "state": state, "text": "" if state == "done" else text}
