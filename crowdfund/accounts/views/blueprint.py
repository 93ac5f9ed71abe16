"""The blueprint of people's pages, and what its views share."""

from typing import Any, cast

from flask import Blueprint, Response, session
from flask_login import login_user
from werkzeug.wrappers import Response as BaseResponse

from ... import audit, clock, web
from ...errors import CrowdfundError
from ...sessions import SqlSession
from .. import queries

bp = Blueprint("accounts", __name__)
web.login.user_loader(queries.load)


def enter(person_id: str, *, method: str, target: str) -> BaseResponse:
    """Sign a person in under a new session key and go on; every way to sign in ends here.

    `method` is code, oidc or wallet; what has proved the person so far stands in the session.
    """
    cast(SqlSession, session).rotate()
    person = queries.get(person_id)
    login_user(person)
    if person and person.roles:
        audit.record(
            person_id, "accounts.enter", ("person", person_id), {"method": method}, roles=person.roles
        )
    session["signed_in"] = {"method": method, "at": clock.now().timestamp()}
    web.flash("You are signed in.", "success")
    return web.back(target)


def refuse(page: str, form: object, error: CrowdfundError, **context: Any) -> Response:  # noqa: ANN401
    """Show a refusal in the form it belongs to."""
    web.put_error(form, error)
    return web.render(page, form=form, status=error.status, **context)
