"""The blueprint that the pages of payments share."""

from flask import Blueprint

from crowdfund.adapters import gateways
from crowdfund.kernel.i18n import _
from crowdfund.payments.rules import TOKEN, WALLET

bp = Blueprint("payments", __name__)


@bp.app_template_filter()
def gateway_title(name: str) -> str:
    """Return the name of a gateway on pages; a wallet is none, but stands in its place."""
    if name == TOKEN:
        return _("Tokens")
    return _("Wallet") if name == WALLET else gateways.title(name)
