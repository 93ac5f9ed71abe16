"""A person's sign-in methods: proved before they are added, never the last one removed."""

from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock, live
from crowdfund.kernel.db import db, insert_ignore, new_id, rows_changed
from crowdfund.kernel.errors import Conflict
from crowdfund.kernel.i18n import _
from crowdfund.people import queries
from crowdfund.people.models import SignInMethod, User
from crowdfund.people.service import facts_changed
from crowdfund.security.service import changes, history
from crowdfund.sign_in.service import codes

_M = SignInMethod.__table__
ADDRESSES = ("email", "phone")
PAGE = "/account/sign-in-methods"


def ask_to_add(person_id: str, typed: str, *, ip: str) -> str:
    """Send a code to an address that a signed-in person wants to add; return the request's id.

    The answer does not depend on whether someone else has it. Raises what `request_code` raises.
    """
    return codes.request_code(typed, ip=ip, person_id=person_id)


def confirm(person_id: str, otp_id: str, typed: str, *, ip: str) -> str | None:
    """Attach the address that a code has proved; return the id of the change that is held, or None.

    The first of its kind counts at once; another one takes the place of the old after the hold.
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
    history.note(
        person_id,
        "method_added",
        actor=person_id,
        detail=otp.kind,
        tell={"what": otp.kind},
        path=PAGE,
    )
    return None


def attach(person_id: str, kind: str, value: str, *, label: str = "") -> None:
    """Add a proved sign-in method; raises Conflict when it belongs to another account."""
    others = sa.select(User.id).where(User.email == value, User.id != person_id)
    if kind == "email" and db.session.scalar(others) is not None:
        raise _taken()
    row = {
        "id": new_id(), "person_id": person_id, "kind": kind, "value": value, "label": label[:120],
        "added_at": clock.now(),
    }  # fmt: skip
    if not insert_ignore(_M, [row]) and _owner(kind, value) != person_id:
        raise _taken()
    if kind in ADDRESSES:
        _keep_address(person_id, kind, value)
    live.changed("security", person_id)


def ask_to_remove(person_id: str, method_id: str) -> str:
    """Ask for a sign-in method to be removed after the hold; return the id of the change.

    Raises NotFound for another's, Conflict for the last one.
    """
    method = queries.method_of(method_id, person_id)
    _refuse_last(person_id)
    payload = {"value": method.value, "remove": True, "method_id": method.id}
    return changes.request(person_id, method.kind, payload, actor=person_id)


def apply_change(kind: str, person_id: str, payload: dict[str, Any]) -> None:
    """Do what was held: take a sign-in method away, or put a new address in the place of the old."""
    if payload.get("remove"):
        _remove(person_id, kind, str(payload["value"]))
        return
    value = str(payload["value"])
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
        _keep_address(person_id, kind, left[0] if left else None)


def _delete(person_id: str, kind: str, value: str) -> None:
    mine = sa.and_(_M.c.person_id == person_id, _M.c.kind == kind, _M.c.value == value)
    if rows_changed(sa.delete(_M).where(mine)):
        live.changed("security", person_id)


def _refuse_last(person_id: str) -> None:
    """Lock the person: of two removals at once the second one sees the first."""
    db.session.execute(sa.select(User.id).where(User.id == person_id).with_for_update())
    count = db.session.scalar(sa.select(sa.func.count()).where(_M.c.person_id == person_id))
    if (count or 0) < 2:
        raise Conflict(
            _("This is your only way to sign in. Add another one first; nothing was removed.")
        )


def _keep_address(person_id: str, kind: str, value: str | None) -> None:
    """Keep the person's own e-mail address or number in step with the sign-in method."""
    if kind == "email":
        db.session.execute(sa.update(User).where(User.id == person_id).values(email=value))
        return
    before = db.session.scalar(sa.select(User.phone).where(User.id == person_id))
    db.session.execute(sa.update(User).where(User.id == person_id).values(phone=value or ""))
    if before and before != value:  # a number that a colleague may have checked is another one now
        facts_changed(person_id)


def _owner(kind: str, value: str) -> str | None:
    return db.session.scalar(
        sa.select(_M.c.person_id).where(_M.c.kind == kind, _M.c.value == value)
    )


def _of_kind(person_id: str, kind: str) -> list[Any]:
    return [one for one in queries.methods_of(person_id) if one.kind == kind]


def _taken() -> Conflict:
    return Conflict(
        _(
            "This address belongs to another account. Sign in there and remove it first; nothing was changed."
        ),
        field="code",
    )
