"""Random money programmes against a model that is a plain dict."""

from collections import defaultdict

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from crowdfund.kernel.db import db, rollback
from crowdfund.kernel.errors import Conflict
from crowdfund.ledger import queries, rules
from crowdfund.ledger.rules import Draft, Posting
from crowdfund.ledger.service import holds as holds_service
from crowdfund.ledger.service import posting

WORLD = rules.external("bill_bitts")
ACCOUNTS = (
    WORLD,
    rules.clearing("bill_bitts"),
    rules.escrow("c1"),
    rules.user_wallet("a"),
    rules.PLATFORM_FEE,
)
BOUNDED = ACCOUNTS[1:]
amounts = st.one_of(st.integers(1, 300), st.integers(1, 10**9))
currencies = st.sampled_from(["ETB", "ETB", "ETB", "USD"])
moves = st.tuples(st.permutations(ACCOUNTS).map(lambda names: names[:2]), amounts).map(
    lambda pair: Posting(*pair[0], pair[1])
)
several = st.lists(moves, min_size=1, max_size=4).map(tuple)


class Programme(RuleBasedStateMachine):
    """One transaction for the run, a savepoint for each step; the model says what must result."""

    entries, holds = Bundle("entries"), Bundle("holds")

    @initialize()
    def open_books(self):
        rollback()
        self.balance, self.held = defaultdict(int), defaultdict(int)
        self.reversed, self.hold_state, self.count = {}, {}, 0

    def key(self):
        self.count += 1
        return f"k{self.count}"

    def fits(self, drafts):
        """Return the balances after some drafts, or None if one would be under its floor."""
        change = defaultdict(int)
        for draft in drafts:
            for move in draft.postings:
                change[move.source, draft.currency] -= move.amount_minor
                change[move.destination, draft.currency] += move.amount_minor
        for place, delta in change.items():
            if delta < 0 and place[0] != WORLD and self.balance[place] + delta < self.held[place]:
                return None
        return {place: self.balance[place] + delta for place, delta in change.items()}

    def attempt(self, verb, *, fits):
        """Run a verb in a savepoint; it must refuse exactly when the model does."""
        with db.session.begin_nested() as step:
            try:
                done = verb()
            except rules.InsufficientFunds:
                step.rollback()
                assert fits is None
                return None
        assert fits is not None, "the model refuses this"
        self.balance.update(fits)
        return done

    @rule(target=entries, postings=several, currency=currencies)
    def post(self, postings, currency):
        draft = Draft(self.key(), postings, "t", currency)
        done = self.attempt(
            lambda: posting.post(draft.key, postings, kind="t", currency=currency),
            fits=self.fits([draft]),
        )
        return (done, draft) if done else multiple()

    @rule(
        target=entries,
        amount=st.integers(1, 10**6),
        to=st.sampled_from(BOUNDED),
        currency=currencies,
    )
    def money_comes_in(self, amount, to, currency):
        return self.post((Posting(WORLD, to, amount),), currency)

    @rule(target=entries, batch=st.lists(st.tuples(several, currencies), min_size=1, max_size=5))
    def post_many(self, batch):
        drafts = [Draft(self.key(), postings, "t", currency) for postings, currency in batch]
        ids = self.attempt(lambda: posting.post_many(drafts), fits=self.fits(drafts))
        return multiple(*zip(ids, drafts, strict=True)) if ids else multiple()

    @rule(entry=entries)
    def repeat(self, entry):
        entry_id, draft = entry
        assert posting.post_many([draft, draft]) == [entry_id] * 2

    @rule(entry=entries, postings=several)
    def reuse_a_key(self, entry, postings):
        draft = Draft(entry[1].key, postings, "another", entry[1].currency)
        with pytest.raises(rules.KeyReused):
            posting.post_many([draft])

    @rule(target=entries, entry=entries)
    def reverse(self, entry):
        entry_id, draft = entry
        mirror = tuple(
            Posting(p.destination, p.source, p.amount_minor) for p in reversed(draft.postings)
        )
        key = self.reversed.get(entry_id)
        if key:
            with pytest.raises(Conflict):
                posting.reverse(f"{key}x", entry_id, reason="r")
            assert posting.reverse(key, entry_id, reason="r")
            return multiple()
        key, ref = self.key(), (("reason", "r"), ("reverses", entry_id))
        kind = queries.entry(entry_id).kind + ".reversed"
        if len(kind) > 40:
            return multiple()
        back = Draft(key, mirror, kind, draft.currency, ref)
        done = self.attempt(
            lambda: posting.reverse(key, entry_id, reason="r"), fits=self.fits([back])
        )
        if not done:
            return multiple()
        self.reversed[entry_id] = key
        return (
            done,
            Draft(
                key,
                mirror,
                kind,
                draft.currency,
                tuple(sorted({**dict(draft.ref), **dict(ref)}.items())),
            ),
        )

    @rule(target=holds, account=st.sampled_from(BOUNDED), amount=amounts, currency=currencies)
    def hold(self, account, amount, currency):
        place = account, currency
        fits = {} if self.balance[place] - self.held[place] >= amount else None
        key = self.key()
        done = self.attempt(
            lambda: holds_service.hold(key, account, amount, currency=currency), fits=fits
        )
        if not done:
            return multiple()
        assert holds_service.hold(key, account, amount, currency=currency) == done
        self.held[place] += amount
        self.hold_state[done] = "held"
        return done, place, amount

    @rule(hold=holds)
    def release(self, hold):
        hold_id, place, amount = hold
        if self.hold_state[hold_id] == "captured":
            with pytest.raises(Conflict):
                holds_service.release_hold(hold_id)
            return
        holds_service.release_hold(hold_id)
        if self.hold_state[hold_id] == "held":
            self.held[place] -= amount
        self.hold_state[hold_id] = "released"

    @rule(hold=holds, to=st.sampled_from(ACCOUNTS))
    def capture(self, hold, to):
        (hold_id, place, amount), key = hold, f"c{hold[0]}"
        if to == place[0] or self.hold_state[hold_id] == "captured":
            return
        if self.hold_state[hold_id] == "released":
            with pytest.raises(Conflict):
                holds_service.capture_hold(hold_id, key, to, kind="t")
            return
        assert holds_service.capture_hold(hold_id, key, to, kind="t") == holds_service.capture_hold(
            hold_id, key, to, kind="t"
        )
        self.hold_state[hold_id] = "captured"
        self.held[place] -= amount
        self.balance[place] -= amount
        self.balance[to, place[1]] += amount

    def teardown(self):
        try:
            assert list(queries.problems()) == []
            rows = queries.accounts(size=1_000).rows
            kept = {(row.name, row.currency): (row.balance_minor, row.held_minor) for row in rows}
            places = {*self.balance, *self.held, *kept}
            assert {p: (self.balance[p], self.held[p]) for p in places} == {
                p: kept.get(p, (0, 0)) for p in places
            }
            for (name, currency), (balance, _) in kept.items():
                lines = queries.history(name, currency=currency, size=1_000).rows
                assert sum(line.amount_minor for line in lines) == balance
                assert not lines or lines[0].balance_minor == balance
        finally:
            rollback()


def test_random_programmes_agree_with_a_plain_dict(app):
    usual = settings.default.max_examples
    examples = usual if usual > 1000 else 2 * usual
    run_state_machine_as_test(
        Programme, settings=settings(max_examples=examples, stateful_step_count=50, deadline=None)
    )
