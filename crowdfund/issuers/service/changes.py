"""Changes of a verified company: written beside the facts, sent together, decided together.

The verified facts stay in force meanwhile, so that investors see nothing unreviewed; only new
campaigns wait (rules.md, Re-review on any change).
"""

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crowdfund.issuers import queries
from crowdfund.issuers.events import CompanyRenamed
from crowdfund.issuers.models import (
    Company,
    CompanyBankAccount,
    CompanyChange,
    company_change_event,
)
from crowdfund.issuers.rules import steps
from crowdfund.issuers.rules.life import ChangeStatus, Status
from crowdfund.issuers.service import in_force, registry
from crowdfund.issuers.service.shared import (
    claim,
    locked,
    note,
    notify,
    notify_desk,
    refuse_taken,
    reviewable,
    touch,
)
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import db, new_id, record_event
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move


def put(company: Company, part: str, new: Mapping[str, Any], *, actor: str) -> None:
    """Store what a part is to become; a part that is as before has no change any more.

    Raises WrongState while a change of this part waits for review.
    """
    old = {name: value for name, value in _in_force(company).items() if name in new}
    found = _of_part(company.id, part)
    if found is not None and found.status == ChangeStatus.PENDING:
        raise WrongState(
            _(
                "A change to this page is waiting for review. Withdraw it first, or wait for the "
                "decision."
            )
        )
    if dict(new) == old:
        if found is not None:
            _move(found, ChangeStatus.WITHDRAWN, actor=actor)
        touch(company)
        return
    if found is None:
        _open(company, part, old, dict(new), actor=actor)
    else:
        found.old, found.new, found.asked_by, found.asked_at = old, dict(new), actor, clock.now()
    touch(company)


def _open(
    company: Company, part: str, old: dict[str, Any], new: dict[str, Any], *, actor: str
) -> None:
    change = CompanyChange(
        id=new_id(),
        company_id=company.id,
        part=part,
        old=old,
        new=new,
        asked_by=actor,
        asked_at=clock.now(),
    )
    db.session.add(change)
    db.session.flush()
    record_event(company_change_event, change.id, actor=actor, before=None, after=change.status)


def send(company_id: str, *, actor: str) -> None:
    """Send the changes to compliance; raises WrongState if there are none, or one is incomplete."""
    company = locked(company_id)
    running = _rows(company_id, ChangeStatus.OPEN)
    if company.status != Status.VERIFIED or not running:
        raise WrongState(_("There is no change to send."))
    missing = steps.missing_steps(queries.filled(queries.get(company_id)))
    if missing:
        pages = ", ".join(steps.STEP_TITLES[step].lower() for step in missing)
        raise WrongState(_("Some pages are not complete yet: %(pages)s.", pages=pages))
    for change in running:
        change.sent_at, change.reason = clock.now(), None
        _move(change, ChangeStatus.PENDING, actor=actor)
    note(company, actor, f"sent changes: {_parts(running)}")
    touch(company)
    notify_desk(company, f"changes:{clock.now()}")


def send_part(company: Company, part: str, *, actor: str) -> None:
    """Send the change of one part alone: a bank account after its 24 hours. Raises WrongState."""
    change = _of_part(company.id, part)
    if change is None:
        raise WrongState(_("There is no change to send."))
    change.sent_at, change.reason = clock.now(), None
    _move(change, ChangeStatus.PENDING, actor=actor)
    note(company, actor, f"sent changes: {part}")
    touch(company)
    notify_desk(company, f"changes:{clock.now()}")


def take_back(company_id: str, *, actor: str) -> None:
    """Withdraw changes from review, to edit them further; raises WrongState if none waits."""
    company = locked(company_id)
    running = _rows(company_id, ChangeStatus.PENDING)
    if not running:
        raise WrongState(_("No change is waiting for review now. Reload the page to see it."))
    for change in running:
        _move(change, ChangeStatus.OPEN, actor=actor)
    note(company, actor, f"took changes back: {_parts(running)}")
    touch(company)


