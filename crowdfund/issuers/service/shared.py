"""What every verb of a company shares: find and lock, move, note, notify."""

from collections.abc import Iterable

import sqlalchemy as sa

from crowdfund.chain import queries as chain
from crowdfund.issuers import queries
from crowdfund.issuers.models import Company, CompanyMember, company_event
from crowdfund.issuers.rules import life
from crowdfund.issuers.rules.life import Status
from crowdfund.issuers.rules.team import Role
from crowdfund.kernel import clock, live, moving
from crowdfund.kernel.db import db, record_event
from crowdfund.kernel.db import locking as rows
from crowdfund.kernel.errors import Conflict, InvalidFields, NotYours, WrongState
from crowdfund.kernel.i18n import _
from crowdfund.notifications import service


class Taken(Conflict):
    """Another company's file holds this licence or wallet already."""

    code = "company_taken"


class Incomplete(Conflict):
    """The file lacks something; the sentence names the pages."""

    code = "incomplete"


def locked(company_id: str) -> Company:
    """Return a company, locked until the transaction ends; raises CompanyMissing."""
    missing = queries.CompanyMissing(_("There is no such company, or it is not yours."))
    return rows.locked(Company, company_id, missing)


def writable(company_id: str) -> Company:
    """Return a locked company whose owner may write now: the file itself, or changes beside it.

    Raises WrongState while it waits for a decision or is deactivated.
    """
    company = locked(company_id)
    if company.status not in life.EDITABLE and company.status != Status.VERIFIED:
        now = life.STATUS_WORDS[Status(company.status)]
        raise WrongState(_("This company is %(now)s: its file cannot be changed now.", now=now))
    return company


def reviewable(company_id: str, actor: str) -> Company:
    """Return a locked company that this person may decide about; raises NotYours."""
    company = locked(company_id)
    if not life.may_review(actor, queries.member_ids(company_id)):
        raise NotYours(_("You act for this company. Someone else has to decide on it."))
    return company


def refuse_taken(company_id: str, registration: str, wallet: str) -> None:
    """Refuse a licence or wallet of another file; the unique constraints are the backstop.

    Raises Taken, and InvalidFields for a contract or a key of the platform.
    """
    refuse_ours(wallet)
    clash = sa.select(Company.claimed_registration).where(
        Company.id != company_id,
        sa.or_(Company.claimed_registration == registration, Company.claimed_wallet == wallet),
    )
    row = db.session.execute(clash).first()
    if row is not None:
        by_number = _(
            "Another company on this platform uses this registration number. Check it, or write "
            "to us."
        )
        by_wallet = _(
            "Another company on this platform uses this wallet address. Check it, or write to us."
        )
        raise Taken(by_number if row[0] == registration else by_wallet)


def refuse_ours(wallet: str) -> None:
    """Refuse a contract or a key of the platform as a company's wallet; raises InvalidFields."""
    if chain.is_ours(wallet):
        raise InvalidFields(
            {
                "wallet_address": _(
                    "This address belongs to the platform: money that is released to it would be "
                    "lost. "
                    "Enter the address of your company's own wallet."
                )
            }
        )


def claim(company: Company) -> None:
    """Take licence and wallet for this file; raises Taken."""
    registration = f"{company.country}:{company.registration_no}"
    refuse_taken(company.id, registration, str(company.wallet_address))
    company.claimed_registration, company.claimed_wallet = registration, company.wallet_address


def move(company: Company, to: Status, *, actor: str, reason: str = "") -> None:
    """Move a company's file to a state, with its event row."""
    moving.move(company, to, company_event, actor=actor, reason=reason)
    touch(company)


def note(company: Company, actor: str, reason: str) -> None:
    """Record in the history what happened without a change of state."""
    status = company.status
    record_event(company_event, company.id, actor=actor, before=status, after=status, reason=reason)


def touch(company: Company) -> None:
    """Write the change out and notify open pages."""
    company.updated_at = clock.now()
    db.session.flush()
    live.changed("company", company.id)


def notify_desk(company: Company, what: str) -> None:
    """Notify the staff who verify companies of new work, once for each `what`."""
    service.queue_work("staff.companies", key=f"company:{company.id}:{what}")


def notify(
    company: Company,
    kind: str,
    *,
    key: str,
    roles: Iterable[Role] = (Role.OWNER,),
    **context: object,
) -> None:
    """Notify the members in some roles of news about their company, once for each key."""
    table = CompanyMember.__table__
    wanted = sa.select(table.c.user_id).where(
        table.c.company_id == company.id, table.c.role.in_(list(roles))
    )
    facts = {"company": company.trade_name or _("your company"), **context}
    path = f"/companies/{company.id}"
    people = list(db.session.scalars(wanted))
    service.notify_all(people, kind, facts, key=f"{company.id}:{key}", path=path)
