"""Prove the second factor: at sign-in, for a staff role, before something sensitive."""

from typing import cast

from flask import Response, jsonify, request, session, url_for
from flask_wtf import FlaskForm
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import sessions
from crowdfund.kernel.errors import CrowdfundError, NotSignedIn
from crowdfund.kernel.i18n import _, ngettext
from crowdfund.kernel.sessions import SqlSession
from crowdfund.kernel.web import identity, pages, requests
from crowdfund.security import entry, queries, step_up
from crowdfund.security.forms import AppCodeForm, PasskeyForm, RecoveryCodeForm
from crowdfund.security.service import passkeys
from crowdfund.security.service import second_factor as second_factor_service
from crowdfund.security.service.passkeys import Answer, relying_party
from crowdfund.security.views.blueprint import bp


def who() -> str | None:
    """Return who has to prove it: the signed-in person, or one whose sign-in only lacks this."""
    person = identity.current_user()
    return person.id if person else entry.half_way()


@bp.route("/sign-in/second-factor", methods=["GET", "POST"])
def second_factor() -> BaseResponse:
    """Ask for the code of the app, a passkey, or lead to the recovery codes."""
    person_id, form = who(), AppCodeForm()
    if person_id is None:
        return _begin_again()
    if request.method == "GET" and (
        step_up.is_fresh() or not second_factor_service.is_enrolled(person_id)
    ):
        return _nothing_to_ask()
    if form.validate_on_submit():
        try:
            second_factor_service.prove_app(person_id, form.code.data or "")
        except CrowdfundError as error:
            pages.put_error(form, error)
            return _ask(person_id, form, error.status)
        return _proved(person_id, "totp")
    return _ask(person_id, form, 422 if form.errors else 200)


@bp.route("/sign-in/recovery-code", methods=["GET", "POST"])
def recovery_code() -> BaseResponse:
    """Accept a recovery code instead."""
    person_id, form = who(), RecoveryCodeForm()
    if person_id is None:
        return _begin_again()
    if form.validate_on_submit():
        try:
            left = second_factor_service.prove_recovery_code(person_id, form.code.data or "")
        except CrowdfundError as error:
            return pages.refuse("security/recovery_code.html", form, error, target=_target())
        text = ngettext(
            "%(num)s recovery code is left. Make new ones.",
            "%(num)s recovery codes are left.",
            left,
        )
        pages.flash(text, "warning" if left < 3 else "info")
        return _proved(person_id, "recovery")
    status = 422 if form.errors else 200
    return pages.render("security/recovery_code.html", form=form, target=_target(), status=status)


@bp.post("/sign-in/passkey/options")
def passkey_options() -> Response:
    """Give the browser a challenge for one of the person's passkeys."""
    person_id = who()
    if person_id is None:
        raise NotSignedIn(_("Sign in first."))
    challenge_id, options = passkeys.begin_proving(person_id)
    return jsonify({"challenge_id": challenge_id, "options": options})


@bp.post("/sign-in/passkey")
def passkey_prove() -> BaseResponse:
    """Check a passkey's signature."""
    person_id, form = who(), PasskeyForm()
    if person_id is None:
        return _begin_again()
    if form.validate_on_submit():
        answer = Answer(form.challenge_id.data or "", form.credential.data or "")
        try:
            passkeys.prove(person_id, answer)
        except CrowdfundError as error:
            pages.put_error(form, error)
            return _ask(person_id, AppCodeForm(formdata=None), error.status, passkey_form=form)
        return _proved(person_id, "passkey")
    return _ask(person_id, AppCodeForm(formdata=None), 422, passkey_form=form)


def _ask(
    person_id: str, form: AppCodeForm, status: int, *, passkey_form: FlaskForm | None = None
) -> Response:
    return pages.render(
        "security/second_factor.html",
        status=status,
        form=form,
        passkey_form=passkey_form or PasskeyForm(formdata=None),
        target=_target(),
        factors=queries.factors(person_id),
        host=relying_party(),
        has_recovery_codes=bool(queries.recovery_codes_left(person_id)),
    )


def _begin_again() -> BaseResponse:
    text = _("This sign-in has ended, or it was started in another browser. Sign in again.")
    pages.flash(text, "warning")
    return pages.back(url_for("sign_in.sign_in", next=_target() or None))


def _nothing_to_ask() -> BaseResponse:
    """Redirect to the target after a fresh proof, else to the page that sets up a second factor."""
    target = _target()
    if step_up.is_fresh():
        return pages.back(target or url_for("security.security"))
    return pages.back(url_for("security.security", next=target or None))


def _proved(person_id: str, how: str) -> BaseResponse:
    """Store the proof under a new session key and redirect to the target."""
    if identity.current_user() is None:
        return entry.admit_half_way(person_id, how)
    cast(SqlSession, session).rotate()
    sessions.note_proof(session, person_id, how)
    return pages.back(_target() or url_for("security.security"))


def _target() -> str:
    pending = session.get("half_way") or {}
    return requests.own_path(request.values.get("next"), "") or str(pending.get("next", ""))
