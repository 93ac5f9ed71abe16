"""Browser sessions in SQL, so that they can be listed and revoked; the cookie is a random key.

A session ends in real time, as its cookie in the browser does: who moves the clock of an
installation stays signed in. A proof of the second factor ages with the moved clock.
"""

import hashlib
import secrets
from collections.abc import Mapping, MutableMapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
import structlog
from flask import Flask, Request, Response, request
from flask.sessions import SessionInterface, SessionMixin
from sqlalchemy.orm import Mapped, mapped_column
from werkzeug.datastructures import CallbackDict

from crowdfund.kernel import clock, lookups, networks
from crowdfund.kernel.db import (
    ID,
    Base,
    Fault,
    Json,
    UTCDateTime,
    db,
    fault_of,
    patience,
    rows_changed,
    transactions,
)
from crowdfund.kernel.db.rows import columns, read_all

log = structlog.get_logger()
IDLE = timedelta(days=14)
ABSOLUTE = timedelta(days=30)
TOUCH_EVERY = timedelta(minutes=10)
CLOCKS_DIFFER_S = 60  # between the machines that serve one browser
# a staff role sleeps until the second factor was proved, then again
PROOF_KEEPS_ROLES = timedelta(hours=12)


class WebSession(Base):
    """One browser; the id is the SHA-256 of the cookie, so the table opens no session."""

    __tablename__ = "web_session"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[str | None] = mapped_column(ID, index=True)
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    user_agent: Mapped[str] = mapped_column(sa.String(200), default="")
    ip_prefix: Mapped[str] = mapped_column(sa.String(50), default="")
    created_at: Mapped[datetime] = mapped_column(UTCDateTime)
    seen_at: Mapped[datetime] = mapped_column(UTCDateTime)
    expires_at: Mapped[datetime] = mapped_column(UTCDateTime, index=True)


_T = WebSession.__table__


_FIND = lookups.Lookup(
    sa.select(_T.c.data, _T.c.seen_at, _T.c.created_at).where(
        _T.c.id == sa.bindparam("key"), _T.c.expires_at > sa.bindparam("now")
    )
)


class SqlSession(CallbackDict[str, Any], SessionMixin):
    """The session dictionary of one request."""

    def __init__(self, token: str | None = None, data: dict[str, Any] | None = None) -> None:
        def changed(_self: object) -> None:
            self.modified = True

        super().__init__(data or {}, changed)
        self.token = token
        self.old_token: str | None = None
        self.modified = False
        self.seen_at: datetime | None = None
        self.created_at: datetime | None = None
        self.trouble: Exception | None = None  # why the session could not be read
        self.is_dropped = False
        self.has_ended = False  # the browser sent a cookie whose session is over

    def forget_changes(self) -> None:
        """Store nothing of this request: what it did was rolled back, or the database is away."""
        self.is_dropped = True

    def rotate(self) -> None:
        """Change the cookie at sign-in and sign-out, against session fixation."""
        self.old_token = self.old_token or self.token
        self.token = None
        self.created_at = None
        self.modified = True


def _own(session: object) -> SqlSession:
    if not isinstance(session, SqlSession):
        raise TypeError("the session is not stored in SQL")
    return session


def note_proof(session: MutableMapping[str, Any], person_id: str, how: str) -> None:
    """Store in a session that a person has just proved the second factor, and how."""
    session["second_factor"] = {"at": clock.now().timestamp(), "how": how, "person": person_id}


def has_proof(session: Mapping[str, Any], person_id: str, within: timedelta) -> bool:
    """Return whether the session holds the person's own proof, not older than that."""
    proof = session.get("second_factor")
    if not isinstance(proof, dict) or proof.get("person") != person_id:
        return False
    age_s = clock.now().timestamp() - float(proof["at"])
    return -CLOCKS_DIFFER_S <= age_s < within.total_seconds()


def key_of(session: object) -> str:
    """Return the id of this request's session, under the key that it had when it came."""
    own = _own(session)
    token = own.token or own.old_token
    return hashed(token) if token else ""


@dataclass(frozen=True, slots=True)
class SessionRow:
    """A browser in which a person is signed in."""

    id: str
    data: dict[str, Any]
    user_agent: str
    ip_prefix: str
    created_at: datetime
    seen_at: datetime


