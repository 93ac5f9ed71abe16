"""The one source of the current time, which tests, the demo story and `flask clock` can move.

`now` is the platform's time: deadlines, expiries and dates are counted in it. `real` is the time of
what does not move with the platform: people's phones and browsers, other companies' servers, and
processes that hold a lease. The two differ only while the clock of an installation is moved
(`follow`), which production never does: docs/adr/0036.
"""

import os
import time
from datetime import UTC, date, datetime, timedelta, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

# Clocks of several machines differ by so much at most; what lies further ahead was written by a
# clock that was wrong, and counts for no limit: else a moment's fault would lock people out for a
# day.
CLOCKS_DIFFER = timedelta(seconds=60)


LOOK_EVERY_S = 0.25  # a process follows a moved clock this soon


class SystemClock:
    """Real time."""

    def now(self) -> datetime:
        """Return the current moment, aware, in UTC."""
        return datetime.now(UTC)

    real = now


class FixedClock:
    """A clock that moves only when it is set."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the moment that was set."""
        return self._at

    real = now

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

    real = now


class SharedClock:
    """Real time plus the offset in a file, which all processes of an installation share.

    The file holds whole seconds, never less than 0. It is read at most every 0.25 s.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._offset = timedelta()
        self._look_at = 0.0

    def now(self) -> datetime:
        """Return the current moment plus the offset."""
        if time.monotonic() >= self._look_at:
            self._look()
        return datetime.now(UTC) + self._offset

    def real(self) -> datetime:
        """Return the current moment without the offset."""
        return datetime.now(UTC)

    def move(self, offset: timedelta) -> None:
        """Store another offset (whole seconds) for all processes; it counts here at once."""
        if offset:
            part = self._file.with_name(f".{self._file.name}.part")
            part.write_text(str(int(offset.total_seconds())))
            part.replace(self._file)
        else:
            self._file.unlink(missing_ok=True)
        self._look()

    def ahead(self) -> timedelta:
        """Return the offset that is stored now."""
        try:
            os.stat(self._file)  # cheaper than to open a file that is hardly ever there
            return timedelta(seconds=max(0, int(self._file.read_text())))
        except (OSError, ValueError, OverflowError):  # not moved
            return timedelta()

    def _look(self) -> None:
        global moved_by
        self._look_at = time.monotonic() + LOOK_EVERY_S
        self._offset = self.ahead()
        if _clock is self:
            moved_by = self._offset


Clock = SystemClock | FixedClock | OffsetClock | SharedClock
_clock: Clock = SystemClock()
moved_by = timedelta()  # how far the shared clock of this process was ahead when it was last read


def use(clock: Clock | None) -> Clock:
    """Install a clock for this process, None for real time; return the one before."""
    global _clock, moved_by
    before, _clock = _clock, clock or SystemClock()
    moved_by = timedelta()
    return before


def follow(data_dir: Path) -> None:
    """Let this process share the offset of its installation, if it is on real time (not tests)."""
    if isinstance(_clock, SystemClock):
        use(SharedClock(file_in(data_dir)))


def file_in(data_dir: Path) -> Path:
    """Return the file of an installation that holds the offset of its clock."""
    return data_dir.absolute() / "clock"


def shared() -> SharedClock | None:
    """Return the clock that this process shares with its installation, or None."""
    return _clock if isinstance(_clock, SharedClock) else None


def now() -> datetime:
    """Return the current moment, aware, in UTC."""
    return _clock.now()


def moved_to() -> datetime | None:
    """Return the current moment if the clock of this installation is moved, else None."""
    moment = _clock.now()
    return moment if moved_by else None


def real() -> datetime:
    """Return the moment outside of the platform, aware, in UTC; a moved clock leaves it alone."""
    return _clock.real()


def is_past(since: datetime, wait: timedelta, at: datetime) -> bool:
    """Return whether a wait is over at a moment: also when it began in the future.

    Else a clock that went back would put off what was waiting, for as long as it had been ahead.
    """
    return not at - wait < since <= at + CLOCKS_DIFFER


def today(zone: str | tzinfo = UTC) -> date:
    """Return the calendar day in a time zone (IANA name or tzinfo)."""
    return now().astimezone(ZoneInfo(zone) if isinstance(zone, str) else zone).date()
