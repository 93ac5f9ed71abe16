"""Turn a node's JSON into values."""

from typing import Any

from eth_utils.address import to_checksum_address

from crowdfund.adapters.chain import abi
from crowdfund.adapters.chain.answers import NodeError, Reverted, message_of, refusal
from crowdfund.adapters.chain.values import Header, Log, Read, Receipt


def value_of(read: Read, answer: Any) -> Any:  # noqa: ANN401 - JSON in, whatever the view returns
    """Return what a view returned, or why it reverted; raises NodeError."""
    if "error" in answer:
        error = refusal(answer["error"])
        if isinstance(error, NodeError):
            raise error
        return error
    data = bytes.fromhex(answer["result"][2:])
    if not data:
        return Reverted("NoContract", f"there is no contract at {read.address}")
    return abi.decode_result(read.contract, read.function, data)


def result_of(answer: Any) -> Any:  # noqa: ANN401 - JSON
    """Return the result of one answer of a batch; an error object raises NodeError."""
    if "error" in answer:
        raise NodeError(message_of(answer["error"]))
    return answer.get("result")


def hex_of(value: Any) -> str:  # noqa: ANN401 - HexBytes has no 0x of its own
    """Return bytes as 0x hex; text stays as it is."""
    return value if isinstance(value, str) else "0x" + bytes(value).hex()


def receipt_of(raw: Any) -> Receipt:  # noqa: ANN401 - JSON
    """Return a receipt from a node's JSON."""
    created = raw.get("contractAddress")
    return Receipt(
        raw["transactionHash"],
        int(raw["status"], 16) == 1,
        int(raw["blockNumber"], 16),
        raw["blockHash"],
        int(raw["gasUsed"], 16),
        to_checksum_address(created) if created else None,
    )


def header_of(block: Any) -> Header:  # noqa: ANN401 - web3 AttributeDict
    """Return a block header from web3's answer."""
    return Header(
        block["number"],
        hex_of(block["hash"]),
        hex_of(block["parentHash"]),
        block["timestamp"],
        tuple(hex_of(t) for t in block["transactions"]),
    )


def log_of(raw: Any) -> Log:  # noqa: ANN401 - JSON
    """Return a log entry from a node's JSON."""
    return Log(
        to_checksum_address(raw["address"]),
        tuple(raw["topics"]),
        bytes.fromhex(raw["data"][2:]),
        int(raw["blockNumber"], 16),
        raw["blockHash"],
        raw["transactionHash"],
        int(raw["logIndex"], 16),
    )
