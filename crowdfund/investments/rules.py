"""What an investment goes through, who may invest, and the text that is consented to; pure."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from crowdfund.campaigns.rules import securities
from crowdfund.kernel.errors import Conflict, CrowdfundError, Forbidden, Invalid
from crowdfund.kernel.i18n import _, _l
from crowdfund.kernel.statuses import status_text
from crowdfund.payments.rules import TOKEN, WALLET, Kind, Progress, Review


class Status(StrEnum):
    """The state of an investment; it never moves backward."""

    PAYING = "paying"
    AUTHORISED = "authorised"
    SETTLED = "settled"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    EXPIRED = "expired"
    RETURNED = "returned"
    CANCELLED = "cancelled"


_NEXT: dict[Status, tuple[Status, ...]] = {
    Status.PAYING: (
        Status.AUTHORISED,
        Status.SETTLED,
        Status.FAILED,
        Status.EXPIRED,
        Status.CANCELLED,
        Status.RETURNED,
    ),
    Status.AUTHORISED: (Status.SETTLED, Status.FAILED, Status.RETURNED, Status.CANCELLED),
    Status.SETTLED: (Status.CONFIRMED, Status.RETURNED),
    Status.CONFIRMED: (Status.RETURNED,),
    Status.FAILED: (Status.SETTLED, Status.RETURNED),
    Status.EXPIRED: (Status.SETTLED, Status.RETURNED),
    Status.CANCELLED: (Status.SETTLED, Status.RETURNED),
    Status.RETURNED: (),
}
ACTIVE = (Status.PAYING, Status.AUTHORISED, Status.SETTLED, Status.CONFIRMED)
IN = (Status.SETTLED, Status.CONFIRMED)
CANCELLABLE = (Status.AUTHORISED, *IN)  # paid, until CANCEL_BEFORE before the deadline
CANCEL_BEFORE = timedelta(hours=48)
WITHOUT_ROOM = (Status.FAILED, Status.EXPIRED, Status.CANCELLED)
FINAL = (Status.CONFIRMED, *WITHOUT_ROOM, Status.RETURNED)

_RISK_TEXT = _l(
    "I understand that I may lose all of the money that I invest, that it is locked in until the "
    "company sells or pays out, that I may not find a buyer for my shares, and that my investment "
    "is not covered by a deposit guarantee. I only invest what I can afford to lose."
)
_RISK_TEXTS = {
    securities.Kind.DEBT: _l(
        "I understand that I lend money to the company, that I may lose all of it if the company "
        "cannot repay, that it is locked in for the term of the loan, that I may not find a buyer "
        "for my notes, and that my investment is not covered by a deposit guarantee. I only invest "
        "what I can afford to lose."
    ),
    securities.Kind.REVENUE_SHARE: _l(
        "I understand that I only get money if the company has revenue, that I may lose all of the "
        "money that I invest, that I may not find a buyer for my units, and that my investment is "
        "not covered by a deposit guarantee. I only invest what I can afford to lose."
    ),
}


class NotVerified(Forbidden):
    """Investing needs a verified person."""

    code = "not_verified"


class NoContact(Forbidden):
    """The gateway needs an address that this person has not given."""

    code = "no_contact"


class NoConsent(Invalid):
    """The risk warning was not accepted."""

    code = "no_consent"


class NotPossible(CrowdfundError):
    """The amount breaks a rule of the campaign; the sentence says which."""

    status = 422
    code = "not_possible"


class FormUsed(Conflict):
    """A form was sent again with different figures."""

    code = "form_used"


class TermsChanged(Conflict):
    """The person has read terms that are not in force any more."""

    code = "terms_changed"


class NotReserved(Conflict):
    """The reservation that an order was to take the place of has ended."""

    code = "not_reserved"


def can_move(before: str, after: Status) -> bool:
    """Return whether a status may follow another."""
    return after in _NEXT[Status(before)]


def cancel_until(ends_at: datetime) -> datetime:
    """Return the last moment at which a paid investment can be cancelled (rules.md, Investment)."""
    return ends_at - CANCEL_BEFORE


def risk_text(kind: str = securities.Kind.EQUITY) -> str:
    """Return a kind's risk warning in the language of the reader, who agrees to exactly this."""
    return str(_RISK_TEXTS.get(securities.known(kind), _RISK_TEXT))


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
    Status.PAYING: 1,
    Status.FAILED: 1,
    Status.EXPIRED: 1,
    Status.CANCELLED: 1,
    Status.AUTHORISED: 2,
    Status.SETTLED: 3,
    Status.RETURNED: 3,
    Status.CONFIRMED: 4,
}


