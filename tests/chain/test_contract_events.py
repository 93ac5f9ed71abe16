"""Every event of our contracts is heard, or ignored for a reason that is written down."""

import importlib
import json

import pytest

from crowdfund.adapters.chain import abi
from crowdfund.chain import contract_events, rules
from crowdfund.kernel import outbox

PAIRS = [
    (contract, item["name"])
    for contract in abi.names()
    for item in json.loads((abi.ARTIFACTS / f"{contract}.json").read_text())["abi"]
    if item["type"] == "event"
]


@pytest.mark.parametrize(("contract", "event"), PAIRS)
def test_every_event_of_every_contract_has_a_row(contract, event):
    row = contract_events.EVENTS[contract][event]
    if isinstance(row, contract_events.Ignored):
        assert len(row.why) > 15
    else:
        assert row.by or row.confirmed


def test_no_row_is_about_an_event_that_no_contract_has():
    assert {(c, e) for c, events in contract_events.EVENTS.items() for e in events} == set(PAIRS)


def test_who_hears_is_who_the_table_names(app):
    told = {
        (contract, event): sorted(row.by)
        for contract, events in contract_events.EVENTS.items()
        for event, row in events.items()
        if isinstance(row, contract_events.Handled) and row.by
    }
    assert {pair: sorted(set(names)) for pair, names in contract_events.SUBSCRIBED.items()} == told


def test_a_hearer_is_woken_by_the_outbox(app):
    kinds = outbox.SUBSCRIBERS["chain.event"]
    for names in contract_events.SUBSCRIBED.values():
        for name in names:
            module, function = name.rsplit(".", 1)
            assert f"chain.event>{module.split('.')[-2]}.{function}" in kinds


def test_what_is_heard_by_the_confirmation_of_our_write_is_the_effect_of_one(app):
    effects = {event for event, _repeated in rules.EFFECTS.values()} | {
        "LockAcquired",
        "FiatNotConfirmed",
    }
    for events in contract_events.EVENTS.values():
        for event, row in events.items():
            if isinstance(row, contract_events.Handled) and row.confirmed:
                assert event in effects, event
                importlib.import_module(f"crowdfund.{row.confirmed}")
                feature = row.confirmed.split(".")[0]
                assert any(f">{feature}." in kind for kind in outbox.SUBSCRIBERS["chain.confirmed"])
