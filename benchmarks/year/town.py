"""Who lives through the year: staff, investors, companies; everything goes through services."""

from dataclasses import dataclass, field
from datetime import date, timedelta

from benchmarks.year.stage import DAY, Stage
from crowdfund.chain import giving
from crowdfund.compliance.queries import files as person_facts
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import files as person_files
from crowdfund.compliance.service import reviews as person_reviews
from crowdfund.compliance.service import submissions
from crowdfund.documents.service import Examined
from crowdfund.issuers import queries as issuers
from crowdfund.issuers.service import bank, officers, onboarding
from crowdfund.issuers.service import documents as company_documents
from crowdfund.issuers.service import reviews as company_reviews
from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.local.story import cast, pictures
from crowdfund.payout_accounts import service as payout_accounts
from crowdfund.payout_accounts.queries import payout_account_of as account_of
from crowdfund.people import service as people
from crowdfund.token_payments import service as token_payments

BIRR = 100  # minor units
WALLET_OWNER = 4  # the investor who pays with tokens from a wallet of their own
WITH_ACCOUNT = (0, 1)  # the investors who have a payout account


@dataclass
class Town:
    """The ids of staff, investors and companies of a year."""

    stage: Stage
    staff: dict[str, str] = field(default_factory=dict)
    investors: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)  # by company
    companies: dict[str, str] = field(default_factory=dict)

    # --- people

    def settle(self, number: int) -> None:
        """Open the accounts of staff and of so many investors, and verify the investors."""
        do = self.stage.do
        for role, name, roles in cast.STAFF:
            self.staff[role] = do(_account, cast.email(name), name, *roles)
        rate = token_payments.NewRate(
            "cETB", "ETB", 1, 1, clock.now().replace(year=2020), "Parity by the issuer's terms"
        )
        do(token_payments.add_rate, rate, actor=self.staff["admin"])
        for place, name in enumerate(cast.INVESTORS[:number]):
            self.investors.append(self._investor(place, name))
        if number > WALLET_OWNER:
            self._connect_wallet(self.investors[WALLET_OWNER])

    def _investor(self, place: int, name: str) -> str:
        person = self.stage.do(_account, cast.email(name), name)
        first, _, last = name.partition(" ")
        phone = f"+25191123{4500 + place}"
        self.stage.do(people.save_profile, person, first_name=first, last_name=last, phone=phone)
        self.stage.do(_ask_to_be_verified, person, cast.facts_of(place))
        self.stage.do(self._verify, person)
        return person

    def _verify(self, person: str) -> None:
        officer = self.staff["compliance"]
        decision = Decision(approve=True, until=_passports_expire_on().isoformat())
        for document in person_facts.documents_of(person):
            person_reviews.decide_document(person, document.id, decision, actor=officer)
        person_reviews.approve(person, actor=officer, revision=person_facts.revision(person))

    def _connect_wallet(self, person: str) -> None:
        """Connect a wallet that has tokens and gas money."""
        address = self.stage.address("investor")
        self.stage.do(people.add_method, person, "wallet", address, label="a wallet")
        with self.stage.mining():
            giving.give_tokens(address, 100_000 * BIRR)
            db.session.remove()

    def add_payout_accounts(self) -> None:
        """Let some investors add a payout account, which counts after a day and a review."""
        for place in WITH_ACCOUNT:
            how = {"bank": "cbe", "number": f"10001234567{place}0", "holder": cast.INVESTORS[place]}
            self.stage.do(payout_accounts.request, self.investors[place], "et", **how)
        self.stage.live_to(clock.now() + DAY + timedelta(minutes=1))
        owners = [self.investors[place] for place in WITH_ACCOUNT]
        self.stage.until(lambda: all(map(account_of, owners)), "the payout accounts")
        for person in owners:
            self.stage.do(payout_accounts.decide, person, self.staff["compliance"], True)

    # --- companies

    def found(self, *names: str) -> None:
        """Onboard companies: files, verification, and the issuer registry."""
        for name in names:
            owner_name = f"{name} Owner"
            owner = self.owners[name] = self.stage.do(_account, cast.email(owner_name), owner_name)
            company = self.companies[name] = self.stage.do(onboarding.start, owner)
            self.stage.do(self._fill, company, owner, name)
            self.stage.do(self._verify_company, company)
        ids = [self.companies[name] for name in names]
        self.stage.until(
            lambda: all(issuers.get(one).registered_at for one in ids), "the issuer registry"
        )

    def _fill(self, company: str, owner: str, name: str) -> None:
        number = len(self.companies)
        facts = {
            "legal_name": f"{name} PLC",
            "trade_name": name,
            "sector": "agriculture",
            "country": "ET",
            "registration_no": f"MT/AA/1/00{48210 + number}/2018",
            "tin": f"00{31245670 + number}",
        }
        contacts = {
            "contact_name": f"{name} Owner",
            "contact_email": cast.email(f"{name} Owner"),
            "contact_phone": f"+25191155{6600 + number}",
            "street": f"Bole Road {number}",
            "city": "Addis Ababa",
        }
        director = {
            "name": f"{name} Owner",
            "role": "chief_executive",
            "born_on": "1980-06-15",
            "nationality": "ET",
            "ownership_bps": "60",
            "is_beneficial_owner": "y",
        }
        number_at_bank = f"10001234{56000 + number}"
        account = {"format": "ET", "bank": "cbe", "number": number_at_bank, "holder": f"{name} PLC"}
        onboarding.save(company, "company", facts)
        onboarding.save(company, "contacts", contacts)
        onboarding.save(company, "wallet", {"wallet_address": self.stage.address(name)})
        officers.save(company, director, actor=owner)
        bank.save(company, account, actor=owner)
        for kind in ("business_licence", "tax_certificate", "memorandum"):
            page = pictures.memorandum(name, kind)
            made = Examined(kind, f"{kind}.pdf", "application/pdf", page)
            company_documents.keep(company, made, actor=owner)
        onboarding.submit(company, actor=owner)

    def _verify_company(self, company: str) -> None:
        officer = self.staff["compliance"]
        for document in issuers.documents_of(company):
            company_documents.decide(company, document.id, actor=officer, approve=True)
        company_reviews.approve(company, actor=officer)


def _account(email: str, name: str, *roles: str) -> str:
    person = people.ensure_user(email, name, roles=roles)
    people.accept_terms(person)
    return person


def _passports_expire_on() -> date:
    return clock.today() + timedelta(days=3 * 365)


def _ask_to_be_verified(person: str, facts: cast.Facts) -> None:
    for step, values in facts.items():
        person_files.save_facts(person, step, values)
    name, number = facts["about"]["legal_name"].upper(), facts["identity"]["id_number"]
    page = pictures.passport(name, number, _passports_expire_on())
    person_files.attach(person, Examined("passport", "passport.png", "image/png", page))
    submissions.submit(person, actor=person)