@dataclass(frozen=True, slots=True)
class Received:
    """What was received for an investment: money, a reversal, and the review of inexact money.

    `is_cancelled`: its investor cancelled it after paying. `has_lapsed`: it was cancelled because
    its investor did not answer about changed terms.
    """

    is_received: bool = False
    is_reversed: bool = False
    review: Review | None = None
    progress: Progress = Progress.TO_PAY
    is_cancelled: bool = False
    has_lapsed: bool = False

    @property
    def is_coming_back(self) -> bool:
        """Return whether money of a cancelled investment is still expected from the bank."""
        is_decided = self.review is not None and not self.review.is_open
        return self.is_cancelled and not self.is_reversed and not is_decided


NOTHING_RECEIVED = Received()
_PAYING_TEXTS = {
    Progress.ASKING: _l("We are asking the bank about your payment."),
    Progress.NOT_PAID: _l("The bank has not reported a payment yet."),
    Progress.REPORTED_PAID: _l("We are waiting for the bank's confirmation."),
    Progress.REPORTED_FAILED: _l("We are waiting for the bank's confirmation."),
}
WORDS = {Status.PAYING: _l("To be paid"), Status.AUTHORISED: _l("Paid")}


def words(status: str) -> str:
    """Return the label of a status on pages."""
    return str(WORDS.get(Status(status)) or status_text(status))


def timeline(
    investment_status: str,
    times: Mapping[str, datetime],
    *,
    received: Received = NOTHING_RECEIVED,
    rail: str = "",
) -> list[dict[str, Any]]:
    """Return the steps of a status page: label, at, state (done, current, todo, failed), text.

    `times` holds the moment of each status that the investment has passed. What will never happen
    is not shown as a step to come.
    """
    status = Status(investment_status)
    if status == Status.PAYING and received.is_received:  # the page may be quicker than the worker
        status = Status.AUTHORISED
    placed, paid, settled, recorded = _usual_steps(_PROGRESS[status], times, rail)
    if status == Status.PAYING and received.progress in _PAYING_TEXTS:
        paid["text"] = str(_PAYING_TEXTS[received.progress])
    if status in WITHOUT_ROOM:
        was_paid = [{**paid, "state": "done", "text": ""}] if Status.AUTHORISED in times else []
        return [placed, *was_paid, _ended(status, times.get(status), received)]
    if status == Status.AUTHORISED and received.review is not None:
        if received.review.is_short:
            paid = {**paid, "label": _("Paid in part")}
        return [placed, paid, _reviewed(received.review)]
    if status == Status.RETURNED:
        recorded = _returned(times.get(status), received, is_token=rail == TOKEN)
        if received.is_cancelled and Status.SETTLED not in times:
            return [placed, paid, recorded]
    return [placed, paid, settled, recorded]


def _returned(at: datetime | None, received: Received, *, is_token: bool = False) -> dict[str, Any]:
    if is_token:
        text = _("The contract has paid all tokens back to the wallet that they came from.")
        return {"label": _("Money returned"), "at": at, "state": "done", "text": text}
    text = _("The whole amount is in your wallet.")
    if received.is_cancelled and received.has_lapsed:
        text = _(
            "You did not answer about the changed terms in time, so this investment was cancelled. "
            "The whole amount is in your wallet."
        )
    elif received.is_cancelled:
        text = _("You cancelled this investment. The whole amount is in your wallet.")
    return {"label": _("Money returned"), "at": at, "state": "done", "text": text}


