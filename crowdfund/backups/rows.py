"""Tables as lines of JSON, the same on every database; a row in memory at a time.

JSON has no moments, days and bytes: they are written as objects with one tag.
"""

import base64
import gzip
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdfund.kernel.db import db

BATCH = 1_000
# A row that names an older one of its own table comes after it.
_ORDERED = {"journal_entry": "seq", "person": "created_at"}


def dump(table: sa.Table, path: Path) -> int:
    """Write every row of a table as the session's snapshot has it; return how many."""
    rows = 0
    query = sa.select(table).order_by(*_order(table)).execution_options(yield_per=BATCH)
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=3) as out:
        out.write(json.dumps([column.name for column in table.columns]) + "\n")
        columns = list(table.columns)
        for row in db.session.execute(query):
            values = [_encode(value, column) for value, column in zip(row, columns, strict=True)]
            out.write(json.dumps(values, ensure_ascii=False, separators=(",", ":")) + "\n")
            rows += 1
    return rows


def load(connection: Connection, table: sa.Table, path: Path) -> int:
    """Insert every row of a file into an empty table; return how many."""
    rows = 0
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        names = json.loads(next(lines))
        columns = [table.columns[name] for name in names]
        for batch in _batches(lines):
            values = [
                {
                    c.name: _decode(value, c)
                    for value, c in zip(json.loads(line), columns, strict=True)
                }
                for line in batch
            ]
            connection.execute(sa.insert(table), values)
            rows += len(values)
    return rows


def _order(table: sa.Table) -> list[sa.ColumnElement[Any]]:
    first = [table.c[_ORDERED[table.name]]] if table.name in _ORDERED else []
    return [*first, *table.primary_key.columns]


def _batches(lines: Iterable[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for line in lines:
        batch.append(line)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _encode(value: object, column: sa.Column[Any]) -> object:
    if value is None:
        return None
    if isinstance(column.type, sa.JSON):
        return {"json": value}
    if isinstance(value, datetime):
        return {"at": value.astimezone(UTC).isoformat()}
    if isinstance(value, date):
        return {"day": value.isoformat()}
    if isinstance(value, bytes | memoryview):
        return {"bytes": base64.b64encode(bytes(value)).decode()}
    return value


def _decode(value: object, column: sa.Column[Any]) -> object:
    """Return what the driver wants; tables are reflected, so types are the database's own."""
    if not isinstance(value, dict):
        return value
    ((tag, inner),) = value.items()
    if tag == "at":
        moment = datetime.fromisoformat(inner)
        return moment if getattr(column.type, "timezone", False) else moment.replace(tzinfo=None)
    if tag == "day":
        return date.fromisoformat(inner)
    if tag == "bytes":
        return base64.b64decode(inner)
    return inner if isinstance(column.type, sa.JSON) else json.dumps(inner)
