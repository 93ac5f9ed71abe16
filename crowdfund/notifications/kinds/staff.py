"""Kinds of notice to staff, one for each queue; by default only in their own list."""

from crowdfund.kernel.i18n import _l
from crowdfund.notifications.kinds.base import LIST_ONLY, Kind


def _queue(title: str, text: str, path: str) -> Kind:
    return Kind(
        title, text, "staff", {}, channels=LIST_ONLY, action=_l("Open the queue"), path=path
    )


# The roles that decide in each queue.
ROLES: dict[str, tuple[str, ...]] = {
    "staff.people": ("admin", "compliance"),
    "staff.nominees": ("admin", "compliance"),
    "staff.companies": ("admin", "compliance"),
    "staff.campaigns": ("admin", "compliance"),
    "staff.term_changes": ("admin", "compliance"),
    "staff.payments": ("admin", "finance"),
    "staff.payouts": ("admin", "finance"),
    "staff.requests": ("admin",),
    "staff.follow": ("admin", "finance"),
    "staff.keys": ("admin",),
    "staff.limits": ("admin", "finance"),
    "staff.rates": ("admin", "finance"),
    "staff.plan": ("admin", "finance"),
    "staff.releases": ("admin", "finance"),
}

KINDS = {
    "staff.people": _queue(
        _l("A person is waiting to be verified"),
        _l("There is new work in the queue for people."),
        "/staff/people",
    ),
    "staff.nominees": _queue(
        _l("A nominee is waiting to be verified"),
        _l("There is new work in the queue for nominees."),
        "/staff/people",
    ),
    "staff.companies": _queue(
        _l("A company is waiting for approval"),
        _l("There is new work in the queue for companies."),
        "/staff/companies",
    ),
    "staff.campaigns": _queue(
        _l("A campaign is waiting for approval"),
        _l("There is new work in the queue for campaigns."),
        "/staff/approvals",
    ),
    "staff.term_changes": _queue(
        _l("A change of a campaign's terms needs a decision"),
        _l("A company wants to change the terms of a live campaign. Compare them and decide."),
        "/staff/term-changes",
    ),
    "staff.payments": _queue(
        _l("A payment needs a decision"),
        _l("There is a new payment to review."),
        "/staff/exceptions",
    ),
    "staff.payouts": _queue(
        _l("A withdrawal needs a decision"),
        _l("There is a new withdrawal to approve or to look into."),
        "/staff/payouts",
    ),
    "staff.requests": _queue(
        _l("A colleague's request needs a second approval"),
        _l("There is new work in the queue for requests about staff."),
        "/staff/requests",
    ),
    "staff.follow": _queue(
        _l("A campaign needs a second approval"),
        _l("A colleague asked that a campaign follows its contract. Check the preview and decide."),
        "/staff/follow",
    ),
    "staff.keys": _queue(
        _l("A request about keys or wallets needs a second admin"),
        _l("There is new work in the queue for requests about keys, pauses and wallets."),
        "/staff/chain/keys",
    ),
    "staff.limits": _queue(
        _l("New limits of campaigns need a second approval"),
        _l("A colleague proposed other limits. Compare them with those in force and decide."),
        "/staff/limits",
    ),
    "staff.rates": _queue(
        _l("A new exchange rate needs a second approval"),
        _l("A colleague proposed an exchange rate. Compare it with its source and decide."),
        "/staff/rates",
    ),
    "staff.plan": _queue(
        _l("A new version of the plan needs a second approval"),
        _l("A colleague proposed other terms of the plan. Compare them with today's and decide."),
        "/staff/plan",
    ),
    "staff.releases": _queue(
        _l("A release needs a second approval"),
        _l("A colleague has prepared the release of a campaign's money. Look at it and decide."),
        "/staff/releases",
    ),
}
