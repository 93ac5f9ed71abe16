"""The journal and the contract's `canStartCampaign` decide alike, whatever a company's history is.

A real node and the real contracts. Each history is a random programme of one company's life, done
on both sides as the platform does it: in SQL through the services, on chain by the accounts with
the roles there. After every step, and at the very seconds around a New Year, both are compared.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crowdfund.adapters.chain import abi
from crowdfund.campaigns import queries as campaigns
from crowdfund.campaigns.models import Campaign
from crowdfund.campaigns.service import ending, life, shared
from crowdfund.chain import connection, deploy, queries, rules
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.service import changes, onboarding, reviews
from crowdfund.issuers.service import registry as registry_service
from crowdfund.kernel import clock
from crowdfund.kernel.db import commit, db, new_id, rollback
from tests import raising
from tests.chain.conftest import LocalNode, free_port, use_node

# The New Year begins in Addis Ababa at 21:00 UTC of the day before, three hours before Greenwich.
NEW_YEARS = [datetime(year, 12, 31, 21, 0, tzinfo=UTC) for year in (2027, 2028, 2029)]
START = NEW_YEARS[0] - timedelta(days=40)
EDGES = {"before": timedelta(seconds=-2), "at": timedelta(0), "in Greenwich": timedelta(hours=3)}
LIFE = (
    "approve",
    "register",
    "deactivate",
    "reactivate",
    "change",
    "decide",
    "start",
    "start",
    "refuse",
    "end",
)
STEPS = st.sampled_from([*LIFE, *EDGES, "an hour", "a season"])
ONLY_OURS = ("under_review", "documents_missing")
READY = ["approve", "register"]


@pytest.fixture(scope="module")
def own_node(tmp_path_factory):
    """A node whose first block is long before the histories."""
    flags = ("--timestamp", str(int(START.timestamp()) - 86_400))
    started = LocalNode(free_port(), flags, tmp_path_factory.mktemp("anvil")).start()
    yield started
    started.stop()


@pytest.fixture
def stage(app, own_node):
    """The contracts, and a company whose file waits with its documents accepted."""
    use_node(own_node)
    clock.use(clock.FixedClock(START))
    deploy.run(lambda _line: None, commit)
    owner, officer = raising.person("alice"), raising.person("carla", "compliance")
    company_id = raising.filled_company(owner)
    onboarding.submit(company_id, actor=owner)
    raising.accept_documents(company_id, officer)
    for account in (connection.address_of("operator"), queries.address_of("CampaignFactory")):
        own_node.rpc("anvil_impersonateAccount", account)
        own_node.rpc("anvil_setBalance", account, hex(10**20))
    yield Stage(company_id, owner, officer)
    clock.use(None)


@dataclass
class Stage:
    """One company on both sides."""

    company: str
    owner: str
    officer: str
    moment: datetime = START
    live: str | None = None
    numbers: list[int] = field(default_factory=lambda: [0])

    def play(self, steps):
        """Tell a history to both sides and ask both after each step."""
        node = connection.node()
        snapshot = node.rpc("evm_snapshot")
        self.moment, self.live = START, None
        try:
            self.go_to(START)
            self.ask([])
            for number, step in enumerate(steps):
                getattr(self, step.replace(" ", "_"), lambda step=step: self.go_to_edge(step))()
                self.ask(steps[: number + 1])
        finally:
            rollback()
            node.rpc("evm_revert", snapshot)

    def ask(self, history):
        """Compare the verdicts: the contract's reasons in its order, then those of the platform."""
        ours = campaigns.start_refusal(self.company)
        may, reason = self.call("canStartCampaign")
        theirs = None if may else bytes.fromhex(reason[2:]).rstrip(b"\0").decode()
        if ours in ONLY_OURS:
            assert theirs is None, history
        else:
            assert {"not_verified": "not_registered"}.get(ours, ours) == theirs, history

    # --- time

    def go_to(self, moment):
        """Make it that moment on both sides; never earlier than the last block."""
        self.moment = max(moment, self.moment + timedelta(seconds=1))
        clock.use(clock.FixedClock(self.moment))
        connection.node().rpc("evm_setNextBlockTimestamp", int(self.moment.timestamp()))
        connection.node().rpc("evm_mine")

    def go_to_edge(self, edge):
        coming = next((one for one in NEW_YEARS if one > self.moment + timedelta(seconds=3)), None)
        if coming:
            self.go_to(coming + EDGES[edge])

    def an_hour(self):
        self.go_to(self.moment + timedelta(hours=1))

    def a_season(self):
        self.go_to(self.moment + timedelta(days=91))

    # --- life

    def row(self):
        return issuers_queries.get(self.company)

    def approve(self):
        if self.row().status == "submitted":
            reviews.approve(self.company, actor=self.officer)

    def register(self):
        if self.row().status in ("verified", "deactivated") and not self.row().registered_at:
            row = self.row()
            self.tell("registerIssuer", row.wallet_address, row.vc_hash, row.documents_commitment)
            registry_service.mark_registered(self.company, "0x" + "ab" * 32)

    def deactivate(self):
        if self.row().status == "verified" and self.row().registered_at:
            reviews.deactivate(self.company, "The licence was withdrawn.", actor=self.officer)
            self.tell("deactivateIssuer")

    def reactivate(self):
        if self.row().status == "deactivated":
            reviews.reactivate(self.company, "The licence is back again.", actor=self.officer)
            self.tell("reactivateIssuer")

    def change(self):
        running = issuers_queries.running_changes(self.company)
        if self.row().status == "verified" and not running:
            name = f"{self.row().trade_name[:40]} {len(self.numbers)}"
            onboarding.save(
                self.company, "company", raising.COMPANY | {"trade_name": name}, actor=self.owner
            )
            changes.send(self.company, actor=self.owner)

    def decide(self):
        if self.row().status == "verified" and issuers_queries.running_changes(self.company):
            changes.approve(self.company, actor=self.officer)
            if self.row().registered_at:
                row = self.row()
                self.tell("updateIssuer", row.wallet_address, row.vc_hash, row.documents_commitment)

    def start(self):
        """Start a campaign where both allow it; the registry says which year that has used up."""
        self.go_to(self.moment)
        refusal, campaign_id = campaigns.start_refusal(self.company), self.approved_campaign()
        if refusal is None:
            life.deploy(campaign_id, actor=self.officer)
            self.send("acquireLock", rules.intent_bytes32(campaign_id), sender="CampaignFactory")
            year = self.call("getIssuer")["lastStartYear"]
            life.go_live(
                campaign_id, contract_address=raising.CONTRACT, tx_hash="0x01", started_year=year
            )
            self.live = campaign_id
        else:
            with pytest.raises(shared.NotEligible):
                life.deploy(campaign_id, actor=self.officer)

    def refuse(self):
        """The factory refuses for a reason of its own: neither lock is taken on either side."""
        if campaigns.start_refusal(self.company) is None:
            campaign_id = self.approved_campaign()
            life.deploy(campaign_id, actor=self.officer)
            intent = shared.campaign_intent(campaign_id, "create", attempt=1)
            life.deploy_failed(campaign_id, "DeadlineTooFar", intent_id=intent)

    def end(self):
        if self.live:
            ending.cancelled_on_chain(self.live, tx_hash="0x02")
            self.send("releaseLock", rules.intent_bytes32(self.live), sender="CampaignFactory")
            self.live = None

    def approved_campaign(self):
        campaign_id, now = new_id(), clock.now()
        db.session.add(
            Campaign(
                id=campaign_id,
                slug=campaign_id,
                company_id=self.company,
                author_id=self.owner,
                status="approved",
                title="A roaster",
                threshold_bps=7500,
                fee_bps=250,
                grace_days=5,
                duration_days=30,
                created_at=now,
                updated_at=now,
            )
        )
        db.session.flush()
        return campaign_id

    # --- the chain

    def call(self, function):
        registry = queries.address_of("IssuerRegistry")
        return connection.node().call(
            "IssuerRegistry", registry, function, rules.intent_bytes32(self.company)
        )

    def tell(self, function, *facts):
        """Do what a write of ours does, as the account that signs it."""
        self.numbers.append(1)
        intent = rules.intent_bytes32(f"test:{len(self.numbers)}")
        args = [intent, rules.intent_bytes32(self.company), *facts]
        self.transact(function, args, connection.address_of("operator"))

    def send(self, function, *args, sender):
        self.transact(
            function, [rules.intent_bytes32(self.company), *args], queries.address_of(sender)
        )

    def transact(self, function, args, sender):
        self.moment += timedelta(seconds=1)
        clock.use(clock.FixedClock(self.moment))
        node = connection.node()
        node.rpc("evm_setNextBlockTimestamp", int(self.moment.timestamp()))
        data = abi.encode("IssuerRegistry", function, args)
        registry = queries.address_of("IssuerRegistry")
        tx = {"from": sender, "to": registry, "data": data, "gas": hex(1_000_000)}
        receipt = node.wait(node.rpc("eth_sendTransaction", tx), timeout_s=10, poll_s=0.002)
        assert receipt is not None, function
        assert receipt.ok, function


