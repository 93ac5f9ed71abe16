"""What someone confirms when a company's file is handed in; the text is stored by its hash."""

import hashlib
from collections.abc import Mapping

from crowdfund.kernel import i18n
from crowdfund.kernel.i18n import _l

STATEMENTS: Mapping[str, str] = {
    "authority": _l("I am allowed to act for this company."),
    "truth": _l("Everything above is true and complete, and the documents are genuine."),
    "owners": _l("Everybody who owns or controls 25 % or more of the company is named above."),
    "clean": _l(
        "No officer or owner is bankrupt, convicted of fraud or money laundering, or on a "
        "sanctions list."
    ),
    "updates": _l("I will tell the platform about any change within 14 days."),
}

# What the page says at a box that is not ticked.
MISSING: Mapping[str, str] = {
    "authority": _l("Confirm that you may act for this company."),
    "truth": _l("Confirm that everything is true and the documents are genuine."),
    "owners": _l("Confirm that all owners of 25 % or more are named."),
    "clean": _l("Confirm that no officer or owner is bankrupt, convicted or sanctioned."),
    "updates": _l("Confirm that you will tell us about changes within 14 days."),
}


def text_of(code: str) -> str:
    """Return a statement in English, the binding text in every language; its hash is stored."""
    with i18n.using("en"):
        return str(STATEMENTS[code])


def text_hash(code: str) -> str:
    """Return the sha256 of a statement's English text."""
    return hashlib.sha256(text_of(code).encode()).hexdigest()
