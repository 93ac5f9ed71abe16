"""From nothing to basic to enhanced and back: what is asked, who decides, what a change does."""

import pytest

from crowdfund.compliance import queries, service
from crowdfund.compliance.rules import reviews
from crowdfund.db import commit, rollback
from crowdfund.errors import Conflict, Invalid, NotFound
from tests import raising
from tests.together import at_once

ENHANCED = ("proof_of_address", "bank_proof")


def test_a_person_with_facts_and_a_document_waits_and_is_verified_at_the_basic_level(desk, alice):
    desk.complete(alice)
    assert desk.standing(alice) == ("none", "none")
    assert desk.submit(alice) == "basic"
    assert desk.standing(alice) == ("pending", "none")
    desk.accept_all(alice, until="2028-02-29")
    assert desk.approve(alice) == "approved"
    assert desk.standing(alice) == ("verified", "basic")
