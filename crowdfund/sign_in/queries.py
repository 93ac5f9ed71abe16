"""Reads about requests for codes."""

import sqlalchemy as sa

from crowdfund.kernel.db.rows import columns, read_first
from crowdfund.sign_in.models import Otp
from crowdfund.sign_in.rows import OtpRow

_O = Otp.__table__
OTPS = sa.select(*columns(OtpRow, _O))


def otp(otp_id: str) -> OtpRow | None:
    """Return a request for a code, or None."""
    return read_first(OtpRow, OTPS.where(_O.c.id == otp_id))
