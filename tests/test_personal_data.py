"""Nothing about a person on the chain, in log lines or on pages for everybody.

Everything that a person or a company's people give here is a word that stands nowhere else; then
chain writes, calldata, lines and public pages are searched for all of them, and for their plain
hashes.
"""

import hashlib
import io
import re
import smtplib
import sys
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from eth_utils import keccak

from crowdfund.adapters import gateways, mail
from crowdfund.adapters.bill_bitts_fake import FakeBillBitts
from crowdfund.adapters.chain import abi
from crowdfund.campaigns.rules.life import Status
from crowdfund.campaigns.service import ending
from crowdfund.chain.models import Write
from crowdfund.compliance.queries import files as files_queries
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import files, nominees, reviews, submissions
from crowdfund.documents import service as documents
from crowdfund.investments.service import placing
from crowdfund.issuers import queries
from crowdfund.kernel import access, config, logs, outbox
from crowdfund.kernel.clock import now
from crowdfund.kernel.db import commit, db, own_transaction, rollback
from crowdfund.payments import queries as payments
from crowdfund.payments.service import inbox
from crowdfund.people import service
from crowdfund.people import service as people_service
from crowdfund.people.models import User
from crowdfund.sign_in.service import codes
from tests import raising
from tests.browser import Browser

# What people are called and give. Nothing of it may be found anywhere outside the database.
PERSON = {
    "first_name": "Zqabebe",
    "last_name": "Zqgirma",
    "phone": "+251911777001",
    "legal_name": "Zqabebe Zqmelaku Zqgirma",
    "street": "Zqpiassa 7",
    "city": "Zqgondar",
    "id_number": "ZQ7654321",
    "born_on": "1971-03-17",
    "nominee": "Zqalmaz Zqtsehay",
    "nominee_contact": "+251911777002",
    "account": "1000999888777",
}
STAFF = {
    "contact_name": "Zqcontact Zqbekele",
    "contact_email": "zqcontact@zq.example",
    "contact_phone": "+251911777003",
    "contact_street": "Zqmegenagna 9",
    "contact_city": "Zqbahirdar",
    "officer": "Zqofficer Zqtilahun",
    "officer_born": "1969-11-23",
    "bank_number": "1000555444333",
    "tin": "0077665544",
    "registration": "MT/AA/9/0099887/2015",
}
SIGN_INS = {
    "investor": "zqinvestor@zq.example",
    "owner": "zqowner@zq.example",
    "new": "zqnew@zq.example",
}
PRIVATE = {**PERSON, **STAFF, **SIGN_INS}
# What a company is called and does is public: whoever invests has to know. So are its public
# documents.
PUBLIC_FACTS = {"legal_name": "Zqyirga Coffee Share Company", "trade_name": "Zqyirga Coffee"}


def marks():
    """Return every text to look for, as it was given and as it is kept, in lower case."""
    found = {value.lower() for value in PRIVATE.values()}
    for name in ("phone", "nominee_contact", "contact_phone"):
        found.add(PRIVATE[name][4:])  # however the number is written
    for value in list(found):
        if value.startswith("zq") and "@" not in value:
            found |= {word for word in value.split() if word.startswith("zq")}
    return found - {""}


def found_in(text):
    text = text.lower()
    bare = re.sub(r"[\s()-]", "", text)
    return sorted(mark for mark in marks() if mark in text or (mark.isdigit() and mark in bare))


def plain_hashes(document):
    """Return what anybody could compute from a guess:
    hashes of texts and of the file without a salt."""
    given = [value.encode() for value in PRIVATE.values()]
    given += [value.lower().encode() for value in PRIVATE.values()] + [document]
    return {
        kind(one)
        for one in given
        for kind in (lambda b: hashlib.sha256(b).hexdigest(), lambda b: keccak(b).hex())
    }


