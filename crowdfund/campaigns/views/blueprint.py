"""The one blueprint that all pages of campaigns share."""

from flask import Blueprint

from crowdfund.campaigns import queries
from crowdfund.kernel.web import subjects

bp = Blueprint("campaigns", __name__)
subjects.named("campaign", queries.names)
