"""Documents from upload to destruction: who may, what stays, who looked."""

import io

import pikepdf
import pytest

from crowdfund.db import commit, rollback
from crowdfund.documents import queries, rules, service
from tests import raising


def pdf(pages=1):
    made = pikepdf.new()
    for _ in range(pages):
        made.add_blank_page()
    out = io.BytesIO()
    made.save(out)
    return out.getvalue()


@pytest.fixture
def alice(app, frozen):
    return raising.person("alice")


def test_a_stored_document_is_pending_and_opens(alice):
    document_id = service.store(("person", alice), "passport", "me.pdf", pdf(), actor=alice)
    commit()
    [row] = queries.of_owner(("person", alice))
    assert (row.id, row.status, row.content_type) == (document_id, "pending", rules.PDF)
    rollback()
    opened = service.open_document(document_id, viewer=alice, purpose="own")
    assert opened.data.startswith(b"%PDF-")
    [look] = queries.looked_at(("person", alice))
    assert (look.viewer, look.purpose) == (alice, "own")
