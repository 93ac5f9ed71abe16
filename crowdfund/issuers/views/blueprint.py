"""The blueprint of companies."""

from flask import Blueprint

from crowdfund.issuers import queries
from crowdfund.kernel.web import subjects

bp = Blueprint("issuers", __name__)
subjects.named("company", queries.names)
COMPANY = "/companies/<string(length=32):company_id>"
