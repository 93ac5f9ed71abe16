"""Read the chain: find where our copy still agrees, fetch what follows, check that it is one chain.

Only reads: it runs before the transaction that applies what it found.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
import structlog

from crowdfund.adapters.chain import abi as chain_abi
from crowdfund.adapters.chain.answers import NodeError
from crowdfund.adapters.chain.errors import NodeUnreachable
from crowdfund.adapters.chain.node import Node
from crowdfund.adapters.chain.values import Header, Log, Receipt
from crowdfund.chain import connection, queries, rules
from crowdfund.chain.errors import ChainChanged
from crowdfund.chain.models import Block, Tx
from crowdfund.chain.rows import CursorRow
from crowdfund.kernel.db import db, reading

log = structlog.get_logger()
BLOCKS_PER_ROUND = 100
# Behind one address there may be several nodes, some a few blocks late. Asked for a range, such a
# node leaves out the logs of blocks that it lacks; asked for a block by its hash, it says so.
NEAR_HEAD = 16
_B, _T = Block.__table__, Tx.__table__


@dataclass(frozen=True)
class Found:
    """A decoded log of a watched contract."""

    log: Log
    contract: str
    event: str
    args: dict[str, Any]
    ordinal: int


@dataclass
class Scan:
    """What the chain has after `fork`, the last block that both agree on."""

    cursor: CursorRow
    fork: int = 0
    head: int = 0
    blocks: list[Header] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    spawned: list[tuple[str, str, int]] = field(default_factory=list)
    problem: str | None = None

    @property
    def last(self) -> int:
        """Return the number of the last block after this scan."""
        return self.blocks[-1].number if self.blocks else self.fork


class Moving(Exception):
    """The chain was reorganised between two reads; the next round sees it whole."""


class Lagging(Exception):
    """The node has none of the newest blocks that were read, and no others in their place.

    `is_usual` while it is only a few blocks late, as one node of several often is for a moment.
    """

    def __init__(self, number: int, agreed: int | None) -> None:
        has = "none of the stored ones" if agreed is None else str(agreed)
        super().__init__(
            f"The node is behind: blocks were read up to {number}, and it has {has}. Nothing is "
            "undone; reading goes on when it has caught up."
        )
        self.is_usual = agreed is not None and number - agreed <= NEAR_HEAD


def scan() -> Scan | None:
    """Read the next blocks; None when nothing was deployed yet or the chain is moving.

    A node that is behind what was read undoes nothing: a real fork has other blocks in the place of
    ours, and it is followed as soon as the node shows one of them.
    """
    with reading():
        cursor = queries.cursor()
        db.session.remove()
    if cursor is None:
        return None
    made = Scan(cursor=cursor, fork=cursor.number, head=cursor.head)
    try:
        node = connection.node()
        connection.check_chain(node, cursor)
        made.head = node.head().number
        made.fork = _fork(node, cursor.number)
        if made.head > made.fork:
            _read(made, node)
    except Moving:
        return None
    except Lagging as error:
        log.info("chain.behind", error=str(error))
        # If it stays so, the reader's missing heartbeat is reported.
        return None if error.is_usual else _problem(cursor, error)
    except (NodeUnreachable, NodeError, ChainChanged) as error:
        log.error("chain.not_read", error=str(error))
        return _problem(cursor, error)
    return made


def _problem(cursor: CursorRow, error: Exception) -> Scan:
    return Scan(cursor=cursor, fork=cursor.number, head=cursor.head, problem=str(error))


def _fork(node: Node, number: int) -> int:
    """Return the highest block that the node still has under the hash that we stored.

    Raises ChainChanged, Lagging.
    """
    with reading():
        stored = sa.select(_B.c.number, _B.c.hash).order_by(_B.c.number.desc())
        newest = db.session.execute(stored.limit(1)).first()
        db.session.remove()
    if newest is None or _hash(node, newest.number) == newest.hash:
        return number
    with reading():
        ours: dict[int, str] = {row.number: row.hash for row in db.session.execute(stored)}
        db.session.remove()
    theirs: dict[int, str] = {}
    agreed = _last_agreed(node, ours, theirs)
    is_fork = any(theirs[number] != ours[number] for number in theirs)
    # A development node that forgot its newest blocks makes no others before it is asked to.
    if not is_fork and not connection.is_local(node):
        raise Lagging(number, agreed)
    if agreed is None:
        raise ChainChanged(
            f"The node no longer has any of the last {len(ours)} blocks that were read "
            f"(up to {number}): it serves another chain, or lost more than can be followed."
        )
    return agreed


def _last_agreed(node: Node, ours: dict[int, str], theirs: dict[int, str]) -> int | None:
    """Return the highest block that the node has too, searching in growing steps.

    Adds the hashes that the node has for our numbers to `theirs`.
    """
    numbers = sorted(ours, reverse=True)
    step, start = 1, 0
    while start < len(numbers):
        part = numbers[start : start + step]
        theirs |= {block.number: block.hash for block in node.blocks(reversed(part))}
        agreed = [n for n in part if theirs.get(n) == ours[n]]
        if agreed:
            return max(agreed)
        start, step = start + step, min(step * 4, 64)
    return None


def _hash(node: Node, number: int) -> str | None:
    block = node.block(number)
    return block.hash if block else None


def _read(made: Scan, node: Node) -> None:
    last = min(made.head, made.fork + BLOCKS_PER_ROUND)
    with reading():
        watched = {row.address: row.abi for row in queries.contracts()}
        parent = db.session.scalar(sa.select(_B.c.hash).where(_B.c.number == made.fork))
        db.session.remove()
    made.blocks = node.blocks(range(made.fork + 1, last + 1))
    if len(made.blocks) != last - made.fork:
        raise Moving
    for block in made.blocks:
        if parent is not None and block.parent != parent:
            raise Moving
        parent = block.hash
    logs = _logs(made, node, watched)
    _check_hashes(made.blocks, logs)
    made.found = _decode(logs, watched)
    made.receipts = _receipts(made, node)


def _logs(made: Scan, node: Node, watched: dict[str, str]) -> list[Log]:
    """Read the logs of watched contracts, and of those which these very blocks create."""
    logs = _logs_at(made, node, list(watched))
    fresh: list[str] = []
    for entry in logs:
        for address, abi in _spawned(watched, entry):
            made.spawned.append((address, abi, entry.block_number))
            watched[address] = abi
            fresh.append(address)
    more = _logs_at(made, node, fresh) if fresh else []
    return sorted([*logs, *more], key=lambda entry: (entry.block_number, entry.index))


def _logs_at(made: Scan, node: Node, addresses: list[str]) -> list[Log]:
    """Return the logs of addresses in the blocks of a scan."""
    old = [block for block in made.blocks if block.number <= made.head - NEAR_HEAD]
    logs = node.logs(old[0].number, old[-1].number, addresses) if old else []
    return logs + node.logs_of(made.blocks[len(old) :], addresses)


def _spawned(watched: dict[str, str], entry: Log) -> Iterable[tuple[str, str]]:
    if not any(contract == watched[entry.address] for contract, _event in rules.SPAWNS):
        return
    decoded = chain_abi.decode_log(watched[entry.address], entry.topics, entry.data)
    rule = rules.SPAWNS.get((watched[entry.address], decoded[0])) if decoded else None
    if decoded and rule and decoded[1][rule[0]] not in watched:
        yield decoded[1][rule[0]], rule[1]


def _check_hashes(blocks: list[Header], logs: list[Log]) -> None:
    hashes = {block.number: block.hash for block in blocks}
    if any(hashes.get(entry.block_number) != entry.block_hash for entry in logs):
        raise Moving


def _decode(logs: list[Log], watched: dict[str, str]) -> list[Found]:
    found: list[Found] = []
    ordinals: dict[str, int] = {}
    for entry in logs:
        # The place within its transaction stays when the block changes; the log index does not.
        ordinal = ordinals.get(entry.tx_hash, 0)
        ordinals[entry.tx_hash] = ordinal + 1
        abi = watched[entry.address]
        decoded = chain_abi.decode_log(abi, entry.topics, entry.data)
        if decoded is not None:
            args = {name: rules.safe_ints(value) for name, value in decoded[1].items()}
            found.append(Found(entry, abi, decoded[0], args, ordinal))
    return found


def _receipts(made: Scan, node: Node) -> list[Receipt]:
    """Fetch the receipts of our own transactions in these blocks."""
    where = {tx: block.hash for block in made.blocks for tx in block.transactions}
    with reading():
        ours = _ours(list(where))
        db.session.remove()
    receipts = node.receipts(ours)
    if any(r is None or r.block_hash != where[r.hash] for r in receipts):
        raise Moving
    return [r for r in receipts if r is not None]


def _ours(hashes: list[str]) -> list[str]:
    found: list[str] = []
    for start in range(0, len(hashes), 500):
        query = sa.select(_T.c.hash).where(_T.c.hash.in_(hashes[start : start + 500]))
        found += db.session.scalars(query)
    return found
