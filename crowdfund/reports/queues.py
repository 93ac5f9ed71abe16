"""What waits for staff: every queue with its length and since when its oldest has waited."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from crowdfund.admin import queries
from crowdfund.campaigns import limits_queries
from crowdfund.campaigns.models import Campaign
from crowdfund.chain import request_queries
from crowdfund.chain.models import Cursor, Signer, Write
from crowdfund.chain.rules import FINAL, WriteStatus
from crowdfund.compliance.queries import desk
from crowdfund.exchange_rates import queries as exchange_rates
from crowdfund.issuers import queries as issuers_queries
from crowdfund.issuers.models import Company, CompanyChange
from crowdfund.kernel import access, clock, outbox
from crowdfund.kernel.db import db
from crowdfund.kernel.db.paging import MOST_COUNTED
from crowdfund.kernel.i18n import _l
from crowdfund.kernel.outbox import outbox_table
from crowdfund.notifications.models import Message
from crowdfund.payments.models import Inbox, PaymentException
from crowdfund.payouts import queries as payouts
from crowdfund.payouts.models import Payout
from crowdfund.plans import queries as plans
from crowdfund.reconciliation import queries as reconciliation
from crowdfund.releases import queries as release_requests
from crowdfund.reports import releases

Waiting = tuple[int, datetime | None]
STUCK_AFTER = timedelta(minutes=10)  # a chain write that has not moved for longer
LATE_AFTER = timedelta(minutes=15)  # work that is due for longer (I10)
_MOVING = [status for status in WriteStatus if status not in FINAL]


@dataclass(frozen=True, slots=True)
class Kind:
    """A queue: its name, what it holds, the list behind it, and how it is counted.

    Trouble is what should be empty; the others are the day's work. `verb` is the route by which
    someone works on it: without that permission only a regulator, who reads, sees the queue.
    """

    title: str
    text: str
    endpoint: str
    count: Callable[[], Waiting]
    verb: str
    args: dict[str, str] = field(default_factory=dict)
    is_trouble: bool = False


@dataclass(frozen=True, slots=True)
class Queue:
    """A queue as it is now; the count goes up to 1,001."""

    kind: Kind
    count: int
    oldest: datetime | None


def of(roles: frozenset[str]) -> list[Kind]:
    """Return the queues on which people with these roles work, or which a regulator reads."""
    return [
        kind
        for kind in QUEUES
        if access.allows(kind.endpoint, roles)
        and ("regulator" in roles or access.allows(kind.verb, roles))
    ]


def waiting(kinds: Iterable[Kind]) -> list[Queue]:
    """Count queues now."""
    return [Queue(kind, *kind.count()) for kind in kinds]


def _count(
    moment: sa.SQLColumnExpression[Any],
    *where: sa.ColumnElement[bool],
    by: sa.SQLColumnExpression[Any] | None = None,
) -> Waiting:
    """Count up to 1,001 rows (see `paging`), and find the moment of the first one `by` a column.

    An index has to begin with what `where` compares and go on with that column: a minimum over all
    that wait would read them all.
    """
    rows = sa.select(moment).where(*where)
    first = rows.order_by(moment if by is None else by).limit(1)
    few = rows.limit(MOST_COUNTED + 1).subquery()
    number = sa.select(sa.func.count()).select_from(few)
    found = sa.select(number.scalar_subquery(), first.scalar_subquery())
    count, oldest = db.session.execute(found).one()
    return int(count), oldest


def _people() -> Waiting:
    first = desk.queue(desk.Wanted(status=desk.WAITING), size=1).rows
    return desk.waiting_count(), first[0].waiting_since if first else None


def _companies() -> Waiting:
    return _count(Company.submitted_at, Company.status == "submitted")


def _changes() -> Waiting:
    oldest = sa.select(sa.func.min(CompanyChange.sent_at)).where(CompanyChange.status == "pending")
    return issuers_queries.changes_count(), db.session.scalar(oldest)


def _campaigns() -> Waiting:
    return _count(Campaign.submitted_at, Campaign.status == "submitted")


def _releases() -> Waiting:
    """Count what can be released: not what is under way or differs from its contract."""
    return _count(Campaign.closed_at, releases.can_be_released())


def _exceptions() -> Waiting:
    return _count(
        PaymentException.created_at, PaymentException.state == "open", by=PaymentException.id
    )


def _withdrawals() -> Waiting:
    return _count(Payout.requested_at, payouts.waits_for_approval())


def _odd_withdrawals() -> Waiting:
    return _count(Payout.problem_at, Payout.problem_at.is_not(None))


def _webhooks() -> Waiting:
    return _count(Inbox.received_at, Inbox.state == "dead", by=Inbox.id)


def _failed_writes() -> Waiting:
    return _count(Write.updated_at, Write.status == WriteStatus.FAILED, by=Write.created_at)


def _held_writes() -> Waiting:
    return _count(Write.created_at, Write.status == WriteStatus.QUEUED, Write.hold.is_not(None))


def _stuck_writes() -> Waiting:
    moving = sa.and_(Write.status.in_(_MOVING), Write.hold.is_(None))
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
    return sa.or_(*unfinished_kinds())


def unfinished_kinds() -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    """Return its two parts, which exclude each other: each has an index to be read in order."""
    return given_up(), outbox.late(LATE_AFTER)


def given_up() -> sa.ColumnElement[bool]:
    """Return the condition of background work that is not tried again."""
    return outbox_table.c.state == "dead"


def _work() -> Waiting:
    found = [_count(outbox_table.c.not_before, kind) for kind in unfinished_kinds()]
    return sum(count for count, _oldest in found), min(
        (at for _count, at in found if at), default=None
    )


QUEUES = (
    Kind(_l("People to verify"), _l("with their documents and nominees"), "compliance.people",
         _people, "compliance.approve_person", {"status": "waiting"}),
    Kind(_l("Companies to verify"), _l("registered and submitted"), "compliance.companies",
         _companies, "compliance.approve", {"status": "submitted"}),
    Kind(_l("Company changes to review"), _l("details and documents of verified companies"),
         "compliance.companies", _changes, "compliance.approve_changes", {"status": "changes"}),
    Kind(_l("Campaigns to approve"), _l("submitted by companies"), "campaigns.staff_list",
         _campaigns, "campaigns.approve", {"status": "submitted"}),
    Kind(_l("Campaigns to release"), _l("successful; the company is waiting for its money"),
         "reports.releases", _releases, "releases.prepare"),
    Kind(_l("Releases to approve"), _l("prepared by a colleague"), "reports.releases",
         release_requests.waiting, "releases.approve"),
    Kind(_l("Payments to review"), _l("their amount, currency or time was not as expected"),
         "payments.exceptions", _exceptions, "payments.resolve"),
    Kind(_l("Withdrawals to approve"), _l("above the limit; the money is on hold"), "payouts.desk",
         _withdrawals, "payouts.approve", {"state": "waiting"}),
    Kind(_l("Requests for a second admin"), _l("roles and second factors of users"),
         "admin.requests", queries.staff_requests_waiting, "admin.confirm"),
    Kind(_l("Requests to follow a contract"), _l("a campaign and its contract ended differently"),
         "reconciliation.requests", reconciliation.requests_waiting, "reconciliation.approve"),
    Kind(_l("Limits of campaigns to approve"), _l("proposed by a colleague"), "campaigns.limits",
         limits_queries.waiting, "campaigns.approve_limits"),
    Kind(_l("Exchange rates to approve"), _l("proposed by a colleague"), "exchange_rates.index",
         exchange_rates.waiting, "exchange_rates.approve"),
    Kind(_l("Versions of the plan to approve"), _l("proposed by a colleague"), "plans.index",
         plans.waiting, "plans.approve"),
    Kind(_l("Requests about keys and pause"), _l("for a second admin"), "chain.keys",
         request_queries.waiting, "chain.confirm_key"),
    Kind(_l("Withdrawals to look into"), _l("the bank's answer does not fit, or is late"),
         "payouts.desk", _odd_withdrawals, "payouts.settle", {"state": "problem"},
         is_trouble=True),
    Kind(_l("Failed chain writes"), _l("each needs a decision"), "chain.writes", _failed_writes,
         "chain.replay", {"status": "failed"}, is_trouble=True),
    Kind(_l("Chain writes on hold"),
         _l("by the daily limit, a pause or a missing key; they continue later"),
         "chain.writes", _held_writes, "chain.writes", {"status": "queued"}, is_trouble=True),
    Kind(_l("Slow chain writes"), _l("no progress for ten minutes"), "chain.writes", _stuck_writes,
         "chain.writes", is_trouble=True),
    Kind(_l("Chain writes waiting for a lower price"), _l("the network price is above the limit"),
         "chain.writes", _too_dear_writes, "chain.writes", is_trouble=True),
    Kind(_l("Chain keys used elsewhere"), _l("find out who has the key"), "chain.writes",
         _key_alerts, "chain.dismiss_alert", is_trouble=True),
    Kind(_l("Webhooks given up"), _l("stored, not booked"), "payments.inbox", _webhooks,
         "payments.replay", {"state": "dead"}, is_trouble=True),
    Kind(_l("Messages not sent"), _l("e-mails and SMS"), "notifications.messages", _messages,
         "notifications.retry", {"state": "failed"}, is_trouble=True),
    Kind(_l("Background work"), _l("given up, or more than 15 minutes late"), "reports.work", _work,
         "reports.retry", is_trouble=True),
)  # fmt: skip
