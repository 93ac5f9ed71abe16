"""Somebody with a wallet of their own in front of a real contract, in short verbs."""

import itertools
from dataclasses import dataclass, field

from eth_account import Account

from crowdfund.adapters.chain import abi
from crowdfund.adapters.chain import node as chain_node
from crowdfund.chain import connection, queries, rules
from crowdfund.investments import queries as investments
from crowdfund.investments.service import placing
from crowdfund.kernel import clock, outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.people import service as people
from crowdfund.token_payments import queries as orders
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.service import NewRate
from tests import raising
from tests.investments.conftest import verified

from .conftest import settle

_keys = itertools.count(1)
CONTRACT = "CampaignImplementation"


def one_to_one(token="cETB"):
    """Say that a token is worth its currency, as the seed of the local stack does."""
    start = clock.now().replace(microsecond=0).replace(year=2020)
    wanted = NewRate(token, "ETB", 1, 1, start, "Parity by the issuer's terms")
    token_payments.add_rate(wanted, actor="test")
    commit()


@dataclass
class Investor:
    """A verified person, and a key whose address is connected to the account."""

    node: object
    campaign_id: str
    name: str = "charlie"
    key: object = None
    person_id: str = ""
    forms: itertools.count = field(default_factory=itertools.count)

    def __post_init__(self):
        self.key = Account.from_key(f"0x{0xC0FFEE + next(_keys):064x}")
        self.person_id = verified(self.name)
        people.add_method(self.person_id, "wallet", self.wallet, label="a wallet")
        commit()
        self.node.rpc("anvil_setBalance", self.wallet, hex(10**18))
        self.node.rpc("anvil_impersonateAccount", self.wallet)

    @property
    def wallet(self):
        return self.key.address

    @property
    def contract(self):
        return raising.campaign(self.campaign_id).contract_address

    @property
    def token(self):
        return queries.address_of("PaymentToken")

    # -- on our pages ---------------------------------------------------------------------

    def place(self, minor, rail="token"):
        rollback()
        slug = raising.campaign(self.campaign_id).slug
        key = f"form-{self.name}-{next(self.forms)}"
        investment_id = placing.place(
            placing.Order(self.person_id, slug, minor, rail, key, has_consented=True)
        )
        commit()
        return investment_id

    def order(self, investment_id):
        rollback()
        return orders.order(self.investment(investment_id).payment_id)

    def choose(self, investment_id, wallet=None):
        payment_id = self.investment(investment_id).payment_id
        rollback()
        token_payments.choose_wallet(payment_id, wallet or self.wallet, user_id=self.person_id)
        commit()
        settle()
        return self.order(investment_id)

    def investment(self, investment_id):
        rollback()
        return investments.get(investment_id)

    def status(self, investment_id):
        return self.investment(investment_id).status

    # -- in the wallet --------------------------------------------------------------------

    def get_tokens(self, minor, to=None):
        admin = connection.address_of("admin")
        self.node.rpc("anvil_impersonateAccount", admin)
        role = connection.node().call("PaymentToken", self.token, "MINTER_ROLE")
        for function, args in (
            ("grantRole", (role, admin)),
            ("mint", (to or self.wallet, rules.to_units(minor))),
        ):
            self.send(self.token, abi.encode("PaymentToken", function, args), sender=admin)

    def send(self, to, data, *, sender=None, must=True):
        tx = {"from": sender or self.wallet, "to": to, "data": data, "gas": hex(900_000)}
        receipt = chain_node.Node(self.node.url).wait(self.node.rpc("eth_sendTransaction", tx))
        assert receipt.ok or not must
        return receipt

    def approve_and_invest(self, order, *, must=True):
        self.send(order.token_address, order.calls["approve"])
        return self.send(order.contract, order.calls["invest"], must=must)

    def sign_permit(self, order, nonce=0, key=None):
        data = order.calls["permit"]
        message = {**data["message"], "nonce": nonce}
        for name in ("value", "deadline"):
            message[name] = int(message[name])
        signed = (key or self.key).sign_typed_data(full_message={**data, "message": message})
        return "0x" + signed.signature.hex()

    def invest(self, minor):
        """Do all of it: reserve, choose the wallet, pay, and let the event arrive."""
        self.get_tokens(minor)
        investment_id = self.place(minor)
        self.approve_and_invest(self.choose(investment_id))
        work()
        return investment_id

    def has(self):
        return connection.node().call("PaymentToken", self.token, "balanceOf", self.wallet)


def work():
    """Let the indexer and all workers run until nothing is due."""
    rollback()
    settle()
    settle()


def view(address, name, *args):
    return connection.node().call(CONTRACT, address, name, *args)


def tokens_of(campaign_id):
    rollback()
    return ledger.balance(ledger_rules.tokens(campaign_id))


def tell_again():
    """Have the workers hear every contract event once more."""
    db.session.execute(db.text("UPDATE outbox SET state = 'due' WHERE kind LIKE 'chain.event%'"))
    commit()
    outbox.drain_all()
