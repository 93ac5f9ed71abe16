"""When a newer document takes the place of an accepted one; pure."""

from collections.abc import Sequence
from datetime import date

from crowdfund.compliance.rules.requirements import DATED
from crowdfund.documents.rows import DocumentRow


def is_renewal(present: Sequence[DocumentRow], kind: str) -> bool:
    """Return whether a further document of a kind follows one that was accepted."""
    return any(one.kind == kind and one.status == "verified" for one in present)


def replaced(documents: Sequence[DocumentRow]) -> list[tuple[DocumentRow, DocumentRow]]:
    """Return each dated document that a newer one replaces, and the newer one.

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


def _succeeds(new: DocumentRow, old: DocumentRow) -> bool:
    if new.kind != old.kind or old.expires_on is None or old.decided_at is None:
        return False
    if new.uploaded_at < old.decided_at or new is old:
        return False
    if old.status == "expired" and new.status == "pending":
        return True
    return old.status in ("verified", "expired") and _lasts_longer(new, old.expires_on)


def _lasts_longer(new: DocumentRow, day: date) -> bool:
    """Return whether a document is accepted beyond a day.

    Of a kind that always shows its end, one without an end has none (`Decision.is_endless`).
    """
    if new.status != "verified":
        return False
    return new.kind in DATED if new.expires_on is None else new.expires_on > day
