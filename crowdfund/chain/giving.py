"""Tokens and gas money for somebody who tries the local chain with a wallet of their own."""

from crowdfund.adapters.chain import abi
from crowdfund.adapters.wallet_signature import checksummed
from crowdfund.chain import connection, deploy, queries, rules
from crowdfund.kernel.errors import Invalid, WrongState
from crowdfund.kernel.i18n import _

GAS = hex(200_000)


def give_tokens(address: str, amount_minor: int) -> None:
    """Mint tokens for an address on a development node, and pay its gas; minor units.

    Raises Invalid for what is no address, WrongState on a real chain, NotDeployed.
    """
    wallet, node = checksummed(address), connection.node()
    if wallet is None or amount_minor <= 0:
        raise Invalid(_("Give an address (0x and 40 hexadecimal digits) and an amount above 0."))
    if not connection.is_local(node):
        raise WrongState(_("Only a development node gives tokens away."))
    deploy.send_gas_money(node, wallet)
    token, admin = queries.address_of("PaymentToken"), connection.address_of("admin")
    node.rpc("anvil_impersonateAccount", admin)
    role = str(node.call("PaymentToken", token, "MINTER_ROLE"))
    for function, args in (
        ("grantRole", (role, admin)),
        ("mint", (wallet, rules.to_units(amount_minor))),
    ):
        data = abi.encode("PaymentToken", function, args)
        tx = {"from": admin, "to": token, "data": data, "gas": GAS}
        node.wait(str(node.rpc("eth_sendTransaction", tx)))
    node.rpc("anvil_stopImpersonatingAccount", admin)
