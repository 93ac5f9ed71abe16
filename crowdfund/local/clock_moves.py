"""Move the clock of an installation: forward, or back to real time.

On the way forward the chain moves first, on the way back last, so that it is never behind us: we
close a campaign after its deadline, and its contract must agree that the deadline has passed. The
clock stops at each deadline on its way until the campaign has ended, as it would in real time:
else money that was paid in time would arrive after the contract's own grace.
"""

import fcntl
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from crowdfund.campaigns import queries as campaigns
from crowdfund.chain import queries as chain
from crowdfund.chain.rules import IN_FLIGHT, WriteStatus
from crowdfund.kernel import audit, clock, config
from crowdfund.kernel.clock import SharedClock
from crowdfund.kernel.db import commit, db, reading
from crowdfund.local import chain_clock, rpc

MOST_AHEAD = timedelta(days=20 * 366)  # a loan runs 15 years at most
PATIENCE_S = 8.0  # at each stop
LOOK_EVERY_S = 0.1
PAST = timedelta(seconds=1)  # a deadline has passed after its last moment
_SECONDS = {"w": 604_800, "d": 86_400, "h": 3_600, "m": 60, "s": 1}
_AMOUNT = re.compile(r"(?:[0-9]{1,6}[wdhms])+", re.ASCII)
UNFINISHED = "Some work was not finished at a stop; it goes on now."
_TOO_FAR = "The clock can be at most 20 years ahead of real time."
_HOW = "Enter an amount such as 2d, 5h, 30m or 1d12h, or a date such as 2027-01-01."


class CannotMove(Exception):
    """The clock was not moved; the text says why."""


def amount(text: str) -> timedelta:
    """Return how long `2d`, `5h` or `1d12h` is (w, d, h, m, s); raises CannotMove."""
    plain = text.strip().lower().replace(" ", "")
    if not _AMOUNT.fullmatch(plain):
        raise CannotMove(f"“{text}” is no amount of time. {_HOW}")
    parts = re.findall(r"([0-9]+)([wdhms])", plain)
    total_s = sum(int(count) * _SECONDS[unit] for count, unit in parts)
    if total_s > MOST_AHEAD.total_seconds():
        raise CannotMove(_TOO_FAR)
    return timedelta(seconds=total_s)


def moment(text: str) -> datetime:
    """Return the moment of a date, with or without a time, in the platform's time zone.

    A date alone is its first moment. Raises CannotMove.
    """
    try:
        found = datetime.fromisoformat(text.strip())
        if found.tzinfo is None:
            found = found.replace(tzinfo=ZoneInfo(config.settings().time_zone))
        return found.astimezone(UTC)
    except (ValueError, OverflowError):
        raise CannotMove(f"“{text}” is no date. {_HOW}") from None


def target(text: str) -> datetime:
    """Return the moment that an amount or a date means, counted from now; raises CannotMove."""
    return moment(text) if "-" in text else clock.now() + amount(text)


def next_deadline() -> datetime | None:
    """Return the next deadline of a live campaign, or None."""
    now = clock.now()
    with reading():
        found = campaigns.deadlines(now, now + MOST_AHEAD, limit=1)
        db.session.remove()
    return found[0] if found else None


def to_next_deadline() -> datetime:
    """Return the moment after the next deadline; raises CannotMove if there is none."""
    found = next_deadline()
    if found is None:
        raise CannotMove("No live campaign has a deadline.")
    return found + PAST


def advance(to: datetime, *, actor: str, patience_s: float = PATIENCE_S) -> bool:
    """Move the clock forward, stopping at each campaign's deadline for up to `patience_s`.

    Returns False if work was still unfinished at a stop. Raises CannotMove.
    """
    with _alone() as ours:
        start = clock.now()
        if to <= start:
            raise CannotMove(
                "The clock only goes forward, and this moment has passed. "
                "To go back to real time, reset it."
            )
        if to > clock.real() + MOST_AHEAD:
            raise CannotMove(_TOO_FAR)
        url = _chain()
        _record("clock.advance", actor, to)
        is_finished = _wait(url, patience_s)
        for deadline in _stops(start, to):
            _go(ours, url, deadline + PAST)
            is_finished &= _wait(url, patience_s)
        _go(ours, url, to)
        return is_finished


