"""Pure rules of the dual ledger: states of a write, who signs what, units, batches."""

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any, Protocol, TypeVar

UNITS_PER_MINOR = 10_000  # the payment token has 6 decimals, the journal 2
TX_GAS_CAP = 16_777_216  # gas that one transaction may have (EIP-7825)
MAX_BATCH = 200  # rows of one recordInvestments call (MAX_ROWS of the contract)
WRITES_PER_ROUND = 10 * MAX_BATCH  # writes that one round plans and signs
MAX_ATTEMPTS = 5  # sends of one write that ended as a revert on chain
REORG_WINDOW = 1_024  # blocks whose hashes are stored to find the fork point
ROLES = ("admin", "operator", "recorder")
INTENT_ARGS = ("intentId", "paymentRef")
# The event that proves a call, and those of its arguments that the event repeats. The id alone
# proves nothing: anybody may call `invest` under the same one. Who closes does not matter: the
# contract decides by arithmetic, and once.
EFFECTS = {
    "registerIssuer": (
        "IssuerRegistered",
        ("intentId", "issuerId", "wallet", "vcHash", "documentsCommitment"),
    ),
    "updateIssuer": (
        "IssuerUpdated",
        ("intentId", "issuerId", "wallet", "vcHash", "documentsCommitment"),
    ),
    "deactivateIssuer": ("IssuerDeactivated", ("intentId", "issuerId")),
    "reactivateIssuer": ("IssuerReactivated", ("intentId", "issuerId")),
    "createCampaign": ("CampaignCreated", ("intentId",)),
    "recordInvestment": ("InvestmentRecorded", ("paymentRef", "investorKey", "amount")),
    "cancelRecord": ("RecordCancelled", ("paymentRef", "investorKey", "amount")),
    "cancelInvestment": ("InvestmentCancelled", ("intentId", "investor", "amount")),
    "recordRefund": ("RefundRecorded", ("paymentRef", "investorKey")),
    "cancel": ("Cancelled", ("intentId",)),
    "release": ("Released", ("intentId",)),
    "changeTerms": ("TermsChanged", ("intentId", "newTermsHash")),
    "close": ("Closed", ()),
    "closeConfirmed": ("Closed", ()),
    "refundFor": ("Refunded", ("investor",)),
    "proposeIssuerWallet": ("IssuerWalletProposed", ("intentId", "wallet")),
    "confirmIssuerWallet": ("IssuerWalletChanged", ("intentId",)),
    "raiseRecorderCap": ("RecorderCapRaised", ("intentId", "recorder", "extra")),
    "pause": ("Paused", ()),
    "unpause": ("Unpaused", ()),
    "grantRole": ("RoleGranted", ("role", "account")),
    "revokeRole": ("RoleRevoked", ("role", "account")),
}
ADMIN_FUNCTIONS = (
    "confirmIssuerWallet",
    "pause",
    "unpause",
    "grantRole",
    "revokeRole",
    "setRecorderCap",
)
CAPPED = "recordInvestment"  # counts against the recorder's cap of the day
# Errors that say "not now": the write stays in the queue and is tried again.
HOLDS = {"RecorderCapReached": "cap", "RecordingPaused": "paused"}
HOLD_KINDS = (*HOLDS.values(), "key")
HOLD_FOR = timedelta(minutes=5)
# Events after which writes on hold are tried again at once.
FREES = ("RecorderCapSet", "RecorderCapRaised", "Unpaused", "RoleGranted")
# A log of the first kind makes a contract of the second, whose logs are then read as well.
SPAWNS = {("CampaignFactory", "CampaignCreated"): ("campaign", "CampaignImplementation")}


class WriteStatus(StrEnum):
    """Life of a write; `mined` goes back to `broadcast` when its block is lost.

    `closed`: failed, and staff decided that it will not be tried again.
    """

    QUEUED = "queued"
    SIGNED = "signed"
    BROADCAST = "broadcast"
    MINED = "mined"
    CONFIRMED = "confirmed"
    FAILED = "failed"
    CLOSED = "closed"


class TxKind(StrEnum):
    """Why a transaction was made: to call a contract, or only to use up a nonce."""

    CALL = "call"
    FILL = "fill"


