"""Sensitive changes: requested, held for a day, notified to every address, applied or cancelled.

A kind is a function that makes the change: `@changes.on_apply("phone")`. The payload of a kind that
changes a contact address or sign-in method has `value` (the new one; with `remove` the one to be
removed); what else it holds is up to the kind. The view asks for a second factor first (`step_up`).
"""

import json
from collections.abc import Callable
from datetime import datetime
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
from crowdfund.security.rows import Change
from crowdfund.security.service import history

Apply = Callable[[str, dict[str, Any]], None]
_KINDS: dict[str, Apply] = {}
_C = SensitiveChange.__table__


def on_apply(kind: str) -> Callable[[Apply], Apply]:
    """Register the function that applies a kind of change, given the person's id and the payload.

    It runs in the job's transaction; if it raises a CrowdfundError, the change has failed.
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

    A newer request replaces an older one of the same kind. `shown` is how pages name the new value;
    without it the payload's `value` is masked. Raises KeyError for an unknown kind.
    """
    _KINDS[kind]
    _lock_person(person_id)
    for older in queries.changes_of(person_id, kind=kind, held_only=True):
        _decide(older, "replaced", actor=actor)
    change_id, value = new_id(), shown or rules.masked(str(payload.get("value", "")))
    apply_at = _insert(change_id, person_id, kind, payload, shown=value[:120])
    record_event(sensitive_change_event, change_id, actor=actor, before=None, after="held")
    outbox.add("security.apply_change", change_id, {"change_id": change_id}, not_before=apply_at)
    _announce(change_id, "change_requested", actor=actor)
    return change_id


def _insert(
    change_id: str, person_id: str, kind: str, payload: dict[str, Any], *, shown: str
) -> datetime:
    """Store a change; return when it is applied."""
    now, channels = clock.now(), _channels(person_id, kind, payload)
    apply_at = now + rules.HOLD
    row = {
        "id": change_id,
        "person_id": person_id,
        "kind": kind,
        "status": "held",
        "reason": "",
        "removes": bool(payload.get("remove")),
        "requested_at": now,
        "apply_at": apply_at,
        "shown": shown,
        "sealed": sealing.seal("change", person_id, json.dumps(payload).encode()),
        "sealed_channels": sealing.seal(
            "change channels", person_id, json.dumps(channels).encode()
        ),
    }
    db.session.execute(sa.insert(_C).values(row))
    return apply_at


def cancel(change_id: str, person_id: str, *, actor: str) -> None:
    """Cancel a pending change. Raises NotFound for another's, Conflict when it is too late."""
    change = queries.change_of(change_id, person_id)
    if not _decide(change, "cancelled", actor=actor):
        raise Conflict(_("This change is no longer pending. Reload the page to see its status."))
    _announce(change_id, "change_cancelled", actor=actor)


def cancel_all(person_id: str, *, actor: str, reason: str) -> int:
    """Cancel all pending changes of a person; return how many there were."""
    changes = queries.changes_of(person_id, held_only=True)
    for change in changes:
        if _decide(change, "cancelled", actor=actor, reason=reason):
            _announce(change.id, "change_cancelled", actor=actor)
    return len(changes)


def apply(change_id: str) -> None:
    """Apply a change that is still pending and due (called by the job)."""
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
        # The person reads a refusal.
        with i18n.using(person.language or "en"), db.session.begin_nested():
            _KINDS[change.kind](change.person_id, _payload(change))
            db.session.flush()
    except CrowdfundError as error:
        _decide(change, "failed", actor="system", reason=error.user_message, before="applied")
        _announce(change_id, "change_failed", actor="system")
        return
    if change.kind in rules.WAYS_IN:
        sessions.end(change.person_id)
        service.revoke_all(change.person_id, why="way changed")
    _announce(change_id, "change_applied", actor="system")


def _lock_person(person_id: str) -> None:
    if db.session.scalar(sa.select(User.id).where(User.id == person_id).with_for_update()) is None:
        raise NotFound(_("There is no such person."))


def _channels(person_id: str, kind: str, payload: dict[str, Any]) -> list[tuple[str, str]]:
    known = people_queries.contact_channels([person_id])[person_id]
    addresses = [("email", one) for one in known.emails] + [("sms", one) for one in known.phones]
    addresses += [(one.kind, one.address) for one in rules.new_channels(kind, payload)]
    return list(dict.fromkeys(addresses))


def _payload(change: Change) -> dict[str, Any]:
    sealed = db.session.scalar(sa.select(_C.c.sealed).where(_C.c.id == change.id))
    return dict(json.loads(sealing.unseal("change", change.person_id, str(sealed))))


def _decide(
    change: Change, status: str, *, actor: str, reason: str = "", before: str = "held"
) -> bool:
    """Set a change's status, unless another transaction was first; return whether it was set."""
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


def _announce(change_id: str, what: str, *, actor: str) -> None:
    """Write the history, notify the person and the addresses that are not (or no longer) theirs."""
    change = queries.change(change_id)
    if change is None:
        raise NotFound(_("There is no such change."))
    applies_at = change.apply_at.isoformat()
    context = {"what": change.kind, "applies_at": applies_at, "value": change.shown}
    if change.reason:
        context["reason"] = change.reason
    detail = f"{change.kind} {change.shown}".strip()
    path = f"/account/changes/{change.id}"
    history.note(change.person_id, what, actor=actor, detail=detail, notice=context, path=path)
    key, kind = f"{change.id}:{what}", f"security.{what}"
    news = ChangeElsewhere(key=key, change_id=change.id, kind=kind, context=context, path=path)
    outbox.emit(news)
    live.changed("security", change.person_id)
