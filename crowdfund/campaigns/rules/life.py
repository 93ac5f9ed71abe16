"""The states of a campaign, and success as arithmetic; pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from crowdfund.campaigns.rules.terms import last_settlement
from crowdfund.kernel import money
from crowdfund.kernel.errors import Conflict, WrongState
from crowdfund.kernel.i18n import _, ngettext
from crowdfund.kernel.statuses import status_text


class Status(StrEnum):
    """The status of a campaign (rules.md, Issuers and campaigns)."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    APPROVED = "approved"
    DEPLOYING = "deploying"
    LIVE = "live"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    RELEASED = "released"
    REFUNDED = "refunded"
    CANCELLED = "cancelled"


# Followers who have not invested are reminded when so much time is left.
REMIND_BEFORE = timedelta(hours=48)

_S = Status
TRANSITIONS: dict[Status, set[Status]] = {
    _S.DRAFT: {_S.SUBMITTED, _S.CANCELLED},
    _S.SUBMITTED: {_S.APPROVED, _S.DRAFT, _S.CANCELLED},
    _S.APPROVED: {_S.DEPLOYING, _S.CANCELLED},
    _S.DEPLOYING: {_S.LIVE, _S.APPROVED},
    _S.LIVE: {_S.SUCCEEDED, _S.FAILED, _S.CANCELLED},
    _S.SUCCEEDED: {_S.RELEASED},
    _S.FAILED: {_S.REFUNDED},
    _S.CANCELLED: {_S.REFUNDED},
    _S.RELEASED: set(),
    _S.REFUNDED: set(),
}
# Where a campaign may go besides, when two people decided that it follows its contract.
FOLLOWS: dict[Status, set[Status]] = {
    _S.SUCCEEDED: {_S.FAILED, _S.CANCELLED},
    _S.RELEASED: {_S.FAILED, _S.CANCELLED},
}
# What a visitor may read: everything that was live once (a cancelled one only if it was).
PUBLIC = (_S.LIVE, _S.SUCCEEDED, _S.RELEASED, _S.FAILED, _S.REFUNDED, _S.CANCELLED)
# In these every investor is refunded.
REFUNDING = (_S.FAILED, _S.CANCELLED, _S.REFUNDED)


def move(current: str, to: Status) -> Status:
    """Return the new state; raises WrongState if the campaign cannot go there."""
    if to not in TRANSITIONS[Status(current)]:
        raise WrongState(
            _(
                "The status of this campaign is “%(current)s”: it cannot become “%(to)s”. Reload "
                "the page to see its status.",
                current=status_text(current),
                to=status_text(to),
            )
        )
    return to


class CampaignFull(Conflict):
    """The room that is left does not hold this amount."""

    code = "campaign_full"


class CampaignClosed(Conflict):
    """The campaign takes no money now."""

    code = "campaign_closed"


def is_success(settled_minor: int, goal_minor: int, threshold_bps: int) -> bool:
    """Return whether settled money reaches the threshold: arithmetic, no stored flag."""
    return settled_minor * 10_000 >= goal_minor * threshold_bps


def counted_minor(settled_minor: int, token_minor: int) -> int:
    """Return what counts for success, as the contract adds it up: settled fiat and token money."""
    return settled_minor + token_minor


