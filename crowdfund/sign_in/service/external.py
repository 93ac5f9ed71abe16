"""Identities at a provider and wallets as sign-in methods: sign in, connect, apply changes."""

from typing import Any

import sqlalchemy as sa

from crowdfund.kernel import clock
from crowdfund.kernel.db import db
from crowdfund.people.models import SignInMethod, User
from crowdfund.people.service import person_with, refuse_closed
from crowdfund.security.service import changes, history
from crowdfund.sign_in.rules.external import BelongsToAnother, ExternalMethod
from crowdfund.sign_in.service import methods

_M = SignInMethod.__table__


def enter_by(method: ExternalMethod) -> str | None:
    """Return whose sign-in method this is, or None, and record its use. Forbidden if closed."""
    person_id = person_with(method.kind, method.value)
    if person_id is None:
        return None
    refuse_closed(person_id)
    used = sa.update(_M).where(_M.c.kind == method.kind, _M.c.value == method.value)
    db.session.execute(used.values(used_at=clock.now()))
    return person_id


def counts_at_once(person_id: str, method: ExternalMethod) -> bool:
    """Return whether a sign-in method needs no second factor: first of its kind, or already theirs.

    Raises BelongsToAnother.
    """
    owner = person_with(method.kind, method.value)
    if owner not in (None, person_id):
        raise BelongsToAnother(method.label)
    mine = sa.select(sa.func.count()).where(_M.c.person_id == person_id, _M.c.kind == method.kind)
    return owner == person_id or db.session.scalar(mine) == 0


def has_address(person_id: str, email: str) -> bool:
    """Return whether an e-mail address is one of a person's sign-in methods."""
    return person_with("email", email) == person_id


def connect(person_id: str, method: ExternalMethod) -> str:
    """Add a proved sign-in method to a person; return `connected`, `known` or `held`.

    The first of its kind is added at once; a further one is a sensitive change and held for a day
    (the view has asked for a second factor). Raises BelongsToAnother.
    """
    # Serialise: of two concurrent ones only one is the first.
    db.session.execute(sa.select(User.id).where(User.id == person_id).with_for_update())
    at_once = counts_at_once(person_id, method)
    if person_with(method.kind, method.value) == person_id:
        return "known"
    if not at_once:
        payload = {"value": method.value, "label": method.label}
        changes.request(person_id, method.kind, payload, actor=person_id, shown=method.label)
        return "held"
    methods.attach(person_id, method.kind, method.value, label=method.label)
    notice = {"what": method.label}
    history.note(person_id, "method_added", actor=person_id, detail=method.label, notice=notice)
    return "connected"


def _apply(kind: str, person_id: str, payload: dict[str, Any]) -> None:
    if payload.get("remove"):
        methods.apply_change(kind, person_id, payload)
        return
    method = ExternalMethod(kind, str(payload["value"]), str(payload.get("label", "")))
    if person_with(kind, method.value) not in (None, person_id):
        raise BelongsToAnother(method.label)
    methods.attach(person_id, kind, method.value, label=method.label)


@changes.on_apply("oidc")
def apply_identity(person_id: str, payload: dict[str, Any]) -> None:
    """Add or remove an identity at a provider after the hold."""
    _apply("oidc", person_id, payload)


@changes.on_apply("wallet")
def apply_wallet(person_id: str, payload: dict[str, Any]) -> None:
    """Add or remove a wallet after the hold."""
    _apply("wallet", person_id, payload)
