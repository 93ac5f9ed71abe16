"""Play the demo story through the services: journal, gateway and chain agree at its end."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from flask import Flask

from crowdfund.adapters import storage
from crowdfund.campaigns import queries as campaign_queries
from crowdfund.campaigns.service import documents as campaign_documents
from crowdfund.campaigns.service import drafts, reviews
from crowdfund.compliance.queries import files as person_facts
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import files as person_files
from crowdfund.compliance.service import reviews as person_reviews
from crowdfund.compliance.service import submissions
from crowdfund.content.service import faq, gallery
from crowdfund.content.service import people as page_people
from crowdfund.documents.service import Examined
from crowdfund.investments import queries as investment_queries
from crowdfund.investments.service import placing
from crowdfund.issuers import queries
from crowdfund.issuers.service import bank, officers, onboarding
from crowdfund.issuers.service import documents as company_documents
from crowdfund.issuers.service import reviews as reviews_service
from crowdfund.kernel import clock, config
from crowdfund.kernel.db import db
from crowdfund.local import authenticator
from crowdfund.local.story import cast, news, news_cast, page_cast, pictures
from crowdfund.local.story.stage import Stage, stage
from crowdfund.payments import queries as payments
from crowdfund.payout_accounts import service as payout_accounts
from crowdfund.payout_accounts.queries import payout_account_of as account_of
from crowdfund.people import queries as people_queries
from crowdfund.people import service
from crowdfund.releases import service as releases
from crowdfund.security.service import second_factor

FIRST_DAY = 140
Step = tuple[datetime, Callable[[], None]]


@dataclass
class Story:
    """The ids of the people, companies and campaigns of the story."""

    stage: Stage
    now: datetime
    staff: dict[str, str] = field(default_factory=dict)
    investors: list[str] = field(default_factory=list)
    companies: dict[str, str] = field(default_factory=dict)
    campaigns: dict[str, str] = field(default_factory=dict)

    def days_ago(self, days: float) -> datetime:
        """Return that moment."""
        return self.now - timedelta(days=days)

    @property
    def passports_expire_on(self) -> date:
        """The day that every specimen passport shows and that compliance enters."""
        return self.now.date() + timedelta(days=3 * 365)


def make(app: Flask) -> int:
    """Make the story, once; return how many investments were made."""
    if accounts_exist():
        return 0
    with stage(app) as place:
        story = Story(place, clock.now())
        past = place.can_go_back
        place.begin(story.days_ago(FIRST_DAY) if past else story.now)
        _people(story)
        raises = [one for one in cast.RAISES if past or one.end in ("live", "submitted")]
        _companies(story, raises)
        steps = [step for one in raises for step in _steps(story, one, past=past)]
        if past:
            steps += _payout_account(story)
        for moment, act in sorted(steps, key=lambda step: step[0]):
            place.at(moment)
            act()
        place.at(story.now)
        place.do(_waiting_person, story)
    return sum(len(one.bids) for one in raises)


def accounts_exist() -> bool:
    """Return whether the story was made before."""
    found = people_queries.find_by_email(cast.email(cast.STAFF[0][1])) is not None
    db.session.remove()
    return found


def _people(story: Story) -> None:
    do = story.stage.do
    for role, name, roles in cast.STAFF:
        person = do(_account, cast.email(name), name, roles)
        secret = authenticator.secret(config.settings().secret_key, cast.email(name))
        do(second_factor.keep_app, person, secret)
        story.staff[role] = person
    for number, name in enumerate(cast.INVESTORS):
        phone = f"+25191123{4500 + number}"
        person = do(_account, cast.email(name), name)
        first, _, last = name.partition(" ")
        do(service.save_profile, person, first_name=first, last_name=last, phone=phone)
        do(_ask_to_be_verified, person, cast.facts_of(number), story)
        do(_verify_person, person, story)
        story.investors.append(person)


def _account(email: str, name: str, roles: Iterable[str] = ()) -> str:
    """Open an account that has accepted the terms of use; return the person's id."""
    person = service.ensure_user(email, name, roles=roles)
    service.accept_terms(person)
    return person


def _ask_to_be_verified(person: str, facts: cast.Facts, story: Story) -> None:
    """Fill in a person's identity check, add a specimen passport and ask for the review."""
    for step, values in facts.items():
        person_files.save_facts(person, step, values)
    name, number = facts["about"]["legal_name"].upper(), facts["identity"]["id_number"]
    page = pictures.passport(name, number, story.passports_expire_on)
    person_files.attach(person, Examined("passport", "passport.png", "image/png", page))
    submissions.submit(person, actor=person)


def _verify_person(person: str, story: Story) -> None:
    """Let compliance accept the passport and give the basic level."""
    officer = story.staff["compliance"]
    decision = Decision(approve=True, until=story.passports_expire_on.isoformat())
    for document in person_facts.documents_of(person):
        person_reviews.decide_document(person, document.id, decision, actor=officer)
    person_reviews.approve(person, actor=officer, revision=person_facts.revision(person))


