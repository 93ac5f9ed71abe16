"""Parts that the forms of every feature share."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, Form
from wtforms.fields.choices import SelectChoice

from crowdfund.kernel.errors import CrowdfundError
from crowdfund.kernel.web import pages


class PageForm(FlaskForm):
    """Base of all forms: its posts carry the page's CSRF token."""


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
