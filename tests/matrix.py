"""A world with one of everything, for asking every route as everybody:
alice owns, the others must not see.

To add a route: its row in `access.TABLE`; for a new kind of parameter an example in `EXAMPLES`; and
if it is neither public nor for staff alone, who may open alice's thing in `OWN`.
"""

import hashlib
import sqlite3
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta

import sqlalchemy as sa

from crowdfund import create_app
from crowdfund.adapters import gateways, storage
from crowdfund.adapters.bill_bitts_fake import FakeBillBitts
from crowdfund.admin import service
from crowdfund.campaigns import queries as campaign_queries
from crowdfund.campaigns.models import Campaign, CampaignDocument
from crowdfund.campaigns.service import documents as campaign_documents
from crowdfund.campaigns.service import limits
from crowdfund.chain import queries as chain
from crowdfund.chain import requests
from crowdfund.compliance.service import files, nominees
from crowdfund.content.service import faq, gallery
from crowdfund.content.service import people as page_people
from crowdfund.documents import service as documents
from crowdfund.exchange_rates import service as exchange_rates
from crowdfund.investments.service import placing
from crowdfund.issuers import queries
from crowdfund.issuers.models import CompanyMember
from crowdfund.issuers.rules.team import Role, may
from crowdfund.issuers.service import team
from crowdfund.kernel import access, audit, clock, config, outbox, sessions
from crowdfund.kernel.clock import FixedClock, now
from crowdfund.kernel.db import commit, db, new_id, read_connection, rollback
from crowdfund.kernel.outbox import outbox_table
from crowdfund.ledger import queries as ledger_queries
from crowdfund.ledger import rules as ledger_rules
from crowdfund.ledger.models import Account, Entry
from crowdfund.ledger.service import posting
from crowdfund.notifications import links
from crowdfund.notifications.models import Message, Notice
from crowdfund.payments import queries as payments
from crowdfund.payments.models import Inbox, PaymentException
from crowdfund.payments.service import inbox, refusals
from crowdfund.payouts.service import requests as payouts
from crowdfund.people import queries as people_queries
from crowdfund.people import service as people_service
from crowdfund.plans import service as plans
from crowdfund.questions import service as questions
from crowdfund.reconciliation.models import Comparison, ContractReading
from crowdfund.reconciliation.service import following
from crowdfund.refunds.models import Refund
from crowdfund.releases.models import ReleaseRequest
from crowdfund.security.models import Passkey
from crowdfund.security.service import changes
from crowdfund.sign_in.service import methods
from crowdfund.term_changes.service import attaching, deciding, proposing
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.service import NewRate
from crowdfund.updates import service as updates
from tests import raising
from tests.browser import Browser, lint
from tests.compliance.conftest import FACTS
from tests.conftest import NOW
from tests.payouts.conftest import verified_account

STAFF = {role: (role,) for role in access.STAFF}
ASLEEP = {f"{role} asleep": (role,) for role in access.STAFF}  # has not proved the second factor
# Who acts for alice's company, and as what.
MEMBERS = {"alice": Role.OWNER, "mia": Role.MANAGER, "femi": Role.FINANCE, "vera": Role.VIEWER}
# Who asks, and the staff roles that count for them. Ivan acts for another company, nia is invited
# to alice's, bob is a stranger, dan's account was closed while he was signed in.
PLAIN = (*MEMBERS, "ivan", "nia", "bob", "dan")
ACTORS = {"visitor": (), **dict.fromkeys(PLAIN, ()), **STAFF, **ASLEEP}
NOBODY = ("visitor", "dan")

# signed in; the parameter is no thing that somebody owns
EVERYBODY = frozenset(ACTORS) - set(NOBODY)
ALICE = frozenset({"alice"})
IVAN = frozenset({"ivan"})  # whose campaign is live, where alice's is a draft
INVITED = frozenset({"nia"})
TEAM = frozenset(MEMBERS)
REVIEWERS = frozenset({"admin", "compliance", "regulator"})
TREASURERS = frozenset({"admin", "finance", "regulator"})

