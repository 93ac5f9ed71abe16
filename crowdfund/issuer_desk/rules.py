"""What a company sees of its investors (docs/adr/0038); pure."""

from collections.abc import Mapping

from crowdfund.campaigns.rules.life import Status
from crowdfund.investments.rows import CountedRow
from crowdfund.investments.rules import IN
from crowdfund.issuer_desk.rows import InvestorLine


def shows_names(campaign_status: str) -> bool:
    """Return whether a company sees names: once it has the money, it has to keep a register."""
    return campaign_status == Status.RELEASED


def is_holder(investment_status: str) -> bool:
    """Return whether an investment makes its investor a holder; money that went back does not."""
    return investment_status in IN


def line(row: CountedRow, number: int, names: Mapping[str, str]) -> InvestorLine:
    """Return what the company sees of an investment; names are by person, empty before the release.

    Nothing in it leads to the person but the name.
    """
    name = names.get(row.user_id, "") if is_holder(row.status) else ""
    facts = (row.amount_minor, row.currency, row.shares, row.status)
    return InvestorLine(number, name, row.settled_at, *facts)
