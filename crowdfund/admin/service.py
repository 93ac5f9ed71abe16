"""User management: roles and second factors (decided by two admins), closing accounts.

What could leave the platform without an admin first locks all admins, in order.
"""

import sqlalchemy as sa

from crowdfund.admin import queries, rules
from crowdfund.admin.models import StaffRequest, staff_request_event
from crowdfund.admin.rows import StaffRequestRow
from crowdfund.api_tokens import service
from crowdfund.kernel import clock, live, outbox, sessions
from crowdfund.kernel.db import db, locked, new_id, record_event, rows_changed
from crowdfund.kernel.db.rows import read_all, read_one
from crowdfund.kernel.errors import Conflict, Forbidden, NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.notices import StaffWork
from crowdfund.kernel.person import Person
from crowdfund.kernel.second_person import Requests
from crowdfund.people import queries as people_queries
from crowdfund.people.events import AccountClosed
from crowdfund.people.models import User, UserRole, person_event
from crowdfund.people.service import give_role
from crowdfund.security.service import changes, history, second_factor

_P, _R, _Q = (model.__table__ for model in (User, UserRole, StaffRequest))


def ask(person_id: str, kind: str, *, role: str = "", reason: str | None, actor: str) -> str:
    """Request that a role is given or taken or a second factor reset; return the request's id.

    Another admin decides within seven days. Raises Invalid, Conflict (requested already, or nothing
    to change), LastAdmin, NotOneself, NotFound.
    """
    role = "" if kind == rules.RESET else role
    reason = rules.checked_reason(reason)
    rules.check_not_oneself(actor, person_id)
    admins = _locked_admins(actor)
    person = _person(person_id)
    rules.check_request(kind, role, held=person.roles)
    if (kind, role) == (rules.TAKE, "admin"):
        rules.check_not_last(admins, person_id)
    key = f"{kind}:{role}:{person_id}"
    _lapse(_Q.c.open_key == key)
    request_id = _requests.add(
        {"person_id": person_id, "kind": kind, "role": role},
        open_key=key,
        actor=actor,
        reason=reason,
        taken=_("A colleague has already requested this. It is waiting for a decision."),
    )
    outbox.emit(StaffWork(key=request_id, kind="staff.requests"))
    return request_id


def confirm(request_id: str, *, actor: str) -> None:
    """Carry out a colleague's request.

    Raises NotOneself (made by or about oneself), Conflict, LastAdmin.
    """
    admins = _locked_admins(actor)
    request = _undecided(request_id)
    rules.check_not_oneself(actor, request.asked_by, request.person_id)
    person = _person(request.person_id)
    if person.disabled_at is not None and request.kind == rules.GIVE:
        raise Conflict(_("This account is closed. Open it first; nothing was changed."))
    rules.check_request(request.kind, request.role, held=person.roles)
    if (request.kind, request.role) == (rules.TAKE, "admin"):
        rules.check_not_last(admins, person.id)
    _requests.move(request, "approved", actor=actor)
    _carry_out(request, actor=actor)


def _carry_out(request: StaffRequestRow, *, actor: str) -> None:
    person_id = request.person_id
    if request.kind == rules.RESET:
        second_factor.reset(person_id, actor=actor)
        _end_sessions(person_id, why="factor reset")
        return
    if request.kind == rules.GIVE:
        give_role(person_id, request.role, actor=actor)
    else:
        take_role(person_id, request.role, actor=actor, reason=request.reason)
    roles = ", ".join(queries.roles_of(person_id)) or "–"
    history.note(person_id, "roles_changed", actor=actor, detail=roles, notice={"roles": roles})


def refuse(request_id: str, reason: str | None, *, actor: str) -> None:
    """Refuse a colleague's request."""
    _locked_admins(actor)
    request, reason = _undecided(request_id), rules.checked_reason(reason)
    rules.check_not_oneself(actor, request.asked_by, request.person_id)
    _requests.move(request, "refused", actor=actor, reason=reason)


def withdraw(request_id: str, *, actor: str) -> None:
    """Withdraw one's own request."""
    _requests.withdraw(request_id, actor=actor)


def take_role(person_id: str, role: str, *, actor: str, reason: str) -> None:
    """Take a staff role from a person; a second time does nothing."""
    if rows_changed(sa.delete(_R).where(_R.c.person_id == person_id, _R.c.role == role)):
        before, after = f"role:{role}", f"no role:{role}"
        record_event(
            person_event, person_id, actor=actor, before=before, after=after, reason=reason
        )