def _payout_account(story: Story) -> list[Step]:
    """Return how the first investor adds a payout account, and compliance verifies it in time."""
    person, name = story.investors[0], cast.INVESTORS[0]

    def ask() -> None:
        number = cast.PAYOUT_ACCOUNT
        story.stage.do(
            payout_accounts.request, person, "et", bank="cbe", number=number, holder=name
        )

    def verify() -> None:
        story.stage.until(lambda: account_of(person) is not None, "the first payout account")
        officer = story.staff["compliance"]
        story.stage.do(payout_accounts.decide, person, officer, True)

    asked_at = story.days_ago(FIRST_DAY - 1)
    return [(asked_at, ask), (asked_at + timedelta(days=1, minutes=5), verify)]


def _waiting_person(story: Story) -> None:
    person = _account(cast.email("Mahlet Zewde"), "Mahlet Zewde")
    service.save_profile(person, first_name="Mahlet", last_name="Zewde", phone="+251911234599")
    _ask_to_be_verified(person, cast.WAITING_FACTS, story)


def _companies(story: Story, raises: list[cast.Raise]) -> None:
    for number, one in enumerate(raises):
        owner = story.stage.do(_account, cast.email(one.owner), one.owner)
        company_id = story.stage.do(onboarding.start, owner)
        story.companies[one.slug] = company_id
        story.stage.do(_fill_company, company_id, owner, one, number)
        story.stage.do(_verify_company, company_id, story)
    ids = list(story.companies.values())
    story.stage.until(
        lambda: all(queries.get(one).registered_at is not None for one in ids),
        "the issuer registry",
    )


def _fill_company(company_id: str, owner: str, one: cast.Raise, number: int) -> None:
    company = {
        "legal_name": f"{one.company} PLC",
        "trade_name": one.company,
        "sector": one.sector,
        "country": "ET",
        "registration_no": f"MT/AA/1/00{48210 + number}/2018",
        "tin": f"00{31245670 + number}",
    }
    contacts = {
        "contact_name": one.owner,
        "contact_email": cast.email(one.owner),
        "contact_phone": f"+25191155{6600 + number}",
        "street": f"House {12 + number * 7}, Bole sub-city",
        "city": "Addis Ababa",
    }
    chief_executive = {
        "name": one.owner,
        "role": "chief_executive",
        "born_on": f"{1972 + number}-03-14",
        "nationality": "ET",
        "ownership_bps": "60",
        "is_beneficial_owner": True,
    }
    account = {
        "format": "ET",
        "bank": "cbe",
        "number": f"10001234{56000 + number}",
        "holder": f"{one.company} PLC",
    }
    onboarding.save(company_id, "company", company)
    onboarding.save(company_id, "contacts", contacts)
    officers.save(company_id, chief_executive, actor=owner)
    bank.save(company_id, account, actor=owner)
    onboarding.hold_wallet(company_id)
    for kind, text in (
        ("business_licence", "Renewed for this year."),
        ("tax_certificate", "Registered."),
        ("memorandum", one.story),
    ):
        made = Examined(
            kind,
            f"{kind.replace('_', '-')}.pdf",
            "application/pdf",
            pictures.memorandum(one.company, text),
        )
        company_documents.keep(company_id, made, actor=owner)
    onboarding.submit(company_id, actor=owner)


def _verify_company(company_id: str, story: Story) -> None:
    officer = story.staff["compliance"]
    for document in queries.documents_of(company_id):
        until = (
            story.now.date() + timedelta(days=300) if document.kind == "business_licence" else None
        )
        company_documents.decide(
            company_id, document.id, actor=officer, approve=True, expires_on=until
        )
    reviews_service.approve(company_id, actor=officer)


def _steps(story: Story, one: cast.Raise, *, past: bool) -> list[Step]:
    """Return what happens to a campaign and when."""
    if one.starts_days_ago is None:
        return [(story.days_ago(0.2), lambda: _submit(story, one))]
    start = story.days_ago(one.starts_days_ago if past else 0)
    last = min(start + timedelta(days=one.days - 2), story.days_ago(0.05 if past else 0))
    middle = start + (last - start) / 2
    half = (len(one.bids) + 1) // 2
    return [
        (start - timedelta(days=1) if past else start, lambda: _submit(story, one)),
        (start, lambda: _go_live(story, one)),
        (middle, lambda: _invest(story, one, one.bids[:half])),
        (last, lambda: _invest(story, one, one.bids[half:])),
        *_last_steps(story, one, start + timedelta(days=one.days, minutes=5)),
        *_news_steps(story, one, past=past),
    ]


