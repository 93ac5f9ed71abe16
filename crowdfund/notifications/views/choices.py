"""What a person wants to be told, and the way out that every optional e-mail carries."""

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import csrf, i18n
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web import identity, pages
from crowdfund.notifications import links, queries, rendering, service
from crowdfund.notifications.forms import ChoicesForm
from crowdfund.notifications.kinds import CHANNELS, GROUPS, KINDS
from crowdfund.notifications.views.blueprint import bp
from crowdfund.people import queries as people_queries


@bp.route("/account/notifications", methods=["GET", "POST"])
def preferences() -> BaseResponse:
    """Show and keep which kinds go to the person by which channel."""
    person = identity.signed_in()
    reach = people_queries.contact_channels([person.id])[person.id]
    pairs = _pairs(is_staff=bool(person.roles), has_phone=bool(reach.phones))
    form = ChoicesForm()
    form.wanted.choices = [f"{kind}:{channel}" for kind, channel in pairs]
    if form.validate_on_submit():
        wanted = {pair for pair in pairs if f"{pair[0]}:{pair[1]}" in (form.wanted.data or [])}
        service.choose_all(person.id, wanted, among=pairs)
        pages.flash(_("Your choices have been saved."), "success")
        return pages.back(url_for("notifications.preferences"))
    chosen = queries.choices([person.id]).get(person.id, {})
    return pages.render(
        "notifications/preferences.html",
        form=form,
        groups={
            name: group for name, group in GROUPS.items() if person.roles or not group.is_for_staff
        },
        kinds=KINDS,
        kind_title=rendering.label,
        going={(kind, channel) for kind in KINDS for channel in queries.channels_of(kind, chosen)},
        reach=reach,
        language=i18n.LANGUAGES.get(person.language, i18n.LANGUAGES["en"]),
        status=422 if form.errors else 200,
    )


def _pairs(*, is_staff: bool, has_phone: bool) -> list[tuple[str, str]]:
    return [
        (name, channel)
        for name, kind in KINDS.items()
        for channel in CHANNELS
        if not kind.mandatory and (is_staff or not GROUPS[kind.group].is_for_staff)
        and (has_phone or channel != "sms")
    ]  # fmt: skip


@bp.route("/unsubscribe/<token>", methods=["GET", "POST"])
@csrf.exempt
def unsubscribe(token: str) -> BaseResponse:
    """End e-mails of one kind, or take them up again; the signed link is the permission.

    Mail programs post here by themselves (RFC 8058) and follow no redirect.
    """
    person_id, kind = links.read(token)
    if request.method == "POST":
        service.choose(person_id, kind, "email", is_wanted=request.form.get("again") == "yes")
        if "List-Unsubscribe" not in request.form:
            return pages.back(url_for("notifications.unsubscribe", token=token))
        is_on = False
    else:
        is_on = "email" in queries.channels_of(
            kind, queries.choices([person_id]).get(person_id, {})
        )
    return _unsubscribe_page(token, kind, is_on=is_on)


def _unsubscribe_page(token: str, kind: str, *, is_on: bool) -> Response:
    title = rendering.label(kind)
    return pages.render("notifications/unsubscribe.html", token=token, title=title, is_on=is_on)
