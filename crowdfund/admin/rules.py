"""User management: what one admin requests and another confirms; pure."""

from collections.abc import Iterable
from datetime import timedelta

from crowdfund.kernel.errors import Conflict, Forbidden, Invalid
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _, _l
from crowdfund.people.rules import STAFF_ROLES

REQUEST_LIFETIME = timedelta(days=7)
GIVE, TAKE, RESET = "give_role", "take_role", "reset_factor"

KIND_LABELS: dict[str, str] = {
    GIVE: _l("Assign role"),
    TAKE: _l("Remove role"),
    RESET: _l("Reset the second factor"),
}
ROLE_LABELS: dict[str, str] = {
    "admin": _l("Admin"),
    "compliance": _l("Compliance"),
    "finance": _l("Finance"),
    "regulator": _l("Regulator"),
}
REQUEST_STATES = ("pending", "approved", "refused", "cancelled", "expired")


class LastAdmin(Conflict):
    """No admin would be left to manage users."""

    code = "last_admin"


class NotOneself(Forbidden):
    """What two admins have to agree on cannot be done for oneself."""

    code = "not_oneself"


def checked_reason(text: str | None) -> str:
    """Return the reason of what an admin does. Raises Invalid if it is too short or too long."""
    ask = _("Give a reason in a sentence. It stays in the history.")
    return texts.reason(text, least=5, ask=ask)


def check_request(kind: str, role: str, *, held: Iterable[str]) -> None:
    """Raise Invalid or Conflict for a request that would change nothing, or for an unknown role."""
    if kind not in KIND_LABELS:
        raise Invalid(_("Choose what should be done."), field="kind")
    if kind == RESET:
        return
    if role not in STAFF_ROLES:
        raise Invalid(_("Choose a role."), field="role")
    if kind == GIVE and role in held:
        raise Conflict(_("This person already has the role. Nothing was changed."))
    if kind == TAKE and role not in held:
        raise Conflict(_("This person does not have the role. Nothing was changed."))


def check_not_oneself(actor: str, *people: str) -> None:
    """Raise NotOneself if the actor is one of these people."""
    if actor in people:
        text = _("You cannot do this on your own: another admin has to. Nothing was changed.")
        raise NotOneself(text)


def check_not_last(admins: Iterable[str], leaving: str) -> None:
    """Raise LastAdmin if nobody else would be left; `admins` are those with open accounts."""
    if not set(admins) - {leaving}:
        text = _(
            "This is the last admin. Give the role to someone else first; nothing was changed."
        )
        raise LastAdmin(text)
