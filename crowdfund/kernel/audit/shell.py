"""Record staff actions in the web shell, so that no staff page has to.

Recorded are successful unsafe requests to staff-only routes, downloads by staff, and staff pages
refused to a signed-in person.
"""

from typing import Any, Protocol

from flask import Response, g, request

from crowdfund.kernel import access, live
from crowdfund.kernel.audit import recording

SAFE = ("GET", "HEAD", "OPTIONS")
# Fields of staff forms that say what was decided and why; nothing else of a form is stored.
STORED_FIELDS = frozenset({"reason", "decision", "resolution", "role", "kind", "action", "note"})


class Actor(Protocol):
    """A signed-in person."""

    @property
    def id(self) -> str:
        """Return the person's id."""

    @property
    def roles(self) -> tuple[str, ...]:
        """Return the staff roles."""


def about(kind: str, thing_id: str, /, **detail: object) -> None:
    """Set the subject of this request where its URL does not name it, and further details."""
    g.audited = (kind, thing_id), detail


def answered(person: Actor | None, response: Response) -> None:
    """Record what this request has done, within its transaction; call before the commit."""
    endpoint = request.endpoint or ""
    if person is None or response.status_code >= 400 or not access.is_staff_only(endpoint):
        return
    if not access.allows(endpoint, frozenset(person.roles)):
        return  # redirected to prove the second factor
    if request.method not in SAFE:
        recording.record(person.id, endpoint, _subject(), _detail(), roles=person.roles)
        live.changed("desk", "all")  # a queue may be shorter now
    elif request.method == "GET" and "attachment" in response.headers.get(
        "Content-Disposition", ""
    ):
        asked = {name: value for name, value in request.args.items() if value}
        recording.record(person.id, endpoint, _subject(), {"export": asked}, roles=person.roles)


def refused(person: Actor | None) -> None:
    """Record that someone signed in was refused a staff page; the main transaction is over."""
    endpoint = request.endpoint or ""
    if person is not None and access.is_staff_only(endpoint):
        recording.denied(person.id, endpoint, _subject(), roles=person.roles)


def _subject() -> tuple[str, str]:
    """Return kind and id of the thing in the address: `person_id` names a person."""
    if "audited" in g:
        subject: tuple[str, str] = g.audited[0]
        return subject
    for name, value in (request.view_args or {}).items():
        return name.removesuffix("_id"), str(value)
    return "", ""


def _detail() -> dict[str, Any]:
    rest = g.audited[1] if "audited" in g else dict(list((request.view_args or {}).items())[1:])
    decision = {
        name: value
        for name, value in request.form.items()
        if value.strip() and (name in STORED_FIELDS or name.endswith("_id"))
    }
    return {**rest, **decision}
