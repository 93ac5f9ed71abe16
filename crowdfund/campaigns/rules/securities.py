"""What investors get: shares, a part of the revenue, or a loan, each with its own terms and words.

An investment is always a whole number of units of one price: shares, units or notes. Rates are in
basis points, amounts in minor units; pure.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from crowdfund.kernel import money
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import texts
from crowdfund.kernel.fields.characters import plain_characters
from crowdfund.kernel.fields.collecting import Checks, Values, collect
from crowdfund.kernel.fields.percents import percent
from crowdfund.kernel.i18n import _, _l, ngettext

MOST_INTEREST_BPS = 5_000
MOST_REVENUE_BPS = 5_000
CAP_BPS = (10_001, 100_000)  # more than what was invested, at most ten times of it
MOST_MONTHS = 180
_YEAR = 12 * 10_000  # a yearly rate in basis points, to a monthly one


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
        """Return whether the terms of the kind are there."""
        return all(getattr(self, name) is not None for name in REQUIRED.get(self.kind, ()))


def of(row: object) -> Security:
    """Return what a campaign offers, from a row of it or of an investment in it."""
    kind = str(getattr(row, "security_type", None) or "")
    return Security(kind, **{name: getattr(row, name) for name in EVERY_FIELD})


# --- what the company types -----------------------------------------------------------------------

_PERCENT = re.compile(r"([0-9]{1,4})(?:[.,]([0-9]{1,2}))?", re.ASCII)
_MONTHS = re.compile(r"[0-9]{1,4}", re.ASCII)


def _rate(text: object, field: str, ask: str, *, least: int, most: int) -> int:
    """Return a percentage as basis points; raises Invalid with the one sentence `ask`."""
    value = plain_characters("" if text is None else str(text)).strip().removesuffix("%").strip()
    found = _PERCENT.fullmatch(value)
    points = int(found[1]) * 100 + int((found[2] or "").ljust(2, "0")) if found else 0
    if not least <= points <= most:
        raise Invalid(ask, field=field)
    return points


def _months(text: object) -> int:
    value = plain_characters("" if text is None else str(text)).strip()
    if not _MONTHS.fullmatch(value) or not 1 <= int(value) <= MOST_MONTHS:
        raise Invalid(
            _("Enter the term in months, from 1 to %(most)s.", most=MOST_MONTHS),
            field="term_months",
        )
    return int(value)


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
    return _rate(text, "interest_bps", ask, least=1, most=MOST_INTEREST_BPS)


def _revenue(text: object) -> int:
    ask = _("Enter the part of the revenue in percent, from 0.01 to 50, for example 5.")
    return _rate(text, "revenue_bps", ask, least=1, most=MOST_REVENUE_BPS)


def _cap(text: object) -> int:
    ask = _("Enter the limit in percent of what was invested, from 100.01 to 1000, such as 150.")
    return _rate(text, "cap_bps", ask, least=CAP_BPS[0], most=CAP_BPS[1])


def is_complete(draft: Mapping[str, object]) -> bool:
    """Return whether a draft has the terms of its kind."""
    kind = str(draft.get("security_type") or "")
    if kind == Kind.REVENUE_SHARE and not (draft.get("cap_bps") or draft.get("term_months")):
        return False
    return all(draft.get(name) for name in REQUIRED.get(kind, ()))


# --- what an investor gets back -------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Repaid:
    """What a loan pays back if the company pays as agreed; minor units."""

    total_minor: int
    each_minor: int | None  # of every month but the last, which takes the remainder


def repaid(amount_minor: int, security: Security) -> Repaid | None:
    """Return what a loan of this amount pays back, None for another kind or without its terms.

    Interest is on the outstanding balance, for months of equal length, rounded half-up.
    """
    bps, months = security.interest_bps, security.term_months
    if security.kind != Kind.DEBT or not bps or not months:
        return None
    if security.repayment == Repayment.MONTHLY:
        return _equal_payments(amount_minor, bps, months)
    if security.repayment == Repayment.INTEREST:
        each = _divided(amount_minor * bps, _YEAR)
        return Repaid(amount_minor + each * months, each)
    return Repaid(amount_minor + _divided(amount_minor * bps * months, _YEAR), None)


def _equal_payments(amount_minor: int, bps: int, months: int) -> Repaid:
    # The annuity, amount × rate ÷ (1 − (1 + rate)^−months), as one fraction of whole numbers.
    grown, whole = (_YEAR + bps) ** months, _YEAR**months
    each = _divided(amount_minor * bps * grown, _YEAR * (grown - whole))
    balance, total = amount_minor, 0
    for _month in range(months - 1):
        interest = _divided(balance * bps, _YEAR)
        paid = min(each, balance + interest)
        balance, total = balance + interest - paid, total + paid
    return Repaid(total + balance + _divided(balance * bps, _YEAR), each)


def _divided(number: int, by: int) -> int:
    """Return a quotient of whole numbers, rounded half-up."""
    return (2 * number + by) // (2 * by)


@dataclass(frozen=True, slots=True)
class Shown:
    """What pages show of a security: its name, its own terms, its price's name, its risk."""

    name: str
    rows: list[tuple[str, str]]
    price_label: str
    warning: str


