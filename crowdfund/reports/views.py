"""The staff desk: what waits, and whether everything adds up."""

from flask import Blueprint, Response

from .. import web
from . import queries

bp = Blueprint("reports", __name__)


@bp.get("/staff")
def desk() -> Response:
    """Show what waits at each desk and the last self-check."""
    return web.render("reports/desk.html", desk=queries.desk())