@pytest.fixture
def lines(monkeypatch):
    """Everything that this process logs or prints to its error stream meanwhile."""
    stream = io.StringIO()
    monkeypatch.setattr(sys, "stderr", stream)
    logs.configure()
    yield stream
    monkeypatch.undo()
    logs.configure()


@pytest.fixture
def story(app, frozen, lines, monkeypatch):
    """A company raises money from a person with a whole file; one campaign succeeds, one fails."""
    monkeypatch.setattr(raising, "COMPANY", raising.COMPANY | PUBLIC_FACTS | {"tin": STAFF["tin"]})
    contacts = {name: STAFF[name] for name in ("contact_name", "contact_email", "contact_phone")}
    place = {"street": STAFF["contact_street"], "city": STAFF["contact_city"]}
    monkeypatch.setattr(raising, "CONTACTS", raising.CONTACTS | contacts | place)
    monkeypatch.setattr(
        raising,
        "DIRECTOR",
        raising.DIRECTOR | {"name": STAFF["officer"], "born_on": STAFF["officer_born"]},
    )
    monkeypatch.setattr(
        raising,
        "BANK",
        raising.BANK
        | {
            "number": STAFF["bank_number"],
            "holder": PUBLIC_FACTS["legal_name"],
        },
    )
    raising.contracts()
    carla, adam = raising.person("carla", "compliance"), raising.person("adam", "admin", "finance")
    owner = service.ensure_user(SIGN_INS["owner"], STAFF["contact_name"])
    investor = service.ensure_user(
        SIGN_INS["investor"], f"{PERSON['first_name']} {PERSON['last_name']}"
    )
    commit()
    service.save_profile(
        investor,
        first_name=PERSON["first_name"],
        last_name=PERSON["last_name"],
        phone=PERSON["phone"],
    )
    commit()
    company = raising.registered_company(owner, carla)
    campaign = raising.live_campaign(company, owner, carla)
    bank = FakeBillBitts()
    gateways.use("bill_bitts", bank)
    document = raising.picture((32, 32))
    world = SimpleNamespace(
        owner=owner,
        investor=investor,
        carla=carla,
        adam=adam,
        company=company,
        campaign=campaign,
        bank=bank,
        document=document,
        app=app,
        lines=lines,
    )
    _fill_file(world)
    _invest(world)
    ending.cancel(campaign, "For this test.", actor=adam)
    commit()
    outbox.drain_all()
    yield world
    gateways.use("bill_bitts", None)


def _invest(world):
    slug = raising.campaign(world.campaign).slug
    placed = placing.place(placing.Order(world.investor, slug, 100_000, "bill_bitts", "key", True))
    commit()
    outbox.drain_all()
    (payment,) = payments.for_purpose("investment", placed)
    for status in ("SUCCESS", "SETTLED"):
        world.bank.set_truth(payment.tx_id, status)
        rollback()
        inbox.accept("bill_bitts", *world.bank.webhook(payment.tx_id, status))
        rollback()
        outbox.drain_all()


def _fill_file(world):
    rollback()
    about = {"legal_name": PERSON["legal_name"], "born_on": PERSON["born_on"], "nationality": "ET"}
    home = {
        "street": PERSON["street"],
        "city": PERSON["city"],
        "region": "",
        "postal_code": "",
        "country": "ET",
    }
    identity = {"id_kind": "passport", "id_number": PERSON["id_number"]}
    for step, values in (("about", about), ("address", home), ("identity", identity)):
        files.save_facts(world.investor, step, values)
    kept = files.attach(
        world.investor,
        documents.Examined("passport", "zqpassport.png", "image/png", world.document),
    )
    nominees.add(
        world.investor,
        {
            "full_name": PERSON["nominee"],
            "relationship": "parent",
            "born_on": "1960-01-01",
            "contact": PERSON["nominee_contact"],
            "share": "100",
        },
    )
    submissions.submit(world.investor, actor=world.investor)
    commit()
    decision = Decision(approve=True, until="2030-01-01")
    reviews.decide_document(world.investor, kept, decision, actor=world.carla)
    commit()
    rollback()
    revision = files_queries.revision(world.investor)
    reviews.approve(world.investor, actor=world.carla, revision=revision)
    commit()
    outbox.drain_all()


