"""Nominees, who inherit a person's holdings: their shares and details; pure."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import date

from crowdfund.compliance.rules import texts
from crowdfund.kernel.errors import Invalid, InvalidFields
from crowdfund.kernel.i18n import _, _l

WHOLE_BP = 10_000  # basis points: 100.00 %
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
_SHARE = re.compile(r"[0-9]{1,3}(?:[.,][0-9]{1,2})?", re.ASCII)


def share(text: object) -> int:
    """Return a percentage with at most two decimals in basis points. Raises Invalid."""
    value = str(text or "").strip().removesuffix("%").strip()
    if not value:
        raise Invalid(_("Enter the share in percent, like 50 or 33.34."), field="share")
    if not _SHARE.fullmatch(value):
        raise Invalid(_("Enter digits with at most two decimals, like 50 or 33.34."), field="share")
    whole, _dot, part = value.replace(",", ".").partition(".")
    points = int(whole) * 100 + int((part + "00")[:2])
    if not 1 <= points <= WHOLE_BP:
        raise Invalid(_("A share is more than 0 and at most 100 percent."), field="share")
    return points


def percent(points: int) -> str:
    """Return basis points as a percentage without needless decimals: 50, 33.34."""
    whole, part = divmod(points, 100)
    return f"{whole}.{part:02d}".rstrip("0").rstrip(".") if part else str(whole)


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
    figures = {"now": percent(points), "gap": percent(abs(WHOLE_BP - points))}
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
        return texts.email(value, "contact")
    sentence = _(
        "Enter an e-mail address, or a phone number with its country code, like +251 91 123 4567."
    )
    if not value.isascii() or not 5 <= len(value) <= 32:
        raise Invalid(sentence, field="contact")
    import phonenumbers  # noqa: PLC0415 - costs 1 MB and 15 ms at start

    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException as error:
        raise Invalid(sentence, field="contact") from error
    if not phonenumbers.is_valid_number(number):
        raise Invalid(sentence, field="contact")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def clean(values: Mapping[str, object], *, today: date) -> dict[str, object]:
    """Return the details of a nominee, clean; raises InvalidFields. A nominee may be a child."""
    full_name, relationship = values.get("full_name"), values.get("relationship")
    ask_name = _("Enter the nominee's full name, as in their document.")
    ask_kind = _("Choose how the nominee is related to you.")
    born_on = values.get("born_on")
    checks: dict[str, Callable[[], object]] = {
        "full_name": lambda: texts.line(full_name, "full_name", ask_name),
        "relationship": lambda: texts.pick(relationship, "relationship", ask_kind, RELATIONSHIPS),
        "born_on": lambda: texts.birthday(born_on, "born_on", today=today, least_age=0),
        "contact": lambda: contact(values.get("contact")),
        "share": lambda: share(values.get("share")),
    }
    good: dict[str, object] = {}
    errors: dict[str, str] = {}
    for name, check in checks.items():
        try:
            good[name] = check()
        except Invalid as error:
            errors[name] = error.user_message
    if errors:
        raise InvalidFields(errors)
    good["share_bp"] = good.pop("share")
    return good


class NotComplete(Invalid):
    """The shares are not 100 %, or a nominee has no identity proof."""

    status = 409
    code = "not_complete"
