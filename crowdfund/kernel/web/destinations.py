"""What the page behind a `next` target is called: `Continue to your investment in …`."""

from collections.abc import Callable

from crowdfund.kernel.errors import NotFound
from crowdfund.kernel.i18n import _
from crowdfund.kernel.web.requests import endpoint_of

_sentences: dict[str, Callable[..., str]] = {}


def register(endpoint: str, sentence: Callable[..., str]) -> None:
    """Register the words of the button that leads back to a page; called with its arguments."""
    _sentences[endpoint] = sentence


def words(target: str) -> str:
    """Return the words of the button that leads to a target, in the reader's language."""
    endpoint, args = endpoint_of(target)
    try:
        return _sentences[endpoint](**args)
    except (KeyError, NotFound):
        return _("Continue where you left off")
