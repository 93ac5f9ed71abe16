"""Kinds of notice about the verification of a person."""

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import Kind

KINDS = {
    "verification.approved": Kind(
        _l("You are verified"),
        _l("We have verified your identity. You can invest now."),
        "identity",
        {},
        action=_l("See campaigns"),
        path="/campaigns",
    ),
    "verification.rejected": Kind(
        _l("We could not verify you"),
        _l(
            "We could not verify you with what you sent. Read the reason, correct it and send it "
            "again."
        ),
        "identity",
        {"reason": "The photo of your passport is cut off at the left."},
        action=_l("Correct your details"),
        path="/account",
    ),
    "payout_account.verified": Kind(
        _l("Your payout account is verified"),
        _l("You can now withdraw money to this account: %(value)s."),
        "identity",
        {"value": "ET •••• 4711"},
        action=_l("See your payout account"),
        path="/account/payout-account",
    ),
    "payout_account.rejected": Kind(
        _l("We could not verify your payout account"),
        _l(
            "You cannot withdraw money to this account: %(value)s. Read the reason and add another "
            "one."
        ),
        "identity",
        {"value": "ET •••• 4711", "reason": "The account is not in your name."},
        action=_l("Add another account"),
        path="/account/payout-account",
    ),
    "verification.enhanced": Kind(
        _l("You are verified at the enhanced level"),
        _l("Two of our staff have reviewed your documents. You now have the enhanced level."),
        "identity",
        {},
        action=_l("See your verification"),
        path="/account/verification",
    ),
    "verification.level_refused": Kind(
        _l("The enhanced level was not approved"),
        _l(
            "Your current verification stays valid. Read what needs to be corrected for the "
            "enhanced level."
        ),
        "identity",
        {"reason": "The bank statement does not show your name."},
        action=_l("Correct your documents"),
        path="/account/verification",
    ),
    "verification.renewal_refused": Kind(
        _l("Your new document was not accepted"),
        _l(
            "You stay verified as before. Read what needs to be corrected and send the document "
            "again."
        ),
        "identity",
        {"reason": "The photo of your new passport is cut off at the left."},
        action=_l("Correct your documents"),
        path="/account/verification",
    ),
    "verification.rechecking": Kind(
        _l("We are reviewing your identity again"),
        _l(
            "Something that we had verified has changed. You cannot make new investments until we "
            "have reviewed it. The money you have here is not affected."
        ),
        "identity",
        {},
        action=_l("See your verification"),
        path="/account/verification",
    ),
    "verification.expiring": Kind(
        _l("Your verification expires soon"),
        _l(
            "Your verification is valid until %(expires_on)s. Renew it before then to continue "
            "investing."
        ),
        "identity",
        {"expires_on": "2026-12-21"},
        action=_l("Renew it"),
        path="/account",
    ),
    "verification.expired": Kind(
        _l("Your verification has expired"),
        _l(
            "You cannot invest until you renew it. The money you have here stays yours and you can "
            "withdraw it."
        ),
        "identity",
        {},
        action=_l("Renew it"),
        path="/account",
    ),
    "nominee.verified": Kind(
        _l("Nominee verified: %(nominee)s"),
        _l("We have verified the details of your nominee %(nominee)s."),
        "identity",
        {"nominee": "Almaz Tadesse"},
        path="/account",
    ),
    "nominee.rejected": Kind(
        _l("Nominee not verified: %(nominee)s"),
        _l("We could not verify your nominee %(nominee)s. Read the reason and correct it."),
        "identity",
        {"nominee": "Almaz Tadesse", "reason": "The ID proof cannot be read."},
        action=_l("Correct the details"),
        path="/account",
    ),
}
