"""Pause, revoke and rotate on a real chain: by command, by two people, after every interruption."""

import stat

import pytest
import sqlalchemy as sa

from crowdfund.adapters.chain import abi, answers, signing
from crowdfund.chain import connection, queries, request_queries, request_steps, requests, rules
from crowdfund.chain.models import Tx, Write
from crowdfund.chain.requests import Wanted
from crowdfund.kernel import audit, config, outbox
from crowdfund.kernel.db import commit, db
from crowdfund.kernel.errors import Conflict, Forbidden, Invalid

from .conftest import admitted, campaign, look_after, record, settle, status_of

ANN, BEN = "a" * 32, "b" * 32
LEAKED = "0x" + "1e" * 20


@pytest.fixture(autouse=True)
def own_keys(app, tmp_path):
    """Keys of this test alone: a rotation replaces files."""
    before = config.settings()
    config.use(before.model_copy(update={"data_dir": tmp_path}))
    yield
    config.use(before)


def run(app, *args):
    found = app.test_cli_runner().invoke(args=["chain", *args])
    db.session.remove()
    return found


def has_role(contract, right, account):
    node, address = connection.node(), queries.address_of(contract)
    right_id = node.call(contract, address, right)
    return node.call(contract, address, "hasRole", right_id, account)


def carry():
    """Let the worker look at requests until nothing moves any more."""
    for _ in range(8):
        requests.wake()
        commit()
        settle()


def paused():
    return connection.node().call("FundEscrow", queries.address_of("FundEscrow"), "paused")


# --- commands ------------------------------------------------------------------------------------


def test_a_command_explains_and_asks_before_it_pauses(app, own_node, heard):
    answer = app.test_cli_runner().invoke(args=["chain", "pause"], input="n\n")
    assert answer.exit_code == 1
    assert "New money stops" in answer.output
    assert not paused()


def test_pause_and_unpause_are_recorded_and_can_be_run_again(app, own_node, heard):
    for command, expected in (("pause", True), ("pause", True), ("unpause", False)):
        answer = run(app, command, "--yes", "--reason", "A test of the pause.")
        assert answer.exit_code == 0, answer.output
        assert paused() is expected
    actions = [
        row.action for row in audit.entries(audit.Filters(subject_kind="chain_request")).rows
    ]
    assert actions.count("chain.pause") == 2
    assert "chain.unpause.done" in actions


def test_refunds_go_on_while_paused_and_records_wait(app, own_node, heard):
    address = campaign()
    run(app, "pause", "--yes")
    record(address, 1)
    commit()
    settle()
    assert queries.held() == {"paused": 1}
    run(app, "unpause", "--yes")
    settle()
    assert status_of("investment:1") == "confirmed"


def test_a_leaked_key_loses_its_role_at_once(app, own_node, heard):
    recorder = connection.address_of("recorder")
    answer = run(app, "revoke", "recorder", recorder, "--yes")
    assert answer.exit_code == 0, answer.output
    assert not has_role("CampaignFactory", "RECORDER_ROLE", recorder)


def test_the_key_that_the_admin_signs_with_cannot_be_revoked_only_rotated(app, own_node, heard):
    answer = run(app, "revoke", "admin", connection.address_of("admin"), "--yes")
    assert answer.exit_code == 1
    assert "Rotate it instead" in answer.output
    assert has_role("CampaignFactory", "DEFAULT_ADMIN_ROLE", connection.address_of("admin"))


@pytest.mark.parametrize("role", rules.ROLES)
def test_a_rotation_moves_every_right_to_a_key_that_nobody_has_seen(app, own_node, heard, role):
    old_key, old = connection.key_of(role), connection.address_of(role)
    answer = run(app, "rotate", role, "--yes", "--reason", "Yearly rotation.")
    assert answer.exit_code == 0, answer.output
    new_key, new = connection.key_of(role), connection.address_of(role)
    assert new != old
    assert new in answer.output
    for secret in (old_key, new_key):
        assert secret not in answer.output
        assert secret[2:] not in answer.output
    assert stat.S_IMODE(connection.key_path(role).stat().st_mode) == 0o600
    for contract, right in rules.GRANTS[role]:
        assert has_role(contract, right, new), (contract, right)
        assert not has_role(contract, right, old), (contract, right)
    address = campaign()  # operator and recorder still work, whoever was replaced
    record(address, 1)
    commit()
    settle()
    assert status_of("investment:1") == "confirmed"
    assert run(app, "pause", "--yes").exit_code == 0  # so does the admin
    assert queries.nonce_problems() == []


