"""Requests that one person makes and another decides, as about limits, releases and roles.

A table of requests has the columns id, status, open_key (unique while it waits, then empty),
reason, asked_by, asked_at, decided_by and decided_at, and a table of its history.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import sqlalchemy as sa

from crowdfund.kernel import clock, live
from crowdfund.kernel.db import insert_ignore, new_id, record_event
from crowdfund.kernel.errors import Conflict, Forbidden
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row

BY_SECOND_PERSON = ("approved", "refused")


class Request(Protocol):
    """What is read of a request here."""

    @property
    def id(self) -> str:
        """Return the id."""

    @property
    def status(self) -> str:
        """Return the status; `pending` waits for a second person."""

    @property
    def asked_by(self) -> str:
        """Return who made it: a person's id."""


R = TypeVar("R", bound=Request)


@dataclass(frozen=True, slots=True)
class Requests(Generic[R]):
    """The requests of one kind; the feature checks what is asked for, and carries it out."""

    table: sa.Table
    events: sa.Table
    read_locked: Callable[[str], R]  # by id; raises NotFound
    pages: tuple[tuple[str, str], ...]  # that show such requests
    about: tuple[str, str] = ("", "")  # a kind of page, and the column of what it shows

    def add(
        self, values: Mapping[str, object], *, open_key: str, actor: str, reason: str, taken: str
    ) -> str:
        """Add a request; return its id. Raises Conflict with the sentence `taken`, if one waits."""
        request_id = new_id()
        row = {
            **values,
            "id": request_id,
            "status": "pending",
            "open_key": open_key,
            "reason": reason,
            "asked_by": actor,
            "asked_at": clock.now(),
        }
        if not insert_ignore(self.table, [row]):
            raise Conflict(taken)
        record_event(
            self.events, request_id, actor=actor, before=None, after="pending", reason=reason
        )
        for kind, key in self._pages(row.get(self.about[1])):
            live.changed(kind, key)
        return request_id

    def undecided(self, request_id: str) -> R:
        """Return a request that waits, locked. Raises NotFound, or Conflict if it is decided."""
        request = self.read_locked(request_id)
        if request.status != "pending":
            raise _decided()
        return request

    def for_second_person(self, request_id: str, *, actor: str, own: str) -> R:
        """Return a request that waits, locked; whoever made it may not decide.

        Raises Forbidden with the sentence `own` for one's own, NotFound, or Conflict.
        """
        request = self.undecided(request_id)
        if request.asked_by == actor:
            raise Forbidden(own)
        return request

    def move(self, request: R, to: str, *, actor: str, reason: str = "", **values: object) -> None:
        """Move a locked request on; `open_key` in `values` keeps it open.

        Raises Conflict if another transaction was first, on a database without row locks.
        """
        decided: dict[str, object] = {}
        if request.status == "pending":
            by = actor if to in BY_SECOND_PERSON else None
            decided = {"decided_by": by, "decided_at": clock.now()}
        was_first = move_row(
            self.table,
            request.id,
            to,
            self.events,
            before=request.status,
            actor=actor,
            reason=reason,
            pages=self._pages(getattr(request, self.about[1], None)),
            values={"open_key": None} | decided | values,
        )
        if not was_first:
            raise _decided()

    def withdraw(self, request_id: str, *, actor: str) -> None:
        """Withdraw one's own request. Raises Forbidden for another's, NotFound, or Conflict."""
        request = self.undecided(request_id)
        if request.asked_by != actor:
            raise Forbidden(
                _("Only the colleague who made this request may withdraw it. Nothing was changed.")
            )
        self.move(request, "cancelled", actor=actor)

    def _pages(self, subject: object) -> list[tuple[str, str]]:
        return [*self.pages, *([(self.about[0], str(subject))] if subject else [])]


def _decided() -> Conflict:
    return Conflict(_("Someone has already decided this. Reload the page to see the decision."))
