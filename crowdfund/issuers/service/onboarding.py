"""Write a company's file page by page and submit it; every page is saved on its own."""

from collections.abc import Iterable, Mapping

from crowdfund.adapters import custody
from crowdfund.issuers import queries
from crowdfund.issuers.models import Company, CompanyDeclaration, CompanyMember, company_event
from crowdfund.issuers.rules import declarations, life, steps
from crowdfund.issuers.rules.life import Status
from crowdfund.issuers.rules.team import Role
from crowdfund.issuers.service import changes
from crowdfund.issuers.service.shared import (
    Incomplete,
    claim,
    locked,
    move,
    notify,
    notify_desk,
    refuse_ours,
    touch,
    writable,
)
from crowdfund.kernel import clock, randomness
from crowdfund.kernel.db import db, new_id, record_event
from crowdfund.kernel.errors import InvalidFields
from crowdfund.kernel.i18n import _


def start(owner_id: str) -> str:
    """Open an empty file for a company and return its id."""
    now, company_id = clock.now(), new_id()
    salt = randomness.token_hex(32)
    db.session.add(
        Company(id=company_id, owner_id=owner_id, salt=salt, created_at=now, updated_at=now)
    )
    db.session.flush()
    db.session.add(
        CompanyMember(company_id=company_id, user_id=owner_id, role=Role.OWNER, since=now)
    )
    record_event(company_event, company_id, actor=owner_id, before=None, after=Status.DRAFT)
    db.session.flush()
    return company_id


def save(
    company_id: str, step: str, values: Mapping[str, object], *, actor: str = "system"
) -> None:
    """Save one page of the wizard; of a verified company as a change beside the verified facts.

    Raises InvalidFields with a sentence for each field, WrongState while it cannot be written.
    """
    company = writable(company_id)
    known = queries.filled(queries.get(company_id))
    good, errors = steps.clean(step, {"country": known["country"] or "ET", **values})
    if errors:
        raise InvalidFields(errors)
    if step == "wallet":
        refuse_ours(str(good["wallet_address"]))
    if company.status == Status.VERIFIED:
        changes.put(company, step, good, actor=actor)
        return
    for name, value in good.items():
        setattr(company, name, value)
    if step == "wallet":
        company.wallet_sealed_key = None
    touch(company)


def hold_wallet(company_id: str, *, actor: str = "system") -> str:
    """Let the platform make and hold a wallet for the company; return its address."""
    company = writable(company_id)
    if company.wallet_sealed_key:
        return str(company.wallet_address)
    address, sealed = custody.new_wallet()
    if company.status == Status.VERIFIED:
        changes.put(
            company, "wallet", {"wallet_address": address, "wallet_sealed_key": sealed}, actor=actor
        )
    else:
        company.wallet_address, company.wallet_sealed_key = address, sealed
        touch(company)
    return address


def submit(
    company_id: str, *, actor: str, statements: Iterable[str] = tuple(declarations.STATEMENTS)
) -> None:
    """Hand the complete file to compliance; `actor` confirms every statement.

    Raises Incomplete, Taken (licence or wallet in another file), InvalidFields (a statement is not
    ticked) or WrongState.
    """
    company = locked(company_id)
    to = life.move(company.status, Status.SUBMITTED)
    missing = steps.missing_steps(queries.filled(queries.get(company_id)))
    if missing:
        pages = ", ".join(steps.STEP_TITLES[step].lower() for step in missing)
        raise Incomplete(_("Some pages are not complete yet: %(pages)s.", pages=pages))
    declare(company, statements, actor=actor)
    claim(company)
    company.submitted_at, company.declared_by = clock.now(), actor
    company.rejection_reason = None
    move(company, to, actor=actor)
    notify(company, "company.submitted", key=f"submitted:{company.submitted_at}")
    notify_desk(company, f"submitted:{company.submitted_at}")


def declare(company: Company, statements: Iterable[str], *, actor: str) -> None:
    """Record who confirmed which statement, by the hash of its text; raises InvalidFields."""
    ticked = set(statements)
    missing = [code for code in declarations.STATEMENTS if code not in ticked]
    if missing:
        raise InvalidFields({code: str(declarations.MISSING[code]) for code in missing})
    now = clock.now()
    for code in declarations.STATEMENTS:
        db.session.add(
            CompanyDeclaration(
                company_id=company.id,
                statement=code,
                text_hash=declarations.text_hash(code),
                said_by=actor,
                said_at=now,
            )
        )
