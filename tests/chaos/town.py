"""A running stack with people, companies and campaigns, made quickly through the services."""

import io
import json
import re
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from flask import Flask
from PIL import Image

from crowdfund import create_app
from crowdfund.campaigns import queries as campaign_queries
from crowdfund.campaigns.service import drafts, reviews
from crowdfund.documents import service as documents
from crowdfund.investments.service import placing
from crowdfund.issuers import queries
from crowdfund.issuers.service import bank, officers
from crowdfund.issuers.service import documents as company_documents
from crowdfund.issuers.service import onboarding as file_service
from crowdfund.issuers.service import reviews as reviews_service
from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db, reading
from crowdfund.local.stack import Stack
from crowdfund.people import service
from tests import raising

STORY = "# Why\n\nA second oven. " + "Each birr goes into bread for the quarter. " * 8
PDF = raising.PDF
HIDDEN = re.compile(r'<input[^>]*name="(csrf_token|key)"[^>]*value="([^"]*)"')


def eventually(check: Callable[[], Any], what: str, *, within_s: float = 60) -> Any:
    """Return the first true answer; fail when there is none in time."""
    end = time.monotonic() + within_s
    while not (found := check()):
        assert time.monotonic() < end, f"waited {within_s} s in vain for {what}"
        time.sleep(0.05)
    return found


def settings_of(stack: Stack) -> config.Settings:
    """Return what a process of the stack reads from its environment."""
    values: dict[str, Any] = {}
    for name in config.Settings.model_fields:
        variable = name.upper()
        if file := stack.env.get(f"{variable}_FILE"):
            values[name] = Path(file).read_text().strip()
        elif (text := stack.env.get(variable)) is not None:
            values[name] = json.loads(text) if text.startswith("[") else text
    return config.Settings(_env_file=None, CROWDFUND_DATA_DIR=stack.folder.root, **values)


@dataclass(frozen=True)
class Raise:
    """A live campaign."""

    id: str
    slug: str


