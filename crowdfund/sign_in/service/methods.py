"""A person's sign-in methods: proved before they are added, never the last one removed."""

from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import live
from crowdfund.kernel.db import db, rows_changed
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.people import queries
from crowdfund.people.models import SignInMethod, User
from crowdfund.people.rows import MethodRow
from crowdfund.people.service import add_method, facts_changed
from crowdfund.security.service import changes, history
from crowdfund.sign_in.service import codes

_M = SignInMethod.__table__
ADDRESSES = ("email", "phone")
PAGE = "/account/sign-in-methods"


def ask_to_add(person_id: str, typed: str, *, ip: str) -> str:
    """Send a code to an address that a signed-in person adds; return the request's id.

    Does not depend on whether another account has it. Raises what `request_code` raises.
    """
    return codes.request_code(typed, ip=ip, person_id=person_id)


def confirm(person_id: str, otp_id: str, typed: str, *, ip: str) -> str | None:
    """Add the address that a code has proved; return the id of the held change, or None.

    The first of its kind is added at once; another one replaces the old one after the hold.
    Raises what `prove` raises, and Conflict when the address belongs to another account.
    """
    otp = codes.prove(otp_id, typed, ip=ip, person_id=person_id)
    owner = _owner(otp.kind, otp.identifier)
    if owner == person_id:
        return None
    if owner is not None:
        raise _taken()
    if _of_kind(person_id, otp.kind):
        payload = {"value": otp.identifier}
        return changes.request(person_id, otp.kind, payload, actor=person_id)
    attach(person_id, otp.kind, otp.identifier)
    notice = {"what": otp.kind}
    history.note(
        person_id, "method_added", actor=person_id, detail=otp.kind, notice=notice, path=PAGE
    )
    return None


def attach(person_id: str, kind: str, value: str, *, label: str = "") -> None:
    """Add a proved sign-in method; raises Conflict when it belongs to another account."""
    others = sa.select(User.id).where(User.email == value, User.id != person_id)
    if kind == "email" and db.session.scalar(others) is not None:
        raise _taken()
    is_new = add_method(person_id, kind, value, label=label)
    if not is_new and _owner(kind, value) != person_id:
        raise _taken()
    if kind in ADDRESSES:
        _set_address(person_id, kind, value)
    live.changed("security", person_id)


def ask_to_remove(person_id: str, method_id: str) -> str:
    """Request the removal of a sign-in method after the hold; return the id of the change.

    Raises NotFound for another's, Conflict for the last one.
    """
    method = queries.method_of(method_id, person_id)
    _refuse_last(person_id)
    payload = {"value": method.value, "remove": True, "method_id": method.id}
    return changes.request(person_id, method.kind, payload, actor=person_id)


def apply_change(kind: str, person_id: str, payload: dict[str, Any]) -> None:
    """Apply a held change: remove a sign-in method, or replace the old address by a new one."""
    value = str(payload["value"])
    if payload.get("remove"):
        _remove(person_id, kind, value)
        return
    if _owner(kind, value) not in (None, person_id):
        raise _taken()
    old = [one.value for one in _of_kind(person_id, kind) if one.value != value]
    attach(person_id, kind, value)
    for one in old:
        _delete(person_id, kind, one)


@changes.on_apply("email")
def apply_email(person_id: str, payload: dict[str, Any]) -> None:
    """Change or remove the e-mail address."""
    apply_change("email", person_id, payload)


@changes.on_apply("phone")
def apply_phone(person_id: str, payload: dict[str, Any]) -> None:
    """Change or remove the mobile number."""
    apply_change("phone", person_id, payload)


def _remove(person_id: str, kind: str, value: str) -> None:
    _refuse_last(person_id)
    _delete(person_id, kind, value)
    if kind in ADDRESSES:
        left = [one.value for one in _of_kind(person_id, kind)]
        _set_address(person_id, kind, left[0] if left else None)


def _delete(person_id: str, kind: str, value: str) -> None:
    mine = sa.and_(_M.c.person_id == person_id, _M.c.kind == kind, _M.c.value == value)
    if rows_changed(sa.delete(_M).where(mine)):
        live.changed("security", person_id)


def _refuse_last(person_id: str) -> None:
    """Raise Conflict for the last sign-in method; locks the person against concurrent removals."""
    db.session.execute(sa.select(User.id).where(User.id == person_id).with_for_update())
    count = db.session.scalar(sa.select(sa.func.count()).where(_M.c.person_id == person_id))
    if (count or 0) < 2:
        text = _("This is your only way to sign in. Add another one first; nothing was removed.")
        raise Conflict(text)


def _set_address(person_id: str, kind: str, value: str | None) -> None:
    """Set the person's own e-mail address or number to that of the sign-in method."""
    if kind == "email":
        db.session.execute(sa.update(User).where(User.id == person_id).values(email=value))
        return
    before = db.session.scalar(sa.select(User.phone).where(User.id == person_id))
    db.session.execute(sa.update(User).where(User.id == person_id).values(phone=value or ""))
    if before and before != value:  # staff may have verified the old number
        facts_changed(person_id)


def _owner(kind: str, value: str) -> str | None:
    return db.session.scalar(
        sa.select(_M.c.person_id).where(_M.c.kind == kind, _M.c.value == value)
    )


def _of_kind(person_id: str, kind: str) -> list[MethodRow]:
    return [one for one in queries.methods_of(person_id) if one.kind == kind]


def _taken() -> Conflict:
    text = _(
        "This address belongs to another account. "
        "Sign in there and remove it first; nothing was changed."
    )
    return Conflict(text, field="code")
