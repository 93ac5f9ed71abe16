"""The page about the security of the account: set up the second factor, read what happened."""

import json
from typing import Any

from flask import Response, request, session, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.adapters import sealing
from crowdfund.api_tokens import service
from crowdfund.kernel import clock, sessions
from crowdfund.kernel.db import rollback
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import queries as people_queries
from crowdfund.security import queries, rules, step_up
from crowdfund.security.forms import AppCodeForm
from crowdfund.security.service import second_factor
from crowdfund.security.service.passkeys import relying_party
from crowdfund.security.views.blueprint import bp

_SET_UP_S = 1800  # a secret that waits longer for its confirmation is made anew
_SHOWN_S = 600  # recovery codes can be read for as long


@bp.get("/account/security")
def security() -> Response:
    """Show the second factors, what waits and what happened lately."""
    person = identity.signed_in()
    return pages.render(
        "security/security.html",
        person=person,
        app=queries.app(person.id),
        passkeys=queries.passkeys(person.id),
        codes_left=queries.recovery_codes_left(person.id),
        changes=queries.changes_of(person.id, held_only=True),
        events=queries.security_events(person.id),
        names=people_queries.names({event.actor for event in queries.security_events(person.id)}),
        labels=rules.LABELS,
        host=relying_party(),
        is_staff=bool(identity.sleeping_roles()) or bool(person.roles),
        target=requests.own_path(request.args.get("next"), ""),
    )


@bp.route("/account/security/app", methods=["GET", "POST"])
@step_up.require_if_enrolled
def app_add() -> BaseResponse:
    """Show the secret as picture and text, and take the first code of the app."""
    rollback()  # the guard has read; the try is counted in a transaction of its own
    person, form = identity.signed_in(), AppCodeForm()
    secret = _pending_secret(person.id)
    target = requests.own_path(request.values.get("next"), "")
    if form.validate_on_submit():
        try:
            second_factor.add_app(person.id, secret, form.code.data or "")
        except CrowdfundError as error:
            pages.put_error(form, error)
        else:
            session.pop("totp_pending", None)
            return added("totp", target)
    uri = rules.enrolment_uri(secret, person.email or person.name)
    shown = " ".join(secret[place : place + 4] for place in range(0, len(secret), 4))
    status = 422 if form.errors or form.form_errors else 200
    context: dict[str, Any] = {
        "form": form,
        "secret": shown,
        "picture": _picture(uri),
        "target": target,
        "uri": uri,
    }
    return pages.render("security/second_factor_app.html", status=status, **context)


@bp.post("/account/security/app/remove")
@step_up.require
def app_remove() -> BaseResponse:
    """Take the authenticator app away."""
    second_factor.remove_app(identity.signed_in().id)
    return removed(_("The authenticator app was removed. Other devices were signed out."))


@bp.post("/account/security/recovery-codes")
@step_up.require
def recovery_make() -> BaseResponse:
    """Make ten new recovery codes."""
    show_codes(second_factor.make_recovery_codes(identity.signed_in().id))
    return pages.back(url_for("security.recovery_codes"))


@bp.get("/account/security/recovery-codes")
def recovery_codes() -> BaseResponse:
    """Show the new recovery codes, this once."""
    person_id = identity.signed_in().id
    target = requests.own_path(request.args.get("next"), "")
    codes = _shown_codes(person_id)
    if not codes:
        return pages.back(target or url_for("security.security"))
    return pages.render("security/recovery_codes.html", codes=codes, target=target)


@bp.post("/account/security/recovery-codes/stored")
def recovery_stored() -> BaseResponse:
    """Hide the recovery codes for good: the person has stored them."""
    session.pop("recovery_codes", None)
    return pages.back(
        requests.own_path(request.form.get("next"), "") or url_for("security.security")
    )


def added(how: str, target: str) -> BaseResponse:
    """Go on after a factor was added: it counts as proved, other devices are signed out, codes are shown."""
    person_id = identity.signed_in().id
    end_others(person_id)
    sessions.note_proof(session, person_id, how)
    pages.flash(_("The second factor is set up."), "success")
    if not queries.recovery_codes_left(person_id):
        show_codes(second_factor.make_recovery_codes(person_id, tell=False))
        return pages.back(url_for("security.recovery_codes", next=target or None))
    return pages.back(target or url_for("security.security"))


def removed(sentence: str) -> BaseResponse:
    """Go on after a factor was removed: other devices are signed out, this one stays."""
    person_id = identity.signed_in().id
    end_others(person_id)
    if not second_factor.is_enrolled(person_id):
        session.pop("second_factor", None)  # nothing is left that it could have proved
    pages.flash(sentence, "success")
    return pages.back(url_for("security.security"))


def end_others(person_id: str) -> int:
    """End the person's sessions on other devices, and what programs may do in the person's name."""
    service.revoke_all(person_id, why="factor changed")
    return sessions.end(person_id, but=sessions.key_of(session))


def show_codes(codes: list[str]) -> None:
    """Keep new recovery codes, sealed, until they were read once."""
    sealed = sealing.seal(
        "shown recovery codes", identity.signed_in().id, json.dumps(codes).encode()
    )
    session["recovery_codes"] = {"sealed": sealed, "at": clock.now().timestamp()}


def _shown_codes(person_id: str) -> list[str]:
    kept: dict[str, Any] = session.get("recovery_codes") or {}
    if not kept or clock.now().timestamp() - kept["at"] > _SHOWN_S:
        return []
    try:
        return list(json.loads(sealing.unseal("shown recovery codes", person_id, kept["sealed"])))
    except sealing.UnsealError:
        return []


def _pending_secret(person_id: str) -> str:
    """Return the secret that this browser is setting up; made at the first look."""
    kept: dict[str, Any] = session.get("totp_pending") or {}
    if kept and clock.now().timestamp() - kept["at"] < _SET_UP_S:
        try:
            return second_factor.open_secret(person_id, kept["sealed"])
        except CrowdfundError:
            session.pop("totp_pending")  # another person's, or sealed under a key that is gone
    secret = rules.new_secret()
    sealed = second_factor.seal_secret(person_id, secret)
    session["totp_pending"] = {"sealed": sealed, "at": clock.now().timestamp()}
    return secret


def _picture(uri: str) -> Markup:
    """Return the QR picture as SVG; attributes only, as the content policy wants."""
    import segno  # noqa: PLC0415 - one page needs it

    svg = segno.make(uri, error="m", micro=False).svg_inline(
        scale=5,
        border=4,
        dark="#000",
        light="#fff",
        svgclass="cf-qr",
        lineclass=None,
        omitsize=True,
    )
    return Markup(svg)  # noqa: S704 - made by segno of our own text
