"""SQL for every feature. Whatever differs between SQLite, PostgreSQL and MySQL stays in this package."""

from .engines import Base, Session, db, engine_options, is_read_only, reader, reading, set_read_only
from .history import (
    append_only,
    append_only_ddl,
    event_table,
    make_append_only,
    one_of,
    protect,
    record_event,
)
from .snapshots import snapshot
from .transactions import (
    after_commit,
    before_commit,
    commit,
    own_transaction,
    read_connection,
    rollback,
    rows_changed,
)
from .types import ID, Json, LongText, UTCDateTime, new_id
from .writing import Driver, Prepared, driver, execute_insert_ignore, insert_ignore, lean_transaction

__all__ = [
    "ID",
    "Base",
    "Driver",
    "Json",
    "LongText",
    "Prepared",
    "Session",
    "UTCDateTime",
    "after_commit",
    "append_only",
    "append_only_ddl",
    "before_commit",
    "commit",
    "db",
    "driver",
    "engine_options",
    "event_table",
    "execute_insert_ignore",
    "insert_ignore",
    "is_read_only",
    "lean_transaction",
    "make_append_only",
    "new_id",
    "one_of",
    "own_transaction",
    "protect",
    "read_connection",
    "reader",
    "reading",
    "record_event",
    "rollback",
    "rows_changed",
    "set_read_only",
    "snapshot",
]
