"""What a database error means for the caller: may the same work be tried again, and when?"""

import sqlite3
from enum import StrEnum

import sqlalchemy as sa


class Fault(StrEnum):
    """Database errors that are not a mistake of the statement that met them."""

    LOST = "lost"  # the server went away, restarted or takes no connections
    CONFLICT = "conflict"  # the server undid this transaction in favour of another one
    BUSY = "busy"  # a lock or a connection was not free in time
    FULL = "full"  # the disk of the database is full


_POSTGRESQL = {
    "40P01": Fault.CONFLICT,  # deadlock
    "40001": Fault.CONFLICT,  # serialization failure
    "55P03": Fault.BUSY,  # lock timeout
    "53100": Fault.FULL,
    "53300": Fault.LOST,  # too many connections
    "57P01": Fault.LOST,  # the administrator ended the connection
    "57P02": Fault.LOST,
    "57P03": Fault.LOST,  # the server is starting
}
_MYSQL = {
    1213: Fault.CONFLICT,  # deadlock
    1020: Fault.CONFLICT,  # MariaDB 11.6: the row has changed since it was read
    1205: Fault.BUSY,  # lock wait timeout
    1021: Fault.FULL,
    1114: Fault.FULL,
    **dict.fromkeys(
        (0, 1040, 1053, 1152, 1184, 1927, 2002, 2003, 2006, 2013, 2014, 2055), Fault.LOST
    ),
}
_SQLITE = {
    sqlite3.SQLITE_BUSY: Fault.BUSY,
    sqlite3.SQLITE_LOCKED: Fault.BUSY,
    sqlite3.SQLITE_FULL: Fault.FULL,
    sqlite3.SQLITE_CANTOPEN: Fault.LOST,
    sqlite3.SQLITE_IOERR: Fault.LOST,
}


def fault_of(error: BaseException) -> Fault | None:
    """Return the kind of fault of an error of SQLAlchemy or a driver, None for any other error."""
    if isinstance(error, sa.exc.PendingRollbackError):
        return Fault.LOST  # a statement on a connection that was lost before
    if isinstance(error, sa.exc.TimeoutError):
        return Fault.BUSY  # every connection of the pool is in use
    if isinstance(error, sa.exc.DBAPIError):
        found = _of_driver(error.orig) if error.orig is not None else None
        return found or (Fault.LOST if error.connection_invalidated else None)
    return _of_driver(error)


def _of_driver(error: BaseException) -> Fault | None:
    """Classify by the codes of the driver, whose module is not imported for its classes."""
    driver, name = type(error).__module__.partition(".")[0], type(error).__name__
    if isinstance(error, sqlite3.Error):
        return _SQLITE.get((getattr(error, "sqlite_errorcode", None) or 0) & 0xFF)
    if driver == "psycopg":
        state = getattr(error, "sqlstate", None)
        if state is None:  # the server could not answer, or the driver had closed the connection
            is_lost = name == "OperationalError" or "connection is" in str(error)
            return Fault.LOST if is_lost else None
        return _POSTGRESQL.get(state) or (Fault.LOST if state.startswith("08") else None)
    if driver == "pymysql" and error.args and isinstance(error.args[0], int):
        return _MYSQL.get(error.args[0])
    return None
