"""The verbs of a company's file, from the first draft to the issuer registry."""

import secrets
from collections.abc import Mapping
from pathlib import PurePath

import sqlalchemy as sa

from crowdfund import clock, live
from crowdfund.adapters import custody, storage
from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain_service
from crowdfund.db import db, new_id, record_event
from crowdfund.errors import Conflict, Forbidden
from crowdfund.notifications import service as notifications

from . import queries, rules
from .models import Company, CompanyDocument, CompanyMember, company_event
from .rules import Status


class Taken(Conflict):
    """Another company's file holds this licence or wallet already."""

    code = "company_taken"


class OwnCompany(Forbidden):
    """Four eyes: nobody decides about a company of their own."""

    code = "own_company"


class Incomplete(Conflict):
    """The file lacks something; the sentence names the pages."""

    code = "incomplete"


def start(owner_id: str) -> str:
    """Open an empty file for a company and return its id."""
    now, company_id = clock.now(), new_id()
    salt = secrets.token_hex(32)
    db.session.add(Company(id=company_id, owner_id=owner_id, salt=salt, created_at=now, updated_at=now))
    db.session.flush()
    db.session.add(CompanyMember(company_id=company_id, user_id=owner_id, since=now))
    record_event(company_event, company_id, actor=owner_id, before=None, after=Status.DRAFT)
    db.session.flush()
    return company_id


def save(company_id: str, step: str, values: Mapping[str, object]) -> None:
    """Save one page of the wizard.

    Raises InvalidFields with a sentence for each field, WrongState once the file is submitted.
    """
    company = _editable(company_id)
    context = {"country": company.country or "ET", **values}
    good, errors = rules.clean(step, context)
    if errors:
        raise rules.InvalidFields(errors)
    for name, value in good.items():
        setattr(company, name, value)
    if step == "wallet":
        company.wallet_sealed_key = None
    _touch(company)


def hold_wallet(company_id: str) -> str:
    """Let the platform make and hold a wallet for the company; return its address."""
    company = _editable(company_id)
    if not company.wallet_sealed_key:
        company.wallet_address, company.wallet_sealed_key = custody.new_wallet()
        _touch(company)
    return str(company.wallet_address)


def attach_memorandum(company_id: str, filename: str, data: bytes, *, actor: str) -> str:
    """Store the information memorandum (a PDF by its content) in place of an earlier one.

    Raises storage.FileRefused; returns the document's id.
    """
    company = _editable(company_id)
    stored = storage.put_private(storage.check_pdf(data))
    now, document_id = clock.now(), new_id()
    older = sa.update(CompanyDocument).where(
        CompanyDocument.company_id == company_id,
        CompanyDocument.kind == rules.MEMORANDUM,
        CompanyDocument.replaced_at.is_(None),
    )
    db.session.execute(older.values(replaced_at=now))
    db.session.add(
        CompanyDocument(
            id=document_id, company_id=company_id, kind=rules.MEMORANDUM, filename=_file_name(filename),
            size=stored.size, sha256=stored.sha256, file_id=stored.id, file_key=stored.key,
            uploaded_by=actor, uploaded_at=now,
        )
    )  # fmt: skip
    _touch(company)
    return document_id


def submit(company_id: str, *, actor: str) -> None:
    """Hand the complete file to compliance; `actor` declares that it is true.

    Raises Incomplete, Taken (licence or wallet in another file) or WrongState.
    """
    company = _locked(company_id)
    to = rules.move(company.status, Status.SUBMITTED)
    missing = rules.missing_steps(queries.filled(queries.get(company_id)))
    if missing:
        pages = ", ".join(rules.STEP_TITLES[step].lower() for step in missing)
        raise Incomplete(f"Some pages are not complete yet: {pages}.")
    claim = f"{company.country}:{company.registration_no}"
    _refuse_taken(company_id, claim, str(company.wallet_address))
    company.claimed_registration, company.claimed_wallet = claim, company.wallet_address
    company.submitted_at, company.declared_by = clock.now(), actor
    company.rejection_reason = None
    _move(company, to, actor=actor)


def approve(company_id: str, *, actor: str) -> None:
    """Verify a submitted company and have it entered in the issuer registry.

    Raises OwnCompany (four eyes) or WrongState. On chain go salted commitments only.
    """
    company = _reviewable(company_id, actor)
    to = rules.move(company.status, Status.VERIFIED)
    company.reviewed_at, company.reviewed_by = clock.now(), actor
    papers = {row.kind: row.sha256 for row in queries.documents(company_id)}
    company.documents_commitment = rules.commitment(company.salt, papers)
    company.vc_hash = rules.commitment(company.salt, _credential(company))
    _move(company, to, actor=actor)
    _tell_owner(
        company, "is verified", "You can start a campaign as soon as it is entered in the issuer registry."
    )
    _write_registration(company)


