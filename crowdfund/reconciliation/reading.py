"""Read contracts from the node: state by views, the factory's contracts by its events.

Only jobs and commands import this: it brings web3, which a web process never loads.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from crowdfund.adapters.chain import abi
from crowdfund.adapters.chain.answers import NodeError, Reverted
from crowdfund.adapters.chain.errors import NodeUnreachable
from crowdfund.adapters.chain.node import Node
from crowdfund.adapters.chain.values import Read
from crowdfund.campaigns.rules import terms
from crowdfund.chain import connection
from crowdfund.chain import queries as chain
from crowdfund.chain import rules as chain_rules
from crowdfund.chain.errors import ChainChanged, NotDeployed
from crowdfund.investments import rules as investments
from crowdfund.kernel import config
from crowdfund.kernel.db import db, reading
from crowdfund.reconciliation import queries
from crowdfund.reconciliation.rules import comparing
from crowdfund.reconciliation.rules.comparing import Contract, Detail, Difference, Findings

CONTRACT = "CampaignImplementation"
VIEWS = ("status", "fiatTotal", "tokenTotal", "releases")
BLOCKS_AT_ONCE = 5_000
NODE_ERRORS = (NodeUnreachable, NodeError, ChainChanged, NotDeployed)


@dataclass(frozen=True)
class Places:
    """Where the two contracts are that all campaigns share."""

    factory: str
    escrow: str


def compare_all(*, whole: bool = False) -> Findings:
    """Compare every contract of our factory with the books; if anything differs, once more.

    Between reading one side and the other, work continues: only what differs both times counts.
    With `whole` the factory's events are read from its first block on, else from the last time.
    """
    try:
        found = _compare(whole=whole)
        if found.differences:
            before = {(one.kind, one.address) for one in found.differences}
            found = _compare(whole=whole)
            again = [one for one in found.differences if (one.kind, one.address) in before]
            found.differences = again
        differing = {one.campaign_id for one in found.differences if one.campaign_id}
        found.details = {campaign_id: detail(campaign_id) for campaign_id in sorted(differing)}
    except NODE_ERRORS as error:
        return Findings(failure=str(error)[:500])
    return found


def _compare(*, whole: bool) -> Findings:
    with reading():
        cursor, books, places = chain.cursor(), queries.books(), _places()
        first = _first_block(places.factory)
        known, since = ([], first) if whole else _known(first)
        needed_s = _needed_grace_s()
        db.session.remove()
    node = connection.node()
    connection.check_chain(node, cursor)
    block = _confirmed_block(node)
    made = list(dict.fromkeys([*known, *_made_by(node, places.factory, since, block)]))
    addresses = list(dict.fromkeys([*(one.address for one in books), *made]))
    contracts = _contracts(node, block, addresses, places=places, made=made)
    campaign_of = {one.address: one.campaign_id for one in books}
    unknown = _not_being_made(node, block, [one for one in made if one not in campaign_of])
    found = Findings(block=block, contracts=contracts, campaign_of=campaign_of)
    for one in books:
        found.differences += comparing.differences(one, contracts[one.address])
    found.differences += [comparing.unknown(contracts[address]) for address in unknown]
    found.differences += _settings(node, places.factory, needed_s)
    found.amount_minor = sum(_minor(one.total_units) for one in contracts.values())
    return found


def _needed_grace_s() -> int:
    """Return for how long after the deadline contracts have to record payments."""
    return queries.most_grace_days() * 86_400 + int(terms.RECORDING_MARGIN.total_seconds())


def _first_block(factory: str) -> int:
    return next((row.from_block for row in chain.contracts() if row.address == factory), 0)


def _not_being_made(node: Node, block: int, addresses: Sequence[str]) -> list[str]:
    """Return the contracts of no campaign, less those of campaigns that are being deployed."""
    with reading():
        coming = {chain_rules.intent_bytes32(one) for one in queries.deploying()}
        db.session.remove()
    names = _read(node, block, [Read(CONTRACT, address, "campaignId") for address in addresses])
    return [address for address, name in zip(addresses, names, strict=True) if name not in coming]


def _places() -> Places:
    return Places(chain.address_of("CampaignFactory"), chain.address_of("FundEscrow"))


def _confirmed_block(node: Node) -> int:
    """Return the newest block with enough confirmations. Raises NodeError if the node is behind."""
    with reading():
        cursor = chain.cursor()
        db.session.remove()
    head = node.head().number
    connection.check_not_behind(head, cursor)
    return max(head - config.settings().chain_confirmations + 1, 0)


def _read(node: Node, block: int, reads: Sequence[Read]) -> list[Any]:
    """Read views as of a block; by number only where more than one confirmation is needed.

    A node without old state can answer for its newest block alone.
    """
    return node.read_many(reads, block=block if config.settings().chain_confirmations > 1 else None)


def _known(first: int) -> tuple[list[str], int]:
    """Return the contracts that are known, and the block from which to look for more."""
    last = queries.last_comparison()
    if last is None:
        return [], first
    since = (last.block_number or 0) - chain_rules.REORG_WINDOW
    return queries.own_contracts(), max(first, since)


def _made_by(node: Node, factory: str, first: int, last: int) -> list[str]:
    """Return every contract that the factory has made, by its own events."""
    made = []
    for start in range(first, last + 1, BLOCKS_AT_ONCE):
        for entry in node.logs(start, min(start + BLOCKS_AT_ONCE - 1, last), [factory]):
            decoded = abi.decode_log("CampaignFactory", entry.topics, entry.data)
            if decoded and decoded[0] == "CampaignCreated":
                made.append(str(decoded[1]["campaign"]))
    return list(dict.fromkeys(made))


def _contracts(
    node: Node, block: int, addresses: Sequence[str], *, places: Places, made: Iterable[str]
) -> dict[str, Contract]:
    reads = [Read(CONTRACT, address, view) for address in addresses for view in VIEWS]
    reads += [Read("FundEscrow", places.escrow, "balanceOf", (address,)) for address in addresses]
    values = _read(node, block, reads)
    ours, balances = set(made), values[len(addresses) * len(VIEWS) :]
    found = {}
    for place, address in enumerate(addresses):
        answers = [*values[place * len(VIEWS) : (place + 1) * len(VIEWS)], balances[place]]
        found[address] = _contract(address, answers, factory_knows=address in ours)
    return found


def _contract(address: str, answers: Sequence[Any], *, factory_knows: bool) -> Contract:
    refused = next((one for one in answers if isinstance(one, Reverted)), None)
    if refused is not None:
        return Contract(address, factory_knows=factory_knows, problem=refused.text)
    status, fiat, token, releases, held = answers
    name = comparing.CONTRACT_STATES[status]
    return Contract(
        address, name, fiat, token, held, releases=releases, factory_knows=factory_knows
    )


def _settings(node: Node, factory: str, needed_s: int) -> list[Difference]:
    implementation = str(node.call("CampaignFactory", factory, "implementation"))
    contract_s = node.call_number(CONTRACT, implementation, "SETTLEMENT_GRACE")
    found = comparing.settings_difference(implementation, contract_s=contract_s, needed_s=needed_s)
    return [found] if found else []


def _minor(units: int) -> int:
    return units // chain_rules.to_units(1)


# --- one campaign ---------------------------------------------------------------------------------


def compare_campaign(campaign_id: str) -> Findings:
    """Compare one campaign with its contract, to the single investment."""
    with reading():
        books = queries.books(campaign_id)
        db.session.remove()
    if not books:
        return Findings(failure="This campaign has no contract.")
    address = books[0].address
    try:
        with reading():
            cursor, places = chain.cursor(), _places()
            db.session.remove()
        node = connection.node()
        connection.check_chain(node, cursor)
        block = _confirmed_block(node)
        found = Findings(block=block, campaign_of={address: campaign_id})
        reference = chain_rules.intent_bytes32(campaign_id)
        known = str(node.call("CampaignFactory", places.factory, "campaignOf", reference))
        ours = [address] if known.lower() == address.lower() else []
        found.contracts = _contracts(node, block, [address], places=places, made=ours)
        found.differences = comparing.differences(books[0], found.contracts[address])
        found.details = {campaign_id: detail(campaign_id)}
    except NODE_ERRORS as error:
        return Findings(failure=str(error)[:500])
    return found


def detail(campaign_id: str) -> Detail:
    """Ask the contract for every investment of a campaign by its payment reference."""
    with reading():
        rows = queries.investment_marks(campaign_id)
        cursor, address = chain.cursor(), queries.books(campaign_id)[0].address
        db.session.remove()
    node = connection.node()
    connection.check_chain(node, cursor)
    references = [chain_rules.intent_bytes32(investments.reference(row.id)) for row in rows]
    reads = [Read(CONTRACT, address, "intentUsed", (reference,)) for reference in references]
    used = _read(node, _confirmed_block(node), reads)
    found = Detail(missing=[], extra=[])
    for row, answer in zip(rows, used, strict=True):
        is_there = answer is True  # else the view was refused
        if row.is_in and not is_there:
            found.missing.append(row.id)
        elif not row.is_in and not row.has_tx and is_there:
            found.extra.append(row.id)
    return found
