"""The browser of all browser tests."""

import os
from pathlib import Path

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]


def path() -> str | None:
    """Return the installed browser (CHROMIUM names it), None for Playwright's own."""
    found = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
    return found if Path(found).exists() else None


def launch_args() -> dict[str, object]:
    """Return what Playwright starts it with."""
    return {"executable_path": path(), "args": FLAGS} if path() else {"args": FLAGS}