# --- the chain ------------------------------------------------------------------------------------


def chain_writes():
    rollback()
    return db.session.execute(sa.select(Write.__table__)).all()


def test_no_write_to_the_chain_holds_anything_about_a_person(story):
    rows = chain_writes()
    kinds = {row.function for row in rows}
    assert {"registerIssuer", "createCampaign"} <= kinds, "the story writes less than it should"
    assert len(kinds) >= 3
    hashes = plain_hashes(story.document)
    for row in rows:
        said = f"{row.intent_id} {row.function} {row.args} {row.subject_kind} {row.subject_id}"
        assert found_in(said) == [], row.function
        assert [one for one in hashes if one in said] == [], (
            f"{row.function}: a plain hash can be guessed"
        )


def test_no_calldata_holds_anything_about_a_person(story):
    hashes = plain_hashes(story.document)
    for row in chain_writes():
        data = abi.encode(row.contract, row.function, row.args)
        text = bytes.fromhex(data[2:]).decode("latin-1")
        assert found_in(text) == [], row.function
        assert [one for one in hashes if one in data] == [], row.function


def test_the_search_would_find_what_it_looks_for():
    assert found_in("... ZQABEBE ...") == ["zqabebe"]
    assert found_in("call (091) 177-7001") == ["11777001"] or "911777001" in found_in(
        "call 0911777001"
    )
    assert found_in("tin=0077665544") == ["0077665544"]
    assert found_in(repr(PUBLIC_FACTS)) == []


# --- log lines ------------------------------------------------------------------------------------


class Refusing(smtplib.SMTP):
    """A mail server that says, as many do, whom it does not know."""

    def __init__(self, *_args, **_kwargs):
        pass

    def __exit__(self, *_):
        pass

    def send_message(self, message):
        to = message["To"]
        raise smtplib.SMTPRecipientsRefused({to: (451, f"4.2.1 <{to}>: try later".encode())})


def test_no_log_line_names_anybody_whatever_goes_wrong(story, monkeypatch):
    _visit_everything(story)
    _break_everything(story, monkeypatch)
    text = story.lines.getvalue()
    assert "request.crashed" in text, "nothing was logged: the test looks at the wrong stream"
    assert "outbox.failed" in text
    assert found_in(text) == []


def _visit_everything(story):
    """Send forms with personal data, good and bad, as the people themselves."""
    anybody = story.app.test_client()
    for identifier in (SIGN_INS["new"], PERSON["phone"], "zq not an address"):
        anybody.post("/sign-in", data={"identifier": identifier})
        outbox.drain_all()
        anybody.post("/sign-in/code", data={"code": "000000"})
    investor = raising.browser(story.app, story.investor)
    profile = {name: PERSON[name] for name in ("first_name", "last_name", "phone")}
    investor.post("/account", data=profile | {"phone": "nonsense"})
    investor.post("/account", data=profile)
    investor.post(
        "/account/verification/facts/about",
        data={"legal_name": PERSON["legal_name"], "born_on": "x"},
    )
    investor.post(
        "/account/verification/facts/identity",
        data={"id_kind": "passport", "id_number": PERSON["id_number"]},
    )
    investor.post(
        "/account/payout-account/et",
        data={
            "bank": "cbe",
            "number": PERSON["account"],
            "again": PERSON["account"],
            "holder": PERSON["legal_name"],
        },
    )
    investor.post(
        "/account/nominees/new", data={"full_name": PERSON["nominee"], "contact": "nobody"}
    )
    owner = raising.browser(story.app, story.owner)
    owner.post(f"/companies/{story.company}/edit/contacts", data=raising.CONTACTS)
    staff = raising.browser(story.app, story.adam)
    users = ("users.csv", f"users?q={SIGN_INS['investor']}", f"users/{story.investor}")
    for path in (*users, f"people/{story.investor}", f"companies/{story.company}"):
        assert staff.get(f"/staff/{path}").status_code == 200, path


