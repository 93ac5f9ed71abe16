"""Check all fields of a form before answering, so that people see every mistake at once; pure."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from crowdfund.kernel.errors import Invalid

T = TypeVar("T")
Values = Mapping[str, object]


def collect(
    cleaners: Mapping[str, Callable[[Values], T]], values: Values
) -> tuple[dict[str, T], dict[str, str]]:
    """Run each field's check; return the good values and the sentences of the others."""
    good: dict[str, T] = {}
    errors: dict[str, str] = {}
    for name, check in cleaners.items():
        try:
            good[name] = check(values)
        except Invalid as error:
            errors[name] = error.user_message
    return good, errors


def step_state(filled: Mapping[str, object], required: tuple[str, ...]) -> str:
    """Return `done`, `started` or `todo` for a step of a wizard, by its required fields."""
    present = [bool(filled.get(name)) for name in required]
    if all(present):
        return "done"
    return "started" if any(present) else "todo"
