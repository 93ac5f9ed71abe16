"""How the gateway misbehaves on request: delay, repeat, reorder, forge, lose, lie."""

from dataclasses import asdict, dataclass, fields
from typing import Any, Self

from crowdfund.local.bill_bitts.errors import Refused

MAX_DELAY_S = 600


@dataclass(frozen=True)
class Faults:
    """What happens to the webhooks of one payment."""

    delay_s: int = 0
    repeat: bool = False
    reorder: bool = False
    forge: bool = False
    lose: bool = False
    lie: bool = False

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Build faults from JSON; unknown names and impossible delays are refused."""
        known = {field.name for field in fields(cls)}
        if set(values) - known:
            raise Refused(400, f"faults are {', '.join(sorted(known))}")
        delay = values.get("delay_s", 0)
        if type(delay) is not int or not 0 <= delay <= MAX_DELAY_S:
            raise Refused(400, f"delay_s is a number from 0 to {MAX_DELAY_S}")
        return cls(delay, *(bool(values.get(f.name)) for f in fields(cls)[1:]))

    @classmethod
    def from_form(cls, form: dict[str, str]) -> Self:
        """Build faults from the checkboxes of the checkout page."""
        delay = form.get("delay_s", "") or "0"
        if not (delay.isascii() and delay.isdigit()):
            raise Refused(400, "The delay is a number of seconds.")
        values: dict[str, Any] = {f.name: f.name in form for f in fields(cls)[1:]}
        return cls.from_dict(values | {"delay_s": int(delay)})

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return asdict(self)
