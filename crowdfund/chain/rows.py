"""Rows that queries of the chain feature return; fees are wei per gas."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class WriteRow:
    """A write as others see it; `tx_hash`, `block_number` of its current transaction."""

    id: str
    intent_id: str
    contract: str
    address: str
    function: str
    args: list[Any]
    batch: str | None
    role: str
    status: str
    attempts: int
    last_error: str | None
    hold: str | None
    subject_kind: str
    subject_id: str
    tx_id: str | None
    created_at: datetime
    updated_at: datetime
    tx_hash: str | None
    block_number: int | None


@dataclass(frozen=True, slots=True)
class TxRow:
    """A transaction as pages show it."""

    id: str
    signer: str
    nonce: int
    hash: str
    gas: int
    fee_cap: int
    refusal: str | None
    status: str
    sends: int
    last_error: str | None
    block_number: int | None
    gas_used: int | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class SignedTx:
    """A transaction that is ready to be broadcast."""

    id: str
    signer: str
    nonce: int
    hash: str
    raw: str
    sends: int


@dataclass(frozen=True, slots=True)
class WaitingTx:
    """A transaction under way, with all that a replacement needs."""

    id: str
    signer: str
    nonce: int
    kind: str
    hash: str
    to: str
    data: str
    gas: int
    fee_cap: int
    fee_tip: int | None
    judged_at: int
    refusal: str | None
    status: str
    created_at: datetime
    sent_at: datetime | None


@dataclass(frozen=True, slots=True)
class MinedTx:
    """A transaction in a block."""

    id: str
    kind: str
    hash: str
    to: str
    block_number: int
    succeeded: bool


@dataclass(frozen=True, slots=True)
class EventRow:
    """A decoded event of a contract."""

    id: str
    address: str
    contract: str
    event: str
    args: dict[str, Any]
    tx_hash: str
    ordinal: int
    block_number: int
    status: str


@dataclass(frozen=True, slots=True)
class CursorRow:
    """How far the chain was read; `problem` stands against sending or reading."""

    chain_id: int
    genesis: str
    number: int
    applied: int
    head: int
    version: int
    read_problem: str | None
    fee_problem: str | None
    problem: str | None


@dataclass(frozen=True, slots=True)
class SignerRow:
    """A key that has signed before; see `models.Signer`."""

    address: str
    role: str
    next_nonce: int
    gap_nonce: int | None
    gap_since: datetime | None
    alert: str | None
    alert_at: datetime | None


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A contract whose logs are read."""

    address: str
    name: str | None
    abi: str
    code_hash: str | None
    from_block: int


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A request about keys, pause, cap or a wallet; see `models.ChainRequest`."""

    id: str
    kind: str
    role: str
    address: str
    new_address: str
    target: str
    subject_id: str
    amount_minor: int | None
    reason: str
    status: str
    problem: str | None
    asked_by: str
    asked_at: datetime
    decided_by: str | None