# Who may open alice's thing at a route for everybody signed in; all others must not learn that it
# exists. A word is what a member of the company must be allowed to do there (issuers.rules.team).
OWN = {
    "security.change": ALICE,
    "security.change_cancel": ALICE,
    "security.passkey_remove": ALICE,
    "payout_accounts.payout_edit": EVERYBODY,
    "sign_in.remove_method": ALICE,
    "security.session_end": ALICE,
    "campaigns.check": {"GET": "view", "POST": "campaign"},
    "campaigns.close": "campaign",
    "campaigns.company": "view",
    "campaigns.create": "campaign",
    "campaigns.documents": {"GET": "view", "POST": "campaign"},
    "campaigns.edit": "campaign",
    "campaigns.manage": "view",
    "campaigns.public_preview": "view",
    "campaigns.public_document": TEAM | set(STAFF),  # of a draft
    "campaigns.preview": "campaign",
    "campaigns.remove_document": "campaign",
    "campaigns.follow": EVERYBODY,
    "campaigns.unfollow": EVERYBODY,
    "campaigns.qr_code": IVAN,
    "campaigns.state": "view",
    "campaigns.withdraw": "campaign",
    "updates.manage": "view",
    "updates.write": "campaign",
    "updates.draft": "view",
    "updates.edit": "campaign",
    "updates.picture": "campaign",
    "updates.remove_picture": "campaign",
    "updates.publish": "campaign",
    "updates.discard": "campaign",
    "term_changes.manage": "view",
    "term_changes.write": "campaign",
    "term_changes.show": "view",
    "term_changes.document": "view",
    "term_changes.edit": "campaign",
    "term_changes.submit": "campaign",
    "term_changes.withdraw": "campaign",
    "term_changes.ask": ALICE,
    "term_changes.keep": ALICE,
    "term_changes.take_back": ALICE,
    "questions.ask": EVERYBODY,
    "questions.manage": "view",
    "questions.answer": {"GET": "view", "POST": "campaign"},
    "questions.decline": "campaign",
    "questions.copy_to_faq": "campaign",
    "content.faq": "view",
    "content.new_faq": "campaign",
    "content.edit_faq": "campaign",
    "content.move_faq": "campaign",
    "content.remove_faq": "campaign",
    "content.pictures": {"GET": "view", "POST": "campaign"},
    "content.edit_picture": "campaign",
    "content.move_picture": "campaign",
    "content.remove_picture": "campaign",
    "content.people": "view",
    "content.new_person": "campaign",
    "content.edit_person": "campaign",
    "content.move_person": "campaign",
    "content.remove_person": "campaign",
    "compliance.edit_nominee": ALICE,
    "compliance.facts": EVERYBODY,
    "compliance.nominee_proof": ALICE,
    "compliance.documents": EVERYBODY,
    "compliance.picture": ALICE,
    "compliance.remove_nominee": ALICE,
    "compliance.remove_document": ALICE,
    "documents.file": ALICE | REVIEWERS,
    "investments.campaign_days": "view",
    "investments.new": EVERYBODY,
    "investments.quote": EVERYBODY,
    "investments.room": EVERYBODY,
    "investments.show": ALICE,
    "investments.receipt": ALICE,
    "investments.cancel": ALICE,
    "investments.cancel_paid": ALICE,
    "investments.pay_rest": ALICE,
    "issuer_desk.investors": "view",
    "issuer_desk.investors_csv": "view",
    "issuers.accept": INVITED,
    "issuers.changes": "file",
    "issuers.check": {"GET": "view", "POST": "file"},
    "issuers.decline": INVITED,
    "issuers.documents": "documents",
    "issuers.drop_changes": "file",
    "issuers.edit": "file",
    "issuers.hand_over": "team",
    "issuers.invitation": INVITED,
    "issuers.new_officer": "file",
    "issuers.officer": "file",
    "issuers.officers": "file",
    "issuers.overview": "view",
    "issuers.document": "documents",
    "issuers.remove_member": "team",
    "issuers.remove_officer": "file",
    "issuers.remove_document": "documents",
    "issuers.revoke": "team",
    "issuers.send_changes": "file",
    "issuers.set_role": "team",
    "issuers.state": "view",
    "issuers.take_back_changes": "file",
    "issuers.team": {"GET": "view", "POST": "team"},
    "notifications.mark_read": ALICE,
    "notifications.open_notice": ALICE,
    "payments.come_back": ALICE,
    "payments.show": ALICE,
    "token_payments.pay": ALICE,
    "token_payments.state": ALICE,
    "token_payments.choose": ALICE,
    "token_payments.permit": ALICE,
    "token_payments.sent": ALICE,
    "token_payments.problem": ALICE,
    "payouts.show": ALICE,
    "payouts.cancel": ALICE,
    "refunds.show": ALICE,
    "refunds.send_back": ALICE,
    "refunds.keep": ALICE,
    # explanations: the owner, and staff who may open the page of it
    "tracing.portfolio_invested": ALICE,
    "tracing.portfolio_on_its_way": ALICE,
    "tracing.wallet_balance": ALICE | TREASURERS,
    "tracing.wallet_balance_after": ALICE | TREASURERS,
    "tracing.wallet_available": ALICE | TREASURERS,
    "tracing.wallet_on_hold": ALICE | TREASURERS,
    "tracing.investment_amount": ALICE | TREASURERS,
    "tracing.payment_amount": ALICE | TREASURERS,
    "tracing.payment_received": ALICE | TREASURERS,
    "tracing.payment_missing": frozenset(),  # too much came: nothing is missing
    "tracing.withdrawal_amount": ALICE | TREASURERS,
    "tracing.refund_amount": ALICE | TREASURERS,
    "tracing.refund_in_wallet": ALICE | TREASURERS,
    "tracing.posting_amount": ALICE | TREASURERS,
    "tracing.campaign_arriving": TEAM | set(STAFF),
    "tracing.term_change_kept": TEAM | set(STAFF),
    "tracing.term_change_taken_back": TEAM | set(STAFF),
    "tracing.term_change_lapsed": TEAM | set(STAFF),
    "tracing.term_change_open": TEAM | set(STAFF),
    "tracing.campaign_released": TEAM | set(STAFF),
    "tracing.campaign_fee": TEAM | set(STAFF),
    "tracing.company_balance": TEAM | TREASURERS,
}


