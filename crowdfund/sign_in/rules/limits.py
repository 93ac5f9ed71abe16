"""How often codes may be asked for and guessed, before anyone looks at them; pure.

A six-digit code is guessed by one try in a million. So the number of wrong tries that are judged is
bounded: for an account, for an internet address, for its network, and for everyone together. Where
a budget is spent, six-digit codes are no longer judged and new codes have twelve digits, which can be
guessed by nobody. Nobody is locked out by someone else's guessing (docs/adr).
"""

import ipaddress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many in a window for each subject of a scope."""

    scope: str
    window: timedelta
    most: int

    def begin(self, now: datetime) -> datetime:
        """Return when the window that holds a moment began; windows stand side by side."""
        seconds = int(self.window.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


# Codes that are sent (rules.md, Sign-in code); counted back from now.
SENDS = (
    Limit("identifier", MINUTE, 5),
    Limit("ip", MINUTE, 5),
    Limit("network", MINUTE, 30),
)
# SMS cost money, and some numbers earn by receiving them.
SMS_TO_ONE_NUMBER = Limit("identifier", HOUR, 10)

# Wrong tries that are judged, from the narrowest to the widest scope (the order of the row locks).
TRIES = (
    Limit("identifier", HOUR, 10),
    Limit("identifier", DAY, 30),
    Limit("ip", HOUR, 20),
    Limit("ip", DAY, 60),
    Limit("network", HOUR, 60),
    Limit("network", DAY, 200),
)


def for_everybody(failures_a_day: int) -> tuple[Limit, Limit]:
    """Return the budget that all strangers share: a fifth of the day's failures in one hour.

    Of n judged guesses n / 10^6 hit: 1,000 a day open one account in about three years.
    """
    return Limit("everybody", HOUR, max(1, failures_a_day // 5)), Limit(
        "everybody", DAY, failures_a_day
    )


def address(ip: str) -> str:
    """Return what one visitor has: the IPv4 address, or the /64 of an IPv6 address."""
    return _part(ip, 32, 64)


def network(ip: str) -> str:
    """Return the neighbourhood of an address: its /24, or the /48 of an IPv6 address."""
    return _part(ip, 24, 48)


def _part(ip: str, v4: int, v6: int) -> str:
    try:
        parsed = ipaddress.ip_address(ip)
    except ValueError:
        return "unknown"  # all of them share one budget
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    bits = v4 if parsed.version == 4 else v6
    return str(ipaddress.ip_network((parsed, bits), strict=False)).removesuffix("/32")
