"""Who has signed a text in a wallet (EIP-191 `personal_sign`), by eth-account."""

import re

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)
_SIGNATURE = re.compile(r"0x[0-9a-fA-F]*", re.ASCII)
SIGNATURE_BYTES = 65


def checksummed(address: str) -> str | None:
    """Return an address in EIP-55 form, or None; mixed case with a wrong checksum is none."""
    if not _ADDRESS.fullmatch(address):
        return None
    from eth_utils.address import to_checksum_address  # web processes start without it

    right = str(to_checksum_address(address))
    digits = address[2:]
    is_plain = digits in (digits.lower(), digits.upper())
    return right if is_plain or address == right else None


def is_key_signature(signature: str) -> bool:
    """Return whether this may be a signature of a key; contract wallets (EIP-1271) make others."""
    return bool(_SIGNATURE.fullmatch(signature)) and len(signature) == 2 + 2 * SIGNATURE_BYTES


def signer(text: str, signature: str) -> str | None:
    """Return the EIP-55 address whose key has signed a text, or None when nobody's can have."""
    if not is_key_signature(signature):
        return None
    from eth_account import Account  # half a second; no web3 in it
    from eth_account.messages import encode_defunct
    from eth_keys.exceptions import BadSignature
    from eth_utils.exceptions import ValidationError

    try:
        return str(Account.recover_message(encode_defunct(text=text), signature=signature))
    except (BadSignature, ValidationError, ValueError, TypeError):
        return None
