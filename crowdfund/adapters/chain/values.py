"""What a node answers with, as frozen values."""

from dataclasses import dataclass

ZERO = "0x" + "0" * 40


@dataclass(frozen=True)
class Header:
    """A block without its bodies; `transactions` are hashes."""

    number: int
    hash: str
    parent: str
    timestamp: int
    transactions: tuple[str, ...] = ()


@dataclass(frozen=True)
class Receipt:
    """Where a transaction ended."""

    hash: str
    ok: bool
    block_number: int
    block_hash: str
    gas_used: int
    contract: str | None = None


@dataclass(frozen=True)
class Log:
    """One log as the node gave it; not decoded."""

    address: str
    topics: tuple[str, ...]
    data: bytes
    block_number: int
    block_hash: str
    tx_hash: str
    index: int


@dataclass(frozen=True)
class Read:
    """One view to read: of which artifact, at which address, with which arguments."""

    contract: str
    address: str
    function: str
    args: tuple[object, ...] = ()

    @property
    def what(self) -> tuple[str, str, tuple[object, ...]]:
        """Return what is encoded."""
        return self.contract, self.function, self.args
