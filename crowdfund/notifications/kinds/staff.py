"""Kinds of notice to staff: in their own list only, unless they ask for more."""

from ...i18n import _l
from .base import LIST_ONLY, Kind

KINDS = {
    "staff.work": Kind(
        _l("New in your queue: %(queue)s"),
        _l("There is new work in a queue of yours: %(queue)s."),
        "staff", {"queue": "people"}, channels=LIST_ONLY, action=_l("Open the queue"), path="/staff/people",
    ),
}  # fmt: skip
