"""Who makes this request, with which roles."""

from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

from flask import (
    g,
    has_request_context,
    session,
)
from flask_login import LoginManager

from crowdfund.kernel import audit, sessions
from crowdfund.kernel.errors import NotSignedIn
from crowdfund.kernel.i18n import _
from crowdfund.kernel.person import Person

login = LoginManager()


def current_user() -> Person | None:
    """Return the signed-in person, or None."""
    if not has_request_context():
        return None
    known = g.get("user", _NOT_ASKED)
    return _load_user() if known is _NOT_ASKED else known


def signed_in() -> Person:
    """Return the signed-in person. Raises NotSignedIn for a visitor (see the access table)."""
    person = current_user()
    if person is None:
        raise NotSignedIn(_("Sign in first."))
    return person


_NOT_ASKED = object()


def _load_user() -> Person | None:
    """Load the person once a request: flask-login's `current_user` loads it for every template."""
    person_id = session.get("_user_id")
    user = cast(Any, login)._user_callback(person_id) if person_id else None
    g.sleeping_roles = ()
    if user is not None and user.roles and not has_proof(user.id, sessions.PROOF_KEEPS_ROLES):
        # Roles are hidden from all code until the second factor is proved.
        g.sleeping_roles, user = user.roles, replace(user, roles=())
    g.user = user
    return user


def has_proof(person_id: str, within: timedelta) -> bool:
    """Return whether this session has proved the person's second factor within that time."""
    return sessions.has_proof(session, person_id, within)


def sleeping_roles() -> frozenset[str]:
    """Return the staff roles that this person has, and which wait for the second factor."""
    return frozenset(g.get("sleeping_roles", ())) if current_user() else frozenset()


def known_user() -> Person | None:
    """Return the person if this request has asked for one already; a public page never does."""
    person: Person | None = g.get("user")
    return person


def origin() -> audit.Origin:
    """Return who asks, and by which request, for the audit log."""
    person = known_user() if has_request_context() else None
    request_id = g.get("request_id", "") if has_request_context() else ""
    return audit.Origin(request_id, person.id, person.roles) if person else audit.Origin(request_id)


def roles() -> frozenset[str]:
    """Return the roles of the person who makes this request; a visitor has one as well."""
    user = current_user()
    return frozenset({"visitor", "investor", *user.roles}) if user else frozenset({"visitor"})
