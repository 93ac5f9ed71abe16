"""Lists as CSV files: whole or not at all, whatever their length, and harmless in a spreadsheet."""

import csv
import io
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, TypeVar

from flask import Response

from crowdfund.kernel.db.paging import START, Page, Place

FORMULA = ("=", "+", "-", "@", "\t", "\r")
CHUNK = 32_768  # bytes that are sent at once
IN_MEMORY = 1_048_576  # bytes; a longer file is made on the disk
T = TypeVar("T")


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a CSV download in UTF-8; `rows` may be a generator, which is read row by row.

    The file is complete before it is sent, in memory or on the disk: an error in any row is an
    error page, never a shorter list. Reads are those of a GET request and lock nothing.
    """
    with ExitStack() as stack:
        made = stack.enter_context(SpooledTemporaryFile(IN_MEMORY))
        out = io.TextIOWrapper(made, "utf-8", newline="")
        _write(out, header, rows)
        out.detach()  # and write what it holds
        size = made.tell()
        made.seek(0)
        response = Response(iter(partial(made.read, CHUNK), b""), mimetype="text/csv")
        response.content_length = size
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        response.headers["Cache-Control"] = "no-store"
        response.call_on_close(stack.pop_all().close)
    return response


def defused(value: object) -> str:
    """Return a cell's text; one that a spreadsheet would compute gets an apostrophe in front.

    Whole and decimal numbers stay numbers, with their sign.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value).replace("\0", "")
    if text.startswith(FORMULA) and not _is_number(text):
        return "'" + text
    return text


def _is_number(text: str) -> bool:
    return text.isascii() and text[1:].replace(".", "", 1).isdecimal() and text[0] in "+-"


def _write(out: IO[str], header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    writer = csv.writer(out)
    out.write("\ufeff")  # without it spreadsheets misread Amharic
    writer.writerow(header)
    for row in rows:
        writer.writerow([defused(value) for value in row])


def walk(read: Callable[[Place], Page[T]]) -> Iterator[T]:
    """Yield the rows of every page of a list; `read` returns the page at a place."""
    place: Place | None = START
    while place is not None:
        page = read(place)
        yield from page.rows
        place = page.next