def threshold_minor(goal_minor: int, threshold_bps: int) -> int:
    """Return the least settled amount that makes a success, rounded up."""
    return -(-goal_minor * threshold_bps // 10_000)


@dataclass(frozen=True, slots=True)
class Payout:
    """What a release gives to the company, and the fee that the platform keeps; minor units."""

    company_minor: int
    fee_minor: int

    def less(self, other: "Payout") -> "Payout":
        """Return what this pays more than another."""
        company = self.company_minor - other.company_minor
        return Payout(company, self.fee_minor - other.fee_minor)


def payout(
    settled_minor: int,
    token_minor: int,
    fee_bps: int,
    *,
    paid_token_minor: int = 0,
    share_bps: int = 10_000,
    before_bps: int = 0,
) -> Payout:
    """Return how settled fiat is paid out: the fee floored, as the contract takes it.

    That is the fee on all money, less what the contract takes of the token money. `token_minor` is
    token money that only the contract has, `paid_token_minor` the part of what settled that came as
    tokens. A tranche pays what is out after it, at `share_bps` of the money, less what was out
    before. Each is floored; the last bears what flooring has lost.
    """
    fiat, tokens = settled_minor - paid_token_minor, token_minor + paid_token_minor
    whole_fee = money.fee(fiat + tokens, fee_bps) - money.fee(tokens, fee_bps)
    after = _out(fiat, whole_fee, fee_bps, share_bps)
    return after.less(_out(fiat, whole_fee, fee_bps, before_bps))


def token_payout(
    paid_token_minor: int,
    token_minor: int,
    fee_bps: int,
    *,
    share_bps: int = 10_000,
    before_bps: int = 0,
) -> Payout:
    """Return how the contract pays out what settled as tokens.

    The contract floors the fee on all its tokens; what only it has bears its own fee. Together with
    the fee of `payout` it is the fee on the total. Tranches are as there.
    """
    whole = money.fee(token_minor + paid_token_minor, fee_bps) - money.fee(token_minor, fee_bps)
    after = _out(paid_token_minor, whole, fee_bps, share_bps)
    return after.less(_out(paid_token_minor, whole, fee_bps, before_bps))


def _out(total_minor: int, whole_fee: int, fee_bps: int, share_bps: int) -> Payout:
    """Return what is out at a share of all money of one kind."""
    if share_bps >= 10_000:
        return Payout(total_minor - whole_fee, whole_fee)
    part = total_minor * share_bps // 10_000
    fee = money.fee(part, fee_bps)
    return Payout(part - fee, fee)


def average_minor(settled_minor: int, investors: int) -> int:
    """Return what an investor has put in on average, rounded half-up; 0 without any."""
    return (2 * settled_minor + investors) // (2 * investors) if investors else 0


@dataclass(frozen=True, slots=True)
class Tally:
    """The figures that decide about a campaign."""

    goal_minor: int
    threshold_bps: int
    reserved_minor: int
    settled_minor: int
    ends_at: datetime


def verdict(tally: Tally, now: datetime, *, grace_days: int) -> str:
    """Return `open`, `awaiting`, `succeeded` or `failed` for a live campaign.

    At the deadline settled money decides. Money on its way has up to `grace_days` to arrive, after
    a success too: everyone who paid in time takes part (rules.md, Success).
    """
    if now <= tally.ends_at:
        return "open"
    on_its_way = tally.reserved_minor > tally.settled_minor
    if on_its_way and now <= last_settlement(tally.ends_at, grace_days):
        return "awaiting"
    enough = is_success(tally.settled_minor, tally.goal_minor, tally.threshold_bps)
    return "succeeded" if enough else "failed"


_DAY, _HALF_DAY = timedelta(days=1), timedelta(hours=12)


def days_left(ends_at: datetime, now: datetime) -> int:
    """Return the days to a deadline, to the nearest whole day; 0 on the last day, -1 after it.

    A campaign of 45 days has 45 days left when it starts, not 44.
    """
    left = ends_at - now
    if left < timedelta(0):
        return -1
    return (left + _HALF_DAY) // _DAY if left >= _DAY else 0


def time_left(ends_at: datetime | None, now: datetime) -> str:
    """Return what a person reads: `12 days left`, `5 hours left`, `ended`."""
    if ends_at is None:
        return _("not started")
    seconds = int((ends_at - now).total_seconds())
    if seconds <= 0:
        return _("ended")
    if days := days_left(ends_at, now):
        return ngettext("%(num)s day left", "%(num)s days left", days)
    if seconds >= 3_600:
        return ngettext("%(num)s hour left", "%(num)s hours left", seconds // 3_600)
    return _("less than an hour left")


def calendar_year(moment: datetime, time_zone: str) -> int:
    """Return the calendar year of a moment in the platform's time zone."""
    return moment.astimezone(ZoneInfo(time_zone)).year
