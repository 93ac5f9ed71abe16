"""The person's own account page."""

from flask import request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.adapters import sms
from crowdfund.kernel import config, i18n
from crowdfund.kernel.errors import CrowdfundError, Invalid
from crowdfund.kernel.fields import contacts
from crowdfund.kernel.fields.names import given_names
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, language, pages, requests
from crowdfund.people import queries, service
from crowdfund.sign_in.forms import LanguageForm, ProfileForm
from crowdfund.sign_in.views.blueprint import bp
from crowdfund.sign_in.views.methods import ask_to_add

language.when_chosen(service.choose_language)


@bp.route("/account", methods=["GET", "POST"])
def show() -> BaseResponse:
    """Show the person's own data and verification; save name and number."""
    form, status = ProfileForm(obj=identity.current_user()), 200
    if form.validate_on_submit():
        try:
            return _save(form, _target())
        except CrowdfundError as error:
            pages.put_error(form, error)
            status = error.status
    elif form.errors:
        status = 422
    elif form.phone.data:
        form.phone.data = contacts.shown_phone(form.phone.data)
    return _page(form, _language_form(), status)


@bp.post("/account/language")
def choose_language() -> BaseResponse:
    """Save the language and calendar of pages and messages.

    An empty language follows the browser again, an empty calendar the language.
    """
    person = identity.signed_in()
    form = LanguageForm(obj=person)
    if not form.validate_on_submit():
        return _page(_profile_form(), form, 422)
    chosen, calendar = form.language.data or "", form.calendar.data or ""
    service.choose_language(person.id, chosen)
    service.choose_calendar(person.id, calendar)
    i18n.use(chosen or language.language_of_browser(request), calendar)
    pages.flash(_("Saved."), "success")
    response = pages.back(url_for("sign_in.show", next=_target() or None))
    language.remember_calendar(response, calendar)
    if not chosen:
        return language.forget_language(response)
    return language.remember_language(response, chosen)


def _target() -> str:
    return requests.own_path(request.values.get("next"), "")


def _profile_form() -> ProfileForm:
    person = identity.signed_in()
    form = ProfileForm(formdata=None, obj=person)
    form.phone.data = contacts.shown_phone(person.phone) if person.phone else ""
    return form


def _language_form() -> LanguageForm:
    return LanguageForm(formdata=None, obj=identity.signed_in())


def _page(form: ProfileForm, language_form: LanguageForm, status: int) -> BaseResponse:
    person, base = identity.signed_in(), config.settings().public_url
    return pages.render(
        "sign_in/show.html",
        status=status,
        form=form,
        language_form=language_form,
        person=person,
        target=_target(),
        shown_phone=contacts.shown_phone,
        has_proved_phone=person.phone in queries.addresses_of(person.id, "phone"),
        invitation=base + url_for("sign_in.join", code=person.referral_code),
    )


def _save(form: ProfileForm, target: str) -> BaseResponse:
    """Save name and number; a new number is first confirmed by a code."""
    person, here = identity.signed_in(), url_for("sign_in.show", next=target or None)
    names = {"first_name": form.first_name.data or "", "last_name": form.last_name.data or ""}
    given_names(**names)
    number = contacts.phone(form.phone.data or "", mobile=sms.is_offered())
    proved = queries.addresses_of(person.id, "phone")
    is_new = number != person.phone and number not in proved
    if is_new and proved and not sms.is_offered():
        text = _(
            "We cannot send SMS at the moment, so your number stays as it is. Try again later."
        )
        raise Invalid(text, field="phone")
    asks_for_code = is_new and sms.is_offered()
    # The code first: its limits are counted before the transaction of this request begins.
    answer = ask_to_add(number, here) if asks_for_code else pages.back(here)
    service.save_profile(person.id, phone=None if asks_for_code else number, **names)
    if not asks_for_code:
        pages.flash(_("Saved."), "success")
    return answer
