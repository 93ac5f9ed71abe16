"""The person's payout account: see, change and remove it."""

from typing import Any

from flask import Blueprint, Response, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import full_name
from crowdfund.kernel.web import identity, pages
from crowdfund.payout_accounts import queries as accounts
from crowdfund.payout_accounts import service
from crowdfund.payout_accounts.forms import FORMS
from crowdfund.payout_accounts.rules import SCHEMES
from crowdfund.security import queries, step_up

bp = Blueprint("payout_accounts", __name__)


@bp.get("/account/payout-account")
def payout() -> Response:
    """Show the payout account, masked, and pending changes."""
    return pages.render("payout_accounts/payout.html", "payout_accounts/_payout.html", **_context())


@bp.get("/account/payout-account/state")
def payout_state() -> Response:
    """Show the changing part of the page, for live updates."""
    return pages.render("payout_accounts/_payout.html", **_context())


@bp.route(f"/account/payout-account/<any({', '.join(FORMS)}):scheme>", methods=["GET", "POST"])
@step_up.require
def payout_edit(scheme: str) -> BaseResponse:
    """Add a payout account of one scheme; a person without a name is asked for it first."""
    person = identity.signed_in()
    name = full_name(person.first_name, person.last_name)
    if not name:
        return _ask_for_name(scheme)
    form = FORMS[scheme](holder=name)
    context: dict[str, Any] = {"scheme": scheme, "schemes": SCHEMES}
    if not form.validate_on_submit():
        status = 422 if form.errors else 200
        return pages.render("payout_accounts/payout_edit.html", form=form, status=status, **context)
    try:
        change_id = _request(person.id, scheme, form)
    except CrowdfundError as error:
        return pages.refuse("payout_accounts/payout_edit.html", form, error, **context)
    text = _(
        "We have notified all your contact addresses. "
        "The change takes effect automatically after 24 hours."
    )
    pages.flash(text, "success")
    return pages.back(url_for("security.change", change_id=change_id))


def _ask_for_name(scheme: str) -> BaseResponse:
    here = url_for("payout_accounts.payout_edit", scheme=scheme)
    pages.flash(_("Enter your name first. A payout account must be in your own name."), "warning")
    return pages.back(url_for("sign_in.show", next=here))


def _request(person_id: str, scheme: str, form: FlaskForm) -> str:
    bank = str(form.bank.data or "") if "bank" in form else ""
    typed = {name: form[name].data or "" for name in ("number", "holder")}
    return service.request(person_id, scheme, bank=bank, **typed)


@bp.post("/account/payout-account/remove")
@step_up.require
def payout_remove() -> BaseResponse:
    """Request the removal of the payout account."""
    change_id = service.request_removal(identity.signed_in().id)
    text = _("The payout account will be removed after 24 hours, unless you cancel it.")
    pages.flash(text, "success")
    return pages.back(url_for("security.change", change_id=change_id))


def _context() -> dict[str, Any]:
    person = identity.signed_in()
    held = queries.changes_of(person.id, kind="payout_account", held_only=True)
    present = accounts.payout_account_of(person.id)
    return {"person": person, "account": present, "held": held, "schemes": SCHEMES}
