"""What investors agree to: limits, amounts, shares, the hash that freezes them; pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from crowdfund.campaigns.rules import offers, securities
from crowdfund.kernel import hashing, money
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import numbers
from crowdfund.kernel.fields.collecting import Values, collect
from crowdfund.kernel.i18n import _, _l, ngettext

# How long after the deadline a contract records payments and only we may close it: SETTLEMENT_GRACE
# in contracts/src/campaign/CampaignBase.sol. A test compares the two.
CONTRACT_GRACE = timedelta(days=14)
# What must be left of it when we count the last payment: time to record it and to close, although
# the chain was away for days.
RECORDING_MARGIN = timedelta(days=7)
MAX_GRACE_DAYS = (CONTRACT_GRACE - RECORDING_MARGIN).days


def last_settlement(ends_at: datetime, grace_days: int) -> datetime:
    """Return the last moment at which money that was paid in time still counts."""
    return ends_at + timedelta(days=grace_days)


@dataclass(frozen=True, slots=True)
class Limits:
    """Platform settings in force at a moment; money in minor units."""

    goal_min_minor: int = 1_000_00
    goal_max_minor: int = 5_000_000_00
    days_min: int = 30
    days_max: int = 180
    investment_min_minor: int = 100_00
    threshold_bps: int = 7_500
    fee_bps: int = 250
    grace_days: int = 5


# The brief's data set (rules.md, Limits); approved rows of `limits_version` replace it from their
# dates on, all but the fee, which the contracts fix.
DEFAULT_LIMITS = Limits()


_ASK = {
    "goal_minor": _l("Enter the goal in ETB."),
    "min_minor": _l("Enter the minimum investment in ETB."),
    "max_minor": _l("Enter the maximum investment in ETB."),
}


def _amount(field: str, values: Values, ask: str) -> int:
    text = str(values.get(field) or "").strip()
    if not text:
        raise Invalid(ask, field=field)
    return money.parse(text, "ETB")


def parse_days(text: object, limits: Limits) -> int:
    """Return a number of days within the limits. Raises Invalid."""
    ask, least, most = _ask_days(limits), limits.days_min, limits.days_max
    return numbers.whole(text, "duration_days", ask, least=least, most=most)


def _ask_days(limits: Limits) -> str:
    return _(
        "Enter how many days the campaign runs, from %(days_min)s to %(days_max)s.",
        days_min=limits.days_min,
        days_max=limits.days_max,
    )


def clean_terms(
    values: Values, limits: Limits, kind: str | None = None
) -> tuple[dict[str, object], dict[str, str]]:
    """Return the good terms of the page and a sentence for each that is not."""
    asks = {"price_minor": offers.price_ask(kind)} | {n: str(ask) for n, ask in _ASK.items()}
    checks: dict[str, Callable[[], int]] = {
        name: partial(_amount, name, values, ask) for name, ask in asks.items()
    }
    checks["duration_days"] = lambda: parse_days(values.get("duration_days"), limits)
    good, errors = collect(checks)
    its_good, its_errors = securities.clean(kind or "", values)
    for field, sentence in (its_errors | check_terms(good, limits)).items():
        errors.setdefault(field, sentence)
    return {**good, **its_good}, errors


def check_terms(terms: Mapping[str, int], limits: Limits) -> dict[str, str]:
    """Return a sentence for each number that breaks a rule; missing numbers are skipped.

    Amounts are whole units (shares, notes), so goal, least and greatest investment must be
    multiples of the price: otherwise the last unit of a campaign could never be sold.
    """
    fmt = money.fmt
    goal, price = terms.get("goal_minor"), terms.get("price_minor")
    least, most = terms.get("min_minor"), terms.get("max_minor")
    errors: dict[str, str] = {}
    if goal is not None and not limits.goal_min_minor <= goal <= limits.goal_max_minor:
        errors["goal_minor"] = _(
            "The goal must be from %(goal_min_minor)s to %(goal_max_minor)s.",
            goal_min_minor=fmt(limits.goal_min_minor),
            goal_max_minor=fmt(limits.goal_max_minor),
        )
    if least is not None and least < limits.investment_min_minor:
        errors["min_minor"] = _(
            "The minimum investment must be at least %(investment_min_minor)s.",
            investment_min_minor=fmt(limits.investment_min_minor),
        )
    if least is not None and most is not None and most < least:
        errors["max_minor"] = _("The maximum investment must not be less than the minimum.")
    if goal is not None and most is not None and most > goal:
        errors["max_minor"] = _("The maximum investment must not be more than the goal.")
    days = terms.get("duration_days")
    if days is not None and not limits.days_min <= days <= limits.days_max:
        errors["duration_days"] = _ask_days(limits)
    if goal is not None and price is not None and price > goal:
        errors["price_minor"] = _("This must not be more than the goal.")
    elif price:
        errors = _check_divides(terms, price) | errors
    return errors


def check_platform(terms: Mapping[str, int], limits: Limits) -> dict[str, str]:
    """Return what `check_terms` does, and a sentence if the platform's part has changed.

    Threshold and grace period are those in force when the terms were saved. A draft whose terms are
    good when they are saved fails only because the limits have changed since.
    """
    errors = check_terms(terms, limits)
    if terms["threshold_bps"] != limits.threshold_bps:
        errors["threshold_bps"] = _(
            "Campaigns now need %(percent)s %% of the goal to go ahead.",
            percent=limits.threshold_bps // 100,
        )
    if terms["grace_days"] != limits.grace_days:
        errors["grace_days"] = ngettext(
            "Payments now have %(num)s day after the deadline to arrive.",
            "Payments now have %(num)s days after the deadline to arrive.",
            limits.grace_days,
        )
    return errors


def _check_divides(terms: Mapping[str, int], price: int) -> dict[str, str]:
    shown = money.fmt(price)
    sentences = {
        "goal_minor": _("The goal must be a multiple of %(price)s.", price=shown),
        "min_minor": _("The minimum investment must be a multiple of %(price)s.", price=shown),
        "max_minor": _("The maximum investment must be a multiple of %(price)s.", price=shown),
    }
    return {
        field: sentence
        for field, sentence in sentences.items()
        if terms.get(field) is not None and terms[field] % price
    }


def check_investment(
    amount_minor: int, *, already_minor: int, terms: Mapping[str, int], room_minor: int
) -> str | None:
    """Return why a person cannot invest this amount beside what they have invested, or None.

    Minimum and maximum count per person over all their investments. The last room may be taken
    even if it is less than the minimum (the contract decides likewise).
    """
    fmt, total = money.fmt, already_minor + amount_minor
    price, least, most = terms["price_minor"], terms["min_minor"], terms["max_minor"]
    if amount_minor % price:
        return _("Enter a multiple of %(price)s.", price=fmt(price))
    if amount_minor > room_minor and not room_minor:
        return _("Nothing is available at the moment.")
    if amount_minor > room_minor:
        return _("Only %(room_minor)s is still available.", room_minor=fmt(room_minor))
    if total > most:
        return _("One person may invest at most %(most)s in this campaign.", most=fmt(most))
    if total < least and amount_minor != room_minor:
        return _("The minimum investment in this campaign is %(least)s.", least=fmt(least))
    return None


def terms_hash(terms: Mapping[str, object]) -> str:
    """Return 0x and the SHA-256 of the canonical JSON of what investors agree to."""
    return "0x" + hashing.sha256(hashing.canonical(terms))


TERMS = (
    "title", "summary", "story_md", "sector", "security_type",
    "goal_minor", "min_minor", "max_minor", "price_minor", "duration_days",
    "threshold_bps", "fee_bps", "currency", "company_id",
)  # fmt: skip


def agreed(campaign: object) -> dict[str, object]:
    """Return what investors agree to: the terms of every campaign and those of its own kind."""
    kind = str(getattr(campaign, "security_type", None) or "")
    names = (*TERMS, *securities.FIELDS.get(kind, ()))
    found = {name: getattr(campaign, name) for name in names}
    if parts := getattr(campaign, "tranches", None):
        found["tranches"] = parts
    return found


def room_sentence(left_minor: int, currency: str = "ETB") -> str:
    """Return why an amount does not fit into what a campaign can still take."""
    if left_minor <= 0:
        return _(
            "The campaign is full: someone else has just reserved the rest. Nothing was charged."
        )
    left = money.fmt(left_minor, currency)
    return _(
        "Only %(left)s is still available. Enter that amount or less. Nothing was charged.",
        left=left,
    )
