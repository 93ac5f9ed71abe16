"""Kinds of notice about the security of an account: mandatory, by every verified channel."""

from typing import Any

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import EVERY_CHANNEL, Kind


def _security(title: str, text: str, sample: dict[str, Any], *, path: str = "/account") -> Kind:
    return Kind(
        title,
        text,
        "security",
        sample,
        mandatory=True,
        channels=EVERY_CHANNEL,
        action=_l("Check your account"),
        path=path,
    )


KINDS = {
    "security.new_device": _security(
        _l("New sign-in to your account"),
        _l(
            "Someone signed in at %(at)s with %(device)s. If it was not you, end that session and "
            "change how you sign in."
        ),
        {"at": "2026-11-21T08:00:00+00:00", "device": "Firefox, Linux"},
        path="/account/sessions",
    ),
    "security.second_factor_added": _security(
        _l("Second factor added"),
        _l(
            "Your account now asks for a second factor: %(what)s. If you did not do this, contact "
            "us immediately."
        ),
        {"what": "totp"},
    ),
    "security.second_factor_removed": _security(
        _l("Second factor removed"),
        _l(
            "A second factor was removed from your account: %(what)s. If you did not do this, "
            "contact us immediately."
        ),
        {"what": "passkey"},
    ),
    "security.second_factor_reset": _security(
        _l("Your second factor was reset"),
        _l(
            "Our staff removed all second factors from your account because you had lost them. If "
            "you did not ask for this, contact us immediately."
        ),
        {},
    ),
    "security.recovery_code_used": _security(
        _l("A recovery code was used"),
        _l(
            "Someone signed in with one of your recovery codes. You have %(left)s left. Make new "
            "ones soon."
        ),
        {"left": 7},
    ),
    "security.recovery_codes_made": _security(
        _l("New recovery codes"),
        _l("New recovery codes were made for your account. The old ones no longer work."),
        {},
    ),
    "security.method_added": _security(
        _l("New way to sign in"),
        _l(
            "A way to sign in was added to your account: %(what)s. If you did not do this, contact "
            "us immediately."
        ),
        {"what": "wallet"},
    ),
    "security.change_requested": _security(
        _l("Change requested: %(what)s"),
        _l(
            "Someone asked to change this in your account: %(what)s %(value)s. It takes effect on "
            "%(applies_at)s. If it was not you, cancel it before then."
        ),
        {"what": "payout_account", "value": "••••4711", "applies_at": "2026-11-22T08:00:00+00:00"},
    ),
    "security.change_applied": _security(
        _l("Changed: %(what)s"),
        _l(
            "This was changed in your account: %(what)s %(value)s. If you did not ask for it, "
            "contact us immediately."
        ),
        {"what": "phone", "value": "+251•••••67"},
    ),
    "security.change_cancelled": _security(
        _l("Change cancelled: %(what)s"),
        _l("The change was cancelled. Your account has not changed: %(what)s %(value)s."),
        {"what": "email", "value": "a•••@example.com"},
    ),
    "security.change_failed": _security(
        _l("A change could not be made: %(what)s"),
        _l(
            "The change you asked for could not be made. Your account has not changed: %(what)s "
            "%(value)s."
        ),
        {"what": "wallet", "value": "0x5FbD…0aa3", "reason": "Another account uses this wallet."},
    ),
    "security.sessions_ended": _security(
        _l("You were signed out everywhere"),
        _l("All other sessions of your account were ended."),
        {},
        path="/account/sessions",
    ),
    "security.api_token_reused": _security(
        _l("An API token was used twice"),
        _l(
            "One of your refresh tokens was used a second time, so someone else may have it. We "
            "have revoked all tokens of that program. Sign in with it again."
        ),
        {},
        path="/account/sessions",
    ),
    "security.roles_changed": _security(
        _l("Your staff roles have changed"),
        _l("Your roles are now: %(roles)s."),
        {"roles": "finance, regulator"},
    ),
    "security.account_disabled": _security(
        _l("Your account was closed"),
        _l(
            "You can no longer sign in to your account. Your money stays yours: contact us to "
            "withdraw it."
        ),
        {"reason": "The number was reported as stolen."},
    ),
    "security.account_enabled": _security(
        _l("Your account is open again"), _l("You can sign in to your account again."), {}
    ),
}
