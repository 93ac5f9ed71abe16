"""Work that is queued when a new version starts is done by it."""

from pathlib import Path

from crowdfund.kernel.outbox.registry import HANDLERS

# Rows of the outbox name the kind of their work, and a subscriber's kind holds its function's name.
# A kind leaves this list only when no installation can have rows of it.
KINDS = (Path(__file__).parent / "kinds.txt").read_text().split()


def test_every_kind_that_a_version_has_queued_is_still_done(app):
    assert sorted(set(KINDS) - set(HANDLERS)) == []


def test_every_kind_of_today_is_listed(app):
    of_tests = {kind for kind in HANDLERS if "test" in kind or "<lambda>" in kind}
    assert sorted(set(HANDLERS) - of_tests - set(KINDS)) == []
