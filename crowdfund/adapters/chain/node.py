"""The connection to an EVM node: read, send, wait.

Measured choices (docs/adr/0004-web3-8.md): retries are off because web3 re-posts
eth_sendRawTransaction on a timeout; each process makes its own session because a forked child
would share its parent's socket; sends go through the provider so that an error stays data.
"""

import os
import time
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

import requests
from eth_utils.crypto import keccak
from web3 import HTTPProvider
from web3.types import RPCEndpoint

from crowdfund.adapters.chain import abi
from crowdfund.adapters.chain.answers import (
    BatchTooLarge,
    NodeError,
    Outcome,
    Reverted,
    Sent,
    is_about_size,
    message_of,
    outcome,
    refusal,
)
from crowdfund.adapters.chain.decoding import (
    bytes_of,
    header_in,
    log_of,
    number_of,
    object_of,
    object_or_none,
    plain,
    receipt_of,
    result_of,
    value_of,
)
from crowdfund.adapters.chain.errors import NodeUnreachable, reason_of
from crowdfund.adapters.chain.fees import Fees, Market, tip_of
from crowdfund.adapters.chain.values import ZERO, Header, Log, Read, Receipt

# What a transaction is simulated against. The latest block may be old where blocks come on demand:
# a deadline that has passed since would not have passed there.
NEXT_BLOCK = "pending"

FEE_HISTORY = 10  # blocks

# What a transaction may use where a node does not say how much a block holds.
USUAL_GAS_LIMIT = 30_000_000

MOST_AT_ONCE = 300  # calls in one round trip
NO_SUCH_BATCH = (400, 405, 413)  # HTTP statuses of providers that take no batch, or a smaller one


Wanted = tuple[RPCEndpoint, Any]


