"""Small secrets stored in SQL, sealed under SECRET_KEY; former keys still open them."""

import secrets
from functools import partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from crowdfund.kernel import keys

_NONCE_BYTES = 12


class UnsealError(RuntimeError):
    """No secret key in force opens this."""


def seal(purpose: str, name: str, secret: bytes) -> str:
    """Return a secret sealed under SECRET_KEY (hex), bound to a purpose and to the thing's name."""
    nonce = secrets.token_bytes(_NONCE_BYTES)
    cipher = _cipher(keys.present(), purpose)
    return (nonce + cipher.encrypt(nonce, secret, name.encode())).hex()


def unseal(purpose: str, name: str, sealed_hex: str) -> bytes:
    """Return what was sealed for this purpose and name; raises UnsealError."""
    blob = bytes.fromhex(sealed_hex)
    nonce, content = blob[:_NONCE_BYTES], blob[_NONCE_BYTES:]
    opened = keys.first_accepted(
        lambda secret: _cipher(secret, purpose).decrypt(nonce, content, name.encode()), InvalidTag
    )
    if opened is None:
        raise UnsealError(f"{name} was sealed under a key that is gone")
    return opened


def fingerprints(purpose: str, name: str, text: str) -> list[str]:
    """Return keyed hashes of a text under each key in force, the present one first (hex)."""
    derive = partial(_derived, purpose=f"{purpose} hash")
    return keys.keyed_hashes(f"{name}:{text}".encode(), derive=derive)


def _cipher(secret: str, purpose: str) -> AESGCM:
    return AESGCM(_derived(secret, purpose))


def _derived(secret: str, purpose: str) -> bytes:
    derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=purpose.encode())
    return derived.derive(secret.encode())
