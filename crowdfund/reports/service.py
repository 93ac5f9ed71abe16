"""Run the proofs and keep what they found."""

from .. import clock
from ..db import db, new_id
from . import queries
from .models import SelfcheckRun


def selfcheck() -> list[str]:
    """Run the proofs in SQL, keep the result and return the broken ones."""
    found = queries.problems()
    db.session.add(SelfcheckRun(id=new_id(), at=clock.now(), problems=found))
    db.session.flush()
    return found
