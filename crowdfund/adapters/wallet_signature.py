"""Who has signed a text (EIP-191 `personal_sign`) or typed data (EIP-712), by eth-account."""

import re
from collections.abc import Callable
from typing import Any

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]*", re.ASCII)
SHORT_BYTES, SIGNATURE_BYTES = 64, 65
_LENGTHS = (2 + 2 * SHORT_BYTES, 2 + 2 * SIGNATURE_BYTES)
_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141  # of secp256k1


def checksummed(address: str) -> str | None:
    """Return an address in EIP-55 form, or None; mixed case with a wrong checksum is none."""
    if not _ADDRESS.fullmatch(address):
        return None
    from eth_utils.address import to_checksum_address  # web processes start without it

    right = str(to_checksum_address(address))
    digits = address[2:]
    is_plain = digits in (digits.lower(), digits.upper())
    return right if is_plain or address == right else None


def normalised(signature: str) -> bytes | None:
    """Return what a wallet sent as r, the low s, and v 27 or 28; None when no key can have made it.

    Also read are 64 bytes with v in the highest bit of s (EIP-2098), v 0 or 1 as of some hardware
    wallets, v from 35 on (EIP-155), and a high s. Contracts refuse most of these.
    """
    if not _SIGNATURE.fullmatch(signature) or len(signature) not in _LENGTHS:
        return None
    raw = bytes.fromhex(signature[2:])
    r, s = int.from_bytes(raw[:32]), int.from_bytes(raw[32:64])
    if len(raw) == SHORT_BYTES:
        parity: int | None = s >> 255
        s &= (1 << 255) - 1
    else:
        parity = _parity(raw[64])
    if parity is None or not 0 < r < _ORDER or not 0 < s < _ORDER:
        return None
    if s > _ORDER // 2:
        s, parity = _ORDER - s, 1 - parity
    return r.to_bytes(32) + s.to_bytes(32) + bytes([27 + parity])


def _parity(v: int) -> int | None:
    """Return which of the two points a last byte means."""
    if v in (0, 1):
        return v
    if v in (27, 28):
        return v - 27
    return (v - 35) % 2 if v >= 35 else None


def signer(text: str, signature: str) -> str | None:
    """Return the EIP-55 address whose key has signed a text, or None when nobody's can have."""
    normal = normalised(signature)
    if normal is None:
        return None

    def message() -> object:
        from eth_account.messages import encode_defunct

        return encode_defunct(text=text)

    return _recovered(message, normal)


def typed_signer(data: dict[str, Any], normal: bytes) -> str | None:
    """Return the EIP-55 address whose key has signed typed data; the signature is normalised."""

    def message() -> object:
        from eth_account.messages import encode_typed_data

        return encode_typed_data(full_message=data)

    return _recovered(message, normal)


def _recovered(message: Callable[[], Any], normal: bytes) -> str | None:
    from eth_account import Account  # half a second; no web3 in it
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    try:
        return str(Account.recover_message(message(), signature=normal))
    except (BadSignature, ValidationError, ValueError, TypeError):
        return None
