"""A newcomer with a browser: opens what was printed, signs in,
reads codes where the README says."""

import re
from dataclasses import dataclass, field

from playwright.sync_api import Browser, Page, expect

from .checkout import Running

PATIENCE_MS = 30_000
TOO_MANY = "Too many codes were requested"
LIMIT_MS = 90_000  # five codes a minute for one address; a script is faster than a person
CODE = re.compile(r"\b\d{6}\b")


@dataclass
class Newcomer:
    """Opens one browser context for each person that the newcomer plays."""

    made: Running
    browser: Browser
    pages: list[Page] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)
    _people: dict[str, Page] = field(default_factory=dict)

    def visitor(self, **choices: object) -> Page:
        """Return a page of somebody new at the platform."""
        choices.setdefault("viewport", {"width": 1440, "height": 900})
        context = self.browser.new_context(base_url=self.made.address("The platform"), **choices)
        context.set_default_timeout(PATIENCE_MS)
        page = context.new_page()
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._note_fault)
        self.pages.append(page)
        return page

    def person(self, email: str) -> Page:
        """Return the page of a signed-in person at the platform's start; each signs in once."""
        if email not in self._people:
            page = self.visitor()
            self.sign_in(page, email)
            self._people[email] = page
        page = self._people[email]
        page.goto("/")
        return page

    def sign_in(self, page: Page, email: str) -> None:
        """Sign in by the code that arrives in the catcher,
        and by the second factor where it is asked."""
        before = self._messages(page, email)
        page.goto("/")
        page.get_by_role("link", name="Sign in").first.click()
        self._ask_for_a_code(page, email)
        page.get_by_label("Six-digit code").fill(self._code_from_the_catcher(page, email, before))
        page.get_by_role("button", name="Sign in").click()
        proof = page.get_by_role("heading", name="Confirm that it is you")
        inside = page.locator("summary", has_text="Your account")
        expect(proof.or_(inside)).to_be_visible(timeout=PATIENCE_MS)
        if proof.is_visible():
            page.get_by_label("Code from your authenticator app").fill(
                self._code_of_the_app(page, email)
            )
            page.get_by_role("button", name="Confirm", exact=True).click()
        expect(inside).to_be_visible(timeout=PATIENCE_MS)
        terms = page.get_by_label("I have read the terms of use and accept them.")
        if terms.is_visible():
            terms.check()
            page.get_by_role("button", name="Accept and continue").click()
            expect(terms).to_have_count(0, timeout=PATIENCE_MS)

    def _ask_for_a_code(self, page: Page, email: str) -> None:
        asked = page.get_by_label("Six-digit code")
        refused = page.get_by_role("alert").filter(has_text=TOO_MANY)
        for _ in range(LIMIT_MS // 3000):
            page.get_by_label("E-mail address").fill(email)
            page.get_by_role("button", name="Send me a code").click()
            expect(asked.or_(refused)).to_be_visible(timeout=PATIENCE_MS)
            if asked.is_visible():
                return
            page.wait_for_timeout(3000)  # the limit is what a person would wait for, too
            page.goto("/sign-in")
        raise AssertionError(f"no code was sent to {email} in {LIMIT_MS} ms")

    def _catcher(self, page: Page) -> Page:
        return page.context.new_page()

    def _messages(self, page: Page, email: str) -> int:
        """Return how many messages the catcher shows for an address."""
        catcher = self._catcher(page)
        catcher.goto(f"{self.made.address('Mail and SMS')}/messages?to={email}")
        count = catcher.locator("tbody tr").count()
        catcher.close()
        return count

    def _code_from_the_catcher(self, page: Page, email: str, before: int) -> str:
        """Look the address up in the catcher and read the newest message;
        its list loads itself again."""
        catcher = self._catcher(page)
        catcher.goto(self.made.address("Mail and SMS"))
        catcher.get_by_label("Recipient").fill(email)
        catcher.get_by_role("button", name="Search").click()
        rows = catcher.frame_locator("iframe").locator("tbody tr")
        expect(rows).to_have_count(before + 1, timeout=PATIENCE_MS)
        code = CODE.search(rows.first.inner_text())
        if not code:
            rows.first.get_by_role("link").click()
            message = catcher.get_by_text(CODE).first
            expect(message).to_be_visible(timeout=PATIENCE_MS)
            code = CODE.search(message.inner_text())
        catcher.close()
        assert code
        return code.group()

    def _code_of_the_app(self, page: Page, email: str) -> str:
        """Read the second factor from the catcher's /codes page."""
        catcher = self._catcher(page)
        catcher.goto(f"{self.made.address('Mail and SMS')}/codes")
        code = catcher.get_by_role("row").filter(has_text=email).locator("code").first.inner_text()
        catcher.close()
        return code.replace(" ", "")

    def _note_fault(self, response) -> None:
        if response.status >= 500:
            self.complaints.append(f"{response.status} {response.request.method} {response.url}")


def menu(page: Page, name: str) -> None:
    """Follow a link of the main navigation."""
    page.get_by_role("navigation", name="Main").get_by_role("link", name=name, exact=True).click()


def remember(page: Page) -> None:
    """Mark the page, so that a reload would be noticed."""
    page.evaluate("window.neverReloaded = true")


def never_reloaded(page: Page) -> bool:
    """Tell whether the page is the marked one."""
    return bool(page.evaluate("window.neverReloaded === true"))
