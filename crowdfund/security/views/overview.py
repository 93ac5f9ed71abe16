"""The security of the account: second factors, recovery codes, pending changes, history."""

import json
from datetime import date
from typing import Any

from flask import Response, request, session, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.adapters import sealing
from crowdfund.api_tokens import service
from crowdfund.kernel import clock, config, i18n, sessions
from crowdfund.kernel.db import rollback
from crowdfund.kernel.errors import CrowdfundError, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.people import queries as people_queries
from crowdfund.security import queries, rules, step_up
from crowdfund.security.forms import AppCodeForm
from crowdfund.security.service import second_factor
from crowdfund.security.service.passkeys import relying_party
from crowdfund.security.views.blueprint import bp

_SET_UP_S = 1800  # an unconfirmed secret is replaced after that
_SHOWN_S = 600  # recovery codes can be read for as long


@bp.get("/account/security")
def security() -> Response:
    """Show the second factors, pending changes and recent history."""
    person = identity.signed_in()
    events = queries.security_events(person.id)
    return pages.render(
        "security/security.html",
        person=person,
        app=queries.app(person.id),
        passkeys=queries.passkeys(person.id),
        codes_left=queries.recovery_codes_left(person.id),
        changes=queries.changes_of(person.id, held_only=True),
        events=events,
        names=people_queries.names({event.actor for event in events}),
        labels=rules.LABELS,
        host=relying_party(),
        is_staff=bool(identity.sleeping_roles()) or bool(person.roles),
        target=requests.own_path(request.args.get("next"), ""),
    )


@bp.route("/account/security/app", methods=["GET", "POST"])
@step_up.require_if_enrolled
def app_add() -> BaseResponse:
    """Show the secret as QR code and text, and check the app's first code."""
    rollback()  # ends the reads so far: the attempt is counted in a transaction of its own
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
    uri = rules.enrolment_uri(secret, person.known_as)
    return pages.render(
        "security/second_factor_app.html",
        status=422 if form.errors or form.form_errors else 200,
        form=form,
        secret=" ".join(secret[place : place + 4] for place in range(0, len(secret), 4)),
        picture=_picture(uri),
        target=target,
        uri=uri,
    )


@bp.post("/account/security/app/remove")
@step_up.require
def app_remove() -> BaseResponse:
    """Remove the authenticator app."""
    second_factor.remove_app(identity.signed_in().id)
    return removed(_("The authenticator app was removed. Other devices were signed out."))


@bp.post("/account/security/recovery-codes")
@step_up.require
def recovery_make() -> BaseResponse:
    """Create ten new recovery codes."""
    show_codes(second_factor.make_recovery_codes(identity.signed_in().id))
    return pages.back(url_for("security.recovery_codes"))


@bp.get("/account/security/recovery-codes")
def recovery_codes() -> BaseResponse:
    """Show the new recovery codes, which cannot be shown again later."""
    person_id = identity.signed_in().id
    target = requests.own_path(request.args.get("next"), "")
    codes = _shown_codes(person_id)
    if not codes:
        return pages.back(target or url_for("security.security"))
    person, day = identity.signed_in(), _made_on()
    return pages.render(
        "security/recovery_codes.html", codes=codes, target=target, person=person, day=day
    )


@bp.get("/account/security/recovery-codes.txt")
def recovery_codes_file() -> BaseResponse:
    """Send the new recovery codes as a text file while they are shown."""
    person = identity.signed_in()
    codes = _shown_codes(person.id)
    if not codes:
        raise NotFound(_("These codes are no longer shown. Make new ones if you need them."))
    title = _("Recovery codes for %(name)s at crowdfund", name=person.email or person.name)
    once = _("Each code lets you sign in once. Keep them apart from your phone.")
    # A byte order mark and CRLF: simple editors would show other letters, and one line.
    lines = ["\ufeff" + title, i18n.day(_made_on()), once, "", *codes, ""]
    response = Response("\r\n".join(lines), mimetype="text/plain")
    response.headers.set(
        "Content-Disposition", "attachment", filename="crowdfund-recovery-codes.txt"
    )
    response.headers["Cache-Control"] = "private, no-store"
    return response


@bp.post("/account/security/recovery-codes/stored")
def recovery_stored() -> BaseResponse:
    """Hide the recovery codes for good: the person has stored them."""
    session.pop("recovery_codes", None)
    target = requests.own_path(request.form.get("next"), "")
    return pages.back(target or url_for("security.security"))


def added(how: str, target: str) -> BaseResponse:
    """Finish adding a factor: it counts as proved, other devices are signed out, codes shown."""
    person_id = identity.signed_in().id
    end_others(person_id)
    sessions.note_proof(session, person_id, how)
    pages.flash(_("The second factor is set up."), "success")
    if not queries.recovery_codes_left(person_id):
        show_codes(second_factor.make_recovery_codes(person_id, notify=False))
        return pages.back(url_for("security.recovery_codes", next=target or None))
    return pages.back(target or url_for("security.security"))


def removed(sentence: str) -> BaseResponse:
    """Finish removing a factor: other devices are signed out, this one stays signed in."""
    person_id = identity.signed_in().id
    end_others(person_id)
    if not second_factor.is_enrolled(person_id):
        session.pop("second_factor", None)  # a proof of a factor that no longer exists
    pages.flash(sentence, "success")
    return pages.back(url_for("security.security"))


def end_others(person_id: str) -> int:
    """End the person's sessions on other devices, and all API tokens."""
    service.revoke_all(person_id, why="factor changed")
    return sessions.end(person_id, but=sessions.key_of(session))


def show_codes(codes: list[str]) -> None:
    """Store new recovery codes, sealed, in the session until they were read."""
    person_id, text = identity.signed_in().id, json.dumps(codes)
    sealed = sealing.seal("shown recovery codes", person_id, text.encode())
    session["recovery_codes"] = {"sealed": sealed, "at": clock.now().timestamp()}


def _shown_codes(person_id: str) -> list[str]:
    stored: dict[str, Any] = session.get("recovery_codes") or {}
    if not stored or clock.now().timestamp() - stored["at"] > _SHOWN_S:
        return []
    try:
        return list(json.loads(sealing.unseal("shown recovery codes", person_id, stored["sealed"])))
    except sealing.UnsealError:
        return []


def _made_on() -> date:
    """Return the day, in the platform's time zone, on which the codes that are shown were made."""
    return clock.today(config.settings().time_zone)


def _pending_secret(person_id: str) -> str:
    """Return the secret that this browser is setting up; created at the first request."""
    stored: dict[str, Any] = session.get("totp_pending") or {}
    if stored and clock.now().timestamp() - stored["at"] < _SET_UP_S:
        try:
            return second_factor.open_secret(person_id, stored["sealed"])
        except CrowdfundError:
            session.pop("totp_pending")  # another person's, or sealed under a key that is gone
    secret = rules.new_secret()
    sealed = second_factor.seal_secret(person_id, secret)
    session["totp_pending"] = {"sealed": sealed, "at": clock.now().timestamp()}
    return secret


def _picture(uri: str) -> Markup:
    """Return the QR code as SVG without inline styles, which the content policy refuses."""
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
