"""Post, reverse and hold: the only way in which money moves."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from .. import clock
from ..db import db, insert_ignore, new_id
from ..errors import Conflict, NotFound
from . import rules
from .models import Account, Entry, Head, Hold, PostingRow
from .rules import Draft, InsufficientFunds, KeyReused, Posting

_A, _E, _P, _H = Account.__table__, Entry.__table__, PostingRow.__table__, Head.__table__

# Built once: a statement that is a constant costs no rebuilding and hits the compiled cache.
_LOCK_HEAD = sa.select(_H.c.seq, _H.c.hash).where(_H.c.id == 1).with_for_update()
_MOVE_HEAD = sa.update(_H).where(_H.c.id == 1).values(seq=sa.bindparam("s"), hash=sa.bindparam("h"))
_KNOWN_KEYS = sa.select(_E.c.key, _E.c.id, _E.c.input_hash).where(
    _E.c.key.in_(sa.bindparam("keys", expanding=True))
)
_KNOWN_ACCOUNTS = sa.select(_A.c.name).where(
    _A.c.currency == sa.bindparam("cur"), _A.c.name.in_(sa.bindparam("names", expanding=True))
)
_CHANGE = (
    sa.update(_A)
    .where(
        _A.c.name == sa.bindparam("a"),
        _A.c.currency == sa.bindparam("cur"),
        sa.or_(_A.c.has_floor == sa.false(), _A.c.balance_minor + sa.bindparam("d") >= _A.c.held_minor),
    )
    .values(balance_minor=_A.c.balance_minor + sa.bindparam("d"))
)


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

    Much cheaper for each than `post`: balances are netted over the batch.
    """
    if not drafts:
        return []
    for draft in drafts:
        rules.check(draft.postings)
    connection = db.session.connection()
    head = _lock_head(connection)
    hashes = {draft.key: rules.input_hash(draft) for draft in drafts}
    ids = _known(connection, hashes)
    fresh = [draft for draft in {d.key: d for d in drafts}.values() if draft.key not in ids]
    if any(rules.input_hash(draft) != hashes[draft.key] for draft in drafts):
        raise KeyReused("This was already booked with other figures. Nothing was changed.")
    if fresh:
        _move(connection, fresh)
        ids |= _write(connection, fresh, hashes, head, at=clock.now())
    return [ids[draft.key] for draft in drafts]


def reverse(key: str, entry_id: str, *, reason: str) -> str:
    """Post the mirror of an entry and return the new entry's id; an entry is reversed once.

    Raises NotFound, Conflict (reversed already under another key), InsufficientFunds.
    """
    entry = db.session.execute(sa.select(_E).where(_E.c.id == entry_id)).first()
    if entry is None:
        raise NotFound("There is no such entry in the journal.")
    earlier = db.session.execute(sa.select(_E.c.id, _E.c.key).where(_E.c.reverses_id == entry_id)).first()
    if earlier is not None:
        if earlier.key == key:
            return str(earlier.id)
        raise Conflict("This entry was reversed already. Nothing was changed.")
    rows = db.session.execute(sa.select(_P).where(_P.c.seq == entry.seq).order_by(_P.c.n.desc()))
    mirror = tuple(Posting(row.destination, row.source, row.amount_minor) for row in rows)
    ref = tuple(sorted({**dict(entry.ref), "reverses": entry_id, "reason": reason}.items()))
    return post_many([Draft(key, mirror, f"{entry.kind}.reversed", entry.currency, ref)])[0]


def hold(key: str, account: str, amount_minor: int, *, currency: str = "ETB") -> str:
    """Set money aside and return the hold's id; the same key holds once. Raises InsufficientFunds."""
    found = db.session.execute(sa.select(Hold).where(Hold.key == key)).scalar_one_or_none()
    if found is not None:
        if (found.account, found.amount_minor) != (account, amount_minor):
            raise KeyReused("This hold exists already with other figures. Nothing was changed.")
        return found.id
    rules.check([Posting(account, "", amount_minor)])
    changed = db.session.execute(
        sa.update(_A)
        .where(_A.c.name == account, _A.c.currency == currency)
        .where(_A.c.balance_minor - _A.c.held_minor >= amount_minor)
        .values(held_minor=_A.c.held_minor + amount_minor)
    )
    if changed.rowcount != 1:
        raise InsufficientFunds("There is not enough money in the account. Nothing was moved.")
    new = Hold(id=new_id(), key=key, account=account, currency=currency, amount_minor=amount_minor,
               created_at=clock.now())  # fmt: skip
    db.session.add(new)
    db.session.flush()
    return new.id


