"""Addresses and integrity hashes of static files, for templates.

`vendor("htmx.min.js")` names a third party's file with its pinned integrity; `asset("app.js")`
names one of ours. Both carry a hash in the address, so that browsers may cache the file for ever.
Ours have no integrity: a page that was loaded just before a deployment would refuse the new file
and have no styles.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from flask import Flask


import base64
import hashlib
import json
import time
from functools import lru_cache
from pathlib import Path
from typing import cast

from markupsafe import Markup

STATIC = Path(__file__).parents[1] / "static"


def manifest() -> list[dict[str, str]]:
    """Return the entries of vendor.json: file, package, version, sha384."""
    return cast(list[dict[str, str]], json.loads((STATIC / "vendor.json").read_text()))


def digest(path: Path) -> str:
    """Return the base64 sha384 of a file, as integrity attributes write it."""
    return base64.b64encode(hashlib.sha384(path.read_bytes()).digest()).decode()


@lru_cache
def _pinned() -> dict[str, str]:
    return {entry["file"]: entry["sha384"] for entry in manifest()}


@lru_cache
def _digest_at(path: Path, _mtime_ns: int) -> str:
    return digest(path)


def _address(path: str, sha384: str) -> str:
    return f"/static/{path}?v={sha384[:10].replace('+', '-').replace('/', '_')}"


def _name(path: str) -> str:
    return "href" if path.endswith(".css") else "src"


@lru_cache
def vendor(name: str) -> Markup:
    """Return the src (href for CSS) and integrity attributes of a vendored file.

    Raises KeyError if the file is not pinned.
    """
    sha384 = _pinned()[name]
    return Markup('{}="{}" integrity="sha384-{}"').format(_name(name), vendor_url(name), sha384)


@lru_cache
def vendor_url(name: str) -> str:
    """Return the address of a vendored file without integrity, for sprites and fonts."""
    return _address(f"vendor/{name}", _pinned()[name])


def asset(name: str) -> Markup:
    """Return the src (href for CSS) attribute of one of our own static files."""
    return _asset(name, _second())


def asset_url(name: str) -> str:
    """Return the address of one of our own static files, for pictures."""
    return _asset_url(name, _second())


def _second() -> int:
    """Return a number that changes every second: the lifetime of the caches below."""
    return int(time.monotonic())


@lru_cache(maxsize=64)
def _asset(name: str, second: int) -> Markup:
    return Markup('{}="{}"').format(_name(name), _asset_url(name, second))


@lru_cache(maxsize=64)
def _asset_url(name: str, _second: int) -> str:
    path = STATIC / name
    return _address(name, _digest_at(path, path.stat().st_mtime_ns))


def wrong_files() -> list[str]:
    """Name the vendored files that are missing, changed or not in vendor.json."""
    pinned = _pinned()
    found = {path.name: path for path in (STATIC / "vendor").iterdir()}
    changed = {
        name for name, sha in pinned.items() if name not in found or digest(found[name]) != sha
    }
    return sorted(changed | (found.keys() - pinned.keys()))


def register(app: "Flask") -> None:
    """Give the helpers to the app's templates."""
    app.jinja_env.globals.update(
        vendor=vendor, vendor_url=vendor_url, asset=asset, asset_url=asset_url
    )
