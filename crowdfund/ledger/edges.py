"""Where a page of postings begins, with the balance there, as an address can carry it.

The balance after a posting never changes, as the journal only grows at its end. So the page before
says where the next one starts, and no page adds up what lies above it. The text is sealed under
SECRET_KEY for one account, so that a page cannot be made to show a balance that never was.
"""

from dataclasses import dataclass

from crowdfund.kernel import keys

_SEAL = 32  # hex digits
_LONGEST = 120


@dataclass(frozen=True, slots=True)
class Edge:
    """A posting at the edge of a page, and the balance on the side of the page that is wanted."""

    seq: int
    n: int
    balance_minor: int


def write(account: str, currency: str, edge: Edge) -> str:
    """Return an edge as text."""
    body = f"{edge.seq}.{edge.n}.{edge.balance_minor}"
    return f"{body}.{keys.keyed_hashes(_content(account, currency, body))[0][:_SEAL]}"


def read(account: str, currency: str, text: str) -> Edge | None:
    """Return the edge that a text of ours names, or None for any other text."""
    body, _dot, seal = text.rpartition(".")
    if len(text) > _LONGEST or not text.isascii():
        return None
    if not keys.is_keyed_hash(seal, _content(account, currency, body), digits=_SEAL):
        return None
    return Edge(*map(int, body.split(".")))


def _content(account: str, currency: str, body: str) -> bytes:
    """Return what the seal of a text covers."""
    return "\n".join(("edge of a page", account, currency, body)).encode()
