"""What the forms of verification share: needed fields, refusals of the rules at their fields."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_wtf import FlaskForm
from wtforms import Field, Form
from wtforms.fields.choices import SelectChoice

from ... import i18n, web
from ...errors import CrowdfundError
from .. import rules


class Needed:
    """Marks a field as one that must be filled; the sentence about it comes from the rules."""

    field_flags: Mapping[str, Any] = {"required": True}

    def __call__(self, form: Form, field: Field) -> None:
        """Accept: the service judges."""


def put_errors(form: FlaskForm, error: CrowdfundError) -> None:
    """Show a refusal in its form: each sentence at the field it is about."""
    for name, sentence in getattr(error, "errors", {error.field: error.user_message}).items():
        web.put_error(form, CrowdfundError(sentence, field=name if name in form else None))


def countries() -> list[SelectChoice]:
    """Return every country by its name in the reader's language, led by a request to choose."""
    names = i18n.locale().territories
    found = sorted((str(names.get(code, code)), code) for code in rules.facts.COUNTRIES)
    return [SelectChoice("", i18n.gettext("Choose a country"))] + [
        SelectChoice(code, name) for name, code in found
    ]


def options(choices: Mapping[str, str] | Iterable[tuple[str, str]], empty: str = "") -> list[SelectChoice]:
    """Return the options of a list, led by an empty one if it has a text."""
    pairs = choices.items() if isinstance(choices, Mapping) else choices
    first = [SelectChoice("", empty)] if empty else []
    return first + [SelectChoice(value, str(label)) for value, label in pairs]
