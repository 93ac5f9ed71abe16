"""Forms of questions. The service applies the rules."""

from wtforms import StringField, TextAreaField

from crowdfund.kernel.forms import Needed, PageForm
from crowdfund.kernel.i18n import _l


class AskForm(PageForm):
    """A question to the company."""

    text = TextAreaField(
        _l("Your question"),
        [Needed()],
        description=_l(
            "10 to 1,000 characters of plain text. Do not write anything that others must not read."
        ),
    )


class AnswerForm(PageForm):
    """The company's public answer."""

    answer = TextAreaField(
        _l("Your answer"),
        [Needed()],
        description=_l("At most 3,000 characters of plain text. Everyone can read it."),
    )


class DeclineForm(PageForm):
    """Why the company hides a question."""

    reason = TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l("The person who asked will see this. At least 10 characters."),
    )


class HideForm(PageForm):
    """Why our staff hide a question or an answer."""

    reason = TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l("The person concerned will see this. At least 10 characters."),
    )


class CopyForm(PageForm):
    """A question and its answer, shortened for the frequently asked questions."""

    question = StringField(
        _l("Question"), [Needed()], description=_l("2 to 150 characters of plain text.")
    )
    answer = TextAreaField(
        _l("Answer"),
        [Needed()],
        description=_l("At most 2,000 characters of plain text. Everyone can read it."),
    )
