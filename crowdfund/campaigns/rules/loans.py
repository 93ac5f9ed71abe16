"""What a loan pays back if the company pays as agreed; minor units and yearly rates; pure."""

from dataclasses import dataclass

from crowdfund.campaigns.rules.securities import Kind, Repayment, Security

_YEAR = 12 * 10_000  # a yearly rate in basis points, to a monthly one


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