def _usual_steps(at: int, times: Mapping[str, datetime], rail: str) -> list[dict[str, Any]]:
    """Return the steps of an investment without trouble, of which `at` are done."""
    paid = (Status.AUTHORISED, _("Paid at NEO Bank"), _("Pay on the bank's page."))
    settled = (Status.SETTLED, _("Settled"), _("The bank transfers the money to escrow."))
    if rail == WALLET:  # both happen when it is placed
        paid = (Status.PAYING, _("Paid from your wallet"), "")
        settled = (Status.SETTLED, _("Settled"), _("The money is in escrow in a moment."))
    if rail == TOKEN:  # the contract has the money when it has recorded it
        paid = (Status.SETTLED, _("Paid with tokens"), _("Send the tokens from your wallet."))
        settled = (Status.SETTLED, _("Settled"), _("The contract holds the tokens in escrow."))
    steps = (
        (Status.PAYING, _("Investment placed"), ""),
        paid,
        settled,
        (Status.CONFIRMED, _("Recorded on chain"), _("The contract records your investment.")),
    )
    return [
        _step(number, at, label, times.get(status), text)
        for number, (status, label, text) in enumerate(steps)
    ]


def label(status: str, received: Received = NOTHING_RECEIVED) -> str:
    """Return the label of a status on the investment's own page, where its money is known."""
    if received.review is not None and received.review.is_open:
        return _("Paid in part") if received.review.is_short else _("Under review")
    if status == Status.PAYING and received.progress is Progress.REPORTED_PAID:
        return _("Being checked")
    if status in WITHOUT_ROOM and received.review is not None:
        return _("Not invested")
    return words(status)


def _reviewed(review: Review) -> dict[str, Any]:
    """Return the step of money that may not go to escrow before staff have decided."""
    if review.is_open and review.is_short:
        label, text = (
            _("The rest"),
            _("Your investment counts when the whole amount has arrived."),
        )
    elif review.is_open:
        label, text = (
            _("Under review"),
            _("The bank has transferred the money. Our staff are checking it."),
        )
    else:
        label, text = _("Reviewed"), _("Our staff have decided. This page updates in a moment.")
    return {"label": label, "at": None, "state": "current", "text": text}


def _ended(status: Status, when: datetime | None, received: Received) -> dict[str, Any]:
    label, text = _why_not_invested(status, received)
    return {"label": label, "at": when, "state": "failed", "text": text}


def _why_not_invested(status: Status, received: Received) -> tuple[str, str]:
    """Return what ended an investment as label and sentence; never "no money" if there was some."""
    if received.is_reversed:
        text = _("The bank took the payment back, so it was not invested. You can try again.")
        return _("Payment taken back"), text
    if received.is_coming_back:
        text = _("Your money is on its way from the bank. It goes to your wallet when it arrives.")
        return _("Investment cancelled"), text
    if received.review is not None and received.review.kind == Kind.WRONG_CURRENCY:
        return _("Not invested"), _("The money we received was in another currency.")
    if received.review is not None and received.review.kind != Kind.LATE:
        return _("Not invested"), _("The money we received was not the amount you chose.")
    if received.is_received:
        text = _("Your reservation had ended when the money arrived.")
        return _("Payment received too late"), text
    if status == Status.CANCELLED:
        return _("Reservation cancelled"), _why_cancelled(received)
    if status == Status.EXPIRED:
        text = _(
            "We did not receive a payment in time. You can try again. "
            "If you have paid, your money is safe: we will review the payment and notify you."
        )
        return _("Reservation expired"), text
    text = _("The payment did not go through. Nothing was charged; you can try again.")
    return _("Payment not completed"), text


def _why_cancelled(received: Received) -> str:
    if received.has_lapsed:
        return _("You did not answer about the changed terms in time. Nothing was charged.")
    return _("You cancelled it before it was paid.")


def _step(index: int, at: int, label: str, when: datetime | None, text: str) -> dict[str, Any]:
    if index < at:
        return {"label": label, "at": when, "state": "done", "text": ""}
    return {"label": label, "at": when, "state": "current" if index == at else "todo", "text": text}
