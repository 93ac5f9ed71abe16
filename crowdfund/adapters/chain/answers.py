"""Classify what nodes answer: refusals of a broadcast, and reverts apart from other errors."""

from dataclasses import dataclass
from enum import StrEnum

from crowdfund.adapters.chain import abi

REVERT_CODE = 3  # of the execution API; providers use others for everything else
LIMIT_CODES = (-32005, 429)  # "limit exceeded" (EIP-1474); the HTTP status that some repeat
# Whole batches are refused in these words; some providers name neither size nor limit.
BATCH_WORDS = (
    "batch",
    "response size",
    "response too large",
    "request too large",
    "entity too large",
    "payload too large",
)
INVALID_REQUEST = -32600


class NodeError(Exception):
    """The node answered with an error that is not a revert."""


class BatchTooLarge(NodeError):
    """The provider takes no batch of this size."""


class TooMuchGas(NodeError):
    """The call needs more gas than one transaction or block may have."""


class Reverted(Exception):
    """The call would fail: `name` of the custom error, `text` for a person."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.text = text


class Sent(StrEnum):
    """The result of a broadcast."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    NONCE_TOO_LOW = "nonce_too_low"
    BELOW_BASE_FEE = "below_base_fee"
    REPLACEMENT_UNDERPRICED = "replacement_underpriced"
    UNDERPRICED = "underpriced"
    NO_FUNDS = "no_funds"
    REFUSED = "refused"
    UNKNOWN = "unknown"


# The node does not have the transaction, and takes it at another price or in a cheaper block.
PRICE_REFUSALS = (Sent.BELOW_BASE_FEE, Sent.REPLACEMENT_UNDERPRICED, Sent.UNDERPRICED)

# Nodes share no codes, only words. The first line that fits counts.
SIGNS: tuple[tuple[Sent, tuple[str, ...]], ...] = (
    (Sent.UNKNOWN, ("rate limit", "too many requests")),
    (Sent.KNOWN, ("already known", "already imported", "known transaction", "alreadyknown")),
    (Sent.NONCE_TOO_LOW, ("nonce too low", "nonce is too low", "oldnonce")),
    (
        Sent.REPLACEMENT_UNDERPRICED,
        (
            "replacement transaction underpriced",
            "replacement underpriced",
            "could not replace",
            "replacementnotallowed",
            "too low to replace",
        ),
    ),
    (
        Sent.BELOW_BASE_FEE,
        (
            "less than block base fee",
            "less than the block's",
            "below current base fee",
            "fee cap too low",
            "too low for the next block",
        ),
    ),
    (
        Sent.UNDERPRICED,
        (
            "underpriced",
            "feetoolow",
            "fee too low",
            "gas price too low",
            "below configured minimum gas price",
        ),
    ),
    (Sent.NO_FUNDS, ("insufficient funds",)),
)
GAS_WORDS = (
    "gas required exceeds",
    "exceeds block gas limit",
    "intrinsic gas too high",
    "exceeds transaction gas",
    "out of gas",
    "gas limit is too high",
)


@dataclass(frozen=True)
class Outcome:
    """Class of a broadcast and the node's own words."""

    sent: Sent
    detail: str = ""


def classify(message: str) -> Outcome:
    """Sort a node's refusal of a broadcast by its words."""
    low = message.lower()
    for sent, signs in SIGNS:
        if any(sign in low for sign in signs):
            return Outcome(sent, message)
    return Outcome(Sent.REFUSED, message)


def outcome(error: object) -> Outcome:
    """Sort the error answer to a broadcast; a provider's limit leaves its outcome unknown."""
    if isinstance(error, dict) and error.get("code") in LIMIT_CODES:
        return Outcome(Sent.UNKNOWN, message_of(error))
    return classify(message_of(error))


def is_about_size(error: object, *, whole: bool = False) -> bool:
    """Return whether an error refuses the size of a batch; `whole` when it is the only answer.

    A rate limit is not: a smaller batch would not help against it, and the next would be small.
    """
    code = error.get("code") if isinstance(error, dict) else None
    if code == REVERT_CODE:
        return False
    text = message_of(error).lower()
    return any(words in text for words in BATCH_WORDS) or (whole and code == INVALID_REQUEST)


def message_of(error: object) -> str:
    """Return the text of a JSON-RPC error."""
    return str(error.get("message", error)) if isinstance(error, dict) else str(error or "")


def refusal(error: object) -> Reverted | NodeError:
    """Return what an error answer to a call means.

    Only code 3, or data that decodes as an error of a contract, is a revert. A rate limit, a node
    without that block, or an error page in `data` says nothing about the call.
    """
    data = _revert_data(error)
    is_revert = isinstance(error, dict) and error.get("code") == REVERT_CODE
    if data is not None and (is_revert or abi.knows_error(data)):
        return Reverted(*abi.decode_error(data))
    text = message_of(error)
    if is_revert:
        return Reverted("Revert", text or "reverted")
    if any(words in text.lower() for words in GAS_WORDS):
        return TooMuchGas(text)
    return NodeError(text)


def _revert_data(error: object) -> bytes | None:
    """Return the bytes in an error's `data`; None when there are none or they are not hex."""
    data = error.get("data") if isinstance(error, dict) else None
    data = data.get("data") if isinstance(data, dict) else data
    if not isinstance(data, str) or not data.startswith("0x") or len(data) < 10:
        return None
    try:
        return bytes.fromhex(data[2:])
    except ValueError:
        return None
