"""Sensitive changes: which there are, how long they wait, how their values are shown."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from ...i18n import _l

HOLD = timedelta(hours=24)
STEP_UP = timedelta(minutes=10)  # how old the proof of a second factor may be for a sensitive action
STAFF_PROOF = timedelta(hours=12)  # how long a proof keeps staff roles awake

LABELS: dict[str, str] = {
    "phone": _l("Mobile number"),
    "email": _l("E-mail address"),
    "wallet": _l("Wallet"),
    "oidc": _l("Sign-in with another provider"),
    "payout_account": _l("Payout account"),
    "company_bank_account": _l("Bank account of your company"),
}
# Whoever has one of these signs in: when it changes, every device has to sign in anew.
WAYS_IN = frozenset({"phone", "email", "wallet", "oidc"})


@dataclass(frozen=True, slots=True)
class Channel:
    """Where somebody is told: `email` or `sms` and the address."""

    kind: str
    address: str


def masked(value: str) -> str:
    """Return a value so that its owner knows it and nobody else learns it."""
    if "@" in value:
        name, _, domain = value.rpartition("@")
        return f"{name[:1]}•••@{domain}"
    if value.startswith("0x"):
        return f"{value[:6]}…{value[-4:]}"
    if value.startswith("+"):
        return f"{value[:4]}•••••{value[-2:]}"
    return f"••••{value[-4:]}" if len(value) > 4 else "••••"


def new_channels(kind: str, payload: dict[str, Any]) -> list[Channel]:
    """Return the addresses which a change would add, so that they are told as well."""
    if payload.get("remove") or kind not in ("email", "phone") or not payload.get("value"):
        return []
    return [Channel("email" if kind == "email" else "sms", str(payload["value"]))]
