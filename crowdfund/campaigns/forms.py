"""Pages of a campaign's draft, and what reviewers write. The rules judge, in the service."""

from flask_wtf import FlaskForm
from flask_wtf.file import FileField
from wtforms import BooleanField, RadioField, SelectField, StringField, TextAreaField

from crowdfund.issuers.forms import Needed, options

from . import rules


class BasicsForm(FlaskForm):
    """What the campaign is called and what it offers."""

    title = StringField(
        "Title", [Needed()], description="5 to 80 characters. Say what the money makes possible."
    )
    summary = TextAreaField(
        "Summary",
        [Needed()],
        description="20 to 240 characters. People read it in the list, before the story.",
    )
    sector = SelectField(
        "Sector", [Needed()], choices=options(rules.SECTORS, "Choose a sector"), validate_choice=False
    )
    security_type = RadioField(
        "What do investors get?",
        [Needed()],
        choices=options(rules.SECURITY_TYPES),
        validate_choice=False,
    )


class PictureForm(FlaskForm):
    """The picture at the top."""

    image = FileField("Picture", [Needed()])
    image_alt = StringField(
        "What does the picture show?",
        [Needed()],
        description="One sentence for people who cannot see it, like: Two women load coffee sacks.",
    )


class StoryForm(FlaskForm):
    """The story."""

    story_md = TextAreaField(
        "Story",
        [Needed()],
        description="Why, what for, who you are, what can go wrong. At least 100 characters. Markdown: "
        "# heading, **bold**, - list, [text](https://…).",
    )


class TermsForm(FlaskForm):
    """Goal, price and limits."""

    goal_minor = StringField("Goal", [Needed()])
    price_minor = StringField("Price of one share", [Needed()])
    min_minor = StringField("Least investment per person", [Needed()])
    max_minor = StringField("Greatest investment per person", [Needed()])
    duration_days = StringField("Duration", [Needed()])


class SubmitForm(FlaskForm):
    """The author stands by the draft."""

    declaration = BooleanField(
        "I have the right to offer this, and the text and figures are true.", [Needed()]
    )


class ReasonForm(FlaskForm):
    """Why a campaign goes back, or is cancelled."""

    reason = TextAreaField(
        "Reason", [Needed()], description="The company reads this. At least 10 characters."
    )


FORMS: dict[str, type[FlaskForm]] = {
    "basics": BasicsForm,
    "picture": PictureForm,
    "story": StoryForm,
    "terms": TermsForm,
}
