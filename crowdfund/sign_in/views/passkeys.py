"""Sign in with a passkey, which proves both who it is and that the device has verified its user."""

from flask import jsonify
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.errors import CrowdfundError, Invalid
from crowdfund.kernel.web import identity, pages
from crowdfund.security.entry import admit
from crowdfund.security.service.passkeys import relying_party
from crowdfund.sign_in.forms import PasskeySignInForm
from crowdfund.sign_in.service import passkeys
from crowdfund.sign_in.views import external
from crowdfund.sign_in.views.blueprint import bp


@bp.app_template_global("offers_passkeys")
def offers_passkeys() -> bool:
    """Return whether this site has a host name, to which passkeys are bound."""
    return relying_party() is not None


@bp.post("/sign-in/by-passkey/options")
def passkey_ask() -> BaseResponse:
    """Give the browser a challenge for any passkey of this site."""
    attempt_id, options = passkeys.ask(external.visitor())
    return jsonify({"challenge_id": attempt_id, "options": options})


@bp.post("/sign-in/by-passkey")
def passkey_enter() -> BaseResponse:
    """Check the signature and open the session; no second factor is asked for."""
    form, target = PasskeySignInForm(), external.asked_target()
    if identity.current_user():
        return pages.back(target)
    try:
        if not form.validate_on_submit():
            raise Invalid(next(iter(form.errors.values()))[0])
        person_id = passkeys.prove(
            form.challenge_id.data or "", form.credential.data or "", external.visitor()
        )
    except CrowdfundError as error:
        return external.problem(error, target)
    return admit(person_id, method="passkey", target=target, second_factor="passkey")