def examples():
    """Forty histories in a check; as many as the profile says in the long run."""
    return 40 if settings().max_examples <= 100 else settings().max_examples // 10


def test_journal_and_contract_agree_on_any_history(stage):
    @settings(max_examples=examples())
    @given(st.lists(STEPS, min_size=4, max_size=14))
    @example([*READY, "start", "end", "before", "start", "at", "start"])
    @example([*READY, "before", "start", "end", "at", "start", "end", "in Greenwich", "start"])
    @example([*READY, "start", "deactivate", "end", "at", "start", "reactivate", "start"])
    @example(
        [
            *READY,
            "change",
            "start",
            "decide",
            "start",
            "refuse",
            "end",
            "refuse",
            "at",
            "refuse",
            "start",
        ]
    )
    @example(["approve", "deactivate", "register", "deactivate", "reactivate", "start"])
    def holds(steps):
        stage.play(steps)

    holds()


def test_the_year_turns_for_both_at_midnight_of_the_platform(stage):
    node = connection.node()
    snapshot = node.rpc("evm_snapshot")
    stage.approve()
    stage.register()
    stage.start()
    stage.end()
    stage.go_to(NEW_YEARS[0] - timedelta(seconds=1))
    assert (campaigns.start_refusal(stage.company), stage.call("canStartCampaign")[0]) == (
        "year_used",
        False,
    )
    stage.go_to(NEW_YEARS[0])
    assert (campaigns.start_refusal(stage.company), stage.call("canStartCampaign")[0]) == (
        None,
        True,
    )
    rollback()
    node.rpc("evm_revert", snapshot)
