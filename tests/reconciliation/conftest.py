"""A live campaign on a real contract, a bank in memory, and a clock that both sides share."""

from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from crowdfund.adapters import gateways
from crowdfund.adapters.bill_bitts_fake import FakeBillBitts
from crowdfund.adapters.chain import abi
from crowdfund.adapters.chain import node as adapters_chain_node
from crowdfund.campaigns.service import drafts, ending, reviews
from crowdfund.chain import connection
from crowdfund.chain import queries as chain_queries
from crowdfund.chain import rules as chain_rules
from crowdfund.chain import service as chain_service
from crowdfund.investments import queries as investment_queries
from crowdfund.investments.service import giving_back, recording, states
from crowdfund.issuers.service import onboarding
from crowdfund.issuers.service import reviews as reviews_service
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as accounts
from crowdfund.ledger.service import posting
from crowdfund.payments import queries as payments
from crowdfund.reconciliation import queries, reading
from crowdfund.reconciliation.service import following
from crowdfund.reports import campaign_checks
from crowdfund.reports import queries as reports
from tests import raising
from tests.chain.conftest import admitted, deployed, later, node, own_node, settle  # noqa: F401
from tests.investments.conftest import World, verified

DAY_S = 86_400
STRANGER = "0x" + "5a" * 20
WHY = "The contract was closed while our node was away."


