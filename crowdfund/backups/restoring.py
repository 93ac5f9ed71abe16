"""Restore a backup: check first, then fill an empty database, and say what has to follow."""

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
import sqlalchemy as sa
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from crowdfund.adapters import sealing
from crowdfund.backups import making, manifest, rows, sealed
from crowdfund.backups.errors import RestoreFailed, RestoreRefused
from crowdfund.backups.making import CHECK_NAME, CHECK_PURPOSE, KEY_TABLES, MIGRATIONS
from crowdfund.backups.manifest import Manifest
from crowdfund.chain import connection as chain_keys
from crowdfund.chain.errors import KeyMissing
from crowdfund.chain.rules import ROLES
from crowdfund.kernel import config
from crowdfund.kernel.db import db

Say = Callable[[str], None]
VERSIONS = "alembic_version"


def restore(
    source: Path, say: Say, *, keys: Path | None = None, passphrase: str = "", replace: bool = False
) -> Manifest:
    """Fill an empty installation from a backup; return the manifest.

    With `replace`, what is in the database and the files now is removed first. All programs must
    be stopped. Raises RestoreRefused before anything is changed.
    """
    made = manifest.read(source)
    keys = keys or source / "keys"
    _check_files(source, keys, made)
    _check_schema(made)
    _check_secret(made)
    _check_chain(made, say)
    with _opened(keys, made, passphrase) as clear:
        _check_keys(clear, replace=replace)
        _check_empty(replace=replace)
        say(f"The backup of {made.made_at} is whole.")
        _restore_database(source / "database", clear, made, say)
        _restore_files(source / "files", say)
        _restore_keys(clear, say)
    return made


# --- checks: nothing is changed -------------------------------------------------------------------


def _check_files(source: Path, keys: Path, made: Manifest) -> None:
    wrong = [*manifest.differences(source, made.files), *manifest.differences(keys, made.keys)]
    if wrong:
        shown = "; ".join(wrong[:5]) + ("; …" if len(wrong) > 5 else "")
        raise RestoreRefused(
            f"The backup is damaged: {shown}. Use another one. Nothing was changed."
        )


def _check_schema(made: Manifest) -> None:
    """Refuse a backup of a newer version; an older one is upgraded when it is restored."""
    known = ScriptDirectory(str(MIGRATIONS))
    for revision in made.schema:
        try:
            known.get_revision(revision)
        except CommandError:
            raise RestoreRefused(
                f"The backup was made by a newer version of crowdfund (tables at {revision}). "
                "Install that version first. Nothing was changed."
            ) from None


def _check_secret(made: Manifest) -> None:
    try:
        sealing.unseal(CHECK_PURPOSE, CHECK_NAME, made.secret_check)
    except (sealing.UnsealError, ValueError):
        raise RestoreRefused(
            "SECRET_KEY is not the one with which this backup was made: "
            "documents, authenticators and account numbers in it could not be opened. "
            "Set that key, or add it to SECRET_KEY_FALLBACKS. Nothing was changed."
        ) from None


def _check_chain(made: Manifest, say: Say) -> None:
    from crowdfund.adapters.chain.answers import NodeError
    from crowdfund.adapters.chain.errors import NodeUnreachable

    wanted = config.settings().chain_id
    if made.chain["chain_id"] != wanted:
        raise RestoreRefused(
            f"The backup belongs to chain {made.chain['chain_id']}, CHAIN_ID says {wanted}. "
            "Nothing was changed."
        )
    if not made.chain["genesis"] or not config.settings().chain_rpc_url:
        return
    try:
        genesis = chain_keys.node().genesis()
    except (NodeError, NodeUnreachable) as error:
        say(f"The node does not answer ({error}), so the chain was not compared.")
        return
    if genesis != made.chain["genesis"]:
        raise RestoreRefused(
            f"The node serves a chain that begins with {genesis[:18]}…, "
            f"the backup belongs to the one that begins with {made.chain['genesis'][:18]}…. "
            "Nothing was changed."
        )


def _check_keys(clear: Path, *, replace: bool) -> None:
    for role in ROLES:
        saved = clear / "chain" / role
        present = _present_key(role)
        if saved.exists() and present and present != saved.read_text().strip() and not replace:
            raise RestoreRefused(
                f"There is another key of the chain {role} here already. "
                "Remove it, or use --replace. Nothing was changed."
            )


def _present_key(role: str) -> str:
    try:
        return chain_keys.key_of(role)
    except KeyMissing:
        return ""


def _check_empty(*, replace: bool) -> None:
    if replace:
        return
    with db.engine.connect() as connection:
        for table in _reflected(connection).sorted_tables:
            if table.name == VERSIONS:
                continue
            if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                raise RestoreRefused(
                    f"The database is not empty ({table.name} has rows). "
                    "Restore into an empty one, or remove what is there with --replace. "
                    "Nothing was changed."
                )


