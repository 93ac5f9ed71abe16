"""What a wallet is asked to do for an investment with tokens: calldata, and a permit's typed data.

The page passes it on unchanged, so it needs no library. Loaded only when it is needed, because it
brings eth-abi.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from crowdfund.adapters.chain import abi

_CAMPAIGN, _TOKEN = "CampaignImplementation", "PaymentToken"
# EIP-2612 over the domain that the token itself names (EIP-5267).
_TYPES = {
    "EIP712Domain": [
        {"name": "name", "type": "string"},
        {"name": "version", "type": "string"},
        {"name": "chainId", "type": "uint256"},
        {"name": "verifyingContract", "type": "address"},
    ],
    "Permit": [
        {"name": "owner", "type": "address"},
        {"name": "spender", "type": "address"},
        {"name": "value", "type": "uint256"},
        {"name": "nonce", "type": "uint256"},
        {"name": "deadline", "type": "uint256"},
    ],
}
_FIELDS = 0x0F  # name, version, chain id and contract: the usual domain


def invest(admission: Sequence[object]) -> str:
    """Return the call of `invest` with a signed admission."""
    return abi.encode(_CAMPAIGN, "invest", [list(admission)])


def invest_with_permit(admission: Sequence[object], deadline: int, signature: bytes) -> str:
    """Return the call of `investWithPermit`; the signature is 65 bytes with v 27 or 28."""
    args = [list(admission), deadline, *_parts(signature)]
    return abi.encode(_CAMPAIGN, "investWithPermit", args)


def approve(spender: str, units: int) -> str:
    """Return the call that lets a contract take exactly so many units."""
    return abi.encode(_TOKEN, "approve", [spender, units])


def balance_of(owner: str) -> str:
    """Return the call that reads a balance."""
    return abi.encode(_TOKEN, "balanceOf", [owner])


def allowance(owner: str, spender: str) -> str:
    """Return the call that reads what a contract may take."""
    return abi.encode(_TOKEN, "allowance", [owner, spender])


def nonces(owner: str) -> str:
    """Return the call that reads the number of an owner's next permit."""
    return abi.encode(_TOKEN, "nonces", [owner])


def permit(message: Mapping[str, Any], signature: bytes) -> str:
    """Return the call of `permit` alone, to simulate why a token would not take it."""
    names = ("owner", "spender", "value", "deadline")
    values = [message[name] for name in names]
    return abi.encode(_TOKEN, "permit", [*values, *_parts(signature)])


def permit_data(
    domain: Sequence[Any], *, owner: str, spender: str, units: int, nonce: int, deadline: int
) -> dict[str, Any] | None:
    """Return the typed data of a permit, numbers as text; None for a domain of another shape.

    `domain` is what `eip712Domain` returned. The page puts the newest number in the place of
    `nonce` before it asks for the signature.
    """
    fields, name, version, chain_id, contract = domain[:5]
    if int(str(fields), 16) != _FIELDS:
        return None
    return {
        "types": _TYPES,
        "primaryType": "Permit",
        "domain": {
            "name": name,
            "version": version,
            "chainId": int(chain_id),
            "verifyingContract": contract,
        },
        "message": {
            "owner": owner,
            "spender": spender,
            "value": str(units),
            "nonce": str(nonce),
            "deadline": str(deadline),
        },
    }


def reason_of(data: str) -> str:
    """Return the name of the error in revert data (0x hex); `Revert` for an unknown one."""
    try:
        return abi.decode_error(bytes.fromhex(data.removeprefix("0x")))[0]
    except ValueError:
        return "Revert"


def _parts(signature: bytes) -> tuple[int, str, str]:
    return signature[64], "0x" + signature[:32].hex(), "0x" + signature[32:64].hex()
