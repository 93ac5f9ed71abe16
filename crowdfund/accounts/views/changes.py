"""Changes that wait: read and cancel them."""

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from ... import web
from ...i18n import _
from .. import queries, service
from ..rules import changes as rules
from .blueprint import bp


@bp.get("/account/changes")
def changes() -> Response:
    """Show the part of the security page with the changes that wait, for live updates."""
    person = web.current_user()
    held = queries.changes_of(person.id, held_only=True)
    return web.render("accounts/_changes.html", person=person, changes=held, labels=rules.LABELS)


@bp.get("/account/changes/<change_id>")
def change(change_id: str) -> Response:
    """Show one change: what, since when, what became of it; the notices lead here."""
    found = queries.change_of(change_id, web.current_user().id)
    return web.render("accounts/change.html", change=found, labels=rules.LABELS)


@bp.post("/account/changes/<change_id>/cancel")
def change_cancel(change_id: str) -> BaseResponse:
    """Stop a change that waits. No second factor: to stop harm must be easy."""
    person = web.current_user()
    service.changes.cancel(change_id, person.id, actor=person.id)
    web.flash(_("The change was cancelled. Nothing in your account is different."), "success")
    return web.back(url_for("accounts.change", change_id=change_id))
