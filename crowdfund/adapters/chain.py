"""The EVM node: sign, send, read. The only file that imports web3; web processes never do.

Measured choices (docs/adr/0004-web3-8.md): retries are off because web3 re-posts
eth_sendRawTransaction on a timeout; each process makes its own session because a forked child
would share its parent's socket; sends go through the provider so that an error stays data.
"""

import os
import re
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any, cast

import requests
import rlp  # type: ignore[import-untyped]
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak
from web3 import HTTPProvider, Web3
from web3.exceptions import (
    BlockNotFound,
    ContractLogicError,
    Web3Exception,
    Web3RPCError,
)
from web3.middleware import ExtraDataToPOAMiddleware
from web3.types import RPCEndpoint

from crowdfund.adapters import contract_abi

# What a transaction is tried against. The latest block may be old where blocks come on demand: a deadline
# that has passed since would not have passed there.
NEXT_BLOCK = "pending"
ZERO = "0x" + "0" * 40
BUMP_PERCENT = 115  # nodes ask for at least 112.5 % on both fields


class NodeUnreachable(Exception):
    """The node did not answer; what was sent may or may not have arrived."""


class NodeError(Exception):
    """The node answered with an error that is not a revert."""


class Reverted(Exception):
    """The call would fail: `name` of the custom error, `text` for a person."""

    def __init__(self, name: str, text: str) -> None:
        super().__init__(text)
        self.name = name
        self.text = text


class Sent(StrEnum):
    """What became of a broadcast."""

    ACCEPTED = "accepted"
    KNOWN = "known"
    NONCE_TOO_LOW = "nonce_too_low"
    UNDERPRICED = "underpriced"
    NO_FUNDS = "no_funds"
    REFUSED = "refused"
    UNKNOWN = "unknown"


SIGNS: tuple[tuple[Sent, tuple[str, ...]], ...] = (
    (Sent.KNOWN, ("already known", "already imported", "known transaction", "alreadyknown")),
    (Sent.NONCE_TOO_LOW, ("nonce too low", "nonce is too low", "oldnonce")),
    (
        Sent.UNDERPRICED,
        ("underpriced", "less than block base fee", "feetoolow", "fee too low", "gas price too low"),
    ),
    (Sent.NO_FUNDS, ("insufficient funds",)),
)


@dataclass(frozen=True)
class Outcome:
    """Class of a broadcast and the node's own words."""

    sent: Sent
    detail: str = ""