def reject(company_id: str, reason: str, *, actor: str) -> None:
    """Send a submitted file back to its owner with a reason; raises OwnCompany or WrongState."""
    why = rules.parse_reason(reason)
    company = _reviewable(company_id, actor)
    to = rules.move(company.status, Status.REJECTED)
    company.reviewed_at, company.reviewed_by = clock.now(), actor
    company.rejection_reason = why
    company.claimed_registration = company.claimed_wallet = None
    _move(company, to, actor=actor, reason=why)
    _tell_owner(company, "needs a change", "Something has to be changed before we can verify it:", reason=why)


def register_again(company_id: str, *, actor: str) -> None:
    """Try the registry once more after the chain refused; raises WrongState if it did not."""
    company = _locked(company_id)
    if company.registration_error is None or company.registered_at is not None:
        raise rules.WrongState("There is no failed registration to try again.")
    _note(company, actor, "tried the issuer registry again")
    _write_registration(company)


def mark_registered(company_id: str, tx_hash: str) -> None:
    """Note that the registry holds the company; a repeated or outdated message changes nothing."""
    company = _locked(company_id)
    if company.registered_at is not None:
        return
    company.registered_at, company.register_tx = clock.now(), tx_hash
    company.registration_error = None
    _note(company, "system", "entered in the issuer registry on chain")
    _touch(company)


def mark_registration_failed(company_id: str, reason: str, *, intent_id: str) -> None:
    """Note why the registry refused, for compliance to try again."""
    company = _locked(company_id)
    if company.registered_at is not None or intent_id != _intent(company):
        return
    company.registration_error = reason[:500]
    _note(company, "system", f"registration refused: {reason}"[:1000])
    _touch(company)


# --- helpers ------------------------------------------------------------------------------------


def _locked(company_id: str) -> Company:
    company = db.session.get(Company, company_id, with_for_update=True, populate_existing=True)
    if company is None:
        raise queries.CompanyMissing("There is no such company, or it is not yours.")
    return company


def _editable(company_id: str) -> Company:
    company = _locked(company_id)
    if company.status not in rules.EDITABLE:
        raise rules.WrongState(f"This company is {company.status}: its file cannot be changed now.")
    return company


def _reviewable(company_id: str, actor: str) -> Company:
    company = _locked(company_id)
    if not rules.may_review(actor, queries.member_ids(company_id)):
        raise OwnCompany("You act for this company. Somebody else has to decide about it.")
    return company


def _refuse_taken(company_id: str, registration: str, wallet: str) -> None:
    # The unique constraints are the wall; this is the sentence.
    clash = sa.select(Company.claimed_registration).where(
        Company.id != company_id,
        sa.or_(Company.claimed_registration == registration, Company.claimed_wallet == wallet),
    )
    row = db.session.execute(clash).first()
    if row is not None:
        what = "registration number" if row[0] == registration else "wallet address"
        raise Taken(f"Another company on this platform uses this {what}. Check it, or write to us.")


def _move(company: Company, to: Status, *, actor: str, reason: str = "") -> None:
    before, company.status = company.status, to
    record_event(company_event, company.id, actor=actor, before=before, after=to, reason=reason)
    _touch(company)


def _tell_owner(company: Company, what: str, sentence: str, *, reason: str = "") -> None:
    title = f"{company.trade_name} {what}"
    context = {"title": title, "sentence": f"{title}. {sentence}", "reason": reason}
    notifications.email_person(
        company.owner_id,
        "news",
        context | {"path": f"/companies/{company.id}"},
        key=f"company:{company.id}:{company.status}:{company.submitted_at}",
    )


def _note(company: Company, actor: str, reason: str) -> None:
    status = company.status
    record_event(company_event, company.id, actor=actor, before=status, after=status, reason=reason)


def _touch(company: Company) -> None:
    company.updated_at = clock.now()
    db.session.flush()
    live.changed("company", company.id)


def _credential(company: Company) -> dict[str, object]:
    facts = {name: getattr(company, name) for step in ("company", "contacts") for name in rules.STEPS[step]}
    return facts | {"reviewed_by": company.reviewed_by, "reviewed_at": str(company.reviewed_at)}


def _intent(company: Company) -> str:
    return f"company:{company.id}:register:{company.registration_tries}"


def _write_registration(company: Company) -> None:
    company.registration_tries += 1
    company.registration_error = None
    _touch(company)
    intent = _intent(company)
    facts = [company.wallet_address, company.vc_hash, company.documents_commitment]
    chain_service.write(
        intent,
        "IssuerRegistry",
        "registerIssuer",
        [chain_rules.intent_bytes32(intent), chain_rules.intent_bytes32(company.id), *facts],
        subject=("company", company.id),
    )


def _file_name(name: str) -> str:
    plain = PurePath(name.replace("\\", "/")).name
    kept = "".join(c for c in plain if c.isprintable() and c not in '<>:"/|?*')
    return kept[-100:] or "document.pdf"