class TxStatus(StrEnum):
    """Life of one signed transaction; of one (signer, nonce) exactly one may become final.

    `underpriced`: the node refused its price and does not have it.
    """

    SIGNED = "signed"
    UNDERPRICED = "underpriced"
    BROADCAST = "broadcast"
    MINED = "mined"
    CONFIRMED = "confirmed"
    REVERTED = "reverted"
    REPLACED = "replaced"
    LOST = "lost"


class RequestStatus(StrEnum):
    """Life of a request about keys, pause, cap or wallet."""

    ASKED = "asked"
    RUNNING = "running"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


REQUEST_KINDS = ("pause", "unpause", "revoke", "rotate", "raise_cap", "redirect")
REQUEST_LIFETIME = timedelta(days=7)
OPEN_REQUESTS = (RequestStatus.ASKED, RequestStatus.RUNNING)
# The rights of each role by contract. Registry and factory let an account have one role only.
GRANTS = {
    "admin": (
        ("IssuerRegistry", "DEFAULT_ADMIN_ROLE"),
        ("FundEscrow", "DEFAULT_ADMIN_ROLE"),
        ("FundEscrow", "PAUSER_ROLE"),
        ("CampaignFactory", "DEFAULT_ADMIN_ROLE"),
        ("PaymentToken", "DEFAULT_ADMIN_ROLE"),
        ("PaymentToken", "MINTER_ROLE"),
    ),
    "operator": (("IssuerRegistry", "OPERATOR_ROLE"), ("CampaignFactory", "OPERATOR_ROLE")),
    "recorder": (("CampaignFactory", "RECORDER_ROLE"),),
}


MOVES = {
    WriteStatus.QUEUED: {WriteStatus.SIGNED, WriteStatus.CONFIRMED, WriteStatus.FAILED},
    WriteStatus.SIGNED: {
        WriteStatus.BROADCAST,
        WriteStatus.MINED,
        WriteStatus.QUEUED,
        WriteStatus.CONFIRMED,
    },
    WriteStatus.BROADCAST: {WriteStatus.MINED, WriteStatus.QUEUED, WriteStatus.CONFIRMED},
    WriteStatus.MINED: {
        WriteStatus.CONFIRMED,
        WriteStatus.BROADCAST,
        WriteStatus.QUEUED,
        WriteStatus.FAILED,
    },
    # Back only when a reorganisation was deeper than the confirmations that were waited for.
    WriteStatus.CONFIRMED: {WriteStatus.BROADCAST},
    WriteStatus.FAILED: {WriteStatus.QUEUED, WriteStatus.CONFIRMED, WriteStatus.CLOSED},
    # Only when its effect turns out to be on chain after all.
    WriteStatus.CLOSED: {WriteStatus.CONFIRMED},
}
FINAL = (WriteStatus.CONFIRMED, WriteStatus.FAILED, WriteStatus.CLOSED)
IN_FLIGHT = (WriteStatus.SIGNED, WriteStatus.BROADCAST, WriteStatus.MINED)
REFUSED = "refused"  # by the node, for another reason than price, nonce or money
TX_WAITING = (TxStatus.SIGNED, TxStatus.UNDERPRICED, TxStatus.BROADCAST)
TX_FINAL = (TxStatus.CONFIRMED, TxStatus.REVERTED)


def intent_bytes32(intent_id: str) -> str:
    """Return the bytes32 (0x hex) that stands for an intent, an id or a reference on chain."""
    return "0x" + hashlib.sha256(intent_id.encode()).hexdigest()


def tranches_bytes32(shares: Sequence[int]) -> str:
    """Return the tranches of a release as the contract takes them: two bytes for each share.

    `shares` are basis points of all money that are out after each; none for one release.
    """
    return "0x" + b"".join(share.to_bytes(2) for share in shares).ljust(32, b"\0").hex()


def to_units(minor: int) -> int:
    """Return token units of an amount in minor units."""
    return minor * UNITS_PER_MINOR


def to_minor(units: int) -> int:
    """Return minor units of token units; raises ValueError for what the journal cannot hold."""
    minor, rest = divmod(units, UNITS_PER_MINOR)
    if rest:
        raise ValueError(f"{units} units are not a whole minor unit")
    return minor