def reset(*, actor: str, patience_s: float = PATIENCE_S) -> bool:
    """Go back to real time, after work that is under way; return as `advance`; raises CannotMove.

    What the chain has not done yet may be refused there: for its contract it is too early then.
    """
    with _alone() as ours:
        url = _chain()
        _record("clock.reset", actor, clock.real())
        is_finished = _wait(url, patience_s)
        ours.move(timedelta())
        _set_chain(url, clock.now())
        return is_finished


@contextmanager
def _alone() -> Iterator[SharedClock]:
    """Give the clock to one mover at a time; raises CannotMove where it cannot be moved."""
    settings = config.settings()
    if settings.environment == "production":
        raise CannotMove(
            "The clock is not moved in production: deadlines, interest and refunds of real money "
            "count real time. Nothing was changed."
        )
    ours = clock.shared()
    if ours is None:
        raise CannotMove("This process does not follow the clock of an installation.")
    with (settings.data_dir / "clock.lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise CannotMove("The clock is being moved right now. Wait until it is.") from None
        yield ours


def _chain() -> str:
    """Return the address of the chain that moves along, "" without one; raises CannotMove."""
    url = config.settings().chain_rpc_url
    try:
        if url and not chain_clock.is_movable(url):
            raise CannotMove(
                "The chain is not a local node (anvil), so its time cannot be moved, and deadlines "
                "of contracts would be other ones than ours. Nothing was changed."
            )
    except rpc.RpcError as error:
        raise CannotMove(f"The chain does not answer: {error}. Nothing was changed.") from None
    return url


def _record(action: str, actor: str, to: datetime) -> None:
    times = {"from": clock.now().isoformat(), "to": to.isoformat()}
    audit.record(actor, action, ("clock", "installation"), times)
    commit()
    db.session.remove()


def _stops(start: datetime, to: datetime) -> list[datetime]:
    with reading():
        found = sorted(set(campaigns.deadlines(start, to)))
        db.session.remove()
    return found


def _go(ours: SharedClock, url: str, to: datetime) -> None:
    """Move the chain, then us; nothing is done for a moment that has passed meanwhile."""
    if to <= clock.now():
        return
    _set_chain(url, to)
    missing_s = (to - clock.real()).total_seconds()
    ours.move(timedelta(seconds=-(-missing_s // 1)))


def _set_chain(url: str, to: datetime) -> None:
    if not url:
        return
    try:
        chain_clock.set_to(url, to)
    except rpc.RpcError as error:
        raise CannotMove(f"The chain did not move: {error}. Try again.") from None


def _wait(url: str, patience_s: float) -> bool:
    """Wait until nothing is under way to the chain and all campaigns whose time is over ended.

    Returns whether it came to that.
    """
    until = time.monotonic() + patience_s
    while is_waiting := _is_unfinished(url):
        if time.monotonic() > until:
            break
        time.sleep(LOOK_EVERY_S)
    return not is_waiting


def _is_unfinished(url: str) -> bool:
    with reading():
        statuses = (WriteStatus.QUEUED, *IN_FLIGHT)
        found = any(chain.page(status=status, size=1).rows for status in statuses)
        found = found or campaigns.is_one_unended(clock.now())
        cursor = chain.cursor()
        db.session.remove()
    return found or bool(url and cursor and _has_lost_blocks(url, cursor.number))


def _has_lost_blocks(url: str, read_to: int) -> bool:
    """Return whether a node that was killed is behind what we have read of it."""
    try:
        return chain_clock.head(url) < read_to
    except rpc.RpcError:
        return True
