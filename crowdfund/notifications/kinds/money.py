"""Kinds of notice about what a person paid in."""

from typing import Any

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import Kind

_SAMPLE: dict[str, Any] = {"campaign": "A roastery for Yirga", "amount_minor": 5_000_00, "currency": "ETB"}
_PATH = "/investments/0123456789abcdef0123456789abcdef"
_FOLLOW = _l("Follow your investment")
_WALLET = _l("Open your wallet")

KINDS = {
    "investment.settled": Kind(
        _l("Your investment in %(campaign)s is settled"),
        _l(
            "Your %(amount)s for %(campaign)s (%(shares)s shares) are settled and in the campaign's escrow. The "
            "campaign's contract records them now."
        ),
        "money", {**_SAMPLE, "shares": 50}, action=_FOLLOW, path=_PATH,
    ),
    "investment.recorded": Kind(
        _l("Your investment in %(campaign)s is on chain"),
        _l("The contract of %(campaign)s has recorded your %(amount)s. Anybody can check it there."),
        "money", _SAMPLE, channels=frozenset(), action=_FOLLOW, path=_PATH,
    ),
    "investment.refunded": Kind(
        _l("Your money from %(campaign)s is back"),
        _l("%(campaign)s has ended without your money. The whole amount of %(amount)s is in your wallet."),
        "money", _SAMPLE, action=_WALLET, path="/wallet",
    ),
    "investment.returned": Kind(
        _l("Your money for %(campaign)s is back"),
        _l("Your %(amount)s for %(campaign)s could not be used. The whole amount is in your wallet."),
        "money", _SAMPLE, action=_WALLET, path="/wallet",
    ),
    "investment.unrecorded": Kind(
        _l("Your money for %(campaign)s is back"),
        _l(
            "The contract of %(campaign)s did not record your %(amount)s, so you do not take part with this amount. "
            "All of it is in your wallet."
        ),
        "money", _SAMPLE, action=_WALLET, path="/wallet",
    ),
    "investment.failed": Kind(
        _l("Your payment for %(campaign)s failed"),
        _l("Your %(amount)s for %(campaign)s did not arrive, and nothing was taken from you. You can try again."),
        "money", _SAMPLE, action=_l("Try again"), path=_PATH,
    ),
    "investment.expired": Kind(
        _l("Your payment for %(campaign)s did not arrive"),
        _l(
            "We waited for your %(amount)s for %(campaign)s and let the place go. If you have paid after all, "
            "nothing is lost: it is looked into."
        ),
        "money", _SAMPLE, action=_FOLLOW, path=_PATH,
    ),
    "investment.succeeded": Kind(
        _l("%(campaign)s has succeeded"),
        _l("%(campaign)s, in which you have invested, has reached its threshold. The money is released next."),
        "money", {"campaign": "A roastery for Yirga"}, action=_l("Open your portfolio"), path="/portfolio",
    ),
    "investment.released": Kind(
        _l("%(campaign)s: the money is released"),
        _l("%(campaign)s has the money that you invested, and your shares count from now on."),
        "money", {"campaign": "A roastery for Yirga"}, action=_l("Open your portfolio"), path="/portfolio",
    ),
    "payment.in_question": Kind(
        _l("We look into a payment of yours"),
        _l("A payment of %(amount)s is not as we expected it: %(problem)s. Nothing is lost, and you hear from us."),
        "money", {"amount_minor": 5_000_00, "currency": "ETB", "problem": "too_little"}, action=_l("See the payment"), path="/payments/1",
    ),
    "payment.resolved": Kind(
        _l("Your payment is cleared up"),
        _l("We have looked into your payment of %(amount)s. Result: %(resolution)s."),
        "money", {"amount_minor": 5_000_00, "currency": "ETB", "resolution": "credit"}, action=_l("See the payment"), path="/payments/1",
    ),
}  # fmt: skip
