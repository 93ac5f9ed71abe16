"""Long files: whole or not at all, whatever their length; CSV is harmless in a spreadsheet."""

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from tempfile import SpooledTemporaryFile
from typing import IO, TypeVar

from flask import Response

from crowdfund.kernel.db.paging import START, Page, Place

FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NEGATIVE = re.compile(r"-\d+(?:\.\d+)?", re.ASCII)
# Leading zeros, more than 15 digits, an exponent, parts of a date.
_MISREAD = re.compile(
    r"0\d+|\d{16,}|\d+(?:\.\d*)?[eE][+-]?\d+|\d{1,4}[-/]\d{1,4}(?:[-/]\d{1,4})?", re.ASCII
)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
CHUNK = 32_768  # bytes that are sent at once
IN_MEMORY = 1_048_576  # bytes; a longer file is made on the disk
T = TypeVar("T")


def csv_file(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """Return a CSV download in UTF-8; `rows` may be a generator, which is read row by row.

    The file is complete before it is sent, in memory or on the disk: an error in any row is an
    error page, never a shorter list. Reads are those of a GET request and lock nothing.
    """
    response = _complete(lambda out: _write(out, header, rows), "text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["Cache-Control"] = "no-store"
    return response


def text_file(pieces: Iterable[str], mimetype: str) -> Response:
    """Return a text in UTF-8 made of pieces, complete before it is sent, like `csv_file`."""
    return _complete(lambda out: out.writelines(pieces), mimetype)


def _complete(write: Callable[[IO[str]], None], mimetype: str) -> Response:
    with ExitStack() as stack:
        made = stack.enter_context(SpooledTemporaryFile(IN_MEMORY))
        out = io.TextIOWrapper(made, "utf-8", newline="")
        write(out)
        out.detach()  # and write what it holds
        size = made.tell()
        made.seek(0)
        response = Response(iter(partial(made.read, CHUNK), b""), mimetype=mimetype)
        response.content_length = size
        response.call_on_close(stack.pop_all().close)
    return response


def defused(value: object) -> str:
    """Return a cell's text; one that a spreadsheet would change gets an apostrophe in front.

    That is what it would compute, and text that it would take for a number or a date: a telephone
    number, leading zeros, more digits than it keeps. Amounts stay numbers, with their minus sign.
    Moments are in UTC in every file.
    """
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    text = str(value).replace("\0", "")
    is_formula = text.startswith(FORMULA) and not _NEGATIVE.fullmatch(text)
    is_misread = isinstance(value, str) and _MISREAD.fullmatch(text) and not _DATE.fullmatch(text)
    return f"'{text}" if is_formula or is_misread else text


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
