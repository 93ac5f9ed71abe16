"""The person's own account page."""

from flask import request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.adapters import sms
from crowdfund.kernel import config, fields
from crowdfund.kernel.errors import CrowdfundError, Invalid
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, language, pages, requests
from crowdfund.people import queries, rules, service
from crowdfund.sign_in.forms import ProfileForm
from crowdfund.sign_in.views.blueprint import bp
from crowdfund.sign_in.views.methods import ask_to_add

language.language_keepers.append(service.choose_language)


@bp.route("/account", methods=["GET", "POST"])
def show() -> BaseResponse:
    """Show the person's own data and verification; keep changes."""
    person = identity.current_user()
    form = ProfileForm(obj=person)
    if request.method == "GET" and person.phone:
        form.phone.data = fields.shown_phone(person.phone)
    target = requests.own_path(request.values.get("next"), "")
    status = 200
    if form.validate_on_submit():
        try:
            return _save(form, target)
        except CrowdfundError as error:
            pages.put_error(form, error)
            status = error.status
    elif form.errors:
        status = 422
    base = config.settings().public_url.rstrip("/")
    return pages.render(
        "sign_in/show.html", status=status, form=form, person=person, target=target,
        shown_phone=fields.shown_phone,
        has_proved_phone=person.phone in queries.addresses_of(person.id, "phone"),
        invitation=base + url_for("sign_in.join", code=person.referral_code),
    )  # fmt: skip


def _save(form: ProfileForm, target: str) -> BaseResponse:
    """Keep what was typed; a new number has to be proved by a code before it counts."""
    person, here = identity.current_user(), url_for("sign_in.show", next=target or None)
    names = {"first_name": form.first_name.data or "", "last_name": form.last_name.data or ""}
    rules.check_names(**names)
    number = fields.normal_phone(form.phone.data or "", mobile=sms.is_offered())
    proved = queries.addresses_of(person.id, "phone")
    is_new = number != person.phone and number not in proved
    if is_new and proved and not sms.is_offered():
        text = _("We cannot send SMS at the moment, so your number stays as it is. Try again later.")
        raise Invalid(text, field="phone")
    asks_for_code = is_new and sms.is_offered()
    # The code first: its limits are counted before the transaction of this request begins.
    answer = ask_to_add(number, here) if asks_for_code else pages.back(here)
    service.save_profile(person.id, phone=None if asks_for_code else number, **names)
    service.choose_language(person.id, form.language.data or "")
    if not asks_for_code:
        pages.flash(_("Saved."), "success")
    return language.remember_language(answer, form.language.data or "")
