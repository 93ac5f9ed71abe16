"""Refused webhooks: each is counted, only some are stored as evidence.

Anyone can post garbage to the address for webhooks, so what it costs us is bounded: some samples of
a client in a minute, some of a gateway in an hour. A valid signature is never refused here: this
budget is checked only after a signature was found bad.
"""

import threading
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta

import sqlalchemy as sa
import structlog

from crowdfund.kernel import clock
from crowdfund.kernel.db import db, execute_insert_ignore, own_transaction, rows_changed
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.payments.models import Inbox, WebhookRefusal

log = structlog.get_logger()
_I, _R = Inbox.__table__, WebhookRefusal.__table__
SAMPLES_A_MINUTE = 10  # of one client
SAMPLES_AN_HOUR = 120  # of one gateway, by all clients, in each process
CLIENTS = 1_000  # with a budget of their own in a minute; further ones share one
WRITE_EVERY = timedelta(seconds=10)
MARK = "refused:"  # begins the event id of a stored sample
MOST_SAMPLES = 2_000
SAMPLES_FOR, COUNTS_FOR = timedelta(days=30), timedelta(days=90)  # how long they are stored
_OTHERS = "others"


class TooManyRefused(CrowdfundError):
    """A client has sent too many webhooks with bad signatures; only their number is stored."""

    status = 429
    code = "too_many_refused"


class Refusals:
    """The counts of this process; safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._minute = self._hour = 0
        self._of_client: Counter[tuple[str, str]] = Counter()
        self._samples: Counter[str] = Counter()
        self._unwritten: Counter[tuple[str, str, datetime]] = Counter()
        self._written_at: datetime | None = None

    def note(self, gateway: str, client: str, network: str) -> bool:
        """Count a refusal; return whether it is to be stored as evidence."""
        now = clock.now()
        with self._lock:
            self._turn(now)
            hour = now.replace(minute=0, second=0, microsecond=0)
            self._unwritten[gateway, network or _OTHERS, hour] += 1
            key = (gateway, client)
            if key not in self._of_client and len(self._of_client) >= CLIENTS:
                key = (gateway, _OTHERS)
            self._of_client[key] += 1
            is_sample = (
                self._of_client[key] <= SAMPLES_A_MINUTE
                and self._samples[gateway] < SAMPLES_AN_HOUR
            )
            self._samples[gateway] += is_sample
        return is_sample

    def to_write(self) -> dict[tuple[str, str, datetime], int]:
        """Return the counts to be written now, and forget them; mostly there are none."""
        now = clock.now()
        with self._lock:
            if self._written_at is not None and timedelta() <= now - self._written_at < WRITE_EVERY:
                return {}
            self._written_at, found = now, dict(self._unwritten)
            self._unwritten.clear()
        return found

    def forget(self) -> None:
        """Begin afresh (tests)."""
        with self._lock:
            self._minute = self._hour = 0
            self._unwritten.clear()
            self._written_at = None

    def _turn(self, now: datetime) -> None:
        minute, hour = int(now.timestamp() // 60), int(now.timestamp() // 3600)
        if minute != self._minute:
            self._minute = minute
            self._of_client.clear()
        if hour != self._hour:
            self._hour = hour
            self._samples.clear()


refusals = Refusals()


def write_counts() -> None:
    """Add the counts of the last seconds to the table, in a transaction of its own."""
    found = refusals.to_write()
    if not found:
        return
    now = clock.now()
    with own_transaction() as connection:
        for (gateway, client, hour), count in sorted(found.items()):
            row = {"gateway": gateway, "client": client, "hour": hour, "count": 0, "last_at": now}
            execute_insert_ignore(connection, _R, [row])
            its = sa.and_(_R.c.gateway == gateway, _R.c.client == client, _R.c.hour == hour)
            more = {"count": _R.c.count + count, "last_at": now}
            connection.execute(sa.update(_R).where(its).values(**more))
    log.warning("webhook.refusals", count=sum(found.values()), clients=len(found))


def purge(*, most: int = 10_000) -> int:
    """Remove old samples, those beyond the newest ones, and old counts; return how many samples.

    Webhooks that the gateway signed are never removed here, however malformed.
    """
    db.session.execute(sa.delete(_R).where(_R.c.hour < clock.now() - COUNTS_FOR))
    ids = _surplus_samples(most)
    removed = 0
    for start in range(0, len(ids), 500):  # SQLite takes no list without end
        removed += rows_changed(sa.delete(_I).where(_I.c.id.in_(ids[start : start + 500])))
    return removed


def _surplus_samples(most: int) -> Sequence[str]:
    """Return the samples that are old or beyond the newest ones, oldest first."""
    is_sample = sa.and_(_I.c.state == "refused", _I.c.event_id.startswith(MARK))
    newest = sa.select(_I.c.id).where(is_sample).order_by(_I.c.id.desc())
    last = db.session.scalar(newest.offset(MOST_SAMPLES).limit(1))
    is_surplus = _I.c.received_at < clock.now() - SAMPLES_FOR
    if last is not None:
        is_surplus = sa.or_(is_surplus, _I.c.id <= last)
    query = sa.select(_I.c.id).where(is_sample, is_surplus).order_by(_I.c.id).limit(most)
    return db.session.scalars(query).all()
