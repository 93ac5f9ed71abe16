"""The provider's state: people, keys, open codes and tokens, and the faults to simulate."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from joserfc.jwk import KeySet, RSAKey

from crowdfund.kernel import clock
from crowdfund.local.datadir import write_secret

CODE_S = 60


@dataclass(frozen=True)
class Account:
    """A person with an account at the provider."""

    sub: str
    name: str
    email: str
    email_verified: bool

    def claims(self, scope: str) -> dict[str, Any]:
        """Return what a client with this scope may know."""
        claims: dict[str, Any] = {"sub": self.sub}
        if "profile" in scope.split():
            claims["name"] = self.name
        if "email" in scope.split() and self.email:
            claims |= {"email": self.email, "email_verified": self.email_verified}
        return claims


DEMO = (
    Account("7f2c1a", "Fikirte Bogale", "fikirte@id.example", True),
    Account("b90e4d", "Biruk Haile", "biruk@id.example", False),
)


@dataclass
class Faults:
    """The faults that the provider simulates; by default none."""

    # put into the ID token; null takes one out
    claims: dict[str, Any] = field(default_factory=dict)
    algorithm: str = "RS256"  # also "none" and "HS256" (with the public key as the secret)
    key: str = "published"  # "stranger": signed by a key that nobody knows, under the known name
    token_status: int = 0  # instead of an answer of the token endpoint
    token_body: str = ""
    discovery: dict[str, Any] = field(default_factory=dict)
    thin: bool = False  # the ID token says only who; the rest is at the userinfo endpoint
    delay_s: float = 0.0
    answer: dict[str, Any] = field(default_factory=dict)  # added to what the browser brings back


class State:
    """Everything in memory, but for the first key, which outlives a restart."""

    def __init__(self, folder: Path) -> None:
        self.accounts = {account.sub: account for account in DEMO}
        self.faults = Faults()
        self.codes: dict[str, Any] = {}
        self.tokens: dict[str, tuple[Account, str]] = {}
        self.keys = [_stored_key(folder / "key.pem")]
        self._stranger: RSAKey | None = None

    @property
    def key(self) -> RSAKey:
        """The key in use; older ones stay published."""
        return self.keys[-1]

    @property
    def stranger(self) -> RSAKey:
        """A key that is published nowhere but bears the name of the one in use."""
        if self._stranger is None:
            self._stranger = RSAKey.generate_key(2048)
        return RSAKey.import_key(self._stranger.as_pem(private=True), {"kid": self.key.kid or ""})

    def rotate(self, *, drop: bool = False) -> None:
        """Take a new key into use; with `drop` the older ones are published no more."""
        fresh = _named(RSAKey.generate_key(2048))
        self.keys = [fresh] if drop else [*self.keys, fresh]

    def published(self) -> dict[str, Any]:
        """Return the JSON Web Key Set."""
        parameters = {"use": "sig", "alg": "RS256"}
        return dict(KeySet(list(self.keys)).as_dict(private=False, **parameters))

    def forget_old_codes(self) -> None:
        """Drop codes that nobody came for."""
        oldest = clock.real().timestamp() - CODE_S
        old = [code for code, row in self.codes.items() if row.auth_time < oldest]
        for code in old:
            del self.codes[code]


def _named(key: RSAKey) -> RSAKey:
    """Return a key with its thumbprint as its name."""
    key.ensure_kid()
    return key


def _stored_key(path: Path) -> RSAKey:
    if path.exists():
        return _named(RSAKey.import_key(path.read_bytes()))
    key = _named(RSAKey.generate_key(2048))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_secret(path, key.as_pem(private=True).decode())
    return key
