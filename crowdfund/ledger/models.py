"""The double-entry journal. Private to the ledger: others call its service and queries."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.kernel.db import ID, Base, Json, UTCDateTime, append_only, new_id, one_of


class Account(Base):
    """A balance per account and currency; changed only together with postings."""

    __tablename__ = "ledger_account"
    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    currency: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    balance_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    held_minor: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    has_floor: Mapped[bool] = mapped_column(default=True)
    __table_args__ = (
        sa.CheckConstraint("has_floor = false OR balance_minor >= held_minor", name="floor"),
        sa.CheckConstraint("held_minor >= 0", name="held"),
    )


@append_only
class Entry(Base):
    """One thing that happened; `hash` covers it and everything before it."""

    __tablename__ = "journal_entry"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    seq: Mapped[int] = mapped_column(sa.BigInteger, unique=True)
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    kind: Mapped[str] = mapped_column(sa.String(40), index=True)
    currency: Mapped[str] = mapped_column(sa.String(3))
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    ref: Mapped[list[list[str]]] = mapped_column(Json)
    reverses_id: Mapped[str | None] = mapped_column(
        ID, sa.ForeignKey("journal_entry.id"), unique=True
    )
    input_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))


@append_only
class PostingRow(Base):
    """Amount moved from source to destination (minor units, > 0)."""

    __tablename__ = "journal_posting"
    seq: Mapped[int] = mapped_column(
        sa.BigInteger, sa.ForeignKey("journal_entry.seq"), primary_key=True, autoincrement=False
    )
    n: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    source: Mapped[str] = mapped_column(sa.String(80))
    destination: Mapped[str] = mapped_column(sa.String(80))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    __table_args__ = (
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.CheckConstraint("source <> destination", name="moves"),
        sa.Index(None, "source", "seq"),
        sa.Index(None, "destination", "seq"),
    )


class Head(Base):
    """The last link of the hash chain; its row lock orders all posting."""

    __tablename__ = "journal_head"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seq: Mapped[int] = mapped_column(sa.BigInteger)
    hash: Mapped[str] = mapped_column(sa.String(64))


class Hold(Base):
    """Money set aside in an account until it is captured or released."""

    __tablename__ = "ledger_hold"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    account: Mapped[str] = mapped_column(sa.String(80))
    currency: Mapped[str] = mapped_column(sa.String(3))
    amount_minor: Mapped[int] = mapped_column(sa.BigInteger)
    status: Mapped[str] = mapped_column(sa.String(10), default="held")
    capture_key: Mapped[str | None] = mapped_column(sa.String(120), unique=True)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", "held", "captured", "released"),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.Index(None, "status", "account"),
    )


class ProvedBalance(Base):
    """The sum of an account's postings up to the mark `journal`; only the self-check writes it."""

    __tablename__ = "ledger_proved_balance"
    name: Mapped[str] = mapped_column(sa.String(80), primary_key=True)
    currency: Mapped[str] = mapped_column(sa.String(3), primary_key=True)
    balance_minor: Mapped[int] = mapped_column(sa.BigInteger)
