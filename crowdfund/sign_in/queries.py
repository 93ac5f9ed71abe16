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


def networks_since(moment: datetime) -> dict[str, int]:
    """Return how many codes were requested from each network since a moment; ten at most."""
    number = sa.func.count().label("number")
    query = sa.select(_O.c.network, number).where(_O.c.created_at > moment)
    found = db.session.execute(query.group_by(_O.c.network).limit(10))
    return {row.network: row.number for row in found}
