"""The person's devices: list them, sign them out."""

from typing import Any

from flask import Response, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import sessions as stored
from crowdfund.kernel.i18n import _, ngettext
from crowdfund.kernel.web import identity, pages
from crowdfund.security.rules import METHODS, device_name
from crowdfund.security.service import devices as devices_service
from crowdfund.security.views.blueprint import bp


@bp.get("/account/sessions")
def sessions() -> Response:
    """List the browsers that are signed in to the person's account."""
    devices = _devices(identity.signed_in().id)
    return pages.render("security/sessions.html", devices=devices, methods=METHODS)


@bp.post("/account/sessions/end")
def session_end() -> BaseResponse:
    """Sign one browser out."""
    devices_service.end_session(identity.signed_in().id, request.form.get("session", "")[:64])
    pages.flash(_("The device was signed out."), "success")
    return pages.back(url_for("security.sessions"))


@bp.post("/account/sessions/end-others")
def session_end_others() -> BaseResponse:
    """Sign every other browser out."""
    count = devices_service.end_other_sessions(identity.signed_in().id, but=stored.key_of(session))
    text = ngettext("%(num)s device was signed out.", "%(num)s devices were signed out.", count)
    pages.flash(text, "success")
    return pages.back(url_for("security.sessions"))


def _devices(person_id: str) -> list[dict[str, Any]]:
    here = stored.key_of(session)
    return [
        {
            "id": row.id,
            "name": device_name(row.user_agent),
            "is_this": row.id == here,
            "method": (row.data.get("signed_in") or {}).get("method", ""),
            "has_proof": bool(row.data.get("second_factor")),
            "network": row.ip_prefix,
            "created_at": row.created_at,
            "seen_at": row.seen_at,
        }
        for row in stored.of_person(person_id)
    ]
