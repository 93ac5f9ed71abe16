"""Files in the data folder: public ones by content id, private ones encrypted with a key each."""

import hashlib
import os
import re
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from crowdfund.adapters import cid
from crowdfund.kernel import config, randomness
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _

CONTENT_TYPES = {"webp": "image/webp", "svg": "image/svg+xml"}
CID_AREA = "ipfs"
_PUBLIC_ID = re.compile(r"[0-9a-f]{64}\.(webp|svg)", re.ASCII)
_PRIVATE_ID = re.compile(r"[0-9a-f]{32}", re.ASCII)
_NONCE_BYTES = 12


class FileMissing(NotFound):
    """No file under this id."""

    def __init__(self) -> None:
        super().__init__(_("There is no such file."))


@dataclass(frozen=True, slots=True)
class PrivateFile:
    """Where an encrypted file lies, the key (hex) that opens it, and its fingerprint."""

    id: str
    key: str
    sha256: str
    size: int


def put_public(data: bytes, suffix: str = "webp") -> str:
    """Store public bytes; return the content id (sha256 and suffix).

    `svg` is for pictures made by the platform itself; uploads go through documents.service.poster.
    """
    if suffix not in CONTENT_TYPES:
        raise ValueError(f"no public files of type {suffix}")
    file_id = f"{hashlib.sha256(data).hexdigest()}.{suffix}"
    write(_public_path(file_id), data)
    return file_id


def open_public(file_id: str) -> tuple[Path, str]:
    """Return path and content type of a public file; raises FileMissing."""
    if not _PUBLIC_ID.fullmatch(file_id):
        raise FileMissing
    path = _public_path(file_id)
    if not path.is_file():
        raise FileMissing
    return path, CONTENT_TYPES[file_id.rpartition(".")[2]]


def delete_public(file_id: str) -> None:
    """Remove a public file by its content id; one that is gone already is fine."""
    if _PUBLIC_ID.fullmatch(file_id):
        _public_path(file_id).unlink(missing_ok=True)


def put_cid(data: bytes) -> str:
    """Store public bytes; return their content id on IPFS (CIDv1)."""
    name = cid.cid_of(data)
    write(_cid_path(name), data)
    return name


def read_cid(name: str) -> bytes:
    """Return the bytes with a content id; raises FileMissing."""
    if not cid.PATTERN.fullmatch(name) or not _cid_path(name).is_file():
        raise FileMissing
    return _cid_path(name).read_bytes()


def delete_cid(name: str) -> None:
    """Remove a public file by its content id; one that is gone already is fine."""
    if cid.PATTERN.fullmatch(name):
        _cid_path(name).unlink(missing_ok=True)


def put_private(data: bytes, area: str) -> PrivateFile:
    """Encrypt bytes (AES-256-GCM) and store them in an area's folder; the caller stores the key."""
    file_id, key = randomness.token_hex(16), AESGCM.generate_key(256)
    nonce = secrets.token_bytes(_NONCE_BYTES)
    write(_private_path(file_id, area), nonce + AESGCM(key).encrypt(nonce, data, file_id.encode()))
    return PrivateFile(file_id, key.hex(), hashlib.sha256(data).hexdigest(), len(data))


def get_private(file_id: str, key: str, area: str) -> bytes:
    """Return the decrypted bytes; raises FileMissing."""
    if not _PRIVATE_ID.fullmatch(file_id) or not _private_path(file_id, area).is_file():
        raise FileMissing
    stored = _private_path(file_id, area).read_bytes()
    nonce, sealed = stored[:_NONCE_BYTES], stored[_NONCE_BYTES:]
    return AESGCM(bytes.fromhex(key)).decrypt(nonce, sealed, file_id.encode())


def delete_private(file_id: str, area: str) -> None:
    """Remove an encrypted file; one that is gone already is fine."""
    if _PRIVATE_ID.fullmatch(file_id):
        _private_path(file_id, area).unlink(missing_ok=True)


def names_in(area: str, *, older_than: float) -> list[str]:
    """Return the names of an area's files written before a moment (seconds since 1970)."""
    files = (_root() / area).glob("*/*")
    return [path.name for path in files if path.stat().st_mtime < older_than]


def _root() -> Path:
    return Path(config.settings().data_dir).absolute() / "files"


def _public_path(file_id: str) -> Path:
    return _root() / "public" / file_id[:2] / file_id


def _cid_path(name: str) -> Path:
    return _root() / CID_AREA / name[-2:] / name


def _private_path(file_id: str, area: str) -> Path:
    return _root() / area / file_id[:2] / file_id


def write(path: Path, data: bytes) -> None:
    """Write a file of the data folder, three folders deep or more, for the owner alone to read.

    It is written beside and renamed: a reader never sees half a file, and the same content twice
    is fine.
    """
    for folder in (path.parent.parent.parent, path.parent.parent, path.parent):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
    os.replace(temporary, path)