def askers(endpoint):
    """Return who asks at a route: alice's colleagues, and who is invited,
    only where that may matter."""
    own = OWN.get(endpoint, EVERYBODY)
    if own is INVITED or isinstance(own, str | dict) or own >= TEAM:
        return tuple(ACTORS)
    return tuple(name for name in ACTORS if name not in {"femi", "vera", "nia"})


def owner_answer(endpoint, method, actor):
    """Return what somebody signed in meets at alice's thing:
    open, hidden, or forbidden to that member."""
    own = OWN.get(endpoint, EVERYBODY)
    if isinstance(own, dict):
        own = own[method]
    if isinstance(own, str):
        if actor not in MEMBERS:
            return "hidden"
        return "open" if may(MEMBERS[actor], own) else "forbidden"
    return "open" if actor in own else "hidden"


# Who has not proved the second factor is asked for it first, even where no role is needed.
STEP_UP = frozenset(
    {
        "security.app_remove",
        "security.passkey_remove",
        "security.recovery_make",
        "sign_in.remove_method",
        "payout_accounts.payout_edit",
        "payout_accounts.payout_remove",
    }
)

# A proposal of new limits of campaigns.
LIMITS = {
    "from_on": NOW.date().isoformat(),
    "goal_min_minor": "2000",
    "goal_max_minor": "5000000",
    "days_min": "30",
    "days_max": "180",
    "investment_min_minor": "100",
    "threshold_bps": "75",
    "grace_days": "5",
    "reason": "For this test only.",
}

# A proposal of an exchange rate, at the first day of the tests.
RATE = {
    "token": "cETB",
    "currency": "ETB",
    "rate": "1.05",
    "from_on": NOW.date().isoformat(),
    "source": "National Bank",
    "reason": "For this test only.",
}

# A proposal of a version of the plan, two days after the first day of the tests.
PLAN = {
    "pair_minor": "1800",
    "referral_minor": "1000",
    "month_limit": "10",
    "free_pairs": "5",
    "emi_bp": "20",
    "reserve_bp": "0",
    "surplus": "carry",
    "min_payout_minor": "500",
    "from_on": (NOW.date() + timedelta(days=2)).isoformat(),
    "reason": "For this test only.",
}

# Routes about a change of terms: of its company's team, of staff; and its amounts.
OF_TEAM = ("show", "document", "edit", "submit", "withdraw")
OF_STAFF = ("staff_show", "staff_document", "approve_material", "approve_correction", "reject")
ANSWERED = ("kept", "taken_back", "lapsed", "open")

# Forms that name a thing: without it nobody would reach alice's.
BODIES = {"security.session_end": {"session": "session_id"}}

# What these keep although they refuse: a forged webhook is kept as it came.
KEEPERS = frozenset({"payments.neo_webhook", "payments.gateway_webhook"})

