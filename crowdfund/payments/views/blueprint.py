"""The blueprint that the pages of payments share."""

from flask import Blueprint

bp = Blueprint("payments", __name__)
