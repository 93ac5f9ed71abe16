"""Put the contracts on chain and give out the roles; running it again changes nothing."""

from collections.abc import Callable
from zoneinfo import ZoneInfo

from eth_utils.address import to_checksum_address

from crowdfund.adapters.chain import abi, answers, signing
from crowdfund.adapters.chain.node import Node
from crowdfund.adapters.chain.values import Receipt
from crowdfund.chain import connection, fees, queries, rules, service
from crowdfund.chain.errors import ChainChanged
from crowdfund.chain.models import Block
from crowdfund.kernel import clock, config, money
from crowdfund.kernel.errors import Unavailable

Say = Callable[[str], None]
NAMES = ("PaymentToken", "IssuerRegistry", "FundEscrow", "CampaignFactory")
GAS_MONEY = 10**19  # wei, on a development chain


class DeployFailed(Unavailable):
    """A contract could not be put on chain."""

    code = "deploy_failed"


def run(say: Say, commit: Callable[[], None]) -> dict[str, str]:
    """Deploy what is missing, grant roles, store addresses; returns name → address.

    `commit` is called after each contract, so that an interrupted run continues where it stopped.
    Raises ChainChanged, KeyMissing, NodeUnreachable, FeeAboveLimit, DeployFailed.
    """
    node = connection.node()
    connection.check_chain(node, queries.cursor())
    if config.settings().environment != "production":
        for role in (*rules.ROLES, "treasury"):
            connection.make_key(role)
    connection.check_keys_differ()
    if connection.is_local(node):
        _fund(node, say)
    head = node.head()
    block = Block(number=head.number, hash=head.hash, parent=head.parent, timestamp=head.timestamp)
    service.begin_reading(chain_id=config.settings().chain_id, genesis=node.genesis(), block=block)
    commit()
    found: dict[str, str] = {}
    for name in NAMES:
        found[name] = _contract(node, name, found, say)
        commit()
    _grant(node, found, say)
    _allow_token(node, found, say)
    _set_cap(node, found["CampaignFactory"], say)
    _watch_implementation(node, found["CampaignFactory"])
    commit()
    return found


def _fund(node: Node, say: Say) -> None:
    """Give the signers gas money from the node's own first account (development only)."""
    for role in rules.ROLES:
        address = connection.address_of(role)
        if _give_gas_money(node, address):
            say(f"funded {role} {address}")


def send_gas_money(node: Node, address: str) -> bool:
    """Return whether an account can pay for gas; a development node gives it some."""
    if node.balance(address):
        return True
    if connection.is_local(node):
        _give_gas_money(node, address)
    return bool(node.balance(address))


def is_foreign(name: str) -> bool:
    """Return whether a contract is not ours but named by a CONTRACT_* variable."""
    return bool(queries.given_address(name))


def _give_gas_money(node: Node, address: str) -> bool:
    accounts = node.rpc("eth_accounts")
    if not isinstance(accounts, list) or not accounts:
        return False
    if node.balance(address) >= GAS_MONEY // 100:
        return False
    price = hex(node.fees().cap)
    tx = {"from": accounts[0], "to": address, "value": hex(GAS_MONEY), "gasPrice": price}
    node.wait(str(node.rpc("eth_sendTransaction", tx)))
    return True


def _contract(node: Node, name: str, found: dict[str, str], say: Say) -> str:
    known = _known(name)
    if known is not None:
        code = node.code_hash(known)
        if code is None:
            raise ChainChanged(
                f"{name} should be at {known}, but the chain has no code there. "
                "The node lost state, or CONTRACT_* names a wrong address."
            )
        known = to_checksum_address(known)
        service.watch(known, name, name=name, from_block=node.head().number, code_hash=code)
        say(f"kept     {name} {known}")
        return known
    return _deploy(node, name, _arguments(name, found), say)


def _known(name: str) -> str | None:
    try:
        return queries.address_of(name)
    except Unavailable:
        return None


def _arguments(name: str, found: dict[str, str]) -> list[object]:
    admin = connection.address_of("admin")
    if name == "IssuerRegistry":
        zone = ZoneInfo(config.settings().time_zone)
        offset = clock.now().astimezone(zone).utcoffset()
        return [admin, int(offset.total_seconds()) if offset else 0]
    if name == "CampaignFactory":
        registry, escrow = found["IssuerRegistry"], found["FundEscrow"]
        return [admin, registry, escrow, _treasury()]
    return [admin]


def _treasury() -> str:
    """Return who receives the platform's fee: CHAIN_FEE_RECIPIENT, else a key of ours."""
    return config.settings().chain_fee_recipient or connection.address_of("treasury")


