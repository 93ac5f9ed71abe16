"""Reads of verification: files, reviews, nominees, the desk."""

from .desk import Wanted, counts, queue
from .files import (
    SEALED,
    facts,
    filled,
    id_number,
    marks,
    paper_of,
    papers,
    refusal,
    revision,
    same_number,
    snapshot,
    today,
)
from .nominees import in_force as nominees_in_force
from .nominees import of_person as nominees
from .nominees import own as own_nominee
from .nominees import person_of as person_of_nominee
from .nominees import proofs
from .reviews import Event, history, lapsed, last_approved, latest, open_review, to_remind

__all__ = [
    "SEALED", "Event", "Wanted", "counts", "facts", "filled", "history", "id_number", "lapsed",
    "last_approved", "latest", "marks", "nominees", "nominees_in_force", "open_review", "own_nominee",
    "paper_of", "papers", "person_of_nominee", "proofs", "queue", "refusal", "revision", "same_number",
    "snapshot", "to_remind", "today",
]  # fmt: skip
