"""The cast and short words for tests about companies and campaigns;
everything goes through services."""

import io
from contextlib import contextmanager

import pikepdf
from PIL import Image

from crowdfund.adapters import custody, mail, storage
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.service import drafts, reviews, totals
from crowdfund.chain import queries as chain_queries
from crowdfund.chain import service as chain_service
from crowdfund.chain.events import Log, WriteConfirmed, WriteFailed
from crowdfund.documents import service as documents
from crowdfund.issuers import queries
from crowdfund.issuers.service import bank, officers, onboarding, team
from crowdfund.issuers.service import documents as company_documents
from crowdfund.issuers.service import reviews as reviews_service
from crowdfund.kernel import outbox, sessions
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.service import posting as posting_service
from crowdfund.notifications import queries as notices
from crowdfund.people import queries as people_queries
from crowdfund.people import service


def document(pages=1):
    """Return the bytes of a small real PDF."""
    made, out = pikepdf.new(), io.BytesIO()
    for _ in range(pages):
        made.add_blank_page(page_size=(595, 842))
    made.save(out)
    return out.getvalue()


PDF = document()
STORY = (
    "# Why\n\nWe roast the beans of **forty** farms. "
    + "Each birr goes into a second roaster. " * 4
)
COMPANY = {
    "legal_name": "Yirga Coffee Share Company",
    "trade_name": "Yirga Coffee",
    "registration_no": "MT/AA/1/0012345/2015",
    "tin": "0012345678",
    "sector": "agriculture",
    "country": "ET",
}
CONTACTS = {
    "contact_name": "Alice Bekele",
    "contact_email": "alice@yirga.example",
    "contact_phone": "0911234567",
    "street": "Bole Road 7",
    "city": "Addis Ababa",
    "region": "",
    "postal_code": "1000",
}
DIRECTOR = {
    "name": "Alice Bekele",
    "role": "chief_executive",
    "born_on": "1980-06-15",
    "nationality": "ET",
    "ownership_bps": "60",
    "is_beneficial_owner": "y",
}
BANK = {"format": "ET", "bank": "cbe", "number": "1000123456789", "holder": COMPANY["legal_name"]}
DOCUMENTS = ("business_licence", "tax_certificate", "memorandum")
BASICS = {
    "title": "A second roaster for Yirga",
    "sector": "agriculture",
    "security_type": "equity",
    "summary": "Forty farms grow the beans; a second roaster lets us export them.",
}
TERMS = {
    "goal_minor": "10,000",
    "price_minor": "100",
    "min_minor": "100",
    "max_minor": "5000",
    "duration_days": "30",
}
CONTRACT = "0x5FbDB2315678afecb367f032d93F642f64180aa3"


def picture(size=(64, 36), kind="PNG"):
    """Return the bytes of a small real picture."""
    out = io.BytesIO()
    Image.new("RGB", size, (120, 60, 20)).save(out, kind)
    return out.getvalue()


POSTER = picture(kind="WEBP")


def person(name, *roles):
    """Return the id of a person with staff roles."""
    made = service.ensure_user(f"{name}@example.com", name.capitalize(), roles=roles)
    commit()
    return made


def browser(app, person_id=None):
    """Return a fresh browser, signed in if a person is given."""
    client = app.test_client()
    return sign_in(client, person_id) if person_id else client


def sign_in(client, person_id, *, second_factor=None):
    """Give a browser the session of a person;
    staff have proved their second factor unless told otherwise."""
    rollback()
    if second_factor is None:
        second_factor = bool(people_queries.get(person_id).roles)
        rollback()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = person_id, True
        if second_factor:
            sessions.note_proof(session, person_id, "totp")
    return client


def contracts():
    """Say where the singletons live, as a deployment would."""
    for number, name in enumerate(("IssuerRegistry", "CampaignFactory", "PaymentToken"), 1):
        chain_service.watch(f"0x{number:040x}", name, name=name)
    commit()


def made_document(kind):
    """Return a document as if it had been examined: an upload would start a process for each."""
    return documents.Examined(kind, f"{kind}.pdf", "application/pdf", PDF)


def filled_company(owner_id, number=0):
    """Return the id of a company whose file is complete but not submitted."""
    company_id = onboarding.start(owner_id)
    registration = f"MT/AA/1/{number:07}/2015"
    onboarding.save(company_id, "company", COMPANY | {"registration_no": registration})
    onboarding.save(company_id, "contacts", CONTACTS)
    onboarding.save(company_id, "wallet", {"wallet_address": custody.new_wallet()[0]})
    officers.save(company_id, DIRECTOR, actor=owner_id)
    bank.save(company_id, BANK, actor=owner_id)
    for kind in DOCUMENTS:
        company_documents.keep(company_id, made_document(kind), actor=owner_id)
    commit()
    return company_id