# --- words ----------------------------------------------------------------------------------------


def units(kind: str, number: int) -> str:
    """Return a number of units in words: 10 shares, 1 note."""
    if kind == Kind.DEBT:
        return ngettext("%(num)s note", "%(num)s notes", number)
    if kind == Kind.REVENUE_SHARE:
        return ngettext("%(num)s unit", "%(num)s units", number)
    return ngettext("%(num)s share", "%(num)s shares", number)


_PRICE_LABELS = {
    Kind.DEBT: _l("Amount of one note"),
    Kind.REVENUE_SHARE: _l("Price of one unit"),
}
_PRICE_ASKS = {
    Kind.DEBT: _l("Enter the amount of one note in ETB."),
    Kind.REVENUE_SHARE: _l("Enter the price of one unit in ETB."),
}
_WARNINGS = {
    Kind.DEBT: _l(
        "A company that fails cannot repay its loan, and notes are hard to sell. Only invest what "
        "you can afford to lose. crowdfund does not give advice."
    ),
    Kind.REVENUE_SHARE: _l(
        "A company without revenue pays nothing, and units are hard to sell. Only invest what you "
        "can afford to lose. crowdfund does not give advice."
    ),
}


def price_label(kind: str | None) -> str:
    """Return what the price of one unit is called."""
    return str(_PRICE_LABELS.get(_known(kind)) or _("Price of one share"))


def price_ask(kind: str | None) -> str:
    """Return the sentence that asks for the price of one unit."""
    return str(_PRICE_ASKS.get(_known(kind)) or _("Enter the price of one share in ETB."))


def warning(kind: str | None) -> str:
    """Return why people may lose money with this kind."""
    return str(
        _WARNINGS.get(_known(kind))
        or _(
            "Shares in young companies are hard to sell, and dividends are rare. Only invest what "
            "you can afford to lose. crowdfund does not give advice."
        )
    )


def limits_sentence(kind: str, price: str, least: str, most: str) -> str:
    """Return what one unit costs and how much a person can invest; amounts as text."""
    figures = {"price": price, "least": least, "most": most}
    if kind == Kind.DEBT:
        return _(
            "Notes are of %(price)s each. Each person can invest from %(least)s to %(most)s.",
            **figures,
        )
    if kind == Kind.REVENUE_SHARE:
        return _(
            "Units cost %(price)s each. Each person can invest from %(least)s to %(most)s.",
            **figures,
        )
    return _(
        "Shares cost %(price)s each. Each person can invest from %(least)s to %(most)s.", **figures
    )


def shown(row: object) -> Shown:
    """Return the words of what a campaign offers, from a row of it or of an investment in it."""
    security = of(row)
    kind = security.kind
    return Shown(str(KINDS[_known(kind)]), rows(security), price_label(kind), warning(kind))


