"""Passkeys: a device signs our challenge after it has verified its user (WebAuthn, level 3)."""

import hashlib
import json
import struct
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import sqlalchemy as sa

from crowdfund.kernel import clock, config
from crowdfund.kernel.db import db, insert_ignore, new_id, own_transaction, rows_changed
from crowdfund.kernel.errors import Conflict, Invalid, NotFound, TooMany
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _, ngettext
from crowdfund.people import queries
from crowdfund.security import queries as security_queries
from crowdfund.security import rules
from crowdfund.security.models import Passkey, PasskeyChallenge
from crowdfund.security.rows import PublicKeyRow
from crowdfund.security.service import history, second_factor

# ruff: noqa: PLC0415 - webauthn costs 5 MB and 50 ms at start, and few requests use it
if TYPE_CHECKING:
    from webauthn.helpers.structs import PublicKeyCredentialDescriptor

_P, _C = Passkey.__table__, PasskeyChallenge.__table__
ALGORITHMS = (-7, -8, -257)  # ES256, EdDSA, RS256 in the registry of COSE
_UNREADABLE = (ValueError, LookupError, TypeError, AttributeError, RecursionError, struct.error)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser sends back: which challenge it answers, and the credential as JSON."""

    challenge_id: str
    credential: str


def relying_party() -> str | None:
    """Return the host of PUBLIC_URL, to which passkeys are bound; None for a bare IP address.

    WebAuthn allows no address. Only PUBLIC_URL's host, so that a passkey created through another
    host of ours is not lost with that host.
    """
    host = urlsplit(config.settings().public_url).hostname or ""
    is_address = ":" in host or host.replace(".", "").isdigit()
    return None if is_address or not host else host


def begin_adding(person_id: str) -> tuple[str, dict[str, Any]]:
    """Return a new challenge's id and the options of the browser's `credentials.create`."""
    person = queries.get(person_id)
    if person is None:
        raise NotFound(_("There is no such person."))
    if len(security_queries.passkeys(person_id)) >= rules.MAX_PASSKEYS:
        text = ngettext(
            "You have %(num)s passkey. Remove one first.",
            "You have %(num)s passkeys. Remove one first.",
            rules.MAX_PASSKEYS,
        )
        raise Conflict(text)
    import webauthn
    from webauthn.helpers import structs
    from webauthn.helpers.cose import COSEAlgorithmIdentifier

    options = webauthn.generate_registration_options(
        rp_id=_named(),
        rp_name=rules.ISSUER,
        user_id=person_id.encode(),
        user_name=person.known_as,
        user_display_name=person.name,
        authenticator_selection=structs.AuthenticatorSelectionCriteria(
            resident_key=structs.ResidentKeyRequirement.PREFERRED,
            user_verification=structs.UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=_descriptors(person_id),
        # Windows asks for RS256 beside ES256, or its older devices make no passkey.
        supported_pub_key_algs=[COSEAlgorithmIdentifier(number) for number in ALGORITHMS],
    )
    challenge_id = _store_challenge(person_id, "create", options.challenge)
    return challenge_id, json.loads(webauthn.options_to_json(options))


def begin_proving(person_id: str) -> tuple[str, dict[str, Any]]:
    """Return a new challenge's id and the options of the browser's `credentials.get`."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=_named(),
        allow_credentials=_descriptors(person_id),
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    challenge_id = _store_challenge(person_id, "get", options.challenge)
    return challenge_id, json.loads(webauthn.options_to_json(options))


def add(person_id: str, answer: Answer, *, name: str) -> None:
    """Store a passkey that a device has just created. Raises Invalid, Conflict.

    Call it before the request's transaction begins: the challenge is used up in one of its own.
    """
    import webauthn

    challenge = _use_up(person_id, "create", answer.challenge_id)
    try:
        created = webauthn.verify_registration_response(
            credential=answer.credential,
            expected_challenge=challenge,
            expected_rp_id=_named(),
            expected_origin=config.settings().public_url,
            require_user_verification=True,
        )
    except _broken() as error:
        text = _("The device's answer was not valid. Nothing was changed. Try again.")
        raise Invalid(text) from error
    row = {
        "id": new_id(),
        "person_id": person_id,
        "name": _name(name),
        "sign_count": created.sign_count,
        "credential_hash": hashlib.sha256(created.credential_id).hexdigest(),
        "credential_id": _text(created.credential_id),
        "public_key": _text(created.credential_public_key),
        "transports": _transports(answer.credential),
        "added_at": clock.now(),
        "used_at": None,
    }
    if not insert_ignore(_P, [row]):
        raise Conflict(_("This passkey already belongs to an account."))
    detail, notice = f"passkey {row['name']}", {"what": "passkey"}
    history.note(person_id, "second_factor_added", actor=person_id, detail=detail, notice=notice)


def prove(person_id: str, answer: Answer) -> None:
    """Check a device's signature over our challenge. Raises WrongFactor.

    Call it before the request's transaction begins: the challenge is used up in one of its own.
    """
    challenge = _use_up(person_id, "get", answer.challenge_id)
    key = _public_key(answer.credential)
    if key.person_id != person_id:
        raise _wrong()
    _verify(key, challenge, answer.credential)


