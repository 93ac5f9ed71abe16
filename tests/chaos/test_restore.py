"""The database and the files are destroyed and restored; the bank and the chain remember more."""

import json
import shutil
from itertools import count

import pytest

from crowdfund.kernel.db import commit
from crowdfund.ledger import queries as ledger
from crowdfund.ledger import rules as ledger_rules
from crowdfund.local import prepare
from crowdfund.local.datadir import DataDir
from crowdfund.payments.service import resolving

from .conftest import MONEY, a_stack
from .town import Town

PEOPLE, TIMES, EACH = 5, 2, 100_00


@pytest.fixture
def destroyed(tmp_path, template):
    """A town that was backed up, went on, and lost its database; what it was, and its ports."""
    folder, backup = tmp_path / "town", tmp_path / "backup"
    with a_stack(folder, template, only=MONEY, web_processes=1) as first:
        town = Town(first)
        town.control("settings", settle_delay_s=0)
        campaign, people = town.raise_money(), town.investors(PEOPLE)
        town.pay(town.invest(people, campaign, times=TIMES, minor=EACH))
        town.until_confirmed(campaign, PEOPLE * TIMES)
        first.flask("backup", str(backup))
        town.pay(town.invest(people, campaign, times=TIMES, minor=EACH))
        town.until_confirmed(campaign, 2 * PEOPLE * TIMES)
        ports, env = dict(first.ports), dict(first.env)
    for path in folder.glob("crowdfund.db*"):
        path.unlink()
    shutil.rmtree(folder / "files")
    return folder, backup, campaign, ports, env


def test_what_was_paid_after_the_backup_is_found_and_given_to_its_owners(destroyed):
    folder, backup, campaign, ports, env = destroyed
    prepare.flask(DataDir.at(folder), env, "restore", str(backup))
    since = json.loads((backup / "manifest.json").read_text())["made_at"]
    with a_stack(folder, None, ports=ports, only=MONEY, web_processes=1) as second:
        town = Town(second, numbers=count(1_000))  # new people and forms
        second.flask("reconcile", "bank", "--since", since)
        query = "SELECT id, amount_minor, user_id FROM payment_exception WHERE kind = ?"
        found = town.rows(query, "unknown_reference")
        assert [amount for _id, amount, _user in found] == [EACH] * (PEOPLE * TIMES)
        with town.inside():
            for exception_id, *_rest in found:
                resolving.resolve(
                    exception_id, "credit", actor="finance", reason="seen at the bank"
                )
                commit()
            for user_id in {user for *_rest, user in found}:
                assert ledger.balance(ledger_rules.user_wallet(user_id)) == TIMES * EACH
            assert ledger.balance(ledger_rules.escrow(campaign.id)) == PEOPLE * TIMES * EACH
            assert sum(row.balance_minor for row in ledger.accounts(size=1_000).rows) == 0
        second.flask("selfcheck", "--all", "--no-chain")
        again = town.invest(town.investors(1), campaign, minor=EACH)
        town.pay(again)
        town.until_confirmed(campaign, PEOPLE * TIMES + 1)
        second.flask("selfcheck", "--no-chain")