# Answers that another rule gives, with that rule.
SAID_OTHERWISE = {
    # proves itself by its signature, missing here
    "payments.neo_webhook": dict.fromkeys(ACTORS, "401"),
    "payments.gateway_webhook": dict.fromkeys(ACTORS, "401"),
    # nothing works behind the pages of the tests
    "web.health_strict": dict.fromkeys(ACTORS, "503"),
    "sign_in.oidc_begin": dict.fromkeys(ACTORS, "503"),  # no provider is configured here
    "investments.receipt": {"alice": "hidden"},  # too much came: it is not settled
    # nobody has made codes a moment ago
    "security.recovery_codes_file": dict.fromkeys(set(ACTORS) - set(NOBODY), "hidden"),
    "security.passkey_options": dict.fromkeys(NOBODY, "sign in"),  # for who is half way in
    "admin.withdraw": {"admin": "forbidden"},  # only who asked; that was another admin
    "reconciliation.withdraw": {"admin": "forbidden", "finance": "forbidden"},
    "chain.withdraw_key": {"admin": "forbidden"},
    "campaigns.withdraw_limits": {"admin": "forbidden", "finance": "forbidden"},
    "releases.withdraw": {"admin": "forbidden", "finance": "forbidden"},
    "exchange_rates.withdraw": {"admin": "forbidden", "finance": "forbidden"},
    "plans.withdraw": {"admin": "forbidden", "finance": "forbidden"},
    "issuers.remove_member": {"vera": "open"},  # it is she who leaves
    # A link that was passed on says for whom it is.
    **dict.fromkeys(
        ("issuers.invitation", "issuers.accept", "issuers.decline"),
        dict.fromkeys(EVERYBODY - INVITED, "forbidden"),
    ),
}


@dataclass
class World:
    """The examples by parameter, the cookies by actor, and the database as it was at the start."""

    app: object
    people: dict[str, str] = field(default_factory=dict)
    examples: dict[str, object] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    checksum_at_start: str = ""
    start: sqlite3.Connection = field(default_factory=lambda: sqlite3.connect(":memory:"))

    def url(self, rule):
        """Return the address of a route with alice's things in it."""
        values = {name: self.examples[self.key(rule, name)] for name in rule.arguments}
        _, path = rule.build(values, append_unknown=False)
        return path

    def key(self, rule, name):
        special = f"{rule.endpoint}:{name}"
        return special if special in self.examples else name

    def lacks(self, rule):
        """Return the parameters of a route for which there is no example."""
        return [name for name in rule.arguments if self.key(rule, name) not in self.examples]

    def ask(self, actor, method, rule, *, language=""):
        """Send a request with an empty form as somebody;
        the browser shares nothing with the test."""
        client = self.app.test_client(use_cookies=False)
        cookies = [f"language={language}"] if language else []
        cookies += [f"crowdfund={self.cookies[actor]}"] if actor in self.cookies else []
        headers = {"Cookie": "; ".join(cookies)} if cookies else {}
        data = {name: self.examples[value] for name, value in BODIES.get(rule.endpoint, {}).items()}
        answer = client.open(self.url(rule), method=method, headers=headers, data=data or None)
        return lint(answer) if actor in ("alice", "admin") else answer

    def keep(self):
        self._copy(to_start=True)
        self.checksum_at_start = self.checksum()

    def restore(self):
        """Put the database back as it was, whatever somebody has done to it."""
        refusals.refusals.forget()  # a process remembers who sent it garbage
        self._copy(to_start=False)

    def _copy(self, *, to_start):
        db.session.remove()
        if db.engine.dialect.name == "postgresql":
            copy_tables(to_start=to_start)
            return
        raw = db.engine.raw_connection()
        try:
            live = raw.driver_connection
            live.backup(self.start) if to_start else self.start.backup(live)
        finally:
            raw.close()

    # Who was refused, who looked at a document, what limits count: none of it is what was asked
    # for.
    NOTES = (
        "audit_entry",
        "audit_head",
        "web_session",
        "sign_in_counter",
        "sign_in_attempt",
        "factor_try",
        "document_view",
    )

    def checksum(self):
        """Return a hash of every row of every table but notes of who was refused."""
        found = hashlib.sha256()
        db.session.remove()
        with read_connection() as connection:
            for table in db.metadata.sorted_tables:
                if table.name not in self.NOTES:
                    for row in connection.exec_driver_sql(
                        f'SELECT * FROM "{table.name}" ORDER BY 1'
                    ):
                        found.update(repr(tuple(row)).encode())
        return found.hexdigest()


def copy_tables(*, to_start):
    """Copy every table of PostgreSQL into a schema beside it, or back from there."""
    names = [table.name for table in db.metadata.sorted_tables]
    if to_start:
        steps = ["DROP SCHEMA IF EXISTS start CASCADE", "CREATE SCHEMA start"]
        steps += [f'CREATE TABLE start."{name}" AS TABLE public."{name}"' for name in names]
    else:
        steps = ["SET LOCAL session_replication_role = replica"]  # no triggers, no foreign keys
        steps += [f'DELETE FROM public."{name}"' for name in names]
        steps += [f'INSERT INTO public."{name}" SELECT * FROM start."{name}"' for name in names]
    with db.engine.begin() as connection:
        connection.exec_driver_sql("; ".join(steps))


