"""The blueprint of verification: a person's own pages and the compliance officer's desks."""

from flask import Blueprint

bp = Blueprint("compliance", __name__)
