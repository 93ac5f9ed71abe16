"""What gas costs: the fees of a transaction, and what the newest block asks. Pure arithmetic."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crowdfund.adapters.chain.decoding import number_of, readable

# Geth, Besu, Erigon and Nethermind take a replacement at 10 % more, Parity's heirs at 12.5 %.
# All of them compare both fields.
BUMP_PER_MILLE = 125


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

    def bumped(self) -> "Fees":
        """Return the lowest fees that replace these on every node: 12.5 % more on both fields."""
        tip = None if self.tip is None else _raised(self.tip)
        return Fees(_raised(self.cap), tip)


@dataclass(frozen=True)
class Market:
    """What the chain asks at a block: wei per gas, and how much gas a block may hold.

    `base` is None on a chain without base fee; then `price` is the node's gas price.
    """

    block: int
    base: int | None
    tip: int
    price: int
    gas_limit: int

    @property
    def asks(self) -> int:
        """Return the lowest cap with which a transaction is worth including now."""
        return self.price if self.base is None else self.base + self.tip

    @property
    def fees(self) -> Fees:
        """Return fees that stay good for about six full blocks (the base fee may double)."""
        if self.base is None:
            return Fees(self.price, None)
        return Fees(2 * self.base + self.tip, self.tip)

    def admits(self, fees: Fees) -> bool:
        """Return whether a transaction with these fees may be in the next block at all."""
        return self.base is None or fees.cap >= self.base

    def is_content_with(self, fees: Fees) -> bool:
        """Return whether these fees pay what the market asks."""
        if self.base is None:
            return fees.cap >= self.price
        paid = fees.cap - self.base
        return paid >= self.tip and (fees.tip is None or fees.tip >= self.tip)


def _raised(wei: int) -> int:
    """Return 12.5 % more, rounded up, and at least one wei more."""
    return max(wei + 1, -(-wei * (1000 + BUMP_PER_MILLE) // 1000))


@readable()
def tip_of(suggested: Mapping[str, Any], history: Mapping[str, Any], rest: int) -> int:
    """Return the priority fee: what the node suggests, else what the last blocks paid.

    Both are answers of JSON-RPC; `rest` is the fee if neither names one.
    """
    if suggested.get("result"):
        return number_of(suggested["result"])
    rewards = (history.get("result") or {}).get("reward") or []
    paid = sorted(int(reward[0], 16) for reward in rewards if reward)
    paid = [wei for wei in paid if wei]
    return paid[len(paid) // 2] if paid else max(rest, 1)
