"""Reads about companies: `companies` (found and authorised) and `parts` of their files."""

from .. import rules
from .companies import (
    FACTS,
    CompanyMissing,
    countries,
    counts,
    filled,
    for_member,
    get,
    history,
    is_member,
    member_ids,
    members,
    of_member,
    papers,
    public_papers,
    queue,
    role_of,
    start_standing,
)
from .parts import (
    bank_account,
    declarations,
    invitation,
    invitations,
    officers,
    proposed_account,
    running_changes,
    shown_account,
)

__all__ = [
    "FACTS", "CompanyMissing", "bank_account", "countries", "counts", "declarations", "filled",
    "for_member", "get", "history", "invitation", "invitations", "is_member", "member_ids", "members",
    "of_member", "officers", "papers", "proposed_account", "public_papers", "queue", "role_of", "rules",
    "running_changes", "shown_account", "start_standing",
]  # fmt: skip
