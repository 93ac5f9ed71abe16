"""The person's devices: see them, sign them out."""

from typing import Any

from flask import Response, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from ... import sessions as kept
from ... import web
from ...i18n import _, ngettext
from .. import service
from ..rules.sessions import METHODS, device_name
from .blueprint import bp


@bp.get("/account/sessions")
def sessions() -> Response:
    """List the browsers that are signed in to the person's account."""
    here = kept.key_of(session)
    devices = [_shown(row, here) for row in kept.of_person(web.current_user().id)]
    return web.render("accounts/sessions.html", devices=devices, methods=METHODS)


@bp.post("/account/sessions/end")
def session_end() -> BaseResponse:
    """Sign one browser out."""
    service.devices.end_session(web.current_user().id, request.form.get("session", "")[:64])
    web.flash(_("The device was signed out."), "success")
    return web.back(url_for("accounts.sessions"))


@bp.post("/account/sessions/end-others")
def session_end_others() -> BaseResponse:
    """Sign every other browser out."""
    count = service.devices.end_other_sessions(web.current_user().id, but=kept.key_of(session))
    text = ngettext("One device was signed out.", "%(num)s devices were signed out.", count)
    web.flash(text, "success")
    return web.back(url_for("accounts.sessions"))


def _shown(row: Any, here: str) -> dict[str, Any]:  # noqa: ANN401 - a row
    signed_in = row.data.get("signed_in") or {}
    return {
        "id": row.id,
        "name": device_name(row.user_agent),
        "is_this": row.id == here,
        "method": signed_in.get("method", ""),
        "has_proof": bool(row.data.get("second_factor")),
        "network": row.ip_prefix,
        "created_at": row.created_at,
        "seen_at": row.seen_at,
    }
