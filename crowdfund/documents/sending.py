"""Send a document to a browser."""

import unicodedata
from urllib.parse import quote

from flask import Response, request
from werkzeug.http import dump_options_header

from crowdfund.documents import rules, service


def send(opened: service.Opened) -> Response:
    """Return a file as a response that browsers neither execute, sniff nor cache."""
    response = Response(opened.data, mimetype=opened.content_type)
    # Pictures may be shown in the browser; a PDF viewer does not work inside a sandbox.
    is_picture = opened.content_type != rules.PDF and "download" not in request.args
    how = "inline" if is_picture else "attachment"
    response.headers["Content-Disposition"] = disposition(how, opened.filename)
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response


def disposition(how: str, filename: str) -> str:
    """Return a Content-Disposition whose file name may have letters of any script (RFC 6266).

    A header holds Latin letters only: other names go encoded, beside a plain one for old programs.
    """
    if filename.isascii():
        return dump_options_header(how, {"filename": filename})
    plain = unicodedata.normalize("NFKD", filename).encode("ascii", "ignore").decode().strip()
    plain = f"document{plain}" if plain.startswith(".") else plain
    encoded = f"UTF-8''{quote(filename, safe='')}"
    return dump_options_header(how, {"filename": plain or "document", "filename*": encoded})
