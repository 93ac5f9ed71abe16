"""Pages whose requests meet a fault of the database:
a deadlock, an undone transaction, a lost connection."""

import threading

import sqlalchemy as sa
from flask import Response, request, session

from crowdfund.kernel.db import db, own_transaction
from crowdfund.kernel.outbox import Schedule
from crowdfund.people import service

NAMES = ("lock", "undone", "two_reads")


def register(bp):
    bp.post("/lock/<first>/<second>")(lock)
    bp.post("/undone/<int:times>")(undone)
    bp.get("/two-reads")(two_reads)


class Meeting:
    """Where two requests wait for each other once, so that they lock each other out."""

    def __init__(self):
        self.barrier = threading.Barrier(2, timeout=10)
        self.runs = []


meeting = Meeting()


def lock(first, second):
    """Lock two rows one after the other; in its first run a request waits until another has one
    too."""
    is_first = (first, second) not in meeting.runs
    meeting.runs.append((first, second))
    for place, name in enumerate((first, second)):
        mine = sa.update(Schedule).where(Schedule.name == name)
        db.session.execute(mine.values(next_at=Schedule.next_at))
        if place == 0 and is_first:
            meeting.barrier.wait()
    service.ensure_user(f"{first}{second}@example.com")
    return Response("ok", 201)


CONFLICTS = {
    "postgresql": "DO $$ BEGIN RAISE EXCEPTION 'undone' USING ERRCODE = '40001'; END $$",
    "mysql": "SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213, MESSAGE_TEXT = 'undone'",
}
seen = []


def undone(times):
    """Be undone by the database so many times; then say what came in the body."""
    if request.args.get("apart"):
        with own_transaction() as connection:
            connection.execute(sa.select(Schedule.name))
    service.ensure_user("again@example.com")
    form, files = (
        request.form.to_dict(),
        {name: file.read().decode() for name, file in request.files.items()},
    )
    seen.append((form, files))
    session["seen"] = len(seen)
    if len(seen) <= times:
        db.session.execute(sa.text(CONFLICTS[db.engine.dialect.name]))
    return {"form": form, "files": files}


def two_reads():
    """Read twice: a connection may end between the two."""
    db.session.execute(sa.text("SELECT 1"))
    db.session.execute(sa.text("SELECT 2"))
    return "read"
