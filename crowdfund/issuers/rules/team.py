"""The roles of a company's people and what each may do: the one rule that every route asks."""

from collections.abc import Mapping
from datetime import timedelta
from enum import StrEnum

from crowdfund.kernel.errors import Forbidden
from crowdfund.kernel.i18n import _, _l

INVITATION_LIFE = timedelta(days=7)


class Role(StrEnum):
    """What someone is in a company."""

    OWNER = "owner"
    MANAGER = "manager"
    FINANCE = "finance"
    VIEWER = "viewer"


ROLE_NAMES: Mapping[str, str] = {
    Role.OWNER: _l("Owner"),
    Role.MANAGER: _l("Manager"),
    Role.FINANCE: _l("Finance"),
    Role.VIEWER: _l("Viewer"),
}
ROLE_TEXTS: Mapping[str, str] = {
    Role.OWNER: _l("Everything, including the team."),
    Role.MANAGER: _l("Campaigns and documents."),
    Role.FINANCE: _l("The bank account."),
    Role.VIEWER: _l("Can read everything and change nothing."),
}

_ACTIONS: Mapping[str, frozenset[Role]] = {
    "view": frozenset(Role),
    "file": frozenset({Role.OWNER}),  # facts, officers, wallet, submission, leaving changes
    "bank": frozenset({Role.OWNER, Role.FINANCE}),
    "documents": frozenset({Role.OWNER, Role.MANAGER}),
    "campaign": frozenset({Role.OWNER, Role.MANAGER}),  # write, submit, withdraw, close early
    "team": frozenset({Role.OWNER}),
}


class RoleForbids(Forbidden):
    """This person belongs to the company, but in a role that does not allow it."""

    code = "role_forbids"


def may(role: str | None, action: str) -> bool:
    """Return whether someone in this role of a company may do an action; nobody outside may."""
    return role in _ACTIONS[action]


def demand(role: str, action: str) -> None:
    """Refuse what the role does not allow, with a sentence. Raises RoleForbids."""
    if not may(role, action):
        name = ROLE_NAMES[role]
        raise RoleForbids(_("Your role in this company (%(role)s) does not allow this.", role=name))


def may_leave(role: str, owners: int) -> bool:
    """Return whether a member may leave or change role: a company is never without an owner."""
    return role != Role.OWNER or owners > 1
