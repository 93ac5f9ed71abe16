"""Whether a contract wallet stands by a signature (EIP-1271), asked of the node by one call.

Plain JSON-RPC without web3, because a web process asks. Ask it only after the key was tried: an
account that delegates by EIP-7702 has code and still signs with its key.
"""

import json
from http.client import HTTPException
from urllib.request import Request, urlopen

from crowdfund.kernel import config

MAGIC = "1626ba7e"  # what isValidSignature(bytes32,bytes) returns, and its selector
TIMEOUT_S = 3.0
MOST_BYTES = 8_000  # of a signature: those of a wallet with many owners are long
_WORD = 64  # hexadecimal digits of 32 bytes


class NotAsked(Exception):
    """The node did not answer, so nothing is known."""


def is_valid(address: str, text: str, signature: str) -> bool:
    """Return whether the contract at an address accepts a signature over a text. Raises NotAsked.

    An account without code accepts none, nor does a contract that reverts.
    """
    from eth_utils.crypto import keccak  # web processes start without it

    try:
        raw = bytes.fromhex(signature.removeprefix("0x"))
    except ValueError:
        return False
    if len(raw) > MOST_BYTES:
        return False
    body = text.encode()
    digest = keccak(b"\x19Ethereum Signed Message:\n" + str(len(body)).encode() + body)
    answer = _call(address, _encoded(digest, raw))
    return answer == "0x" + MAGIC.ljust(_WORD, "0")


def _encoded(digest: bytes, signature: bytes) -> str:
    padded = signature.hex().ljust(-(-len(signature) // 32) * _WORD, "0")
    return f"0x{MAGIC}{digest.hex()}{_WORD:064x}{len(signature):064x}{padded}"


def _call(to: str, data: str) -> str | None:
    """Return what a view answers, or None if it reverts. Raises NotAsked."""
    url = config.settings().chain_rpc_url
    if not url.startswith(("http://", "https://")):
        raise NotAsked("no node")
    params = [{"to": to, "data": data}, "latest"]
    call = {"jsonrpc": "2.0", "id": 1, "method": "eth_call", "params": params}
    request = Request(url, json.dumps(call).encode(), {"Content-Type": "application/json"})
    try:
        with urlopen(request, timeout=TIMEOUT_S) as response:
            answer = json.load(response)
    except (OSError, ValueError, HTTPException) as error:
        raise NotAsked(str(error)) from error
    if not isinstance(answer, dict):
        raise NotAsked("no answer")
    problem = answer.get("error")
    if problem is not None and not _is_revert(problem):
        raise NotAsked(str(problem))
    found = answer.get("result")
    return found if isinstance(found, str) else None


def _is_revert(error: object) -> bool:
    """Return whether a contract has refused; a node's own trouble is none (EIP-1474)."""
    return isinstance(error, dict) and (
        error.get("code") == 3 or "revert" in str(error.get("message", "")).lower()
    )
