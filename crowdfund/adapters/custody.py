"""Custodial wallets: created here, stored sealed, opened only to sign."""

from crowdfund.adapters.sealing import UnsealError, seal
from crowdfund.adapters.sealing import unseal as open_sealed

__all__ = ["UnsealError", "new_wallet", "unseal"]
_PURPOSE = "crowdfund custody v1"


def new_wallet() -> tuple[str, str]:
    """Return a fresh EIP-55 address and its private key, sealed under SECRET_KEY (hex)."""
    # eth_utils takes 5 MB and 35 ms at the start of a process, and few make a wallet.
    from coincurve import PrivateKey
    from eth_utils.address import to_checksum_address
    from eth_utils.crypto import keccak

    key = PrivateKey()
    address = to_checksum_address(keccak(key.public_key.format(compressed=False)[1:])[-20:])
    return address, seal(_PURPOSE, address, key.secret)


def unseal(address: str, sealed_hex: str) -> bytes:
    """Return the 32 bytes of a private key; old keys in SECRET_KEY_FALLBACKS still open it."""
    return open_sealed(_PURPOSE, address, sealed_hex)
