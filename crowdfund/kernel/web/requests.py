"""What a request asks for: method, path, fragment or page, program or person."""

from datetime import UTC, date, datetime, time, timedelta
from typing import cast
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from flask import Request, current_app, request
from flask.globals import request_ctx
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import HTTPException
from werkzeug.routing import IntegerConverter, ValidationError

from crowdfund.kernel import access, config, sessions
from crowdfund.kernel.db.paging import Place
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.i18n import _

SAFE = ("GET", "HEAD", "OPTIONS")
MAX_INTEGER = 2**63 - 1  # the most that an integer column of any of the databases holds
FIRST_DAY, LAST_DAY = date(1900, 1, 1), date(9998, 12, 31)  # in UTC every moment of them exists


class ColumnInteger(IntegerConverter):
    """`<int:…>` in a route: a number that no column can hold is not found."""

    def to_python(self, value: str) -> int:
        """Return the number; `int` itself refuses texts of thousands of digits."""
        if len(value) > len(str(MAX_INTEGER)) or int(value) > MAX_INTEGER:
            raise ValidationError
        return int(super().to_python(value))


class PlainRequest(Request):
    """A request whose form has named fields, and no zero byte, which PostgreSQL refuses in texts.

    Reading any other form raises Invalid once; after that the form is empty.
    """

    def _load_form_data(self) -> None:
        if "form" in vars(self):
            return
        super()._load_form_data()
        names = [*self.form, *self.files]
        texts = [text for texts in self.form.listvalues() for text in texts]
        texts += [str(file.filename) for files in self.files.listvalues() for file in files]
        if None not in names and "\0" not in "".join(names) + "".join(texts):
            return
        self.__dict__ |= {"form": ImmutableMultiDict(), "files": ImmutableMultiDict()}
        raise unreadable()


def unreadable() -> Invalid:
    """Return the refusal of a form that no page of ours sends."""
    return Invalid(
        _(
            "Your browser sent this form in a way that we cannot read. Nothing was saved. "
            "Reload the page and try again."
        )
    )


def wants_file() -> bool:
    """Return whether a file is asked for: a page in its place would be stored under its name."""
    return request.path.endswith((".csv", ".txt", ".pdf"))


def is_htmx() -> bool:
    """Return whether htmx asks for a fragment (not a boosted link or a history restore)."""
    # `headers.get` raises an exception inside for each header that is not there.
    asked = this_request().environ
    return (
        asked.get("HTTP_HX_REQUEST") == "true"
        and asked.get("HTTP_HX_BOOSTED") != "true"
        and asked.get("HTTP_HX_HISTORY_RESTORE_REQUEST") != "true"
        and asked.get("HTTP_HX_REQUEST_TYPE", "partial") != "full"
    )


def own_path(target: str | None, default: str) -> str:
    """Return a `next` target if it is a path on this host, else the default."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return default
    if not target.isprintable():  # browsers drop tabs and line ends: `/<tab>/evil` leads away
        return default
    parts = urlsplit(target)
    is_ours = not parts.scheme and not parts.netloc
    return target if is_ours and endpoint_of(target)[0] not in access.FRAGMENTS else default


def endpoint_of(path: str) -> tuple[str, dict[str, object]]:
    """Return which route a path on this host leads to by GET, with its arguments; "" for none."""
    try:
        endpoint, args = current_app.url_map.bind("").match(urlsplit(path).path, method="GET")
    except HTTPException:
        return "", {}
    return str(endpoint), dict(args)


def place() -> Place:
    """Return the place in a list that the address asks for."""
    return Place(before=request.args.get("before", ""), after=request.args.get("after", ""))


def start_of_day(name: str, *, days: int = 0) -> datetime | None:
    """Return in UTC when a day of the query string starts on the platform's clock, or None.

    `days` later days may be added. Raises Invalid for what is not a day between 1900 and 9998.
    """
    text = request.args.get(name, "").strip()
    if not text:
        return None
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if not FIRST_DAY <= day <= LAST_DAY:
        raise Invalid(
            _(
                "“%(text)s” is not a date in the years 1900 to 9998. "
                "Enter a date such as 2026-06-16.",
                text=text[:40],
            ),
            field=name,
        )
    zone = ZoneInfo(config.settings().time_zone)
    return datetime.combine(day + timedelta(days=days), time.min, tzinfo=zone).astimezone(UTC)


def sql_session() -> sessions.SqlSession:
    """Return this request's session with its own type."""
    return cast(sessions.SqlSession, request_ctx.session)


def this_request() -> Request:
    """Return the request itself: each access through Flask's proxy costs a microsecond."""
    return request_ctx.request


def may_write(asked: Request) -> bool:
    """Return whether a request may change anything: every method but the safe ones."""
    return asked.method not in SAFE or asked.endpoint in access.WRITING_GETS


def needs_user(endpoint: str | None) -> bool:
    """Return whether a route is closed to visitors."""
    return endpoint is not None and "visitor" not in access.TABLE.get(endpoint, ())


def page_of_request() -> str:
    """Return the page to return to: this one, or the one that requested a part or sent a form."""
    is_part = request.endpoint in access.FRAGMENTS or (is_htmx() and bool(_referrer()))
    if request.method in SAFE and not is_part:
        return request.full_path.rstrip("?")
    return own_path(referring_path(), "/")


def _referrer() -> str:
    """Return the address of the page that sent this request, as htmx or the browser names it."""
    return request.headers.get("HX-Current-URL") or request.referrer or ""


def path_of(url: str) -> str:
    """Return an address of ours without its host, which is whatever the client has sent."""
    parts = urlsplit(url)
    path = "/" + parts.path.lstrip("/")
    return f"{path}?{parts.query}" if parts.query else path


def referring_path() -> str:
    """Return the path of the page that a form was sent from, if it was ours."""
    try:
        parts = urlsplit(_referrer())
    except ValueError:  # a bracket that is never closed
        return "/"
    if parts.netloc != request.host:
        return "/"
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def wants_json() -> bool:
    """Return whether the client is a program: the API, a webhook, or an explicit Accept."""
    if request.path.startswith(("/api/", "/webhooks/")):
        return True
    best = request.accept_mimetypes.best_match(["text/html", "application/json"])
    return best == "application/json" and not is_htmx()
