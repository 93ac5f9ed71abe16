"""What a backup says of itself, and whether its files are those that were written."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from crowdfund.backups.errors import RestoreRefused

NAME, FORMAT = "manifest.json", 1


@dataclass(slots=True)
class Manifest:
    """`files` maps a path in the folder to its SHA-256; `keys` the same in the folder of keys.

    `journal`, `audit` and `chain` say where these stood; `schema` are the revisions of the tables.
    """

    made_at: str
    schema: list[str]
    database: str
    tables: dict[str, int] = field(default_factory=dict)
    journal: dict[str, Any] = field(default_factory=dict)
    audit: dict[str, Any] = field(default_factory=dict)
    chain: dict[str, Any] = field(default_factory=dict)
    secret_check: str = ""
    keys_are_encrypted: bool = False
    files: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def moment(self) -> datetime:
        """Return when the backup was made."""
        return datetime.fromisoformat(self.made_at)

    def write(self, folder: Path) -> None:
        """Write it into a backup's folder, as the last file."""
        part = folder / f".{NAME}.part"
        part.write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")
        part.replace(folder / NAME)


def read(folder: Path) -> Manifest:
    """Return a backup's manifest. Raises RestoreRefused."""
    try:
        found = json.loads((folder / NAME).read_text())
        if found["format"] != FORMAT:
            raise RestoreRefused(
                f"The backup has format {found['format']}; this version reads {FORMAT}. "
                "Use the version of crowdfund that made it."
            )
        return Manifest(**found)
    except FileNotFoundError:
        raise RestoreRefused(
            f"{folder} is not a whole backup: {NAME}, which is written last, is missing."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise RestoreRefused(f"{folder / NAME} cannot be read: {error}.") from error


def digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file in a folder but the manifest, by path."""
    return {
        str(path.relative_to(folder)): digest(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != NAME
    }


def differences(folder: Path, wanted: dict[str, str]) -> Iterator[str]:
    """Yield a sentence for each file that is missing or not what was written."""
    for name, sha256 in wanted.items():
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            yield f"{name} lies outside of the backup"
        elif not path.is_file():
            yield f"{name} is missing"
        elif digest(path) != sha256:
            yield f"{name} is not what was written"


def digest(path: Path) -> str:
    """Return the SHA-256 of a file (hex)."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
