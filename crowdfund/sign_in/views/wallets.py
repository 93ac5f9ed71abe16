"""Sign in by a wallet's signature (EIP-4361)."""

from flask import jsonify, request
from werkzeug.wrappers import Response as BaseResponse

from crowdfund.kernel.errors import CrowdfundError, Invalid
from crowdfund.sign_in.forms import WalletForm
from crowdfund.sign_in.service import wallets
from crowdfund.sign_in.views import external
from crowdfund.sign_in.views.blueprint import bp


@bp.post("/sign-in/wallet")
def wallet_ask() -> BaseResponse:
    """Return the text that the wallet has to sign."""
    address = request.form.get("address", "")[:100]
    target, referral = external.asked_target(), external.referral()
    request_id, text = wallets.ask(address, external.visitor(), target=target, referral=referral)
    return jsonify(request_id=request_id, text=text)


@bp.post("/sign-in/wallet/proof")
def wallet_prove() -> BaseResponse:
    """Check the signature: sign in, or connect the wallet to the signed-in person."""
    form, target = WalletForm(), external.asked_target()
    try:
        if not form.validate_on_submit():
            raise Invalid(next(iter(form.errors.values()))[0])
        proved = wallets.prove(
            form.request_id.data, form.signed_bytes(), form.signature.data, external.visitor()
        )
        if proved.connects:
            return external.connect_now(proved.method, proved.target)
    except CrowdfundError as error:
        return external.problem(error, target)
    return external.arrive(
        proved.person_id, method="wallet", target=proved.target, is_new=proved.is_new
    )
