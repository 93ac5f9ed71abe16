"""Changes of a verified company: look at them, send them, take them back, forget them."""

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund import web
from crowdfund.i18n import _

from .. import queries, service
from . import answers
from .blueprint import COMPANY, bp


@bp.get(f"{COMPANY}/changes")
def changes(company_id: str) -> Response:
    """Show what would be different, old beside new."""
    company = queries.for_member(company_id, web.current_user().id, "file")
    return web.render("issuers/changes.html", company=company, **answers.changes(company))


@bp.post(f"{COMPANY}/changes/send")
def send_changes(company_id: str) -> BaseResponse:
    """Send the changes to compliance."""
    queries.for_member(company_id, web.current_user().id, "file")
    service.changes.send(company_id, actor=web.current_user().id)
    web.flash(_("Sent. What was verified stays in force until somebody has decided."), "success")
    return web.back(url_for("issuers.overview", company_id=company_id))


@bp.post(f"{COMPANY}/changes/take-back")
def take_back_changes(company_id: str) -> BaseResponse:
    """Take the changes back from review."""
    queries.for_member(company_id, web.current_user().id, "file")
    service.changes.take_back(company_id, actor=web.current_user().id)
    return web.back(url_for("issuers.changes", company_id=company_id))


@bp.post(f"{COMPANY}/changes/drop")
def drop_changes(company_id: str) -> BaseResponse:
    """Forget the changes."""
    queries.for_member(company_id, web.current_user().id, "file")
    service.changes.drop(company_id, actor=web.current_user().id)
    web.flash(_("The changes are gone. Everything is as it was verified."))
    return web.back(url_for("issuers.overview", company_id=company_id))
