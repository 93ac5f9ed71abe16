"""Encrypt a file under a passphrase: scrypt, then AES-256-GCM over pieces of a mebibyte.

Each piece is bound to its number and to whether it is the last, so that none can be left out, put
elsewhere or cut off. Memory is bounded whatever the size.
"""

import secrets
import struct
from pathlib import Path
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from crowdfund.backups.errors import RestoreRefused

MAGIC = b"crowdfund sealed 1\n"
PIECE = 1 << 20
_SALT, _NONCE = 16, 12


def encrypt(source: Path, target: Path, passphrase: str) -> None:
    """Write an encrypted copy of a file."""
    salt = secrets.token_bytes(_SALT)
    cipher = _cipher(passphrase, salt)
    with source.open("rb") as clear, target.open("wb") as out:
        out.write(MAGIC + salt)
        number, piece = 0, clear.read(PIECE)
        while True:
            following = clear.read(PIECE)
            nonce = secrets.token_bytes(_NONCE)
            sealed = cipher.encrypt(nonce, piece, _about(number, is_last=not following))
            out.write(struct.pack(">I", len(sealed)) + nonce + sealed)
            if not following:
                return
            number, piece = number + 1, following


def decrypt(source: Path, target: Path, passphrase: str) -> None:
    """Write the clear copy of an encrypted file. Raises RestoreRefused for a wrong passphrase."""
    with source.open("rb") as sealed, target.open("wb") as out:
        if sealed.read(len(MAGIC)) != MAGIC:
            raise RestoreRefused(f"{source.name} is not a file that was encrypted by a backup.")
        cipher = _cipher(passphrase, sealed.read(_SALT))
        number, piece = 0, _next(sealed)
        while piece:
            following = _next(sealed)
            nonce, body = piece[:_NONCE], piece[_NONCE:]
            try:
                out.write(cipher.decrypt(nonce, body, _about(number, is_last=not following)))
            except InvalidTag as error:
                raise RestoreRefused(
                    f"The passphrase does not open {source.name}, or the file was changed. "
                    "Nothing was restored."
                ) from error
            number, piece = number + 1, following


def _next(sealed: BinaryIO) -> bytes:
    head = sealed.read(4)
    return sealed.read(_NONCE + struct.unpack(">I", head)[0]) if len(head) == 4 else b""


def _about(number: int, *, is_last: bool) -> bytes:
    return struct.pack(">Q?", number, is_last)


def _cipher(passphrase: str, salt: bytes) -> AESGCM:
    return AESGCM(Scrypt(salt=salt, length=32, n=1 << 15, r=8, p=1).derive(passphrase.encode()))
