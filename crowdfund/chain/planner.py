"""Decide what to send: group queued writes into calls and let the node try them first.

Only reads: it runs before the transaction that signs, so no lock waits for the network.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field

import structlog

from crowdfund.adapters.chain import abi
from crowdfund.adapters.chain.answers import NodeError, Reverted, TooMuchGas
from crowdfund.adapters.chain.errors import NodeUnreachable
from crowdfund.adapters.chain.fees import Fees
from crowdfund.adapters.chain.node import NEXT_BLOCK, Node
from crowdfund.chain import connection, fees, queries, rules
from crowdfund.chain.errors import ChainChanged, FeeAboveLimit, KeyMissing, NotDeployed
from crowdfund.chain.rows import WriteRow
from crowdfund.kernel.db import db, reading

log = structlog.get_logger()
CALLS_PER_ROUND = 50
GAS_MARGIN_PERCENT = 120


@dataclass(frozen=True)
class Call:
    """One transaction to be signed."""

    role: str
    signer: str
    to: str
    data: str
    gas: int
    writes: tuple[WriteRow, ...]


@dataclass(frozen=True)
class Refusal:
    """A write that would revert; `name` of the error, `text` for a person."""

    write: WriteRow
    name: str
    text: str


@dataclass(frozen=True)
class Hold:
    """Writes that are tried again later: `kind` of rules.HOLD_KINDS, `text` for a person."""

    writes: tuple[WriteRow, ...]
    kind: str
    text: str


@dataclass(frozen=True)
class _Tried:
    """A call of all rows of a group, and the node's answer to it."""

    data: str
    answer: int | Reverted | NodeError


@dataclass
class Plan:
    """The node's answers about the queue.

    `problem` is why everything waits, or what is missing here; `too_dear` says that
    the network asks more than the limit, and then nothing is signed.
    """

    calls: list[Call] = field(default_factory=list)
    refusals: list[Refusal] = field(default_factory=list)
    holds: list[Hold] = field(default_factory=list)
    fees: Fees | None = None
    block: int = 0
    gas_limit: int = rules.TX_GAS_CAP
    first_nonces: dict[str, int] = field(default_factory=dict)
    problem: str | None = None
    too_dear: str | None = None
    asked: bool = False
    more: bool = False


def plan() -> Plan:
    """Simulate the queued writes and return what can be signed and what is refused.

    When the node does not answer, everything stays queued for the next tick.
    """
    with reading():
        rows, busy, cursor = queries.queued(), queries.busy_addresses(), queries.cursor()
        known = {row.address for row in queries.signers()}
        db.session.remove()
    made = Plan(asked=bool(rows))
    if not rows:
        return made
    try:
        node = connection.node()
        connection.check_chain(node, cursor)
        market = node.market()
        connection.check_not_behind(market.block, cursor)  # it would refuse what needs the rest
        made.fees, made.block = fees.for_new(market), market.block
        made.gas_limit = min(rules.TX_GAS_CAP, market.gas_limit)
        _fill(made, node, rows, busy)
        for signer in {call.signer for call in made.calls} - known:
            made.first_nonces[signer] = node.nonce(signer, "pending")
    except FeeAboveLimit as error:
        return Plan(asked=True, too_dear=error.user_message)
    except (NodeUnreachable, NodeError, ChainChanged, KeyMissing, NotDeployed) as error:
        log.error("chain.not_sent", error=str(error))
        return Plan(asked=True, problem=str(error))
    return made


def _fill(made: Plan, node: Node, rows: Sequence[WriteRow], busy: set[str]) -> None:
    taken: set[str] = set()
    groups = rules.group(rows)
    made.more = len(groups) > CALLS_PER_ROUND
    groups = _with_code(made, node, groups[:CALLS_PER_ROUND])
    groups = _within_cap(made, node, _signable(made, groups))
    for group, first in zip(groups, _first_try(node, groups), strict=True):
        try:
            call, refused = _try(made, node, list(group), first)
        except NodeError as error:
            # The error is not about the call itself: this group waits, the others continue.
            log.error("chain.not_simulated", contract=group[0].address, error=str(error))
            made.problem = f"The node did not try a call to {group[0].address}: {error}"
            continue
        held, refused = _held(refused)
        made.holds += held
        # While earlier writes to the contract are under way, a refusal may only mean "too early".
        if group[0].address not in busy | taken:
            made.refusals += refused
        if call is not None:
            made.calls.append(call)
            taken.add(call.to)


def _with_code(made: Plan, node: Node, groups: list[list[WriteRow]]) -> list[list[WriteRow]]:
    """Leave out calls to an address without code: they would succeed and do nothing."""
    addresses = {group[0].address for group in groups}
    empty = {address for address in addresses if node.code_hash(address) is None}
    if empty:
        made.problem = f"There is no contract at {', '.join(sorted(empty))}; the node lost state."
    return [group for group in groups if group[0].address not in empty]


def _signable(made: Plan, groups: list[list[WriteRow]]) -> list[list[WriteRow]]:
    """Hold what the admin must sign where the admin's key is not on this machine."""
    try:
        connection.address_of("admin")
    except KeyMissing as error:
        admins = [group for group in groups if group[0].role == "admin"]
        made.holds += [Hold(tuple(group), "key", error.user_message) for group in admins]
        return [group for group in groups if group[0].role != "admin"]
    return groups


