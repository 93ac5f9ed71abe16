"""Open the session of a person who has signed in; ask for the second factor first."""

import secrets
from typing import cast

from flask import current_app, request, session, url_for
from flask_login import login_user
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import audit, clock, i18n, sessions
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person
from crowdfund.kernel.sessions import SqlSession
from crowdfund.kernel.web import language, pages
from crowdfund.people import queries
from crowdfund.people import service as people_service
from crowdfund.security.service import devices
from crowdfund.security.service import second_factor as second_factor_service

_HALF_WAY_S = 600
_DEVICE = "device"
_DEVICE_S = 400 * 86_400  # the longest lifetime that browsers allow


def enter(person_id: str, *, method: str, target: str) -> BaseResponse:
    """Sign a person in and redirect to the target; every sign-in method ends here.

    Except a passkey, which is a second factor as well: see `admit`. `method` is code, oidc or
    wallet. A person with a second factor is asked for it first, and is not signed in until then.
    """
    if not second_factor_service.is_enrolled(person_id):
        return admit(person_id, method=method, target=target)
    session.pop("_user_id", None)
    cast(SqlSession, session).rotate()
    now = clock.now().timestamp()
    session["half_way"] = {"person": person_id, "method": method, "next": target, "at": now}
    return pages.back(url_for("security.second_factor"))


def half_way() -> str | None:
    """Return the person whose sign-in only lacks the second factor, for ten minutes."""
    pending = session.get("half_way")
    if not pending or clock.now().timestamp() - pending["at"] >= _HALF_WAY_S:
        return None
    return str(pending["person"])


def admit_half_way(person_id: str, how: str) -> BaseResponse:
    """Finish a sign-in after the second factor was proved."""
    pending = session["half_way"]
    return admit(person_id, method=pending["method"], target=pending["next"], second_factor=how)


def admit(person_id: str, *, method: str, target: str, second_factor: str = "") -> BaseResponse:
    """Open the session under a new key; staff without a second factor are led to set one up."""
    for name in ("half_way", "second_factor", "totp_pending", "recovery_codes"):
        session.pop(name, None)  # of the last person to use this browser
    cast(SqlSession, session).rotate()
    person = queries.get(person_id)
    login_user(person)
    if person and person.roles:
        detail = {"method": method, "second_factor": second_factor}
        audit.record(person_id, "sign_in.enter", ("person", person_id), detail, roles=person.roles)
    session["signed_in"] = {"method": method, "at": clock.now().timestamp()}
    if person and person.roles and target == url_for("campaigns.index"):
        target = url_for("reports.desk")  # where nobody has asked for another page
    if second_factor:
        sessions.note_proof(session, person_id, second_factor)
    elif person and person.roles:
        target = url_for("security.security", next=target)
    if person and not person.has_accepted_terms and current_app.config["ASKS_FOR_TERMS"]:
        target = url_for("about.accept_terms", next=target)
    response = _in_their_language(pages.back(target), person)
    with i18n.using((person and person.language) or i18n.language()):  # as the page that shows it
        pages.flash(_("You are signed in."), "success")
    return _note_device(person_id, response)


def _in_their_language(response: BaseResponse, person: Person | None) -> BaseResponse:
    """Set this browser to the person's language and calendar.

    A language that was chosen here before becomes the language of an account that has none.
    """
    if person is None:
        return response
    spoken = person.language
    if not spoken and (spoken := language.chosen_by(request)):
        people_service.choose_language(person.id, spoken)
    return language.remember_calendar(language.remember_language(response, spoken), person.calendar)


def _note_device(person_id: str, response: BaseResponse) -> BaseResponse:
    """Recognise the browser by a cookie of its own, which grants no access; report a new one."""
    device = request.cookies.get(_DEVICE, "")
    if not 32 <= len(device) <= 64:
        device = secrets.token_urlsafe(32)
    devices.note_sign_in(person_id, device, user_agent=request.user_agent.string)
    is_secure = bool(current_app.config["SESSION_COOKIE_SECURE"])
    response.set_cookie(
        _DEVICE,
        device,
        max_age=_DEVICE_S,
        path="/sign-in",
        secure=is_secure,
        httponly=True,
        samesite="Lax",
    )
    return response
