"""Forms of a campaign's page. The service applies the rules."""

from flask_wtf.file import FileField
from wtforms import BooleanField, StringField, TextAreaField

from crowdfund.kernel.forms import Needed, PageForm
from crowdfund.kernel.i18n import _l

_DESCRIPTION = _l(
    "One sentence for people who cannot see it. For example: Two women load coffee sacks."
)


class FaqForm(PageForm):
    """A question and its answer."""

    question = StringField(
        _l("Question"), [Needed()], description=_l("2 to 150 characters of plain text.")
    )
    answer = TextAreaField(
        _l("Answer"),
        [Needed()],
        description=_l("At most 2,000 characters of plain text. Everyone can read it."),
    )


class PictureForm(PageForm):
    """A picture of the gallery."""

    image = FileField(
        _l("Picture"), [Needed()], description=_l("At least 320 × 240 pixels, better 1,600.")
    )
    image_alt = StringField(_l("What does the picture show?"), [Needed()], description=_DESCRIPTION)


class AltForm(PageForm):
    """What a picture shows, in words."""

    image_alt = StringField(_l("What does the picture show?"), [Needed()], description=_DESCRIPTION)


class PersonForm(PageForm):
    """Somebody behind the company."""

    name = StringField(_l("Name"), [Needed()], description=_l("As it is shown on the page."))
    role = StringField(
        _l("Role"), [Needed()], description=_l("For example: Founder and chief executive.")
    )
    text = TextAreaField(
        _l("About this person"), [Needed()], description=_l("At most 400 characters of plain text.")
    )
    image = FileField(
        _l("Picture (optional)"), description=_l("The face, at least 200 × 200 pixels.")
    )
    agreed = BooleanField(
        _l("This person has agreed to be shown here with name, role, text and picture."),
        [Needed()],
    )
