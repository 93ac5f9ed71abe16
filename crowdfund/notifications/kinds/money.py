"""Kinds of notice about what a person paid in."""

from typing import Any

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import EVERY_CHANNEL, Kind

_SAMPLE: dict[str, Any] = {
    "campaign": "A roastery for Yirga",
    "amount_minor": 5_000_00,
    "currency": "ETB",
}
_PAYOUT: dict[str, Any] = {
    "amount_minor": 5_000_00,
    "currency": "ETB",
    "account": "ET •••• 4711",
}
_PATH = "/investments/0123456789abcdef0123456789abcdef"
_FOLLOW = _l("Follow your investment")
_REFUND = _l("Choose where the money goes")
_ASKED: dict[str, Any] = {**_SAMPLE, "until_at": "2026-12-21T08:00:00+00:00"}
_ANSWER = _l("Read what has changed")
_NEW_TERMS = f"{_PATH}/new-terms"
_WALLET = _l("Open your wallet")
_WITHDRAWAL = _l("See the withdrawal")
_REFUND_PATH = "/wallet/refunds/0123456789abcdef0123456789abcdef"
_WITHDRAWALS = "/wallet/withdrawals/0123456789abcdef0123456789abcdef"

_RECEIPT: dict[str, Any] = {
    **_SAMPLE,
    "shares": 50,
    "company": "Yirga Coffee",
    "settled_at": "2026-06-15T08:30:00+00:00",
    "payer": "Selamawit Bekele",
    "receipt": "0123456789abcdef0123456789abcdef",
}
_RECEIPT_FACTS = (
    (_l("Campaign"), "campaign"),
    (_l("Company"), "company"),
    (_l("Amount"), "amount"),
    (_l("Shares"), "shares"),
    (_l("Notes"), "notes"),
    (_l("Units"), "units"),
    (_l("Received"), "settled_at"),
    (_l("Paid by"), "payer"),
    (_l("Returned"), "returned_at"),
    (_l("Receipt number"), "receipt"),
)

