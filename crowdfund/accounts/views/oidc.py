"""Sign in at an identity provider (OpenID Connect): there, back, and who it is."""

from flask import Response, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from ... import web
from ...errors import CrowdfundError
from ..forms.ways import ConfirmForm
from ..service import oidc
from . import ways
from .blueprint import bp


@bp.post("/sign-in/oidc")
def oidc_begin() -> BaseResponse:
    """Begin at the provider; who is signed in connects it instead."""
    target = ways.asked_target()
    if not ConfirmForm().validate_on_submit():
        return web.back(url_for("accounts.sign_in"))
    try:
        _state, address = oidc.begin(ways.visitor(), target=target, referral=ways.referral())
    except CrowdfundError as error:
        return ways.problem(error, target)
    session["oidc"] = {"address": address, "next": target}
    return web.back(url_for("accounts.oidc_leave"))


@bp.get("/sign-in/oidc/leave")
def oidc_leave() -> BaseResponse:
    """Send the browser on to the provider.

    By a page: a form's redirect to another origin is refused by the content policy, and rightly so.
    """
    begun = session.get("oidc")
    if not begun:
        return web.back(url_for("accounts.sign_in"))
    response = web.render("accounts/oidc_leave.html", address=begun["address"])
    response.headers["Refresh"] = f"0; url={begun['address']}"
    return response


@bp.get("/sign-in/oidc/callback")
def oidc_callback() -> BaseResponse:
    """Take the provider's answer: sign in, connect, or ask whose the address is."""
    begun = session.get("oidc") or {}
    target = begun.get("next") or url_for("campaigns.index")
    if not request.args:
        return web.back(url_for("accounts.sign_in"))
    session.pop("oidc", None)
    try:
        arrival = oidc.arrive(request.args.to_dict(), ways.visitor())
        if arrival.connects:
            return ways.connect_now(arrival.way, arrival.target)
    except CrowdfundError as error:
        return ways.problem(error, target)
    if arrival.person_id is None:
        ways.keep_waiting(arrival.way, email=arrival.email)
        return web.back(url_for("accounts.oidc_prove"))
    return ways.arrive(arrival.person_id, method="oidc", target=arrival.target, is_new=arrival.is_new)


@bp.get("/sign-in/oidc/prove")
def oidc_prove() -> Response | BaseResponse:
    """Say that the address has an account, and let its owner sign in to it."""
    found = ways.waiting()
    if found is None or not found[1] or web.current_user():
        return web.back(
            url_for("accounts.connect_way" if found and web.current_user() else "accounts.sign_in")
        )
    way, email = found
    return web.render("accounts/oidc_prove.html", form=ConfirmForm(), way=way, email=email)
