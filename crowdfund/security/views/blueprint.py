"""The blueprint of the pages about the security of an account."""

from flask import Blueprint

bp = Blueprint("security", __name__)
