"""Turn a node's JSON into values."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from crowdfund.adapters.chain import abi
from crowdfund.adapters.chain.answers import NodeError, Reverted, message_of, refusal
from crowdfund.adapters.chain.values import Header, Log, Read, Receipt


@contextmanager
def readable() -> Iterator[None]:
    """Raise NodeError for an answer that has another form than JSON-RPC gives it."""
    try:
        yield
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise NodeError(f"the node's answer cannot be read: {reason[:200]}") from error


def plain(answer: object) -> dict[str, Any]:
    """Return an answer without the `error: null` that some providers add. Raises NodeError."""
    if not isinstance(answer, dict):
        raise NodeError(f"the node answered {type(answer).__name__} instead of an object")
    if "error" in answer and answer["error"] is None:
        return {name: value for name, value in answer.items() if name != "error"}
    return answer


def value_of(read: Read, answer: Mapping[str, Any]) -> object:
    """Return what a view returned, or why it reverted; raises NodeError."""
    if "error" in answer:
        error = refusal(answer["error"])
        if isinstance(error, NodeError):
            raise error
        return error
    data = bytes_of(answer.get("result"))
    if not data:
        return Reverted("NoContract", f"there is no contract at {read.address}")
    return abi.decode_result(read.contract, read.function, data)


def result_of(answer: Mapping[str, Any]) -> object:
    """Return the result of one answer of a batch; an error object raises NodeError."""
    if "error" in answer:
        raise NodeError(message_of(answer["error"]))
    return answer.get("result")


def object_of(answer: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return the JSON object of one answer of a batch, or None. Raises NodeError."""
    return object_or_none(result_of(answer))


def object_or_none(found: object) -> dict[str, Any] | None:
    """Return a JSON object, or None for null. Raises NodeError."""
    if found is None or isinstance(found, dict):
        return found
    raise NodeError(f"the node answered {type(found).__name__} instead of an object")


def number_of(value: object) -> int:
    """Return a number that JSON-RPC writes as 0x hex. Raises NodeError."""
    with readable():
        return int(str(value), 16)


def bytes_of(value: object) -> bytes:
    """Return bytes that JSON-RPC writes as 0x hex. Raises NodeError."""
    if not isinstance(value, str) or not value.startswith("0x"):
        raise NodeError(f"the node answered {str(value)[:80]!r} instead of hex")
    with readable():
        return bytes.fromhex(value[2:])


def hex_of(value: str | bytes) -> str:
    """Return bytes as 0x hex, which HexBytes lacks; text stays as it is."""
    return value if isinstance(value, str) else "0x" + bytes(value).hex()


@readable()
def receipt_of(raw: Mapping[str, Any]) -> Receipt:
    """Return a receipt from a node's JSON."""
    created = raw.get("contractAddress")
    return Receipt(
        raw["transactionHash"],
        number_of(raw["status"]) == 1,
        number_of(raw["blockNumber"]),
        raw["blockHash"],
        number_of(raw["gasUsed"]),
        abi.checksummed(created) if created else None,
    )


@readable()
def header_in(raw: Mapping[str, Any]) -> Header:
    """Return a block header from a node's JSON."""
    return Header(
        number_of(raw["number"]),
        raw["hash"],
        raw["parentHash"],
        number_of(raw["timestamp"]),
        tuple(raw["transactions"]),
    )


@readable()
def log_of(raw: Mapping[str, Any]) -> Log:
    """Return a log entry from a node's JSON."""
    return Log(
        abi.checksummed(raw["address"]),
        tuple(raw["topics"]),
        bytes_of(raw["data"]),
        number_of(raw["blockNumber"]),
        raw["blockHash"],
        raw["transactionHash"],
        number_of(raw["logIndex"]),
    )
