"""Many effects asked for at once: each once, none instead of another, one wake-up for all."""

import pytest
import sqlalchemy as sa

from crowdfund.chain import queries, rules, service
from crowdfund.chain.errors import IntentConflict
from crowdfund.kernel import outbox
from crowdfund.kernel.db import commit, db, rollback
from tests.counting import statements

ADDRESS = "0x" + "5" * 40


def effect(number, *, minor=100):
    intent = f"investment:{number}"
    args = [rules.intent_bytes32(intent), rules.intent_bytes32("key"), rules.to_units(minor)]
    return service.Effect(
        intent,
        "CampaignImplementation",
        "recordInvestment",
        args,
        ("investment", str(number)),
        address=ADDRESS,
        batch="recordInvestments",
    )


def wake_ups():
    kind = outbox.outbox_table.c.kind
    query = sa.select(sa.func.count()).where(kind == "chain.sign")
    return db.session.scalar(query)


def test_each_effect_is_asked_for_once_and_returned_in_order(app):
    first = service.write_many([effect(2), effect(1)])
    again = service.write_many([effect(1), effect(3), effect(2)])
    commit()
    assert [row.intent_id for row in again] == ["investment:1", "investment:3", "investment:2"]
    assert [again[2].id, again[0].id] == [row.id for row in first]
    assert len(queries.queued()) == 3
    assert [len(queries.history(row.id)) for row in again] == [1, 1, 1]


@pytest.mark.parametrize("before", [[effect(1)], []], ids=["asked for before", "in one call"])
def test_another_call_under_the_same_intent_is_refused_and_nothing_is_asked_for(app, before):
    service.write_many(before)
    commit()
    with pytest.raises(IntentConflict):
        service.write_many([effect(2), effect(1), effect(1, minor=200)])
    rollback()
    assert len(queries.queued()) == len(before)


def test_a_transaction_wakes_the_chain_worker_once(app):
    service.write_many([effect(1), effect(2)])
    service.write_many([effect(3)])
    commit()
    assert wake_ups() == 1
    service.write_many([effect(4)])
    commit()
    assert wake_ups() == 2


def test_after_a_rollback_the_chain_worker_is_woken_all_the_same(app):
    service.write_many([effect(1)])
    rollback()
    service.write_many([effect(1)])
    commit()
    assert wake_ups() == 1


def test_many_effects_take_no_more_statements_than_two(app):
    def sent(numbers):
        with statements() as found:
            service.write_many([effect(number) for number in numbers])
        commit()
        return len(found)

    assert sent(range(2)) == sent(range(2, 50))
