"""Who invited whom: by a code, once, when the account is opened (rules.md, People)."""

import sqlalchemy as sa

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields.characters import compact
from crowdfund.kernel.i18n import _
from crowdfund.kernel.lookups import Lookup
from crowdfund.people.models import User

_U = User.__table__
_FIND = Lookup(
    sa.select(_U.c.id).where(_U.c.referral_code == sa.bindparam("code"), _U.c.disabled_at.is_(None))
)


def check(typed: str) -> str:
    """Return an invitation code in its normal form, or an empty text. Raises Invalid if unknown."""
    code = compact(typed)
    if code and sponsor_of(code) is None:
        text = _(
            "We do not recognise this invitation code. "
            "Correct it or leave it empty: you do not need one."
        )
        raise Invalid(text, field="referral")
    return code


def sponsor_of(code: str) -> str | None:
    """Return the id of the person whose invitation code this is, or None."""
    if not code or len(code) > 8 or not code.isascii():
        return None
    found = _FIND.first(code=code.upper())
    return str(found.id) if found else None
