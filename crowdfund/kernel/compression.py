"""Compress responses with gzip, where no proxy in front does it (the local stack)."""

import gzip
import io
import secrets
from collections.abc import Iterator

from werkzeug.wrappers import Response

from crowdfund.kernel.headers import vary_by

KINDS = (
    "text/html",
    "text/css",
    "text/javascript",
    "application/javascript",
    "image/svg+xml",
    "text/csv",
)
LEAST = 1_000  # bytes; a smaller response is one packet anyway
MOST_FILES = 200
_files: dict[str, bytes] = {}


def compress(response: Response, accepted: str) -> None:
    """Compress an answer in place, if the client's Accept-Encoding and its kind allow it.

    Public files are compressed once for each version (ETag); pages fast, and padded at random, so
    that the length of a response reveals nothing about the CSRF token in it (BREACH).
    """
    if response.status_code != 200 or response.mimetype not in KINDS:
        return
    is_public_file = response.direct_passthrough and response.cache_control.public
    if response.is_streamed and not is_public_file:
        return
    vary_by(response, "Accept-Encoding")
    if "gzip" not in accepted or (response.content_length or LEAST) < LEAST:
        return
    if "Content-Encoding" in response.headers:
        return
    _replace(response, _file(response) if is_public_file else _padded(response.get_data()))
    etag, _ = response.get_etag()
    if etag:
        response.set_etag(etag, weak=True)


def _replace(response: Response, packed: bytes) -> None:
    response.direct_passthrough = False
    response.set_data(packed)
    response.headers["Content-Encoding"] = "gzip"
    response.headers.pop("Accept-Ranges", None)


def _file(response: Response) -> bytes:
    etag = response.get_etag()[0] or ""
    body: Iterator[bytes] = response.iter_encoded()
    packed = _files.get(etag)
    if packed is None:
        if len(_files) >= MOST_FILES:
            _files.clear()
        packed = _files[etag] = gzip.compress(b"".join(body), 6, mtime=0)
    response.close()
    return packed


def _padded(body: bytes) -> bytes:
    out = io.BytesIO()
    name = "x" * secrets.randbelow(100)  # a field of gzip's header that clients skip
    with gzip.GzipFile(name, "wb", compresslevel=1, fileobj=out, mtime=0) as packer:
        packer.write(body)
    return out.getvalue()