def disable(person_id: str, *, actor: str, reason: str | None) -> None:
    """Close an account: no more sign-in, sessions and tokens end, held changes are cancelled.

    Money and history stay. Raises Invalid, NotOneself, Conflict (closed already), LastAdmin,
    NotFound.
    """
    reason = rules.checked_reason(reason)
    rules.check_not_oneself(actor, person_id)
    admins = _locked_admins(actor)
    person = _locked(person_id)
    if person.disabled_at is not None:
        raise Conflict(_("This account is already closed. Nothing was changed."))
    if person_id in admins:
        rules.check_not_last(admins, person_id)
    person.disabled_at = clock.now()
    db.session.flush()
    record_event(person_event, person_id, actor=actor, before="open", after="closed", reason=reason)
    _end_sessions(person_id, why="closed")
    changes.cancel_all(person_id, actor=actor, reason="account closed")
    history.note(person_id, "account_disabled", actor=actor, notice={"reason": reason})
    outbox.emit(AccountClosed(key=new_id(), person_id=person_id))
    _changed(person_id)


def enable(person_id: str, *, actor: str, reason: str | None) -> None:
    """Reopen a closed account. Raises Invalid, NotOneself, Conflict (open already), NotFound."""
    reason = rules.checked_reason(reason)
    rules.check_not_oneself(actor, person_id)
    _locked_admins(actor)
    person = _locked(person_id)
    if person.disabled_at is None:
        raise Conflict(_("This account is already open. Nothing was changed."))
    person.disabled_at = None
    db.session.flush()
    record_event(person_event, person_id, actor=actor, before="closed", after="open", reason=reason)
    history.note(person_id, "account_enabled", actor=actor, notice={})
    _changed(person_id)


def sign_out_everywhere(person_id: str, *, actor: str, reason: str | None) -> int:
    """End all sessions and tokens of a person, notify the person; return how many sessions."""
    reason = rules.checked_reason(reason)
    _locked_admins(actor)
    _person(person_id)
    ended = _end_sessions(person_id, why="staff")
    history.note(person_id, "sessions_ended", actor=actor, detail=reason, notice={})
    _changed(person_id)
    return ended


@outbox.every(3_600, "admin.lapse_requests")
def lapse() -> None:
    """Expire requests that were not decided within seven days."""
    _lapse(sa.true())


def _lapse(which: sa.ColumnElement[bool]) -> None:
    oldest = clock.now() - rules.REQUEST_LIFETIME
    is_over = sa.and_(which, _Q.c.status == "pending", _Q.c.asked_at < oldest)
    for request in read_all(StaffRequestRow, queries.REQUESTS.where(is_over).with_for_update()):
        _requests.move(request, "expired", actor="system")


def _undecided(request_id: str) -> StaffRequestRow:
    """Return a pending request that can still be decided, locked."""
    request = _requests.undecided(request_id)
    if request.asked_at < clock.now() - rules.REQUEST_LIFETIME:
        raise Conflict(
            _("This request is older than seven days. Make a new one if it is still needed.")
        )
    return request


def _locked_request(request_id: str) -> StaffRequestRow:
    query = queries.REQUESTS.where(_Q.c.id == request_id).with_for_update()
    return read_one(StaffRequestRow, query, NotFound(_("There is no such request.")))


_requests = Requests(
    _Q,
    staff_request_event,
    _locked_request,
    pages=(("queue", "requests"),),
    about=("user", "person_id"),
)


def _locked_admins(actor: str) -> list[str]:
    """Return the admins with an open account, locked. Raises Forbidden if the actor is not one."""
    held = sa.select(_R.c.person_id).where(_R.c.role == "admin").order_by(_R.c.person_id)
    db.session.execute(held.with_for_update()).all()
    open_accounts = held.join(_P, _P.c.id == _R.c.person_id).where(_P.c.disabled_at.is_(None))
    admins = list(db.session.scalars(open_accounts))
    if actor not in admins:
        raise Forbidden(_("Only admins may do this. Nothing was changed."))
    return admins


def _person(person_id: str) -> Person:
    person = people_queries.get(person_id)
    if person is None:
        raise NotFound(_("There is no such person."))
    return person


def _locked(person_id: str) -> User:
    return locked(User, person_id, NotFound(_("There is no such person.")))


def _end_sessions(person_id: str, *, why: str) -> int:
    ended = sessions.end(person_id)
    service.revoke_all(person_id, why=why)
    return ended


def _changed(person_id: str) -> None:
    live.changed("user", person_id)
    live.changed("queue", "requests")