class Node:
    """One connection of one process. Reads raise NodeUnreachable or NodeError."""

    def __init__(self, url: str, *, timeout_s: float = 10) -> None:
        self.url = url
        self._most = MOST_AT_ONCE
        self.provider = HTTPProvider(
            url,
            request_kwargs={"timeout": timeout_s},
            session=requests.Session(),
            exception_retry_configuration=None,
        )

    def rpc(self, method: str, *params: object) -> object:
        """Call any method without web3's formatters."""
        try:
            answer = self.provider.make_request(RPCEndpoint(method), list(params))
        except (requests.RequestException, OSError, ValueError) as error:
            raise NodeUnreachable(reason_of(error)) from error
        return result_of(plain(answer))

    def number(self, method: str, *params: object) -> int:
        """Call a method that returns a number."""
        return number_of(self.rpc(method, *params))

    def chain_id(self) -> int:
        """Return the node's chain id."""
        return self.number("eth_chainId")

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
        tag = hex(number) if isinstance(number, int) else number
        raw = object_or_none(self.rpc("eth_getBlockByNumber", tag, False))
        return None if raw is None else header_in(raw)

    def blocks(self, numbers: Iterable[int]) -> list[Header]:
        """Return several blocks in one round trip; stops at the first that is missing."""
        wanted = [(RPCEndpoint("eth_getBlockByNumber"), [hex(n), False]) for n in numbers]
        found = []
        for answer in self._batch(wanted):
            raw = object_of(answer)
            if raw is None:
                break
            found.append(header_in(raw))
        return found

    def _batch(self, wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
        """Send calls in one round trip, in several smaller ones if the provider takes no more.

        Once a smaller size has worked, it is used for all later batches.
        """
        found: list[dict[str, Any]] = []
        most = self._most
        while len(found) < len(wanted):
            part = wanted[len(found) : len(found) + most]
            try:
                found += self._ask_at_once(part)
            except BatchTooLarge:
                if len(part) == 1:
                    raise
                most = len(part) // 2
        if not any("error" in one and is_about_size(one["error"]) for one in found):
            self._most = most
        return found

    def _ask_at_once(self, wanted: Sequence[Wanted]) -> list[dict[str, Any]]:
        try:
            if len(wanted) == 1:  # as a plain call, which every provider takes
                return [plain(self.provider.make_request(*wanted[0]))]
            answers = self.provider.make_batch_request(list(wanted))
        except requests.HTTPError as error:
            status = error.response.status_code if error.response is not None else 0
            if len(wanted) > 1 and status in NO_SUCH_BATCH:
                raise BatchTooLarge(reason_of(error)) from error
            raise NodeUnreachable(reason_of(error)) from error
        except (requests.RequestException, OSError, ValueError) as error:
            raise NodeUnreachable(reason_of(error)) from error
        except (TypeError, AttributeError) as error:  # ids or answers that are none
            raise NodeError(f"the node's answer cannot be read: {error}") from error
        return _whole(answers, len(wanted))

    def nonce(self, address: str, tag: str = "latest") -> int:
        """Return how many transactions of an address are in the chain (or `pending`)."""
        return self.number("eth_getTransactionCount", address, tag)

    def balance(self, address: str) -> int:
        """Return wei."""
        return self.number("eth_getBalance", address, "latest")

    def code_hash(self, address: str) -> str | None:
        """Return the keccak of the code at an address; None when there is none."""
        code = bytes_of(self.rpc("eth_getCode", address, "latest"))
        return "0x" + keccak(code).hex() if code else None

    def market(self) -> Market:
        """Return what the newest block asks for gas, in one round trip."""
        block, price, tip, history = self._batch(
            [
                (RPCEndpoint("eth_getBlockByNumber"), ["latest", False]),
                (RPCEndpoint("eth_gasPrice"), []),
                (RPCEndpoint("eth_maxPriorityFeePerGas"), []),
                (RPCEndpoint("eth_feeHistory"), [hex(FEE_HISTORY), "latest", [50]]),
            ]
        )
        latest, gas_price = object_of(block), number_of(result_of(price))
        if latest is None:
            raise NodeError("the node has no latest block")
        base_hex = latest.get("baseFeePerGas")
        base = None if base_hex is None else number_of(base_hex)
        return Market(
            block=number_of(latest.get("number")),
            base=base,
            tip=0 if base is None else tip_of(tip, history, gas_price - base),
            price=gas_price,
            gas_limit=number_of(latest.get("gasLimit") or hex(USUAL_GAS_LIMIT)),
        )

    def fees(self) -> Fees:
        """Return fees for the next block: twice the base fee plus a tip, or the gas price."""
        return self.market().fees

    def estimate(self, sender: str, to: str | None, data: str) -> int:
        """Simulate as a transaction and return its gas; raises Reverted with the reason."""
        tx = {"from": sender, "data": data} | ({"to": to} if to else {})
        found = self._estimates([tx])[0]
        if not isinstance(found, int):
            raise found
        return found

    def estimate_many(
        self, calls: Sequence[tuple[str, str, str]]
    ) -> list[int | Reverted | NodeError]:
        """Simulate many (sender, address, calldata) in one round trip, each on its own.

        An answer that is no revert, such as a rate limit, is returned in the place of its call.
        """
        return self._estimates([{"from": who, "to": to, "data": data} for who, to, data in calls])

    def _estimates(
        self, transactions: Sequence[dict[str, str]]
    ) -> list[int | Reverted | NodeError]:
        # web3's own estimate_gas reads chain id and fees first: three round trips instead of one.
        wanted = [(RPCEndpoint("eth_estimateGas"), [tx, NEXT_BLOCK]) for tx in transactions]
        answers = self._batch(wanted)
        return [
            refusal(answer["error"]) if "error" in answer else number_of(answer.get("result"))
            for answer in answers
        ]

    def call_raw(self, to: str, data: str, sender: str = ZERO, *, block: str = "latest") -> bytes:
        """Call without a transaction; raises Reverted."""
        (answer,) = self._batch([_call(sender, to, data, block)])
        if "error" in answer:
            raise refusal(answer["error"])
        return bytes_of(answer.get("result"))

    def call(
        self, contract: str, address: str, function: str, *args: object, block: str = "latest"
    ) -> object:
        """Read a contract by its artifact; raises Reverted, BadArguments.

        As of NEXT_BLOCK a contract sees what the next block will, time included.
        """
        data = self.call_raw(address, abi.encode(contract, function, args), block=block)
        return abi.decode_result(contract, function, data)

    def call_number(
        self, contract: str, address: str, function: str, *args: object, block: str = "latest"
    ) -> int:
        """Read a number from a contract; raises as `call`."""
        found = self.call(contract, address, function, *args, block=block)
        if not isinstance(found, int):
            raise NodeError(f"{contract}.{function} returns no number")
        return found

    def read_many(self, calls: Sequence[Read], *, block: int | None = None) -> list[Any]:
        """Read many views in few round trips, as of a block or of the newest one.

        A view that cannot be read has its Reverted in its place.
        """
        tag = "latest" if block is None else hex(block)
        answers = self._batch([_read(read, tag) for read in calls])
        return [value_of(read, answer) for read, answer in zip(calls, answers, strict=True)]

    def call_many(self, sender: str, calls: Sequence[tuple[str, str]]) -> list[Reverted | None]:
        """Simulate many (address, calldata) in one round trip; None for each that would pass."""
        found: list[Reverted | None] = []
        for answer in self._batch([_call(sender, to, data, NEXT_BLOCK) for to, data in calls]):
            error = refusal(answer["error"]) if "error" in answer else None
            if isinstance(error, NodeError):
                raise error
            found.append(error)
        return found

    def send_raw(self, raw: str) -> Outcome:
        """Broadcast once and classify; never raises, never retries."""
        try:
            method = RPCEndpoint("eth_sendRawTransaction")
            answer = plain(self.provider.make_request(method, [raw]))
        except (requests.RequestException, OSError, ValueError, NodeError) as error:
            return Outcome(Sent.UNKNOWN, reason_of(error))
        if "error" in answer:
            return outcome(answer["error"])
        if not isinstance(answer.get("result"), str):
            return Outcome(Sent.UNKNOWN, "the node answered no hash")
        return Outcome(Sent.ACCEPTED)

    def knows(self, tx_hash: str) -> bool:
        """Return whether the node has the transaction, in a block or waiting."""
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
        results = [object_of(answer) for answer in answers]
        return [receipt_of(raw) if raw else None for raw in results]

    def logs(self, first: int, last: int, addresses: Sequence[str]) -> list[Log]:
        """Return logs of these addresses in a block range; no address, no logs.

        A node that does not have the last blocks yet leaves out their logs without a word.
        """
        return self._logs([{"fromBlock": hex(first), "toBlock": hex(last)}], addresses)

    def logs_of(self, blocks: Sequence[Header], addresses: Sequence[str]) -> list[Log]:
        """Return logs in these very blocks; NodeError when the node does not have one of them."""
        return self._logs([{"blockHash": block.hash} for block in blocks], addresses)

    def _logs(self, places: Sequence[dict[str, str]], addresses: Sequence[str]) -> list[Log]:
        parts = [list(addresses[at : at + 500]) for at in range(0, len(addresses), 500)]
        method = RPCEndpoint("eth_getLogs")
        wanted = [(method, [place | {"address": part}]) for place in places for part in parts]
        found: list[Log] = []
        for answer in self._batch(wanted):
            entries = result_of(answer)
            if not isinstance(entries, list):
                raise NodeError("the node answered no list of logs")
            found += [log_of(entry) for entry in entries]
        return sorted(found, key=lambda log: (log.block_number, log.index))


def _whole(answers: object, number: int) -> list[dict[str, Any]]:
    """Return the answers to a batch of `number` calls. Raises BatchTooLarge, NodeError."""
    if not isinstance(answers, list):
        error = answers.get("error") if isinstance(answers, dict) else answers
        is_large = is_about_size(error, whole=True)
        raise (BatchTooLarge if is_large else NodeError)(message_of(error))
    found = [plain(answer) for answer in answers]
    too_large = [one["error"] for one in found if "error" in one and is_about_size(one["error"])]
    if too_large:
        raise BatchTooLarge(message_of(too_large[0]))
    if len(found) != number:
        raise NodeError(f"the node answered {len(found)} of {number} calls of a batch")
    return found


def _read(read: Read, tag: str) -> tuple[RPCEndpoint, Any]:
    return RPCEndpoint("eth_call"), [{"to": read.address, "data": abi.encode(*read.what)}, tag]


def _call(sender: str, to: str, data: str, block: str) -> tuple[RPCEndpoint, Any]:
    return RPCEndpoint("eth_call"), [{"from": sender, "to": to, "data": data}, block]


@lru_cache(maxsize=4)
def _node_of(pid: int, url: str) -> Node:
    return Node(url)


def connect(url: str) -> Node:
    """Return this process's connection to a node; a forked child gets its own."""
    return _node_of(os.getpid(), url)
