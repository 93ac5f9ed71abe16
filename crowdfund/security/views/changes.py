"""Pending changes: read and cancel them."""

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages
from crowdfund.security import queries, rules
from crowdfund.security.service import changes as changes_service
from crowdfund.security.views.blueprint import bp


@bp.get("/account/changes")
def changes() -> Response:
    """Show the part of the security page with the pending changes, for live updates."""
    person = identity.signed_in()
    held = queries.changes_of(person.id, held_only=True)
    return pages.render("security/_changes.html", person=person, changes=held, labels=rules.LABELS)


@bp.get("/account/changes/<change_id>")
def change(change_id: str) -> Response:
    """Show one change and its outcome; notices link to this page."""
    found = queries.change_of(change_id, identity.signed_in().id)
    return pages.render("security/change.html", change=found, labels=rules.LABELS)


@bp.post("/account/changes/<change_id>/cancel")
def change_cancel(change_id: str) -> BaseResponse:
    """Cancel a pending change. No second factor: stopping harm must be easy."""
    person = identity.signed_in()
    changes_service.cancel(change_id, person.id, actor=person.id)
    pages.flash(_("The change was cancelled. Nothing in your account is different."), "success")
    return pages.back(url_for("security.change", change_id=change_id))
