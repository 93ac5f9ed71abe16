"""Sign in with a passkey alone: the device names the account and has verified its user."""

import base64
import binascii
import secrets
from typing import Any

from crowdfund.people.service import refuse_closed
from crowdfund.security.service import passkeys
from crowdfund.sign_in.service import attempts
from crowdfund.sign_in.service.attempts import Visitor


def ask(visitor: Visitor) -> tuple[str, dict[str, Any]]:
    """Return a new attempt's id and the options of the browser's `credentials.get`.

    In a transaction of its own. Raises TooManyAttempts; Conflict where there are no passkeys.
    """
    challenge, attempt_id = secrets.token_bytes(32), attempts.new_attempt_id()
    options = passkeys.options_for_anybody(challenge)
    facts = {"challenge": base64.b64encode(challenge).decode()}
    attempts.begin("passkey", facts, visitor, attempt_id=attempt_id)
    return attempt_id, options


def prove(attempt_id: str, credential: str, visitor: Visitor) -> str:
    """Return whose passkey has signed the challenge, which is used up first.

    Raises AttemptStale, WrongFactor; Forbidden for a closed account.
    """
    attempt = attempts.use_up("passkey", attempt_id, visitor)
    challenge = binascii.a2b_base64(attempt.facts["challenge"])
    person_id = passkeys.identify(challenge, credential)
    refuse_closed(person_id)
    return person_id
