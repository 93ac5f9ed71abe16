"""How far each proof has come: a sealed row of its own, so that a run proves only what is new.

A mark holds a number, a hash and whatever else the proof needs to go on. Its seal is a keyed hash
under SECRET_KEY: someone who can write to the database, but does not hold the secret, cannot make
a proof skip what they changed. An older, genuine mark put back only makes a proof do work again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel import clock, keys
from crowdfund.kernel.db import Base, Json, UTCDateTime, db
from crowdfund.kernel.hashing import GENESIS, canonical_spaced


class ProofMark(Base):
    """The status of one proof; changed only by `move` and `forget`."""

    __tablename__ = "proof_mark"
    name: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str] = mapped_column(sa.String(64))
    state: Mapped[dict[str, Any]] = mapped_column(Json)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    seal: Mapped[str] = mapped_column(sa.String(64))


_T = ProofMark.__table__


@dataclass(frozen=True, slots=True)
class Mark:
    """A mark as it was read; `seal` is empty when there is none yet."""

    name: str
    seq: int = 0
    hash: str = GENESIS
    state: dict[str, Any] = field(default_factory=dict)
    seal: str = ""


@dataclass(slots=True)
class Step:
    """What one step of a proof found, and what to write so that the next step goes on from there.

    Each of `saves` gets a connection inside one short transaction. `more` asks for another step in
    the same run.
    """

    problems: list[str] = field(default_factory=list)
    saves: Sequence[Callable[[Connection], object]] = ()
    more: bool = False


class MarkForged(Exception):
    """A mark that does not carry our seal; the sentence says what to do."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"The record of how far the proof '{name}' has come was changed by somebody else, or "
            "sealed under another SECRET_KEY. It is not used: run `flask selfcheck --all`."
        )


class MarkMoved(Exception):
    """Another run was first; what this one found is to be forgotten."""


def read(name: str) -> Mark:
    """Return a mark, or one at the beginning. Raises MarkForged."""
    row = db.session.execute(sa.select(_T).where(_T.c.name == name)).first()
    if row is None:
        return Mark(name)
    if not keys.is_keyed_hash(row.seal, _content(name, row.seq, row.hash, row.state)):
        raise MarkForged(name)
    return Mark(name, row.seq, row.hash, dict(row.state), row.seal)


def move(
    connection: Connection,
    mark: Mark,
    *,
    seq: int = 0,
    hash: str = GENESIS,
    state: dict[str, Any] | None = None,
) -> None:
    """Put a mark elsewhere if it is still where it was read. Raises MarkMoved.

    The row stays locked until the transaction ends, so that what is written with it belongs to it.
    """
    state = state or {}
    values = {"seq": seq, "hash": hash, "state": state, "at": clock.now()}
    values["seal"] = keys.keyed_hashes(_content(mark.name, seq, hash, state))[0]
    if mark.seal:
        same = sa.update(_T).where(_T.c.name == mark.name, _T.c.seal == mark.seal)
        if connection.execute(same.values(values)).rowcount != 1:
            raise MarkMoved(mark.name)
        return
    try:
        connection.execute(sa.insert(_T).values(name=mark.name, **values))
    except sa.exc.IntegrityError as error:
        raise MarkMoved(mark.name) from error


def forget(connection: Connection, names: list[str]) -> None:
    """Remove marks, so that their proofs begin anew."""
    connection.execute(sa.delete(_T).where(_T.c.name.in_(names)))


def _content(name: str, seq: int, hash_: str, state: dict[str, Any]) -> bytes:
    """Return what the seal of a mark covers."""
    return canonical_spaced(["proof mark", name, seq, hash_, state])
