"""The blueprint of the admins' pages."""

from flask import Blueprint

bp = Blueprint("admin", __name__)
