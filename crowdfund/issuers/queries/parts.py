"""Reads about the parts of a company's file: officers, bank accounts, changes, invitations, declarations."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Row

from crowdfund import clock
from crowdfund.db import db

from ..models import (
    CompanyBankAccount,
    CompanyChange,
    CompanyDeclaration,
    CompanyInvitation,
    CompanyOfficer,
)
from ..rules import ChangeStatus

_O = CompanyOfficer.__table__
_B = CompanyBankAccount.__table__
_CH = CompanyChange.__table__
_I = CompanyInvitation.__table__
_D = CompanyDeclaration.__table__


def officers(company_id: str) -> list[dict[str, Any]]:
    """Return the officers in force as a change holds them (dates as text), in the order of entry."""
    query = sa.select(_O).where(_O.c.company_id == company_id, _O.c.removed_at.is_(None))
    return [
        {
            "id": row.id, "name": row.name, "role": row.role, "born_on": row.born_on.isoformat(),
            "nationality": row.nationality, "ownership_bps": row.ownership_bps,
            "is_beneficial_owner": row.is_beneficial_owner,
        }
        for row in db.session.execute(query.order_by(_O.c.id))
    ]  # fmt: skip


def bank_account(company_id: str) -> dict[str, Any] | None:
    """Return the account in force as a change holds it: id, masked form, holder."""
    query = sa.select(_B).where(
        _B.c.company_id == company_id, _B.c.in_force_at.is_not(None), _B.c.ended_at.is_(None)
    )
    row = db.session.execute(query).first()
    return shown_account(row) if row else None


def proposed_account(company_id: str) -> Row[Any] | None:
    """Return the account that waits (for its time, or for review), or None."""
    query = sa.select(_B).where(
        _B.c.company_id == company_id, _B.c.in_force_at.is_(None), _B.c.ended_at.is_(None)
    )
    return db.session.execute(query.order_by(_B.c.id.desc())).first()


def shown_account(row: Any) -> dict[str, Any]:  # noqa: ANN401 - a row or the model
    """Return what may be shown and kept of an account: never its number."""
    return {"id": row.id, "masked": row.masked, "holder": row.holder, "format": row.format}


def running_changes(company_id: str, *statuses: ChangeStatus) -> Sequence[Row[Any]]:
    """Return the changes that are written or wait (or those of some states), oldest first."""
    wanted = statuses or (ChangeStatus.OPEN, ChangeStatus.PENDING)
    query = sa.select(_CH).where(_CH.c.company_id == company_id, _CH.c.status.in_(wanted))
    return db.session.execute(query.order_by(_CH.c.id)).all()


def declarations(company_id: str) -> Sequence[Row[Any]]:
    """Return what was declared, by whom and when, newest first."""
    query = sa.select(_D).where(_D.c.company_id == company_id)
    return db.session.execute(query.order_by(_D.c.said_at.desc(), _D.c.id)).all()


def invitations(company_id: str) -> Sequence[Row[Any]]:
    """Return the invitations that somebody may still accept, newest first."""
    query = sa.select(_I).where(
        _I.c.company_id == company_id,
        _I.c.accepted_at.is_(None),
        _I.c.revoked_at.is_(None),
        _I.c.expires_at > clock.now(),
    )
    return db.session.execute(query.order_by(_I.c.id.desc())).all()


def invitation(invitation_id: str) -> Row[Any] | None:
    """Return an invitation in any state, or None."""
    return db.session.execute(sa.select(_I).where(_I.c.id == invitation_id)).first()
