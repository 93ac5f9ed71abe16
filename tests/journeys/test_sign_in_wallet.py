"""Sign in with a browser wallet: announced as EIP-6963 says,
with a real key that signs outside the page."""

import re
from urllib.parse import parse_qs, urlencode

import pytest
from eth_account import Account
from eth_account.messages import encode_defunct
from playwright.sync_api import expect

ICON = "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 1 1'%3E%3Crect width='1' height='1'/%3E%3C/svg%3E"  # noqa: E501
ANNOUNCE = """
for (const [uuid, name, icon] of WALLETS) {
  const request = async ({ method, params }) => {
    const answer = await window.wallet(uuid, method, params ?? []);
    if (answer.hangs) await new Promise(() => {});
    if (answer.code) throw Object.assign(new Error("refused"), { code: answer.code });
    return answer.result;
  };
  const info = { uuid, name, icon, rdns: "example." + uuid };
  const detail = Object.freeze({ info, provider: { request } });
  const announce = () =>
    window.dispatchEvent(new CustomEvent("eip6963:announceProvider", { detail }));
  window.addEventListener("eip6963:requestProvider", announce);
  announce();
}
"""


class Wallet:
    """What the person's wallet does when the page asks; each test gives it keys of its own."""

    def __init__(self, number):
        self.key, self.other = (Account.from_key(f"0x{number:02x}{end:062x}") for end in (1, 2))
        self.refuses = 0  # an error code that is answered once
        self.silent = None  # a method that is not answered once, as by a window that was closed
        self.is_locked = False
        self.signs_with = self.key
        self.asked = []

    def answer(self, uuid, method, params):
        self.asked.append((uuid, method))
        if method == self.silent:
            self.silent = None
            return {"hangs": True}
        if self.is_locked:
            return {"code": -32002}
        if self.refuses and method == "personal_sign":
            code, self.refuses = self.refuses, 0
            return {"code": code}
        if method == "eth_requestAccounts":
            return {"result": [self.key.address.lower()]}
        text = bytes.fromhex(params[0].removeprefix("0x"))
        assert params[1].lower() == self.key.address.lower()
        return {"result": "0x" + self.signs_with.sign_message(encode_defunct(text)).signature.hex()}


@pytest.fixture
def visitor(world):
    """Return a page in a browser that has two wallets."""

    def with_wallet(wallet, **choices):
        page = world.visitor(**choices)
        wallets = [
            ["one", "Fox Wallet", ICON],
            ["two", "Rabbit Wallet", "https://evil.example/icon.png"],
        ]
        page.context.expose_function("wallet", wallet.answer)
        page.context.add_init_script(ANNOUNCE.replace("WALLETS", repr(wallets)))
        return page

    return with_wallet


def ways(world, wallet):
    query = "SELECT person_id FROM sign_in_method WHERE kind = 'wallet' AND value = ?"
    return [row[0] for row in world.rows(query, wallet.key.address)]