@contextmanager
def living(folder, database_url):
    """Give a world in an app of its own, on a database without tables, while its clock is still."""
    kept = config.settings()
    settings = config.Settings(
        _env_file=None,
        environment="test",
        CROWDFUND_DATA_DIR=folder,
        database_url=database_url,
        redis_url="",
        public_url="http://localhost",
        chain_rpc_url="",
        mail_server="",
    )
    app = create_app(settings)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, ASKS_FOR_TERMS=False)
    app.test_client_class = Browser
    clock.use(FixedClock(NOW))
    try:
        with app.app_context():
            if db.engine.dialect.name == "sqlite":
                sa.event.listen(db.engine, "connect", in_a_hurry)
            db.create_all()
            yield build(app)
            db.session.remove()
            db.engine.dispose()
    finally:
        gateways.use("bill_bitts", None)
        clock.use(None)
        config.use(kept)


def in_a_hurry(connection, _record):
    """Spare the disk: nothing here has to outlive a power cut."""
    connection.execute("PRAGMA synchronous=OFF")


def build(app):
    """Return the world; needs an app with empty tables and a clock that stands still."""
    world = World(app)
    staff = {name: raising.person(name, *roles) for name, roles in STAFF.items()}
    second = raising.person("abe", "admin")
    plain = {name: _verified(name) for name in PLAIN}
    world.people = {**plain, **staff, **{f"{role} asleep": staff[role] for role in STAFF}}
    raising.contracts()
    _investment(world, staff["compliance"])
    _own_things(world)  # from here alice's changed documents are checked again
    _company(world, staff["compliance"])
    _staff_things(world, second)
    _amounts(world)
    service.disable(plain["dan"], actor=second, reason="For this test.")
    commit()
    for name, person_id in world.people.items():
        world.cookies[name] = _sign_in(app, person_id, is_asleep=name in ASLEEP)
    own = sessions.hashed(raising.browser(app, plain["alice"]).get_cookie("crowdfund").value)
    world.examples["session_id"] = own
    world.keep()
    return world


def _verified(name):
    person_id = raising.person(name)
    people_service.save_profile(
        person_id, first_name=name.capitalize(), last_name="Tadesse", phone="+251911234567"
    )
    people_service.set_kyc_level(person_id, "basic", actor="system")
    commit()
    return person_id


def _sign_in(app, person_id, *, is_asleep):
    """Return the cookie of a new session; the second factor was proved just now, unless asleep."""
    client = app.test_client()
    rollback()
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = person_id, True
        if not is_asleep:
            sessions.note_proof(session, person_id, "totp")
    return client.get_cookie("crowdfund").value


def _own_things(world):
    """What alice has: sign-in methods, a change on hold, documents, a nominee, a second factor."""
    alice = world.people["alice"]
    for step, values in FACTS.items():
        files.save_facts(alice, step, values)
    document = files.attach(alice, _document("passport"))
    nominee = nominees.add(
        alice,
        {
            "full_name": "Almaz Tadesse",
            "relationship": "parent",
            "born_on": "1960-01-01",
            "contact": "+251911234568",
            "share": "100",
        },
    )
    nominees.prove(nominee, alice, _document("id_proof"))
    methods.attach(alice, "phone", "+251911234569")
    passkey = Passkey(
        id=new_id(), person_id=alice, name="Phone", credential_hash="0" * 64, added_at=now()
    )
    passkey.credential_id = passkey.public_key = "eHh4eA"
    db.session.add(passkey)
    change = changes.request(alice, "phone", {"value": "+251911234560"}, actor=alice)
    world.examples["payout_id"] = _withdrawal(alice)
    world.examples["refund_id"] = _refund(alice)
    commit()
    world.examples |= {
        "person_id": alice,
        "document_id": document,
        "nominee_id": nominee,
        "change_id": change,
        "passkey_id": passkey.id,
        "method_id": people_queries.methods_of(alice)[0].id,
        "scheme": "iban",
        "kind": "passport",
        "compliance.facts:step": "about",
        "code": people_queries.get(alice).referral_code,
    }


def _withdrawal(person_id):
    """Return a withdrawal that waits for approval."""
    verified_account(person_id, "1000123456789")
    wallet = ledger_rules.user_wallet(person_id)
    move = ledger_rules.Posting(ledger_rules.external("bill_bitts"), wallet, 10_000_000)
    posting.post("test:withdrawal", [move], kind="investment.returned")
    return payouts.request(payouts.Wanted(person_id, 6_000_000, "form-key"))


