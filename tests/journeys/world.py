"""The whole stack with people in front of it: sign in, read mail, steer the bank, look into SQL."""

import itertools
import re
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pyotp
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from crowdfund.local import authenticator
from crowdfund.local.stack import Stack, running
from tests import prepared

from . import checks

# two busy cores: a step over web, worker, gateway and chain may take some seconds
EXPECT_MS = 15_000
DONE = "Your investment is settled and recorded on chain."
CODE = re.compile(r"\b(\d{6})\b")
_addresses = itertools.count(2)
_LAST_STEP = "SELECT t.last_step FROM totp t JOIN person p ON p.id = t.person_id WHERE p.email = ?"
# What the browser says when a test itself stops something, and when a form is sent back with
# errors.
HARMLESS = ("net::ERR_", "status of 4", "Failed to load resource")


@contextmanager
def open_world(folder: Path, browser: Browser, template: Path | None = None) -> Iterator["World"]:
    """Start the seeded stack in a folder, from a copy if there is one, and stop it at the end."""
    # One proxy, so that each person can come from an address of their own.
    environ = prepared.clean_environ() | {"PROXY_COUNT": "1"}
    with running(
        folder, ports="free", environ=environ, template=template, web_processes=1
    ) as stack:
        world = World(stack, browser)
        world.control("settings", settle_delay_s=0)
        yield world
        for context in world.contexts:
            context.close()


