"""Sign an operator's permission for one investment with tokens (EIP-712)."""

from dataclasses import dataclass

from coincurve import PrivateKey
from eth_abi.abi import encode
from eth_utils.crypto import keccak

_DOMAIN = "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
_ADMISSION = (
    "Admission(bytes32 intentId,address investor,uint256 amount,uint256 validUntil,uint256 already)"
)
NAME, VERSION = "crowdfund campaign", "1"


@dataclass(frozen=True, slots=True)
class Leave:
    """Who may invest what: intent as 0x hex, amount in token units, last second as Unix time.

    `already` is what the investor has in that campaign before, in token units: a position only
    grows, so the permission works once.
    """

    intent: str
    investor: str
    units: int
    valid_until: int
    already: int = 0


def sign(leave: Leave, *, campaign: str, chain_id: int, key: str) -> list[object]:
    """Return the `Admission` to pass to `invest`: intent, amount, last second, position, signature.

    `campaign` is the contract's address, `key` the operator's private key as 0x hex.
    """
    digest = digest_of(leave, campaign=campaign, chain_id=chain_id)
    signature = PrivateKey(bytes.fromhex(key.removeprefix("0x"))).sign_recoverable(
        digest, hasher=None
    )
    # The last byte is 0 or 1 here, 27 or 28 in a contract.
    text = "0x" + signature[:64].hex() + bytes([signature[64] + 27]).hex()
    return [leave.intent, leave.units, leave.valid_until, leave.already, text]


def digest_of(leave: Leave, *, campaign: str, chain_id: int) -> bytes:
    """Return the 32 bytes that are signed."""
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [keccak(text=_DOMAIN), keccak(text=NAME), keccak(text=VERSION), chain_id, campaign],
    )
    content = encode(
        ["bytes32", "bytes32", "address", "uint256", "uint256", "uint256"],
        [
            keccak(text=_ADMISSION),
            bytes.fromhex(leave.intent.removeprefix("0x")),
            leave.investor,
            leave.units,
            leave.valid_until,
            leave.already,
        ],
    )
    return bytes(keccak(b"\x19\x01" + keccak(domain) + keccak(content)))
