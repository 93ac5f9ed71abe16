"""Intended writes, the transactions that carry them, and what the chain answered."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from crowdfund.chain.rules import (
    HOLD_KINDS,
    REQUEST_KINDS,
    ROLES,
    RequestStatus,
    TxKind,
    TxStatus,
    WriteStatus,
)
from crowdfund.kernel import clock
from crowdfund.kernel.db import ID, Base, Json, LongText, UTCDateTime, event_table, new_id, one_of

ADDRESS = sa.String(42)
HASH = sa.String(66)


class Write(Base):
    """One effect wanted on chain; its intent id makes it happen once."""

    __tablename__ = "chain_write"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    intent_id: Mapped[str] = mapped_column(sa.String(160), unique=True)
    contract: Mapped[str] = mapped_column(sa.String(64))
    address: Mapped[str] = mapped_column(ADDRESS)
    function: Mapped[str] = mapped_column(sa.String(64))
    args: Mapped[list[Any]] = mapped_column(Json)
    batch: Mapped[str | None] = mapped_column(sa.String(64))
    role: Mapped[str] = mapped_column(sa.String(16))
    status: Mapped[str] = mapped_column(sa.String(16), default=WriteStatus.QUEUED)
    attempts: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(sa.String(500))
    # Set while the contract says "not now" (rules.HOLDS): why, and when it is tried again.
    hold: Mapped[str | None] = mapped_column(sa.String(8))
    held_until: Mapped[datetime | None] = mapped_column(UTCDateTime)
    subject_kind: Mapped[str] = mapped_column(sa.String(32))
    subject_id: Mapped[str] = mapped_column(sa.String(64))
    tx_id: Mapped[str | None] = mapped_column(ID, sa.ForeignKey("chain_tx.id"))
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    updated_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    __table_args__ = (
        one_of("status", *WriteStatus),
        one_of("role", *ROLES),
        one_of("hold", *HOLD_KINDS),
        sa.Index(None, "status", "created_at", "id"),
        sa.Index(None, "created_at", "id"),
        sa.Index(None, "contract", "created_at", "id"),
        sa.Index(None, "subject_kind", "subject_id"),
        sa.Index(None, "address", "status"),
    )


write_event = event_table("chain_write")


class Tx(Base):
    """One signed transaction, stored before it is sent: the same bytes can be sent again."""

    __tablename__ = "chain_tx"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    signer: Mapped[str] = mapped_column(ADDRESS, sa.ForeignKey("chain_signer.address"))
    nonce: Mapped[int] = mapped_column(sa.BigInteger)
    kind: Mapped[str] = mapped_column(sa.String(8), default=TxKind.CALL, server_default=TxKind.CALL)
    hash: Mapped[str] = mapped_column(HASH, unique=True)
    to: Mapped[str] = mapped_column(ADDRESS)
    data: Mapped[str] = mapped_column(LongText)
    raw: Mapped[str] = mapped_column(LongText)
    gas: Mapped[int] = mapped_column(sa.BigInteger)
    fee_cap: Mapped[int] = mapped_column(sa.BigInteger)
    fee_tip: Mapped[int | None] = mapped_column(sa.BigInteger)
    # The newest block when its fees were last compared with the market.
    judged_at: Mapped[int] = mapped_column(sa.BigInteger, default=0, server_default="0")
    refusal: Mapped[str | None] = mapped_column(sa.String(32))
    status: Mapped[str] = mapped_column(sa.String(16), default=TxStatus.SIGNED)
    sends: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(sa.String(500))
    replaced_by: Mapped[str | None] = mapped_column(ID)
    block_number: Mapped[int | None] = mapped_column(sa.BigInteger)
    block_hash: Mapped[str | None] = mapped_column(HASH)
    gas_used: Mapped[int | None] = mapped_column(sa.BigInteger)
    succeeded: Mapped[bool | None] = mapped_column()
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)
    sent_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("status", *TxStatus),
        one_of("kind", *TxKind),
        sa.Index(None, "signer", "nonce"),
        sa.Index(None, "signer", "status", "nonce"),
        sa.Index(None, "kind", "created_at"),
        sa.Index(None, "status", "created_at"),
        sa.Index(None, "block_number"),
    )


class WriteTx(Base):
    """Which writes a transaction carries; several in a batch, again in each replacement."""

    __tablename__ = "chain_write_tx"
    write_id: Mapped[str] = mapped_column(ID, sa.ForeignKey("chain_write.id"), primary_key=True)
    tx_id: Mapped[str] = mapped_column(
        ID, sa.ForeignKey("chain_tx.id"), primary_key=True, index=True
    )


class Signer(Base):
    """The next nonce of a key; taken by an UPDATE, which is the lock.

    `gap_nonce`: the chain waits for it since `gap_since`, and no transaction of ours has it.
    `alert`: why a person has to check this key.
    """

    __tablename__ = "chain_signer"
    address: Mapped[str] = mapped_column(ADDRESS, primary_key=True)
    role: Mapped[str] = mapped_column(sa.String(16))
    next_nonce: Mapped[int] = mapped_column(sa.BigInteger)
    gap_nonce: Mapped[int | None] = mapped_column(sa.BigInteger)
    gap_since: Mapped[datetime | None] = mapped_column(UTCDateTime)
    alert: Mapped[str | None] = mapped_column(sa.String(500))
    alert_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("role", *ROLES),)


class ChainRequest(Base):
    """A pause, a change of keys or of a wallet: one admin asks, another confirms, the worker acts.

    `address` is the key that loses its role, or the new wallet; `new_address` the key that takes
    over; `target` the contract; `amount_minor` what a cap is raised by.
    """

    __tablename__ = "chain_request"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(sa.String(12))
    role: Mapped[str] = mapped_column(sa.String(16), default="")
    address: Mapped[str] = mapped_column(sa.String(42), default="")
    new_address: Mapped[str] = mapped_column(sa.String(42), default="")
    target: Mapped[str] = mapped_column(sa.String(42), default="")
    subject_id: Mapped[str] = mapped_column(sa.String(64), default="")
    amount_minor: Mapped[int | None] = mapped_column(sa.BigInteger)
    reason: Mapped[str] = mapped_column(sa.String(500))
    status: Mapped[str] = mapped_column(sa.String(12))
    problem: Mapped[str | None] = mapped_column(sa.String(500))
    # Not null while undecided or running: two for the same thing would work against each other.
    open_key: Mapped[str | None] = mapped_column(sa.String(80), unique=True)
    asked_by: Mapped[str] = mapped_column(ID)
    asked_at: Mapped[datetime] = mapped_column(UTCDateTime)
    decided_by: Mapped[str | None] = mapped_column(ID)
    decided_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UTCDateTime)
    __table_args__ = (
        one_of("kind", *REQUEST_KINDS),
        one_of("status", *RequestStatus),
        sa.CheckConstraint("amount_minor > 0", name="positive"),
        sa.Index(None, "status", "asked_at"),
    )


chain_request_event = event_table("chain_request")


class GasMoney(Base):
    """What a signer had for gas when a job last read it: web processes never call the node."""

    __tablename__ = "chain_gas"
    role: Mapped[str] = mapped_column(sa.String(16), primary_key=True)
    address: Mapped[str] = mapped_column(ADDRESS)
    balance_gwei: Mapped[int] = mapped_column(sa.BigInteger)
    at: Mapped[datetime] = mapped_column(UTCDateTime)
    __table_args__ = (one_of("role", *ROLES),)


class Contract(Base):
    """A contract whose logs are read; `name` only for the one of its kind, clones have none."""

    __tablename__ = "chain_contract"
    address: Mapped[str] = mapped_column(ADDRESS, primary_key=True)
    name: Mapped[str | None] = mapped_column(sa.String(64), unique=True)
    abi: Mapped[str] = mapped_column(sa.String(64))
    code_hash: Mapped[str | None] = mapped_column(HASH)
    from_block: Mapped[int] = mapped_column(sa.BigInteger, default=0)
    created_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Cursor(Base):
    """How far the chain was read, and which chain this is (genesis hash)."""

    __tablename__ = "chain_cursor"
    id: Mapped[str] = mapped_column(sa.String(8), primary_key=True)
    chain_id: Mapped[int] = mapped_column(sa.BigInteger)
    genesis: Mapped[str] = mapped_column(HASH)
    number: Mapped[int] = mapped_column(sa.BigInteger)
    applied: Mapped[int] = mapped_column(sa.BigInteger)
    head: Mapped[int] = mapped_column(sa.BigInteger)
    version: Mapped[int] = mapped_column(default=0)
    read_problem: Mapped[str | None] = mapped_column(sa.String(500))
    send_problem: Mapped[str | None] = mapped_column(sa.String(500))
    fee_problem: Mapped[str | None] = mapped_column(sa.String(500))
    moved_at: Mapped[datetime] = mapped_column(UTCDateTime, default=clock.now)


class Block(Base):
    """Hash of a block that was read; the next one must name it as its parent."""

    __tablename__ = "chain_block"
    number: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(HASH)
    parent: Mapped[str] = mapped_column(HASH)
    timestamp: Mapped[int] = mapped_column(sa.BigInteger)


class Event(Base):
    """A decoded log of a watched contract; applied once its block is deep enough."""

    __tablename__ = "chain_event"
    id: Mapped[str] = mapped_column(ID, primary_key=True, default=new_id)
    address: Mapped[str] = mapped_column(ADDRESS)
    contract: Mapped[str] = mapped_column(sa.String(64))
    event: Mapped[str] = mapped_column(sa.String(64))
    args: Mapped[dict[str, Any]] = mapped_column(Json)
    intent: Mapped[str | None] = mapped_column(HASH, index=True)
    tx_hash: Mapped[str] = mapped_column(HASH)
    log_index: Mapped[int] = mapped_column()
    ordinal: Mapped[int] = mapped_column()
    block_number: Mapped[int] = mapped_column(sa.BigInteger)
    block_hash: Mapped[str] = mapped_column(HASH)
    status: Mapped[str] = mapped_column(sa.String(16), default="seen")
    __table_args__ = (
        one_of("status", "seen", "applied", "orphaned"),
        sa.UniqueConstraint("tx_hash", "log_index", "block_hash"),
        sa.Index(None, "status", "block_number"),
    )