def test_a_wallet_is_picked_declined_and_then_opens_an_account_twice(world, visitor):
    wallet = Wallet(1)
    page = visitor(wallet)
    page.goto("/sign-in")
    expect(page.get_by_role("button", name="Fox Wallet").locator("img")).to_be_visible()
    expect(page.get_by_role("button", name="Rabbit Wallet").locator("img")).to_have_count(0)
    world.look(page, "Sign in", "with wallets")
    wallet.refuses = 4001
    page.get_by_role("button", name="Rabbit Wallet").click()
    expect(page.get_by_text("You declined in the wallet. Nothing was changed.")).to_be_visible()
    page.get_by_role("button", name="Rabbit Wallet").click()
    world.accept_the_terms(page)
    expect(page.get_by_text("Add an e-mail address, so that we can write to you")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign-in methods")
    assert {uuid for uuid, _ in wallet.asked} == {"two"}
    again = visitor(wallet)
    again.goto("/sign-in?next=/portfolio")
    again.get_by_role("button", name="Fox Wallet").click()
    expect(again.get_by_role("heading", level=1)).to_have_text("Portfolio")
    assert len(ways(world, wallet)) == 1


@pytest.mark.parametrize(("number", "method"), [(5, "eth_requestAccounts"), (6, "personal_sign")])
def test_a_wallet_whose_window_was_closed_is_tried_again_without_reloading(
    world, visitor, number, method
):
    wallet = Wallet(number)
    wallet.silent = method
    page = visitor(wallet)
    page.goto("/sign-in")
    button = page.get_by_role("button", name="Fox Wallet")
    button.click()
    expect(button).to_be_disabled()
    expect(page.get_by_text("If you closed its window, choose the wallet again.")).to_be_visible()
    button.click()
    world.accept_the_terms(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign-in methods")
    assert len(ways(world, wallet)) == 1


def test_a_wallet_that_is_locked_is_tried_again_without_reloading(world, visitor):
    wallet = Wallet(7)
    wallet.is_locked = True
    page = visitor(wallet)
    page.goto("/sign-in")
    button = page.get_by_role("button", name="Fox Wallet")
    for _ in range(2):
        button.click()
        expect(page.get_by_text("Your wallet is already waiting for an answer.")).to_be_visible()
    wallet.is_locked = False
    button.click()
    world.accept_the_terms(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign-in methods")


def test_a_signature_of_another_account_signs_nobody_in(world, visitor):
    wallet = Wallet(2)
    wallet.signs_with = wallet.other
    page = visitor(wallet)
    page.goto("/sign-in")
    page.get_by_role("button", name="Fox Wallet").click()
    world.look(page, "That did not work", "wrong account")
    expect(page.get_by_role("alert")).to_contain_text("not from the account you chose")
    page.get_by_role("link", name="Back to sign-in").click()
    wallet.signs_with = wallet.key
    page.get_by_role("button", name="Fox Wallet").click()
    world.accept_the_terms(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign-in methods")


def test_a_text_that_is_altered_on_the_way_and_a_signature_sent_twice_are_refused(world, visitor):
    wallet, sent = Wallet(3), []

    def alter(route):
        form = {name: values[0] for name, values in parse_qs(route.request.post_data).items()}
        text = bytes.fromhex(form["text"]).decode().replace("localhost", "evil.example")
        route.continue_(post_data=urlencode(form | {"text": text.encode().hex()}))

    page = visitor(wallet)
    page.route("**/sign-in/wallet/proof", alter)
    page.goto("/sign-in")
    page.get_by_role("button", name="Fox Wallet").click()
    expect(page.get_by_role("alert")).to_contain_text("is not the one we asked for")
    page.unroute("**/sign-in/wallet/proof")
    page.on(
        "request", lambda request: sent.append(request) if request.url.endswith("/proof") else None
    )
    page.goto("/sign-in")
    page.get_by_role("button", name="Fox Wallet").click()
    world.accept_the_terms(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign-in methods")
    headers = {"content-type": "application/x-www-form-urlencoded"}
    answer = page.request.post("/sign-in/wallet/proof", data=sent[-1].post_data, headers=headers)
    assert answer.status == 409
    assert "was already used" in answer.text()
    assert len(ways(world, wallet)) == 1


def test_who_is_signed_in_connects_a_wallet(world, visitor):
    wallet, email = Wallet(4), "zelalem@demo.example"
    page = visitor(wallet)
    world.sign_in(page, email)
    page.goto("/account/sign-in-methods")
    page.get_by_role("button", name="Fox Wallet").click()
    expect(
        page.get_by_text(re.compile("^You can sign in with 0x.{4}….{4} from now on"))
    ).to_be_visible()
    [owner] = ways(world, wallet)
    assert world.rows("SELECT email FROM person WHERE id = ?", owner) == [(email,)]


def test_without_a_wallet_or_without_script_the_page_says_what_to_do(world):
    page = world.visitor()
    page.goto("/sign-in")
    expect(page.get_by_text("No wallet was found in this browser.")).to_be_visible()
    plain = world.visitor(java_script_enabled=False)
    plain.goto("/sign-in")
    expect(
        plain.get_by_text("A wallet needs JavaScript, which is off or did not load.")
    ).to_be_visible()
