"""Choose what a transaction pays: the price of the newest block, up to the operator's limit."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

import structlog

from crowdfund.adapters.chain.answers import Sent
from crowdfund.adapters.chain.fees import Fees, Market
from crowdfund.chain import queries, service
from crowdfund.chain.errors import FeeAboveLimit
from crowdfund.kernel import config

log = structlog.get_logger()
WEI_PER_GWEI = 10**9


def limit() -> int:
    """Return the most wei per gas that a transaction may offer (CHAIN_MAX_FEE_GWEI)."""
    return int(config.settings().chain_max_fee_gwei * WEI_PER_GWEI)


def for_new(market: Market) -> Fees:
    """Return fees for a new transaction, capped at the limit. Raises FeeAboveLimit."""
    most = limit()
    if market.asks > most:
        raise FeeAboveLimit(_above(market.asks, most))
    wanted = market.fees
    return Fees(min(wanted.cap, most), wanted.tip)


def for_replacement(old: Fees, market: Market) -> Fees:
    """Return fees that replace a waiting transaction on every node and pay what the market asks.

    Both fields are at least 12.5 % above the old ones. Raises FeeAboveLimit.
    """
    most, least, wanted = limit(), old.bumped(), market.fees
    needed = max(least.cap, market.asks)
    if needed > most:
        raise FeeAboveLimit(_above(needed, most))
    tip = None if least.tip is None else max(least.tip, market.tip)
    return Fees(min(max(least.cap, wanted.cap), most), tip)


class Step(StrEnum):
    """What to do about the price of a transaction."""

    WAIT = "wait"
    RESEND = "resend"
    RAISE = "raise"


@dataclass(frozen=True)
class Offer:
    """A transaction as its price sees it.

    `judged_at` is the block whose market its fees were last compared with. `refusal` is why the
    node did not take it, None while the node has it. `is_first`: its signer has no lower nonce
    under way.
    """

    fees: Fees
    judged_at: int
    refusal: str | None
    is_first: bool


def step(offer: Offer, market: Market) -> Step:
    """Decide about a transaction that was refused for its price, or waits for too long.

    Without a new block nothing is decided again: a stopped chain is no reason to pay more.
    """
    if market.block <= offer.judged_at:
        return Step.WAIT
    if offer.refusal == Sent.BELOW_BASE_FEE and market.is_content_with(offer.fees):
        return Step.RESEND
    if offer.refusal is not None:
        return Step.RAISE
    if not market.admits(offer.fees):
        return Step.RAISE
    # A low tip delays only the first; the others wait behind it anyway.
    return Step.RAISE if offer.is_first and not market.is_content_with(offer.fees) else Step.WAIT


def report(problem: str | None) -> None:
    """Show staff that the network asks too much (None: no longer), and log when that changes."""
    cursor = queries.cursor()
    before = cursor.fee_problem if cursor is not None else None
    if problem and not before:
        log.error("chain.fee_above_limit", problem=problem)
    elif before and not problem:
        log.info("chain.fee_below_limit")
    service.report_problem("fee", problem)


def gwei(wei: int) -> str:
    """Return wei as gwei with at most three decimals, rounded up."""
    text = f"{Decimal(-(-wei // 10**6)) / 1000:,.3f}"
    return text.rstrip("0").rstrip(".")


def _above(needed: int, most: int) -> str:
    return (
        f"The network asks {gwei(needed)} gwei per unit of gas, the limit is {gwei(most)} gwei "
        "(CHAIN_MAX_FEE_GWEI)."
    )
