"""Forms of updates. The service applies the rules."""

from flask_wtf.file import FileField
from wtforms import StringField, TextAreaField

from crowdfund.kernel.forms import Needed, PageForm
from crowdfund.kernel.i18n import _l


class UpdateForm(PageForm):
    """Title and text of an update."""

    title = StringField(
        _l("Title"), [Needed()], description=_l("5 to 120 characters. Say what has happened.")
    )
    text_md = TextAreaField(
        _l("Text"),
        [Needed()],
        description=_l(
            "20 to 10,000 characters. Markdown: # heading, **bold**, - list, [text](https://…)."
        ),
    )


class UpdatePictureForm(PageForm):
    """A picture of an update."""

    image = FileField(_l("Picture"), [Needed()])
    image_alt = StringField(
        _l("What does the picture show?"),
        [Needed()],
        description=_l(
            "One sentence for people who cannot see it. For example: Two women load coffee sacks."
        ),
    )


class TakeDownForm(PageForm):
    """Why our staff take an update down."""

    reason = TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l("The company will see this. At least 10 characters."),
    )