def _break_everything(story, monkeypatch):
    """Let mail, pages, jobs and the database fail while they hold personal data."""
    monkeypatch.setattr(mail.smtplib, "SMTP", Refusing)
    config.use(config.settings().model_copy(update={"mail_server": "mail.example"}))
    rollback()
    for email in (SIGN_INS["new"], SIGN_INS["investor"]):
        codes.request_code(email, ip="192.0.2.7")
        commit()
    outbox.drain_all()
    config.use(config.settings().model_copy(update={"mail_server": ""}))
    monkeypatch.setitem(story.app.config, "PROPAGATE_CRASHES", False)
    monkeypatch.setitem(story.app.config, "TESTING", False)

    def fail(*args, **kwargs):
        """Fail as the database does: two people with one address."""
        taken = {
            "id": "0" * 32,
            "email": SIGN_INS["investor"],
            "first_name": PERSON["first_name"],
            "referral_code": "ZZZZZZZZ",
            "created_at": now(),
        }
        with own_transaction() as connection:
            connection.execute(sa.insert(User.__table__).values(taken))

    monkeypatch.setattr(people_service, "save_profile", fail)
    browser = raising.browser(story.app, story.investor)
    data = {name: PERSON[name] for name in ("first_name", "last_name", "phone")}
    assert browser.post("/account", data=data).status_code == 500
    monkeypatch.setitem(outbox.HANDLERS, "reports.selfcheck", _failing(fail))
    outbox.add("reports.selfcheck", "breaks")
    commit()
    outbox.drain("default")


def _failing(fail):
    return outbox.Handler(lambda _rows: fail(), "default", 1, None)


# --- public pages ---------------------------------------------------------------------------------


def test_no_page_for_everybody_shows_anything_about_a_person(story):
    visitor: Browser = story.app.test_client()
    slug = raising.campaign(story.campaign).slug
    documents = [
        f"/campaigns/{slug}/documents/{row.id}" for row in queries.public_documents(story.company)
    ]
    seen, waiting, pages = (
        set(),
        ["/", "/campaigns", "/sign-in", f"/campaigns/{slug}", "/health"],
        0,
    )
    assert {str(status) for status in Status} >= {"live"}
    while waiting:
        path = waiting.pop()
        if path in seen or len(seen) > 200:
            continue
        seen.add(path)
        answer = visitor.get(path)
        if answer.status_code != 200 or answer.mimetype not in (
            "text/html",
            "application/json",
            "text/csv",
        ):
            continue
        pages += 1
        assert found_in(answer.get_data(as_text=True)) == [], path
        assert found_in(str(answer.headers)) == [], path
        links = re.findall(
            r'(?:href|src|hx-get|data-live-url)="(/[^"#]*)"', answer.get_data(as_text=True)
        )
        waiting += [link for link in links if not link.startswith(("/static", "/sign-in/oidc"))]
    assert pages >= 5
    assert f"/campaigns/{slug}" in seen
    assert set(documents) <= {*seen, *documents}
    assert frozenset({"visitor"}) == access.PUBLIC


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("Key (email)=(zq.who@zq.example) already exists", "Key (email)=(•@•) already exists"),
        ("<zq@zq.example>: no such user", "<•@•>: no such user"),
        ("to +251911777001, later", "to +•••, later"),
        (
            "at 2026-11-21T08:00:00+00:00 a+b 1+12345678901",
            "at 2026-11-21T08:00:00+00:00 a+b 1+12345678901",
        ),
        (
            "0x5FbDB2315678afecb367f032d93F642f64180aa3",
            "0x5FbDB2315678afecb367f032d93F642f64180aa3",
        ),
    ],
)
def test_a_line_shows_no_address_and_no_number(said, shown):
    assert logs.masked(said) == shown
