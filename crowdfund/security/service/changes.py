"""Sensitive changes: asked for, held for a day, sent to every address, then applied or cancelled.

A kind is a function that does the change: `@changes.on_apply("phone")`. The payload of a kind that
changes a way to reach someone has `value` (the new address; with `remove` the one that goes); what
else it needs is up to the kind. The view asks for a second factor first (`views.step_up`).
"""

import json
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from crowdfund.adapters import sealing
from crowdfund.api_tokens import service
from crowdfund.kernel import clock, i18n, live, outbox, sessions
from crowdfund.kernel.db import db, new_id, record_event
from crowdfund.kernel.errors import Conflict, CrowdfundError, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.moving import move_row
from crowdfund.people import queries as people_queries
from crowdfund.people.models import User
from crowdfund.security import queries, rules
from crowdfund.security.events import ChangeElsewhere
from crowdfund.security.models import SensitiveChange, sensitive_change_event
from crowdfund.security.service import history

Apply = Callable[[str, dict[str, Any]], None]
_KINDS: dict[str, Apply] = {}
_C = SensitiveChange.__table__


def on_apply(kind: str) -> Callable[[Apply], Apply]:
    """Register what applies a kind of change: a function of the person's id and the payload.

    It runs in the job's transaction; a CrowdfundError that it raises ends the change as failed.
    """

    def register(function: Apply) -> Apply:
        if kind in _KINDS and _KINDS[kind].__module__ != function.__module__:
            raise RuntimeError(f"two functions apply {kind}")
        _KINDS[kind] = function
        return function

    return register


def request(
    person_id: str, kind: str, payload: dict[str, Any], *, actor: str, shown: str = ""
) -> str:
    """Hold a change for 24 hours and notify every verified address, the new one too; return its id.

    A newer request of the same kind takes the place of the older. `shown` is how pages name the
    new value; without it the payload's `value` is masked. Raises KeyError for an unknown kind.
    """
    _KINDS[kind]
    _lock_person(person_id)
    for older in queries.changes_of(person_id, kind=kind, held_only=True):
        _decide(older, "replaced", actor=actor)
    change_id, now = new_id(), clock.now()
    channels = _channels(person_id, kind, payload)
    row = {
        "id": change_id, "person_id": person_id, "kind": kind, "status": "held", "reason": "",
        "removes": bool(payload.get("remove")), "requested_at": now, "apply_at": now + rules.HOLD,
        "shown": (shown or rules.masked(str(payload.get("value", ""))))[:120],
        "sealed": sealing.seal("change", person_id, json.dumps(payload).encode()),
        "sealed_channels": sealing.seal("change channels", person_id, json.dumps(channels).encode()),
    }  # fmt: skip
    db.session.execute(sa.insert(_C).values(row))
    record_event(sensitive_change_event, change_id, actor=actor, before=None, after="held")
    outbox.add(
        "security.apply_change", change_id, {"change_id": change_id}, not_before=now + rules.HOLD
    )
    _tell(queries.change(change_id), "change_requested", actor=actor)
    return change_id


def cancel(change_id: str, person_id: str, *, actor: str) -> None:
    """Stop a change that still waits. Raises NotFound for another's, Conflict when it is too late."""
    change = queries.change_of(change_id, person_id)
    if not _decide(change, "cancelled", actor=actor):
        raise Conflict(_("This change is no longer pending. Reload the page to see its status."))
    _tell(queries.change(change_id), "change_cancelled", actor=actor)


def cancel_all(person_id: str, *, actor: str, reason: str) -> int:
    """Stop every change of a person that waits (account closed, factors reset); return how many."""
    changes = queries.changes_of(person_id, held_only=True)
    for change in changes:
        if _decide(change, "cancelled", actor=actor, reason=reason):
            _tell(queries.change(change.id), "change_cancelled", actor=actor)
    return len(changes)


def apply(change_id: str) -> None:
    """Do what was asked for, if it still waits and its time has come (the job's verb)."""
    change = queries.change(change_id)
    if change is None or change.status != "held" or change.apply_at > clock.now():
        return
    person = people_queries.get(change.person_id)
    if person is None or person.disabled_at is not None:
        _decide(change, "cancelled", actor="system", reason=_("The account is closed."))
        return
    if not _decide(change, "applied", actor="system"):
        return
    try:
        # the person reads a refusal
        with i18n.using(person.language or "en"), db.session.begin_nested():
            _KINDS[change.kind](change.person_id, _payload(change))
            db.session.flush()
    except CrowdfundError as error:
        _decide(change, "failed", actor="system", reason=error.user_message, before="applied")
        _tell(queries.change(change_id), "change_failed", actor="system")
        return
    if change.kind in rules.WAYS_IN:
        sessions.end(change.person_id)
        service.revoke_all(change.person_id, why="way changed")
    _tell(queries.change(change_id), "change_applied", actor="system")


def _lock_person(person_id: str) -> None:
    if db.session.scalar(sa.select(User.id).where(User.id == person_id).with_for_update()) is None:
        raise NotFound(_("There is no such person."))


def _channels(person_id: str, kind: str, payload: dict[str, Any]) -> list[tuple[str, str]]:
    known = people_queries.contact_channels([person_id])[person_id]
    told = [*(("email", one) for one in known.emails), *(("sms", one) for one in known.phones)]
    told += [(one.kind, one.address) for one in rules.new_channels(kind, payload)]
    return list(dict.fromkeys(told))


def _payload(change: queries.Change) -> dict[str, Any]:
    sealed = db.session.scalar(sa.select(_C.c.sealed).where(_C.c.id == change.id))
    return dict(json.loads(sealing.unseal("change", change.person_id, str(sealed))))


def _decide(
    change: queries.Change, status: str, *, actor: str, reason: str = "", before: str = "held"
) -> bool:
    """Move a change on unless someone else was first."""
    reason = reason[:300]
    return move_row(
        _C,
        change.id,
        status,
        sensitive_change_event,
        before=before,
        actor=actor,
        reason=reason,
        values={"decided_at": clock.now(), "reason": reason},
    )


def _tell(change: queries.Change | None, what: str, *, actor: str) -> None:
    """Write the history, notify the person and the addresses that are not (or no longer) theirs."""
    if change is None:
        raise NotFound(_("There is no such change."))
    context = {
        "what": change.kind,
        "applies_at": change.apply_at.isoformat(),
        "value": change.shown,
    }
    if change.reason:
        context["reason"] = change.reason
    detail = f"{change.kind} {change.shown}".strip()
    path = f"/account/changes/{change.id}"
    history.note(change.person_id, what, actor=actor, detail=detail, tell=context, path=path)
    key, kind = f"{change.id}:{what}", f"security.{what}"
    outbox.emit(
        ChangeElsewhere(key=key, change_id=change.id, kind=kind, context=context, path=path)
    )
    live.changed("security", change.person_id)
