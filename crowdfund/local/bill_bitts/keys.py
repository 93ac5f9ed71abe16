"""Keys of the simulated world: two of the bank (rotation), one of the platform, one API key."""

import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

BANK_KEYS = (1, 2)


@dataclass(frozen=True)
class KeyFiles:
    """Where each key lies; the platform gets its private key and the bank's public ones."""

    folder: Path

    @property
    def platform_private(self) -> Path:
        """Key that the platform signs requests with."""
        return self.folder / "platform.pem"

    @property
    def platform_public(self) -> Path:
        """Key that the gateway checks requests with."""
        return self.folder / "platform.pub.pem"

    @property
    def api_key(self) -> Path:
        """File holding the value of X-Api-Key."""
        return self.folder / "api.key"

    def bank_private(self, number: int) -> Path:
        """Key that the bank signs webhooks with."""
        return self.folder / f"bank-{number}.pem"

    def bank_public(self, number: int) -> Path:
        """Key that the platform checks webhooks with."""
        return self.folder / f"bank-{number}.pub.pem"

    @property
    def bank_publics(self) -> list[Path]:
        """Both live public keys of the bank."""
        return [self.bank_public(number) for number in BANK_KEYS]


def ensure(folder: Path) -> KeyFiles:
    """Create the files that are missing in the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    files = KeyFiles(folder)
    _ensure_pair(files.platform_private, files.platform_public)
    for number in BANK_KEYS:
        _ensure_pair(files.bank_private(number), files.bank_public(number))
    if not files.api_key.exists():
        _write(files.api_key, secrets.token_urlsafe(24).encode())
    return files


def load_private(path: Path) -> rsa.RSAPrivateKey:
    """Read an RSA private key in PEM."""
    key = serialization.load_pem_private_key(path.read_bytes(), password=None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError(f"{path.name} is not an RSA key")
    return key


def load_public(path: Path) -> rsa.RSAPublicKey:
    """Read an RSA public key in PEM."""
    key = serialization.load_pem_public_key(path.read_bytes())
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError(f"{path.name} is not an RSA key")
    return key


def _ensure_pair(private: Path, public: Path) -> None:
    if not private.exists():
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        _write(
            private,
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            ),
        )
    if not public.exists():
        public.write_bytes(
            load_private(private)
            .public_key()
            .public_bytes(
                serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
            )
        )


def _write(path: Path, content: bytes) -> None:
    """Write for the owner alone, whole or not at all."""
    part = path.with_suffix(".part")
    part.touch(mode=0o600)
    part.write_bytes(content)
    part.rename(path)
