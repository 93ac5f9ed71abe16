"""Fields of a PDF form: what was entered is drawn, or the file refused. Runs in `child.py` only."""

import pikepdf
from refused import RefusedError

UNSEEN = 1 | 2 | 32  # flags of a note: invisible, hidden, not on a screen


def draw(source: pikepdf.Pdf) -> None:
    """Draw the fields that a reader would draw, so that they can become part of the pages.

    Raises RefusedError for letters for which we have no font and the file no drawing: they would be
    question marks.
    """
    form = source.acroform
    is_stale = form.needs_appearances
    for page in source.pages:
        for note in form.get_widget_annotations_for_page(page):
            field = form.get_field_for_annotation(note)
            if field.is_text or field.is_choice:
                _draw(field, note, is_stale=is_stale)
            elif is_stale and (field.is_checkbox or field.is_radio_button):
                field.set_value(field.value)  # shows the drawing of this state
    source.Root.AcroForm.NeedAppearances = False  # else they would not become part of the pages


def _draw(field: pikepdf.AcroFormField, note: pikepdf.Annotation, *, is_stale: bool) -> None:
    """Draw one field unless it is empty, unseen, or drawn by the program that filled it in."""
    value, looks = field.value_as_string, note.obj.get("/AP")
    is_drawn = isinstance(looks, pikepdf.Dictionary) and "/N" in looks
    if not value or note.flags & UNSEEN or (is_drawn and not is_stale):
        return
    if value.isascii():
        field.generate_appearance(note)
    elif not is_drawn:
        raise RefusedError("form")
