"""Where the simulator's pages lead: its own address and the shop's."""

import sqlite3
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Places:
    """Addresses outside the current page."""

    own: str = ""  # base of checkout pages; empty: the host that the request names
    shop_url: str = ""  # the shop's start, for pages without a payment

    def back(self, row: sqlite3.Row) -> str:
        """Return where the shop wants the customer of a payment back, empty if nowhere."""
        url = row["return_url"]
        return url if _is_link(url) else ""

    def shop(self, row: sqlite3.Row | None = None) -> str:
        """Return the best address at the shop: of this payment if there is one, else its start."""
        return (self.back(row) if row is not None else "") or self.shop_url


def _is_link(url: str) -> bool:
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False
