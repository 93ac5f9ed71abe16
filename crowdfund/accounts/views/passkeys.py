"""Add and remove passkeys."""

from flask import Response, jsonify, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from ... import web
from ...db import rollback
from ...errors import CrowdfundError
from ...i18n import _
from .. import service
from ..forms.second_factor import NewPasskeyForm
from ..service.passkeys import Answer, relying_party
from . import step_up
from .blueprint import bp
from .security import added, removed


@bp.route("/account/security/passkeys/new", methods=["GET", "POST"])
@step_up.require_if_enrolled
def passkey_add() -> BaseResponse:
    """Name a passkey and let the device make it."""
    rollback()  # the guard has read; the challenge is spent in a transaction of its own
    person, form = web.current_user(), NewPasskeyForm()
    target = web.own_path(request.values.get("next"), "")
    if form.validate_on_submit():
        answer = Answer(form.challenge_id.data or "", form.credential.data or "")
        try:
            service.passkeys.add(person.id, answer, name=form.name.data or "")
        except CrowdfundError as error:
            web.put_error(form, error)
        else:
            return added("passkey", target)
    status = 422 if form.errors or form.form_errors else 200
    here = url_for("accounts.security", next=target or None)
    context = {"form": form, "target": target, "host": relying_party(), "here": here}
    return web.render("accounts/passkey_new.html", status=status, **context)


@bp.post("/account/security/passkeys/options")
@step_up.require_if_enrolled
def passkey_new_options() -> Response:
    """Give the browser a challenge for a new passkey."""
    challenge_id, options = service.passkeys.begin_adding(web.current_user().id)
    return jsonify({"challenge_id": challenge_id, "options": options})


@bp.post("/account/security/passkeys/<passkey_id>/remove")
@step_up.require
def passkey_remove(passkey_id: str) -> BaseResponse:
    """Take a passkey away."""
    service.passkeys.remove(web.current_user().id, passkey_id)
    return removed(_("The passkey was removed. Other devices were signed out."))
