"""Rendered HTML of public pages, cached in each process: parts that all readers share, and shells.

A shell is a whole page with marks where its readers differ (name, address, CSRF token, script
nonce, bell) and in place of its moving parts. It is rendered once for each language, calendar,
set of roles and key; a request fills the marks. Nothing about a person is ever cached.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from flask import Response, current_app, render_template, request, session
from markupsafe import Markup, escape

from crowdfund.kernel import clock, csrf, headers, i18n, live
from crowdfund.kernel.person import Person
from crowdfund.kernel.web import identity, pages

# Nobody outside can guess the marks of a process, so no text of a campaign can hold one.
_SECRET = secrets.token_hex(12)
_MARK = re.compile(f"\ue003([a-z_]+){_SECRET}")
_FRESH_S = 3_600  # live tokens in a page are good for a day

Place = TypeVar("Place")
Piece = TypeVar("Piece")


class BoundedCache(Generic[Piece]):
    """A bounded cache of rendered pieces; when it is full it starts anew.

    Threads may use it at once: each step is one operation on a dict.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._pieces: dict[object, Piece] = {}

    def get(self, key: object) -> Piece | None:
        """Return a piece, or None if it is not cached."""
        return self._pieces.get(key)

    def among(self, keys: Iterable[Place]) -> dict[Place, Piece]:
        """Return the pieces with these keys that are cached."""
        pieces = self._pieces
        return {key: pieces[key] for key in keys if key in pieces}

    def put(self, key: object, piece: Piece) -> Piece:
        """Cache a piece and return it."""
        if len(self._pieces) >= self._size:
            self._pieces = {}
        self._pieces[key] = piece
        return piece


@dataclass(frozen=True, slots=True)
class _Shell:
    """A page cut at its marks: the text, and the places in it that a request fills."""

    pieces: list[bytes]
    places: tuple[tuple[int, str], ...]


_parts: BoundedCache[bytes] = BoundedCache(1_000)
_shells: BoundedCache[_Shell] = BoundedCache(300)


def part(template: str, key: object, context: Callable[[], Mapping[str, object]]) -> bytes:
    """Return a rendered part of a page that depends on nothing but `key`, language and calendar.

    It is rendered without anything of a reader; `context` is called only if the part is not cached.
    """
    whole = (template, key, *i18n.manner(), int(time.time()) // _FRESH_S)
    return _parts.get(whole) or _parts.put(whole, pages.render_part(template, **context()).encode())


def filled_part(
    template: str,
    key: object,
    *,
    lasting: object,
    moving: Callable[[], Mapping[str, str]],
    context: Callable[[], Mapping[str, object]],
) -> bytes:
    """Return a part of a page that depends on nothing but `key`, language and calendar.

    A new key with a known `lasting` part does not render the template again: only the texts of
    `moving`, which the template finds under their names, are put into what was rendered before.
    """
    spoken = (*i18n.manner(), int(time.time()) // _FRESH_S)
    whole = (template, key, spoken)
    known = _parts.get(whole)
    if known is not None:
        return known
    words = moving()
    frame = (template, lasting, spoken)
    shell = _shells.get(frame)
    if shell is None:
        shell = _shells.put(frame, _cut(pages.render_part(template, **context(), **_marks(words))))
    return _parts.put(
        whole, _filled(shell, {name: escape(word).encode() for name, word in words.items()})
    )


def fragment(
    template: str, key: object, *, moving: Mapping[str, bytes], **context: object
) -> Response:
    """Return a fragment that depends on nothing but `key`, what moves, language and calendar."""
    whole = (template, key, *i18n.manner(), int(time.time()) // _FRESH_S)
    shell = _shells.get(whole)
    if shell is None:
        shell = _shells.put(whole, _cut(pages.render_part(template, **context, **_marks(moving))))
    return answer(_filled(shell, moving))


def answer(content: bytes) -> Response:
    """Return rendered HTML; caches must know that htmx and other languages get another answer."""
    return Response(content, headers={"Vary": headers.PAGE_VARIES})


def page(template: str, key: object, *, moving: Mapping[str, bytes], **context: object) -> Response:
    """Return a page that depends on nothing but `key`, its moving parts and the reader.

    The template finds each of the moving parts under its name, as it finds the context. A page with
    news for its reader (flashes, a moved clock) is rendered as usual.
    """
    if clock.moved_by or session.get("_flashes"):
        finished = {name: Markup(part.decode()) for name, part in moving.items()}  # noqa: S704 - ours
        everything: dict[str, Any] = {**context, **finished}
        return pages.render(template, **everything)
    person = identity.current_user()
    words = _words(person)
    whole = (
        template,
        key,
        *i18n.manner(),
        person and (frozenset(person.roles), identity.sleeping_roles()),
        person and (bool(words["initial"]), bool(words["contact"])),
        request.endpoint,
        int(time.time()) // _FRESH_S,
    )
    shell = _shells.get(whole) or _shells.put(
        whole, _shell(template, person, {**context, **_marks(moving)})
    )
    return answer(_filled(shell, {**moving, **words}))


def _mark(name: str) -> str:
    return f"\ue003{name}{_SECRET}"


def _marks(moving: Mapping[str, object]) -> dict[str, str]:
    return {name: _mark(name) for name in moving}


@dataclass(frozen=True, slots=True)
class _Anybody:
    """Stands for the reader while a shell is rendered."""

    initial: str
    contact: str
    name: str = _mark("name")


def _shell(template: str, person: Person | None, context: dict[str, object]) -> _Shell:
    anybody = None
    if person is not None:
        initial = _mark("initial") if person.initial else ""
        anybody = _Anybody(initial, _mark("contact") if person.contact else "")
    frame: dict[str, Any] = {
        "current_user": anybody,
        "bell": lambda: _mark("bell"),
        "csrf_token": lambda: _mark("csrf"),
        "csp_nonce": lambda: _mark("nonce"),
        "events_url": _mark("events"),
        "flashes": list,
    }
    return _cut(render_template(template, **context, **frame))


def _cut(html: str) -> _Shell:
    cut = _MARK.split(html)  # names are at odd places
    return _Shell(
        pieces=[piece.encode() for piece in cut],
        places=tuple((place, cut[place]) for place in range(1, len(cut), 2)),
    )


def _words(person: Person | None) -> dict[str, bytes]:
    """Return what the marks of a shell stand for, for this reader."""
    words = {"nonce": headers.csp_nonce(), "events": escape(live.stream_url())}
    if person is not None:
        words |= {
            "name": escape(person.name),
            "contact": escape(person.contact),
            "initial": escape(person.initial),
            "csrf": csrf.token(),
            "bell": _bell(),
        }
    return {name: word.encode() for name, word in words.items()}


def _bell() -> str:
    """Return the reader's bell, which the notifications feature has given to all templates."""
    bell = current_app.jinja_env.globals["bell"]
    return str(bell()) if callable(bell) else ""


def _filled(shell: _Shell, words: Mapping[str, bytes]) -> bytes:
    pieces = shell.pieces.copy()
    for place, name in shell.places:
        pieces[place] = words[name]
    return b"".join(pieces)