@dataclass
class World:
    """One running stack and the browsers in front of it."""

    stack: Stack
    browser: Browser
    contexts: list[BrowserContext] = field(default_factory=list)
    pages: list[Page] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _sessions: dict[str, dict] = field(default_factory=dict)

    # -- browsers --------------------------------------------------------------------------

    def visitor(self, **choices) -> Page:
        """Return a page of a new browser context; its complaints are collected."""
        choices.setdefault("viewport", {"width": 1440, "height": 900})
        choices.setdefault("reduced_motion", "reduce")
        context = self.browser.new_context(
            base_url=self.stack.url("web"), locale="en-GB", **choices
        )
        context.set_default_timeout(EXPECT_MS)
        self.contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: self._complain(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: self._complain(str(error)))
        self.pages.append(page)
        return page

    def person(self, email: str, **choices) -> Page:
        """Return a page of somebody who is signed in; a person signs in only once in a run."""
        if email in self._sessions:
            return self.visitor(storage_state=self._sessions[email], **choices)
        page = self.visitor(**choices)
        self.sign_in(page, email)
        self._sessions[email] = page.context.storage_state()
        return page

    def sign_in(self, page: Page, email: str, *, go: bool = True) -> None:
        """Sign in as a person does: ask for a code, read the mail, type it."""
        with self._own_address(page):
            if go:
                page.goto("/sign-in")
            seen = len(self.mails(email))
            page.get_by_label("E-mail address").fill(email)
            page.get_by_role("button", name="Send me a code").click()
            page.get_by_label("Six-digit code").fill(self.code(email, after=seen))
            page.get_by_role("button", name="Sign in").click()
        if self.rows(_LAST_STEP, email):
            self.prove(page, email)
        self.accept_the_terms(page)
        expect(page.locator("summary", has_text="Your account")).to_be_attached()

    def accept_the_terms(self, page: Page) -> None:
        """Accept the terms of use where a newcomer is asked to."""
        expect(page.locator("summary", has_text="Your account")).to_be_attached()
        box = page.get_by_label("I have read the terms of use and accept them.")
        if box.is_visible():
            box.check()
            page.get_by_role("button", name="Accept and continue").click()
            expect(box).to_have_count(0)

    def prove(self, page: Page, email: str, *, secret: str = "") -> None:
        """Type a code of the person's authenticator app; demo staff have one."""
        expect(page.get_by_role("heading", level=1)).to_have_text("Confirm that it is you")
        for _ in range(2):  # on a busy machine a code can be too old when it arrives
            page.get_by_label("Code from your authenticator app").fill(
                self.app_code(email, secret=secret)
            )
            page.get_by_role("button", name="Confirm", exact=True).click()
            page.wait_for_load_state()
            if not page.get_by_role("alert").filter(has_text="This code is not valid").is_visible():
                return

    def app_code(self, email: str, *, secret: str = "") -> str:
        """Return a code which is good now and was not used yet; each is good once."""
        key = Path(self.stack.env["SECRET_KEY_FILE"]).read_text().strip()
        secret = secret or authenticator.secret(key, email)
        used = (self.rows(_LAST_STEP, email) or [(0,)])[0][0]
        self.wait(
            lambda: used <= time.time() // authenticator.STEP_S, "the next code", patience_s=40
        )
        return pyotp.TOTP(secret).generate_otp(
            max(used + 1, int(time.time()) // authenticator.STEP_S)
        )

    @contextmanager
    def _own_address(self, page: Page) -> Iterator[None]:
        """Let the person come from an address of their own: codes are limited for each."""
        number = next(_addresses)
        address = f"10.20.{number // 250}.{number % 250 + 1}"

        def pass_on(route: Route) -> None:
            route.continue_(headers={**route.request.headers, "x-forwarded-for": address})

        page.route("**/sign-in", pass_on)
        yield
        page.unroute("**/sign-in")

    def close(self, *pages: Page) -> None:
        """Close pages with their browser contexts."""
        for page in pages:
            self.pages.remove(page)
            self.contexts.remove(page.context)
            # a context that is closed while its page still loads may never close
            page.goto("about:blank")
            page.context.close()

    def _complain(self, text: str) -> None:
        if not any(harmless in text for harmless in HARMLESS):
            self.complaints.append(text)

    def look(self, page: Page, heading: str, state: str = "") -> None:
        """Wait for a page by its heading and note what is wrong with it;
        the test fails at its end."""
        expect(page.get_by_role("heading", level=1)).to_have_text(heading)
        self.complaints += checks.problems(page, f"{heading} {state}".strip())

    # -- what is behind the pages ----------------------------------------------------------

    def mails(self, to: str) -> list[dict]:
        """Return the e-mails to an address, or the SMS to a number, newest first."""
        return httpx.get(f"{self.stack.url('mail')}/api/messages", params={"to": to}).json()

    def code(self, email: str, *, after: int) -> str:
        """Return the sign-in code of the newest e-mail, once there are more than `after`."""

        def codes() -> list[str]:
            mails = self.mails(email)
            found = [CODE.search(mail["text"]) for mail in mails[: len(mails) - after]]
            return [one.group(1) for one in found if one]

        self.wait(lambda: bool(codes()), f"a code for {email}")
        return codes()[0]

    def control(self, verb: str, **body) -> dict:
        """Ask something of the bank's simulator beside the protocol."""
        key = Path(self.stack.env["BILLBITTS_API_KEY_FILE"]).read_text().strip()
        url = f"{self.stack.url('gateway')}/_control/{verb}"
        return httpx.post(url, json=body, headers={"X-Api-Key": key}).raise_for_status().json()

    def rows(self, sql: str, *values: object) -> list[tuple]:
        """Read the database as the platform's owner could."""
        file = self.stack.folder.root / "crowdfund.db"
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as db:
            return db.execute(sql, values).fetchall()

    def wait(self, done: Callable[[], bool], what: str, *, patience_s: float = 20) -> None:
        """Wait for something behind the pages; pages are waited for with `expect`."""
        end = time.monotonic() + patience_s
        while not done():
            assert time.monotonic() < end, f"waited in vain for {what}"
            self.pages[0].wait_for_timeout(100) if self.pages else time.sleep(0.1)

    # -- words that several journeys need --------------------------------------------------

    def investments_of(self, email: str) -> list[tuple]:
        """Return (id, payment id, status, amount) of a person's investments, oldest first."""
        return self.rows(
            "SELECT i.id, i.payment_id, i.status, i.amount_minor FROM investment i"
            " JOIN person u ON u.id = i.user_id WHERE u.email = ? ORDER BY i.id",
            email,
        )

    def postings_of(self, payment_id: str) -> list[tuple]:
        """Return (source, destination, amount) of a payment's postings, in order."""
        return self.rows(
            "SELECT p.source, p.destination, p.amount_minor FROM journal_posting p"
            " JOIN journal_entry e ON e.seq = p.seq WHERE e.key LIKE ? ORDER BY e.seq, p.n",
            f"payment:{payment_id}:%",
        )


def invest(page: Page, slug: str, amount: str) -> str:
    """Place an investment with the mouse, up to the status page with the bank's button;
    return its path."""
    page.goto(f"/campaigns/{slug}/invest")
    page.get_by_role("textbox", name="Amount").fill(amount)
    page.get_by_label("I have read and understood").check()
    page.get_by_role("button", name="Go to payment").click()
    page.wait_for_url("**/investments/*")
    return httpx.URL(page.url).path


def pay_at_bank(
    page: Page, *faults: str, button: str = "Pay", delay_s: int = 0, link: str = "Pay .* at NEO"
) -> None:
    """Go to the bank's page, choose how it misbehaves, pay and come back."""
    page.get_by_role("link", name=re.compile(f"^{link}")).click(timeout=60_000)
    expect(page.get_by_role("heading", name="Amount to pay")).to_be_visible()
    if faults or delay_s:
        page.locator("summary", has_text="Simulate a fault").click()
    for fault in faults:
        page.get_by_label(re.compile(fault)).check()
    if delay_s:
        page.get_by_label("Delay events by").fill(str(delay_s))
    page.get_by_role("button", name=button, exact=True).click()
    expect(page.get_by_role("heading", name=re.compile("^Your investment in"))).to_be_visible()