def _deploy(node: Node, name: str, args: list[object], say: Say) -> str:
    data = abi.encode_deploy(name, args)
    receipt = _transact(node, None, data, what=f"deploying {name}")
    address = receipt.contract
    if address is None:
        raise DeployFailed(f"{name} was sent, but the node names no address for it.")
    code = node.code_hash(address)
    service.watch(address, name, name=name, from_block=receipt.block_number, code_hash=code)
    say(f"deployed {name} {address} ({receipt.gas_used:,} gas)")
    return address


def _grant(node: Node, found: dict[str, str], say: Say) -> None:
    """Give each role to its own account, and to the factory what only it may do."""
    operator, recorder = connection.address_of("operator"), connection.address_of("recorder")
    admin = connection.address_of("admin")
    factory = found["CampaignFactory"]
    for name, role, account in (
        ("IssuerRegistry", "OPERATOR_ROLE", operator),
        ("IssuerRegistry", "FACTORY_ROLE", factory),
        ("FundEscrow", "FACTORY_ROLE", factory),
        ("FundEscrow", "PAUSER_ROLE", admin),
        ("CampaignFactory", "OPERATOR_ROLE", operator),
        ("CampaignFactory", "RECORDER_ROLE", recorder),
        ("PaymentToken", "MINTER_ROLE", admin),
    ):
        if is_foreign(name) and name == "PaymentToken":
            continue  # a stablecoin of another issuer
        address = found[name]
        role_id = node.call(name, address, role)
        if not node.call(name, address, "hasRole", role_id, account):
            data = abi.encode(name, "grantRole", [role_id, account])
            _transact(node, address, data, what=f"granting {role} on {name}")
            say(f"granted  {role} on {name} to {account}")


def _allow_token(node: Node, found: dict[str, str], say: Say) -> None:
    factory, token = found["CampaignFactory"], found["PaymentToken"]
    if not node.call("CampaignFactory", factory, "tokenAllowed", token):
        data = abi.encode("CampaignFactory", "allowToken", [token, True])
        _transact(node, factory, data, what="allowing the payment token")
        say(f"allowed  {token} as payment token")


def _set_cap(node: Node, factory: str, say: Say) -> None:
    """Set the recorders' cap of a day where none is set; the admin may have changed it."""
    if node.call("CampaignFactory", factory, "recorderCap"):
        return
    cap = config.settings().chain_recorder_cap_minor
    data = abi.encode("CampaignFactory", "setRecorderCap", [cap])
    _transact(node, factory, data, what="setting the recorder's cap")
    say(f"set      the recorder's cap to {money.fmt(cap)} a day")


def _watch_implementation(node: Node, factory: str) -> None:
    """Store the implementation as a contract of ours, so that it is refused as a wallet."""
    address = str(node.call("CampaignFactory", factory, "implementation"))
    code = node.code_hash(address)
    service.watch(address, "CampaignImplementation", from_block=node.head().number, code_hash=code)


def _transact(node: Node, to: str | None, data: str, *, what: str) -> Receipt:
    """Send one transaction of the admin and wait for its receipt.

    Its nonce comes from the node, and the queue of the admin's other writes skips it.
    """
    key = connection.key_of("admin")
    sender = signing.address_of_key(key)
    try:
        gas = node.estimate(sender, to, data) * 12 // 10
    except answers.Reverted as error:
        raise DeployFailed(f"{what} would fail: {error.text}") from error
    nonce = node.nonce(sender, "pending")
    signed = signing.sign(
        key,
        signing.Call(to, data, gas),
        chain_id=config.settings().chain_id,
        nonce=nonce,
        fees=fees.for_new(node.market()),
    )
    outcome = node.send_raw(signed.raw)
    if outcome.sent not in (answers.Sent.ACCEPTED, answers.Sent.KNOWN):
        raise DeployFailed(f"{what} was refused: {outcome.sent} {outcome.detail}")
    receipt = node.wait(signed.hash)
    if receipt is None or not receipt.ok:
        raise DeployFailed(f"{what} failed in {signed.hash}")
    service.skip_nonce(sender, nonce)
    return receipt


def compare(node: Node) -> list[str]:
    """Return how the contracts on chain differ from what SQL has."""
    problems = []
    rows = queries.contracts()
    for row in rows:
        code = node.code_hash(row.address)
        if code is None:
            problems.append(f"{row.name or row.abi} {row.address}: no code on chain")
        elif row.code_hash and code != row.code_hash:
            problems.append(f"{row.name or row.abi} {row.address}: other code than deployed")
    if not rows:
        problems.append("no contract is deployed: run flask chain deploy")
    return problems
