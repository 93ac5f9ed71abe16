"""The statement of a wallet as a PDF file: opening balance, lines, closing balance."""

from datetime import datetime, timedelta

from crowdfund.adapters import pdf
from crowdfund.kernel import clock, i18n
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _
from crowdfund.kernel.money import fmt
from crowdfund.kernel.statuses import status_text
from crowdfund.ledger import queries, rules
from crowdfund.ledger.queries import Line, Statement
from crowdfund.notifications import receipts

CURRENCY = "ETB"
MOST_LINES = 2_000


def write(account: str, owner: str, since: datetime | None, until: datetime | None) -> bytes:
    """Return the statement of an account from a moment on and before another.

    Raises Invalid if it would be too long.
    """
    now = clock.now()
    found = queries.statement(account, since, until, most=MOST_LINES, currency=CURRENCY)
    if found is None:
        raise Invalid(_("This statement would be too long. Choose a shorter period, or CSV."))
    return pdf.write("statement", _values(found, owner, since, until), written_at=now)


def _values(
    found: Statement, owner: str, since: datetime | None, until: datetime | None
) -> dict[str, object]:
    last = min(until - timedelta(seconds=1), clock.now()) if until else clock.now()
    return {
        "language": i18n.language(),
        "title": _("Wallet statement"),
        "facts": [
            (_("Name"), owner),
            (_("From"), i18n.day(since) if since else _("the beginning")),
            (_("To"), i18n.day(last)),
            (_("Written on"), i18n.moment(clock.now())),
        ],
        "columns": [_("When"), _("What"), _("Other account"), _("Amount"), _("Balance after")],
        "opening": [_("Opening balance"), fmt(found.opening_minor, CURRENCY)],
        "closing": [_("Closing balance"), fmt(found.closing_minor, CURRENCY)],
        "empty": _("There are no postings in this period."),
        "lines": [_cells(line) for line in found.lines],
        "operator": receipts.operator_lines(),
    }


def _cells(line: Line) -> list[str]:
    sign = "+" if line.amount_minor > 0 else "\u2212"
    return [
        i18n.moment(line.at),
        status_text(line.kind),
        rules.account_words(line.counterpart),
        f"{sign}{fmt(abs(line.amount_minor), CURRENCY)}",
        fmt(line.balance_minor, CURRENCY),
    ]
