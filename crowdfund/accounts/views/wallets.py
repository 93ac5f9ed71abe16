"""Sign in by a wallet's signature (EIP-4361)."""

from flask import jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from ...errors import CrowdfundError, Invalid
from ..forms.ways import WalletForm
from ..service import wallets
from . import ways
from .blueprint import bp


@bp.post("/sign-in/wallet")
def wallet_ask() -> BaseResponse:
    """Give the page the text that the wallet has to sign."""
    address = request.form.get("address", "")[:100]
    target, referral = ways.asked_target(), ways.referral()
    request_id, text = wallets.ask(address, ways.visitor(), target=target, referral=referral)
    return jsonify(request_id=request_id, text=text)


@bp.post("/sign-in/wallet/proof")
def wallet_prove() -> BaseResponse:
    """Take the signature: sign in, or connect the wallet to who is signed in."""
    form, target = WalletForm(), ways.asked_target()
    try:
        if not form.validate_on_submit():
            raise Invalid(next(iter(form.errors.values()))[0])
        proved = wallets.prove(form.request_id.data, form.signed_bytes(), form.signature.data, ways.visitor())
        if proved.connects:
            return ways.connect_now(proved.way, proved.target)
    except CrowdfundError as error:
        return ways.problem(error, target)
    return ways.arrive(proved.person_id, method="wallet", target=proved.target, is_new=proved.is_new)
