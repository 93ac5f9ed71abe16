"""The filter bar offers to clear only what was chosen."""

import pytest

from . import sample

FIELDS = [
    {"name": "q", "label": "Search", "type": "search"},
    {
        "name": "status",
        "label": "State",
        "options": [("open", "Open"), ("", "All")],
        "default": "open",
    },
]


@pytest.mark.parametrize(
    ("args", "has_clear"),
    [
        ({}, False),
        ({"status": "open"}, False),
        ({"q": "", "status": "open"}, False),
        ({"q": "abc"}, True),
        ({"status": ""}, True),
        ({"status": "closed"}, True),
    ],
)
def test_clear_is_offered_only_when_a_filter_differs_from_what_is_shown_at_first(args, has_clear):
    door = sample.environment().get_template("components/ui.html").module
    assert (">Clear</a>" in str(door.filter_bar("/list", args, FIELDS))) is has_clear
