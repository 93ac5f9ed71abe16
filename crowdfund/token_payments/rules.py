"""Quotes, and what can go wrong between a wallet and a contract, in words; pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from crowdfund.kernel.errors import Conflict, Invalid
from crowdfund.kernel.i18n import _l
from crowdfund.token_payments.rows import OrderRow, RateRow

# A quote locks rate and amounts for so long; the admission ends in the same second.
LOCKED_FOR = timedelta(minutes=15)
# For so long after the last second a block that took the transaction may still be on its way to us.
MARGIN = timedelta(minutes=10)


class NotCountable(Conflict):
    """The contract counts another currency than this token's."""

    code = "not_countable"


class OrderEnded(Conflict):
    """The quote has ended, or it was paid."""

    code = "order_ended"


class WalletNotLinked(Invalid):
    """The wallet does not belong to this account."""

    code = "wallet_not_linked"


class WalletFixed(Conflict):
    """Another wallet was chosen for this payment before."""

    code = "wallet_fixed"


class PermitRefused(Invalid):
    """The signature is no permit of this wallet."""

    code = "permit_refused"


class UnderWay(Conflict):
    """A transaction may be on its way, so the place cannot be given up yet."""

    code = "under_way"


def token_minor(amount_minor: int, rate: RateRow) -> int:
    """Return the hundredths of a token to be paid for an amount, rounded up.

    So what is credited is never worth more than what came in.
    """
    return -(-amount_minor * rate.denominator // rate.numerator)


def is_parity(rate: RateRow) -> bool:
    """Return whether a token counts one to one, as a contract of that currency adds it up."""
    return rate.numerator == rate.denominator


def valid_until(now: datetime, ends_at: datetime) -> datetime:
    """Return the last second of a quote: never after the deadline of what is paid for."""
    return min(now + LOCKED_FOR, ends_at).replace(microsecond=0)


def expires_at(order_until: datetime, *, is_admitted: bool) -> datetime:
    """Return when an unpaid quote ends: with an admission, blocks may still be on their way."""
    return order_until + MARGIN if is_admitted else order_until


def rate_words(rate: RateRow) -> str:
    """Return a rate as text: how much of the currency one token is, with up to 6 decimals."""
    whole, rest = divmod(rate.numerator * 1_000_000 // rate.denominator, 1_000_000)
    decimals = f"{rest:06d}".rstrip("0")
    return f"{whole}.{decimals}" if decimals else str(whole)


def is_over(order: OrderRow, now: datetime) -> bool:
    """Return whether the last second of a quote has passed."""
    return now > order.valid_until


@dataclass(frozen=True, slots=True)
class Problem:
    """A page about what went wrong: title, what happened, what to do."""

    title: str
    text: str
    advice: str
    status: int = 200


_NOTHING = _l("No money has moved.")
PROBLEMS: Mapping[str, Problem] = {
    "no-wallet": Problem(
        _l("No wallet was found"),
        _l("This browser has no wallet that we can ask."),
        _l(
            "Install one, such as MetaMask or Rabby, or open this page in the browser of your "
            "wallet."
        ),
    ),
    "locked": Problem(
        _l("Your wallet is locked"),
        _l("Your wallet did not give us access, or an earlier request is still open in it."),
        _l("Open the wallet, unlock it and answer what it asks. Then try again."),
    ),
    "refused": Problem(
        _l("You declined in your wallet"),
        _NOTHING,
        _l("Your place stays reserved until the time below. You can try again."),
    ),
    "wrong-network": Problem(
        _l("Your wallet is on another network"),
        _l("The campaign's contract is on the network that is named below."),
        _l("Choose that network in your wallet, then try again."),
    ),
    "wrong-token": Problem(
        _l("The token does not fit"),
        _l("Your wallet or the contract names another token than the one that this payment needs."),
        _l("Pay in another way, or write to us. Send no tokens to the contract by hand."),
    ),
    "too-little": Problem(
        _l("Your wallet holds too few tokens"),
        _l("The balance of the token in this wallet is lower than the amount."),
        _l(
            "Put more tokens into the wallet, or wait until this reservation ends and choose a "
            "smaller amount."
        ),
    ),
    "too-late": Problem(
        _l("The time for this payment is over"),
        _l(
            "The quote has ended, or the campaign has closed. The contract takes no money for it "
            "now."
        ),
        _l("If you sent a transaction in time, this page will show it. If not, begin again."),
    ),
    "wrong-account": Problem(
        _l("This wallet is not connected to your account"),
        _l("Only a wallet that you have proved to be yours can pay here."),
        _l("Connect the wallet below, or choose another account in it."),
    ),
    "permit-refused": Problem(
        _l("The token does not accept this permission"),
        _l("The signed permission is not from this wallet, has ended, or was used before."),
        _l("Try again and sign the new one."),
    ),
    "reverted": Problem(
        _l("The contract would refuse this payment"),
        _l("We asked the contract before anything was sent."),
        _l("Nothing was sent. Read the reason, then try again or choose another way to pay."),
    ),
    "no-answer": Problem(
        _l("Your wallet has not answered"),
        _l("The window of the wallet was closed, or it is still waiting for you."),
        _l("If you confirmed the payment, this page will show it. If not, try again."),
    ),
    "offline": Problem(
        _l("We cannot reach the server"),
        _l("The connection broke off. A transaction that your wallet has sent goes on without us."),
        _l("Load the page again: it shows what the contract has received."),
    ),
    "failed": Problem(
        _l("Your wallet reported an error"),
        _l("The wallet could not do what we asked."),
        _l("Open the wallet and look there, then try again."),
    ),
}
# Refusals of contract and token that have a page of their own.
PAGE_OF: Mapping[str, str] = {
    "AdmissionExpired": "too-late",
    "DeadlinePassed": "too-late",
    "WrongStatus": "too-late",
    "ERC20InsufficientBalance": "too-little",
    "ERC2612ExpiredSignature": "permit-refused",
    "ERC2612InvalidSigner": "permit-refused",
    "AmountNotReceived": "wrong-token",
}
# The errors of contract and token by name, in words; what is not here is shown by its name.
REASONS: Mapping[str, str] = {
    "AdmissionExpired": _l("The time for this payment is over."),
    "DeadlinePassed": _l("The deadline of the campaign has passed."),
    "WrongStatus": _l("The campaign has ended or was closed."),
    "AboveGoal": _l("The whole goal is taken."),
    "AboveMaximum": _l("This wallet would hold more than the campaign allows for one investor."),
    "BelowMinimum": _l(
        "The amount is below the campaign's minimum for one wallet. Money that you paid in another "
        "way does not count there."
    ),
    "NotAdmitted": _l("The permission is for another wallet or another amount."),
    "NotGranular": _l("The amount is not a whole number of hundredths."),
    "AdmissionUsed": _l(
        "This permission was used, or another payment from this wallet came first. Begin again."
    ),
    "AmountNotReceived": _l("The token delivers another amount than was sent."),
    "EnforcedPause": _l("The platform takes no new money on chain at the moment."),
    "ERC20InsufficientBalance": _l("This wallet holds too few tokens."),
    "ERC20InsufficientAllowance": _l("The contract has no permission to take the tokens."),
    "ERC2612ExpiredSignature": _l("The signed permission has ended."),
    "ERC2612InvalidSigner": _l(
        "The signed permission is not from this wallet, or was used before."
    ),
}
