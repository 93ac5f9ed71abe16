"""Sign in and connect by a wallet's signature over a text that we built and stored (EIP-4361)."""

import secrets
from dataclasses import dataclass

from crowdfund.adapters import contract_signature, wallet_signature
from crowdfund.kernel import clock, config
from crowdfund.people import invitations
from crowdfund.people.rules import Newcomer
from crowdfund.people.service import open_account
from crowdfund.sign_in.rules import wallets as wallet_rules
from crowdfund.sign_in.rules.attempts import ATTEMPT_LIFETIME
from crowdfund.sign_in.rules.external import ExternalMethod
from crowdfund.sign_in.service import attempts, external
from crowdfund.sign_in.service.attempts import Visitor


def _ask_contract(address: str, text: str, signature: str) -> None:
    """Ask a contract wallet whether the signature is its own (EIP-1271). Raises WalletRefused."""
    try:
        if contract_signature.is_valid(address, text, signature):
            return
    except contract_signature.NotAsked as error:
        if wallet_rules.is_of_contract(signature):
            raise wallet_rules.not_asked() from error
    raise wallet_rules.why_refused(signature)


@dataclass(frozen=True, slots=True)
class Proved:
    """A proved wallet, and the person who signs in with it or (`connects`) adds it."""

    target: str
    method: ExternalMethod
    person_id: str
    connects: bool = False
    is_new: bool = False


def ask(address: str, visitor: Visitor, *, target: str, referral: str = "") -> tuple[str, str]:
    """Build and store the text that a wallet has to sign; return the request's id and the text.

    In a transaction of its own. Raises NoAddress, TooManyAttempts.
    """
    right = wallet_signature.checksummed(address)
    if right is None:
        raise wallet_rules.NoAddress
    settings, now = config.settings(), clock.now().replace(microsecond=0)
    request = wallet_rules.Request(
        site=wallet_rules.site_of(settings.public_url),
        address=right,
        statement=wallet_rules.STATEMENTS["connect" if visitor.person_id else "sign_in"],
        uri=f"{settings.public_url}/sign-in",
        chain_id=settings.chain_id,
        nonce=secrets.token_hex(12),
        issued_at=now,
        expires_at=now + ATTEMPT_LIFETIME,
        request_id=attempts.new_attempt_id(),
    )
    text = wallet_rules.text_of(request)
    facts = {"address": right, "text": text, "target": target, "referral": referral}
    attempts.begin("wallet", facts, visitor, attempt_id=request.request_id)
    return request.request_id, text


def prove(request_id: str, text: bytes, signature: str, visitor: Visitor) -> Proved:
    """Check a signature; the request is used up first, whatever the result.

    The text that is sent back must be the stored one byte for byte; the address is recovered from
    the stored one. An unknown wallet opens an account. Raises AttemptStale, WalletRefused;
    Forbidden for a closed account.
    """
    attempt = attempts.use_up("wallet", request_id, visitor)
    facts = attempt.facts
    if not secrets.compare_digest(text, facts["text"].encode()):
        raise wallet_rules.altered()
    signer = facts["address"]
    if wallet_signature.signer(facts["text"], signature) != signer:
        _ask_contract(signer, facts["text"], signature)
    method = ExternalMethod("wallet", signer, wallet_rules.short(signer))
    if attempt.person_id is not None:
        return Proved(facts["target"], method, attempt.person_id, connects=True)
    if person_id := external.enter_by(method):
        return Proved(facts["target"], method, person_id)
    newcomer = Newcomer(sponsor_id=invitations.sponsor_of(facts["referral"]))
    opened = open_account("wallet", method.value, newcomer, label=method.label)
    return Proved(facts["target"], method, opened, is_new=True)
