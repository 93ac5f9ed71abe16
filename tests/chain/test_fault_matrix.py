"""Every call that the platform makes, under every fault: one effect, and books equal to the chain.

The calls are the rows of `fault_calls`; a function of a contract without a row is an error.
"""

import json
from pathlib import Path

import pytest

from crowdfund.adapters.chain import abi
from crowdfund.chain import connection, deploy, queries, rules
from crowdfund.chain.models import Event
from crowdfund.kernel.db import db

from .conftest import look_after, settle
from .fault_calls import CALLS, CAMPAIGN, NOT_OURS
from .fault_town import Town
from .faults import FAULTS, Cell

ARTIFACTS = Path(__file__).parents[2] / "contracts" / "artifacts"
EVERYDAY = 4  # one cell in so many of the calls to campaigns, each fault with other calls


def _cells():
    """Yield each call with each fault; most, and all of contracts that few call, for long runs."""
    for row, call in enumerate(CALLS):
        for column, (name, fault) in enumerate(FAULTS.items()):
            often = call.contract == CAMPAIGN and (row + column) % EVERYDAY == 0
            marks = () if often else pytest.mark.chaos
            yield pytest.param(call, fault, id=f"{call.name}-{name}", marks=marks)


# --- the cells ------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def _towns():
    return {}


@pytest.fixture
def town(app, listening, database_kind, tmp_path_factory, _towns):
    if database_kind != "sqlite":
        pytest.skip("a cell begins with the copy of a SQLite file")
    if not _towns:
        _towns["town"] = Town(tmp_path_factory.mktemp("town")).build()
    return _towns["town"]


@pytest.fixture
def cell(request, town, later, listening, tmp_path, monkeypatch):
    node = town.copy_to(tmp_path)
    made = Cell(request.param, town, node, later, monkeypatch)
    _bring_about(made)
    listening.clear()
    yield made
    node.stop()


def _bring_about(cell):
    for call in CALLS:
        if call.name == cell.call.given:
            Cell(call, cell.town, cell.node, cell.later, cell.monkeypatch).ask()
            settle()


@pytest.mark.parametrize(("cell", "fault"), _cells(), indirect=["cell"])
def test_a_call_under_a_fault_has_one_effect_and_leaves_no_drift(cell, fault, listening):
    before = cell.shown()
    if cell.call.before is not None:
        assert before == cell.call.before
    fault(cell)
    look_after()
    look_after()
    assert cell.statuses() == {"confirmed"}
    assert cell.shown() == (before + cell.call.grows if cell.call.grows else cell.call.after)
    told = [payload["intent_id"] for event, payload in listening if event == "chain.confirmed"]
    assert sorted(told) == sorted(cell.intents)
    assert _effects(cell) == cell.call.rows
    assert drift(cell) == []


def _logs(cell, addresses):
    """Return what these contracts have announced since the town was left."""
    node = connection.node()
    return node.logs(cell.town.height + 1, node.head().number, addresses)


def _effects(cell):
    """Return how often the call's own event is on chain, by its arguments."""
    contract, found = cell.call.contract, 0
    for log in _logs(cell, [cell.call.address(cell.town)]):
        event, args = abi.decode_log(contract, log.topics, log.data) or ("", {})
        wanted = [cell.arguments(number) for number in range(cell.call.rows)]
        found += sum(rules.is_effect(cell.call.function, one, event, args) for one in wanted)
    return found


def drift(cell):
    """Return how books and chain differ: events, nonces, codes of the contracts."""
    addresses = [row.address for row in queries.contracts()]
    on_chain = sorted((log.tx_hash, log.index) for log in _logs(cell, addresses))
    query = db.select(Event.__table__).where(Event.block_number > cell.town.height)
    rows = db.session.execute(query.where(Event.status != "orphaned")).all()
    found = []
    if sorted((row.tx_hash, row.log_index) for row in rows) != on_chain:
        found.append("events")
    if {row.status for row in rows} != {"applied"}:
        found.append("events that are not final")
    node = connection.node()
    found += [
        f"nonce of {signer.role}"
        for signer in queries.signers()
        if signer.next_nonce != node.nonce(signer.address, "pending")
    ]
    found += queries.nonce_problems() + deploy.compare(node)
    db.session.remove()
    return found


# --- nothing is left out --------------------------------------------------------------------------


def changing():
    """Return every function of every contract that changes something."""
    for path in sorted(ARTIFACTS.glob("*.json")):
        for part in json.loads(path.read_text())["abi"]:
            if part["type"] == "function" and part["stateMutability"] not in ("view", "pure"):
                yield part["name"]


def test_every_function_that_changes_a_contract_has_a_row_or_a_reason():
    ours = {call.function for call in CALLS} | {call.batch for call in CALLS if call.batch}
    assert ours | set(NOT_OURS) == set(changing())
    assert not ours & set(NOT_OURS)


def test_every_effect_that_the_platform_recognises_has_a_row():
    ours = {call.function for call in CALLS}
    assert set(rules.EFFECTS) - ours <= set(NOT_OURS)
    assert ours <= set(rules.EFFECTS)
