"""Variables of the environment and of .env: an empty one is not set, `NAME_FILE` names a file."""

import os
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from dotenv import dotenv_values

EMPTY = ("", "[]")
FORMER_NAMES = {"CHAIN_RPC_URL": ("POLYGON_EDGE_RPC_URL", "GANACHE_URL")}


class UnreadableSecret(Exception):
    """The file that a `NAME_FILE` names cannot be read, or is empty; nothing of it is repeated."""


def environment() -> dict[str, str]:
    """Return the variables of this process that have a value."""
    return with_value(os.environ)


def file(path: Path) -> dict[str, str]:
    """Return the variables of a file like .env that have a value; none where there is no file."""
    return with_value(dotenv_values(path, encoding="utf-8-sig"))


def with_value(values: Mapping[str, str | None]) -> dict[str, str]:
    """Return the variables with a value; blanks alone are none."""
    return {name: value for name, value in values.items() if value and value.strip() not in EMPTY}


def merged(layers: Collection[Mapping[str, str]]) -> dict[str, str]:
    """Return the variables of several layers; a later layer wins.

    A layer that has `NAME` or `NAME_FILE` hides both of them in earlier layers. A former name of a
    variable counts where its present one is not set.
    """
    chosen: dict[str, str] = {}
    for layer in layers:
        for name in layer:
            chosen.pop(_partner(name), None)
        chosen |= layer
    for name, former in FORMER_NAMES.items():
        found = next((chosen[one] for one in former if one in chosen), None)
        if found and not is_set(name, chosen):
            chosen[name] = found
    return chosen


def is_set(name: str, values: Mapping[str, str]) -> bool:
    """Return whether a variable has a value, or a file that holds it."""
    return name in values or f"{name}_FILE" in values


def _partner(name: str) -> str:
    """Return `NAME_FILE` for `NAME`, and the other way round."""
    return name.removesuffix("_FILE") if name.endswith("_FILE") else f"{name}_FILE"


def read_files(values: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Return the variables, with each of these names filled from the file of its `NAME_FILE`.

    Raises UnreadableSecret.
    """
    files = {name: values[f"{name}_FILE"] for name in names if f"{name}_FILE" in values}
    wanted = {name: path for name, path in files.items() if name not in values}
    return {**values, **{name: _content(name, path) for name, path in wanted.items()}}


def _content(name: str, path: str) -> str:
    # Without a separator it may be the secret itself, put there by mistake.
    shown = path if os.sep in path and Path(path).is_absolute() else "the file that it names"
    try:
        content = Path(path).read_text(encoding="utf-8-sig").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is not text in UTF-8"
        raise UnreadableSecret(f"{name}_FILE: {shown} cannot be read: {reason}.") from None
    if not content:
        raise UnreadableSecret(f"{name}_FILE: {shown} is empty.")
    return content
