"""Set money aside in an account until it is captured or released.

Every verb locks the journal's head first, as posting does: another order of locks would deadlock
with a posting.
"""

from collections.abc import Mapping

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.db import db, locked, new_id, rows_changed
from crowdfund.kernel.errors import Conflict, NotFound
from crowdfund.kernel.i18n import _, _l
from crowdfund.ledger import rules
from crowdfund.ledger.models import Account, Hold
from crowdfund.ledger.rules import InsufficientFunds, KeyReused, Posting
from crowdfund.ledger.service.posting import NOT_ENOUGH, lock_head, post

_A = Account.__table__


def hold(key: str, account: str, amount_minor: int, *, currency: str = "ETB") -> str:
    """Set money aside (minor units) and return the hold's id; the same key holds once.

    Raises InsufficientFunds, KeyReused.
    """
    rules.check([Posting(account, "", amount_minor)])
    lock_head()
    found = db.session.execute(sa.select(Hold).where(Hold.key == key)).scalar_one_or_none()
    if found is not None:
        if (found.account, found.amount_minor, found.currency) != (account, amount_minor, currency):
            raise KeyReused(
                _("This hold already exists with different details. Nothing was changed.")
            )
        return found.id
    held = rows_changed(
        sa.update(_A)
        .where(_A.c.name == account, _A.c.currency == currency)
        .where(_A.c.balance_minor - _A.c.held_minor >= amount_minor)
        .values(held_minor=_A.c.held_minor + amount_minor)
    )
    if held != 1:
        raise InsufficientFunds(NOT_ENOUGH)
    new = Hold(
        id=new_id(),
        key=key,
        account=account,
        currency=currency,
        amount_minor=amount_minor,
        created_at=clock.now(),
    )
    db.session.add(new)
    db.session.flush()
    return new.id


def release_hold(hold_id: str) -> None:
    """Release held money into the available balance; does nothing the second time."""
    found = _locked(hold_id)
    if found.status != "released":
        _end(found, "released")


def capture_hold(
    hold_id: str, key: str, destination: str, *, kind: str, ref: Mapping[str, str] | None = None
) -> str:
    """Post held money to its destination and return the entry's id; a second capture is the same.

    `ref` is what the entry refers to besides the hold.
    Raises NotFound, Conflict (released, or captured under another key), KeyReused.
    """
    found = _locked(hold_id)
    if found.status == "captured" and found.capture_key != key:
        raise Conflict(_("This money has already been captured. Nothing was changed."))
    if found.status != "captured":
        found.capture_key = key
        _end(found, "captured")
    refers_to = {**(ref or {}), "hold": hold_id}
    move = Posting(found.account, destination, found.amount_minor)
    return post(key, [move], kind=kind, ref=refers_to, currency=found.currency)


def _locked(hold_id: str) -> Hold:
    lock_head()
    return locked(Hold, hold_id, NotFound(_("There is no such hold.")))


_ENDED = {
    "captured": _l("This money has already been captured. Nothing was changed."),
    "released": _l("This money is no longer on hold. Nothing was changed."),
}


def _end(found: Hold, status: str) -> None:
    if found.status != "held":
        raise Conflict(str(_ENDED[found.status]))
    found.status = status
    db.session.flush()
    db.session.execute(
        sa.update(_A)
        .where(_A.c.name == found.account, _A.c.currency == found.currency)
        .values(held_minor=_A.c.held_minor - found.amount_minor)
    )