def _refund(person_id):
    """Return a refund that is in the wallet."""
    refund = Refund(
        id=new_id(),
        key="exception:test:0",
        user_id=person_id,
        source_kind="exception",
        source_id=new_id(),
        gateway="bill_bitts",
        tx_id="NEO-TEST",
        amount_minor=1_000,
        currency="ETB",
        credited_at=now(),
        reminded_days=0,
    )
    db.session.add(refund)
    return refund.id


def _document(kind):
    """Return an upload as it is after it was examined:
    that takes a process of its own each time."""
    return documents.Examined(kind, f"{kind}.png", "image/png", raising.picture())


def _company(world, reviewer):
    """Alice's company, which is registered, its team, and its campaign, which is a draft."""
    alice = world.people["alice"]
    company = raising.registered_company(alice, reviewer)
    for name, role in MEMBERS.items():
        if name != "alice":
            member = CompanyMember(
                company_id=company, user_id=world.people[name], role=role, since=now()
            )
            db.session.add(member)
    invitation = team.invite(company, "nia@example.com", Role.VIEWER, actor=alice)
    campaign = raising.complete_draft(company, alice)
    cid = campaign_documents.add_document(campaign, "The plan", _document("public"), actor=alice)
    commit()
    _news(world, company)
    _page_of(world, campaign)
    token = team.token(invitation)
    world.examples |= {
        "company_id": company,
        "campaign_id": campaign,
        "campaigns.edit:step": "basics",
        "cid": cid,
        "campaigns.remove_document:document_id": _first(CampaignDocument.id),
        "issuers.edit:step": "company",
        "issuers.document:kind": "business_licence",
        "issuers.remove_document:document_id": queries.documents_of(company)[0].id,
        "compliance.decide_company_document:document_id": queries.documents_of(company)[0].id,
        "officer_id": queries.officers(company)[0]["id"],
        "user_id": world.people["vera"],
        "invitation_id": invitation,
        "write_id": chain.writes_of("company", company)[-1].id,
        "address": "0x" + "5a" * 20,
        **{f"issuers.{verb}:token": token for verb in ("invitation", "accept", "decline")},
    }


def _page_of(world, campaign):
    """What the page of alice's draft shows: a question with its answer, a picture, a person."""
    alice = world.people["alice"]
    texts = {"question": "How many roasters do you have?", "answer": "One, of 15 kg."}
    entry = faq.add(campaign, texts, actor=alice)
    stored = gallery.Stored(storage.put_public(raising.POSTER), 64, 36)
    picture = gallery.add(campaign, stored, "A new roaster in a hall.", actor=alice)
    words = {"name": "Almaz Tadesse", "role": "Roaster", "text": "Roasts.", "agreed": True}
    member = page_people.add(campaign, words, actor=alice)
    commit()
    world.examples |= {
        "faq_id": entry,
        "image_id": picture,
        "member_id": member,
        "way": "up",
        "width": "480",
    }


def _news(world, company):
    """An update of alice's about a campaign that was live, and bob's question about it."""
    alice = world.people["alice"]
    campaign = raising.complete_draft(company, alice)
    was_live = {"status": "live", "starts_at": now(), "ends_at": now() + timedelta(days=30)}
    db.session.execute(sa.update(Campaign).where(Campaign.id == campaign).values(was_live))
    question = questions.ask(campaign, "How many roasters do you have?", actor=world.people["bob"])
    texts = {"title": "The roaster is here", "text_md": "It came on Monday, and it works."}
    update = updates.create(campaign, texts, actor=alice)
    poster = storage.put_public(raising.POSTER)
    picture = updates.add_picture(update, poster, "A new roaster in a hall.", actor=alice)
    updates.publish(update, actor=alice)
    change = _change(campaign, alice)
    commit()
    slug = campaign_queries.by_id(campaign).slug
    routes = [rule.endpoint for rule in world.app.url_map.iter_rules()]
    features = ("updates", "questions", "issuer_desk", "term_changes")
    own = [name for name in routes if name.split(".")[0] in features]
    world.examples |= {
        "update_id": update,
        "picture_id": picture,
        "question_id": question,
        **{f"{name}:campaign_id": campaign for name in own},
        **{f"{name}:slug": slug for name in own},
        "questions.ask:slug": world.examples["slug"],
        **{f"term_changes.{name}:change_id": change for name in OF_TEAM},
        "term_changes.version:number": 1,
        **{f"tracing.term_change_{name}:thing_id": change for name in ANSWERED},
    }