def drop(company_id: str, *, actor: str) -> None:
    """Discard the changes: the verified facts stay as they are."""
    company = locked(company_id)
    for change in _rows(company_id, ChangeStatus.OPEN):
        _forget_account(change)
        _move(change, ChangeStatus.WITHDRAWN, actor=actor)
    touch(company)


def approve(company_id: str, *, actor: str) -> None:
    """Put submitted changes in force, in the registry too; raises NotYours, Taken, WrongState."""
    company = reviewable(company_id, actor)
    waiting, name = _waiting(company), company.trade_name
    for change in waiting:
        _apply(company, change)
        change.decided_by, change.decided_at = actor, clock.now()
        _move(change, ChangeStatus.APPROVED, actor=actor)
    claim(company)
    company.reviewed_at, company.reviewed_by = clock.now(), actor
    note(company, actor, f"approved changes: {_parts(waiting)}")
    touch(company)
    registry.refresh(company)
    if company.trade_name != name:
        outbox.emit(CompanyRenamed(key=waiting[0].id, company_id=company.id))
    notify(company, "company.change_approved", key=f"changes:{waiting[0].id}:{waiting[0].sent_at}")


def reject(company_id: str, reason: str, *, actor: str) -> None:
    """Give the changes back to be corrected, with a reason; raises NotYours or WrongState."""
    why = texts.reason(reason, most=texts.LONG_REASON)
    company = reviewable(company_id, actor)
    waiting = _waiting(company)
    for change in waiting:
        change.decided_by, change.decided_at, change.reason = actor, clock.now(), why
        _move(change, ChangeStatus.OPEN, actor=actor, reason=why)
    note(company, actor, f"sent changes back: {why}")
    touch(company)
    key = f"changes:{waiting[0].id}:{waiting[0].sent_at}:no"
    notify(company, "company.change_rejected", key=key, reason=why)


# --- helpers ------------------------------------------------------------------------------------


def _in_force(company: Company) -> dict[str, Any]:
    names = [name for step in steps.COLUMN_STEPS for name in steps.columns(step)]
    facts: dict[str, Any] = {name: getattr(company, name) for name in names}
    facts["wallet_sealed_key"] = company.wallet_sealed_key
    facts["officers"] = queries.officers(company.id)
    facts["bank"] = queries.bank_account(company.id)
    return facts


def _rows(company_id: str, *statuses: ChangeStatus) -> Sequence[CompanyChange]:
    query = sa.select(CompanyChange).where(
        CompanyChange.company_id == company_id, CompanyChange.status.in_(statuses)
    )
    return db.session.scalars(
        query.order_by(CompanyChange.id).execution_options(populate_existing=True)
    ).all()


def _of_part(company_id: str, part: str) -> CompanyChange | None:
    running = _rows(company_id, ChangeStatus.OPEN, ChangeStatus.PENDING)
    return next((change for change in running if change.part == part), None)


def _waiting(company: Company) -> Sequence[CompanyChange]:
    found = _rows(company.id, ChangeStatus.PENDING)
    if company.status != Status.VERIFIED or not found:
        raise WrongState(_("No change is waiting for review now. Reload the page to see it."))
    return found


def _apply(company: Company, change: CompanyChange) -> None:
    if change.part == "officers":
        in_force.put_officers(company.id, change.new["officers"])
    elif change.part == "bank":
        in_force.put_account(company.id, change.new["bank"]["id"])
    else:
        if change.part == "wallet":
            company.wallet_sealed_key = None
        for name, value in change.new.items():
            setattr(company, name, value)
        refuse_taken(
            company.id, f"{company.country}:{company.registration_no}", str(company.wallet_address)
        )


def _forget_account(change: CompanyChange) -> None:
    if change.part == "bank":
        table = CompanyBankAccount.__table__
        gone = sa.update(table).where(table.c.id == change.new["bank"]["id"])
        db.session.execute(gone.values(ended_at=clock.now()))


def _parts(rows: Sequence[CompanyChange]) -> str:
    return ", ".join(row.part for row in rows)


def _move(change: CompanyChange, to: ChangeStatus, *, actor: str, reason: str = "") -> None:
    move(change, to, company_change_event, actor=actor, reason=reason)
