"""Shared by sign-in at a provider, with a wallet or a passkey: visitor, pending method, arrival."""

import hashlib
import secrets
from typing import Any

from flask import Response, request, session, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import clock, config
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages, refusals, requests
from crowdfund.people import queries
from crowdfund.security import step_up
from crowdfund.security.entry import enter
from crowdfund.sign_in.forms import ConfirmForm
from crowdfund.sign_in.rules.external import Declined, ExternalMethod, NotTheirs
from crowdfund.sign_in.service import external
from crowdfund.sign_in.service.attempts import Visitor
from crowdfund.sign_in.views.blueprint import bp

PENDING_S = 1800  # how long a proved identity is kept for its owner to sign in


@bp.app_template_global("single_sign_on")
def single_sign_on() -> str:
    """Return the name of the identity provider for its button; empty when there is none."""
    settings = config.settings()
    return settings.oidc_name if settings.oidc_offered else ""


def visitor() -> Visitor:
    """Return who makes this request; a secret in its session identifies the browser."""
    if request.method == "POST" and "browser" not in session:
        session["browser"] = secrets.token_urlsafe(24)
    browser = hashlib.sha256(session.get("browser", secrets.token_hex(8)).encode()).hexdigest()
    person = identity.current_user()
    return Visitor(browser, request.remote_addr or "", person.id if person else None)


def referral() -> str:
    """Return the invitation code that this visitor came with, for a new account."""
    return str(session.get("referral", ""))


def asked_target() -> str:
    """Return the page to show after the sign-in; own paths only."""
    return requests.own_path(request.values.get("next"), url_for("campaigns.index"))


def arrive(person_id: str, *, method: str, target: str, is_new: bool) -> BaseResponse:
    """Sign in; a newcomer without an e-mail address is led to the page to add one."""
    person = queries.get(person_id)
    if is_new and person and not person.email:
        text = _(
            "Your account is open. "
            "Add an e-mail address, so that we can write to you about your money."
        )
        pages.flash(text, "warning")
        target = url_for("sign_in.methods") if target == url_for("campaigns.index") else target
    return enter(person_id, method=method, target=target)


def connect_now(method: ExternalMethod, target: str) -> BaseResponse:
    """Add a proved sign-in method to the signed-in person, on a page if that needs a second factor.

    Raises BelongsToAnother.
    """
    person = identity.signed_in()
    if not external.counts_at_once(person.id, method):
        store_pending(method, person_id=person.id)
        return pages.back(url_for("sign_in.connect_method"))
    return _connected(external.connect(person.id, method), method, target)


def store_pending(method: ExternalMethod, *, email: str = "", person_id: str = "") -> None:
    """Store a proved sign-in method until the owner of the address, or this person, confirms it."""
    session["pending_method"] = {
        "kind": method.kind,
        "value": method.value,
        "label": method.label,
        "email": email,
        "person_id": person_id,
        "at": clock.now().timestamp(),
    }


def pending() -> tuple[ExternalMethod, str] | None:
    """Return this session's unconfirmed sign-in method and the address that it claims."""
    stored = session.get("pending_method")
    if not stored or clock.now().timestamp() - stored["at"] > PENDING_S:
        return None
    person = identity.current_user()
    if stored["person_id"] and (person is None or person.id != stored["person_id"]):
        return None
    return ExternalMethod(stored["kind"], stored["value"], stored["label"]), stored["email"]


def problem(error: CrowdfundError, target: str) -> Response:
    """Show why a sign-in or a connection failed, and what to do next."""
    form = ConfirmForm()
    pages.put_error(form, error)
    return pages.render(
        "sign_in/method_problem.html", form=form, target=target, status=error.status
    )


def cancelled(choice: Declined, target: str) -> BaseResponse:
    """Lead back to where a sign-in began that its person has cancelled at the provider."""
    pages.flash(choice.user_message)
    if identity.current_user():
        return pages.back(url_for("sign_in.methods"))
    return pages.back(url_for("sign_in.sign_in", next=target))


@bp.route("/account/sign-in-methods/connect", methods=["GET", "POST"])
def connect_method() -> BaseResponse:
    """Ask whether to add the proved identity or wallet to this account; add it."""
    found, form, person = pending(), ConfirmForm(), identity.signed_in()
    if found is None:
        return pages.back(url_for("sign_in.methods"))
    method, email = found
    context: dict[str, Any] = {"form": form, "method": method, "person": person}
    try:
        if email and not external.has_address(person.id, email):
            raise NotTheirs(email)
        at_once = external.counts_at_once(person.id, method)
        if not at_once and not step_up.is_fresh():
            return refusals.to_second_factor()
        if form.validate_on_submit():
            session.pop("pending_method")
            return _connected(
                external.connect(person.id, method), method, url_for("sign_in.methods")
            )
    except CrowdfundError as error:
        session.pop("pending_method", None)
        return problem(error, url_for("sign_in.methods"))
    return pages.render("sign_in/connect_method.html", at_once=at_once, **context)


def _connected(outcome: str, method: ExternalMethod, target: str) -> BaseResponse:
    texts = {
        "connected": _("You can sign in with %(what)s from now on.", what=method.label),
        "known": _("You can already sign in with %(what)s.", what=method.label),
        "held": _(
            "You can sign in with %(what)s in 24 hours. Until then you can cancel it.",
            what=method.label,
        ),
    }
    pages.flash(texts[outcome], "info" if outcome == "held" else "success")
    return pages.back(target)