def _change(campaign_id, author):
    """Other terms of a live campaign, which were not submitted."""
    campaign = campaign_queries.by_id(campaign_id)
    story = raising.STORY + "\n\nThe roaster is a used one."
    values = {"summary": campaign.summary, "story_md": story, "reason": "It is cheaper for us."}
    document = attaching.Attachment("The other roaster", raising.made_document("memorandum"))
    return proposing.create(campaign_id, values, actor=author, file=document)


def _changed(world, campaign_id, author, reviewer):
    """Terms that have changed: everybody with money in the campaign is asked."""
    change = _change(campaign_id, author)
    proposing.submit(change, actor=author)
    deciding.approve_material(change, actor=reviewer)
    commit()
    world.examples |= {f"term_changes.{name}:change_id": change for name in OF_STAFF}


def _investment(world, reviewer):
    """Ivan's live campaign, in which alice has invested; the bank sent her money twice over."""
    ivan, alice = world.people["ivan"], world.people["alice"]
    company = raising.registered_company(ivan, reviewer, number=1)
    campaign = raising.campaign(raising.live_campaign(company, ivan, reviewer))
    bank = FakeBillBitts()
    gateways.use("bill_bitts", bank)
    investment = placing.place(
        placing.Order(alice, campaign.slug, 100_000, "bill_bitts", "form-key", True)
    )
    commit()
    outbox.drain_all()
    (payment,) = payments.for_purpose("investment", investment)
    bank.set_truth(payment.tx_id, "SETTLED", amount="2000.00")
    rollback()
    inbox.accept("bill_bitts", *bank.webhook(payment.tx_id, "SETTLED"))
    rollback()
    outbox.drain_all()
    _changed(world, campaign.id, ivan, reviewer)
    shown = gallery.Stored(campaign.image_id, 64, 36)
    picture = _in_draft(campaign.id, gallery.add, shown, "Coffee in a cup.", actor=ivan)
    world.examples |= {
        "content.picture:image_id": picture,
        "slug": campaign.slug,
        "campaigns.document:document_id": queries.public_documents(company)[0].id,
        "campaigns.qr_code:campaign_id": campaign.id,
        "campaigns.qr_code:kind": "svg",
        "file_id": campaign.image_id,
        "digest": campaign.image_id.partition(".")[0],
        "investment_id": investment,
        "payment_id": payment.id,
        **_token_payment(alice, campaign.slug),
        "inbox_id": _first(Inbox.id),
        "exception_id": _first(PaymentException.id),
        "entry_id": _first(Entry.id),
        "account": _first(Account.name),
        "gateway": "bill_bitts",
    }


def _token_payment(person_id, slug):
    """Return the examples of a payment that the person's own wallet is to make."""
    since = now().replace(microsecond=0)
    token_payments.add_rate(NewRate("cETB", "ETB", 1, 1, since, "By definition"), actor="test")
    order = placing.Order(person_id, slug, 100_000, "token", "form-key-2", True)
    investment = placing.place(order)
    commit()
    (payment,) = payments.for_purpose("investment", investment)
    names = ("pay", "state", "choose", "permit", "sent", "problem")
    of_payment = {f"token_payments.{name}:payment_id": payment.id for name in names}
    return {**of_payment, "token_payments.problem:name": "too-little"}


def _in_draft(campaign_id, verb, *args, **kwargs):
    """Do what is only possible in a draft, with a campaign that is live."""
    this = sa.update(Campaign).where(Campaign.id == campaign_id)
    db.session.execute(this.values(status="draft"))
    made = verb(campaign_id, *args, **kwargs)
    db.session.execute(this.values(status="live"))
    commit()
    return made


def _amounts(world):
    """Amounts of alice's and of her company, and those that staff and everybody can see."""
    alice, live = world.people["alice"], campaign_queries.detail(world.examples["slug"]).id
    wallet = f"{ledger_rules.user_wallet(alice)}@ETB"
    company = world.examples["company_id"]
    own = world.examples["updates.manage:campaign_id"]
    was_released = {"released_minor": 0, "fee_minor": 0}
    db.session.execute(sa.update(Campaign).where(Campaign.id == own).values(was_released))
    comparison = Comparison(id=new_id(), at=now(), block_number=7, differences=[])
    db.session.add(comparison)
    external, to = ledger_rules.external("bill_bitts"), ledger_rules.company_wallet(company)
    posting.post("test:company", [ledger_rules.Posting(external, to, 100)], kind="payment.settled")
    commit()
    spot = posting_of(ledger_rules.user_wallet(alice))
    mine = {"portfolio_invested", "portfolio_on_its_way", "wallet_balance", "wallet_available"}
    of_contract = ("contract_recorded", "contract_refused", "contract_tokens")
    examples = {
        **dict.fromkeys((*mine, "wallet_on_hold"), alice),
        "wallet_balance_after": f"{alice}@{spot}",
        "investment_amount": world.examples["investment_id"],
        **dict.fromkeys(("payment_amount", "payment_received"), world.examples["payment_id"]),
        "payment_missing": world.examples["payment_id"],
        "withdrawal_amount": world.examples["payout_id"],
        "refund_amount": world.examples["refund_id"],
        "refund_in_wallet": world.examples["refund_id"],
        "posting_amount": f"{world.examples['entry_id']}.0",
        **dict.fromkeys(("campaign_arriving", "campaign_released", "campaign_fee"), own),
        "company_balance": company,
        **dict.fromkeys(("campaign_settled", "campaign_on_its_way", *of_contract), live),
        "drift_compared": comparison.id,
        **dict.fromkeys(("account_balance", "account_held"), wallet),
        "account_balance_after": f"{wallet}@{spot}",
        "exception_amount": world.examples["exception_id"],
        **dict.fromkeys(("payments_asked", "payments_received"), "settled:ETB:ETB::"),
    }
    world.examples |= {f"tracing.{name}:thing_id": value for name, value in examples.items()}


