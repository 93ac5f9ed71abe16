"""What an update holds, and when one may be written, published and taken down; pure."""

from datetime import datetime, timedelta
from enum import StrEnum

from crowdfund.campaigns.rules import life
from crowdfund.kernel.errors import Invalid, TooMany, WrongState
from crowdfund.kernel.fields import texts
from crowdfund.kernel.fields.characters import has_hidden
from crowdfund.kernel.fields.collecting import Values, collect
from crowdfund.kernel.i18n import _, ngettext, number

LEAST_TEXT, MOST_TEXT = 20, 10_000
MOST_PICTURES = 8
MOST_A_DAY = 3
DAY = timedelta(days=1)


class Status(StrEnum):
    """The status of an update."""

    DRAFT = "draft"
    PUBLISHED = "published"
    HIDDEN = "hidden"  # taken down by our staff
    REMOVED = "removed"  # a draft that was discarded


_S = Status
TRANSITIONS: dict[Status, set[Status]] = {
    _S.DRAFT: {_S.PUBLISHED, _S.REMOVED},
    _S.PUBLISHED: {_S.HIDDEN},
    _S.HIDDEN: set(),
    _S.REMOVED: set(),
}


def move(current: str, to: Status) -> Status:
    """Return the new state. Raises WrongState if the update cannot go there."""
    if to not in TRANSITIONS[Status(current)]:
        raise WrongState(
            _("This is no longer possible for this update. Reload the page to see its state.")
        )
    return to


def is_open(status: str, starts_at: datetime | None) -> bool:
    """Return whether a campaign may have updates: from when it was live, whatever came after."""
    return starts_at is not None and status in life.PUBLIC


def check_campaign(status: str, starts_at: datetime | None) -> None:
    """Raise WrongState for a campaign that was never live."""
    if not is_open(status, starts_at):
        raise WrongState(_("You can write updates as soon as your campaign is live."))


def check_editable(status: str) -> None:
    """Raise WrongState for an update that cannot be changed any more."""
    if status not in (Status.DRAFT, Status.PUBLISHED):
        raise WrongState(_("This update was taken down. It can no longer be changed."))


def check_pace(published: int) -> None:
    """Raise TooMany if as many updates as allowed were published in the last 24 hours."""
    if published >= MOST_A_DAY:
        raise TooMany(
            ngettext(
                "You can publish %(num)s update in 24 hours. Your draft is saved.",
                "You can publish %(num)s updates in 24 hours. Your draft is saved.",
                MOST_A_DAY,
            )
        )


def check_pictures(number_of_pictures: int) -> None:
    """Raise Invalid if an update has as many pictures as it may."""
    if number_of_pictures >= MOST_PICTURES:
        sentence = ngettext(
            "An update has at most %(num)s picture. Remove one first.",
            "An update has at most %(num)s pictures. Remove one first.",
            MOST_PICTURES,
        )
        raise Invalid(sentence, field="image")


def clean(values: Values) -> tuple[dict[str, str], dict[str, str]]:
    """Return title and text of an update, and a sentence for each that is not good."""
    title, text = values.get("title"), values.get("text_md")
    return collect(
        {
            "title": lambda: texts.line(title, "title", _("Enter a title."), least=5, most=120),
            "text_md": lambda: parse_text(text),
        }
    )


def parse_text(text: object) -> str:
    """Return a text in Markdown with plain line ends. Raises Invalid.

    Its markup is made safe each time it is shown.
    """
    whole = texts.composed(text).replace("\r\n", "\n").replace("\r", "\n").strip()
    if not whole:
        raise Invalid(_("Enter the text of the update."), field="text_md")
    if has_hidden(whole.replace("\t", " ")):
        sentence = _("The text has hidden control characters. Paste it as plain text.")
        raise Invalid(sentence, field="text_md")
    check_length(whole)
    if len(whole) < LEAST_TEXT:
        sentence = ngettext(
            "Use at least %(num)s character.", "Use at least %(num)s characters.", LEAST_TEXT
        )
        raise Invalid(sentence, field="text_md")
    return whole


def check_length(text: str) -> None:
    """Raise Invalid for a text that is too long: rendering it takes time by its length squared."""
    if len(text) > MOST_TEXT:
        sentence = ngettext(
            "Use at most %(num)s character; this is %(now)s.",
            "Use at most %(num)s characters; this is %(now)s.",
            MOST_TEXT,
            now=number(len(text)),
        )
        raise Invalid(sentence, field="text_md")


def check_alt(alt: object) -> str:
    """Return what a picture shows, in words. Raises Invalid."""
    ask = _("Describe what the picture shows.")
    return texts.line(alt, "image_alt", ask, least=5, most=160)
