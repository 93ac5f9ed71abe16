"""Signed links to unsubscribe from a kind of e-mail without signing in."""

from itsdangerous import BadSignature, URLSafeSerializer

from crowdfund.kernel import config, keys
from crowdfund.kernel.errors import NotFound
from crowdfund.notifications.kinds import KINDS


def unsubscribe_url(person_id: str, kind: str) -> str:
    """Return the link to unsubscribe a person from a kind. It does not expire: people keep mail."""
    return f"{config.settings().public_url}/unsubscribe/{_serializer().dumps([person_id, kind])}"


def read(token: str) -> tuple[str, str]:
    """Return person and kind of a link; raises NotFound for one that is not ours."""
    try:
        person_id, kind = _serializer().loads(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFound(_SENTENCE) from error
    if kind not in KINDS or KINDS[kind].mandatory:
        raise NotFound(_SENTENCE)
    return str(person_id), str(kind)


_SENTENCE = (
    "This link is not complete. Copy it anew from the e-mail, or sign in and choose your messages."
)


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(keys.for_itsdangerous(), salt="unsubscribe")
