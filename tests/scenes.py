"""Begin many tests from the same rows: built once in a process, then put back as they were.

Half of a test's time went into people, a company and a campaign that are the same in each. Only for
what is built on empty tables with the clock of `frozen`. On MariaDB it is built each time.
"""

import copy
import shutil
import sqlite3
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from crowdfund.adapters import mail, sms
from crowdfund.campaigns.views import cards, page_cache
from crowdfund.kernel import config
from crowdfund.kernel.db import db
from tests.emptying import filled_tables

T = TypeVar("T")
_scenes: dict[str, "_Scene"] = {}


@dataclass(frozen=True)
class _Scene:
    """What was returned, the rows, the files, and what was sent."""

    made: Any
    rows: Any
    files: Path
    sent: tuple[list[Any], list[Any]]


def scene(name: str, build: Callable[[], T]) -> T:
    """Return what `build` returns, with the rows and files that it makes.

    It may begin with another scene, but with nothing else: all rows are put back together.
    """
    copier = _COPIERS.get(db.engine.dialect.name)
    if copier is None:
        return build()
    take, put = copier
    folder = Path(config.settings().data_dir)
    found = _scenes.get(name)
    if found is None:
        made = build()
        db.session.remove()
        files = Path(tempfile.mkdtemp(prefix="crowdfund-scene-"))
        shutil.copytree(folder, files, dirs_exist_ok=True)
        sent = (list(mail.OUTBOX), list(sms.OUTBOX))
        _scenes[name] = _Scene(copy.deepcopy(made), take(), files, sent)
        return made
    db.session.remove()
    put(found.rows)
    shutil.copytree(found.files, folder, dirs_exist_ok=True)
    mail.OUTBOX.extend(found.sent[0])
    sms.OUTBOX.extend(found.sent[1])
    for cache in (page_cache._parts, page_cache._shells, cards._cards):
        cache._pieces = {}  # the same ids and versions come again with other contents
    return copy.deepcopy(found.made)


def forget() -> None:
    """Remove the files of all scenes, when the process ends."""
    for one in _scenes.values():
        shutil.rmtree(one.files, ignore_errors=True)
    _scenes.clear()


def _take_sqlite() -> sqlite3.Connection:
    """Return a copy of the whole database in memory."""
    copied = sqlite3.connect(":memory:", check_same_thread=False)
    with _bare() as connection:
        connection.backup(copied)
    return copied


def _put_sqlite(copied: sqlite3.Connection) -> None:
    with _bare() as connection:
        copied.backup(connection)


class _bare:  # noqa: N801 - used as a function
    """The driver's connection, outside of any transaction."""

    def __enter__(self) -> Any:
        self._pooled = db.engine.raw_connection()
        return self._pooled.driver_connection

    def __exit__(self, *_error: object) -> None:
        self._pooled.close()


def _take_postgresql() -> dict[str, bytes]:
    """Return the rows of each table that has any, as COPY writes them."""
    rows = {}
    with db.engine.connect() as connection, _cursor(connection) as cursor:
        for table in reversed(filled_tables(connection)):
            with cursor.copy(f'COPY "{table.name}" TO STDOUT (FORMAT binary)') as copied:
                rows[table.name] = b"".join(bytes(part) for part in copied)
    return rows


def _put_postgresql(rows: dict[str, bytes]) -> None:
    """Write the rows without triggers: what those wrote is among them."""
    with db.engine.begin() as connection, _cursor(connection) as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        for table in filled_tables(connection):
            cursor.execute(f'DELETE FROM "{table.name}"')
        for table, copied in rows.items():
            with cursor.copy(f'COPY "{table}" FROM STDIN (FORMAT binary)') as into:
                into.write(copied)


def _cursor(connection: Any) -> Any:
    return connection.connection.driver_connection.cursor()


_COPIERS: dict[str, tuple[Callable[[], Any], Callable[[Any], None]]] = {
    "sqlite": (_take_sqlite, _put_sqlite),
    "postgresql": (_take_postgresql, _put_postgresql),
}
