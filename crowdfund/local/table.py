"""The table that `make run` prints: addresses and demo accounts."""

from importlib import import_module
from importlib.util import find_spec

from crowdfund.local.stack import Stack

PAGES = (
    ("web", "The platform"),
    ("mail", "Mail and SMS (sign-in codes arrive here)"),
    ("gateway", "NEO Bank (simulator)"),
    ("identity", "Demo ID (single sign-on, simulator)"),
    ("clock", "Clock (move the time of everything here)"),
    ("chain", "Chain (JSON-RPC)"),
    ("events", "Event stream"),
)


def render(running: Stack) -> str:
    """Return the table of addresses and demo accounts."""
    rows = [(title, running.url(name)) for name, title in PAGES if _is_there(running, name)]
    rows.append(("Data and logs", str(running.folder.root)))
    rows += [(f"Sign in as {who}", what) for who, what in accounts()]
    if _is_there(running, "mail"):
        rows.append(("Second factor of the staff", "under /codes of the mail page"))
    width = max(len(left) for left, _ in rows)
    line = "-" * (width + 2 + max(len(right) for _, right in rows))
    body = "\n".join(f"{left:<{width}}  {right}" for left, right in rows)
    return f"\n{line}\n{body}\n{line}"


def accounts() -> list[tuple[str, str]]:
    """Return the demo accounts (who, address) of the demo story."""
    if find_spec("crowdfund.local.story") is None:
        return []
    story = import_module("crowdfund.local.story")
    return [(str(who), str(email)) for who, email in story.accounts()]


def _is_there(running: Stack, name: str) -> bool:
    return name == "chain" or name in running.names()