def _within_cap(made: Plan, node: Node, groups: list[list[WriteRow]]) -> list[list[WriteRow]]:
    """Hold the records that do not fit into what the recorder may still record today.

    All calls of a round share that room, and a large record that waits holds up no smaller one.
    """
    if not any(group[0].function == rules.CAPPED for group in groups):
        return groups
    factory, recorder = queries.address_of("CampaignFactory"), connection.address_of("recorder")
    room = node.call_number("CampaignFactory", factory, "recorderRoom", recorder, block=NEXT_BLOCK)
    within, over = [], []
    for group in groups:
        fitting = []
        for row in group:
            minor = rules.recorded_minor(row.function, row.args)
            if minor <= room:
                fitting.append(row)
                room -= minor
            else:
                over.append(row)
        within += [fitting] if fitting else []
    if over:
        made.holds.append(Hold(tuple(over), "cap", "RecorderCapReached"))
    return within


def _held(refused: list[Refusal]) -> tuple[list[Hold], list[Refusal]]:
    """Separate refusals that may pass from final ones."""
    later: dict[str, list[Refusal]] = {}
    final = []
    for refusal in refused:
        kind = rules.HOLDS.get(refusal.name)
        if kind:
            later.setdefault(kind, []).append(refusal)
        else:
            final.append(refusal)
    held = [
        Hold(tuple(r.write for r in found), kind, found[0].text) for kind, found in later.items()
    ]
    return held, final


def _first_try(node: Node, groups: Sequence[list[WriteRow]]) -> list[_Tried | None]:
    """Simulate all groups in one round trip; None where a row cannot even be encoded."""
    calls: list[tuple[str, str, str]] = []
    places: list[int] = []
    for place, group in enumerate(groups):
        with suppress(abi.BadArguments):
            signer = connection.address_of(group[0].role)
            calls.append((signer, group[0].address, _encode(group)))
            places.append(place)
    found: list[_Tried | None] = [None] * len(groups)
    for place, call, answer in zip(places, calls, node.estimate_many(calls), strict=True):
        found[place] = _Tried(call[2], answer)
    return found


def _try(
    made: Plan, node: Node, rows: list[WriteRow], tried: _Tried | None
) -> tuple[Call | None, list[Refusal]]:
    """Find the largest call that passes; the rows that prevent it are refused one by one.

    `tried` is the call of all rows together, if they can be encoded. Raises NodeError.
    """
    refused: list[Refusal] = []
    signer = connection.address_of(rows[0].role)
    if tried is None:
        rows = _encodable(rows, refused)
    while rows:
        if tried is None:
            data = _encode(rows)
            tried = _Tried(data, node.estimate_many([(signer, rows[0].address, data)])[0])
        answer = tried.answer
        if isinstance(answer, Reverted):
            _take_out(node, signer, rows, refused, answer)
        elif (gas := _gas(answer, made.gas_limit, alone=len(rows) == 1)) is None:
            _make_smaller(made, rows, refused)
        else:
            first = rows[0]
            return Call(first.role, signer, first.address, tried.data, gas, tuple(rows)), refused
        tried = None
    return None, refused


def _gas(answer: int | NodeError, most: int, *, alone: bool) -> int | None:
    """Return the gas to give a call, with a margin; None if one transaction cannot hold it.

    Raises the NodeError that `answer` is, unless it is about the amount of gas.
    """
    if isinstance(answer, TooMuchGas):
        return None
    if isinstance(answer, NodeError):
        raise answer
    gas = answer * GAS_MARGIN_PERCENT // 100
    if gas <= most:
        return gas
    return most if alone and answer <= most else None


def _make_smaller(made: Plan, rows: list[WriteRow], refused: list[Refusal]) -> None:
    """Keep half of the rows for this call; one row alone that is too large is refused."""
    if len(rows) > 1:
        rows[:] = rows[: len(rows) // 2]
        made.more = True
        return
    text = f"needs more than {made.gas_limit:,} gas, the most that one transaction may have"
    refused.append(Refusal(rows.pop(), "TooMuchGas", text))


def _encodable(rows: list[WriteRow], refused: list[Refusal]) -> list[WriteRow]:
    good = []
    for row in rows:
        try:
            abi.encode(row.contract, row.function, row.args)
            good.append(row)
        except abi.BadArguments as error:
            refused.append(Refusal(row, "BadArguments", str(error)))
    return good


def _encode(rows: Sequence[WriteRow]) -> str:
    first = rows[0]
    if len(rows) == 1 or first.batch is None:
        return abi.encode(first.contract, first.function, first.args)
    return abi.encode(first.contract, first.batch, [[row.args for row in rows]])


def _take_out(
    node: Node, signer: str, rows: list[WriteRow], refused: list[Refusal], error: Reverted
) -> None:
    """Move the rows that a call fails on from `rows` to `refused`; at least one goes."""
    index = rules.bad_row(error.name, error.text)
    if index is not None and index < len(rows):
        name, text = abi.error_of(rules.bad_row_reason(error.text) or "")
        # A cap that is reached at one row is reached for those behind it.
        last = len(rows) if name in rules.HOLDS else index + 1
        refused += [Refusal(row, name, text) for row in rows[index:last]]
        del rows[index:last]
    elif len(rows) == 1 or error.name in rules.HOLDS:
        refused += [Refusal(row, error.name, error.text) for row in rows]
        rows.clear()
    else:
        _try_alone(node, signer, rows, refused)


def _try_alone(node: Node, signer: str, rows: list[WriteRow], refused: list[Refusal]) -> None:
    """Move the rows that fail alone to `refused`; if each passes, half of them stay in the call."""
    answers = node.call_many(signer, [(row.address, _encode([row])) for row in rows])
    passing = []
    for row, answer in zip(rows, answers, strict=True):
        if answer is None:
            passing.append(row)
        else:
            refused.append(Refusal(row, answer.name, answer.text))
    # The batch fails although each row passes: the other half waits for the next round.
    rows[:] = passing if len(passing) < len(rows) else rows[: len(rows) // 2]
