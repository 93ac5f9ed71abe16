"""The operator's signed admission to invest tokens; without it the contract refuses everyone.

The caller has reserved the room in SQL before, under the same intent. An admission costs no
gas, ends by itself, and is worth nothing once the operator's key has lost its role.
"""

from datetime import datetime
from typing import Any

from crowdfund.adapters import admission
from crowdfund.chain import rules
from crowdfund.kernel import config


def sign(
    campaign: str,
    *,
    intent_id: str,
    investor: str,
    amount_minor: int,
    valid_until: datetime,
    already_units: int = 0,
) -> list[Any]:
    """Return the admission of one wallet to one investment, to be passed to `invest`; minor units.

    `campaign` is the address of its contract, `already_units` all that the wallet ever paid in, in
    token units: the contract compares it, so an admission is good for one investment. Raises
    KeyMissing.
    """
    return sign_for(
        campaign,
        intent=rules.intent_bytes32(intent_id),
        investor=investor,
        amount_minor=amount_minor,
        valid_until=valid_until,
        already_units=already_units,
    )


def sign_for(
    campaign: str,
    *,
    intent: str,
    investor: str,
    amount_minor: int,
    valid_until: datetime,
    already_units: int = 0,
) -> list[Any]:
    """Do what `sign` does, with the intent as the contract has it (0x hex)."""
    from crowdfund.chain import connection  # noqa: PLC0415 - loads web3, which web processes do not

    leave = admission.Leave(
        intent=intent,
        investor=investor,
        units=rules.to_units(amount_minor),
        valid_until=int(valid_until.timestamp()),
        already=already_units,
    )
    return admission.sign(
        leave,
        campaign=campaign,
        chain_id=config.settings().chain_id,
        key=connection.key_of("operator"),
    )
