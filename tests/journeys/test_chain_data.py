"""What really stands on the chain after the demo story: nothing about any person."""

import re

import httpx


def test_no_transaction_and_no_event_on_the_chain_holds_anything_about_a_person(world):
    client = httpx.Client(timeout=20)

    def rpc(method, *params):
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return client.post(world.stack.env["CHAIN_RPC_URL"], json=body).json()["result"]

    numbers = range(int(rpc("eth_blockNumber"), 16) + 1)
    blocks = [rpc("eth_getBlockByNumber", hex(number), True) for number in numbers]
    calls = [call["input"] for block in blocks for call in block["transactions"]]
    events = [
        entry["data"] for entry in rpc("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})
    ]
    assert len(calls) > 10
    assert len(events) > 10
    people = world.rows(
        "SELECT email, phone, first_name || ' ' || last_name, last_name FROM person"
    )
    contacts = world.rows(
        "SELECT contact_name, contact_email, contact_phone, street, tin FROM company"
    )
    facts = world.rows("SELECT legal_name, street FROM kyc_file")
    wanted = {str(value).lower() for row in (*people, *contacts, *facts) for value in row if value}
    wanted = {value for value in wanted if len(value.strip()) >= 5}
    assert len(wanted) > 40
    said = "\n".join(bytes.fromhex(one[2:]).decode("latin-1").lower() for one in (*calls, *events))
    assert sorted(value for value in wanted if value in said) == []


def test_after_the_demo_story_books_and_contracts_agree_and_everybody_can_see_it(world):
    """Each campaign of the story that has a contract, and nothing that only one side has."""
    deployed = world.rows("SELECT COUNT(*) FROM campaign WHERE contract_address IS NOT NULL")[0][0]
    assert deployed >= 3
    # compares everything from the first block on, and keeps the result
    world.stack.flask("selfcheck")
    answer = httpx.get(f"{world.stack.url('web')}/transparency/drift", timeout=20)
    text = " ".join(re.sub(r"<[^>]+>", " ", answer.text).split())
    assert answer.status_code == 200
    assert "0 differences" in text
    assert f"Contracts compared {deployed}" in text
    assert "does not answer" not in text
    failures = (
        "SELECT COUNT(*) FROM contract_comparison WHERE failure IS NOT NULL OR differences <> '[]'"
    )
    assert world.rows(failures) == [(0,)]
