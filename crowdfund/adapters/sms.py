"""SMS by a gateway over HTTP; printed in development without one, collected in a list in tests.

The gateway takes `POST SMS_API_URL` with `Authorization: Bearer SMS_API_KEY`, `Idempotency-Key`
(our message id: a repeat is not sent twice) and the JSON `{"to": E.164, "from": SMS_SENDER, "text":
…}`. 2xx: taken. 409: taken before. 400, 404, 413, 422: refused for good. Anything else, or no
answer in time: try again later with the same key.
"""

import json
import sys
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from crowdfund.kernel import config
from crowdfund.kernel.errors import CrowdfundError, Unavailable

if TYPE_CHECKING:
    import urllib3

CONNECT_S, READ_S = 5, 10
_TAKEN_BEFORE = 409
_FOR_GOOD = (400, 404, 413, 422)
_MAX_ANSWER = 4096


@dataclass(frozen=True, slots=True)
class Sms:
    """One message as it went out."""

    to: str
    text: str
    message_id: str


OUTBOX: list[Sms] = []  # what a test process without SMS_API_URL has "sent"


class SmsRefused(CrowdfundError):
    """The gateway will never take this message; a repeat is useless."""

    status = 422
    code = "sms_refused"


def is_offered() -> bool:
    """Return whether codes and notices can go to mobiles here."""
    settings = config.settings()
    return bool(settings.sms_api_url) or settings.environment != "production"


def reaches(number: str) -> bool:
    """Return whether SMS go to a number in E.164: one of SMS_REGIONS, and none that costs extra.

    Satellite and other international networks belong to no region.
    """
    import phonenumbers

    try:
        parsed = phonenumbers.parse(number, None)
    except phonenumbers.NumberParseException:
        return False
    kinds = phonenumbers.PhoneNumberType
    costly = (
        kinds.PREMIUM_RATE,
        kinds.SHARED_COST,
        kinds.PERSONAL_NUMBER,
        kinds.TOLL_FREE,
        kinds.UAN,
        kinds.VOICEMAIL,
        kinds.PAGER,
    )
    is_costly = phonenumbers.number_type(parsed) in costly
    if is_costly or not phonenumbers.is_possible_number(parsed):
        return False
    return phonenumbers.region_code_for_number(parsed) in config.settings().sms_regions


def send(to_number: str, text: str, *, message_id: str) -> None:
    """Send one SMS to a number in E.164; the same message id is sent once by the gateway.

    Raises SmsRefused for good, Unavailable when it is worth another try. Neither says number or
    text.
    """
    settings = config.settings()
    if not reaches(to_number):
        raise SmsRefused("No SMS goes to a number like this (SMS_REGIONS).")
    if settings.sms_api_url:
        _post(settings, to_number, text, message_id)
    elif settings.environment == "test":
        OUTBOX.append(Sms(to_number, text, message_id))
    elif settings.environment == "development":
        sys.stderr.write(f"SMS to {to_number}: {text}\n")
    else:
        raise Unavailable("SMS_API_URL is not set, so no SMS goes out.")


def _post(settings: config.Settings, to_number: str, text: str, message_id: str) -> None:
    import urllib3

    timeout = urllib3.Timeout(connect=CONNECT_S, read=READ_S)
    body = json.dumps({"to": to_number, "from": settings.sms_sender, "text": text}).encode()
    headers = {
        "Authorization": f"Bearer {settings.sms_api_key}",
        "Content-Type": "application/json",
        "Idempotency-Key": message_id,
    }
    try:
        answer = _pool().request(
            "POST",
            settings.sms_api_url,
            body=body,
            headers=headers,
            timeout=timeout,
            redirect=False,
            preload_content=False,
        )
        answer.read(_MAX_ANSWER)
        answer.release_conn()
    except urllib3.exceptions.HTTPError as error:
        raise Unavailable(f"The SMS gateway does not answer: {type(error).__name__}.") from error
    if answer.status in _FOR_GOOD:
        raise SmsRefused(f"The SMS gateway refused the message with {answer.status}.")
    if answer.status // 100 != 2 and answer.status != _TAKEN_BEFORE:
        raise Unavailable(f"The SMS gateway answered {answer.status}.")


@lru_cache(maxsize=1)
def _pool() -> "urllib3.PoolManager":
    import urllib3

    return urllib3.PoolManager(maxsize=4, retries=False)
