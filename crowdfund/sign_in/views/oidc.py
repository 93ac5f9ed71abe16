"""Sign in at an identity provider (OpenID Connect): redirect, callback, proof of the account."""

from flask import Response, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.web import identity, pages
from crowdfund.sign_in.forms import ConfirmForm
from crowdfund.sign_in.rules.external import Declined
from crowdfund.sign_in.service import oidc
from crowdfund.sign_in.views import external
from crowdfund.sign_in.views.blueprint import bp


@bp.post("/sign-in/oidc")
def oidc_begin() -> BaseResponse:
    """Start a sign-in at the provider; a signed-in person connects it instead."""
    target = external.asked_target()
    if not ConfirmForm().validate_on_submit():
        return pages.back(url_for("sign_in.sign_in"))
    try:
        visitor, referral = external.visitor(), external.referral()
        _state, address = oidc.begin(visitor, target=target, referral=referral)
    except CrowdfundError as error:
        return external.problem(error, target)
    session["oidc"] = {"address": address, "next": target}
    return pages.back(url_for("sign_in.oidc_leave"))


@bp.get("/sign-in/oidc/leave")
def oidc_leave() -> BaseResponse:
    """Send the browser to the provider, by a page.

    The content policy refuses a form's redirect to another origin.
    """
    begun = session.get("oidc")
    if not begun:
        return pages.back(url_for("sign_in.sign_in"))
    response = pages.render("sign_in/oidc_leave.html", address=begun["address"])
    response.headers["Refresh"] = f"0; url={begun['address']}"
    return response


@bp.get("/sign-in/oidc/callback")
def oidc_callback() -> BaseResponse:
    """Handle the provider's answer: sign in, connect, or ask for proof of the account."""
    begun = session.get("oidc") or {}
    target = begun.get("next") or url_for("campaigns.index")
    if not request.args:
        return pages.back(url_for("sign_in.sign_in"))
    session.pop("oidc", None)
    try:
        arrival = oidc.arrive(request.args.to_dict(), external.visitor())
        if arrival.connects:
            return external.connect_now(arrival.method, arrival.target)
    except Declined as choice:
        return external.cancelled(choice, target)
    except CrowdfundError as error:
        return external.problem(error, target)
    if arrival.person_id is None:
        external.store_pending(arrival.method, email=arrival.email)
        return pages.back(url_for("sign_in.oidc_prove"))
    return external.arrive(
        arrival.person_id, method="oidc", target=arrival.target, is_new=arrival.is_new
    )


@bp.get("/sign-in/oidc/prove")
def oidc_prove() -> Response | BaseResponse:
    """Say that the address has an account, and let its owner sign in to it."""
    found, person = external.pending(), identity.current_user()
    if found and person:
        return pages.back(url_for("sign_in.connect_method"))
    if found is None or not found[1] or person:
        return pages.back(url_for("sign_in.sign_in"))
    _method, email = found
    return pages.render("sign_in/oidc_prove.html", form=ConfirmForm(), email=email)
