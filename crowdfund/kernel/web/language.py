"""The reader's language and calendar: from the cookies, the browser or the account."""

from collections.abc import Callable
from functools import lru_cache

from flask import (
    Request,
    request,
)
from werkzeug.datastructures import LanguageAccept
from werkzeug.http import parse_accept_header
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel import config, i18n

LANGUAGE_COOKIE = "language"
CALENDAR_COOKIE = "calendar"
_YEAR_S = 365 * 86_400

_when_chosen: list[Callable[[str, str], None]] = []


def when_chosen(store: Callable[[str, str], None]) -> None:
    """Register a function of a signed-in person's id and the language that the person chose."""
    _when_chosen.append(store)


def choose_for(person_id: str, name: str) -> None:
    """Store a signed-in person's choice of a language of ours; any other is ignored."""
    if name in i18n.LANGUAGES:
        for store in _when_chosen:
            store(person_id, name)


def forget_language(response: BaseResponse) -> BaseResponse:
    """Delete the cookie, so that pages follow the language of the browser."""
    response.delete_cookie(LANGUAGE_COOKIE, samesite="Lax", httponly=True)
    return response


def remember_language(response: BaseResponse, name: str) -> BaseResponse:
    """Store a language of ours in a cookie for a year; any other is ignored."""
    if name in i18n.LANGUAGES:
        response.set_cookie(LANGUAGE_COOKIE, name, max_age=_YEAR_S, samesite="Lax", httponly=True)
    return response


def remember_calendar(response: BaseResponse, name: str) -> BaseResponse:
    """Store a calendar of ours in a cookie for a year; without one that of the language is used."""
    if name in i18n.CALENDARS:
        response.set_cookie(CALENDAR_COOKIE, name, max_age=_YEAR_S, samesite="Lax", httponly=True)
    elif CALENDAR_COOKIE in request.cookies:
        response.delete_cookie(CALENDAR_COOKIE, samesite="Lax", httponly=True)
    return response


def chosen_by(asked: Request) -> str:
    """Return the language that the reader chose in this browser; empty without a choice."""
    chosen = asked.cookies.get(LANGUAGE_COOKIE, "")
    return chosen if chosen in i18n.LANGUAGES else ""


def calendar_of(asked: Request) -> str:
    """Return the calendar that the reader chose; empty for that of the language."""
    if CALENDAR_COOKIE not in asked.cookies:  # as for most; `get` makes an error and catches it
        return ""
    return asked.cookies[CALENDAR_COOKIE]


def language_of(asked: Request) -> str:
    """Return what the reader chose, else the first of the browser's languages that we have."""
    chosen = asked.cookies.get(LANGUAGE_COOKIE, "")
    is_pseudo = chosen == i18n.PSEUDO and config.settings().environment == "test"
    if chosen in i18n.LANGUAGES or is_pseudo:
        return chosen
    return _best_language(asked.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


def language_of_browser(asked: Request) -> str:
    """Return the first of the browser's languages that we have."""
    return _best_language(asked.environ.get("HTTP_ACCEPT_LANGUAGE", ""))


@lru_cache(maxsize=1_024)
def _best_language(accepted: str) -> str:
    return i18n.best(parse_accept_header(accepted, LanguageAccept).values())
