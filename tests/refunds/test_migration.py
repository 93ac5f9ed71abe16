"""Refunds from before the upgrade: they can be sent back too, and nobody is reminded of them."""

import importlib.util
from pathlib import Path

import sqlalchemy as sa
from alembic.migration import MigrationContext
from alembic.operations import Operations

from crowdfund.investments.service import cancelling
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.outbox import outbox_table
from crowdfund.payments import queries as payments
from crowdfund.payments.service import resolving
from crowdfund.refunds.models import Refund
from tests.refunds.test_back import place_from_wallet

FILE = Path(__file__).parents[2] / "migrations" / "versions" / "0032_refunds.py"
FACTS = ("key", "user_id", "source_kind", "source_id", "gateway", "tx_id", "amount_minor")


def note_earlier_refunds():
    spec = importlib.util.spec_from_file_location("migration_0032", FILE)
    migration = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(migration)
    rollback()
    with Operations.context(MigrationContext.configure(db.session.connection())):
        migration._note_earlier_refunds()
    commit()


def facts():
    rollback()
    rows = db.session.execute(sa.select(*(Refund.__table__.c[name] for name in FACTS)))
    return sorted(map(tuple, rows))


def test_what_went_to_wallets_before_the_upgrade_is_noted_and_can_go_back(world):
    world.refunded()
    late = world.place(key="form-key-2")
    payment_id = world.investment(late).payment_id
    world.later(hours=25)
    world.pay(payment_id)
    (found,) = payments.exceptions_of(payment_id)
    fin = world.people["fin"]
    world.do(resolving.resolve, found.id, "credit", actor=fin, reason="For this test.")
    world.work()
    from_wallet = world.do(place_from_wallet, world, 400_00)
    world.work()
    world.do(cancelling.cancel_paid, from_wallet, user_id=world.people["charlie"])
    world.work()
    before = facts()
    assert len(before) == 2
    told = world.reminders()
    db.session.execute(sa.delete(Refund))
    db.session.execute(sa.delete(outbox_table).where(outbox_table.c.kind == "refunds.remind"))
    commit()
    note_earlier_refunds()
    assert facts() == before
    world.later(days=60)
    assert world.reminders() == told
    for refund in world.refunds():
        world.bank_ends(world.sent(refund))
    assert world.purse() == (0, 0)
    assert world.problems() == []