def signer_role(function: str) -> str:
    """Return whose key signs a function: admin, recorder for records, else the operator."""
    if function in ADMIN_FUNCTIONS:
        return "admin"
    return "recorder" if function.startswith("record") else "operator"


def recorded_minor(function: str, args: Sequence[object]) -> int:
    """Return how much of the recorder's daily cap a call uses, in minor units; 0 for others."""
    amount = str(args[2]) if function == CAPPED and len(args) == 3 else ""
    return int(amount) // UNITS_PER_MINOR if amount.isdecimal() else 0


def setting_name(contract: str) -> str:
    """Return the setting that overrides an address: IssuerRegistry → contract_issuer_registry."""
    return "contract_" + re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", contract).lower()


class Item(Protocol):
    """What grouping needs of a queued write."""

    @property
    def address(self) -> str:
        """Contract that is called."""

    @property
    def batch(self) -> str | None:
        """Function that takes many, if there is one."""

    @property
    def role(self) -> str:
        """Who signs."""


T = TypeVar("T", bound=Item)


def group(items: Sequence[T], *, size: int = MAX_BATCH) -> list[list[T]]:
    """Group writes into calls: same address, batch function and signer, at most `size` each.

    Groups are in the order of their first write; a write without batch function is alone.
    """
    open_groups: dict[tuple[str, ...], list[T]] = {}
    calls: list[list[T]] = []
    for item in items:
        key = (item.address, item.batch or "", item.role)
        current = open_groups.get(key) if item.batch else None
        if current is None or len(current) >= size:
            current = []
            calls.append(current)
            if item.batch:
                open_groups[key] = current
        current.append(item)
    return calls


def intent_of(args: dict[str, Any]) -> str | None:
    """Return the intent id (0x hex) that an event carries, or None."""
    return next((args[name] for name in INTENT_ARGS if name in args), None)


def is_effect(function: str, args: Sequence[object], event: str, found: dict[str, Any]) -> bool:
    """Return whether an event of the called contract is what this very call would have caused."""
    name, repeated = EFFECTS.get(function, ("", ()))
    pairs = zip(repeated, args, strict=False)
    return event == name and all(
        str(found.get(key)).lower() == str(value).lower() for key, value in pairs
    )


class HasArgs(Protocol):
    """An event of a contract with its arguments by name."""

    @property
    def args(self) -> dict[str, Any]:
        """Arguments by name."""


L = TypeVar("L", bound=HasArgs)


def own_events(args: Sequence[object], events: Iterable[L], *, alone: bool) -> list[L]:
    """Return the events of a transaction that belong to one write.

    All of them when the write has the transaction for itself; in a batch those that carry its
    first argument (intent id or payment reference).
    """
    return events_of_writes([args], events, alone=alone)[0]


def events_of_writes(
    writes: Sequence[Sequence[object]], events: Iterable[L], *, alone: bool
) -> list[list[L]]:
    """Return the own events of each write of a transaction, which are given by their arguments."""
    found = list(events)
    by_intent: dict[str | None, list[L]] = {}
    for event in found:
        by_intent.setdefault(intent_of(event.args), []).append(event)
    return [
        found if alone or not args else list(by_intent.get(str(args[0]), ())) for args in writes
    ]


def can_move(before: str, after: str) -> bool:
    """Return whether a write may go from one status to another."""
    return WriteStatus(after) in MOVES[WriteStatus(before)]


def safe_ints(value: object) -> object:
    """Return JSON whose integers beyond 64 bits are text: MySQL would round them."""
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**63 else str(value)
    if isinstance(value, dict):
        return {key: safe_ints(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [safe_ints(inner) for inner in value]
    return value


def bad_row(name: str, text: str) -> int | None:
    """Return the row that a batch call refuses, from the contract's BadRow(index, reason)."""
    match = re.match(r"BadRow\(index=(\d+)", text) if name == "BadRow" else None
    return int(match[1]) if match else None


def bad_row_reason(text: str) -> str | None:
    """Return the selector (0x hex) that a BadRow error names as the row's own reason."""
    match = re.search(r"reason=(0x[0-9a-f]{8})", text)
    return match[1] if match else None
