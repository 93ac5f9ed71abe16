"""Print the path of a Chromium for the tests, installed if there is none.

Order: CHROMIUM in the environment, one on PATH or in its usual place, Playwright's own download,
Debian's package (as root), a new Playwright download.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
ADVICE = (
    "No Chromium was found and none could be installed. Install Chromium or Google Chrome, "
    "or set CHROMIUM to the path of one, and run this again."
)


def runs(path: str | Path | None) -> bool:
    """Tell whether this is a browser that starts."""
    if not path or not os.access(path, os.X_OK):
        return False
    try:
        return (
            subprocess.run(
                [path, "--version"], capture_output=True, timeout=30, check=False
            ).returncode
            == 0
        )
    except (OSError, subprocess.TimeoutExpired):
        return False


def existing() -> str | None:
    """Return a browser of this machine."""
    for path in (*map(shutil.which, NAMES), *PLACES):
        if runs(path):
            return str(path)
    return None


def of_playwright() -> str | None:
    """Return the browser that Playwright downloaded, if it did."""
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if runs(path) else None


def by_apt() -> str | None:
    """Install Debian's package when this is Debian and we are root."""
    if not shutil.which("apt-get") or os.geteuid() != 0:
        return None
    print("Installing Chromium with apt-get ...", file=sys.stderr)
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for command in (
        ["update", "-qq"],
        ["install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ):
        subprocess.run(["apt-get", *command], env=env, stdout=sys.stderr, check=False)
    return existing()


def by_playwright() -> str | None:
    """Let Playwright download its own."""
    print("Downloading Chromium with Playwright ...", file=sys.stderr)
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    subprocess.run(command, stdout=sys.stderr, check=False)
    return of_playwright()


def find() -> str | None:
    """Return a browser, by the first way that works."""
    chosen = os.environ.get("CHROMIUM")
    if chosen:
        return chosen if runs(chosen) else None
    return existing() or of_playwright() or by_apt() or by_playwright()


if __name__ == "__main__":
    found = find()
    sys.exit(ADVICE) if found is None else print(found)