def of_person(person_id: str) -> list[SessionRow]:
    """Return a person's live sessions, the last used first."""
    query = sa.select(*columns(SessionRow, _T))
    query = query.where(_T.c.user_id == person_id, _T.c.expires_at > clock.real())
    return read_all(SessionRow, query.order_by(_T.c.seen_at.desc(), _T.c.id))


def end(person_id: str, *, only: str | None = None, but: str | None = None) -> int:
    """End sessions of a person at their next request: all, one by its id, or all but one."""
    chosen = sa.delete(_T).where(_T.c.user_id == person_id)
    if only is not None:
        chosen = chosen.where(_T.c.id == only)
    if but is not None:
        chosen = chosen.where(_T.c.id != but)
    return rows_changed(chosen)


def purge() -> int:
    """Remove the sessions that have ended by themselves; return how many."""
    return rows_changed(sa.delete(_T).where(_T.c.expires_at < clock.real()))


def hashed(token: str) -> str:
    """Return the key of a session row for a cookie value."""
    return hashlib.sha256(token.encode()).hexdigest()


def _patience_s(session: SqlSession) -> float:
    """Return how long to wait for SQLite's lock: a page that is only read must not hang."""
    if not session.modified:
        return 0.0  # only the time of the last use: the next request stores it as well
    is_page = request.method in ("GET", "HEAD") and session.old_token is None
    return 0.5 if is_page else transactions.REQUEST_PATIENCE_S


class SqlSessionInterface(SessionInterface):
    """Loads a session by its cookie and saves it when it was changed."""

    def open_session(self, app: Flask, request: Request) -> SqlSession:
        """Return the browser's session, or a new empty one (nothing is stored until it changes)."""
        if request.method in ("GET", "HEAD"):  # a request that writes needs the connections itself
            lookups.hold()  # the web shell releases it when the request ends
        token = request.cookies.get(self.get_cookie_name(app))
        if not token or len(token) > 64:
            return SqlSession()
        try:
            row = _FIND.first(key=hashed(token), now=clock.real())
        except Exception as error:
            if fault_of(error) is None:
                raise
            session = SqlSession()
            session.trouble = error
            return session
        if row is None:
            session = SqlSession()
            session.has_ended = True
            return session
        session = SqlSession(token, row.data)
        session.seen_at, session.created_at = row.seen_at, row.created_at
        return session

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Store a changed session in its own short transaction, after the request's own commit."""
        self._save(app, _own(session), response)

    def _save(self, app: Flask, session: SqlSession, response: Response) -> None:
        now = clock.real()
        stale = session.seen_at is not None and session.seen_at < now - TOUCH_EVERY
        if session.is_dropped or not (session.modified or stale):
            return
        name = self.get_cookie_name(app)
        if not session and session.old_token is None and session.token is None:
            return
        is_new = session.token is None
        token = session.token or secrets.token_urlsafe(32)
        try:
            with patience(_patience_s(session)):
                self._store(session, hashed(token), is_new=is_new, now=now)
        except sa.exc.SQLAlchemyError as error:
            fault = fault_of(error)
            # A sign-out must not be confirmed while the old session lives. Without a session the
            # form on this page could not be sent; when the lock is only busy it still can be read.
            if (
                fault is None
                or session.old_token is not None
                or (is_new and fault is not Fault.BUSY)
            ):
                raise
            log.warning("session.not_stored", error=str(error))
            return
        session.token = token
        response.vary.add("Cookie")
        response.set_cookie(
            name,
            token,
            max_age=int(ABSOLUTE.total_seconds()),
            path="/",
            secure=self.get_cookie_secure(app),
            httponly=True,
            samesite=self.get_cookie_samesite(app),
        )

    @staticmethod
    def _store(session: SqlSession, key: str, *, is_new: bool, now: datetime) -> None:
        expires = min(now + IDLE, (session.created_at or now) + ABSOLUTE)
        values = {
            "data": dict(session),
            "user_id": session.get("_user_id"),
            "seen_at": now,
            "expires_at": expires,
        }
        with db.engine.begin() as connection:
            if session.old_token:
                connection.execute(sa.delete(_T).where(_T.c.id == hashed(session.old_token)))
            if is_new:
                agent = (request.user_agent.string or "")[:200]
                prefix = networks.network(request.remote_addr or "")
                values |= {"user_agent": agent, "ip_prefix": prefix}
                connection.execute(sa.insert(_T).values(id=key, created_at=now, **values))
            else:
                connection.execute(sa.update(_T).where(_T.c.id == key).values(**values))
