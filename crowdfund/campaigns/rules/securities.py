"""What investors get: shares, a part of the revenue, or a loan, each with its own terms.

An investment is always a whole number of units of one price: shares, units or notes. Rates are in
basis points; pure. The words about each are in `offers`, what a loan pays back in `loans`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from crowdfund.kernel.fields import numbers, percents, texts
from crowdfund.kernel.fields.collecting import Checks, Values, collect
from crowdfund.kernel.i18n import _, _l

MOST_INTEREST_BPS = 5_000
MOST_REVENUE_BPS = 5_000
CAP_BPS = (10_001, 100_000)  # more than what was invested, at most ten times of it
MOST_MONTHS = 180


class Kind(StrEnum):
    """What investors get."""

    EQUITY = "equity"
    REVENUE_SHARE = "revenue_share"
    DEBT = "debt"


class Repayment(StrEnum):
    """How a loan is repaid."""

    MONTHLY = "monthly"
    INTEREST = "interest"
    END = "end"


KINDS = {
    Kind.EQUITY: _l("Equity"),
    Kind.REVENUE_SHARE: _l("Revenue share"),
    Kind.DEBT: _l("Debt"),
}
REPAYMENTS: Mapping[str, str] = {
    Repayment.MONTHLY: _l("Equal monthly payments of interest and principal"),
    Repayment.INTEREST: _l("Interest every month, the whole loan at the end"),
    Repayment.END: _l("Interest and the whole loan at the end"),
}
# The columns of each kind. What is in REQUIRED must be there; of a revenue share, cap or term.
FIELDS: Mapping[str, tuple[str, ...]] = {
    Kind.EQUITY: (),
    Kind.REVENUE_SHARE: ("revenue_bps", "cap_bps", "term_months"),
    Kind.DEBT: ("interest_bps", "term_months", "repayment"),
}
EVERY_FIELD = ("interest_bps", "revenue_bps", "cap_bps", "term_months", "repayment")
REQUIRED: Mapping[str, tuple[str, ...]] = {
    Kind.EQUITY: (),
    Kind.REVENUE_SHARE: ("revenue_bps",),
    Kind.DEBT: ("interest_bps", "term_months", "repayment"),
}


@dataclass(frozen=True, slots=True)
class Security:
    """What a campaign offers: its kind and that kind's terms; None where it has none.

    A campaign that was approved before these terms were asked for has none of them.
    """

    kind: str
    interest_bps: int | None = None
    revenue_bps: int | None = None
    cap_bps: int | None = None
    term_months: int | None = None
    repayment: str | None = None

    @property
    def has_terms(self) -> bool:
        """Return whether the terms of the kind are there; a revenue share has an end."""
        if self.kind == Kind.REVENUE_SHARE and not (self.cap_bps or self.term_months):
            return False
        return all(getattr(self, name) for name in REQUIRED.get(self.kind, ()))


def of(row: object) -> Security:
    """Return what a campaign offers, from a row of it or of an investment in it."""
    return of_draft({name: getattr(row, name) for name in ("security_type", *EVERY_FIELD)})


def of_draft(draft: Mapping[str, Any]) -> Security:
    """Return what a draft offers, from its columns by name; what is not there is None."""
    kind = str(draft.get("security_type") or "")
    return Security(kind, **{name: draft.get(name) for name in EVERY_FIELD})


def known(kind: str | None) -> Kind:
    """Return a kind by its name; a campaign without one offers shares."""
    return Kind(kind) if kind in tuple(Kind) else Kind.EQUITY


# --- what the company types -----------------------------------------------------------------------


def _optional(text: object, check: Callable[[], int]) -> int | None:
    return check() if str(text or "").strip() else None


def clean(kind: str, values: Values) -> tuple[dict[str, object], dict[str, str]]:
    """Return the good terms of a kind and a sentence for each that is not; others become None."""
    good, errors = collect(_checks(kind, values))
    if kind == Kind.REVENUE_SHARE and not errors and not (good["cap_bps"] or good["term_months"]):
        errors["cap_bps"] = _("Enter a limit for all payments, a term, or both.")
    return dict.fromkeys(EVERY_FIELD) | good, errors


def _checks(kind: str, values: Values) -> Checks[object]:
    months, cap = values.get("term_months"), values.get("cap_bps")
    if kind == Kind.DEBT:
        ask = _("Choose how the loan is repaid.")
        return {
            "interest_bps": lambda: _interest(values.get("interest_bps")),
            "term_months": lambda: _months(months),
            "repayment": lambda: texts.choice(
                values.get("repayment"), "repayment", ask, REPAYMENTS
            ),
        }
    if kind == Kind.REVENUE_SHARE:
        return {
            "revenue_bps": lambda: _revenue(values.get("revenue_bps")),
            "cap_bps": lambda: _optional(cap, lambda: _cap(cap)),
            "term_months": lambda: _optional(months, lambda: _months(months)),
        }
    return {}


def _interest(text: object) -> int:
    ask = _("Enter the interest rate a year in percent, from 0.01 to 50, for example 12.5.")
    return percents.rate(text, "interest_bps", ask, least_bp=1, most_bp=MOST_INTEREST_BPS)


def _revenue(text: object) -> int:
    ask = _("Enter the part of the revenue in percent, from 0.01 to 50, for example 5.")
    return percents.rate(text, "revenue_bps", ask, least_bp=1, most_bp=MOST_REVENUE_BPS)


def _cap(text: object) -> int:
    ask = _("Enter the limit in percent of what was invested, from 100.01 to 1000, such as 150.")
    least, most = CAP_BPS
    return percents.rate(text, "cap_bps", ask, least_bp=least, most_bp=most)


def _months(text: object) -> int:
    ask = _("Enter the term in months, from 1 to %(most)s.", most=MOST_MONTHS)
    return numbers.whole(text, "term_months", ask, least=1, most=MOST_MONTHS)