KINDS = {
    "investment.settled": Kind(
        _l("Your investment in %(campaign)s is settled"),
        _l(
            "Your %(amount)s for %(campaign)s is settled and held in the "
            "campaign's escrow. It is now being recorded on chain."
        ),
        "money",
        _RECEIPT,
        action=_FOLLOW,
        path=_PATH,
        facts=_RECEIPT_FACTS,
        is_receipt=True,
    ),
    "investment.settled_tokens": Kind(
        _l("Your tokens for %(campaign)s have arrived"),
        _l(
            "You paid %(amount)s for %(campaign)s with tokens. The campaign's contract holds them and "
            "has recorded your investment on chain."
        ),
        "money",
        _RECEIPT,
        action=_FOLLOW,
        path=_PATH,
        facts=_RECEIPT_FACTS,
        is_receipt=True,
    ),
    "investment.recorded": Kind(
        _l("Your investment in %(campaign)s is on chain"),
        _l("The contract of %(campaign)s has recorded your %(amount)s. Anyone can check it there."),
        "money",
        _SAMPLE,
        channels=frozenset(),
        action=_FOLLOW,
        path=_PATH,
    ),
    "investment.refunded": Kind(
        _l("Your money from %(campaign)s is back"),
        _l(
            "%(campaign)s has ended and your investment was refunded. "
            "The full amount of %(amount)s is in your wallet."
        ),
        "money",
        _SAMPLE,
        action=_REFUND,
        path="/wallet/refunds",
    ),
    "investment.refunded_tokens": Kind(
        _l("Your tokens from %(campaign)s are back"),
        _l(
            "%(campaign)s has ended and your investment was refunded. The contract paid all tokens "
            "worth %(amount)s back to the wallet %(wallet)s."
        ),
        "money",
        {**_SAMPLE, "wallet": "0x5FbDB2315678afecb367f032d93F642f64180aa3"},
        action=_FOLLOW,
        path=_PATH,
    ),
    "investment.returned": Kind(
        _l("Your money for %(campaign)s is back"),
        _l(
            "Your %(amount)s for %(campaign)s could not be invested. The full amount is in your "
            "wallet."
        ),
        "money",
        _SAMPLE,
        action=_REFUND,
        path="/wallet/refunds",
    ),
    "investment.unrecorded": Kind(
        _l("Your money for %(campaign)s is back"),
        _l(
            "The contract of %(campaign)s did not record your %(amount)s, so it was not invested. "
            "The full amount is in your wallet."
        ),
        "money",
        _SAMPLE,
        action=_REFUND,
        path="/wallet/refunds",
    ),
    "investment.cancelled": Kind(
        _l("You cancelled your investment in %(campaign)s"),
        _l(
            "Your %(amount)s for %(campaign)s is on its way from the bank. It goes to your wallet "
            "when it arrives, and from there you can withdraw it."
        ),
        "money",
        _SAMPLE,
        action=_FOLLOW,
        path=_PATH,
    ),
    "investment.taken_back": Kind(
        _l("Your cancelled investment in %(campaign)s is in your wallet"),
        _l(
            "You cancelled your investment in %(campaign)s. The full amount of %(amount)s is in "
            "your wallet, and you can withdraw it."
        ),
        "money",
        _SAMPLE,
        action=_REFUND,
        path="/wallet/refunds",
    ),
    "investment.cancelled_tokens": Kind(
        _l("Your tokens from %(campaign)s are back"),
        _l(
            "Your investment in %(campaign)s is cancelled. The contract paid all tokens worth "
            "%(amount)s back to the wallet %(wallet)s."
        ),
        "money",
        {**_SAMPLE, "wallet": "0x5FbDB2315678afecb367f032d93F642f64180aa3"},
        action=_FOLLOW,
        path=_PATH,
    ),
    "investment.not_cancelled": Kind(
        _l("Your investment in %(campaign)s was not cancelled"),
        _l(
            "The contract did not cancel your investment of %(amount)s in %(campaign)s, so it "
            "stays as it was. You can try again while the campaign allows it."
        ),
        "money",
        _SAMPLE,
        action=_FOLLOW,
        path=_PATH,
    ),
    "investment.terms_changed": Kind(
        _l("%(campaign)s: the terms have changed. Please answer"),
        _l(
            "The company has changed the terms on which you invested %(amount)s. Read what has "
            "changed. Then keep your investment, or take your money back. If you do not answer by "
            "%(until_at)s, your investment is cancelled and the money is returned to your wallet."
        ),
        "money",
        _ASKED,
        action=_ANSWER,
        path=_NEW_TERMS,
    ),
    "investment.terms_reminder": Kind(
        _l("%(campaign)s: one day left to answer about the changed terms"),
        _l(
            "You have not answered yet whether you keep your investment of %(amount)s on the "
            "changed terms. If you do not answer by %(until_at)s, it is cancelled and the money is "
            "returned to your wallet."
        ),
        "money",
        _ASKED,
        action=_ANSWER,
        path=_NEW_TERMS,
    ),
    "investment.kept": Kind(
        _l("You keep your investment in %(campaign)s"),
        _l("You keep your investment of %(amount)s on version %(version)s of the terms."),
        "money",
        {**_SAMPLE, "version": 2},
        channels=frozenset(),
        action=_FOLLOW,
        path=_PATH,
    ),
    "investment.lapsed": Kind(
        _l("Your investment in %(campaign)s was cancelled"),
        _l(
            "You did not answer about the changed terms of %(campaign)s in time. Your %(amount)s is "
            "on its way from the bank. It goes to your wallet when it arrives, and from there you "
            "can withdraw it."
        ),
        "money",
        _SAMPLE,
        action=_FOLLOW,
        path=_PATH,
    ),
    "investment.not_reconfirmed": Kind(
        _l("Your money from %(campaign)s is back"),
        _l(
            "You did not answer about the changed terms of %(campaign)s in time, so your investment "
            "was cancelled. The full amount of %(amount)s is in your wallet, and you can withdraw "
            "it."
        ),
        "money",
        _SAMPLE,
        action=_WALLET,
        path="/wallet",
    ),
    "investment.reservation_lapsed": Kind(
        _l("Your reservation in %(campaign)s has ended"),
        _l(
            "You did not answer about the changed terms of %(campaign)s in time, so your unpaid "
            "reservation of %(amount)s was cancelled. Nothing was charged. You can invest again."
        ),
        "money",
        _SAMPLE,
        action=_FOLLOW,
        path=_PATH,
    ),
    "investment.failed": Kind(
        _l("Your payment for %(campaign)s did not go through"),
        _l(
            "We did not receive your %(amount)s for %(campaign)s, and nothing was charged. "
            "You can try again."
        ),
        "money",
        _SAMPLE,
        action=_l("Try again"),
        path=_PATH,
    ),
    "investment.expired": Kind(
        _l("Your reservation in %(campaign)s has expired"),
        _l(
            "We did not receive your %(amount)s for %(campaign)s in time, so your reservation has "
            "expired. If you have paid, your money is safe: we will review the payment and notify "
            "you."
        ),
        "money",
        _SAMPLE,
        action=_FOLLOW,
        path=_PATH,
    ),
    "investment.reversed": Kind(
        _l("The bank took back your payment for %(campaign)s"),
        _l(
            "The bank took your %(amount)s for %(campaign)s back before it reached us, so it was "
            "not invested. You can try again."
        ),
        "money",
        _SAMPLE,
        action=_l("Try again"),
        path=_PATH,
    ),
    "investment.not_invested": Kind(
        _l("Your payment for %(campaign)s was not invested"),
        _l(
            "We received %(received)s for %(campaign)s instead of %(amount)s, so it was not "
            "invested. Our decision: %(resolution)s. You can invest again."
        ),
        "money",
        {**_SAMPLE, "received_minor": 5_500_00, "received_currency": "ETB", "resolution": "return"},
        action=_FOLLOW,
        path=_PATH,
    ),
    "investment.succeeded": Kind(
        _l("%(campaign)s has succeeded"),
        _l(
            "%(campaign)s, in which you have invested, has reached its threshold. The money will "
            "now be released to the company."
        ),
        "money",
        {"campaign": "A roastery for Yirga"},
        action=_l("Open your portfolio"),
        path="/portfolio",
    ),
    "investment.released": Kind(
        _l("%(campaign)s: the money is released"),
        _l("%(campaign)s has received your investment. It is in force from now on."),
        "money",
        {"campaign": "A roastery for Yirga"},
        action=_l("Open your portfolio"),
        path="/portfolio",
    ),
    "payment.short": Kind(
        _l("Part of your payment is missing"),
        _l(
            "We received %(amount)s of %(asked)s. Your money is safe. Pay the remaining %(missing)s "
            "by %(until_at)s. Otherwise our staff will decide what happens with it."
        ),
        "money",
        {
            "amount_minor": 3_000_00,
            "asked_minor": 5_000_00,
            "missing_minor": 2_000_00,
            "currency": "ETB",
            "until_at": "2026-12-21T08:00:00+00:00",
        },
        action=_l("Pay the rest"),
        path="/payments/1",
    ),
    "payment.in_question": Kind(
        _l("Your payment is under review"),
        _l(
            "We received %(amount)s from you, which is not as we expected: %(problem)s. Your money "
            "is safe. We will notify you of our decision, usually within one working day."
        ),
        "money",
        {"amount_minor": 5_000_00, "currency": "ETB", "problem": "too_little"},
        action=_l("See the payment"),
        path="/payments/1",
    ),
    "payment.resolved": Kind(
        _l("Your payment has been resolved"),
        _l("We have reviewed your payment of %(amount)s. Result: %(resolution)s."),
        "money",
        {"amount_minor": 5_000_00, "currency": "ETB", "resolution": "credit"},
        action=_l("See the payment"),
        path="/payments/1",
    ),
    "payment.returned": Kind(
        _l("Your payment of %(amount)s was returned"),
        _l("The bank has sent %(amount)s back to the account that paid."),
        "money",
        {"amount_minor": 5_000_00, "currency": "ETB"},
        action=_l("See the payment"),
        path="/payments/1",
    ),
    "payment.not_returned": Kind(
        _l("Your payment of %(amount)s could not be returned"),
        _l(
            "The bank could not send %(amount)s back to the account that paid. Your money is safe. "
            "We will decide again and notify you, usually within one working day."
        ),
        "money",
        {"amount_minor": 5_000_00, "currency": "ETB"},
        action=_l("See the payment"),
        path="/payments/1",
    ),
    "payout.requested": Kind(
        _l("You requested a withdrawal of %(amount)s"),
        _l(
            "%(amount)s will be paid from your wallet to your account %(account)s. If you did not "
            "request this, contact us at once."
        ),
        "security",
        _PAYOUT,
        mandatory=True,
        channels=EVERY_CHANNEL,
        action=_WITHDRAWAL,
        path=_WITHDRAWALS,
    ),
    "payout.paid": Kind(
        _l("Your withdrawal of %(amount)s is paid"),
        _l("%(amount)s was paid from your wallet to your account %(account)s."),
        "security",
        _PAYOUT,
        mandatory=True,
        channels=EVERY_CHANNEL,
        action=_WITHDRAWAL,
        path=_WITHDRAWALS,
    ),
    "payout.failed": Kind(
        _l("Your withdrawal of %(amount)s failed"),
        _l(
            "The bank could not transfer %(amount)s to your account %(account)s. The full amount "
            "is back in your wallet. Check your payout account, then try again."
        ),
        "money",
        _PAYOUT,
        action=_WITHDRAWAL,
        path=_WITHDRAWALS,
    ),
    "refund.reminder": Kind(
        _l("Your refund of %(amount)s is still in your wallet"),
        _l(
            "%(amount)s that we returned to you on %(credited_on)s is still in your wallet. You can "
            "send it back to the account that paid, withdraw it, or keep it here. It stays yours; "
            "there is no deadline."
        ),
        "money",
        {"amount_minor": 5_000_00, "currency": "ETB", "credited_on": "2026-11-22"},
        action=_REFUND,
        path=_REFUND_PATH,
    ),
    "refund.paid": Kind(
        _l("Your refund of %(amount)s was sent back"),
        _l("%(amount)s was sent from your wallet back to the account that paid."),
        "money",
        {"amount_minor": 5_000_00, "currency": "ETB"},
        action=_l("See the refund"),
        path=_WITHDRAWALS,
    ),
    "refund.failed": Kind(
        _l("Your refund of %(amount)s could not be sent back"),
        _l(
            "The bank could not send %(amount)s back to the account that paid. The full amount is in "
            "your wallet. You can withdraw it to your own account, or try again."
        ),
        "money",
        {"amount_minor": 5_000_00, "currency": "ETB"},
        action=_REFUND,
        path=_REFUND_PATH,
    ),
    "payout.rejected": Kind(
        _l("Your withdrawal of %(amount)s was rejected"),
        _l(
            "We did not approve the withdrawal of %(amount)s to your account %(account)s. The full "
            "amount is back in your wallet. Read the reason."
        ),
        "money",
        {**_PAYOUT, "reason": "Please confirm by phone that this is your account."},
        action=_WITHDRAWAL,
        path=_WITHDRAWALS,
    ),
    "payout.stopped": Kind(
        _l("Your withdrawal of %(amount)s was stopped"),
        _l(
            "We did not send %(amount)s to your account %(account)s. The full amount is back in your "
            "wallet. Read the reason."
        ),
        "money",
        _PAYOUT,
        action=_WITHDRAWAL,
        path=_WITHDRAWALS,
    ),
}
