"""Kinds of notice about the verification of a person."""

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import Kind

KINDS = {
    "verification.approved": Kind(
        _l("You are verified"),
        _l("Your details are checked. You can invest now."),
        "identity", {}, action=_l("See campaigns"), path="/campaigns",
    ),
    "verification.rejected": Kind(
        _l("We could not verify you"),
        _l("We could not verify you with what you sent. Read why, put it right, and send it again."),
        "identity", {"reason": "The photo of your passport is cut off at the left."},
        action=_l("Correct your details"), path="/account",
    ),
    "payout_account.verified": Kind(
        _l("Your payout account is verified"),
        _l("Money can be paid out to you from now on, to this account: %(value)s."),
        "identity", {"value": "ET •••• 4711"}, action=_l("See your payout account"),
        path="/account/payout-account",
    ),
    "payout_account.rejected": Kind(
        _l("We could not verify your payout account"),
        _l("Nothing can be paid out to this account: %(value)s. Read why, and give another one."),
        "identity", {"value": "ET •••• 4711", "reason": "The account is not in your name."},
        action=_l("Give another account"), path="/account/payout-account",
    ),
    "verification.enhanced": Kind(
        _l("You are verified at the enhanced level"),
        _l("Two colleagues have checked your documents. You have the enhanced level now."),
        "identity", {}, action=_l("See your verification"), path="/account/verification",
    ),
    "verification.level_refused": Kind(
        _l("The enhanced level was not given"),
        _l("You stay verified as you are. Read what has to be put right for the enhanced level."),
        "identity", {"reason": "The bank statement does not show your name."},
        action=_l("Correct your documents"), path="/account/verification",
    ),
    "verification.rechecking": Kind(
        _l("We check your identity again"),
        _l(
            "Something that we had verified has changed. Until it is checked you cannot make new investments; "
            "the money that you have here is not touched by this."
        ),
        "identity", {}, action=_l("See your verification"), path="/account/verification",
    ),
    "verification.expiring": Kind(
        _l("Your verification runs out soon"),
        _l("Your verification is valid until %(expires_on)s. Renew it before then to go on investing."),
        "identity", {"expires_on": "2026-12-21"}, action=_l("Renew it"), path="/account",
    ),
    "verification.expired": Kind(
        _l("Your verification has run out"),
        _l("You cannot invest until you renew it. The money that you have here stays yours and can be paid out."),
        "identity", {}, action=_l("Renew it"), path="/account",
    ),
    "nominee.verified": Kind(
        _l("Nominee verified: %(nominee)s"),
        _l("We have checked the details of your nominee %(nominee)s."),
        "identity", {"nominee": "Almaz Tadesse"}, path="/account",
    ),
    "nominee.rejected": Kind(
        _l("Nominee not verified: %(nominee)s"),
        _l("We could not verify your nominee %(nominee)s. Read why and put it right."),
        "identity", {"nominee": "Almaz Tadesse", "reason": "The ID proof cannot be read."},
        action=_l("Correct the details"), path="/account",
    ),
}  # fmt: skip