@contextmanager
def _opened(keys: Path, made: Manifest, passphrase: str) -> Iterator[Path]:
    """Yield the folder of decrypted keys; a temporary copy of it if the backup is encrypted."""
    if not made.keys_are_encrypted:
        yield keys
        return
    if not passphrase:
        raise RestoreRefused("The keys are encrypted: give the passphrase. Nothing was changed.")
    with tempfile.TemporaryDirectory(dir=config.settings().data_dir.absolute()) as name:
        for path in [one for one in keys.rglob("*.sealed") if one.is_file()]:
            clear = Path(name) / path.relative_to(keys).with_suffix("")
            clear.parent.mkdir(parents=True, exist_ok=True)
            sealed.decrypt(path, clear, passphrase)
        yield Path(name)


# --- restoring ------------------------------------------------------------------------------------


def _restore_database(source: Path, keys: Path, made: Manifest, say: Say) -> None:
    """Make the tables as they were, fill them, then bring them to this version."""
    db.session.remove()
    with db.engine.begin() as connection:
        _drop_all(connection)
    for revision in made.schema:
        flask_migrate.upgrade(str(MIGRATIONS), revision=revision)
    with db.engine.connect() as connection:
        tables = _reflected(connection)
    count = 0
    with _without_foreign_keys() as connection:
        for table in _parents_first(tables, made):
            place = keys if table.name in KEY_TABLES else source
            if _has_rows(connection, table):
                connection.execute(sa.delete(table))
            loaded = rows.load(connection, table, place / f"{table.name}.jsonl.gz")
            if loaded != made.tables[table.name]:
                raise RestoreFailed(
                    f"{table.name} has {loaded} rows, the manifest says {made.tables[table.name]}."
                )
            count += loaded
    say(f"{count} rows of {len(made.tables)} tables are restored.")
    if made.schema != making.newest_schema():
        flask_migrate.upgrade(str(MIGRATIONS))
        say(f"The tables were upgraded from {', '.join(made.schema)}.")


def _has_rows(connection: sa.Connection, table: sa.Table) -> bool:
    """Return whether a migration has put rows into a table that was just made."""
    any_row = sa.select(sa.literal(1)).select_from(table).limit(1)
    return connection.execute(any_row).first() is not None


def _parents_first(tables: sa.MetaData, made: Manifest) -> list[sa.Table]:
    missing = made.tables.keys() - tables.tables.keys()
    if missing:
        raise RestoreFailed(
            f"The backup has tables that its revision does not make: {sorted(missing)}."
        )
    return [table for table in tables.sorted_tables if table.name in made.tables]


@contextmanager
def _without_foreign_keys() -> Iterator[sa.Connection]:
    """Open the one transaction that fills the tables; SQLite checks its foreign keys at the end."""
    with db.engine.connect() as connection:
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:  # cannot be switched inside a transaction
            connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
        try:
            with connection.begin():
                yield connection
                if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                    raise RestoreFailed("The backup names rows that it does not have.")
        finally:
            if is_sqlite:
                connection.connection.cursor().execute("PRAGMA foreign_keys=ON")


def _drop_all(connection: sa.Connection) -> None:
    """Remove all tables, whichever version made them; their triggers go with them."""
    tables = _reflected(connection)
    tables.drop_all(connection)


def _reflected(connection: sa.Connection) -> sa.MetaData:
    found = sa.MetaData()
    found.reflect(connection)
    return found


def _restore_files(source: Path, say: Say) -> None:
    target = config.settings().data_dir.absolute() / "files"
    if target.exists():
        shutil.rmtree(target)
    shutil.copytree(source, target)
    say(f"{sum(1 for path in target.rglob('*') if path.is_file())} files are restored.")


def _restore_keys(clear: Path, say: Say) -> None:
    """Put keys back that are not here; those that are given by the environment stay as they are."""
    folder, restored = config.settings().data_dir.absolute() / "keys", 0
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    pairs = [
        (path, folder / path.relative_to(clear / "files")) for path in (clear / "files").rglob("*")
    ]
    pairs += [
        (clear / "chain" / role, chain_keys.key_path(role))
        for role in ROLES
        if not _present_key(role)
    ]
    for path, place in pairs:
        if not path.is_file() or (place.exists() and place.read_bytes() == path.read_bytes()):
            continue
        place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if place.exists():
            place.replace(place.with_name(f"{place.name}.before-restore"))
        shutil.copyfile(path, place)
        place.chmod(0o600)
        restored += 1
    say(f"{restored} keys are restored.")
