"""The one source of the current time, so that tests and the demo story can move it."""

from datetime import UTC, date, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

# Clocks of several machines differ by so much at most; what lies further ahead was written by a
# clock that was wrong, and counts for no limit: else a moment's fault would lock people out for a
# day.
CLOCKS_DIFFER = timedelta(seconds=60)


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that moves only when it is set."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self._at

    def set(self, at: datetime) -> None:
        """Jump to a moment (aware datetime)."""
        self._at = at

    def advance(self, by: timedelta) -> None:
        """Move forward."""
        self._at += by


class OffsetClock:
    """Real time plus a fixed offset."""

    def __init__(self, offset: timedelta) -> None:
        self.offset = offset

    def now(self) -> datetime:
        """Return the current moment plus the offset."""
        return datetime.now(UTC) + self.offset


Clock = SystemClock | FixedClock | OffsetClock
_clock: Clock = SystemClock()


def use(clock: Clock | None) -> None:
    """Install a clock for this process; None restores real time."""
    global _clock
    _clock = clock or SystemClock()


def now() -> datetime:
    """Return the current moment, aware, in UTC."""
    return _clock.now()


def today(zone: str | tzinfo = UTC) -> date:
    """Return the calendar day in a time zone (IANA name or tzinfo)."""
    return now().astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone).date()