def _news_steps(story: Story, one: cast.Raise, *, past: bool) -> list[Step]:
    """Return what is published, asked and answered; without a past all of it at the end."""
    if one.slug != news_cast.CAMPAIGN:
        return []

    def owner() -> str:
        return service.ensure_user(cast.email(one.owner))

    found = news.steps(
        story.stage,
        lambda: story.campaigns[one.slug],
        news_cast.People(owner, story.investors),
    )
    return [(story.days_ago(days if past else 0), act) for days, act in found]


def _last_steps(story: Story, one: cast.Raise, end: datetime) -> list[Step]:
    """Return what happens to a campaign at its end and afterwards."""
    steps: list[Step] = []
    if one.end in ("succeeded", "released", "failed"):
        steps.append((end, lambda: _end(story, one)))
    if one.end == "released":
        steps.append((end + timedelta(days=2), lambda: _release(story, one)))
    return steps


def _submit(story: Story, one: cast.Raise) -> None:
    def write() -> str:
        owner = service.ensure_user(cast.email(one.owner))
        campaign_id = _write_campaign(story.companies[one.slug], owner, one)
        drafts.submit(campaign_id, actor=owner)
        return campaign_id

    story.campaigns[one.slug] = story.stage.do(write)


def _write_campaign(company_id: str, owner: str, one: cast.Raise) -> str:
    campaign_id = drafts.create_draft(company_id, actor=owner)
    basics = {
        "title": one.title,
        "summary": one.summary,
        "sector": one.sector,
        "security_type": one.security,
    }
    terms = {
        "goal_minor": str(one.goal),
        "price_minor": str(one.price),
        "min_minor": str(one.minimum),
        "max_minor": str(one.maximum),
        "duration_days": str(one.days),
        **one.own_terms,
    }
    drafts.save_basics(campaign_id, basics)
    file_id = storage.put_public(pictures.picture(one.slug), "svg")
    drafts.set_picture_id(campaign_id, file_id, one.alt)
    drafts.save_story(campaign_id, one.story)
    drafts.save_terms(campaign_id, terms)
    data = pictures.memorandum(f"{one.company}: {one.title}", one.story)
    document = Examined("memorandum", "information-memorandum.pdf", "application/pdf", data)
    campaign_documents.add_document(campaign_id, cast.MEMORANDUM_TITLE, document, actor=owner)
    if one.slug == page_cast.CAMPAIGN:
        _write_page(campaign_id, owner)
    return campaign_id


def _write_page(campaign_id: str, owner: str) -> None:
    """Show questions with answers, pictures and people on the page of a draft."""
    for entry in page_cast.FAQ:
        faq.add(campaign_id, entry, actor=owner)
    for shown in page_cast.PICTURES:
        file_id = storage.put_public(pictures.picture(shown.scene), "svg")
        stored = gallery.Stored(file_id, *page_cast.SIZE)
        gallery.add(campaign_id, stored, shown.alt, actor=owner)
    for person in page_cast.PEOPLE:
        page_people.add(campaign_id, person | {"agreed": "y"}, actor=owner)


def _status(story: Story, one: cast.Raise) -> str:
    return str(campaign_queries.by_id(story.campaigns[one.slug]).status)


def _go_live(story: Story, one: cast.Raise) -> None:
    story.stage.do(reviews.approve, story.campaigns[one.slug], actor=story.staff["admin"])
    story.stage.until(lambda: _status(story, one) == "live", f"the contract of {one.title}")


def _invest(story: Story, one: cast.Raise, bids: tuple[tuple[int, int], ...]) -> None:
    """Let people invest, pay at the bank and be recorded on chain."""
    slug = campaign_queries.by_id(story.campaigns[one.slug]).slug
    db.session.remove()
    orders = [
        placing.Order(
            story.investors[who], slug, amount * 100, "bill_bitts", f"story:{one.slug}:{who}", True
        )
        for who, amount in bids
    ]
    ids = [story.stage.do(placing.place, order) for order in orders]
    story.stage.until(lambda: all(_tx_ids(ids)), "the payments at the gateway")
    story.stage.control("pay", tx_ids=_tx_ids(ids))
    owners = {order.key: order.user_id for order in orders}
    pairs = list(zip(ids, owners.values(), strict=True))
    story.stage.until(
        lambda: all(investment_queries.for_owner(*pair).status == "confirmed" for pair in pairs),
        f"the investments in {one.title}",
    )


def _tx_ids(investment_ids: list[str]) -> list[str | None]:
    return [payments.for_purpose("investment", one)[0].tx_id for one in investment_ids]


def _end(story: Story, one: cast.Raise) -> None:
    wanted = {"failed": ("refunded",)}.get(one.end, ("succeeded",))
    story.stage.until(lambda: _status(story, one) in wanted, f"the end of {one.title}")


def _release(story: Story, one: cast.Raise) -> None:
    campaign_id = story.campaigns[one.slug]
    request_id = story.stage.do(releases.ask, campaign_id, "", actor=story.staff["finance"])
    story.stage.do(releases.approve, request_id, actor=story.staff["admin"])
    story.stage.until(lambda: _status(story, one) == "released", f"the release of {one.title}")
