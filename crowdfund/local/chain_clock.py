"""The time of a local chain node, which moves with the clock of the platform.

The node runs up to two seconds ahead. So a deadline that has passed for us has passed for the
contract, which takes records of money for longer than we take money.
"""

from datetime import datetime

from crowdfund.kernel import clock
from crowdfund.local import rpc

AHEAD_S = 1  # besides the second that rounding leaves
BEHIND_S = 2  # a node that was started anew is behind by the whole offset


def is_movable(url: str) -> bool:
    """Return whether the node's time can be set; raises RpcError if it does not answer."""
    return str(rpc.call(url, "web3_clientVersion")).lower().startswith("anvil")


def set_to(url: str, moment: datetime) -> None:
    """Let the node go on from a moment, and make a block there; raises RpcError."""
    rpc.call(url, "evm_setTime", int(moment.timestamp()) + 1 + AHEAD_S)
    rpc.call(url, "evm_mine")


def head(url: str) -> int:
    """Return the number of the newest block; raises RpcError."""
    return int(rpc.call(url, "eth_blockNumber"), 16)


def catch_up(url: str) -> bool:
    """Bring a node that is behind a moved clock to its time; return whether it was behind."""
    now = clock.now()
    if not clock.moved_by:
        return False
    pending = rpc.call(url, "eth_getBlockByNumber", "pending", False)
    if int(pending["timestamp"], 16) >= now.timestamp() - BEHIND_S:
        return False
    set_to(url, now)
    return True