def test_a_rotation_that_is_run_twice_changes_the_key_twice_and_breaks_nothing(
    app, own_node, heard
):
    first = connection.address_of("recorder")
    for _ in range(2):
        assert run(app, "rotate", "recorder", "--yes").exit_code == 0
    assert not has_role("CampaignFactory", "RECORDER_ROLE", first)
    assert has_role("CampaignFactory", "RECORDER_ROLE", connection.address_of("recorder"))


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 6])
def test_a_rotation_goes_on_where_it_was_interrupted(app, own_node, heard, steps):
    old = connection.address_of("operator")
    requests.begin(Wanted("rotate", "A test.", role="operator"), actor="cli")
    commit()
    for _ in range(steps):  # the worker dies after so many steps
        request_steps.act(request_steps.look())
        commit()
        if steps % 2:
            settle()
    answer = run(app, "rotate", "operator", "--yes")
    assert answer.exit_code == 0, answer.output
    new = connection.address_of("operator")
    for contract, right in rules.GRANTS["operator"]:
        assert has_role(contract, right, new)
        assert not has_role(contract, right, old)
    assert len(request_queries.newest()) in (1, 2)
    assert queries.nonce_problems() == []


def test_what_the_old_key_has_under_way_is_queued_again_with_the_new_one(app, own_node, heard):
    address, old = campaign(), connection.address_of("recorder")
    own_node.rpc("evm_setAutomine", False)
    record(address, 1)
    commit()
    outbox.drain("chain")
    assert status_of("investment:1") == "broadcast"
    # the node lost it, and the thief has taken the gas money
    own_node.rpc("anvil_dropAllTransactions")
    own_node.rpc("anvil_setBalance", old, "0x0")
    own_node.rpc("evm_setAutomine", True)
    answer = run(app, "rotate", "recorder", "--yes")
    assert answer.exit_code == 0, answer.output
    settle()
    settle()
    assert status_of("investment:1") == "confirmed"
    signers = set(
        db.session.scalars(
            sa.select(Tx.signer)
            .join(Write, Write.tx_id == Tx.id)
            .where(Write.intent_id == "investment:1")
        )
    )
    assert signers == {connection.address_of("recorder")}
    assert queries.nonce_problems() == []


def test_a_stuck_transaction_of_the_old_key_can_still_be_replaced(app, own_node, heard):
    old = connection.address_of("recorder")
    key = connection.key_of("recorder")
    connection.make_next_key("recorder")
    connection.take_next_key("recorder", connection.make_next_key("recorder"))
    assert connection.key_for(old, "recorder") == key
    with pytest.raises(connection.KeyMissing):
        connection.key_for(LEAKED, "recorder")


def test_an_admission_of_the_replaced_operator_is_worth_nothing(app, own_node, heard):
    address = campaign()
    leave = admitted(address, "i", connection.node().rpc("eth_accounts")[3], 100_00)
    run(app, "rotate", "operator", "--yes")
    data = abi.encode("CampaignImplementation", "invest", [leave])
    sender = abi.to_checksum_address(connection.node().rpc("eth_accounts")[3])
    with pytest.raises(answers.Reverted, match="NotAdmitted"):
        connection.node().estimate(sender, address, data)


def test_a_key_from_the_environment_is_replaced_by_one_that_its_owner_makes(
    app, own_node, heard, tmp_path
):
    old = connection.address_of("recorder")
    config.use(
        config.settings().model_copy(update={"chain_recorder_key": connection.key_of("recorder")})
    )
    refused = run(app, "rotate", "recorder", "--yes")
    assert refused.exit_code == 1
    assert "CHAIN_RECORDER_KEY" in refused.output
    new_key = signing.new_key()
    new = signing.address_of_key(new_key)
    waiting = run(app, "rotate", "recorder", "--to", new, "--yes", "--wait", "0")
    for _ in range(5):
        waiting = run(app, "rotate", "recorder", "--to", new, "--yes", "--wait", "0")
    assert waiting.exit_code == 1
    assert "CHAIN_RECORDER_KEY" in waiting.output
    assert has_role("CampaignFactory", "RECORDER_ROLE", old)
    assert has_role("CampaignFactory", "RECORDER_ROLE", new)
    config.use(config.settings().model_copy(update={"chain_recorder_key": new_key}))
    done = run(app, "rotate", "recorder", "--to", new, "--yes")
    assert done.exit_code == 0, done.output
    assert not has_role("CampaignFactory", "RECORDER_ROLE", old)


def test_a_key_from_a_named_file_is_replaced_in_that_file_for_every_process(
    app, own_node, heard, tmp_path
):
    named = tmp_path / "mounted" / "recorder"
    named.parent.mkdir()
    old = connection.key_of("recorder")
    named.write_text(old + "\n")
    given = {"chain_recorder_key": old, "chain_recorder_key_file": str(named)}
    config.use(config.settings().model_copy(update=given))
    answer = run(app, "rotate", "recorder", "--yes")
    assert answer.exit_code == 0, answer.output
    assert named.read_text().strip() != old
    assert connection.key_of("recorder") == named.read_text().strip()
    assert stat.S_IMODE(named.stat().st_mode) == 0o600


