"""A person's choice of messages, and the unsubscribe link of every optional e-mail."""

from collections.abc import Collection

from flask import Response, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import csrf, i18n
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person
from crowdfund.kernel.web import identity, pages
from crowdfund.notifications import links, queries, rendering, service
from crowdfund.notifications.forms import ChoicesForm
from crowdfund.notifications.kinds import CHANNELS, GROUPS, KINDS, Group
from crowdfund.notifications.views.blueprint import bp
from crowdfund.people import queries as people_queries
from crowdfund.people.rows import ContactChannels


@bp.route("/account/notifications", methods=["GET", "POST"])
def preferences() -> BaseResponse:
    """Show and save which kinds are sent to the person by which channel."""
    person = identity.signed_in()
    reach = people_queries.contact_channels([person.id])[person.id]
    groups = _groups(person)
    boxes = {f"{kind}:{channel}": (kind, channel) for kind, channel in _pairs(groups, reach)}
    form = ChoicesForm()
    form.wanted.choices = list(boxes)
    if form.validate_on_submit():
        wanted = {boxes[name] for name in form.wanted.data or []}
        service.choose_all(person.id, wanted, among=boxes.values())
        pages.flash(_("Your choices have been saved."), "success")
        return pages.back(url_for("notifications.preferences"))
    chosen = queries.choices([person.id]).get(person.id, {})
    return pages.render(
        "notifications/preferences.html",
        form=form,
        groups=groups,
        kinds=KINDS,
        kind_title=rendering.label,
        going={(kind, channel) for kind in KINDS for channel in queries.channels_of(kind, chosen)},
        reach=reach,
        language=i18n.LANGUAGES.get(person.language, i18n.LANGUAGES["en"]),
        status=422 if form.errors else 200,
    )


def _groups(person: Person) -> dict[str, Group]:
    return {name: one for name, one in GROUPS.items() if person.roles or not one.is_for_staff}


def _pairs(groups: Collection[str], reach: ContactChannels) -> list[tuple[str, str]]:
    """Return the kinds and channels that the person can choose."""
    optional = [name for name, one in KINDS.items() if one.group in groups and not one.mandatory]
    channels = [channel for channel in CHANNELS if channel != "sms" or reach.phones]
    return [(name, channel) for name in optional for channel in channels]


@bp.route("/unsubscribe/<token>", methods=["GET", "POST"])
@csrf.exempt
def unsubscribe(token: str) -> BaseResponse:
    """Unsubscribe from e-mails of one kind, or subscribe again; the signed link is the permission.

    Mail programs post here by themselves (RFC 8058) and follow no redirect.
    """
    person_id, kind = links.read(token)
    if request.method != "POST":
        chosen = queries.choices([person_id]).get(person_id, {})
        return _unsubscribe_page(token, kind, is_on="email" in queries.channels_of(kind, chosen))
    service.choose(person_id, kind, "email", is_wanted=request.form.get("again") == "yes")
    if "List-Unsubscribe" in request.form:
        return _unsubscribe_page(token, kind, is_on=False)
    return pages.back(url_for("notifications.unsubscribe", token=token))


def _unsubscribe_page(token: str, kind: str, *, is_on: bool) -> Response:
    title = rendering.label(kind)
    return pages.render("notifications/unsubscribe.html", token=token, title=title, is_on=is_on)