@dataclass
class Town:
    """Acts on a stack as its own processes do, and as people with browsers do."""

    stack: Stack
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    @cached_property
    def app(self) -> Flask:
        """The platform in this process, on the stack's database."""
        return create_app(settings_of(self.stack))

    @contextmanager
    def inside(self) -> Iterator[None]:
        """Use the stack's settings and database in this thread."""
        before = config._override
        app = self.app
        config.use(settings_of(self.stack))
        try:
            with app.app_context():
                yield
                db.session.remove()
        finally:
            config.use(before)

    def do(self, verb: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a verb in a transaction of its own."""
        result = verb(*args, **kwargs)
        commit()
        db.session.remove()
        return result

    # -- who and what is there -------------------------------------------------------------

    def person(self, *roles: str) -> str:
        """Return the id of somebody new, who has accepted the terms of use."""
        name = f"person{next(self.numbers)}"
        found = self.do(service.ensure_user, f"{name}@example.com", name.capitalize(), roles=roles)
        self.do(service.accept_terms, found)
        return found

    @cached_property
    def officer(self) -> str:
        """Somebody who may approve everything of others."""
        with self.inside():
            return self.person("compliance", "admin")

    def investors(self, number: int) -> list[str]:
        """Return the ids of people who may invest."""
        officer = self.officer
        with self.inside():
            return [self._investor(officer) for _ in range(number)]

    def _investor(self, officer: str) -> str:
        person = self.person()
        phone = f"+2519{next(self.numbers):08}"
        self.do(service.save_profile, person, first_name="Abebe", last_name="Kebede", phone=phone)
        self.do(service.set_kyc_level, person, "basic", actor=officer)
        return person

    def raise_money(self, **terms: str) -> Raise:
        """Return a new campaign of a new company, once its contract is confirmed."""
        officer = self.officer
        with self.inside():
            owner = self.person()
            company = self.do(self._company, owner)
            self.do(raising.accept_documents, company, officer)
            self.do(reviews_service.approve, company, actor=officer)
            self._until(lambda: queries.get(company).registered_at, "the issuer registry")
            campaign = self.do(self._campaign, company, owner, terms)
            self.do(reviews.approve, campaign, actor=officer)
            self._until(lambda: campaign_queries.by_id(campaign).status == "live", "the contract")
            return Raise(
                campaign, self.rows("SELECT slug FROM campaign WHERE id = ?", campaign)[0][0]
            )

    def _until(self, check: Callable[[], Any], what: str) -> None:
        def look() -> Any:
            with reading():  # without, SQLite would give us the lock that the workers wait for
                found = check()
                db.session.remove()
            return found

        eventually(look, what)

    def _company(self, owner: str) -> str:
        number = next(self.numbers)
        company = file_service.start(owner)
        file_service.save(
            company,
            "company",
            {
                "legal_name": f"Bakery {number} PLC",
                "trade_name": f"Bakery {number}",
                "sector": "agriculture",
                "country": "ET",
                "registration_no": f"MT/AA/1/{number:07}/2018",
                "tin": f"{number:010}",
            },
        )
        file_service.save(
            company,
            "contacts",
            {
                "contact_name": "Alice Bekele",
                "contact_email": "alice@bakery.example",
                "contact_phone": "+251911555660",
                "street": "Bole Road 7",
                "city": "Addis Ababa",
            },
        )
        officers.save(company, raising.DIRECTOR, actor=owner)
        bank.save(company, raising.BANK | {"holder": f"Bakery {number} PLC"}, actor=owner)
        file_service.hold_wallet(company)
        for kind in raising.DOCUMENTS:
            company_documents.keep(company, raising.made_document(kind), actor=owner)
        file_service.submit(company, actor=owner)
        return company

    def _campaign(self, company: str, owner: str, terms: dict[str, str]) -> str:
        campaign = drafts.create_draft(company, actor=owner)
        drafts.save_basics(
            campaign,
            {
                "title": f"Oven {next(self.numbers)}",
                "summary": "A second oven for the quarter's bread.",
                "sector": "agriculture",
                "security_type": "equity",
            },
        )
        picture = io.BytesIO()
        Image.new("RGB", (640, 360), (120, 60, 20)).save(picture, "PNG")
        drafts.set_picture(campaign, documents.poster(picture.getvalue()), "Bread in an oven.")
        drafts.save_story(campaign, STORY)
        usual = {"goal_minor": "1,000,000", "price_minor": "100", "min_minor": "100"}
        usual |= {"max_minor": "1,000,000", "duration_days": "30"}
        drafts.save_terms(campaign, usual | terms)
        drafts.submit(campaign, actor=owner)
        return campaign

    # -- money -----------------------------------------------------------------------------

    def invest(
        self, people: list[str], campaign: Raise, *, times: int = 1, minor: int = 100_00
    ) -> list[str]:
        """Let each of the people invest some times; returns the ids of the investments."""
        with self.inside():
            return [
                self.do(placing.place, self._order(person, campaign, minor))
                for _ in range(times)
                for person in people
            ]

    def _order(self, person: str, campaign: Raise, minor: int) -> placing.Order:
        key = f"form-{next(self.numbers):08}"
        return placing.Order(person, campaign.slug, minor, "bill_bitts", key, has_consented=True)

    def pay(self, investments: list[str], *, within_s: float = 60) -> None:
        """Pay at the bank, as soon as it knows of the payments."""
        self.control(
            "pay",
            tx_ids=eventually(lambda: self._tx_ids(investments), "the bank", within_s=within_s),
        )

    def _tx_ids(self, ids: list[str]) -> list[str] | None:
        rows = self.rows("SELECT purpose_id, tx_id FROM payment WHERE tx_id IS NOT NULL")
        known = dict(rows)
        return [known[one] for one in ids] if known.keys() >= set(ids) else None

    def statuses(self, campaign: Raise) -> Counter:
        """Return how many investments of a campaign are in each status."""
        query = "SELECT status, COUNT(*) FROM investment WHERE campaign_id = ? GROUP BY status"
        return Counter(dict(self.rows(query, campaign.id)))

    def until_confirmed(self, campaign: Raise, number: int, *, within_s: float = 60) -> float:
        """Wait until all investments are on chain; returns the seconds it took."""
        began = time.monotonic()
        wanted = {"confirmed": number}
        try:
            eventually(lambda: self.statuses(campaign) == wanted, "the chain", within_s=within_s)
        except AssertionError as error:
            raise AssertionError(f"{error}; {self.statuses(campaign)}; due: {self.due()}") from None
        return time.monotonic() - began

    def control(self, verb: str, **body: Any) -> dict[str, Any]:
        """Ask something of the bank's simulator beside the protocol."""
        key = Path(self.stack.env["BILLBITTS_API_KEY_FILE"]).read_text().strip()
        url = f"{self.stack.url('gateway')}/_control/{verb}"
        return (
            httpx.post(url, json=body, headers={"X-Api-Key": key}, timeout=30)
            .raise_for_status()
            .json()
        )

    # -- looking ---------------------------------------------------------------------------

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """Read the database as the platform's owner could."""
        file = self.stack.folder.root / "crowdfund.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as found:
            return found.execute(sql, values).fetchall()

    def due(self) -> dict[str, int]:
        """Return the unfinished work by kind."""
        return dict(
            self.rows("SELECT kind, COUNT(*) FROM outbox WHERE state <> 'done' GROUP BY kind")
        )

    def recorded_once(self, campaign: Raise) -> None:
        """Check that the contract's events are exactly the investments, each once."""
        wanted = self.rows(
            "SELECT amount_minor * 10000 FROM investment WHERE campaign_id = ?", campaign.id
        )
        address = self.rows("SELECT contract_address FROM campaign WHERE id = ?", campaign.id)[0][0]
        query = (
            "SELECT args FROM chain_event WHERE event = 'InvestmentRecorded' AND status = 'applied'"
        )
        events = [json.loads(row[0]) for row in self.rows(f"{query} AND address = ?", address)]
        assert len({event["paymentRef"] for event in events}) == len(events)
        assert sorted(int(event["amount"]) for event in events) == sorted(row[0] for row in wanted)

    def selfcheck(self) -> None:
        """Prove that journal, payments, campaigns and chain agree; fails with what does not.

        The command runs in this process: starting one takes longer than the check.
        """
        with self.inside():
            done = self.app.test_cli_runner().invoke(args=["selfcheck"])
        assert done.exit_code == 0, done.output

    def browser(self, person: str | None = None) -> httpx.Client:
        """Return a browser, signed in as somebody."""
        client = httpx.Client(base_url=self.stack.url("web"), timeout=30)
        if person:
            with self.inside():
                own = raising.sign_in(self.app.test_client(), person)
                name = self.app.config["SESSION_COOKIE_NAME"]
                client.cookies.set(name, own.get_cookie(name).value)
        return client


def form(page: str) -> dict[str, str]:
    """Return the hidden fields that a form on a page sends along."""
    return dict(HIDDEN.findall(page))
