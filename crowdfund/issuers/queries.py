"""Reads about companies and the parts of their files."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa

from crowdfund.documents import queries as documents
from crowdfund.documents.rows import DocumentRow
from crowdfund.issuers.models import (
    Company,
    CompanyBankAccount,
    CompanyChange,
    CompanyDeclaration,
    CompanyInvitation,
    CompanyMember,
    CompanyOfficer,
    company_event,
)
from crowdfund.issuers.rows import (
    AccountRow,
    ChangeRow,
    CompanyRow,
    DeclarationRow,
    InvitationRow,
    MemberCompany,
    MemberRow,
    QueueRow,
)
from crowdfund.issuers.rules import requirements, team
from crowdfund.issuers.rules.life import ChangeStatus, Status
from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.kernel.db.history import StatusChange, status_changes
from crowdfund.kernel.db.paging import (
    START,
    Key,
    Page,
    Place,
    count_up_to,
    counts_up_to,
    read_page,
    values_of,
)
from crowdfund.kernel.db.rows import columns, read_all, read_first, read_one
from crowdfund.kernel.db.searching import mentions
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

_C = Company.__table__
_M = CompanyMember.__table__
_CH = CompanyChange.__table__
CHANGES = "changes"
_LONGEST_WAITING = (Key(_C.c.submitted_at), Key(_C.c.id))
_NEWEST = (Key(_C.c.id, is_descending=True),)

_MEMBER = sa.select(_M.c.role).where(
    _M.c.company_id == sa.bindparam("company"), _M.c.user_id == sa.bindparam("person")
)


class CompanyMissing(NotFound):
    """No such company, or none that this person may see."""


def get(company_id: str) -> CompanyRow:
    """Return a company; raises CompanyMissing. For staff and for other features."""
    query = sa.select(*columns(CompanyRow, _C)).where(_C.c.id == company_id)
    return read_one(CompanyRow, query, _missing())


def names(company_ids: set[str]) -> dict[str, str]:
    """Return the trade names of several companies by id."""
    query = sa.select(_C.c.id, _C.c.trade_name).where(_C.c.id.in_(company_ids))
    return {row.id: row.trade_name for row in db.session.execute(query)}


_WITH_ROLE = sa.select(*columns(MemberCompany, _C, my_role=_M.c.role)).join(
    _M, _M.c.company_id == _C.c.id
)


def for_member(company_id: str, user_id: str, action: str = "view") -> MemberCompany:
    """Return a company that this person acts for, if the role there allows the action.

    Raises CompanyMissing for everyone else, RoleForbids for the wrong role.
    """
    query = _WITH_ROLE.where(_C.c.id == company_id, _M.c.user_id == user_id)
    found = read_one(MemberCompany, query, _missing())
    team.demand(found.my_role, action)
    return found


def _missing() -> CompanyMissing:
    return CompanyMissing(_("There is no such company, or it is not yours."))


def of_member(user_id: str) -> list[MemberCompany]:
    """Return the companies that a person acts for, oldest first."""
    query = _WITH_ROLE.where(_M.c.user_id == user_id).order_by(_C.c.id)
    return read_all(MemberCompany, query)


def role_of(company_id: str, user_id: str) -> str | None:
    """Return a person's role in a company, None for a stranger."""
    return db.session.scalar(_MEMBER, {"company": company_id, "person": user_id})


def has_member(
    company_id: sa.ColumnElement[str], person: sa.ColumnElement[str]
) -> sa.ColumnElement[bool]:
    """Return whether a person acts for a company, for a query of another feature."""
    return sa.exists().where(_M.c.company_id == company_id, _M.c.user_id == person)


def is_member(company_id: str, user_id: str) -> bool:
    """Return whether a person acts for a company, in any role."""
    return role_of(company_id, user_id) is not None


def member_ids(company_id: str) -> set[str]:
    """Return everyone who acts for a company."""
    return set(db.session.scalars(sa.select(_M.c.user_id).where(_M.c.company_id == company_id)))


