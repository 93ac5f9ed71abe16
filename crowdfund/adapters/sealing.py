"""Small secrets kept in SQL, sealed under SECRET_KEY; its fallbacks still open them after a rotation."""

import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crowdfund.kernel import config

_NONCE_BYTES = 12


class UnsealError(RuntimeError):
    """No secret key in force opens this."""


def seal(purpose: str, name: str, secret: bytes) -> str:
    """Return a secret sealed under SECRET_KEY (hex), bound to a purpose and to the thing's name."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = _cipher(config.settings().secret_key, purpose)
    return (nonce + cipher.encrypt(nonce, secret, name.encode())).hex()


def unseal(purpose: str, name: str, sealed_hex: str) -> bytes:
    """Return what was sealed for this purpose and name; raises UnsealError."""
    blob = bytes.fromhex(sealed_hex)
    for secret in config.settings().secret_keys:
        try:
            return _cipher(secret, purpose).decrypt(
                blob[:_NONCE_BYTES], blob[_NONCE_BYTES:], name.encode()
            )
        except InvalidTag:
            continue
    raise UnsealError(f"{name} was sealed under a key that is gone")


def fingerprints(purpose: str, name: str, text: str) -> list[str]:
    """Return keyed hashes of a text, one for each secret key in force, the present one first (hex)."""
    message = f"{name}:{text}".encode()
    keys = [
        HKDF(
            algorithm=hashes.SHA256(), length=32, salt=None, info=f"{purpose} hash".encode()
        ).derive(secret.encode())
        for secret in config.settings().secret_keys
    ]
    return [hmac.digest(key, message, "sha256").hex() for key in keys]


def _cipher(secret: str, purpose: str) -> AESGCM:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode())
    return AESGCM(derived.derive(secret.encode()))
