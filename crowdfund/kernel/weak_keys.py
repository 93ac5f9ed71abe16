"""Secrets that somebody else knows or can guess."""

INSECURE_KEY = "development-only-secret-key"
MIN_CHARACTERS = 32
MIN_DIFFERENT = 8  # a random key of 32 hex digits has fewer once in 10^7

# From examples, and what people type to get past a check.
_KNOWN = (
    INSECURE_KEY,
    "abcdefghijklmnopqrstuvwxyz",
    "changeme",
    "change-me",
    "change_me",
    "change this",
    "django-insecure",
    "insecure",
    "password",
    "placeholder",
    "replace-me",
    "replace_me",
    "secret-key",
    "secret_key",
    "secretkey",
    "your-secret",
    "your_secret",
)
# The accounts of anvil, hardhat and ganache ("test test test … junk"): everybody has their keys.
_KNOWN_CHAIN_KEYS = frozenset(
    {
        "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80",
        "59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d",
        "5de4111afa1a4b94908f83103eb1f1706367c2e68ca870fc3fb9a804cdab365a",
        "7c852118294e51e653712a81e05800f419141751be58f605c371e15141b007a6",
        "47e179ec197488593b187f80a00eb0da91f1b9d0b13f8733639f19c30a34926a",
        "8b3a350cf5c34c9194ca85829a2df0ec3153be0318b5e2d3348e872092edffba",
        "92db14e403b83dfe3df233f83dfa3a0d7096f21ca9b0d6d6b8d88b2b4ec1564e",
        "4bbbf85ce3377467afe5d46f804f221813b2bb87f24d81f60f1fcdbf7cbf4356",
        "dbda1821b80551c9d65939329250298aa3472ba22feea921c0cf5d620ea67b97",
        "2a871d0798f97d79848a013d4936a73bf4cc922c825d33c1cf7073dff6d409c6",
    }
)


def is_weak(key: str) -> bool:
    """Return whether a key that signs and seals is blank, short, repeated, or widely known."""
    text = key.strip()
    is_poor = len(text) < MIN_CHARACTERS or len(set(text)) < MIN_DIFFERENT
    return is_poor or _repeats(text) or any(known in text.lower() for known in _KNOWN)


def is_weak_chain_key(key: str) -> bool:
    """Return whether a chain's private key (hex) is an account of test chains, or repeated."""
    digits = key.strip().lower().removeprefix("0x")
    return digits in _KNOWN_CHAIN_KEYS or len(set(digits)) < MIN_DIFFERENT


def _repeats(text: str) -> bool:
    """Return whether a text is one shorter text several times over."""
    return text in (text + text)[1:-1]
