"""The blueprint of withdrawals."""

from flask import Blueprint

from crowdfund.payouts import rules

bp = Blueprint("payouts", __name__)
bp.add_app_template_filter(rules.reason_words, "withdrawal_reason")
bp.add_app_template_global(rules.destination, "withdrawal_destination")
