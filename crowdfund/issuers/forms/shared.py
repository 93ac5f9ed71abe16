"""What forms of companies and of campaigns share."""

from collections.abc import Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, Form
from wtforms.fields.choices import SelectChoice

from crowdfund import web
from crowdfund.errors import CrowdfundError


class Needed:
    """Marks a field as one that must be filled; the sentence about it comes from the rules."""

    field_flags: Mapping[str, Any] = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Accept: the service judges."""


def put_errors(form: FlaskForm, error: CrowdfundError) -> None:
    """Show a refusal in its form: each sentence at the field it is about."""
    for name, sentence in getattr(error, "errors", {error.field: error.user_message}).items():
        if name and name in form:
            form[name].errors = [*form[name].errors, sentence]
        else:
            web.put_error(form, CrowdfundError(sentence))


def options(choices: Mapping[str, str], empty: str | None = None) -> list[SelectChoice]:
    """Return the options of a list, led by an empty one if it has a text."""
    first = [SelectChoice("", empty)] if empty else []
    return first + [SelectChoice(value, label) for value, label in choices.items()]
