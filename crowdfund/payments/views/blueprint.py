"""The blueprint that the pages of payments share."""

from flask import Blueprint

from crowdfund.adapters import gateways

bp = Blueprint("payments", __name__)
bp.add_app_template_filter(gateways.title, "gateway_title")
