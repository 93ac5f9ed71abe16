"""Reads about sign-in requests."""

from typing import Any

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.sign_in.models import Otp


def otp(otp_id: str) -> Any:  # noqa: ANN401 - a row
    """Return a sign-in request (identifier, expires_at) or None."""
    return db.session.execute(sa.select(Otp.__table__).where(Otp.id == otp_id)).first()
