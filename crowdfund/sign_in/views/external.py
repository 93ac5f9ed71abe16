"""What sign-in by provider and by wallet share: who asks, what waits, where it ends."""

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
from crowdfund.sign_in.rules.external import NotTheirs, Way
from crowdfund.sign_in.service import external
from crowdfund.sign_in.service.attempts import Visitor
from crowdfund.sign_in.views.blueprint import bp

WAITS_S = 1800  # how long a proved identity waits for its owner to sign in


@bp.app_template_global("single_sign_on")
def single_sign_on() -> str:
    """Return the name of the identity provider for its button; empty when there is none."""
    settings = config.settings()
    return settings.oidc_name if settings.oidc_offered else ""


def visitor() -> Visitor:
    """Return who asks; the browser is known by a secret of its session."""
    if request.method == "POST" and "browser" not in session:
        session["browser"] = secrets.token_urlsafe(24)
    browser = hashlib.sha256(session.get("browser", secrets.token_hex(8)).encode()).hexdigest()
    person = identity.current_user()
    return Visitor(browser, request.remote_addr or "", person.id if person else None)


def referral() -> str:
    """Return the invitation that this visitor has followed, for the case that an account is opened."""
    return str(session.get("referral", ""))


def asked_target() -> str:
    """Return where a sign-in is to end; own paths only."""
    return requests.own_path(request.values.get("next"), url_for("campaigns.index"))


def arrive(person_id: str, *, method: str, target: str, is_new: bool) -> BaseResponse:
    """Sign in; a newcomer whom we cannot write to is led to where that is put right."""
    person = queries.get(person_id)
    if is_new and person and not person.email:
        text = _(
            "Your account is open. Add an e-mail address, so that we can write to you about your money."
        )
        pages.flash(text, "warning")
        target = url_for("sign_in.methods") if target == url_for("campaigns.index") else target
    return enter(person_id, method=method, target=target)


def connect_now(way: Way, target: str) -> BaseResponse:
    """Add a proved sign-in method to who is signed in; what needs a second factor is asked for on a page.

    Raises BelongsToAnother.
    """
    person = identity.signed_in()
    if not external.counts_at_once(person.id, way):
        keep_waiting(way, person_id=person.id)
        return pages.back(url_for("sign_in.connect_way"))
    return _connected(external.connect(person.id, way), way, target)


def keep_waiting(way: Way, *, email: str = "", person_id: str = "") -> None:
    """Keep a proved sign-in method until its owner confirms it: who has the address, or this person."""
    session["way"] = {
        "kind": way.kind, "value": way.value, "label": way.label, "email": email,
        "person_id": person_id,
        "at": clock.now().timestamp(),
    }  # fmt: skip


def waiting() -> tuple[Way, str] | None:
    """Return the sign-in method that waits in this session and the address whose owner it claims to be."""
    kept = session.get("way")
    if not kept or clock.now().timestamp() - kept["at"] > WAITS_S:
        return None
    person = identity.current_user()
    if kept["person_id"] and (person is None or person.id != kept["person_id"]):
        return None
    return Way(kept["kind"], kept["value"], kept["label"]), kept["email"]


def problem(error: CrowdfundError, target: str) -> Response:
    """Show why a sign-in or a connection came to nothing, and how to go on."""
    form = ConfirmForm()
    pages.put_error(form, error)
    return pages.render("sign_in/way_problem.html", form=form, target=target, status=error.status)


@bp.route("/account/sign-in-methods/connect", methods=["GET", "POST"])
def connect_way() -> BaseResponse:
    """Ask whether the proved identity or wallet is to be a sign-in method of this account; connect it."""
    found, form, person = waiting(), ConfirmForm(), identity.signed_in()
    if found is None:
        return pages.back(url_for("sign_in.methods"))
    way, email = found
    context: dict[str, Any] = {"form": form, "way": way, "person": person}
    try:
        if email and not external.has_address(person.id, email):
            raise NotTheirs(email)
        at_once = external.counts_at_once(person.id, way)
        if not at_once and not step_up.is_fresh():
            return refusals.to_second_factor()
        if form.validate_on_submit():
            session.pop("way")
            return _connected(external.connect(person.id, way), way, url_for("sign_in.methods"))
    except CrowdfundError as error:
        session.pop("way", None)
        return problem(error, url_for("sign_in.methods"))
    return pages.render("sign_in/connect_way.html", at_once=at_once, **context)


def _connected(outcome: str, way: Way, target: str) -> BaseResponse:
    texts = {
        "connected": _("You can sign in with %(what)s from now on.", what=way.label),
        "known": _("You can already sign in with %(what)s.", what=way.label),
        "held": _(
            "You can sign in with %(what)s in 24 hours. Until then you can cancel it.",
            what=way.label,
        ),
    }
    pages.flash(texts[outcome], "info" if outcome == "held" else "success")
    return pages.back(target)
