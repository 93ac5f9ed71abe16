"""Sign in and connect by an identity provider; nobody is taken over by an unverified address."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass

import structlog

from crowdfund.kernel import config, fields
from crowdfund.kernel.errors import CrowdfundError
from crowdfund.people import invitations
from crowdfund.people.service import open_account, person_with
from crowdfund.sign_in.rules.external import Declined, Way, clean_name, identity_value
from crowdfund.sign_in.service import attempts, external, methods
from crowdfund.sign_in.service.attempts import Visitor

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where an answer of the provider leads.

    `person_id` is who enters. Without one, `way` waits until its owner has signed in to the account
    that has its address (`email`) or, with none, has confirmed it.
    """

    target: str
    way: Way
    person_id: str | None = None
    email: str = ""
    connects: bool = False  # someone signed in adds it
    is_new: bool = False  # the account was opened by this


def begin(visitor: Visitor, *, target: str, referral: str = "") -> tuple[str, str]:
    """Begin at the provider; return the attempt's id and where the browser goes.

    In a transaction of its own. Raises ProviderUnavailable, TooManyAttempts.
    """
    from crowdfund.adapters import oidc  # noqa: PLC0415 - pages load without it

    state, nonce, verifier = (
        attempts.new_attempt_id(),
        secrets.token_hex(16),
        secrets.token_urlsafe(48),
    )
    facts = {"nonce": nonce, "verifier": verifier, "target": target, "referral": referral}
    # counted before anyone waits for a provider
    attempts.begin("oidc", facts, visitor, attempt_id=state)
    return state, oidc.provider().address(state=state, nonce=nonce, verifier=verifier)


def arrive(answer: Mapping[str, str], visitor: Visitor) -> Arrival:
    """Judge what the browser brought back from the provider.

    The attempt is used up first. Raises AttemptStale, Declined, ProviderRefused, ProviderUnavailable,
    BelongsToAnother; Forbidden for a closed account.
    """
    from crowdfund.adapters import oidc  # noqa: PLC0415 - as above

    attempt = attempts.use_up("oidc", answer.get("state", ""), visitor)
    provider = oidc.provider()
    if not provider.is_issuer(answer.get("iss")):
        raise oidc.ProviderRefused
    if "error" in answer or not answer.get("code"):
        raise _stopped(answer.get("error", ""), oidc.ProviderRefused())
    facts = attempt.facts
    identity = provider.identity(
        answer["code"][:2000], nonce=facts["nonce"], verifier=facts["verifier"]
    )
    try:
        value = identity_value(identity.issuer, identity.subject)
    except ValueError as error:
        raise oidc.ProviderRefused from error
    address = _normal(identity.email)
    name = config.settings().oidc_name
    way = Way("oidc", value, f"{name} ({address})" if address else name)
    if attempt.person_id is not None:
        return Arrival(facts["target"], way, attempt.person_id, connects=True)
    if person_id := external.enter_by(way):
        return Arrival(facts["target"], way, person_id)
    return _newcomer(way, facts, address if identity.email_verified else "", identity.name)


def _stopped(error: str, refused: CrowdfundError) -> CrowdfundError:
    log.info("oidc.error", error=error[:40] if error.isidentifier() else "?")
    declined = error in (
        "access_denied",
        "login_required",
        "consent_required",
        "interaction_required",
    )
    return Declined(config.settings().oidc_name) if declined else refused


def _newcomer(way: Way, facts: Mapping[str, str], address: str, name: str) -> Arrival:
    """Open an account, unless the address has one: its owner has to prove that first."""
    if address and person_with("email", address):
        return Arrival(facts["target"], way, email=address)
    person_id = open_account(
        way.kind, way.value, email=address or None, name=clean_name(name), label=way.label,
        sponsor_id=invitations.sponsor_of(facts["referral"]),
    )  # fmt: skip
    if address:  # verified there, so a code to it opens the same account
        methods.attach(person_id, "email", address)
    return Arrival(facts["target"], way, person_id, is_new=True)


def _normal(email: str) -> str:
    """Return an address in its normal form, or nothing: a provider may say what it likes."""
    try:
        return fields.normal_email(email)
    except CrowdfundError:
        return ""
