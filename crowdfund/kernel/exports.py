"""Lists as CSV files: sent row by row, whatever their length, and harmless in a spreadsheet."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import TypeVar

from flask import Response, stream_with_context

from crowdfund.kernel.db import db, set_read_only
from crowdfund.kernel.db.paging import START, Page, Place

FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 32_768  # characters
T = TypeVar("T")


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a CSV download in UTF-8; `rows` may be a generator, read while the file is being sent.

    The request's transaction is over by then, so its reads are in autocommit and lock nothing.
    """
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    stream = stream_with_context(_lines(header, rows))
    return Response(stream, mimetype="text/csv", headers=headers)


def defused(value: object) -> str:
    """Return a cell's text; one that a spreadsheet would compute gets an apostrophe in front.

    Whole and decimal numbers stay numbers, with their sign. Moments are in UTC in every file.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    text = str(value).replace("\0", "")
    if text.startswith(FORMULA) and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    return text.isascii() and text[1:].replace(".", "", 1).isdecimal() and text[0] in "+-"


def _lines(header: Sequence[str], rows: Iterable[Sequence[object]]) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write("\ufeff")  # without it spreadsheets misread Amharic
    writer.writerow(header)
    set_read_only(True)
    try:
        for row in rows:
            writer.writerow([defused(value) for value in row])
            if buffer.tell() > CHUNK:
                yield buffer.getvalue()
                buffer.seek(0)
                buffer.truncate()
        yield buffer.getvalue()
    finally:
        db.session.remove()
        set_read_only(False)


def walk(read: Callable[[Place], Page[T]]) -> Iterator[T]:
    """Yield the rows of every page of a list; `read` returns the page at a place."""
    place: Place | None = START
    while place is not None:
        page = read(place)
        yield from page.rows
        place = page.next
