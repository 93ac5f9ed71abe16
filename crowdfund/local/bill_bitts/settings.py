"""The simulator's settings: each has a type, limits and a default, and no other value is stored."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import urlsplit

from crowdfund.local.bill_bitts.errors import Refused
from crowdfund.local.bill_bitts.faults import MAX_DELAY_S, Faults
from crowdfund.local.bill_bitts.state import State

DAY_S = 86_400
MAX_SETTLE_S = 30 * DAY_S
MAX_OFFSET_S = 3650 * DAY_S
MAX_TIME = 2**40
MAX_URL = 500
log = logging.getLogger("bill_bitts.settings")


def _whole_number(name: str, low: int, high: int, value: object) -> int:
    """Return the number; raises Refused for any other type, None and bool among them."""
    if type(value) is not int or not low <= value <= high:
        raise Refused(400, f"{name} is a whole number from {low} to {high}")
    return value


def _yes_or_no(value: object) -> bool:
    if not isinstance(value, bool):
        raise Refused(400, "lists is true or false")
    return value


def _payouts(value: object) -> str:
    if not isinstance(value, str) or value not in ("pay", "fail", "wait", "refuse", "lose"):
        raise Refused(400, "payouts is pay, fail, wait, refuse or lose")
    return value


def _fixed_time(value: object) -> int | None:
    return None if value is None else _whole_number("fixed_now", 0, MAX_TIME, value)


def _faults(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Refused(400, "faults is a JSON object")
    return Faults.from_dict(value).as_dict()


def _answers(value: object) -> dict[str, Any]:
    """Return what is done to status answers: `delay_s`, `instead` (fields), `without` (names)."""
    if not isinstance(value, dict) or set(value) - {"delay_s", "instead", "without"}:
        raise Refused(400, "answers is a JSON object of delay_s, instead, without")
    delay = value.get("delay_s", 0)
    if not isinstance(delay, int | float) or not 0 <= delay <= MAX_DELAY_S:
        raise Refused(400, f"delay_s is a number from 0 to {MAX_DELAY_S}")
    instead, without = value.get("instead", {}), value.get("without", [])
    if not isinstance(instead, dict) or not isinstance(without, list):
        raise Refused(400, "instead is a JSON object of fields, without a list of names")
    return value


def _address(value: object) -> str:
    if value == "":
        return ""
    if not isinstance(value, str) or len(value) > MAX_URL or not _is_web_address(value):
        raise Refused(400, "callback_url is an http or https address, or empty")
    return value


def _is_web_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


@dataclass(frozen=True)
class _Setting:
    """What a setting is without a choice, and how a choice is checked (raises Refused)."""

    default: Any
    check: Callable[[object], Any]


SETTINGS = {
    "faults": _Setting(Faults().as_dict(), _faults),
    "offset_s": _Setting(0, partial(_whole_number, "offset_s", -MAX_OFFSET_S, MAX_OFFSET_S)),
    "fixed_now": _Setting(None, _fixed_time),
    "settle_delay_s": _Setting(2, partial(_whole_number, "settle_delay_s", 0, MAX_SETTLE_S)),
    "callback_url": _Setting("", _address),
    "lists": _Setting(True, _yes_or_no),
    "answers": _Setting({}, _answers),
    "payouts": _Setting("pay", _payouts),
}


class Settings:
    """The settings in force; choices are stored and survive a restart."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._values = {name: one.default for name, one in SETTINGS.items()}
        for name, value in state.settings().items():
            self._load(name, value)

    def change(self, values: dict[str, object]) -> None:
        """Set any of SETTINGS, all or none; raises Refused with what is wrong."""
        if set(values) - set(SETTINGS):
            raise Refused(400, f"settings are {', '.join(SETTINGS)}")
        checked = {name: SETTINGS[name].check(value) for name, value in values.items()}
        for name, value in checked.items():
            if value == SETTINGS[name].default:
                self._state.forget_setting(name)
            else:
                self._state.store_setting(name, value)
        self._state.flush()
        self._values |= checked

    def as_dict(self) -> dict[str, Any]:
        """Return all values; given to `change`, they restore exactly this."""
        return dict(self._values)

    @property
    def faults(self) -> Faults:
        """What happens to the events of payments without faults of their own."""
        return Faults.from_dict(self._values["faults"])

    @property
    def offset_s(self) -> int:
        """Seconds that the gateway's clock is ahead."""
        offset_s: int = self._values["offset_s"]
        return offset_s

    @property
    def fixed_now(self) -> int | None:
        """The time at which the clock is stopped, in Unix seconds; None while it runs."""
        fixed_now: int | None = self._values["fixed_now"]
        return fixed_now

    @property
    def settle_delay_s(self) -> int:
        """Seconds from SUCCESS to SETTLED."""
        settle_delay_s: int = self._values["settle_delay_s"]
        return settle_delay_s

    @property
    def callback_url(self) -> str:
        """Where webhooks are posted; empty: nowhere, they wait."""
        callback_url: str = self._values["callback_url"]
        return callback_url

    @property
    def lists(self) -> bool:
        """Whether the gateway offers a list of its transactions."""
        lists: bool = self._values["lists"]
        return lists

    @property
    def answers(self) -> dict[str, Any]:
        """What is done to answers of the status query; empty: nothing."""
        answers: dict[str, Any] = self._values["answers"]
        return answers

    @property
    def payouts(self) -> str:
        """What happens to new payouts: pay or fail after the settle delay, or wait.

        With refuse the order is answered with no, with lose it is taken and paid, and its answer
        is lost.
        """
        payouts: str = self._values["payouts"]
        return payouts

    def _load(self, name: str, value: object) -> None:
        """Take over a stored value; one that an earlier version let in by mistake is forgotten."""
        try:
            self._values[name] = SETTINGS[name].check(value)
        except (KeyError, Refused):
            log.warning("the stored setting %s is not usable, its default holds", name)
            self._state.forget_setting(name)
            self._state.flush()