def accept_documents(company_id, reviewer_id):
    """Let a reviewer accept each document of a company that waits."""
    for document in queries.documents_of(company_id):
        if document.status == "pending":
            company_documents.decide(company_id, document.id, actor=reviewer_id, approve=True)
    commit()


def registered_company(owner_id, reviewer_id, number=0):
    """Return the id of a company that compliance has verified and the registry holds."""
    company_id = filled_company(owner_id, number)
    onboarding.submit(company_id, actor=owner_id)
    accept_documents(company_id, reviewer_id)
    reviews_service.approve(company_id, actor=reviewer_id)
    commit()
    confirm("company", company_id)
    return company_id


def complete_draft(company_id, author_id, **terms):
    """Return the id of a campaign that could be submitted."""
    campaign_id = drafts.create_draft(company_id, actor=author_id)
    drafts.save_basics(campaign_id, BASICS)
    file_id = storage.put_public(POSTER)  # an upload would start a process for each campaign
    drafts.set_picture_id(campaign_id, file_id, "Red coffee cherries in two hands.")
    drafts.save_story(campaign_id, STORY)
    drafts.save_terms(campaign_id, TERMS | terms)
    commit()
    return campaign_id


def live_campaign(company_id, author_id, reviewer_id, **terms):
    """Return the id of a campaign whose contract is confirmed."""
    campaign_id = complete_draft(company_id, author_id, **terms)
    drafts.submit(campaign_id, actor=author_id)
    reviews.approve(campaign_id, actor=reviewer_id)
    commit()
    confirm("campaign", campaign_id, CampaignCreated={"campaign": CONTRACT})
    return campaign_id


def confirm(kind, subject_id, **events):
    """Say what the indexer says when the newest write about a thing is confirmed."""
    row = chain_queries.writes_of(kind, subject_id)[-1]
    logs = [Log(row.contract, row.address, name, args) for name, args in events.items()]
    _hear(WriteConfirmed, row, tx_hash="0x" + "ab" * 32, block=7, events=logs)


def refuse(kind, subject_id, reason="IssuerAlreadyRegistered"):
    """Say what the sender says when the newest write about a thing is refused for good."""
    _hear(WriteFailed, chain_queries.writes_of(kind, subject_id)[-1], reason=reason)


def _hear(event, row, **more):
    outbox.emit(
        event(
            key=f"{event.name}:{row.intent_id}",
            intent_id=row.intent_id,
            contract=row.contract,
            address=row.address,
            function=row.function,
            args=row.args,
            subject=outbox.Subject(row.subject_kind, row.subject_id),
            **more,
        )
    )
    # The write itself is done; nothing of it may be left in the queue of the sender.
    status = "confirmed" if event is WriteConfirmed else "failed"
    db.session.execute(
        db.text("UPDATE chain_write SET status = :status WHERE id = :id"),
        {"status": status, "id": row.id},
    )
    commit()
    outbox.drain("default")


def put_in(campaign_id, amount_minor, *, settle=True, payer="p1"):
    """Reserve room and, unless told otherwise, settle the money into the escrow in the journal."""
    totals.reserve(campaign_id, amount_minor)
    if settle:
        external, escrow = ledger_rules.external("bill_bitts"), ledger_rules.escrow(campaign_id)
        posting = ledger_rules.Posting(external, escrow, amount_minor)
        posting_service.post(f"test:{campaign_id}:{payer}", [posting], kind="test")
        totals.count_settled(campaign_id, amount_minor, new_investor=True)
    commit()


def campaign(campaign_id):
    """Read the row of a campaign afresh."""
    rollback()
    table = Campaign.__table__
    return db.session.execute(db.select(table).where(table.c.id == campaign_id)).one()


@contextmanager
def refused(error):
    """Expect a refusal and undo what came before it, as the shell would."""
    try:
        yield
    except error:
        rollback()
    else:
        raise AssertionError(f"{error.__name__} was not raised")


def join(company_id, person_id, role):
    """Make somebody a member of a company, by an invitation to the person's address."""
    person = people_queries.get(person_id)
    made = team.invite(company_id, person.email, role, actor="system")
    team.accept(team.token(made), person_id)
    commit()


def told(person_id):
    """Return the kinds of notices that a person has got."""
    rollback()
    return [notice.kind for notice in notices.notices_of(person_id).rows]


def mail_to(address):
    """Deliver what waits and return the text of the newest e-mail to an address."""
    outbox.drain_all()
    found = [message for message in mail.OUTBOX if address in str(message["To"])]
    return found[-1].get_body(("plain",)).get_content()
