"""How often codes may be requested and guessed; pure.

One guess in a million hits a six-digit code. So the number of wrong attempts that are checked is
limited: for an account, for a browser, for an IP address, for its network, and for everyone
together. Where a budget is spent, six-digit codes are no longer checked and new codes have twelve
digits, too many to guess. Nobody is locked out by someone else's guessing (docs/adr).

Many people share one address: a mobile network, a university, an office. So what one person needs
is counted for the identifier and the browser; an address has room for many of them.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from crowdfund.kernel import networks

_UNKNOWN = "unknown"  # what is no address: all of them share one budget
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Limit:
    """At most so many in a window for each subject of a scope.

    A scope of requests for codes may join columns: `identifier+network` is an identifier as it is
    asked for from one network.
    """

    scope: str
    window: timedelta
    most: int

    def begin(self, now: datetime) -> datetime:
        """Return when the window of a moment began; windows do not overlap."""
        seconds = int(self.window.total_seconds())
        return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)


# Codes that are sent (rules.md, Sign-in code); counted back from now. An hour and a day of one
# identifier are narrow from one network and wider from all: a stranger in one other network cannot
# use up what the owner of an e-mail address needs.
SENDS = (
    Limit("identifier", MINUTE, 5),
    Limit("identifier+network", HOUR, 10),
    Limit("identifier+network", DAY, 30),
    Limit("identifier", HOUR, 30),
    Limit("identifier", DAY, 100),
    Limit("device", MINUTE, 5),
    Limit("device", HOUR, 30),
    Limit("ip", MINUTE, 60),
    Limit("ip", HOUR, 600),
    Limit("network", MINUTE, 200),
)
# SMS cost money, and some numbers earn money by receiving them.
SMS_TO_ONE_NUMBER = (Limit("identifier", HOUR, 10), Limit("identifier", DAY, 20))

# Wrong attempts that are checked, from the narrowest to the widest scope (the order of row locks).
TRIES = (
    Limit("identifier", HOUR, 10),
    Limit("identifier", DAY, 30),
    Limit("device", HOUR, 20),
    Limit("device", DAY, 60),
    Limit("ip", HOUR, 60),
    Limit("ip", DAY, 200),
    Limit("network", HOUR, 120),
    Limit("network", DAY, 400),
)


def for_everybody(failures_a_day: int) -> tuple[Limit, Limit]:
    """Return the budget of everyone together: a fifth of the day's failures in one hour.

    Of n checked guesses n / 10^6 hit: 1,000 a day open one account in about three years.
    """
    an_hour = Limit("everybody", HOUR, max(1, failures_a_day // 5))
    return an_hour, Limit("everybody", DAY, failures_a_day)


def address(ip: str) -> str:
    """Return the addresses of one visitor: the IPv4 address, or the /64 of an IPv6 address."""
    return networks.visitor(ip) or _UNKNOWN


def network(ip: str) -> str:
    """Return the network of an address: its /24, or the /48 of an IPv6 address."""
    return networks.network(ip) or _UNKNOWN
