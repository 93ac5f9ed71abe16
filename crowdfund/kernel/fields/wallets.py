"""Addresses of wallets that people type; pure."""

import re

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields.characters import trimmed
from crowdfund.kernel.i18n import _

_ADDRESS = re.compile(r"0x[0-9a-fA-F]{40}", re.ASCII)


def wallet(text: object, field: str) -> str:
    """Return an address with a correct EIP-55 checksum. Raises Invalid.

    All-lower-case addresses have no checksum; a typing mistake in one would send a whole raise
    to nobody, so they are refused.
    """
    address = trimmed(text)
    if not _ADDRESS.fullmatch(address):
        raise Invalid(_("Enter an address of 0x and 40 letters and digits."), field=field)
    if not int(address, 16):
        raise Invalid(_("Money sent to the zero address is lost. Enter your own."), field=field)
    # 5 MB and 35 ms, for one field
    from eth_utils.address import is_checksum_address  # noqa: PLC0415

    if not is_checksum_address(address):
        sentence = _(
            "The checksum does not match. "
            "Copy the address from your wallet with its capital letters."
        )
        raise Invalid(sentence, field=field)
    return address