def options_for_anybody(challenge: bytes) -> dict[str, Any]:
    """Return the options of `credentials.get` for any passkey that a device has for this site."""
    import webauthn
    from webauthn.helpers.structs import UserVerificationRequirement

    options = webauthn.generate_authentication_options(
        rp_id=_named(),
        challenge=challenge,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return dict(json.loads(webauthn.options_to_json(options)))


def identify(challenge: bytes, credential: str) -> str:
    """Return the id of the person whose passkey has signed a challenge. Raises WrongFactor."""
    try:
        key = _public_key(credential)
        _verify(key, challenge, credential)
    except rules.WrongFactor as error:
        text = _("The passkey was not accepted. Nobody was signed in. Sign in another way.")
        raise rules.WrongFactor(text) from error
    return key.person_id


def _verify(key: PublicKeyRow, challenge: bytes, credential: str) -> None:
    """Check a signature and note its use. Raises WrongFactor."""
    import webauthn

    try:
        verified = webauthn.verify_authentication_response(
            credential=credential,
            expected_challenge=challenge,
            expected_rp_id=_named(),
            expected_origin=config.settings().public_url,
            credential_public_key=_bytes(key.public_key),
            credential_current_sign_count=key.sign_count,
            require_user_verification=True,
        )
    except _broken() as error:
        raise _wrong() from error
    # A counter that does not grow means a copied key, unless the device does not count at all.
    count = verified.new_sign_count
    grows = _P.c.sign_count < count if count else _P.c.sign_count == 0
    used = sa.update(_P).where(_P.c.id == key.id, grows)
    if rows_changed(used.values(sign_count=count, used_at=clock.now())) != 1:
        raise _wrong()


def remove(person_id: str, passkey_id: str) -> None:
    """Remove a passkey. Raises NotFound for another's."""
    mine = sa.and_(_P.c.id == passkey_id, _P.c.person_id == person_id)
    name = db.session.scalar(sa.select(_P.c.name).where(mine))
    if name is None or rows_changed(sa.delete(_P).where(mine)) != 1:
        raise NotFound(_("There is no such passkey."))
    second_factor.after_removal(person_id, "passkey", actor=person_id, detail=name)


@lru_cache(maxsize=1)
def _broken() -> tuple[type[Exception], ...]:
    """Return what webauthn and its parsers raise for an invalid answer."""
    from webauthn.helpers.exceptions import WebAuthnException

    return (WebAuthnException, *_UNREADABLE)


def _bytes(text: str) -> bytes:
    from webauthn.helpers import base64url_to_bytes

    return base64url_to_bytes(text)


def _text(data: bytes) -> str:
    from webauthn.helpers import bytes_to_base64url

    return bytes_to_base64url(data)


def _named() -> str:
    name = relying_party()
    if name is None:
        raise Conflict(_("Passkeys need a host name in PUBLIC_URL. Use an authenticator app."))
    return name


def _name(text: str) -> str:
    ask = _("Give the passkey a name of at most 60 characters.")
    return texts.line(text, "name", ask, most=60, least=1)


def _descriptors(person_id: str) -> "list[PublicKeyCredentialDescriptor]":
    from webauthn.helpers.structs import AuthenticatorTransport, PublicKeyCredentialDescriptor

    known = {one.value: one for one in AuthenticatorTransport}
    return [
        PublicKeyCredentialDescriptor(
            id=_bytes(row.credential_id),
            transports=[known[name] for name in row.transports.split() if name in known] or None,
        )
        for row in security_queries.passkeys(person_id)
    ]


def _transports(credential: str) -> str:
    from webauthn.helpers.structs import AuthenticatorTransport

    found = json.loads(credential).get("response", {}).get("transports", [])
    known = {one.value for one in AuthenticatorTransport}
    return " ".join(name for name in found if name in known) if isinstance(found, list) else ""


def _store_challenge(person_id: str, purpose: str, challenge: bytes) -> str:
    challenge_id, now = new_id(), clock.now()
    recent = sa.select(sa.func.count()).where(
        _C.c.person_id == person_id,
        _C.c.made_at > now - rules.CHALLENGE_LIFETIME,
        _C.c.made_at <= now + clock.CLOCKS_DIFFER,
    )
    if (db.session.scalar(recent) or 0) >= rules.MAX_CHALLENGES:
        raise TooMany(_("You have requested this too often. Wait five minutes and try again."))
    row = {
        "id": challenge_id,
        "person_id": person_id,
        "purpose": purpose,
        "challenge": _text(challenge),
        "made_at": now,
        "expires_at": now + rules.CHALLENGE_LIFETIME,
        "used_at": None,
    }
    db.session.execute(sa.insert(_C).values(row))
    return challenge_id


def _use_up(person_id: str, purpose: str, challenge_id: str) -> bytes:
    """Mark a challenge as used, whatever the answer is, and return it. Raises WrongFactor."""
    is_usable = sa.and_(
        _C.c.id == challenge_id,
        _C.c.person_id == person_id,
        _C.c.purpose == purpose,
        _C.c.used_at.is_(None),
        _C.c.expires_at > clock.now(),
    )
    with own_transaction() as connection:
        used = connection.execute(sa.update(_C).where(is_usable).values(used_at=clock.now()))
        challenge = connection.scalar(sa.select(_C.c.challenge).where(_C.c.id == challenge_id))
    if used.rowcount != 1:
        raise _wrong()
    return _bytes(str(challenge))


def _public_key(credential: str) -> PublicKeyRow:
    try:
        raw = _bytes(str(json.loads(credential)["id"]))
    except _broken() as error:
        raise _wrong() from error
    found = security_queries.public_key(hashlib.sha256(raw).hexdigest())
    if found is None:
        raise _wrong()
    return found


def _wrong() -> rules.WrongFactor:
    return rules.WrongFactor(
        _("The passkey was not accepted. Try again, or use another method below.")
    )
