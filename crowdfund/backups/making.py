"""Make a backup of a running platform: one snapshot of the database, the files, the keys."""

import contextlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from crowdfund.adapters import sealing
from crowdfund.backups import manifest, rows, sealed
from crowdfund.backups.errors import BackupFailed
from crowdfund.backups.manifest import Manifest
from crowdfund.chain import connection as chain_keys
from crowdfund.chain import queries as chain
from crowdfund.chain.errors import KeyMissing
from crowdfund.chain.rules import ROLES
from crowdfund.kernel import audit, clock, config
from crowdfund.kernel.db import db, snapshot
from crowdfund.ledger import proof as journal

Say = Callable[[str], None]
MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"
KEY_TABLES = ("document_key",)  # stored apart: without it no document can be opened
CHECK_PURPOSE, CHECK_NAME = "backup check", "crowdfund"


def make(target: Path, say: Say, *, keys: Path | None = None, passphrase: str = "") -> Manifest:
    """Write a backup into an empty folder, the keys into another one if given; return its manifest.

    Everybody may go on working: the database is read in one snapshot. Tables that triggers fill
    from others (`is_derived`) are left out: they are filled again when those are restored. The keys
    are encrypted when there is a passphrase. Raises BackupFailed.
    """
    keys = keys or target / "keys"
    for folder in (target, keys):
        _empty_folder(folder)
    for name in ("database", "files"):
        (target / name).mkdir()
    with snapshot():
        made = _describe()
        for table in db.metadata.sorted_tables:
            if table.info.get("is_derived"):
                continue
            place = keys if table.name in KEY_TABLES else target / "database"
            made.tables[table.name] = rows.dump(table, place / f"{table.name}.jsonl.gz")
    say(f"{sum(made.tables.values())} rows of {len(made.tables)} tables")
    say(f"{_copy_files(target / 'files')} files")
    _copy_keys(keys)
    made.keys_are_encrypted = bool(passphrase)
    if passphrase:
        _encrypt(keys, passphrase)
    made.keys = _private(keys)
    made.files = {
        name: sha256
        for name, sha256 in manifest.digests(target).items()
        if not (target / name).resolve().is_relative_to(keys.resolve())
    }
    made.write(target)
    say(f"{len(made.keys)} files of keys{', encrypted' if passphrase else ''} in {keys}")
    return made


def schema() -> list[str]:
    """Return the revisions of the database's tables."""
    with db.engine.connect() as connection:
        return sorted(MigrationContext.configure(connection).get_current_heads())


def newest_schema() -> list[str]:
    """Return the revisions that this version of crowdfund brings."""
    return sorted(ScriptDirectory(str(MIGRATIONS)).get_heads())


def _describe() -> Manifest:
    found, wanted = schema(), newest_schema()
    if found != wanted:
        raise BackupFailed(
            f"The tables are at revision {', '.join(found) or 'none'}, this version works with "
            f"{', '.join(wanted)}. Make the backup with the version that the tables belong to, "
            "or run `flask db upgrade` first."
        )
    head, cursor = journal.head_link(), chain.cursor()
    seq, link = audit.head()
    made = Manifest(clock.now().isoformat(), found, db.engine.dialect.name)
    made.journal = {"seq": head[0], "hash": head[1]} if head else {"seq": 0, "hash": ""}
    made.audit = {"seq": seq, "hash": link}
    made.chain = {"chain_id": config.settings().chain_id, "genesis": "", "number": 0, "applied": 0}
    if cursor is not None:
        made.chain = {
            "chain_id": cursor.chain_id,
            "genesis": cursor.genesis,
            "number": cursor.number,
            "applied": cursor.applied,
        }
    made.secret_check = sealing.seal(CHECK_PURPOSE, CHECK_NAME, b"opens")
    return made


def _empty_folder(path: Path) -> None:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise BackupFailed(f"{path} is not an empty folder. Name a new one; nothing was written.")
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    path.chmod(0o700)


def _copy_files(target: Path) -> int:
    """Copy what is stored; a file is written once and never changed, so copies are whole."""
    source, count = config.settings().data_dir.absolute() / "files", 0
    for path in source.rglob("*"):
        if not path.is_file() or path.name.startswith("tmp"):
            continue
        place = target / path.relative_to(source)
        place.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.suppress(FileNotFoundError):  # deleted meanwhile, and so is its row
            shutil.copyfile(path, place)
            count += 1
    return count


def _copy_keys(target: Path) -> None:
    """Copy the folder of keys, and the chain's keys wherever they come from."""
    source = config.settings().data_dir.absolute() / "keys"
    if source.is_dir():
        shutil.copytree(source, target / "files", symlinks=False, dirs_exist_ok=True)
    (target / "chain").mkdir()
    for role in ROLES:
        with contextlib.suppress(KeyMissing):
            (target / "chain" / role).write_text(chain_keys.key_of(role) + "\n")


def _encrypt(folder: Path, passphrase: str) -> None:
    for path in [one for one in folder.rglob("*") if one.is_file()]:
        sealed.encrypt(path, path.with_name(f"{path.name}.sealed"), passphrase)
        path.unlink()


def _private(folder: Path) -> dict[str, str]:
    """Let nobody but the owner read a folder; return the digests of its files."""
    for path in folder.rglob("*"):
        os.chmod(path, 0o700 if path.is_dir() else 0o600)
    return manifest.digests(folder)