def _known(kind: str | None) -> Kind:
    return Kind(kind) if kind in tuple(Kind) else Kind.EQUITY


def months_text(months: int) -> str:
    """Return a number of months in words."""
    return ngettext("%(num)s month", "%(num)s months", months)


def rows(security: Security) -> list[tuple[str, str]]:
    """Return the terms of the kind as (label, value); those that are not there are left out."""
    shown: list[tuple[str, str | None]] = []
    if security.kind == Kind.DEBT:
        shown = [
            (_("Interest rate"), _a_year(security.interest_bps)),
            (_("Term"), _term(security)),
            (_("Repayment"), _repayment(security)),
        ]
    elif security.kind == Kind.REVENUE_SHARE:
        shown = [
            (_("Part of the revenue"), _of_revenue(security.revenue_bps)),
            (_("Limit for all payments"), _limit(security.cap_bps)),
            (_("Term"), _term(security)),
        ]
    return [(label, value) for label, value in shown if value]


def _a_year(bps: int | None) -> str | None:
    return _("%(rate)s %% a year", rate=percent(bps)) if bps else None


def _term(security: Security) -> str | None:
    return months_text(security.term_months) if security.term_months else None


def _repayment(security: Security) -> str | None:
    return str(REPAYMENTS[Repayment(security.repayment)]) if security.repayment else None


def _of_revenue(bps: int | None) -> str | None:
    if not bps:
        return None
    return _("%(rate)s %% for all investors together", rate=percent(bps))


def _limit(bps: int | None) -> str | None:
    return _("%(rate)s %% of what was invested", rate=percent(bps)) if bps else None


def offer(amount_minor: int, currency: str, security: Security) -> str:
    """Return in a sentence or two what an amount gives a right to; "" without terms of its kind."""
    if security.kind == Kind.DEBT:
        return _loan(amount_minor, currency, security)
    if security.kind == Kind.REVENUE_SHARE and security.has_terms:
        return _revenue_share(amount_minor, currency, security)
    return ""


def _loan(amount_minor: int, currency: str, security: Security) -> str:
    found, months = repaid(amount_minor, security), security.term_months or 0
    if found is None:
        return ""
    facts = {
        "amount": money.fmt(amount_minor, currency),
        "total": money.fmt(found.total_minor, currency),
        "each": money.fmt(found.each_minor or 0, currency),
        "rate": percent(security.interest_bps or 0),
        "term": months_text(months),
    }
    if security.repayment == Repayment.MONTHLY and months > 1:
        return _(
            "You lend %(amount)s at %(rate)s %% a year for %(term)s. If the company pays as "
            "agreed, you get %(each)s a month and %(total)s in total.",
            **facts,
        )
    if security.repayment == Repayment.INTEREST and months > 1:
        return _(
            "You lend %(amount)s at %(rate)s %% a year for %(term)s. If the company pays as "
            "agreed, you get %(each)s interest a month, your %(amount)s at the end, and %(total)s "
            "in total.",
            **facts,
        )
    return _(
        "You lend %(amount)s at %(rate)s %% a year for %(term)s. If the company pays as agreed, "
        "you get %(total)s at the end.",
        **facts,
    )


def _revenue_share(amount_minor: int, currency: str, security: Security) -> str:
    facts = {"rate": percent(security.revenue_bps or 0), "term": _term(security) or ""}
    if security.cap_bps:
        most = _divided(amount_minor * security.cap_bps, 10_000)
        facts["most"] = money.fmt(most, currency)
    if security.cap_bps and security.term_months:
        return _(
            "Investors together get %(rate)s %% of the company's revenue, in proportion to what "
            "each has invested, for %(term)s. You get at most %(most)s; it may be less.",
            **facts,
        )
    if security.cap_bps:
        return _(
            "Investors together get %(rate)s %% of the company's revenue, in proportion to what "
            "each has invested, until you have received %(most)s; it may be less.",
            **facts,
        )
    return _(
        "Investors together get %(rate)s %% of the company's revenue, in proportion to what each "
        "has invested, for %(term)s. It may be less than you invest.",
        **facts,
    )
