"""The company's bank account: a draft's is set at once, a verified company's held and reviewed.

The number is sealed; pages, changes and history only ever hold its masked form.
"""

import json
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import sealing
from crowdfund.issuers import queries
from crowdfund.issuers.models import CompanyBankAccount
from crowdfund.issuers.rules import bank
from crowdfund.issuers.rules.life import ChangeStatus, Status
from crowdfund.issuers.service import changes
from crowdfund.issuers.service.shared import locked, note, touch, writable
from crowdfund.kernel import clock
from crowdfund.kernel.db import db, new_id
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.i18n import _
from crowdfund.security.service import changes as sensitive

KIND = "company_bank_account"
_PURPOSE = "crowdfund company bank v1"


def save(company_id: str, values: Mapping[str, object], *, actor: str) -> str:
    """Set the account of a draft, or ask for another one of a verified company; return its id.

    A verified company's is held 24 hours (`security.service.changes`; the view has required the
    second factor) and then goes to compliance. Raises Invalid at the field, WrongState.
    """
    company = writable(company_id)
    legal_name = queries.filled(queries.get(company_id))["legal_name"]
    account = bank.parse_account(values, legal_name)
    if company.status == Status.VERIFIED:
        _refuse_while_reviewed(company_id)
        _end(company_id, proposed=True)
        account_id = _add(company_id, account, actor=actor, in_force=False)
        payload = {"company_id": company_id, "account_id": account_id}
        sensitive.request(actor, KIND, payload, actor=actor, shown=account.masked)
        note(company, actor, f"asked for another bank account: {account.masked}")
    else:
        _end(company_id, proposed=False)
        account_id = _add(company_id, account, actor=actor, in_force=True)
    touch(company)
    return account_id


def unsealed(company_id: str) -> dict[str, Any] | None:
    """Return format, bank, number and holder of the account in force, to pay to it."""
    found = queries.bank_account(company_id)
    if found is None:
        return None
    row = db.session.get_one(CompanyBankAccount, found["id"])  # rows are ended, never removed
    return dict(json.loads(sealing.unseal(_PURPOSE, row.id, row.sealed)))


@sensitive.on_apply(KIND)
def _apply(person_id: str, payload: dict[str, Any]) -> None:
    """Send an account to compliance after its 24 hours, unless it was dropped meanwhile."""
    company = locked(payload["company_id"])
    waiting = queries.proposed_account(company.id)
    if waiting is None or waiting.id != payload["account_id"] or company.status != Status.VERIFIED:
        raise WrongState(_("This bank account is no longer waiting."))
    shown = {"bank": queries.shown_account(waiting)}
    changes.put(company, "bank", shown, actor=person_id)
    changes.send_part(company, "bank", actor=person_id)


def _refuse_while_reviewed(company_id: str) -> None:
    running = queries.running_changes(company_id, ChangeStatus.PENDING)
    if any(change.part == "bank" for change in running):
        raise WrongState(
            _(
                "Another bank account is waiting for review. Withdraw it first, or wait for the "
                "decision."
            )
        )


def _end(company_id: str, *, proposed: bool) -> None:
    table = CompanyBankAccount.__table__
    started = table.c.in_force_at.is_(None) if proposed else table.c.in_force_at.is_not(None)
    ended = sa.update(table).where(
        table.c.company_id == company_id, table.c.ended_at.is_(None), started
    )
    db.session.execute(ended.values(ended_at=clock.now()))


def _add(company_id: str, account: bank.BankAccount, *, actor: str, in_force: bool) -> str:
    now, account_id = clock.now(), new_id()
    names = ("format", "bank", "number", "holder")
    secret = json.dumps({name: getattr(account, name) for name in names})
    db.session.add(
        CompanyBankAccount(
            id=account_id,
            company_id=company_id,
            format=account.format,
            bank=account.bank,
            holder=account.holder,
            masked=account.masked,
            sealed=sealing.seal(_PURPOSE, account_id, secret.encode()),
            added_by=actor,
            added_at=now,
            in_force_at=now if in_force else None,
        )
    )
    db.session.flush()
    return account_id
