"""Every call of a contract that the platform makes: what it needs, and what shows that it was made.

`NOT_OURS` are the functions that others call, and why the platform's queue never does.
"""

from collections.abc import Callable
from dataclasses import dataclass

from crowdfund.adapters.chain import abi
from crowdfund.chain import connection, queries, rules

from .conftest import wallet
from .fault_town import BUYER, terms_of

FACTORY, CAMPAIGN = "CampaignFactory", "CampaignImplementation"
ESCROW, REGISTRY, TOKEN = "FundEscrow", "IssuerRegistry", "PaymentToken"
UNITS = rules.to_units
LIVE, SUCCEEDED, CANCELLED = 0, 1, 3
RECORDED, REFUNDED = 1, 3


@dataclass(frozen=True)
class Call:
    """A call: on which contract, with what, and the value that it changes.

    `args` are the arguments of row number n, without the intent that comes first unless the
    function has none. `shows` reads a value, which is `before` and then `after`, or has grown.
    """

    function: str
    contract: str
    args: Callable
    shows: Callable
    before: object = None
    after: object = None
    grows: int = 0
    place: str = ""
    rows: int = 1
    batch: str | None = None
    has_intent: bool = True
    given: str = ""

    @property
    def name(self):
        return f"{self.batch or self.function}{f' {self.place}' if self.place else ''}"

    def address(self, town):
        return town.addresses[self.place] if self.place else queries.address_of(self.contract)


def key(text):
    return rules.intent_bytes32(text)


def paid(reference):
    """Return reference, key and units of a record as `conftest.record` makes it."""
    return [key(f"investment:{reference}"), key(f"investor:{reference}"), UNITS(100_00)]


def issuer(name, field):
    return lambda read: read("getIssuer", key(name))[field]


def value(function, *args):
    return lambda read: read(function, *args)


def facts(name):
    return [key(name), wallet(f"{name} now"), key("vc 2"), key("documents 2")]


def role(read):
    return read("hasRole", rules_role(), wallet("helper"))


def rules_role():
    return connection.node().call(FACTORY, queries.address_of(FACTORY), "RECORDER_ROLE")


def tokens_of(owner):
    """Return a reader of the token balance of an address, whatever contract is called."""
    return lambda _read: connection.node().call(
        TOKEN, queries.address_of(TOKEN), "balanceOf", abi.to_checksum_address(owner)
    )


