"""Obstacles on the way to the chain, as sentences."""

from crowdfund.kernel.errors import Conflict, Unavailable


class NotDeployed(Unavailable):
    """No address is known for a contract."""

    code = "contract_not_deployed"


class IntentConflict(Conflict):
    """The same intent id was used for another call before."""

    code = "intent_conflict"


class FeeAboveLimit(Unavailable):
    """The network asks more for gas than the operator allows."""

    code = "chain_fee_above_limit"


class KeyMissing(Unavailable):
    """No private key for a signer role."""

    code = "chain_key_missing"


class ChainChanged(Unavailable):
    """The node serves another chain than the one that the database knows."""

    code = "chain_changed"
