"""Check all fields of a form before answering, so that people see every mistake at once; pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from crowdfund.kernel.errors import Invalid

T = TypeVar("T")
Values = Mapping[str, object]  # what was typed, by field
Checks = Mapping[str, Callable[[], T]]


def collect(checks: Checks[T]) -> tuple[dict[str, T], dict[str, str]]:
    """Run the check of each field; return the good values and the sentences of the others."""
    good: dict[str, T] = {}
    errors: dict[str, str] = {}
    for name, check in checks.items():
        try:
            good[name] = check()
        except Invalid as error:
            errors[name] = error.user_message
    return good, errors


def state_of(filled: Mapping[str, object], required: Iterable[str]) -> str:
    """Return `done`, `started` or `todo` for a step of a wizard, by the fields that it requires."""
    present = [bool(filled.get(name)) for name in required]
    if all(present):
        return "done"
    return "started" if any(present) else "todo"


def unfinished(steps: Iterable[str], state: Callable[[str], str]) -> list[str]:
    """Return the steps of a wizard that are not done, in their order."""
    return [step for step in steps if state(step) != "done"]
