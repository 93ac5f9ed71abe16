"""Finished HTML of public pages, kept in each process: parts that are the same for everybody, and shells.

A shell is a whole page with marks where its readers differ (name, address, CSRF token, script nonce,
bell) and where its moving parts stand. It is rendered once for each language, set of roles and key; a
request fills the marks. Nothing of a person is ever kept.
"""

import re
import secrets
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, cast

from flask import Response, current_app, render_template, request, session
from markupsafe import Markup, escape

from crowdfund.kernel import csrf, headers, i18n, live
from crowdfund.kernel.web import identity, pages

# Nobody outside can guess the marks of a process, so no text of a campaign can hold one.
_SECRET = secrets.token_hex(12)
_MARK = re.compile(f"\ue003([a-z]+){_SECRET}")
_FRESH_S = 3_600  # live tokens in a page are good for a day

Piece = TypeVar("Piece")


class BoundedCache(Generic[Piece]):
    """A bounded store of finished pieces; when it is full it starts anew.

    Threads may use it at once: each step is one operation on a dict.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._pieces: dict[Any, Piece] = {}

    def get(self, key: object) -> Piece | None:
        """Return a piece, or None if it is not kept."""
        return self._pieces.get(key)

    def among(self, keys: Iterable[object]) -> dict[Any, Piece]:
        """Return the pieces that are kept of those asked for."""
        pieces = self._pieces
        return {key: pieces[key] for key in keys if key in pieces}

    def put(self, key: object, piece: Piece) -> Piece:
        """Keep a piece and return it."""
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
    """Return a rendered part of a page that depends on nothing but `key` and the language.

    It is rendered without anything of a reader; `context` is called only if the part is not kept.
    """
    whole = (template, key, i18n.language(), int(time.time()) // _FRESH_S)
    return _parts.get(whole) or _parts.put(whole, pages.render_part(template, **context()).encode())


def filled_part(
    template: str,
    key: object,
    *,
    lasting: object,
    moving: Callable[[], Mapping[str, str]],
    context: Callable[[], Mapping[str, object]],
) -> bytes:
    """Return a part of a page that depends on nothing but `key` and the language.

    A new key whose `lasting` part was seen before does not render the template again: only the texts
    of `moving`, which the template finds under their names, are put into what was rendered then.
    """
    hour = int(time.time()) // _FRESH_S
    whole = (template, key, i18n.language(), hour)
    known = _parts.get(whole)
    if known is not None:
        return known
    words = moving()
    frame = (template, lasting, i18n.language(), hour)
    shell = _shells.get(frame)
    if shell is None:
        shell = _shells.put(frame, _cut(pages.render_part(template, **context(), **_marks(words))))
    return _parts.put(
        whole, _filled(shell, {name: escape(word).encode() for name, word in words.items()})
    )


def fragment(
    template: str,
    key: object,
    *,
    moving: Mapping[str, bytes],
    **context: object,
) -> Response:
    """Return what htmx asks for: it depends on nothing but `key`, its moving parts and the language."""
    whole = (template, key, i18n.language(), int(time.time()) // _FRESH_S)
    shell = _shells.get(whole)
    if shell is None:
        shell = _shells.put(whole, _cut(pages.render_part(template, **context, **_marks(moving))))
    return answer(_filled(shell, moving))


def answer(content: bytes) -> Response:
    """Return finished HTML, which is another for htmx."""
    return Response(content, headers={"Vary": "HX-Request"})


def page(
    template: str,
    key: object,
    *,
    moving: Mapping[str, bytes],
    **context: Any,  # noqa: ANN401
) -> Response:
    """Return a page that depends on nothing but `key`, its moving parts and the reader.

    The template finds each of the moving parts under its name, as it finds the context. A page with
    news for its reader (flashes) is rendered as usual.
    """
    if session.get("_flashes"):
        finished = {name: Markup(part.decode()) for name, part in moving.items()}  # noqa: S704 - our own
        return pages.render(template, **{**context, **finished})
    person = identity.current_user()
    whole = (
        template,
        key,
        i18n.language(),
        person and (frozenset(person.roles), identity.sleeping_roles(), bool(person.initial)),
        request.endpoint,
        int(time.time()) // _FRESH_S,
    )
    shell = _shells.get(whole) or _shells.put(
        whole, _shell(template, person, {**context, **_marks(moving)})
    )
    return answer(_filled(shell, {**moving, **_words(person)}))


def _mark(name: str) -> str:
    return f"\ue003{name}{_SECRET}"


def _marks(moving: Mapping[str, object]) -> dict[str, str]:
    return {name: _mark(name) for name in moving}


@dataclass(frozen=True, slots=True)
class _Anybody:
    """Stands for the reader while a shell is rendered."""

    initial: str
    name: str = _mark("name")
    email: str = _mark("email")


def _shell(template: str, person: Any, context: dict[str, object]) -> _Shell:  # noqa: ANN401
    anybody = _Anybody(_mark("initial") if person.initial else "") if person else None
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
    cut = _MARK.split(html)  # names stand at odd places
    return _Shell(
        pieces=[piece.encode() for piece in cut],
        places=tuple((place, cut[place]) for place in range(1, len(cut), 2)),
    )


def _words(person: Any) -> dict[str, bytes]:  # noqa: ANN401 - the accounts feature's row
    """Return what the shell leaves open for its reader."""
    words = {"nonce": headers.csp_nonce(), "events": escape(live.stream_url())}
    if person is not None:
        words |= {
            "name": escape(person.name or person.email),
            "email": escape(person.email),
            "initial": escape(person.initial),
            "csrf": csrf.token(),
            "bell": cast(Any, current_app.jinja_env.globals["bell"])(),
        }
    return {name: word.encode() for name, word in words.items()}


def _filled(shell: _Shell, words: Mapping[str, bytes]) -> bytes:
    pieces = shell.pieces.copy()
    for place, name in shell.places:
        pieces[place] = words[name]
    return b"".join(pieces)
