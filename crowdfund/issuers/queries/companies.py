"""Reads about companies: frozen rows, found and authorised in one step."""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from crowdfund.db import db
from crowdfund.documents import queries as documents
from crowdfund.errors import NotFound
from crowdfund.i18n import _

from .. import rules
from ..models import Company, CompanyChange, CompanyMember, company_event
from ..rules import ChangeStatus, Status
from . import parts

_C = Company.__table__
_M = CompanyMember.__table__
_CH = CompanyChange.__table__

_MEMBER = sa.select(_M.c.role).where(
    _M.c.company_id == sa.bindparam("company"), _M.c.user_id == sa.bindparam("person")
)


class CompanyMissing(NotFound):
    """No such company, or none that this person may see."""


def get(company_id: str) -> Row[Any]:
    """Return a company; raises CompanyMissing. For staff and for other features."""
    row = db.session.execute(sa.select(_C).where(_C.c.id == company_id)).first()
    if row is None:
        raise CompanyMissing(_("There is no such company, or it is not yours."))
    return row


def for_member(company_id: str, user_id: str, action: str = "view") -> Row[Any]:
    """Return a company (with `my_role`) that this person acts for, if the role allows the action.

    Raises CompanyMissing for everybody else, RoleForbids for the wrong role.
    """
    query = sa.select(_C, _M.c.role.label("my_role")).join(_M, _M.c.company_id == _C.c.id)
    row = db.session.execute(query.where(_C.c.id == company_id, _M.c.user_id == user_id)).first()
    if row is None:
        raise CompanyMissing(_("There is no such company, or it is not yours."))
    rules.demand(row.my_role, action)
    return row


def of_member(user_id: str) -> Sequence[Row[Any]]:
    """Return the companies (with `my_role`) that a person acts for, oldest first."""
    query = sa.select(_C, _M.c.role.label("my_role")).join(_M, _M.c.company_id == _C.c.id)
    return db.session.execute(query.where(_M.c.user_id == user_id).order_by(_C.c.id)).all()


def role_of(company_id: str, user_id: str) -> str | None:
    """Return a person's role in a company, None for a stranger."""
    return db.session.scalar(_MEMBER, {"company": company_id, "person": user_id})


def is_member(company_id: str, user_id: str) -> bool:
    """Return whether a person acts for a company, in any role."""
    return role_of(company_id, user_id) is not None


def member_ids(company_id: str) -> set[str]:
    """Return everybody who acts for a company."""
    return set(db.session.scalars(sa.select(_M.c.user_id).where(_M.c.company_id == company_id)))


def members(company_id: str) -> Sequence[Row[Any]]:
    """Return the team: person, role, since when; owners first."""
    first = sa.case((_M.c.role == rules.Role.OWNER, 0), else_=1)
    query = sa.select(_M).where(_M.c.company_id == company_id)
    return db.session.execute(query.order_by(first, _M.c.since, _M.c.user_id)).all()


def filled(company: Row[Any]) -> dict[str, Any]:
    """Return what the wizard's pages hold: the facts in force, with the changes that were begun."""
    facts: dict[str, Any] = dict(company._mapping)
    facts["officers"] = parts.officers(company.id)
    facts["bank"] = parts.bank_account(company.id)
    facts["documents"] = papers(company.id)
    for change in parts.running_changes(company.id):
        facts |= change.new
    return facts


def papers(company_id: str, kinds: Sequence[str] | None = None) -> list[Any]:
    """Return the documents of a company that still count or wait, newest first within a kind."""
    found = documents.of_owner(("company", company_id), kinds)
    return [row for row in found if row.status not in ("replaced", "destroyed")]


def public_papers(company_id: str) -> list[Any]:
    """Return what everybody may read once a campaign is live: the verified memorandum in force."""
    found = [row for row in papers(company_id, [rules.MEMORANDUM]) if row.status == "verified"]
    return sorted(found, key=lambda row: row.uploaded_at)[-1:]


def history(company_id: str) -> Sequence[Row[Any]]:
    """Return every status change with who, when and why, oldest first."""
    query = sa.select(company_event).where(company_event.c.company_id == company_id)
    return db.session.execute(query.order_by(company_event.c.at, company_event.c.id)).all()


def counts() -> dict[str, int]:
    """Return how many companies are in each state, and in `changes` how many wait with a change."""
    rows = db.session.execute(sa.select(_C.c.status, sa.func.count()).group_by(_C.c.status)).all()
    waiting = sa.select(sa.func.count()).select_from(_C).where(_has_pending())
    return (
        dict.fromkeys(Status, 0)
        | {row[0]: row[1] for row in rows}
        | {"changes": db.session.scalar(waiting) or 0}
    )


def queue(
    *, status: str = "", text: str = "", country: str = "", page: int = 1, size: int = 20
) -> tuple[Sequence[Row[Any]], bool]:
    """Return a page of companies, longest waiting first, and whether there are more.

    `status` is one of the file's, or `changes`: verified ones whose change waits for review.
    """
    query = sa.select(_C)
    if status == "changes":
        query = query.where(_has_pending())
    elif status:
        query = query.where(_C.c.status == status)
    if country:
        query = query.where(_C.c.country == country)
    if text:
        pattern = "%" + text.casefold().replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
        names = (_C.c.legal_name, _C.c.trade_name, _C.c.registration_no, _C.c.tin)
        query = query.where(sa.or_(*(sa.func.lower(c).like(pattern, escape="!") for c in names)))
    query = query.order_by(_C.c.submitted_at.is_(None), _C.c.submitted_at, _C.c.id)
    rows = db.session.execute(query.offset((page - 1) * size).limit(size + 1)).all()
    return rows[:size], len(rows) > size


def countries() -> list[str]:
    """Return the countries that companies are from."""
    return list(db.session.scalars(sa.select(_C.c.country).where(_C.c.country.is_not(None)).distinct()))


def _has_pending() -> sa.ColumnElement[bool]:
    waiting = documents.owners_with_pending("company")
    changed = sa.select(_CH.c.company_id).where(_CH.c.status == ChangeStatus.PENDING)
    later = sa.and_(_C.c.status == Status.VERIFIED, _C.c.id.in_(waiting))
    return sa.or_(_C.c.id.in_(changed), later)


def start_standing(company_id: str) -> Mapping[str, bool]:
    """Return the company's own part of `rules.Standing`."""
    company = get(company_id)
    shown = papers(company_id)
    verified = company.status == Status.VERIFIED
    return {
        "verified": verified,
        "registered": company.registered_at is not None,
        "under_review": bool(parts.running_changes(company_id, ChangeStatus.PENDING))
        or any(row.status == "pending" for row in shown),
        "papers_missing": bool(rules.lacking(shown, company.country, verified=True)),
    }


# What anybody may know about a company; other features join it.
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
