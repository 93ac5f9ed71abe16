"""The blueprint of companies."""

from flask import Blueprint

bp = Blueprint("issuers", __name__)
COMPANY = "/companies/<string(length=32):company_id>"
