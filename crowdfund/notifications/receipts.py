"""The receipt of a notice as a PDF file: the same rows as in its e-mail, and on the page."""

from datetime import datetime
from typing import Any

from crowdfund.adapters import pdf
from crowdfund.kernel import config, i18n
from crowdfund.kernel.i18n import _
from crowdfund.notifications import rendering


def file_name(number: str) -> str:
    """Return the name under which people store a receipt."""
    return f"crowdfund-receipt-{number}.pdf"


def write(kind: str, context: dict[str, Any], *, path: str) -> bytes:
    """Return the receipt of a kind with its context, in the current language.

    `settled_at` of the context is the time of the file, so the same receipt is the same bytes.
    Raises KeyError without amount, payer or settled_at.
    """
    settings = config.settings()
    operator, shown = settings.operator, rendering.values(context)
    values = {
        "language": i18n.language(),
        "title": _("Receipt"),
        "summary": _(
            "%(operator)s has received %(amount)s from %(name)s.",
            operator=operator.name,
            amount=shown["amount"],
            name=shown["payer"],
        ),
        "rows": rendering.facts(kind, context),
        "operator": operator_lines(),
        "check": {
            "text": _("Follow the money in your account:"),
            "url": f"{settings.public_url}{path}",
        },
        "notes": [_("Investing is risky: you may lose all the money that you invest.")],
    }
    written_at = datetime.fromisoformat(str(context["settled_at"]))
    return pdf.write("receipt", values, written_at=written_at)


def operator_lines() -> list[str]:
    """Return who runs the platform, line by line, as the head of a document shows it."""
    operator = config.settings().operator
    sender = (operator.name, operator.address, operator.email, operator.phone)
    number = operator.registration
    registration = [f"{_('Registration number')}: {number}"] if number else []
    return [*filter(None, sender), *registration]
