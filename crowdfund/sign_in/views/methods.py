"""A person's sign-in methods: list, add, remove."""

from flask import request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.adapters import sms
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.fields import contacts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, refusals, requests
from crowdfund.people import queries
from crowdfund.security import queries as security_queries
from crowdfund.security import step_up
from crowdfund.sign_in.forms import AddressForm, CodeForm
from crowdfund.sign_in.service import methods as methods_service
from crowdfund.sign_in.views.blueprint import bp
from crowdfund.sign_in.views.codes import code_page, send_code


@bp.route("/account/sign-in-methods", methods=["GET", "POST"])
def methods() -> BaseResponse:
    """List a person's sign-in methods; send a code to an address that is to be added."""
    form, status = AddressForm(), 200
    if request.method == "GET":
        form.identifier.data = request.args.get("identifier", "")[:254]
    target = requests.own_path(request.values.get("next"), url_for("sign_in.methods"))
    if form.validate_on_submit():
        try:
            return ask_to_add(form.identifier.data, target)
        except CrowdfundError as error:
            pages.put_error(form, error)
            status = error.status
    elif form.errors:
        status = 422
    person = identity.signed_in()
    return pages.render(
        "sign_in/methods.html",
        status=status,
        form=form,
        person=person,
        rows=queries.methods_of(person.id),
        held=security_queries.changes_of(person.id, held_only=True),
        offers_sms=sms.is_offered(),
        target=target,
        shown_phone=contacts.shown_phone,
    )


def ask_to_add(typed: str, target: str) -> BaseResponse:
    """Send a code to an address and redirect to the page that asks for it; then to the target."""
    pending = send_code(typed, identity.signed_in().id)
    session["adding"] = pending | {"next": target}
    return pages.back(url_for("sign_in.confirm_method"))


@bp.route("/account/sign-in-methods/code", methods=["GET", "POST"])
def confirm_method() -> BaseResponse:
    """Check the code that proves an address, and add it; a second of its kind is held for a day."""
    pending, person = session.get("adding"), identity.signed_in()
    if not pending:
        return pages.back(url_for("sign_in.methods"))
    if queries.addresses_of(person.id, pending["kind"]) and not step_up.is_fresh():
        return refusals.to_second_factor()
    form = CodeForm()
    if not form.validate_on_submit():
        return code_page("sign_in/confirm_method.html", form, pending)
    ip = request.remote_addr or ""
    try:
        held = methods_service.confirm(person.id, pending["id"], form.code.data, ip=ip)
    except CrowdfundError as error:
        pages.put_error(form, error)
        return code_page("sign_in/confirm_method.html", form, pending, status=error.status)
    session.pop("adding", None)
    if held:
        text = _(
            "%(address)s replaces the old one in 24 hours. Until then you can cancel this.",
            address=pending["to"],
        )
    else:
        text = _("%(address)s is confirmed. You can use it to sign in.", address=pending["to"])
    pages.flash(text, "success")
    return pages.back(pending["next"])


@bp.post("/account/sign-in-methods/<method_id>/remove")
@step_up.require
def remove_method(method_id: str) -> BaseResponse:
    """Request the removal of a sign-in method, which is held for a day and can be cancelled."""
    try:
        methods_service.ask_to_remove(identity.signed_in().id, method_id)
    except CrowdfundError as error:
        if error.status != 409:
            raise
        pages.flash(error.user_message, "warning")
        return pages.back(url_for("sign_in.methods"))
    pages.flash(_("It will be removed in 24 hours. Until then you can cancel this."), "success")
    return pages.back(url_for("sign_in.methods"))
