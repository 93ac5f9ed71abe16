"""Who lives through the year, and short verbs for what they do; everything goes through services."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count

from benchmarks.year.stage import DAY, Stage
from crowdfund.adapters import storage
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.service import drafts, ending, reviews
from crowdfund.chain import giving
from crowdfund.compliance.queries import files as person_facts
from crowdfund.compliance.rules.reviews import Decision
from crowdfund.compliance.service import files as person_files
from crowdfund.compliance.service import reviews as person_reviews
from crowdfund.compliance.service import submissions
from crowdfund.documents.service import Examined
from crowdfund.investments import queries as investments
from crowdfund.investments.service import cancelling, placing
from crowdfund.issuers import queries as issuers
from crowdfund.issuers.service import bank, officers, onboarding
from crowdfund.issuers.service import documents as company_documents
from crowdfund.issuers.service import reviews as company_reviews
from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.local import rpc
from crowdfund.local.story import cast, pictures
from crowdfund.payments import queries as payments
from crowdfund.payout_accounts import service as payout_accounts
from crowdfund.payout_accounts.queries import payout_account_of as account_of
from crowdfund.payouts import queries as payouts
from crowdfund.payouts.service import requests as withdrawals
from crowdfund.people import service as people
from crowdfund.refunds import queries as refunds
from crowdfund.refunds.service import choosing
from crowdfund.releases import service as releases
from crowdfund.token_payments import queries as token_orders
from crowdfund.token_payments import service as token_payments

BIRR = 100  # minor units
WALLET_OWNER = 4  # the investor who pays with tokens from a wallet of their own
WITH_ACCOUNT = (0, 1)  # the investors who have a payout account
GOAL, THRESHOLD = 100_000, 75_000


@dataclass
class Town:
    """The ids of staff, investors, companies and campaigns of a year."""

    stage: Stage
    staff: dict[str, str] = field(default_factory=dict)
    investors: list[str] = field(default_factory=list)
    owners: dict[str, str] = field(default_factory=dict)  # by company
    companies: dict[str, str] = field(default_factory=dict)
    forms: Iterator[int] = field(default_factory=lambda: count(1))

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
        rpc.call(self.stage.url, "evm_setAutomine", True)
        giving.give_tokens(address, 100_000 * BIRR)
        db.session.remove()
        rpc.call(self.stage.url, "evm_setAutomine", False)

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

    # --- campaigns

    def start_raise(self, name: str, terms: Mapping[str, str]) -> str:
        """Draft, submit and approve a campaign; return its id once it is live."""
        campaign = self.stage.do(self.draft, name, terms)
        self.stage.live_to(clock.now() + DAY)
        self.stage.do(reviews.approve, campaign, actor=self.staff["admin"])
        self.until_status(campaign, "live")
        return campaign

    def draft(self, name: str, terms: Mapping[str, str]) -> str:
        """Write a campaign and submit it; return its id."""
        owner = self.owners[name]
        campaign = drafts.create_draft(self.companies[name], actor=owner)
        basics = {
            "title": f"A new workshop for {name}",
            "summary": "New machines let us make twice as much with the same people.",
            "sector": "agriculture",
            "security_type": "equity",
        }
        usual = {"goal_minor": str(GOAL), "price_minor": "100", "min_minor": "100"}
        usual |= {"max_minor": "60,000", "duration_days": "30"}
        drafts.save_basics(campaign, basics)
        file_id = storage.put_public(pictures.picture("looms"), "svg")
        drafts.set_picture_id(campaign, file_id, "A workshop with new machines.")
        drafts.save_story(campaign, STORY)
        drafts.save_terms(campaign, usual | dict(terms))
        drafts.submit(campaign, actor=owner)
        return campaign

    def status(self, campaign: str) -> str:
        """Return the status of a campaign."""
        return self.stage.see(lambda: str(campaigns.by_id(campaign).status))

    def until_status(self, campaign: str, *wanted: str) -> None:
        """Work until a campaign has a status."""
        self.stage.until(lambda: self.status(campaign) in wanted, f"a campaign to be {wanted}")

    def live_to_end(self, campaign: str, *wanted: str) -> None:
        """Live past a campaign's deadline and its grace, until it has ended as it should."""
        ends_at = self.stage.see(lambda: campaigns.by_id(campaign).ends_at)
        assert ends_at is not None
        self.stage.live_to(ends_at + timedelta(minutes=1))
        self.until_status(campaign, *wanted)

    def close_early(self, campaign: str, name: str) -> None:
        """Let the company close a raise that has reached its threshold."""
        self.stage.do(ending.close_early, campaign, actor=self.owners[name])
        self.until_status(campaign, "succeeded")

    def cancel_raise(self, campaign: str) -> None:
        """Let staff cancel a live raise; everything goes back."""
        self.stage.do(ending.cancel, campaign, "The company asked for it.", actor=self.staff["admin"])
        self.until_status(campaign, "refunded")

    def release(self, campaign: str, reason: str = "", *, is_last: bool) -> None:
        """Let finance prepare the next part of a release, and an admin approve it."""
        request = self.stage.do(releases.ask, campaign, reason, actor=self.staff["finance"])
        self.stage.do(releases.approve, request, actor=self.staff["admin"])
        if is_last:
            self.until_status(campaign, "released")
        else:
            row = lambda: campaigns.by_id(campaign)  # noqa: E731
            self.stage.until(lambda: row().ending is None, "the release of a part")

    # --- money in

    def invest(self, campaign: str, bids: Mapping[int, int], *, rail: str = "bill_bitts") -> list[str]:
        """Let investors (by number) invest whole birr, and pay if a bank is asked."""
        slug = self.stage.see(lambda: campaigns.by_id(campaign).slug)
        ids = [
            self.stage.do(placing.place, self._order(who, slug, birr, rail))
            for who, birr in bids.items()
        ]
        if rail == "bill_bitts":
            self.stage.until(lambda: all(_tx_ids(ids)), "the payments at the bank")
            self.stage.bank_settles([str(one) for one in self.stage.see(lambda: _tx_ids(ids))])
        self._until_confirmed(ids)
        return ids

    def _order(self, who: int, slug: str, birr: int, rail: str) -> placing.Order:
        key = f"form-{next(self.forms):08}"
        return placing.Order(self.investors[who], slug, birr * BIRR, rail, key, has_consented=True)

    def _until_confirmed(self, ids: list[str]) -> None:
        for one in ids:
            self.until_investment(one, "confirmed")

    def until_investment(self, investment: str, wanted: str) -> None:
        """Work until an investment has a status."""
        is_so = lambda: investments.get(investment).status == wanted  # noqa: E731
        self.stage.until(is_so, f"an investment to be {wanted}")

    def invest_tokens(self, campaign: str, birr: int) -> str:
        """Let an investor pay with tokens from a wallet of their own."""
        slug = self.stage.see(lambda: campaigns.by_id(campaign).slug)
        investment = self.stage.do(placing.place, self._order(WALLET_OWNER, slug, birr, "token"))
        payment = self.stage.see(lambda: str(investments.get(investment).payment_id))
        owner, wallet = self.investors[WALLET_OWNER], self.stage.address("investor")
        self.stage.do(token_payments.choose_wallet, payment, wallet, user_id=owner)
        self.stage.until(lambda: token_orders.order(payment).calls is not None, "an admission")
        order = self.stage.see(lambda: token_orders.order(payment))
        assert order.calls is not None
        self.stage.send("investor", order.token_address, order.calls["approve"])
        self.stage.send("investor", order.contract, order.calls["invest"])
        self._until_confirmed([investment])
        return investment

    # --- money out

    def cancel(self, investment: str, who: int) -> None:
        """Let an investor cancel a paid investment."""
        self.stage.do(cancelling.cancel_paid, investment, user_id=self.investors[who])
        self.stage.until(
            lambda: investments.get(investment).cancel_tx is not None,
            "the contract to take out a cancelled investment",
        )

    def keep_refunds(self, who: int) -> None:
        """Let an investor keep all refunds in the wallet."""
        for refund in self.stage.see(lambda: refunds.of_person(self.investors[who]).rows):
            self.stage.do(choosing.keep, refund.id, user_id=self.investors[who])

    def send_back(self, who: int) -> None:
        """Let an investor have all refunds sent back to the bank account that paid."""
        for left in self.stage.see(lambda: refunds.unfinished(self.investors[who])):
            payout = self.stage.do(choosing.send_back, left.refund.id, user_id=left.refund.user_id)
            self._until_paid(payout)

    def withdraw(self, who: int, birr: int) -> str:
        """Let an investor withdraw money from the wallet to their bank account."""
        key = f"withdrawal-{next(self.forms):08}"
        wanted = withdrawals.Wanted(self.investors[who], birr * BIRR, key)
        payout = self.stage.do(withdrawals.request, wanted)
        self._until_paid(payout)
        return payout

    def _until_paid(self, payout: str) -> None:
        def is_paid() -> bool:
            self.stage.bank_pays_out()
            return payouts.get(payout).status == "paid"

        self.stage.until(is_paid, "a payout")


STORY = "# Why\n\nNew machines, the same people. " + "Each birr goes into the workshop. " * 6


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


def _tx_ids(ids: list[str]) -> list[str | None]:
    return [payments.for_purpose("investment", one)[0].tx_id for one in ids]
