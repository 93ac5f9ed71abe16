"""Payout accounts: requested, held for a day, stored sealed, verified by compliance."""

from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import sealing
from crowdfund.kernel import clock, live, outbox
from crowdfund.kernel.db import db, new_id, record_event
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.kernel.notices import PersonNotice, StaffWork
from crowdfund.kernel.person import full_name
from crowdfund.payout_accounts import queries as accounts
from crowdfund.payout_accounts import rules
from crowdfund.payout_accounts.events import PayoutAccountChanged
from crowdfund.payout_accounts.models import PayoutAccount, payout_account_event
from crowdfund.payout_accounts.rows import PayoutRow
from crowdfund.people import queries
from crowdfund.security.service import changes, history

_P = PayoutAccount.__table__


def request(person_id: str, scheme: str, *, bank: str, number: str, holder: str) -> str:
    """Request a payout account, or another one; return the id of the pending change.

    The present account stays in use until then. Raises Invalid, which names the field.
    """
    person = queries.get(person_id)
    if person is None:
        raise NotFound(_("There is no such person."))
    name = full_name(person.first_name, person.last_name)
    if not name:
        text = _("Enter your name on your account page first.")
        raise Invalid(text, field="holder")
    account = rules.account(scheme, bank=bank, number=number, holder=holder, person_name=name)
    payload = account.as_payload()
    kind, shown = "payout_account", account.masked
    return changes.request(person_id, kind, payload, actor=person_id, shown=shown)


def request_removal(person_id: str) -> str:
    """Request the removal of the payout account. Raises Conflict when there is none."""
    present = accounts.payout_account_of(person_id)
    if present is None:
        raise Conflict(_("There is no payout account to remove."))
    payload = {"remove": True, "account_id": present.id}
    kind, shown = "payout_account", present.masked
    return changes.request(person_id, kind, payload, actor=person_id, shown=shown)


@changes.on_apply("payout_account")
def _apply(person_id: str, payload: dict[str, Any]) -> None:
    is_removal = bool(payload.get("remove"))
    present = accounts.payout_account_of(person_id)
    if present is not None:
        _move(present, "removed" if is_removal else "replaced", actor=person_id)
        if present.status == "verified":  # compliance reviews the person again (rules.md, KYC)
            outbox.emit(PayoutAccountChanged(key=present.id, person_id=person_id))
    if not is_removal:
        _add(person_id, rules.Account(**payload))


def _add(person_id: str, account: rules.Account) -> None:
    account_id = new_id()
    row = {
        "id": account_id,
        "person_id": person_id,
        "scheme": account.scheme,
        "country": account.country,
        "bank_code": account.bank_code,
        "bank_name": account.bank_name[:120],  # of the table of banks, shown beside its code
        "holder": account.holder,
        "masked": account.masked,
        "status": "pending",
        "reason": "",
        "added_at": clock.now(),
        "sealed_number": sealing.seal("payout account", account_id, account.number.encode()),
    }
    db.session.execute(sa.insert(PayoutAccount).values(row))
    record_event(payout_account_event, account_id, actor=person_id, before=None, after="pending")
    outbox.emit(StaffWork(key=f"payout:{account_id}", kind="staff.people"))
    live.changed("queue", "people")


def decide(person_id: str, actor: str, approve: bool, reason: str = "") -> None:
    """Verify or reject the pending payout account of another person.

    Raises Forbidden, Conflict, Invalid (a rejection without a reason).
    """
    if actor == person_id:
        raise Forbidden(_("You cannot review yourself. Ask a colleague; nothing was changed."))
    present = accounts.payout_account_of(person_id)
    if present is None or present.status != "pending":
        text = _("No payout account is waiting. Someone may have decided; reload the page.")
        raise Conflict(text)
    why = "" if approve else texts.reason(reason)
    status = "verified" if approve else "rejected"
    _move(present, status, actor=actor, reason=why)
    what = f"payout_{status}"
    context = {"value": present.masked} | ({} if approve else {"reason": why})
    history.note(person_id, what, actor=actor, detail=present.masked)
    notice = PersonNotice(
        key=f"{what}:{present.id}",
        person_id=person_id,
        kind=f"payout_account.{status}",
        context=context,
        path="/account/payout-account",
    )
    outbox.emit(notice)


def with_number(account_id: str) -> tuple[PayoutRow, str]:
    """Return an account, which may have been replaced since, and its full number for a payout.

    Raises NotFound.
    """
    found = accounts.get(account_id)
    if found is None:
        raise NotFound(_("There is no such payout account."))
    sealed = db.session.scalar(sa.select(_P.c.sealed_number).where(_P.c.id == account_id))
    return found, sealing.unseal("payout account", account_id, str(sealed)).decode()


def _move(account: PayoutRow, status: str, *, actor: str, reason: str = "") -> None:
    decided = {"reason": reason, "decided_by": actor, "decided_at": clock.now()}
    is_moved = move_row(
        _P,
        account.id,
        status,
        payout_account_event,
        before=account.status,
        actor=actor,
        reason=reason,
        pages=(("payout", account.person_id), ("queue", "people")),
        values=decided,
    )
    if not is_moved:
        raise Conflict(_("Someone has already decided this. Reload the page to see the decision."))
