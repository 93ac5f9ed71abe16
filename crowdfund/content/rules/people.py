"""The people behind a company as its campaign shows them: their texts and consent; pure."""

from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import texts
from crowdfund.kernel.fields.collecting import Values, collect
from crowdfund.kernel.i18n import _, ngettext

MOST = 12
MOST_TEXT = 400


def clean(values: Values) -> tuple[dict[str, str], dict[str, str]]:
    """Return name, role and text of a person, and a sentence for each that is not good.

    Without the confirmation that the person agreed there is a sentence for `agreed`, too.
    """
    name, role, text = values.get("name"), values.get("role"), values.get("text")
    ask_name, ask_role = _("Enter the person's name."), _("Enter what the person does.")
    ask_text = _("Enter a few words about the person.")
    good, errors = collect(
        {
            "name": lambda: texts.line(name, "name", ask_name, most=80),
            "role": lambda: texts.line(role, "role", ask_role, most=80),
            "text": lambda: texts.lines(text, "text", ask_text, most=MOST_TEXT),
        }
    )
    if not values.get("agreed"):
        errors["agreed"] = _("Confirm that this person has agreed to be shown.")
    return good, errors


def check_number(people: int) -> None:
    """Raise Invalid if a campaign shows as many people as it may."""
    if people >= MOST:
        sentence = ngettext(
            "A campaign shows at most %(num)s person. Remove one first.",
            "A campaign shows at most %(num)s people. Remove one first.",
            MOST,
        )
        raise Invalid(sentence, field="name")
