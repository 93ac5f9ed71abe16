"""The node adapter: fees, refusals in words, calldata, logs, and what it does without a node."""

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from eth_abi.abi import encode
from eth_utils.crypto import keccak

from crowdfund.adapters.chain import abi, answers, fees, signing, values
from crowdfund.adapters.chain import node as chain_node
from crowdfund.chain import connection, queries, rules
from crowdfund.chain.errors import KeyMissing

KEY = "0x" + "11" * 32
ONE = "0x" + "01" * 32


def test_signing_again_gives_the_same_bytes():
    call = signing.Call(values.ZERO, "0x", 21_000)
    first = signing.sign(KEY, call, chain_id=1, nonce=3, fees=fees.Fees(10, 1))
    second = signing.sign(KEY, call, chain_id=1, nonce=3, fees=fees.Fees(10, 1))
    assert first == second


def test_signing_uses_the_fast_library():
    from eth_keys.backends import get_backend

    assert type(get_backend()).__name__ == "CoinCurveECCBackend"


def test_short_bytes_are_refused_instead_of_padded():
    with pytest.raises(abi.BadArguments, match="bytes32 expected"):
        abi.encode("IssuerRegistry", "deactivateIssuer", ["0x01", ONE])


@pytest.mark.parametrize("args", [[ONE], [ONE, "no hex"], [ONE, 5]])
def test_arguments_that_do_not_fit_are_refused(args):
    with pytest.raises(abi.BadArguments):
        abi.encode("IssuerRegistry", "deactivateIssuer", args)


@pytest.mark.parametrize("amount", [7.9, None, [7], "7.9"])
def test_an_amount_that_is_no_whole_number_is_refused_instead_of_rounded(amount):
    with pytest.raises(abi.BadArguments):
        abi.encode("CampaignImplementation", "recordInvestment", [ONE, ONE, amount])


def test_unknown_contracts_and_functions_are_refused():
    with pytest.raises(abi.BadArguments):
        abi.encode("Nothing", "close", [ONE])
    with pytest.raises(abi.BadArguments):
        abi.encode("IssuerRegistry", "nothing", [ONE])


def test_a_struct_may_be_given_by_name_or_in_order():
    names = ("paymentRef", "investorKey", "amount")
    listed = abi.encode("CampaignImplementation", "recordInvestments", [[[ONE, ONE, 7]]])
    named = [dict(zip(names, (ONE, ONE, "7"), strict=True))]
    assert abi.encode("CampaignImplementation", "recordInvestments", [named]) == listed


def test_a_log_of_an_unknown_event_is_left_out():
    assert abi.decode_log("IssuerRegistry", [ONE], b"") is None
    assert abi.decode_log("IssuerRegistry", [], b"") is None


def test_revert_reasons_become_text():
    error = bytes.fromhex("08c379a0") + abi.abi_encode(["string"], ["no more room"])
    assert abi.decode_error(error) == ("Error", "no more room")
    panic = bytes.fromhex("4e487b71") + abi.abi_encode(["uint256"], [0x11])
    assert abi.decode_error(panic) == ("Panic", "Panic(0x11)")
    assert abi.decode_error(b"\1\2\3\4")[0] == "Revert"
    assert abi.decode_error(b"")[1] == "reverted with no reason"


def test_a_read_of_a_contract_gives_plain_values(deployed):
    node = connection.node()
    address = queries.address_of("IssuerRegistry")
    allowed, reason = node.call("IssuerRegistry", address, "canStartCampaign", ONE)
    assert allowed is False
    assert bytes.fromhex(reason[2:]).rstrip(b"\0") == b"not_registered"


def test_a_node_that_hangs_up_leaves_the_outcome_unknown():
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].close(), daemon=True).start()
        node = chain_node.Node(f"http://127.0.0.1:{server.getsockname()[1]}")
        assert node.send_raw("0x00").sent == answers.Sent.UNKNOWN


def test_a_process_has_one_connection_and_another_process_its_own():
    assert chain_node.connect("http://127.0.0.1:1") is chain_node.connect("http://127.0.0.1:1")
    assert chain_node._node_of(1, "http://127.0.0.1:1") is not chain_node.connect(
        "http://127.0.0.1:1"
    )


def test_the_web_application_starts_without_web3_and_checks_a_wallet_without_it(tmp_path):
    code = (
        "import sys; from crowdfund import create_app; from crowdfund.kernel import config; "
        "settings = {'environment': 'test', 'CROWDFUND_DATA_DIR': sys.argv[1]}; "
        "create_app(config.Settings(_env_file=None, **settings)); "
        "early = {'web3', 'eth_account', 'authlib'} & set(sys.modules); "
        "from crowdfund.adapters import oidc, wallet_signature; "
        "wallet_signature.signer('a text', '0x' + '11' * 65); "
        "sys.exit(bool(early) or 'web3' in sys.modules)"
    )
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], cwd=root, check=False)
    assert done.returncode == 0


def test_one_key_cannot_have_two_roles(node):
    for role in rules.ROLES:
        connection.make_key(role)
    connection.check_keys_differ()
    connection.key_path("recorder").write_text(connection.key_of("operator"))
    with pytest.raises(KeyMissing, match="three keys"):
        connection.check_keys_differ()


def test_key_files_can_be_read_by_their_owner_only(node):
    connection.make_key("operator")
    assert connection.key_path("operator").stat().st_mode & 0o077 == 0


WORDS = {
    "bytes32": ("0x" + "ab" * 32, b"\xab" * 32),
    "uint256": (2**256 - 1, 2**256 - 1),
    "address": ("0x5FbDB2315678afecb367f032d93F642f64180aa3",) * 2,
    "bool": (True, True),
    "uint96": (7, 7),
    "uint64": (8, 8),
    "uint8": (9, 9),
}


def _logs():
    """Each event of our contracts whose arguments are single words, with its log."""
    for name in abi.names():
        for event in abi.artifact(name).abi:
            kinds = [one["type"] for one in event.get("inputs", [])]
            if event["type"] == "event" and set(kinds) <= WORDS.keys():
                yield name, event


@pytest.mark.parametrize(
    ("name", "event"), [pytest.param(*one, id=f"{one[0]}.{one[1]['name']}") for one in _logs()]
)
def test_a_log_is_decoded_as_it_was_encoded(name, event):
    words = {one["name"]: WORDS[one["type"]] for one in event["inputs"]}
    kinds = {one["name"]: one["type"] for one in event["inputs"]}
    indexed = [one["name"] for one in event["inputs"] if one["indexed"]]
    plain = [one["name"] for one in event["inputs"] if not one["indexed"]]
    topics = ["0x" + encode([kinds[one]], [words[one][1]]).hex() for one in indexed]
    data = encode([kinds[one] for one in plain], [words[one][1] for one in plain])
    signature = f"{event['name']}({','.join(kinds.values())})"
    decoded = abi.decode_log(name, ["0x" + keccak(text=signature).hex(), *topics], data)
    assert decoded == (event["name"], {one: words[one][0] for one in words})


@pytest.mark.parametrize("data", [b"", b"\x01" * 31], ids=["none", "too short"])
def test_a_log_whose_words_do_not_fit_is_none_of_ours(data):
    topic = "0x" + keccak(text="RecorderCapSet(uint96)").hex()
    assert abi.decode_log("CampaignFactory", [topic], data) is None


def test_an_address_with_more_than_20_bytes_is_none():
    event = "0x" + keccak(text="IssuerWalletProposed(bytes32,address)").hex()
    assert abi.decode_log("CampaignImplementation", [event, ONE, ONE], b"") is None
