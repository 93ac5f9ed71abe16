"""Sign in and connect by an identity provider; an unverified address opens no account."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from crowdfund.kernel import config
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.fields import contacts
from crowdfund.people import invitations
from crowdfund.people.rules import Newcomer
from crowdfund.people.service import open_account, person_with
from crowdfund.sign_in.rules.external import Declined, ExternalMethod, clean_name, identity_value
from crowdfund.sign_in.service import attempts, external, methods
from crowdfund.sign_in.service.attempts import Visitor

log = structlog.get_logger()
_DECLINED = ("access_denied", "login_required", "consent_required", "interaction_required")


@dataclass(frozen=True, slots=True)
class Arrival:
    """The result of a provider's answer.

    `person_id` is the person who signs in. Without one, `method` is pending until its owner has
    signed in to the account that has its address (`email`).
    """

    target: str
    method: ExternalMethod
    person_id: str | None = None
    email: str = ""
    connects: bool = False  # the person is signed in and adds it
    is_new: bool = False  # this opened the account


def begin(visitor: Visitor, *, target: str, referral: str = "") -> tuple[str, str]:
    """Start a sign-in at the provider; return the attempt's id and the provider's address.

    In a transaction of its own. Raises ProviderUnavailable, TooManyAttempts.
    """
    from crowdfund.adapters import oidc  # noqa: PLC0415 - pages load without it

    state, nonce = attempts.new_attempt_id(), secrets.token_hex(16)
    verifier = secrets.token_urlsafe(48)
    facts = {"nonce": nonce, "verifier": verifier, "target": target, "referral": referral}
    # Counted before the request to the provider, which may be slow.
    attempts.begin("oidc", facts, visitor, attempt_id=state)
    return state, oidc.provider().address(state=state, nonce=nonce, verifier=verifier)


def arrive(answer: Mapping[str, str], visitor: Visitor) -> Arrival:
    """Check the provider's answer, which the browser has delivered.

    The attempt is used up first. Raises AttemptStale, Declined, ProviderRefused,
    ProviderUnavailable, BelongsToAnother; Forbidden for a closed account.
    """
    from crowdfund.adapters import oidc  # noqa: PLC0415 - as above

    attempt = attempts.use_up("oidc", answer.get("state", ""), visitor)
    provider = oidc.provider()
    if not provider.is_issuer(answer.get("iss")):
        raise oidc.ProviderRefused
    if "error" in answer or not answer.get("code"):
        raise _refusal(answer.get("error", ""), oidc.ProviderRefused())
    facts, code = attempt.facts, answer["code"][:2000]
    identity = provider.identity(code, nonce=facts["nonce"], verifier=facts["verifier"])
    address = _normal(identity.email)
    try:
        method = _method(identity.issuer, identity.subject, address)
    except ValueError as error:
        raise oidc.ProviderRefused from error
    if attempt.person_id is not None:
        return Arrival(facts["target"], method, attempt.person_id, connects=True)
    if person_id := external.enter_by(method):
        return Arrival(facts["target"], method, person_id)
    return _newcomer(method, facts, address if identity.email_verified else "", identity.name)


def _method(issuer: str, subject: str, address: str) -> ExternalMethod:
    """Return the sign-in method of an identity; raises ValueError when it is too long to store."""
    name = config.settings().oidc_name
    label = f"{name} ({address})" if address else name
    return ExternalMethod("oidc", identity_value(issuer, subject), label)


def _refusal(error: str, refused: CrowdfundError) -> CrowdfundError:
    log.info("oidc.error", error=error[:40] if error.isidentifier() else "?")
    return Declined(config.settings().oidc_name) if error in _DECLINED else refused


def _newcomer(method: ExternalMethod, facts: Mapping[str, str], address: str, name: str) -> Arrival:
    """Open an account, unless the address has one: its owner has to prove that first."""
    if address and person_with("email", address):
        return Arrival(facts["target"], method, email=address)
    newcomer = Newcomer(
        email=address or None,
        name=clean_name(name),
        sponsor_id=invitations.sponsor_of(facts["referral"]),
    )
    person_id = open_account(method.kind, method.value, newcomer, label=method.label)
    if address:  # verified there, so a code to it opens the same account
        methods.attach(person_id, "email", address)
    return Arrival(facts["target"], method, person_id, is_new=True)


def _normal(email: str) -> str:
    """Return an address in its normal form; empty if the provider's value is no address."""
    try:
        return contacts.email(email)
    except CrowdfundError:
        return ""
