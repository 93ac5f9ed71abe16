"""How the gateway misbehaves on request: delay, repeat, reorder, forge, lose, lie."""

from dataclasses import asdict, dataclass, fields
from typing import Any

from crowdfund.local.bill_bitts.errors import Refused

MAX_DELAY_S = 600


@dataclass(frozen=True)
class Mood:
    """What happens to the webhooks of one payment."""

    delay_s: int = 0
    repeat: bool = False
    reorder: bool = False
    forge: bool = False
    lose: bool = False
    lie: bool = False

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)


def from_dict(values: dict[str, Any]) -> Mood:
    """Build a mood from JSON; unknown names and impossible delays are refused."""
    known = {field.name for field in fields(Mood)}
    if set(values) - known:
        raise Refused(400, f"a mood knows only {', '.join(sorted(known))}")
    delay = values.get("delay_s", 0)
    if type(delay) is not int or not 0 <= delay <= MAX_DELAY_S:
        raise Refused(400, f"delay_s is a number from 0 to {MAX_DELAY_S}")
    return Mood(delay, *(bool(values.get(f.name)) for f in fields(Mood)[1:]))


def from_form(form: dict[str, str]) -> Mood:
    """Build a mood from the checkboxes of the checkout page."""
    delay = form.get("delay_s", "") or "0"
    if not (delay.isascii() and delay.isdigit()):
        raise Refused(400, "The delay is a number of seconds.")
    values: dict[str, Any] = {f.name: f.name in form for f in fields(Mood)[1:]}
    return from_dict(values | {"delay_s": int(delay)})