RELEASED = UNITS(500_00) - UNITS(12_50)  # half of 1,000 without the fee
CALLS = (
    Call(
        "registerIssuer",
        REGISTRY,
        lambda n: facts("new"),
        issuer("new", "active"),
        before=False,
        after=True,
    ),
    Call(
        "updateIssuer",
        REGISTRY,
        lambda n: facts("idle"),
        issuer("idle", "wallet"),
        before=wallet("idle"),
        after=wallet("idle now"),
    ),
    Call(
        "deactivateIssuer",
        REGISTRY,
        lambda n: [key("idle")],
        issuer("idle", "active"),
        before=True,
        after=False,
    ),
    Call(
        "reactivateIssuer",
        REGISTRY,
        lambda n: [key("off")],
        issuer("off", "active"),
        before=False,
        after=True,
    ),
    Call(
        "createCampaign",
        FACTORY,
        lambda n: [terms_of("starter")],
        lambda read: int(read("campaignOf", key("campaign:starter")), 16) > 0,
        before=False,
        after=True,
    ),
    Call(
        "raiseRecorderCap",
        FACTORY,
        lambda n: [connection.address_of("recorder"), 1_000],
        lambda read: read("recorderRoom", connection.address_of("recorder")),
        grows=1_000,
    ),
    Call(
        "recordInvestment",
        CAMPAIGN,
        lambda n: paid("one")[1:],
        value("fiatTotal"),
        grows=UNITS(100_00),
        place="live",
    ),
    Call(
        "recordInvestment",
        CAMPAIGN,
        lambda n: paid(f"many {n}")[1:],
        value("fiatTotal"),
        grows=UNITS(300_00),
        place="live",
        rows=3,
        batch="recordInvestments",
    ),
    Call(
        "cancelRecord",
        CAMPAIGN,
        lambda n: paid("paid"),
        value("fiatTotal"),
        before=UNITS(100_00),
        after=0,
        place="live",
        has_intent=False,
    ),
    Call(
        "changeTerms",
        CAMPAIGN,
        lambda n: [key("new terms")],
        value("termsHash"),
        before=key("terms"),
        after=key("new terms"),
        place="live",
    ),
    Call(
        "proposeIssuerWallet",
        CAMPAIGN,
        lambda n: [wallet("new")],
        value("proposedWallet"),
        before="0x" + "00" * 20,
        after=wallet("new"),
        place="live",
    ),
    Call(
        "confirmIssuerWallet",
        CAMPAIGN,
        lambda n: [wallet("new")],
        value("issuerWallet"),
        before=wallet("redirected"),
        after=wallet("new"),
        place="redirected",
    ),
    Call(
        "closeConfirmed",
        CAMPAIGN,
        lambda n: [UNITS(8_000_00)],
        value("status"),
        before=LIVE,
        after=SUCCEEDED,
        place="full",
    ),
    Call(
        "cancel",
        CAMPAIGN,
        lambda n: [],
        value("status"),
        before=LIVE,
        after=CANCELLED,
        place="live",
    ),
    Call(
        "release",
        CAMPAIGN,
        lambda n: [0],
        tokens_of(wallet("parts")),
        before=0,
        after=RELEASED,
        place="parts",
    ),
    Call(
        "release",
        CAMPAIGN,
        lambda n: [1],
        tokens_of(wallet("half")),
        before=RELEASED,
        after=2 * RELEASED,
        place="half",
    ),
    Call(
        "refundFor",
        CAMPAIGN,
        lambda n: [abi.to_checksum_address(BUYER)],
        tokens_of(BUYER),
        before=0,
        after=UNITS(1_000_00),
        place="tokens failed",
        has_intent=False,
    ),
    Call(
        "cancelInvestment",
        CAMPAIGN,
        lambda n: [abi.to_checksum_address(BUYER), UNITS(1_000_00)],
        tokens_of(BUYER),
        before=0,
        after=UNITS(1_000_00),
        place="tokens",
    ),
    Call(
        "recordRefund",
        CAMPAIGN,
        lambda n: paid("failed 0")[:2],
        lambda read: read("recordOf", key("investment:failed 0"))["state"],
        before=RECORDED,
        after=REFUNDED,
        place="fiat failed",
        has_intent=False,
    ),
    Call(
        "recordRefund",
        CAMPAIGN,
        lambda n: paid(f"failed {n}")[:2],
        lambda read: [read("recordOf", key(f"investment:failed {n}"))["state"] for n in range(3)],
        before=[RECORDED] * 3,
        after=[REFUNDED] * 3,
        place="fiat failed",
        rows=3,
        batch="recordRefunds",
        has_intent=False,
    ),
    Call("pause", ESCROW, lambda n: [], value("paused"), False, True, has_intent=False),
    Call(
        "unpause",
        ESCROW,
        lambda n: [],
        value("paused"),
        before=True,
        after=False,
        has_intent=False,
        given="pause",
    ),
    Call(
        "grantRole",
        FACTORY,
        lambda n: [rules_role(), wallet("helper")],
        role,
        before=False,
        after=True,
        has_intent=False,
    ),
    Call(
        "revokeRole",
        FACTORY,
        lambda n: [rules_role(), wallet("helper")],
        role,
        before=True,
        after=False,
        has_intent=False,
        given="grantRole",
    ),
)
_BY_PEOPLE = "People call it from their own wallets."
_BY_CONTRACTS = "Only our other contracts may call it."
_BY_DEPLOYMENT = "The deployment and the admin's own tools call it, one after the other."
NOT_OURS = {
    "acquireLock": _BY_CONTRACTS,
    "releaseLock": _BY_CONTRACTS,
    "openAccount": _BY_CONTRACTS,
    "credit": _BY_CONTRACTS,
    "pay": _BY_CONTRACTS,
    "noteRecorded": _BY_CONTRACTS,
    "freeLock": "Anybody may free a lock that could not be freed; the platform does not have to.",
    "allowToken": _BY_DEPLOYMENT,
    "setRecorderCap": _BY_DEPLOYMENT,
    "setFeeRecipient": _BY_DEPLOYMENT,
    "mint": _BY_DEPLOYMENT,
    "invest": _BY_PEOPLE,
    "investWithPermit": _BY_PEOPLE,
    "claimRefund": _BY_PEOPLE,
    "approve": _BY_PEOPLE,
    "permit": _BY_PEOPLE,
    "transfer": _BY_PEOPLE,
    "transferFrom": _BY_PEOPLE,
    "renounceRole": "A key that is given up has its role revoked by the admin.",
    "close": "Open to everybody; the platform closes with what the books confirm.",
}
