"""Sign-in by wallet: the text to be signed (EIP-4361), and why a signature is refused; pure."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from crowdfund.kernel.errors import CrowdfundError, Invalid
from crowdfund.kernel.i18n import _

# The statement is part of a signed text in ASCII (EIP-4361), so it is in English for everyone.
STATEMENTS = {
    "sign_in": "Sign in to crowdfund. This costs nothing and moves no money.",
    "connect": "Add this wallet to my crowdfund account as a way to sign in. This costs nothing "
    "and moves no money.",
}
_LONG = re.compile(r"0x[0-9a-fA-F]{132,}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Request:
    """The parts of a text of EIP-4361; times are aware, the address has its EIP-55 form."""

    site: str
    address: str
    statement: str
    uri: str
    chain_id: int
    nonce: str
    issued_at: datetime
    expires_at: datetime
    request_id: str


class WalletRefused(CrowdfundError):
    """The signature does not prove the wallet; nobody was signed in and nothing was stored."""

    status = 422
    code = "wallet_refused"


class NoAddress(Invalid):
    """The wallet gave no valid address."""

    code = "no_address"

    def __init__(self) -> None:
        text = _("The wallet gave no valid address. Choose an account in it and try again.")
        super().__init__(text)


def site_of(origin: str) -> str:
    """Return an origin as EIP-4361 names it: wallets take a host without a scheme for https."""
    return origin.removeprefix("https://")


def text_of(request: Request) -> str:
    """Return the text to be signed, byte for byte as EIP-4361 writes it."""
    return (
        f"{request.site} wants you to sign in with your Ethereum account:\n"
        f"{request.address}\n"
        "\n"
        f"{request.statement}\n"
        "\n"
        f"URI: {request.uri}\n"
        "Version: 1\n"
        f"Chain ID: {request.chain_id}\n"
        f"Nonce: {request.nonce}\n"
        f"Issued At: {_moment(request.issued_at)}\n"
        f"Expiration Time: {_moment(request.expires_at)}\n"
        f"Request ID: {request.request_id}"
    )


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def short(address: str) -> str:
    """Return the first and last characters of an address, which people compare."""
    return f"{address[:6]}…{address[-4:]}"


def why_refused(signature: str) -> WalletRefused:
    """Return the refusal of a signature that was not made with the wallet's key."""
    if is_of_contract(signature):
        reason = _(
            "This looks like a contract wallet, such as a Safe, and its contract on our network "
            "does not accept the signature. You are not signed in."
        )
        advice = _("Check that the wallet is on our network and that enough owners have signed.")
    else:
        reason = _("The signature is not from the account you chose. You are not signed in.")
        advice = _("Choose the same account in your wallet and try again.")
    return WalletRefused(f"{reason} {advice}")


def is_of_contract(signature: str) -> bool:
    """Return whether a signature is too long for a key, so that only a contract can check it."""
    return bool(_LONG.fullmatch(signature))


def not_asked() -> WalletRefused:
    """Return the refusal of a contract wallet while its network cannot be asked."""
    text = _(
        "We cannot reach the network to ask your contract wallet. You are not signed in. Try again "
        "in a moment."
    )
    return WalletRefused(text, status=503)


def altered() -> WalletRefused:
    """Return the refusal of a text that is not, byte for byte, the one to be signed."""
    text = _("The signed text is not the one we asked for. You are not signed in. Try again.")
    return WalletRefused(text)
