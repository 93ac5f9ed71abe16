"""Changes of a verified company: show, send, withdraw, discard."""

from flask import Response, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.issuers import answers, queries
from crowdfund.issuers.service import changes as changes_service
from crowdfund.issuers.views.blueprint import COMPANY, bp
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages


@bp.get(f"{COMPANY}/changes")
def changes(company_id: str) -> Response:
    """Show what would be different, old beside new."""
    company = queries.for_member(company_id, identity.signed_in().id, "file")
    return pages.render("issuers/changes.html", company=company, **answers.changes(company))


@bp.post(f"{COMPANY}/changes/send")
def send_changes(company_id: str) -> BaseResponse:
    """Send the changes to compliance."""
    queries.for_member(company_id, identity.signed_in().id, "file")
    changes_service.send(company_id, actor=identity.signed_in().id)
    pages.flash(_("Sent. The verified details stay in force until a decision is made."), "success")
    return pages.back(url_for("issuers.overview", company_id=company_id))


@bp.post(f"{COMPANY}/changes/take-back")
def take_back_changes(company_id: str) -> BaseResponse:
    """Withdraw the changes from review."""
    queries.for_member(company_id, identity.signed_in().id, "file")
    changes_service.take_back(company_id, actor=identity.signed_in().id)
    return pages.back(url_for("issuers.changes", company_id=company_id))


@bp.post(f"{COMPANY}/changes/drop")
def drop_changes(company_id: str) -> BaseResponse:
    """Discard the changes."""
    queries.for_member(company_id, identity.signed_in().id, "file")
    changes_service.drop(company_id, actor=identity.signed_in().id)
    pages.flash(_("The changes were discarded. The verified details stay in force."))
    return pages.back(url_for("issuers.overview", company_id=company_id))
