"""Send a document to a browser."""

from flask import Response, request

from crowdfund.documents import rules, service


def send(opened: service.Opened) -> Response:
    """Return a file as a response that browsers neither execute, sniff nor cache."""
    response = Response(opened.data, mimetype=opened.content_type)
    # Pictures may be shown in the browser; a PDF viewer does not work inside a sandbox.
    is_picture = opened.content_type != rules.PDF and "download" not in request.args
    response.headers.set(
        "Content-Disposition", "inline" if is_picture else "attachment", filename=opened.filename
    )
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return response
