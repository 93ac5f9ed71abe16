"""Add and remove passkeys."""

from flask import Response, jsonify, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.db import rollback
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.security import step_up
from crowdfund.security.forms import NewPasskeyForm
from crowdfund.security.service import passkeys
from crowdfund.security.service.passkeys import Answer, relying_party
from crowdfund.security.views.blueprint import bp
from crowdfund.security.views.overview import added, removed


@bp.route("/account/security/passkeys/new", methods=["GET", "POST"])
@step_up.require_if_enrolled
def passkey_add() -> BaseResponse:
    """Name a passkey and let the device create it."""
    rollback()  # ends the reads so far: the challenge is used up in a transaction of its own
    person, form = identity.signed_in(), NewPasskeyForm()
    target = requests.own_path(request.values.get("next"), "")
    if form.validate_on_submit():
        answer = Answer(form.challenge_id.data or "", form.credential.data or "")
        try:
            passkeys.add(person.id, answer, name=form.name.data or "")
        except CrowdfundError as error:
            pages.put_error(form, error)
        else:
            return added("passkey", target)
    status = 422 if form.errors or form.form_errors else 200
    here = url_for("security.security", next=target or None)
    context = {"form": form, "target": target, "host": relying_party(), "here": here}
    return pages.render("security/passkey_new.html", status=status, **context)


@bp.post("/account/security/passkeys/options")
@step_up.require_if_enrolled
def passkey_new_options() -> Response:
    """Give the browser a challenge for a new passkey."""
    challenge_id, options = passkeys.begin_adding(identity.signed_in().id)
    return jsonify({"challenge_id": challenge_id, "options": options})


@bp.post("/account/security/passkeys/<passkey_id>/remove")
@step_up.require
def passkey_remove(passkey_id: str) -> BaseResponse:
    """Remove a passkey."""
    passkeys.remove(identity.signed_in().id, passkey_id)
    return removed(_("The passkey was removed. Other devices were signed out."))
