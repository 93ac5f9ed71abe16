"""Finished HTML, kept per process by what it shows: pieces that are the same for everybody, and the frame.

The frame around a public page differs between readers only in a few words (name, address, CSRF
token, script nonce, bell). It is rendered once for each set of roles with marks in their place; a
request puts its own words there.
"""

import re
import secrets
import time
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from flask import Response, current_app, make_response, render_template, request, session
from flask_wtf.csrf import generate_csrf
from markupsafe import escape

from crowdfund import i18n, live, web

# Nobody outside can guess the marks of a process, so no text of a campaign can hold one.
_SECRET = secrets.token_hex(12)
_FIRST = "\ue003"  # alone it is the initial of a name: the frame takes a name's first character
_NAME, _EMAIL, _CSRF, _NONCE, _EVENTS, _BELL = (f"{_FIRST}{number}{_SECRET}" for number in range(6))
_MARK = re.compile(f"({_FIRST}(?:[0-5]{_SECRET})?)")
_FRESH_S = 3_600  # live tokens in a page are good for a day

Piece = TypeVar("Piece")


class Kept(Generic[Piece]):
    """A bounded store of finished pieces; when it is full it starts anew.

    Threads may use it at once: each step is one operation on a dict.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._pieces: dict[Any, Piece] = {}

    def get(self, key: object) -> Piece | None:
        """Return a piece, or None if it is not kept."""
        return self._pieces.get(key)

    def put(self, key: object, piece: Piece) -> Piece:
        """Keep a piece and return it."""
        if len(self._pieces) >= self._size:
            self._pieces = {}
        self._pieces[key] = piece
        return piece


_pages: Kept[list[bytes]] = Kept(300)


@dataclass(frozen=True, slots=True)
class _Anybody:
    """Stands for the reader while a page is rendered to be kept."""

    name: str = _NAME
    email: str = _EMAIL


def page(template: str, key: object, **context: Any) -> Response:  # noqa: ANN401 - for the template
    """Return a page whose content depends on nothing but `key` and the reader's roles.

    A page with news for its reader (flashes) is rendered as usual.
    """
    if session.get("_flashes"):
        return web.render(template, **context)
    person = web.current_user()
    whole = (
        template,
        key,
        i18n.language(),
        person and (frozenset(person.roles), web.sleeping_roles()),
        request.endpoint,
        int(time.time()) // _FRESH_S,
    )
    found = _pages.get(whole) or _pages.put(whole, _render(template, person is not None, context))
    response = make_response(_personal(found, person))
    response.vary.add("HX-Request")
    return response


def _render(template: str, signed_in: bool, context: dict[str, object]) -> list[bytes]:
    """Return the page in pieces: text at even places, the marks between them."""
    frame: dict[str, Any] = {
        "current_user": _Anybody() if signed_in else None,
        "bell": lambda: _BELL,
        "csrf_token": lambda: _CSRF,
        "csp_nonce": lambda: _NONCE,
        "events_url": _EVENTS,
        "flashes": list,
    }
    return [piece.encode() for piece in _MARK.split(render_template(template, **context, **frame))]


def _personal(pieces: list[bytes], person: Any) -> bytes:  # noqa: ANN401 - the accounts feature's row
    words = {_NONCE: web.csp_nonce(), _EVENTS: escape(live.stream_url())}
    if person is not None:
        name = str(person.name or person.email)
        words |= {_CSRF: generate_csrf(), _EMAIL: escape(person.email), _NAME: escape(name)}
        words[_FIRST] = escape(name[:1])
        words[_BELL] = cast(Any, current_app.jinja_env.globals["bell"])()
    encoded = {mark.encode(): word.encode() for mark, word in words.items()}
    own = list(pieces)
    own[1::2] = [encoded.get(mark, mark) for mark in pieces[1::2]]
    return b"".join(own)
