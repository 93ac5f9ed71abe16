"""Keys, addresses and signed transactions."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, cast

import rlp
from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from crowdfund.adapters.chain.decoding import hex_of
from crowdfund.adapters.chain.fees import Fees


@dataclass(frozen=True)
class Signed:
    """Bytes ready to be broadcast; `hash` names them."""

    raw: str
    hash: str


@lru_cache(maxsize=16)
def _account(key: str) -> LocalAccount:
    return cast("LocalAccount", Account.from_key(key))


def new_key() -> str:
    """Return a fresh private key as 0x hex."""
    return hex_of(Account.create().key)


def address_of_key(key: str) -> str:
    """Return the address of a private key."""
    return str(_account(key).address)


def create_address(sender: str, nonce: int) -> str:
    """Return the address which a creation by `sender` at `nonce` will have."""
    return str(to_checksum_address(keccak(rlp.encode([bytes.fromhex(sender[2:]), nonce]))[12:]))


@dataclass(frozen=True)
class Call:
    """What a transaction does; without `to` it creates a contract."""

    to: str | None
    data: str
    gas: int


def sign(key: str, call: Call, *, chain_id: int, nonce: int, fees: Fees) -> Signed:
    """Sign a transaction; deterministic: the same fields give the same bytes and hash."""
    tx: dict[str, Any] = {
        "chainId": chain_id,
        "nonce": nonce,
        "value": 0,
        "data": call.data,
        "gas": call.gas,
        **fees.fields(),
    }
    if call.to:
        tx["to"] = call.to
    signed = _account(key).sign_transaction(tx)
    return Signed(hex_of(signed.raw_transaction), hex_of(signed.hash))
