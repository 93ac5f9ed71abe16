"""What waits for staff: every queue with its length and since when its oldest has waited."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from .. import clock, outbox
from ..accounts import queries as accounts
from ..campaigns.models import Campaign
from ..chain import request_queries
from ..chain.models import Cursor, Signer, Write
from ..chain.rules import FINAL, WriteStatus
from ..compliance import queries as compliance
from ..db import db
from ..i18n import _l
from ..issuers import queries as issuers
from ..issuers.models import Company, CompanyChange
from ..notifications.models import Message
from ..outbox import outbox_table
from ..payments.models import Inbox, PaymentException
from ..reconciliation import queries as reconciliation

Waiting = tuple[int, datetime | None]
STUCK_AFTER = timedelta(minutes=10)  # a chain write that has not moved for longer
LATE_AFTER = timedelta(minutes=15)  # work that is due for longer (I10)


@dataclass(frozen=True, slots=True)
class Kind:
    """A queue: its name, what it holds, the list behind it, and how it is counted.

    Trouble is what should be empty; the others are the day's work.
    """

    title: str
    text: str
    endpoint: str
    count: Callable[[], Waiting]
    args: dict[str, str] = field(default_factory=dict)
    is_trouble: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as it is now."""

    kind: Kind
    count: int
    oldest: datetime | None


def waiting(kinds: Iterable[Kind]) -> list[Queue]:
    """Count queues now."""
    return [Queue(kind, *kind.count()) for kind in kinds]


def _count(column: Any, *where: sa.ColumnElement[bool]) -> Waiting:  # noqa: ANN401 - a moment
    count, oldest = db.session.execute(sa.select(sa.func.count(), sa.func.min(column)).where(*where)).one()
    return int(count), oldest


def _people() -> Waiting:
    rows, _more = compliance.queue(compliance.Wanted(status="waiting"), size=1)
    return compliance.counts()["waiting"], rows[0].waiting_since if rows else None


def _companies() -> Waiting:
    return _count(Company.submitted_at, Company.status == "submitted")


def _changes() -> Waiting:
    oldest = sa.select(sa.func.min(CompanyChange.sent_at)).where(CompanyChange.status == "pending")
    return issuers.counts()["changes"], db.session.scalar(oldest)


def _campaigns() -> Waiting:
    return _count(Campaign.submitted_at, Campaign.status == "submitted")


def _exceptions() -> Waiting:
    return _count(PaymentException.created_at, PaymentException.state == "open")


def _webhooks() -> Waiting:
    return _count(Inbox.received_at, Inbox.state == "dead")


def _failed_writes() -> Waiting:
    return _count(Write.updated_at, Write.status == WriteStatus.FAILED)


def _held_writes() -> Waiting:
    return _count(Write.created_at, Write.status == WriteStatus.QUEUED, Write.hold.is_not(None))


def _stuck_writes() -> Waiting:
    moving = sa.and_(Write.status.not_in(FINAL), Write.hold.is_(None))
    return _count(Write.created_at, moving, Write.updated_at < clock.now() - STUCK_AFTER)


def _too_dear_writes() -> Waiting:
    too_dear = sa.exists().where(Cursor.fee_problem.is_not(None))
    waiting = (WriteStatus.QUEUED, WriteStatus.SIGNED, WriteStatus.BROADCAST)
    return _count(Write.created_at, Write.status.in_(waiting), too_dear)


def _key_alerts() -> Waiting:
    return _count(Signer.alert_at, Signer.alert.is_not(None))


def _messages() -> Waiting:
    return _count(Message.failed_at, Message.failed_at.is_not(None))


def unfinished() -> sa.ColumnElement[bool]:
    """Return the condition of background work that was given up or is late (I10)."""
    return sa.or_(given_up(), outbox.late(LATE_AFTER))


def given_up() -> sa.ColumnElement[bool]:
    """Return the condition of background work that is not tried again."""
    return outbox_table.c.state == "dead"


def _work() -> Waiting:
    return _count(outbox_table.c.not_before, unfinished())


QUEUES = (
    Kind(_l("People"), _l("to verify, with their documents and nominees"), "compliance.people", _people,
         {"status": "waiting"}),
    Kind(_l("Companies"), _l("to verify"), "compliance.companies", _companies, {"status": "submitted"}),
    Kind(_l("Changes of companies"), _l("facts and papers of verified ones"), "compliance.companies",
         _changes, {"status": "changes"}),
    Kind(_l("Campaigns"), _l("to approve"), "campaigns.staff_list", _campaigns, {"status": "submitted"}),
    Kind(_l("Payment exceptions"), _l("payments that were not exact"), "payments.exceptions", _exceptions),
    Kind(_l("Requests for a second admin"), _l("roles and second factors"), "admin.requests",
         accounts.staff_requests_waiting),
    Kind(_l("Campaigns and their contracts"), _l("requests for a second approval"), "reconciliation.requests",
         reconciliation.requests_waiting),
    Kind(_l("Requests about keys"), _l("a pause, a key, a cap or a wallet, for a second admin"), "chain.keys",
         request_queries.waiting),
    Kind(_l("Failed chain writes"), _l("each waits for a decision"), "chain.writes", _failed_writes,
         {"status": "failed"}, is_trouble=True),
    Kind(_l("Held chain writes"), _l("by the recorder's cap, a pause or a missing key; they go on later"),
         "chain.writes", _held_writes, {"status": "queued"}, is_trouble=True),
    Kind(_l("Slow chain writes"), _l("not moved for ten minutes"), "chain.writes", _stuck_writes,
         is_trouble=True),
    Kind(_l("Chain writes that wait for a lower price"), _l("the network asks more than the limit"),
         "chain.writes", _too_dear_writes, is_trouble=True),
    Kind(_l("Chain keys used elsewhere"), _l("find out who has the key"), "chain.writes", _key_alerts,
         is_trouble=True),
    Kind(_l("Webhooks given up"), _l("kept, not booked"), "payments.inbox", _webhooks, {"state": "dead"},
         is_trouble=True),
    Kind(_l("Messages not sent"), _l("e-mails and SMS"), "notifications.messages", _messages,
         {"state": "failed"}, is_trouble=True),
    Kind(_l("Background work"), _l("given up, or late by a quarter of an hour"), "reports.work", _work,
         is_trouble=True),
)  # fmt: skip
