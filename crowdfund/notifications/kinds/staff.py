"""Kinds of notice to staff, one for each queue: in their own list only, unless they ask for more."""

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import LIST_ONLY, Kind


def _queue(title: str, text: str, path: str) -> Kind:
    return Kind(title, text, "staff", {}, channels=LIST_ONLY, action=_l("Open the queue"), path=path)


# Whose work a queue is: the roles that decide there.
ROLES: dict[str, tuple[str, ...]] = {
    "staff.people": ("admin", "compliance"),
    "staff.nominees": ("admin", "compliance"),
    "staff.companies": ("admin", "compliance"),
    "staff.campaigns": ("admin", "compliance"),
    "staff.payments": ("admin", "finance"),
    "staff.requests": ("admin",),
    "staff.follow": ("admin", "finance"),
    "staff.keys": ("admin",),
}

KINDS = {
    "staff.people": _queue(
        _l("Somebody waits to be verified"),
        _l("There is new work in the queue of people."),
        "/staff/people",
    ),
    "staff.nominees": _queue(
        _l("A nominee waits to be verified"),
        _l("There is new work in the queue of nominees."),
        "/staff/people",
    ),
    "staff.companies": _queue(
        _l("A company waits for approval"),
        _l("There is new work in the queue of companies."),
        "/staff/companies",
    ),
    "staff.campaigns": _queue(
        _l("A campaign waits for approval"),
        _l("There is new work in the queue of campaigns."),
        "/staff/approvals",
    ),
    "staff.payments": _queue(
        _l("A payment needs a decision"),
        _l("There is a new exception in the queue of payments."),
        "/staff/exceptions",
    ),
    "staff.requests": _queue(
        _l("A colleague's request waits for a second pair of eyes"),
        _l("There is new work in the queue of requests about staff."),
        "/staff/requests",
    ),
    "staff.follow": _queue(
        _l("A campaign needs a second approval"),
        _l("A colleague asked that a campaign follows its contract. Check the preview and decide."),
        "/staff/follow",
    ),
    "staff.keys": _queue(
        _l("A request about keys or wallets waits for a second admin"),
        _l("There is new work in the queue of requests about keys, pauses and wallets."),
        "/staff/chain/keys",
    ),
}