@dataclass(frozen=True)
class Fees:
    """Wei per gas: cap and tip, or one price on a chain without base fee (`tip` None)."""

    cap: int
    tip: int | None

    def fields(self) -> dict[str, int]:
        """Return the transaction fields."""
        if self.tip is None:
            return {"gasPrice": self.cap}
        return {"maxFeePerGas": self.cap, "maxPriorityFeePerGas": self.tip}

    def bumped(self, market: "Fees") -> "Fees":
        """Return fees that replace these: 15 % above on both fields, or the market if higher."""
        cap = max(self.cap * BUMP_PERCENT // 100 + 1, market.cap)
        if self.tip is None:
            return Fees(cap, None)
        tip = max(self.tip * BUMP_PERCENT // 100 + 1, market.tip or 0)
        return Fees(max(cap, tip), tip)


@dataclass(frozen=True)
class Header:
    """A block without its bodies; `transactions` are hashes."""

    number: int
    hash: str
    parent: str
    timestamp: int
    transactions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """Where a transaction ended."""

    hash: str
    ok: bool
    block_number: int
    block_hash: str
    gas_used: int
    contract: str | None = None


@dataclass(frozen=True)
class Log:
    """One log as the node gave it; not decoded."""

    address: str
    topics: tuple[str, ...]
    data: bytes
    block_number: int
    block_hash: str
    tx_hash: str
    index: int


@dataclass(frozen=True)
class Signed:
    """Bytes ready to be broadcast; `hash` names them for ever."""

    raw: str
    hash: str


class Node:
    """One connection of one process. Reads raise NodeUnreachable or NodeError."""

    def __init__(self, url: str, *, timeout_s: float = 10, poa: bool = False) -> None:
        self.url = url
        self.provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout_s},
            session=requests.Session(),
            exception_retry_configuration=None,
        )
        self.w3 = Web3(self.provider)
        if poa:
            self.w3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)

    def rpc(self, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
        """Call any method without web3's formatters."""
        try:
            answer = self.provider.make_request(RPCEndpoint(method), list(params))
        except (requests.RequestException, OSError, ValueError) as error:
            raise NodeUnreachable(_why(error)) from error
        if "error" in answer:
            raise NodeError(_message(answer["error"]))
        return answer.get("result")

    def chain_id(self) -> int:
        """Return the node's chain id."""
        return int(self.rpc("eth_chainId"), 16)

    def client(self) -> str:
        """Return the node's name and version."""
        return str(self.rpc("web3_clientVersion"))

    def genesis(self) -> str:
        """Return the hash of block 0: which chain this is."""
        return self.header(0).hash

    def head(self) -> Header:
        """Return the newest block."""
        found = self.block("latest")
        if found is None:
            raise NodeError("the node has no latest block")
        return found

    def header(self, number: int) -> Header:
        """Return a block by number; NodeError when the node does not have it."""
        found = self.block(number)
        if found is None:
            raise NodeError(f"block {number} is not known")
        return found

    def block(self, number: int | str) -> Header | None:
        """Return a block by number or tag, or None."""
        try:
            block = _guard(lambda: self.w3.eth.get_block(cast("Any", number)))
        except BlockNotFound:
            return None
        return _header(block)

    def blocks(self, numbers: Iterable[int]) -> list[Header]:
        """Return several blocks in one round trip; stops at the first that is missing."""
        wanted = [(RPCEndpoint("eth_getBlockByNumber"), [hex(n), False]) for n in numbers]
        found = []
        for answer in self._batch(wanted):
            raw = answer.get("result")
            if raw is None:
                break
            found.append(
                Header(
                    int(raw["number"], 16),
                    raw["hash"],
                    raw["parentHash"],
                    int(raw["timestamp"], 16),
                    tuple(raw["transactions"]),
                )
            )
        return found

    def _batch(self, wanted: list[tuple[RPCEndpoint, Any]]) -> list[Any]:
        if not wanted:
            return []
        try:
            answers = self.provider.make_batch_request(wanted)
        except (requests.RequestException, OSError, ValueError) as error:
            raise NodeUnreachable(_why(error)) from error
        if not isinstance(answers, list):
            raise NodeError(_message(answers.get("error")))
        return answers

    def nonce(self, address: str, tag: str = "latest") -> int:
        """Return how many transactions of an address are in the chain (or `pending`)."""
        return int(self.rpc("eth_getTransactionCount", address, tag), 16)

    def balance(self, address: str) -> int:
        """Return wei."""
        return int(self.rpc("eth_getBalance", address, "latest"), 16)

    def code_hash(self, address: str) -> str | None:
        """Return the keccak of the code at an address; None when there is none."""
        code = bytes.fromhex(str(self.rpc("eth_getCode", address, "latest"))[2:])
        return "0x" + keccak(code).hex() if code else None

    def fees(self) -> Fees:
        """Return fees for the next block: twice the base fee plus a tip, or the gas price."""
        latest = self.rpc("eth_getBlockByNumber", "latest", False)
        price = int(self.rpc("eth_gasPrice"), 16)
        if latest.get("baseFeePerGas") is None:
            return Fees(price, None)
        base = int(latest["baseFeePerGas"], 16)
        try:
            tip = int(self.rpc("eth_maxPriorityFeePerGas"), 16)
        except NodeError:
            tip = max(price - base, 1)
        return Fees(2 * base + tip, tip)

    def estimate(self, sender: str, to: str | None, data: str) -> int:
        """Simulate as a transaction and return its gas; raises Reverted with the reason."""
        tx = {"from": sender, "data": data} | ({"to": to} if to else {})
        found = self._estimates([tx])[0]
        if isinstance(found, Reverted):
            raise found
        return found

    def estimate_many(self, calls: Sequence[tuple[str, str, str]]) -> list[int | Reverted]:
        """Simulate many (sender, address, calldata) in one round trip, each on its own."""
        return self._estimates([{"from": who, "to": to, "data": data} for who, to, data in calls])

    def _estimates(self, transactions: Sequence[dict[str, str]]) -> list[int | Reverted]:
        # web3's own estimate_gas asks for chain id and fees first: three round trips instead of one.
        wanted = [(RPCEndpoint("eth_estimateGas"), [tx, NEXT_BLOCK]) for tx in transactions]
        answers = self._batch(wanted)
        return [int(a["result"], 16) if "error" not in a else _refusal(a["error"]) for a in answers]

    def call_raw(self, to: str, data: str, sender: str = ZERO) -> bytes:
        """Call without a transaction; raises Reverted."""
        tx: dict[str, Any] = {"from": sender, "to": to, "data": data}
        return bytes(_guard(lambda: self.w3.eth.call(cast("Any", tx))))

    def call(self, contract: str, address: str, function: str, *args: object) -> Any:  # noqa: ANN401
        """Read a contract by its artifact; raises Reverted, BadArguments."""
        data = self.call_raw(address, contract_abi.encode(contract, function, args))
        return contract_abi.decode_result(contract, function, data)

    def call_many(self, sender: str, calls: Sequence[tuple[str, str]]) -> list[Reverted | None]:
        """Simulate many (address, calldata) in one round trip; None for each that would pass."""
        wanted = [
            (RPCEndpoint("eth_call"), [{"from": sender, "to": to, "data": data}, NEXT_BLOCK])
            for to, data in calls
        ]
        return [_revert(a["error"]) if "error" in a else None for a in self._batch(wanted)]

    def send_raw(self, raw: str) -> Outcome:
        """Broadcast once and classify; never raises, never retries."""
        try:
            answer = self.provider.make_request(RPCEndpoint("eth_sendRawTransaction"), [raw])
        except (requests.RequestException, OSError, ValueError) as error:
            return Outcome(Sent.UNKNOWN, _why(error))
        if "error" not in answer:
            return Outcome(Sent.ACCEPTED)
        return classify(_message(answer["error"]))

    def knows(self, tx_hash: str) -> bool:
        """Tell whether the node has the transaction, in a block or waiting."""
        return self.rpc("eth_getTransactionByHash", tx_hash) is not None

    def receipt(self, tx_hash: str) -> Receipt | None:
        """Return the receipt, or None while it is in no block."""
        return self.receipts([tx_hash])[0]

    def wait(self, tx_hash: str, *, timeout_s: float = 120, poll_s: float = 0.05) -> Receipt | None:
        """Wait for a receipt (commands only; workers read blocks instead); None on timeout."""
        until = time.monotonic() + timeout_s
        while (found := self.receipt(tx_hash)) is None and time.monotonic() < until:
            time.sleep(poll_s)
        return found

    def receipts(self, hashes: Sequence[str]) -> list[Receipt | None]:
        """Return several receipts in one round trip, None for those in no block."""
        answers = self._batch([(RPCEndpoint("eth_getTransactionReceipt"), [h]) for h in hashes])
        return [_receipt(a["result"]) if a.get("result") else None for a in answers]

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        """Return logs of these addresses in a block range; no address, no logs."""
        found: list[Log] = []
        for start in range(0, len(addresses), 500):
            query = {
                "fromBlock": hex(first),
                "toBlock": hex(last),
                "address": list(addresses[start : start + 500]),
            }
            found += [_log(raw) for raw in self.rpc("eth_getLogs", query)]
        return sorted(found, key=lambda log: (log.block_number, log.index))


def _guard(read: Any) -> Any:  # noqa: ANN401 - passes web3's answer through
    """Run a web3 read and turn its many exceptions into three."""
    try:
        return read()
    except BlockNotFound:
        raise
    except ContractLogicError as error:
        raise _revert({"message": error.message, "data": error.data}) from error
    except Web3RPCError as error:
        raise _revert_or_error(error) from error
    except (requests.RequestException, OSError) as error:
        raise NodeUnreachable(_why(error)) from error
    except (Web3Exception, ValueError) as error:
        raise NodeError(str(error)) from error


def _revert_or_error(error: Web3RPCError) -> Exception:
    answer = cast("dict[str, Any]", (error.rpc_response or {}).get("error") or {})
    if "revert" in str(answer.get("message", "")).lower():
        return _revert(answer)
    return NodeError(_message(answer) or str(error))


def _revert(error: Any) -> Reverted:  # noqa: ANN401 - JSON
    data = error.get("data")
    data = data.get("data") if isinstance(data, dict) else data
    if isinstance(data, str) and data.startswith("0x") and len(data) >= 10:
        return Reverted(*contract_abi.decode_error(bytes.fromhex(data[2:])))
    return Reverted("Revert", str(error.get("message") or "reverted"))


def _refusal(error: Any) -> Reverted:  # noqa: ANN401 - JSON
    """Return the revert of an error answer; what is no revert raises NodeError."""
    if error.get("data") or "revert" in _message(error).lower():
        return _revert(error)
    raise NodeError(_message(error))


def _why(error: Exception) -> str:
    """Return the reason inside a connection error, without the layers around it."""
    text = str(error)
    system = re.search(r"\[Errno -?\d+\] ([^'\")\]]+)", text)
    if system:
        return system[1]
    return "no answer in time" if isinstance(error, requests.Timeout) else text[:200]


def _message(error: Any) -> str:  # noqa: ANN401 - JSON
    return str(error.get("message", error)) if isinstance(error, dict) else str(error or "")


def classify(message: str) -> Outcome:
    """Sort a node's refusal of a broadcast by its words (nodes share no codes)."""
    low = message.lower()
    for sent, signs in SIGNS:
        if any(sign in low for sign in signs):
            return Outcome(sent, message)
    return Outcome(Sent.REFUSED, message)


def _hex(value: Any) -> str:  # noqa: ANN401 - HexBytes has no 0x of its own
    return value if isinstance(value, str) else "0x" + bytes(value).hex()


def _receipt(raw: Any) -> Receipt:  # noqa: ANN401 - JSON
    created = raw.get("contractAddress")
    return Receipt(
        raw["transactionHash"],
        int(raw["status"], 16) == 1,
        int(raw["blockNumber"], 16),
        raw["blockHash"],
        int(raw["gasUsed"], 16),
        to_checksum_address(created) if created else None,
    )


def _header(block: Any) -> Header:  # noqa: ANN401 - web3 AttributeDict
    return Header(
        block["number"],
        _hex(block["hash"]),
        _hex(block["parentHash"]),
        block["timestamp"],
        tuple(_hex(t) for t in block["transactions"]),
    )


def _log(raw: Any) -> Log:  # noqa: ANN401 - JSON
    return Log(
        to_checksum_address(raw["address"]),
        tuple(raw["topics"]),
        bytes.fromhex(raw["data"][2:]),
        int(raw["blockNumber"], 16),
        raw["blockHash"],
        raw["transactionHash"],
        int(raw["logIndex"], 16),
    )


@lru_cache(maxsize=4)
def _node_of(pid: int, url: str, poa: bool) -> Node:
    return Node(url, poa=poa)


def connect(url: str, *, poa: bool = False) -> Node:
    """Return this process's connection to a node; a forked child gets its own."""
    return _node_of(os.getpid(), url, poa)


@lru_cache(maxsize=16)
def _account(key: str) -> LocalAccount:
    return cast("LocalAccount", Account.from_key(key))


def new_key() -> str:
    """Return a fresh private key as 0x hex."""
    return _hex(Account.create().key)


def address_of_key(key: str) -> str:
    """Return the address of a private key."""
    return str(_account(key).address)


def create_address(sender: str, nonce: int) -> str:
    """Return the address which a creation by `sender` at `nonce` will have."""
    return str(to_checksum_address(keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:]))


def sign(  # noqa: PLR0913 - the fields of a transaction
    key: str,
    *,
    chain_id: int,
    nonce: int,
    to: str | None,
    data: str,
    gas: int,
    fees: Fees,
    value: int = 0,
) -> Signed:
    """Sign a transaction; deterministic: the same fields give the same bytes and hash."""
    tx: dict[str, Any] = {
        "chainId": chain_id,
        "nonce": nonce,
        "value": value,
        "data": data,
        "gas": gas,
        **fees.fields(),
    }
    if to:
        tx["to"] = to
    signed = _account(key).sign_transaction(tx)
    return Signed(_hex(signed.raw_transaction), _hex(signed.hash))
