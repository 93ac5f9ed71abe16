"""When a newer document takes the place of an accepted one; pure."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Protocol, TypeVar

from crowdfund.compliance.rules.requirements import DATED


class SentDocument(Protocol):
    """What these rules need of a document in force."""

    @property
    def kind(self) -> str:
        """Return passport and so on."""

    @property
    def status(self) -> str:
        """Return pending, verified, rejected or expired."""

    @property
    def expires_on(self) -> date | None:
        """Return the last day on which it is valid."""

    @property
    def uploaded_at(self) -> datetime:
        """Return when it was sent."""

    @property
    def decided_at(self) -> datetime | None:
        """Return when it was accepted."""


D = TypeVar("D", bound=SentDocument)


def is_renewal(present: Sequence[SentDocument], kind: str) -> bool:
    """Return whether a further document of a kind follows one that was accepted."""
    return any(one.kind == kind and one.status == "verified" for one in present)


def replaced(documents: Sequence[D]) -> list[tuple[D, D]]:
    """Return each dated document that a newer one has made needless, and the newer one.

    Newer is what was sent after the old one was accepted, and is either accepted with a later end
    or, when the old one has expired, still waiting. The other side of the same card ends on the
    same day or has no day, so both sides stay.
    """
    pairs = []
    for old in documents:
        newer = [one for one in documents if _succeeds(one, old)]
        if newer:
            pairs.append((old, newer[-1]))
    return pairs


def _succeeds(new: SentDocument, old: SentDocument) -> bool:
    if new.kind != old.kind or old.expires_on is None or old.decided_at is None:
        return False
    if new.uploaded_at < old.decided_at or new is old:
        return False
    if old.status == "expired" and new.status == "pending":
        return True
    return old.status in ("verified", "expired") and _lasts_longer(new, old.expires_on)


def _lasts_longer(new: SentDocument, day: date) -> bool:
    """Return whether a document is accepted beyond a day.

    Of a kind that always shows its end, one without an end has none (`Decision.is_endless`).
    """
    if new.status != "verified":
        return False
    return new.kind in DATED if new.expires_on is None else new.expires_on > day
