"""A person's browsers: report a new one, sign others out."""

import hashlib

import sqlalchemy as sa

from crowdfund.kernel import clock, sessions
from crowdfund.kernel.db import db, insert_ignore, rows_changed
from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.security.models import KnownDevice
from crowdfund.security.rules import device_name
from crowdfund.security.service import history

PAGE = "/account/sessions"
_K = KnownDevice.__table__


def note_sign_in(person_id: str, device: str, *, user_agent: str) -> None:
    """Record the browser by the hash of its cookie; report a new one, except the very first."""
    device_hash, now = hashlib.sha256(device.encode()).hexdigest(), clock.now()
    mine = _K.c.person_id == person_id
    seen = sa.update(_K).where(mine, _K.c.device_hash == device_hash).values(last_at=now)
    if rows_changed(seen):
        return
    has_others = db.session.scalar(sa.select(sa.literal(1)).where(mine).limit(1)) is not None
    row = {"person_id": person_id, "device_hash": device_hash, "first_at": now, "last_at": now}
    if insert_ignore(_K, [row]) and has_others:
        name = device_name(user_agent)
        notice = {"at": now.isoformat(), "device": name}
        history.note(
            person_id, "new_device", actor=person_id, detail=name, notice=notice, path=PAGE
        )


def end_session(person_id: str, session_id: str) -> None:
    """Sign one browser out. Raises NotFound for another person's."""
    if sessions.end(person_id, only=session_id) != 1:
        raise NotFound(_("This device is no longer signed in."))
    history.note(person_id, "session_ended", actor=person_id)


def end_other_sessions(person_id: str, *, but: str) -> int:
    """Sign every other browser out; return how many."""
    count = sessions.end(person_id, but=but)
    if count:
        history.note(person_id, "sessions_ended", actor=person_id, notice={}, path=PAGE)
    return count
