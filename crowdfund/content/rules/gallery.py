"""Pictures of a campaign beside its title picture: how many, and their description; pure."""

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import texts
from crowdfund.kernel.i18n import _, ngettext

MOST = 12


def check_alt(alt: object) -> str:
    """Return what a picture shows, in words. Raises Invalid."""
    ask = _("Describe what the picture shows.")
    return texts.line(alt, "image_alt", ask, least=5, most=160)


def check_number(pictures: int) -> None:
    """Raise Invalid if a campaign has as many pictures as it may."""
    if pictures >= MOST:
        sentence = ngettext(
            "A campaign has at most %(num)s picture in its gallery. Remove one first.",
            "A campaign has at most %(num)s pictures in its gallery. Remove one first.",
            MOST,
        )
        raise Invalid(sentence, field="image")