def test_the_days_cap_is_raised_by_the_operator(app, own_node, heard):
    recorder, factory = connection.address_of("recorder"), queries.address_of("CampaignFactory")
    before = connection.node().call("CampaignFactory", factory, "recorderRoom", recorder)
    assert run(app, "raise-cap", "1,000", "--yes").exit_code == 0
    after = connection.node().call("CampaignFactory", factory, "recorderRoom", recorder)
    assert after == before + 1_000_00


def test_what_cannot_be_is_said_in_a_sentence(app, own_node, heard):
    answer = run(app, "revoke", "recorder", "0x12", "--yes")
    assert answer.exit_code == 1
    assert "Enter an address" in answer.output
    assert run(app, "raise-cap", "0", "--yes").exit_code == 1


def test_a_deployment_after_a_pause_uses_no_nonce_of_the_queue_and_raises_no_alarm(
    app, own_node, heard
):
    run(app, "pause", "--yes")
    factory, token = queries.address_of("CampaignFactory"), queries.address_of("PaymentToken")
    data = abi.encode("CampaignFactory", "allowToken", [token, True])
    request_steps.deploy._transact(connection.node(), factory, data, what="test")
    commit()
    assert run(app, "unpause", "--yes").exit_code == 0
    look_after()
    outbox.add("chain.nonces", "chain.nonces:test")
    commit()
    settle()
    assert [row.alert for row in queries.signers()] == [None]
    assert queries.nonce_problems() == []


# --- two people ----------------------------------------------------------------------------------


def test_one_admin_asks_and_only_another_confirms(app, own_node, heard):
    request_id = requests.ask(Wanted("pause", "Something is wrong."), actor=ANN)
    commit()
    carry()
    assert not paused()
    with pytest.raises(Forbidden):
        requests.confirm(request_id, actor=ANN)
    requests.confirm(request_id, actor=BEN)
    commit()
    carry()
    assert paused()
    found = request_queries.get(request_id)
    assert (found.status, found.asked_by, found.decided_by) == ("done", ANN, BEN)
    assert [row.to_status for row in request_queries.history(request_id)] == [
        "asked",
        "running",
        "done",
    ]
    with pytest.raises(Conflict):
        requests.confirm(request_id, actor=BEN)


def test_the_same_is_asked_for_once_at_a_time(app, own_node, heard):
    first = requests.ask(Wanted("rotate", "Yearly rotation.", role="admin"), actor=ANN)
    commit()
    with pytest.raises(Conflict):
        requests.ask(Wanted("rotate", "Me too.", role="admin"), actor=BEN)
    answer = run(app, "rotate", "admin", "--yes")
    assert answer.exit_code == 1
    assert "second admin" in answer.output
    requests.withdraw(first, actor=ANN)
    requests.ask(Wanted("rotate", "Once more.", role="admin"), actor=BEN)


def test_a_refusal_needs_a_reason_and_only_who_asked_takes_back(app, own_node, heard):
    request_id = requests.ask(Wanted("unpause", "All is well."), actor=ANN)
    with pytest.raises(Invalid):
        requests.refuse(request_id, actor=BEN, reason=" ")
    with pytest.raises(Forbidden):
        requests.withdraw(request_id, actor=BEN)
    requests.refuse(request_id, actor=BEN, reason="Not yet, please.")
    assert request_queries.get(request_id).status == "refused"


def test_a_request_that_nobody_decides_lapses_after_seven_days(app, own_node, heard, later):
    request_id = requests.ask(Wanted("pause", "Something is wrong."), actor=ANN)
    commit()
    later(7 * 86_400 + 1)
    with pytest.raises(Conflict):
        requests.confirm(request_id, actor=BEN)
    assert request_queries.get(request_id).status == "expired"


def test_a_write_that_fails_is_shown_and_can_be_tried_again(app, own_node, heard):
    # An account holds one role at most, so the operator cannot become a recorder.
    other = connection.address_of("operator")
    request_id = requests.begin(
        Wanted("rotate", "A mistake.", role="recorder", new_address=other), actor="cli"
    )
    commit()
    carry()
    found = request_queries.get(request_id)
    assert found.status == "running"
    assert "RoleConflict" in found.problem
    requests.retry(request_id, actor=ANN)
    commit()
    assert request_queries.get(request_id).problem is None
    carry()
    assert "RoleConflict" in request_queries.get(request_id).problem


def test_whoever_changes_rights_on_chain_stands_in_the_audit_log(app, own_node, deployed):
    for _ in range(3):
        look_after()
        outbox.drain_all()
    granted = audit.entries(audit.Filters(action="chain.RoleGranted")).rows
    assert {row.detail["args"]["account"] for row in granted} >= {connection.address_of("operator")}
    assert [row.actor for row in granted] == ["system"] * len(granted)
