"""Wallets that the platform holds for somebody: made here, kept sealed, opened only to sign."""

import secrets

from coincurve import PrivateKey
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from crowdfund import config

_NONCE_BYTES = 12
_PURPOSE = b"crowdfund custody v1"


class UnsealError(RuntimeError):
    """No secret key in force opens this wallet."""


def new_wallet() -> tuple[str, str]:
    """Return a fresh EIP-55 address and its private key, sealed under SECRET_KEY (hex)."""
    key = PrivateKey()
    address = to_checksum_address(keccak(key.public_key.format(compressed=False)[1:])[-20:])
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = _cipher(config.settings().secret_key).encrypt(nonce, key.secret, address.encode())
    return address, (nonce + sealed).hex()


def unseal(address: str, sealed_hex: str) -> bytes:
    """Return the 32 bytes of a private key; old keys in SECRET_KEY_FALLBACKS still open it."""
    blob = bytes.fromhex(sealed_hex)
    settings = config.settings()
    for secret in (settings.secret_key, *settings.secret_key_fallbacks):
        try:
            return _cipher(secret).decrypt(blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], address.encode())
        except InvalidTag:
            continue
    raise UnsealError(f"the wallet {address} was sealed under a key that is gone")


def _cipher(secret: str) -> AESGCM:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=_PURPOSE)
    return AESGCM(derived.derive(secret.encode()))
