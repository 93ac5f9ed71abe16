"""Post and reverse entries. The lock on the journal's head orders all changes of balances."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.db import Driver, Prepared, db, driver, insert_ignore, new_id
from crowdfund.kernel.errors import Conflict, NotFound
from crowdfund.kernel.i18n import _, _l
from crowdfund.ledger import rules
from crowdfund.ledger.models import Account, Entry, Head, PostingRow
from crowdfund.ledger.rules import Draft, InsufficientFunds, KeyReused, Posting

_A, _E, _P, _H = Account.__table__, Entry.__table__, PostingRow.__table__, Head.__table__

NOT_ENOUGH = _l("There is not enough money in the account. Nothing was moved.")
_OTHER_FIGURES = _l("This has already been booked with different details. Nothing was changed.")

# The statements of the hot path are constants; those with a list of unknown length are not.
_LOCK_HEAD = Prepared(sa.select(_H.c.seq, _H.c.hash).where(_H.c.id == 1).with_for_update())
_MOVE_HEAD = Prepared(
    sa.update(_H).where(_H.c.id == 1).values(seq=sa.bindparam("s"), hash=sa.bindparam("h"))
)
_KNOWN = sa.select(_E.c.key, _E.c.id, _E.c.input_hash)
_KNOWN_KEY = Prepared(_KNOWN.where(_E.c.key == sa.bindparam("k")))
_KNOWN_KEYS = _KNOWN.where(_E.c.key.in_(sa.bindparam("keys", expanding=True)))
_STATE = sa.select(_A.c.name, _A.c.balance_minor, _A.c.held_minor).where(
    _A.c.currency == sa.bindparam("cur")
)
_STATE_OF_TWO = Prepared(_STATE.where(_A.c.name.in_((sa.bindparam("one"), sa.bindparam("two")))))
_STATE_OF_MANY = _STATE.where(_A.c.name.in_(sa.bindparam("names", expanding=True)))
_CHANGE = Prepared(
    sa.update(_A)
    .where(
        _A.c.name == sa.bindparam("a"),
        _A.c.currency == sa.bindparam("cur"),
        sa.or_(
            _A.c.has_floor == sa.false(),
            _A.c.balance_minor + sa.bindparam("d", type_=sa.BigInteger) >= _A.c.held_minor,
        ),
    )
    .values(balance_minor=_A.c.balance_minor + sa.bindparam("d", type_=sa.BigInteger))
)
_ENTRY = ("id", "seq", "key", "kind", "currency", "at", "ref", "reverses_id", "input_hash", "hash")
_INSERT_ENTRY = Prepared(sa.insert(_E), *_ENTRY)
_INSERT_POSTING = Prepared(sa.insert(_P), "seq", "n", "source", "destination", "amount_minor")


def post(
    key: str,
    postings: Sequence[Posting],
    *,
    kind: str,
    ref: Mapping[str, str] | None = None,
    currency: str = "ETB",
) -> str:
    """Post one entry and return its id; the same key with the same input returns the same entry.

    Amounts in minor units. Raises InsufficientFunds if an account would fall under its floor,
    KeyReused if the key came before with another input. Locks the journal's head.
    """
    draft = Draft(key, tuple(postings), kind, currency, tuple(sorted((ref or {}).items())))
    return post_many([draft])[0]


def post_many(drafts: Sequence[Draft]) -> list[str]:
    """Post several entries in one go, all or none; return their ids in order.

    Much cheaper for each than `post`. The batch is checked as a whole: an account may be emptied
    and filled again within it, only its end counts.
    """
    if not drafts:
        return []
    hashes: dict[str, str] = {}
    for draft in drafts:
        rules.check(draft.postings)
        body = rules.input_hash(draft)
        if hashes.setdefault(draft.key, body) != body:
            raise KeyReused(_OTHER_FIGURES)
    with driver() as sql:
        head, known, accounts = _look(sql, drafts)
        ids = _ids(known, hashes)
        fresh = [draft for key, draft in {d.key: d for d in drafts}.items() if key not in ids]
        if fresh:
            moves = _moves(sql, fresh, accounts)
            ids |= _write(sql, fresh, hashes, head, moves)
    return [ids[draft.key] for draft in drafts]


def reverse(key: str, entry_id: str, *, reason: str) -> str:
    """Post the mirror of an entry and return the new entry's id; an entry is reversed once.

    Raises NotFound, Conflict (reversed already under another key), InsufficientFunds.
    """
    lock_head()
    entry = db.session.execute(sa.select(_E).where(_E.c.id == entry_id)).first()
    if entry is None:
        raise NotFound(_("There is no such entry in the journal."))
    earlier = db.session.execute(
        sa.select(_E.c.id, _E.c.key).where(_E.c.reverses_id == entry_id)
    ).first()
    if earlier is not None:
        if earlier.key == key:
            return str(earlier.id)
        raise Conflict(_("This entry has already been reversed. Nothing was changed."))
    rows = db.session.execute(sa.select(_P).where(_P.c.seq == entry.seq).order_by(_P.c.n.desc()))
    mirror = tuple(Posting(row.destination, row.source, row.amount_minor) for row in rows)
    ref = tuple(sorted({**dict(entry.ref), "reverses": entry_id, "reason": reason}.items()))
    return post_many([Draft(key, mirror, f"{entry.kind}.reversed", entry.currency, ref)])[0]


def lock_head() -> None:
    """Lock the journal's head, which is needed to change balances, until the transaction ends."""
    with driver() as sql:
        _lock_head(sql)


