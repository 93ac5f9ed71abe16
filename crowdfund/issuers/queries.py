"""Reads about companies: frozen rows, found and authorised in one step."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy import Row

from crowdfund.db import db
from crowdfund.errors import NotFound

from . import rules
from .models import Company, CompanyDocument, CompanyMember, company_event

_C = Company.__table__
_D = CompanyDocument.__table__
_M = CompanyMember.__table__


_MEMBER = sa.select(_M.c.user_id).where(
    _M.c.company_id == sa.bindparam("company"), _M.c.user_id == sa.bindparam("person")
)


class CompanyMissing(NotFound):
    """No such company, or none that this person may see."""


def get(company_id: str) -> Row:  # type: ignore[type-arg]
    """Return a company; raises CompanyMissing. For staff and for other features."""
    row = db.session.execute(sa.select(_C).where(_C.c.id == company_id)).first()
    if row is None:
        raise CompanyMissing("There is no such company, or it is not yours.")
    return row


def for_member(company_id: str, user_id: str) -> Row:  # type: ignore[type-arg]
    """Return a company that this person acts for; raises CompanyMissing for everybody else."""
    if not is_member(company_id, user_id):
        raise CompanyMissing("There is no such company, or it is not yours.")
    return get(company_id)


def of_member(user_id: str) -> Sequence[Row]:  # type: ignore[type-arg]
    """Return the companies that a person acts for, oldest first."""
    query = sa.select(_C).join(_M, _M.c.company_id == _C.c.id).where(_M.c.user_id == user_id)
    return db.session.execute(query.order_by(_C.c.id)).all()


def is_member(company_id: str, user_id: str) -> bool:
    """Return whether a person acts for a company."""
    return db.session.execute(_MEMBER, {"company": company_id, "person": user_id}).first() is not None


def member_ids(company_id: str) -> set[str]:
    """Return everybody who acts for a company."""
    return set(db.session.scalars(sa.select(_M.c.user_id).where(_M.c.company_id == company_id)))


def memorandum(company_id: str) -> Row | None:  # type: ignore[type-arg]
    """Return the information memorandum in force, or None."""
    return db.session.execute(_current(company_id, _D.c.kind == rules.MEMORANDUM)).first()


def documents(company_id: str) -> Sequence[Row]:  # type: ignore[type-arg]
    """Return the papers in force, by kind."""
    return db.session.execute(_current(company_id).order_by(_D.c.kind)).all()


def document(company_id: str, document_id: str) -> Row:  # type: ignore[type-arg]
    """Return one paper of a company, replaced ones too; raises CompanyMissing."""
    query = sa.select(_D).where(_D.c.company_id == company_id, _D.c.id == document_id)
    row = db.session.execute(query).first()
    if row is None:
        raise CompanyMissing("There is no such document.")
    return row


def _current(company_id: str, *where: sa.ColumnElement[bool]) -> sa.Select:  # type: ignore[type-arg]
    return sa.select(_D).where(_D.c.company_id == company_id, _D.c.replaced_at.is_(None), *where)


def filled(company: Row) -> dict[str, object]:  # type: ignore[type-arg]
    """Return what the wizard's pages hold, the memorandum included."""
    return {**company._mapping, "memorandum": memorandum(company.id)}


def history(company_id: str) -> Sequence[Row]:  # type: ignore[type-arg]
    """Return every status change with who, when and why, oldest first."""
    query = sa.select(company_event).where(company_event.c.company_id == company_id)
    return db.session.execute(query.order_by(company_event.c.at, company_event.c.id)).all()


def counts() -> dict[str, int]:
    """Return how many companies are in each state."""
    rows = db.session.execute(sa.select(_C.c.status, sa.func.count()).group_by(_C.c.status)).all()
    return dict.fromkeys(rules.Status, 0) | {row[0]: row[1] for row in rows}


def queue(*, status: str = "", text: str = "", page: int = 1, size: int = 20) -> tuple[Sequence[Row], bool]:  # type: ignore[type-arg]
    """Return a page of companies, longest waiting first, and whether there are more."""
    query = sa.select(_C)
    if status:
        query = query.where(_C.c.status == status)
    if text:
        pattern = "%" + text.casefold().replace("!", "!!").replace("%", "!%").replace("_", "!_") + "%"
        names = (_C.c.legal_name, _C.c.trade_name, _C.c.registration_no, _C.c.tin)
        query = query.where(sa.or_(*(sa.func.lower(c).like(pattern, escape="!") for c in names)))
    query = query.order_by(_C.c.submitted_at.is_(None), _C.c.submitted_at, _C.c.id)
    rows = db.session.execute(query.offset((page - 1) * size).limit(size + 1)).all()
    return rows[:size], len(rows) > size


def start_standing(company_id: str) -> tuple[bool, bool]:
    """Return whether a company is verified and whether the registry knows it."""
    company = get(company_id)
    return company.status == rules.Status.VERIFIED, company.registered_at is not None


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