def release_hold(hold_id: str) -> None:
    """Let held money go back into the available balance; does nothing the second time."""
    _end_hold(hold_id, "released")


def capture_hold(hold_id: str, key: str, destination: str, *, kind: str) -> str:
    """Post held money to its destination and return the entry's id; a second capture is the same."""
    found = _end_hold(hold_id, "captured")
    move = Posting(found.account, destination, found.amount_minor)
    return post(key, [move], kind=kind, ref={"hold": hold_id}, currency=found.currency)


def _end_hold(hold_id: str, status: str) -> Hold:
    found = db.session.get(Hold, hold_id, with_for_update=True)
    if found is None:
        raise NotFound("There is no such hold.")
    if found.status == status:
        return found
    if found.status != "held":
        raise Conflict(f"This money was {found.status} already. Nothing was changed.")
    found.status = status
    db.session.execute(
        sa.update(_A)
        .where(_A.c.name == found.account, _A.c.currency == found.currency)
        .values(held_minor=_A.c.held_minor - found.amount_minor)
    )
    return found


def _lock_head(connection: Connection) -> tuple[int, str]:
    row = connection.execute(_LOCK_HEAD).first()
    if row is None:
        insert_ignore(_H, [{"id": 1, "seq": 0, "hash": rules.GENESIS_HASH}])
        row = connection.execute(_LOCK_HEAD).one()
    return row.seq, row.hash


def _known(connection: Connection, hashes: dict[str, str]) -> dict[str, str]:
    """Return the ids of keys that are in the journal already; raise if their input differs."""
    ids = {}
    for key, entry_id, input_hash in connection.execute(_KNOWN_KEYS, {"keys": list(hashes)}):
        if input_hash != hashes[key]:
            raise KeyReused("This was already booked with other figures. Nothing was changed.")
        ids[key] = entry_id
    return ids


def _move(connection: Connection, drafts: Iterable[Draft]) -> None:
    """Change the balances in account order; raise InsufficientFunds before anything is written."""
    by_currency: dict[str, list[Posting]] = {}
    for draft in drafts:
        by_currency.setdefault(draft.currency, []).extend(draft.postings)
    for currency, postings in sorted(by_currency.items()):
        change = rules.deltas(postings)
        names = list(change)
        known = set(connection.execute(_KNOWN_ACCOUNTS, {"cur": currency, "names": names}).scalars())
        if missing := [name for name in names if name not in known]:
            insert_ignore(_A, [_new_account(name, currency) for name in missing])
        steps = [{"a": name, "d": delta, "cur": currency} for name, delta in change.items() if delta]
        if not steps:
            continue
        if connection.execute(_CHANGE, steps).rowcount != len(steps):
            raise InsufficientFunds("There is not enough money in the account. Nothing was moved.")


def _new_account(name: str, currency: str) -> dict[str, Any]:
    floor = rules.has_floor(name)
    return {"name": name, "currency": currency, "balance_minor": 0, "held_minor": 0, "has_floor": floor}


def _write(
    connection: Connection,
    drafts: Sequence[Draft],
    hashes: dict[str, str],
    head: tuple[int, str],
    *,
    at: datetime,
) -> dict[str, str]:
    seq, link = head
    entries, rows, ids = [], [], {}
    for draft in drafts:
        seq += 1
        entry_id = ids[draft.key] = new_id()
        link = rules.entry_hash(link, entry_id, seq, at.isoformat(), hashes[draft.key])
        entries.append({
            "id": entry_id, "seq": seq, "key": draft.key, "kind": draft.kind, "currency": draft.currency,
            "at": at, "ref": [list(pair) for pair in draft.ref], "input_hash": hashes[draft.key],
            "hash": link, "reverses_id": dict(draft.ref).get("reverses"),
        })  # fmt: skip
        rows += [
            {"seq": seq, "n": n, "source": p.source, "destination": p.destination,
             "amount_minor": p.amount_minor}
            for n, p in enumerate(draft.postings)
        ]  # fmt: skip
    connection.execute(_INSERT_ENTRY, entries)
    connection.execute(_INSERT_POSTING, rows)
    connection.execute(_MOVE_HEAD, {"s": seq, "h": link})
    return ids


_INSERT_ENTRY = sa.insert(_E)
_INSERT_POSTING = sa.insert(_P)