def posting_of(account):
    """Return the numbers of the newest posting of an account as an address has them."""
    line = ledger_queries.history(account).rows[0]
    rollback()
    return f"{line.seq}.{line.n}"


def _staff_things(world, second):
    """What only staff see: a request, work that was given up, messages, the audit log."""
    alice = world.people["alice"]
    follow = _contract_that_was_cancelled(world, second)
    proposal = limits.propose(LIMITS, actor=second)
    rate = exchange_rates.propose(RATE, actor=second)
    request = service.ask(alice, "give_role", role="finance", reason="For this test.", actor=second)
    about_keys = requests.ask(requests.Wanted("pause", "For this test."), actor=second)
    running = requests.begin(
        requests.Wanted("raise_cap", "For this test.", amount_minor=1), actor="cli"
    )
    world.examples |= {
        f"chain.{verb}_key:request_id": about_keys for verb in ("confirm", "refuse", "withdraw")
    } | {
        "chain.key_request:request_id": about_keys,
        "chain.retry_key:request_id": running,
        "chain.ask_key:kind": "pause",
    }
    outbox.add("reports.selfcheck", "given-up")
    db.session.execute(
        sa.update(outbox_table).where(outbox_table.c.key == "given-up").values(state="dead")
    )
    commit()
    outbox.drain("messages")
    rollback()
    token = links.unsubscribe_url(alice, "investment.settled").rsplit("/", 1)[1]
    world.examples |= {
        "request_id": request,
        "follow_id": follow,
        "limits_id": proposal,
        "rate_request_id": rate,
        "plan_id": plans.propose(PLAN, actor=second),
        "release_id": _prepared_release(world, second),
        "work_id": _first(outbox_table.c.id, outbox_table.c.key == "given-up"),
        "notice_id": _first(Notice.id, Notice.person_id == alice),
        "message_id": _first(Message.id),
        "seq": 1,
        "number": 0,
        "notifications.preview_html:kind": "investment.settled",
        "language": "en",
        "token": token,
        "filename": "app.css",
    }
    audit.record(second, "probe", ("person", alice), {"reason": "For this test."}, roles=("admin",))
    commit()


def _contract_that_was_cancelled(world, second):
    """Ivan's campaign is live, its contract is not; an admin asked that the campaign follows."""
    campaign = campaign_queries.detail(world.examples["slug"])
    db.session.add(
        ContractReading(
            address=campaign.contract_address,
            campaign_id=campaign.id,
            is_ours=True,
            status="cancelled",
            fiat_units="0",
            token_units="0",
            escrow_units="0",
            block_number=7,
            at=now(),
            missing=[],
            extra=[],
        )
    )
    commit()
    seen = following.preview(campaign.id)
    follow = following.ask(
        campaign.id, reason="For this test only.", fingerprint=seen.fingerprint, actor=second
    )
    commit()
    return follow


def _prepared_release(world, second):
    """A colleague has prepared the release of ivan's campaign."""
    campaign = campaign_queries.detail(world.examples["slug"])
    amounts = dict.fromkeys(
        ("company_minor", "fee_minor", "token_company_minor", "token_fee_minor"), 0
    )
    row = ReleaseRequest(
        campaign_id=campaign.id,
        tranche=0,
        **amounts,
        open_key=campaign.id,
        reason="",
        asked_by=second,
        asked_at=now(),
    )
    db.session.add(row)
    commit()
    return row.id


def _first(column, *where):
    rollback()
    return db.session.scalars(sa.select(column).where(*where).limit(1)).one()