def members(company_id: str) -> list[MemberRow]:
    """Return the team, owners first."""
    first = sa.case((_M.c.role == team.Role.OWNER, 0), else_=1)
    query = sa.select(*columns(MemberRow, _M)).where(_M.c.company_id == company_id)
    return read_all(MemberRow, query.order_by(first, _M.c.since, _M.c.user_id))


def filled(company: CompanyRow) -> dict[str, Any]:
    """Return what the wizard's pages hold: the facts in force, with the changes that were begun."""
    facts: dict[str, Any] = asdict(company)
    facts["officers"] = officers(company.id)
    facts["bank"] = bank_account(company.id)
    facts["documents"] = documents_of(company.id)
    for change in running_changes(company.id):
        facts |= change.new
    return facts


def documents_of(company_id: str, kinds: Sequence[str] | None = None) -> list[DocumentRow]:
    """Return the documents of a company in force or under review, newest first within a kind."""
    found = documents.of_owner(("company", company_id), kinds)
    return [row for row in found if row.status not in ("replaced", "destroyed")]


def public_documents(company_id: str) -> list[DocumentRow]:
    """Return what everyone may read once a campaign is live: the verified memorandum in force."""
    found = [
        row
        for row in documents_of(company_id, [requirements.MEMORANDUM])
        if row.status == "verified"
    ]
    return sorted(found, key=lambda row: row.uploaded_at)[-1:]


def history(company_id: str) -> list[StatusChange]:
    """Return every status change with who, when and why, oldest first."""
    return status_changes(company_event, company_id)


def counts() -> dict[str, int]:
    """Return how many companies are in each state, and in `changes` how many wait with a change.

    Each is counted up to 1,001 (see `paging`).
    """
    states = {str(status): sa.select(_C.c.id).where(_C.c.status == status) for status in Status}
    return counts_up_to(states | {CHANGES: sa.select(_C.c.id).where(_has_pending())})


def changes_count() -> int:
    """Return how many companies wait with a change, counted up to 1,001."""
    return count_up_to(sa.select(_C.c.id).where(_has_pending()))


_QUEUE = sa.select(*columns(QueueRow, _C))


def queue(
    *, status: str = "", text: str = "", country: str = "", place: Place = START, size: int = 20
) -> Page[QueueRow]:
    """Return a page of companies: those under review longest waiting first, others newest first.

    `status` is one of the file's, or `changes`: verified ones whose change waits for review.
    """
    query = _QUEUE
    if status:
        query = query.where(_has_pending() if status == CHANGES else _C.c.status == status)
    if country:
        query = query.where(_C.c.country == country)
    if text:
        query = query.where(_mentions(text))
    if status in (CHANGES, Status.SUBMITTED):
        query = query.where(_C.c.submitted_at.is_not(None))
        return read_page(query, _LONGEST_WAITING, place, size=size, row=QueueRow)
    return read_page(query, _NEWEST, place, size=size, row=QueueRow)


def _mentions(text: str) -> sa.ColumnElement[bool]:
    """Return the condition that a company's name or number holds a text."""
    names = (_C.c.legal_name, _C.c.trade_name, _C.c.registration_no, _C.c.tin)
    return sa.or_(*(mentions(name, text) for name in names))


def countries() -> list[str]:
    """Return the countries that companies are from."""
    return values_of(_C.c.country)


def _has_pending() -> sa.ColumnElement[bool]:
    """Return the condition that a company waits for a review; it starts from the few that do."""
    documented = _C.alias()
    documented_companies = sa.select(documented.c.id).where(
        documented.c.status == Status.VERIFIED,
        documented.c.id.in_(documents.owners_with_pending("company")),
    )
    changed = sa.select(_CH.c.company_id).where(_CH.c.status == ChangeStatus.PENDING)
    return _C.c.id.in_(sa.union(changed, documented_companies))


