"""Parts that the forms of every feature share."""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from flask import request
from flask_wtf import FlaskForm
from flask_wtf.file import FileField, MultipleFileField
from wtforms import Field, Form, TextAreaField
from wtforms.fields.choices import SelectChoice

from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.i18n import _l, ngettext
from crowdfund.kernel.web import pages, requests

F = TypeVar("F", bound=FlaskForm)

# What WTForms says by itself, in our words: it has no catalogue of our languages.
_CHOOSE = _l("Choose one of the options in the list.")
_SENTENCES = {
    "This field is required.": _l("Fill in this field."),
    "Not a valid choice.": _CHOOSE,
    "Invalid Choice: could not coerce.": _CHOOSE,
    "'%(value)s' is not a valid choice for this field.": _CHOOSE,
}


class _Sentences:
    """The texts of WTForms' own validators in the reader's language."""

    def gettext(self, message: str) -> str:
        """Return our sentence; one that we do not know stays as it is."""
        return str(_SENTENCES.get(message, message))

    def ngettext(self, one: str, many: str, count: int) -> str:
        """Return our sentence, with the count filled in."""
        if one.startswith("Field cannot be longer"):
            return ngettext(
                "Use at most %(num)s character.", "Use at most %(num)s characters.", count
            )
        if one.startswith("Field must be at least"):
            return ngettext(
                "Use at least %(num)s character.", "Use at least %(num)s characters.", count
            )
        return self.gettext(one if count == 1 or one in _SENTENCES else many)


class PageForm(FlaskForm):
    """Base of all forms: its posts carry the page's CSRF token."""

    class Meta(FlaskForm.Meta):
        """What of a request is read, and our own words for the sentences of WTForms."""

        def wrap_formdata(self, form: FlaskForm, formdata: object) -> object:
            """Return the fields that were sent. Raises Invalid for a file in a field of text.

            JSON is not read: its values are of any type, and none of our pages sends it.
            """
            if formdata is None or request.is_json:
                return None
            takes_files = (FileField, MultipleFileField)
            for name in request.files:
                if name in form and not isinstance(form[name], takes_files):
                    raise requests.unreadable()
            return super().wrap_formdata(form, formdata)

        def get_translations(self, _form: Form) -> _Sentences:
            """Return the texts of the validators, which are looked up at each refusal."""
            return _Sentences()


class Needed:
    """Mark a field as required; the rules, not the form, word the sentence about it."""

    field_flags: Mapping[str, Any] = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Accept everything: the service validates."""


class NeededWhen:
    """Mark a field as required in one case; `when` follows its label instead of "(optional)"."""

    def __init__(self, when: str) -> None:
        self.field_flags: Mapping[str, Any] = {"needed_when": when}

    def __call__(self, form: Form, field: Field) -> None:
        """Accept everything: the service validates."""


def reason_for_colleague() -> TextAreaField:
    """Return the field for why somebody asks for what a second person decides."""
    return TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l(
            "Your colleague will read this, and it stays in the history. At least 10 characters."
        ),
    )


class RefusalForm(PageForm):
    """Why the request of a colleague is refused."""

    reason = TextAreaField(
        _l("Reason"),
        [Needed()],
        description=_l("Your colleague will read this. At least 10 characters."),
    )


def named(form: F, thing: str) -> F:
    """Give a form's fields ids of their own: for a page with several forms of the same fields."""
    for field in form:
        field.id = f"{field.name}-{thing}"
        field.label.field_id = field.id
    return form


def put_errors(form: FlaskForm, error: CrowdfundError) -> None:
    """Show a refusal in its form: each sentence at the field it is about, the others on top."""
    for name, sentence in getattr(error, "errors", {error.field: error.user_message}).items():
        if name and name in form:
            form[name].errors = [*form[name].errors, sentence]
        else:
            pages.put_error(form, CrowdfundError(sentence))


def options(
    choices: Mapping[str, str] | Iterable[tuple[str, str]], empty: str | None = None
) -> list[SelectChoice]:
    """Return the options of a list, led by an empty one if it has a text."""
    pairs = choices.items() if isinstance(choices, Mapping) else choices
    first = [SelectChoice("", empty)] if empty else []
    return first + [SelectChoice(value, label) for value, label in pairs]
