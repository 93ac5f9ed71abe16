"""Staff close a failed write that can never succeed."""

import pytest

from crowdfund.chain import inspect, queries, rules, service
from crowdfund.chain.errors import IntentConflict
from crowdfund.kernel import audit
from crowdfund.kernel.db import commit, db, rollback
from crowdfund.kernel.errors import Conflict, Invalid, NotFound
from tests import raising

from .conftest import look_after, register_issuer, settle, status_of

INTENT = "issuer:acme:off"
WHY = "The company was never registered, so there is nothing to switch off."


@pytest.fixture
def failed(heard):
    args = [rules.intent_bytes32(INTENT), rules.intent_bytes32("acme")]
    row = service.write(
        INTENT, "IssuerRegistry", "deactivateIssuer", args, subject=("company", "acme")
    )
    commit()
    settle()
    assert status_of(INTENT) == "failed"
    return row


@pytest.fixture
def admin(app):
    return raising.browser(app, raising.person("ada", "admin"))


def page(client, row):
    return client.get(f"/staff/chain/writes/{row.id}").text


def test_an_admin_closes_a_failed_write_with_a_reason(failed, admin):
    assert "Failed chain writes" in admin.get("/staff").text
    assert "It can never succeed" in page(admin, failed)
    answer = admin.post(f"/staff/chain/writes/{failed.id}/close", data={"reason": WHY})
    assert answer.status_code == 303
    rollback()
    assert status_of(INTENT) == "closed"
    event = queries.history(failed.id)[-1]
    assert (event.from_status, event.to_status, event.reason) == ("failed", "closed", WHY)
    shown = page(admin, failed)
    assert WHY in shown
    assert "Closed by staff" in shown
    assert "by Ada" in shown
    assert "/replay" not in shown
    assert "/close" not in shown
    assert "Failed chain writes" not in admin.get("/staff").text
    (entry,) = audit.entries(audit.Filters(action="chain.close", outcome="done")).rows
    assert (entry.subject_id, entry.detail["reason"]) == (failed.id, WHY)


def test_a_closed_write_has_its_own_place_in_the_list(failed, admin):
    service.close(failed.id, WHY, actor="admin-1")
    commit()
    db.session.remove()
    assert "deactivateIssuer</a>" not in admin.get("/staff/chain/writes?status=failed").text
    assert "deactivateIssuer</a>" in admin.get("/staff/chain/writes?status=closed").text
    assert "Closed (1)" in admin.get("/staff/chain/writes").text


def test_a_closed_write_counts_as_nothing_unfinished(failed, app):
    assert "1 writes failed and wait for a decision" in inspect.differences()
    service.close(failed.id, WHY, actor="admin-1")
    commit()
    assert inspect.differences() == []
    db.session.remove()
    result = app.test_cli_runner().invoke(args=["chain", "reconcile"])
    assert result.exit_code == 0, result.output


def test_a_closed_write_is_never_sent_though_its_reason_is_gone(failed, admin):
    service.close(failed.id, WHY, actor="admin-1")
    commit()
    db.session.remove()
    register_issuer()
    settle()
    assert admin.post(f"/staff/chain/writes/{failed.id}/replay").status_code == 409
    rollback()
    with pytest.raises(Conflict):
        service.replay(failed.id, actor="admin-1")
    args = list(failed.args)
    again = service.write(
        INTENT, "IssuerRegistry", "deactivateIssuer", args, subject=("company", "acme")
    )
    commit()
    look_after()
    assert again.status == "closed"
    assert status_of(INTENT) == "closed"
    assert queries.transactions(failed.id) == []
    with pytest.raises(IntentConflict):
        service.write(INTENT, "IssuerRegistry", "close", [], subject=("company", "acme"))


@pytest.mark.parametrize("reason", ["", "   ", "too short", " a  b  c   d "])
def test_without_a_reason_nothing_is_closed(failed, admin, reason):
    answer = admin.post(f"/staff/chain/writes/{failed.id}/close", data={"reason": reason})
    assert answer.status_code == 422
    assert "Say why in at least 10 characters." in answer.text
    rollback()
    assert status_of(INTENT) == "failed"
    with pytest.raises(Invalid):
        service.close(failed.id, reason, actor="admin-1")


def test_only_a_failed_write_can_be_closed(heard, admin):
    row = register_issuer()
    assert (
        admin.post(f"/staff/chain/writes/{row.id}/close", data={"reason": WHY}).status_code == 409
    )
    rollback()
    settle()
    with pytest.raises(Conflict):
        service.close(row.id, WHY, actor="admin-1")
    with pytest.raises(NotFound):
        service.close("0" * 32, WHY, actor="admin-1")
    assert (
        admin.post(f"/staff/chain/writes/{'0' * 32}/close", data={"reason": WHY}).status_code == 404
    )


@pytest.mark.parametrize("role", ["finance", "compliance", "regulator"])
def test_nobody_but_an_admin_closes(failed, app, role):
    client = raising.browser(app, raising.person("bob", role))
    assert "It can never succeed" not in page(client, failed)
    answer = client.post(f"/staff/chain/writes/{failed.id}/close", data={"reason": WHY})
    assert answer.status_code == 403
    rollback()
    assert status_of(INTENT) == "failed"


def test_an_effect_that_turns_out_to_be_on_chain_is_told_also_of_a_closed_write(failed):
    service.close(failed.id, WHY, actor="admin-1")
    assert service.confirm([failed.id], tx_hash="0x" + "1" * 64, block=1, reason="found") == [
        failed.id
    ]
    assert rules.can_move("closed", "confirmed")
    for status in set(rules.WriteStatus) - {"confirmed"}:
        assert not rules.can_move("closed", status)