def start_standing(company_id: str) -> Mapping[str, bool]:
    """Return the company's own part of `rules.Standing`."""
    company = get(company_id)
    shown = documents_of(company_id)
    verified = company.status == Status.VERIFIED
    return {
        "verified": verified,
        "registered": company.registered_at is not None,
        "under_review": bool(running_changes(company_id, ChangeStatus.PENDING))
        or any(row.status == "pending" for row in shown),
        "documents_missing": bool(requirements.lacking(shown, company.country, verified=True)),
    }


# What anyone may know about a company; other features join it.
FACTS = sa.select(
    _C.c.id.label("company_id"),
    _C.c.trade_name,
    _C.c.legal_name,
    _C.c.registration_no,
    _C.c.country,
    _C.c.wallet_address,
    _C.c.registered_at,
    _C.c.register_tx,
    _C.c.documents_commitment,
    _C.c.updated_at.label("company_updated_at"),
).subquery("company_facts")


_O = CompanyOfficer.__table__
_B = CompanyBankAccount.__table__
_I = CompanyInvitation.__table__
_D = CompanyDeclaration.__table__


_OFFICER = ("id", "name", "role", "born_on", "nationality", "ownership_bps", "is_beneficial_owner")


def officers(company_id: str) -> list[dict[str, Any]]:
    """Return the officers in force as a change stores them (dates as text), in order of entry."""
    query = sa.select(*(_O.c[name] for name in _OFFICER))
    query = query.where(_O.c.company_id == company_id, _O.c.removed_at.is_(None))
    rows = db.session.execute(query.order_by(_O.c.id))
    return [
        {**dict(zip(_OFFICER, row, strict=True)), "born_on": row.born_on.isoformat()}
        for row in rows
    ]


def bank_account(company_id: str) -> dict[str, Any] | None:
    """Return the account in force as a change stores it: id, masked form, holder, format."""
    query = sa.select(*columns(AccountRow, _B)).where(
        _B.c.company_id == company_id, _B.c.in_force_at.is_not(None), _B.c.ended_at.is_(None)
    )
    found = read_first(AccountRow, query)
    return shown_account(found) if found else None


def proposed_account(company_id: str) -> AccountRow | None:
    """Return the account that waits (for its time, or for review), or None."""
    query = sa.select(*columns(AccountRow, _B)).where(
        _B.c.company_id == company_id, _B.c.in_force_at.is_(None), _B.c.ended_at.is_(None)
    )
    return read_first(AccountRow, query.order_by(_B.c.id.desc()))


def shown_account(account: AccountRow) -> dict[str, Any]:
    """Return what may be shown and stored of an account: never its number."""
    return {name: getattr(account, name) for name in ("id", "masked", "holder", "format")}


def running_changes(company_id: str, *statuses: ChangeStatus) -> list[ChangeRow]:
    """Return the changes that are written or wait (or those of some states), oldest first."""
    wanted = statuses or (ChangeStatus.OPEN, ChangeStatus.PENDING)
    query = sa.select(*columns(ChangeRow, _CH)).where(
        _CH.c.company_id == company_id, _CH.c.status.in_(wanted)
    )
    return read_all(ChangeRow, query.order_by(_CH.c.id))


def declarations(company_id: str) -> list[DeclarationRow]:
    """Return what was declared and when, newest first."""
    query = sa.select(*columns(DeclarationRow, _D)).where(_D.c.company_id == company_id)
    return read_all(DeclarationRow, query.order_by(_D.c.said_at.desc(), _D.c.id))


_INVITATION = sa.select(*columns(InvitationRow, _I))


def invitations(company_id: str) -> list[InvitationRow]:
    """Return the invitations that someone may still accept, newest first."""
    query = _INVITATION.where(
        _I.c.company_id == company_id,
        _I.c.accepted_at.is_(None),
        _I.c.revoked_at.is_(None),
        _I.c.expires_at > clock.now(),
    )
    return read_all(InvitationRow, query.order_by(_I.c.id.desc()))


def invitation(invitation_id: str) -> InvitationRow | None:
    """Return an invitation in any state, or None."""
    return read_first(InvitationRow, _INVITATION.where(_I.c.id == invitation_id))