def _lock_head(sql: Driver) -> tuple[int, str]:
    """Return number and hash of the last entry, locked."""
    found = sql.rows(_LOCK_HEAD)
    if not found:
        insert_ignore(_H, [{"id": 1, "seq": 0, "hash": rules.GENESIS_HASH}])
        found = sql.rows(_LOCK_HEAD)
    return found[0][0], found[0][1]


def _look(
    sql: Driver, drafts: Sequence[Draft]
) -> tuple[tuple[int, str], Iterable[Any], Iterable[Any] | None]:
    """Lock the head; return it, the entries with these keys, and the accounts if read already."""
    names = list(rules.deltas(drafts[0].postings))
    if len(drafts) == 1 and len(names) == 2:
        currency, one, two = drafts[0].currency, *names
        heads, known, accounts = sql.read(
            (_LOCK_HEAD, {}),
            (_KNOWN_KEY, {"k": drafts[0].key}),
            (_STATE_OF_TWO, {"cur": currency, "one": one, "two": two}),
        )
        if heads:
            return (heads[0][0], heads[0][1]), known, accounts
    head = _lock_head(sql)
    keys = [draft.key for draft in drafts]
    return head, sql.connection.execute(_KNOWN_KEYS, {"keys": keys}), None


def _ids(known: Iterable[Any], hashes: dict[str, str]) -> dict[str, str]:
    """Return the ids of keys that are in the journal already; raise if their input differs."""
    ids = {}
    for key, entry_id, input_hash in known:
        if input_hash != hashes[key]:
            raise KeyReused(_OTHER_FIGURES)
        ids[key] = entry_id
    return ids


def _moves(
    sql: Driver, drafts: Iterable[Draft], accounts: Iterable[Any] | None
) -> list[dict[str, Any]]:
    """Return the changes of balances in account order; open accounts that are new.

    Raises InsufficientFunds before anything is written.
    """
    by_currency: dict[str, list[Posting]] = {}
    for draft in drafts:
        by_currency.setdefault(draft.currency, []).extend(draft.postings)
    changes = {
        currency: rules.deltas(postings) for currency, postings in sorted(by_currency.items())
    }
    missing = [
        _new_account(name, currency)
        for currency, change in changes.items()
        for name in _judge(sql, currency, change, accounts)
    ]
    insert_ignore(_A, missing)
    return [
        {"a": name, "d": delta, "cur": currency}
        for currency, change in changes.items()
        for name, delta in change.items()
        if delta
    ]


def _judge(
    sql: Driver, currency: str, change: dict[str, int], accounts: Iterable[Any] | None
) -> list[str]:
    """Return the accounts that do not exist yet; raise InsufficientFunds if one has too little."""
    names = list(change)
    if accounts is None:
        accounts = sql.connection.execute(_STATE_OF_MANY, {"cur": currency, "names": names})
    free = {name: balance - held for name, balance, held in accounts}
    for name, delta in change.items():
        if delta < 0 and free.get(name, 0) + delta < 0 and rules.has_floor(name):
            raise InsufficientFunds(NOT_ENOUGH)
    return [name for name in names if name not in free]


def _new_account(name: str, currency: str) -> dict[str, Any]:
    return {
        "name": name,
        "currency": currency,
        "balance_minor": 0,
        "held_minor": 0,
        "has_floor": rules.has_floor(name),
    }


def _write(
    sql: Driver,
    drafts: Sequence[Draft],
    hashes: dict[str, str],
    head: tuple[int, str],
    moves: list[dict[str, Any]],
) -> dict[str, str]:
    """Change the balances, append entries and postings, move the head; return the ids by key."""
    (seq, link), at = head, clock.now()
    hashed_at = at.isoformat()
    entries, rows, ids = [], [], {}
    for draft in drafts:
        seq += 1
        entry_id = ids[draft.key] = new_id()
        body = hashes[draft.key]
        link = rules.entry_hash(link, seq, entry_id, draft.key, hashed_at, body)
        stored = {"id": entry_id, "seq": seq, "at": at, "input_hash": body, "hash": link}
        entries.append(_entry_values(draft) | stored)
        rows += [_posting_values(seq, n, one) for n, one in enumerate(draft.postings)]
    appended = [
        (_INSERT_ENTRY, entries),
        (_INSERT_POSTING, rows),
        (_MOVE_HEAD, [{"s": seq, "h": link}]),
    ]
    changed = sql.write((_CHANGE, moves), *appended) if moves else [0, *sql.write(*appended)]
    if changed[0] != len(moves):
        # impossible under the head's lock; the CHECK constraint is the backstop
        raise InsufficientFunds(NOT_ENOUGH)
    return ids


def _entry_values(draft: Draft) -> dict[str, Any]:
    return {
        "key": draft.key,
        "kind": draft.kind,
        "currency": draft.currency,
        "ref": [list(pair) for pair in draft.ref],
        "reverses_id": dict(draft.ref).get("reverses"),
    }


def _posting_values(seq: int, n: int, posting: Posting) -> dict[str, Any]:
    return {
        "seq": seq,
        "n": n,
        "source": posting.source,
        "destination": posting.destination,
        "amount_minor": posting.amount_minor,
    }
