"""The order of what a page shows, and when it may be changed; pure."""

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from crowdfund.campaigns.rules import life
from crowdfund.kernel.errors import WrongState
from crowdfund.kernel.i18n import _

WAYS = ("up", "down")


class Placed(Protocol):
    """A thing with a place in an order."""

    @property
    def id(self) -> str:
        """Return its id."""

    @property
    def place(self) -> int:
        """Return its place."""


T = TypeVar("T", bound=Placed)


def neighbour(rows: Sequence[T], thing_id: str, way: str) -> tuple[T, T] | None:
    """Return a thing and the one it changes places with; None at the end or if it is not there."""
    ids = [row.id for row in rows]
    if thing_id not in ids or way not in WAYS:
        return None
    here = ids.index(thing_id)
    there = here + (1 if way == "down" else -1)
    return (rows[here], rows[there]) if 0 <= there < len(rows) else None


def next_place(rows: Sequence[Placed]) -> int:
    """Return the place behind all others."""
    return max((row.place for row in rows), default=0) + 1


def was_public(status: str, starts_at: datetime | None) -> bool:
    """Return whether everyone may read a campaign: it was live once."""
    return starts_at is not None and status in life.PUBLIC


def check_draft(status: str) -> None:
    """Raise WrongState for a campaign that is no draft."""
    if status != life.Status.DRAFT:
        raise WrongState(
            _(
                "This is only possible while the campaign is a draft. Publish what is new in an "
                "update."
            )
        )


def check_removable(status: str, starts_at: datetime | None) -> None:
    """Raise WrongState while our staff review a campaign or its contract is created."""
    if status != life.Status.DRAFT and not was_public(status, starts_at):
        raise WrongState(_("This campaign is being reviewed: it cannot be changed now."))
