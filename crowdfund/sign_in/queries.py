"""Reads about requests for codes."""

from datetime import datetime

import sqlalchemy as sa

from crowdfund.kernel.db import db
from crowdfund.kernel.db.rows import columns, read_first
from crowdfund.sign_in.models import Otp
from crowdfund.sign_in.rows import OtpRow

_O = Otp.__table__
OTPS = sa.select(*columns(OtpRow, _O))


def otp(otp_id: str) -> OtpRow | None:
    """Return a request for a code, or None."""
    return read_first(OtpRow, OTPS.where(_O.c.id == otp_id))


def visitors_since(moment: datetime) -> tuple[int, int, str]:
    """Return how many codes were requested since a moment, from how many networks, and one."""
    query = sa.select(
        sa.func.count(), sa.func.count(_O.c.network.distinct()), sa.func.min(_O.c.network)
    )
    codes, networks, one = db.session.execute(query.where(_O.c.created_at > moment)).one()
    return codes, networks, one or ""
