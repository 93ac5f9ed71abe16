"""Invest with tokens from a browser wallet: EIP-6963, a key that signs outside the page, the real
contract; and every way in which that goes wrong."""

import re

import httpx
import pytest
from eth_account import Account
from eth_utils import keccak
from playwright.sync_api import expect

from crowdfund.kernel import money

from .test_sign_in_wallet import ANNOUNCE
from .world import DONE

SLUG, TITLE = "sunlight-for-3-000-homes", "Sunlight for 3,000 homes"
PAY = "Pay with tokens from your wallet"


class ChainWallet:
    """A wallet with a key on the local chain; each test says how it behaves."""

    def __init__(self, world, number):
        self.key = Account.from_key(f"0x{0xFACE0000 + number:064x}")
        self.url = world.stack.env["CHAIN_RPC_URL"]
        self.chain = hex(31337)
        self.refuses = {}  # method → error code, once
        self.can_switch = True
        self.sent = []
        self.rpc("anvil_setBalance", self.key.address, hex(10**18))

    def rpc(self, method, *params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = httpx.post(self.url, json=body).json()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def answer(self, uuid, method, params):
        if method in self.refuses:
            return {"code": self.refuses.pop(method)}
        own = {
            "eth_requestAccounts": lambda: [self.key.address.lower()],
            "eth_chainId": lambda: self.chain,
            "personal_sign": lambda: self._sign_text(params[0]),
            "eth_signTypedData_v4": lambda: self._sign_data(params),
            "eth_sendTransaction": lambda: self._send(params[0]),
        }
        if method == "wallet_switchEthereumChain":
            return self._switch(params)
        if method in own:
            return {"result": own[method]()}
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = httpx.post(self.url, json=body).json()
        if "error" in answer:
            return {"code": answer["error"]["code"], "data": answer["error"].get("data")}
        return {"result": answer["result"]}

    def _switch(self, params):
        if not self.can_switch:
            return {"code": 4902}
        self.chain = params[0]["chainId"]
        return {"result": None}

    def _sign_text(self, text):
        from eth_account.messages import encode_defunct

        message = encode_defunct(bytes.fromhex(text.removeprefix("0x")))
        return "0x" + self.key.sign_message(message).signature.hex()

    def _sign_data(self, params):
        import json

        data = json.loads(params[1])
        message = data["message"]
        for name in ("value", "nonce", "deadline"):
            message[name] = int(message[name])
        return "0x" + self.key.sign_typed_data(full_message=data).signature.hex()

    def _send(self, tx):
        self.sent.append(tx)
        return self.send(tx["to"], tx["data"])

    def send(self, to, data):
        """Sign a transaction with the key and send it, as a person may without any page."""
        nonce = self.rpc("eth_getTransactionCount", self.key.address, "latest")
        tx = {
            "to": to,
            "data": data,
            "value": 0,
            "gas": 900_000,
            "gasPrice": int(self.rpc("eth_gasPrice"), 16) * 2,
            "nonce": int(nonce, 16),
            "chainId": 31337,
        }
        raw = self.key.sign_transaction(tx).raw_transaction.hex()
        return self.rpc("eth_sendRawTransaction", "0x" + raw.removeprefix("0x"))

    def get_tokens(self, world, minor):
        """Give the wallet tokens: the first mapping of the ERC-20 holds the balances."""
        [(token,)] = world.rows("SELECT address FROM chain_contract WHERE name = 'PaymentToken'")
        owner = self.key.address.removeprefix("0x").lower()
        slot = keccak(bytes.fromhex(owner.rjust(64, "0") + "0" * 64)).hex()
        self.rpc("anvil_setStorageAt", token, "0x" + slot, f"0x{minor * 10_000:064x}")


@pytest.fixture
def with_wallet(world):
    """Return a page of somebody who is signed in, in a browser with this wallet."""

    def opened(email, wallet, **choices):
        page = world.person(email, **choices)
        page.context.expose_function("wallet", wallet.answer)
        script = ANNOUNCE.replace("WALLETS", repr([["one", "Fox Wallet", ""]]))
        script = script.replace("{ code: answer.code }", "{ code: answer.code, data: answer.data }")
        page.context.add_init_script(script)
        return page

    return opened


def connect(page, wallet):
    page.goto("/account/sign-in-methods")
    page.get_by_role("button", name="Fox Wallet").click()
    expect(page.get_by_text(re.compile("^You can sign in with 0x"))).to_be_visible()


def reserve(page, amount):
    """Fill in the form up to the wallet's page; return its address."""
    page.goto(f"/campaigns/{SLUG}/invest")
    page.get_by_role("textbox", name="Amount").fill(amount)
    page.get_by_label("Tokens from your own wallet").check()
    page.get_by_label("I have read and understood").check()
    page.get_by_role("button", name="Go to payment").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(PAY)
    return page.url


def speak(world, page, language):
    cookie = {"name": "language", "value": language, "url": world.stack.url("web")}
    page.context.add_cookies([cookie])


def give_up(world, page, email):
    """Cancel a reservation for which no wallet was chosen."""
    newest = world.investments_of(email)[-1]
    page.goto(f"/investments/{newest[0]}")
    page.get_by_role("button", name="Cancel this reservation").click()
    expect(page.get_by_text("Your reservation is cancelled.")).to_be_visible()


def take_back(world, page):
    """Cancel the investment on the page and wait until the contract has paid."""
    page.get_by_role("link", name="Cancel this investment").click()
    world.look(page, f"Cancel your investment in {TITLE}", "paid with tokens")
    page.get_by_role("button", name="Cancel the investment").click()
    expect(page.get_by_text("The contract has paid all tokens back")).to_be_visible()
    world.look(page, f"Your investment in {TITLE}", "tokens are back")


def settled(world):
    return world.rows("SELECT settled_minor FROM campaign WHERE slug = ?", SLUG)[0][0]


def test_tokens_from_a_browser_wallet_move_the_bar_and_can_be_taken_back(world, with_wallet):
    wallet, email, before = ChainWallet(world, 1), "yared@demo.example", settled(world)
    wallet.get_tokens(world, 5_000_00)
    page = with_wallet(email, wallet)
    watcher = world.visitor()
    watcher.goto(f"/campaigns/{SLUG}")
    reserve(page, "1000")
    expect(page.get_by_role("heading", name="Connect your wallet first")).to_be_visible()
    world.look(page, PAY, "no wallet connected")
    here = page.url
    connect(page, wallet)
    page.goto(here)
    world.look(page, PAY, "ready")
    page.locator("[data-pay]").get_by_role("button", name="Fox Wallet").click()
    expect(page.get_by_text(DONE)).to_be_visible()
    world.look(page, f"Your investment in {TITLE}", "paid with tokens")
    assert len(wallet.sent) == 1  # a permit was signed, so nothing had to be approved
    expect(watcher.get_by_text(money.fmt(before + 1_000_00)).first).to_be_visible()
    newest = world.investments_of(email)[-1]
    assert newest[2:] == ("confirmed", 1_000_00)
    [(source, destination, amount)] = world.postings_of(newest[1])
    assert (source, amount) == ("chain:wallets", 1_000_00)
    assert destination.endswith(":tokens")
    take_back(world, page)
    expect(watcher.get_by_text(money.fmt(before)).first).to_be_visible()
    assert world.investments_of(email)[-1][2:] == ("returned", 1_000_00)


def test_what_goes_wrong_in_the_wallet_has_a_page_each(world, with_wallet):
    wallet, email = ChainWallet(world, 2), "selam@demo.example"
    page = with_wallet(email, wallet)
    connect(page, wallet)
    here = reserve(page, "1000")
    pay = page.locator("[data-pay]").get_by_role("button", name="Fox Wallet")

    wallet.chain, wallet.can_switch = "0x1", False
    wallet.refuses["wallet_addEthereumChain"] = 4001
    pay.click()
    world.look(page, "Your wallet is on another network")
    wallet.can_switch = True
    page.get_by_role("link", name="Try again").click()
    wallet.refuses["eth_requestAccounts"] = -32002
    pay.click()
    world.look(page, "Your wallet is locked")
    page.get_by_role("link", name="Try again").click()
    pay.click()
    world.look(page, "Your wallet holds too few tokens")
    wallet.get_tokens(world, 1_000_00)
    page.get_by_role("link", name="Try again").click()
    wallet.refuses["eth_signTypedData_v4"] = 4001
    pay.click()
    world.look(page, "You declined in your wallet")
    page.get_by_role("link", name="Try again").click()
    wallet.refuses["eth_sendTransaction"] = 4001
    pay.click()
    world.look(page, "You declined in your wallet", "payment")
    assert wallet.sent == []

    # The window is closed, and the transaction is sent by hand: the contract's event ends it right.
    page.goto(here)
    page.locator("summary", has_text="Send the transaction by hand").click()
    approve, invest = (one.inner_text() for one in page.locator("pre code").all())
    token, contract = world.rows(
        "SELECT token_address, contract FROM token_order ORDER BY payment_id DESC"
    )[0]
    page.goto("about:blank")
    wallet.send(token, approve)
    wallet.send(contract, invest)
    newest = world.investments_of(email)[-1]
    page.goto(f"/investments/{newest[0]}")
    expect(page.get_by_text(DONE)).to_be_visible()
    page.goto(here)
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Your investment in {TITLE}")


def test_a_wallet_without_typed_data_approves_first(world, with_wallet):
    wallet, email = ChainWallet(world, 3), "kaleb@demo.example"
    wallet.get_tokens(world, 1_000_00)
    page = with_wallet(email, wallet)
    connect(page, wallet)
    reserve(page, "1000")
    wallet.refuses["eth_signTypedData_v4"] = 4200
    page.locator("[data-pay]").get_by_role("button", name="Fox Wallet").click()
    expect(page.get_by_text(DONE)).to_be_visible()
    assert len(wallet.sent) == 2


def test_an_account_that_is_not_connected_pays_nothing_and_the_place_can_be_given_up(
    world, with_wallet
):
    wallet, email = ChainWallet(world, 4), "tigist@demo.example"
    page = with_wallet(email, wallet)
    connect(page, wallet)
    reserve(page, "1000")
    wallet.key = ChainWallet(world, 6).key
    page.locator("[data-pay]").get_by_role("button", name="Fox Wallet").click()
    world.look(page, "This wallet is not connected to your account")
    expect(page.locator("[data-wallets]").get_by_role("button", name="Fox Wallet")).to_be_visible()
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(PAY)
    give_up(world, page, email)


@pytest.mark.parametrize("language", ["am", "hi"])
def test_the_wallets_pages_are_whole_in_other_languages_and_on_a_phone(
    world, with_wallet, language
):
    wallet, email = ChainWallet(world, 5), "elias@demo.example"
    page = with_wallet(email, wallet, viewport={"width": 390, "height": 844})
    reserve(page, "1000")
    here = page.url
    speak(world, page, language)
    page.goto(here)
    world.look(page, page.get_by_role("heading", level=1).inner_text(), language)
    assert page.locator("html").get_attribute("lang") == language
    page.goto(f"{here}/problem/too-little")
    world.look(page, page.get_by_role("heading", level=1).inner_text(), language)
    speak(world, page, "en")
    give_up(world, page, email)


def test_without_script_the_page_says_what_to_do(world):
    email = "nahom@demo.example"
    page = world.person(email, java_script_enabled=False)
    reserve(page, "1000")
    expect(page.get_by_text("A wallet needs JavaScript").first).to_be_visible()
    give_up(world, page, email)