@dataclass
class Raise(World):
    """A campaign whose contract is real; `fiona` asks and `adam` approves."""

    chain_node: object = None
    later: object = None
    moved: list = field(default_factory=list)

    @property
    def address(self):
        return self.campaign().contract_address

    def paid(self, who="charlie", amount="1,000", *, key):
        """Place an investment and let the bank settle it; the chain's worker does nothing yet."""
        investment_id = self.place(who, amount, key=key)
        self.bank_says(investment_id, "SUCCESS", "SETTLED")
        return investment_id

    def payment(self, investment_id):
        rollback()
        (found,) = payments.for_purpose("investment", investment_id)
        return found

    def chain_works(self):
        """Let all workers run, the chain's too, until nothing is due."""
        rollback()
        settle()

    def pass_days(self, days):
        self.later(days * DAY_S)
        self.chain_node.rpc("evm_increaseTime", days * DAY_S)
        self.chain_node.mine()

    def contract(self, function, *args):
        return connection.node().call("CampaignImplementation", self.address, function, *args)

    def contract_status(self):
        return ("live", "succeeded", "failed", "cancelled", "released")[self.contract("status")]

    def on_chain(self, function, *args, role=None):
        """Call the contract from outside the platform, as a stranger or with a key of ours."""
        sender = connection.address_of(role) if role else STRANGER
        self._send(sender, self.address, abi.encode("CampaignImplementation", function, args))

    def _send(self, sender, address, data):
        self.chain_node.rpc("anvil_setBalance", sender, hex(10**18))
        self.chain_node.rpc("anvil_impersonateAccount", sender)
        tx = {"from": sender, "to": address, "data": data, "gas": hex(1_000_000)}
        receipt = adapters_chain_node.Node(self.chain_node.url).wait(
            self.chain_node.rpc("eth_sendTransaction", tx)
        )
        self.chain_node.rpc("anvil_stopImpersonatingAccount", sender)
        assert receipt.ok

    def close_on_chain(self, role=None):
        self.on_chain("close", chain_rules.intent_bytes32("closed elsewhere"), role=role)

    def record_on_chain(self, reference, amount_minor):
        """Record a payment that no investment of ours stands for."""
        key, units = chain_rules.intent_bytes32("somebody"), chain_rules.to_units(amount_minor)
        self.on_chain(
            "recordInvestment", chain_rules.intent_bytes32(reference), key, units, role="recorder"
        )

    def close_due(self):
        begun = ending.close_due()
        commit()
        self.chain_works()
        return begun

    def compare_now(self):
        rollback()
        outbox.add("reconciliation.compare", f"reconciliation.compare:{len(self.moved)}")
        self.moved.append("compared")
        commit()
        outbox.drain("chain")
        rollback()

    def compare(self):
        """Compare all contracts with the books as the periodic job does; return what differs."""
        self.chain_works()
        self.compare_now()
        found = queries.last_comparison()
        return [one["kind"] for one in found.differences]

    def preview(self):
        rollback()
        return following.preview(self.campaign_id)

    def ask(self):
        seen = self.preview()
        request_id = following.ask(
            self.campaign_id, reason=WHY, fingerprint=seen.fingerprint, actor=self.people["fiona"]
        )
        commit()
        return request_id

    def approve(self, request_id):
        rollback()
        following.approve(request_id, actor=self.people["adam"])
        commit()
        self.chain_works()
        return self.request(request_id).status

    def request(self, request_id):
        rollback()
        return queries.request(request_id)

    def follow(self):
        """Two people have the campaign follow its contract; return what became of the request."""
        return self.approve(self.ask())

    # What no verb of ours does: states that only a lost chain or a restored database leaves behind.

    def _sql(self, statement, **values):
        rollback()
        db.session.execute(sa.text(statement), values)
        commit()

    def set_status(self, status):
        self._sql(
            "UPDATE campaign SET status = :status WHERE id = :id",
            status=status,
            id=self.campaign_id,
        )

    def set_address(self, address):
        self._sql(
            "UPDATE campaign SET contract_address = :to WHERE id = :id",
            to=address,
            id=self.campaign_id,
        )

    def set_grace(self, days):
        self._sql(
            "UPDATE campaign SET grace_days = :days WHERE id = :id", days=days, id=self.campaign_id
        )

    def mark(self, result):
        rollback()
        ending.note_disagreement(self.campaign_id, result)
        commit()

    def count_tokens(self, amount_minor):
        statement = "UPDATE campaign SET token_minor = :amount WHERE id = :id"
        self._sql(statement, amount=amount_minor, id=self.campaign_id)

    def invest_tokens(self, investor, amount_minor):
        """Someone admitted by the operator invests on the contract, unknown to our books."""
        units, token = chain_rules.to_units(amount_minor), chain_queries.address_of("PaymentToken")
        admin = connection.address_of("admin")
        role = connection.node().call("PaymentToken", token, "MINTER_ROLE")
        leave = admitted(self.address, "before a restore", investor, amount_minor)
        for sender, address, contract, function, args in (
            (admin, token, "PaymentToken", "grantRole", (role, admin)),
            (admin, token, "PaymentToken", "mint", (investor, units)),
            (investor, token, "PaymentToken", "approve", (self.address, units)),
            (investor, self.address, "CampaignImplementation", "invest", (leave,)),
        ):
            self._send(sender, address, abi.encode(contract, function, args))

    def make_contract_elsewhere(self):
        """Have the factory make a campaign for another company, which our books do not know."""
        registry, factory = (
            chain_queries.address_of(n) for n in ("IssuerRegistry", "CampaignFactory")
        )
        operator = connection.address_of("operator")
        ids = [
            chain_rules.intent_bytes32(name)
            for name in ("r", "other", "vc", "documents", "c", "campaign")
        ]
        issuer = (ids[0], ids[1], STRANGER, ids[2], ids[3])
        self._send(operator, registry, abi.encode("IssuerRegistry", "registerIssuer", issuer))
        units = chain_rules.to_units(1_000_00)
        terms = {
            "campaignId": ids[5],
            "issuerId": ids[1],
            "issuerWallet": STRANGER,
            "token": chain_queries.address_of("PaymentToken"),
            "goal": units,
            "minInvestment": 0,
            "maxInvestment": units,
            "deadline": connection.node().head().timestamp + 86_400,
            "thresholdBps": 7500,
            "granularity": 10_000,
            "termsHash": ids[2],
            "tranches": "0x" + "00" * 32,
        }
        self._send(
            operator, factory, abi.encode("CampaignFactory", "createCampaign", (ids[4], terms))
        )
        return connection.node().call("CampaignFactory", factory, "campaignOf", ids[5])

    def settle_in_sql_only(self, investment_id):
        """The chain lost a record that it had confirmed."""
        self._sql(
            "UPDATE chain_write SET status = 'failed' WHERE subject_id = :id", id=investment_id
        )
        rollback()
        recording.confirmed({investment_id: "0x" + "cd" * 32})
        commit()
        self.work()

    def forget_money(self):
        """Give back what is in escrow, as refunds that were made before would have."""
        rollback()
        for row in investment_queries.settled_of(self.campaign_id):
            giving_back.give_back(states.lock(row.id), "refunded", reason="The campaign failed.")
        commit()

    def change_money(self, amount_minor):
        """Something else settled meanwhile."""
        more = "settled_minor = settled_minor + :more, reserved_minor = reserved_minor + :more"
        self._sql(
            f"UPDATE campaign SET {more} WHERE id = :id", more=amount_minor, id=self.campaign_id
        )

    def queue_a_write(self):
        about = {"subject": ("investment", "i1"), "address": self.address}
        chain_service.write(
            "i1", "CampaignImplementation", "recordInvestment", ["0x01", "0x02", 1], **about
        )
        commit()

    def company_spends(self, amount_minor):
        rollback()
        company = accounts.company_wallet(self.campaign().company_id)
        move = accounts.Posting(company, accounts.external("bill_bitts"), amount_minor)
        posting.post("test:spent", [move], kind="test")
        commit()

    def alerts(self):
        rollback()
        return campaign_checks.problems()

    def problems(self):
        """Return what the self-check and a full comparison find, without the outbox."""
        rollback()
        found = reports.problems() + [
            one.kind for one in reading.compare_all(whole=True).differences
        ]
        return [line for line in found if not line.startswith("I10")]

    def company_money(self):
        rollback()
        return ledger.balance(accounts.company_wallet(self.campaign().company_id))


@pytest.fixture
def raised(request, app, own_node, deployed, later):  # noqa: F811
    staff = {"alice": (), "carla": ("compliance",), "fiona": ("finance",), "adam": ("admin",)}
    people = {name: raising.person(name, *roles) for name, roles in staff.items()}
    people |= {name: verified(name) for name in ("charlie", "dora")}
    company = raising.filled_company(people["alice"])
    onboarding.submit(company, actor=people["alice"])
    raising.accept_documents(company, people["carla"])
    reviews_service.approve(company, actor=people["carla"])
    commit()
    settle()
    campaign_id = raising.complete_draft(
        company, people["alice"], max_minor="10,000", **getattr(request, "param", {})
    )
    drafts.submit(campaign_id, actor=people["alice"])
    reviews.approve(campaign_id, actor=people["carla"])
    commit()
    settle()
    campaign = raising.campaign(campaign_id)
    assert campaign.status == "live", chain_queries.writes_of("campaign", campaign_id)
    bank = FakeBillBitts()
    gateways.use("bill_bitts", bank)
    yield Raise(bank, people, campaign_id, campaign.slug, chain_node=own_node, later=later)
    gateways.use("bill_bitts", None)
    rollback()
