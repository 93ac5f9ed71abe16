"""Whether a person's verification allows to invest; pure."""

from datetime import date, timedelta

from crowdfund.kernel.i18n import _

REMIND_BEFORE = timedelta(days=30)


def is_lapsed(expires_on: date | None, today: date) -> bool:
    """Return whether a verification has expired; it is valid on its last day."""
    return expires_on is not None and expires_on < today


def is_ending(expires_on: date | None, today: date) -> bool:
    """Return whether a valid verification expires within 30 days."""
    return expires_on is not None and today <= expires_on <= today + REMIND_BEFORE


def refusal(
    status: str, level: str, expires_on: date | None, today: date, *, is_sent: bool = True
) -> str | None:
    """Return in a sentence why a person may not invest, or None.

    `is_sent` says that a request waits for its review; else the person has to send something.

    Only for new money: refunds and payouts to a verified account do not depend on it (rules.md,
    KYC).
    """
    if status == "verified" and level != "none" and not is_lapsed(expires_on, today):
        return None
    if status == "pending" and not is_sent:
        return _(
            "Something is missing in your verification. Complete it and send it again; then we "
            "check it and you can invest."
        )
    return {
        "none": _("Verify your identity first: it takes a few minutes."),
        "pending": _(
            "We are checking your identity. "
            "You can invest as soon as that is done; we will notify you."
        ),
        "rejected": _("We could not verify your identity. Read why, correct it and send it again."),
    }.get(status) or _(
        "Your verification has expired. Renew it to invest again. The money you have here "
        "stays yours and can be paid out."
    )
