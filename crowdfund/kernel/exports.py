"""Lists as CSV files: sent row by row, whatever their length, and harmless in a spreadsheet."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

from flask import Response, stream_with_context

from crowdfund.kernel.db import db, set_read_only
from crowdfund.kernel.db.paging import START, Page, Place

FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NEGATIVE = re.compile(r"-\d+(?:\.\d+)?", re.ASCII)
# Leading zeros, more than 15 digits, an exponent, parts of a date.
_MISREAD = re.compile(
    r"0\d+|\d{16,}|\d+(?:\.\d*)?[eE][+-]?\d+|\d{1,4}[-/]\d{1,4}(?:[-/]\d{1,4})?", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
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
    """Return a cell's text; one that a spreadsheet would change gets an apostrophe in front.

    That is what it would compute, and text that it would take for a number or a date: a telephone
    number, leading zeros, more digits than it keeps. Amounts stay numbers, with their minus sign.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value).replace("\0", "")
    is_formula = text.startswith(FORMULA) and not _NEGATIVE.fullmatch(text)
    is_misread = isinstance(value, str) and _MISREAD.fullmatch(text) and not _DATE.fullmatch(text)
    return f"'{text}" if is_formula or is_misread else text


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
