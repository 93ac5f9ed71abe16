"""Nominees, who inherit a person's holdings: their shares and details; pure."""

from collections.abc import Iterable
from datetime import date

from crowdfund.kernel.errors import Invalid, InvalidFields
from crowdfund.kernel.fields import contacts, dates, percents, texts
from crowdfund.kernel.fields.collecting import Values, collect
from crowdfund.kernel.fields.percents import WHOLE_BP
from crowdfund.kernel.i18n import _, _l

MOST = 10
RELATIONSHIPS = {
    "spouse": _l("Husband or wife"),
    "child": _l("Son or daughter"),
    "parent": _l("Father or mother"),
    "sibling": _l("Brother or sister"),
    "grandchild": _l("Grandchild"),
    "relative": _l("Other relative"),
    "friend": _l("Friend"),
    "other": _l("Other"),
}
FIELDS = ("full_name", "relationship", "born_on", "contact", "share_bp")


def total(shares: Iterable[int]) -> int:
    """Return the sum of shares in basis points."""
    return sum(shares)


def is_complete(shares: Iterable[int]) -> bool:
    """Return whether the shares add up to exactly 100 % (rules.md, Nominees)."""
    return total(shares) == WHOLE_BP


def sum_words(shares: Iterable[int]) -> str:
    """Return in a sentence how far the shares are from 100 %; empty when they add up to it."""
    points = total(shares)
    if points == WHOLE_BP:
        return ""
    figures = {"now": percents.percent(points), "gap": percents.percent(abs(WHOLE_BP - points))}
    if points < WHOLE_BP:
        return _(
            "The shares add up to %(now)s %% instead of 100 %%. %(gap)s %% are missing.", **figures
        )
    return _(
        "The shares add up to %(now)s %% instead of 100 %%. Reduce them by %(gap)s %%.", **figures
    )


def contact(text: object) -> str:
    """Return an e-mail address or a phone number as E.164. Raises Invalid."""
    value = str(text or "").strip()
    if "@" in value:
        return contacts.email(value, "contact")
    try:
        return contacts.phone(value, needs_country=True)
    except Invalid:
        sentence = _(
            "Enter an e-mail address, or a phone number with its country code, "
            "like +251 91 123 4567."
        )
        raise Invalid(sentence, field="contact") from None


def clean(values: Values, *, today: date) -> dict[str, object]:
    """Return the details of a nominee, clean; raises InvalidFields. A nominee may be a child."""
    full_name, relationship = values.get("full_name"), values.get("relationship")
    ask_name = _("Enter the nominee's full name, as in their document.")
    ask_kind = _("Choose how the nominee is related to you.")
    born_on = values.get("born_on")
    good, errors = collect(
        {
            "full_name": lambda: texts.line(full_name, "full_name", ask_name),
            "relationship": lambda: texts.choice(
                relationship, "relationship", ask_kind, RELATIONSHIPS
            ),
            "born_on": lambda: dates.birthday(born_on, "born_on", today=today, least_years=0),
            "contact": lambda: contact(values.get("contact")),
            "share": lambda: percents.basis_points(values.get("share"), "share", least_bp=1),
        }
    )
    if errors:
        raise InvalidFields(errors)
    good["share_bp"] = good.pop("share")
    return good


class NotComplete(Invalid):
    """The shares are not 100 %, or a nominee has no identity proof."""

    status = 409
    code = "not_complete"
