"""The blueprint of investments, and what its pages share."""

from flask import Blueprint, url_for

from crowdfund.campaigns.rules import offers
from crowdfund.investments.rows import InvestmentRow
from crowdfund.investments.service import reservations
from crowdfund.payments.service import purposes

bp = Blueprint("investments", __name__)


def status_url(investment_id: str) -> str:
    """Return the address of the page of an investment."""
    return url_for("investments.show", investment_id=investment_id)


def units_of(investment: InvestmentRow) -> str:
    """Return in words what an investment buys, as a number of shares."""
    return offers.units(investment.security_type or "", investment.shares)


purposes.register_purpose("investment", status_url, rest_until=reservations.rest_until)
