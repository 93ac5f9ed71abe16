"""The blueprint of the pages about signing in and the profile."""

from flask import Blueprint

from crowdfund.kernel.web import identity, subjects
from crowdfund.people import queries

bp = Blueprint("sign_in", __name__)
identity.login.user_loader(queries.load)
subjects.named("person", queries.names)
