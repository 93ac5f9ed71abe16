"""What pages say about shares, revenue shares and loans: terms, prices, risks, quotes; pure."""

from dataclasses import dataclass

from crowdfund.campaigns.rules import loans, securities
from crowdfund.campaigns.rules.securities import KINDS, REPAYMENTS, Kind, Repayment, Security, known
from crowdfund.kernel import money
from crowdfund.kernel.fields.percents import percent
from crowdfund.kernel.i18n import _, _l, ngettext


@dataclass(frozen=True, slots=True)
class Shown:
    """What pages show of a security: its name, its own terms, its price's name, its risk."""

    name: str
    rows: list[dict[str, str]]
    price_label: str
    warning: str

    def linked(self, url: str) -> list[dict[str, str]]:
        """Return the terms with the address of the page that changes them; "" for none."""
        return [{**row, "url": url} for row in self.rows]


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
    return str(_PRICE_LABELS.get(known(kind)) or _("Price of one share"))


def price_ask(kind: str | None) -> str:
    """Return the sentence that asks for the price of one unit."""
    return str(_PRICE_ASKS.get(known(kind)) or _("Enter the price of one share in ETB."))


def warning(kind: str | None) -> str:
    """Return why people may lose money with this kind."""
    return str(
        _WARNINGS.get(known(kind))
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
    security = securities.of(row)
    kind = security.kind
    return Shown(str(KINDS[known(kind)]), rows(security), price_label(kind), warning(kind))


def months_text(months: int) -> str:
    """Return a number of months in words."""
    return ngettext("%(num)s month", "%(num)s months", months)


def rows(security: Security) -> list[dict[str, str]]:
    """Return the terms of the kind: label and value; those that are not there are left out."""
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
    return [{"label": label, "value": value} for label, value in shown if value]


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
    found, months = loans.repaid(amount_minor, security), security.term_months or 0
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
        most = money.percent(amount_minor, security.cap_bps)
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
