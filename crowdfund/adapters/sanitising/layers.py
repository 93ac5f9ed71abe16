"""Layers of a PDF (optional content): what is hidden stays hidden. Runs in `child.py` only.

The pages of a copy still name their layers. Without the catalogue's list of those that are off,
readers would show everything.
"""

import pikepdf
from pikepdf import Name

MOST_LAYERS = 20_000  # of one list


def carry(source: pikepdf.Pdf, fresh: pikepdf.Pdf) -> None:
    """Write into a copy, after its pages, which layers the original shows when it is opened.

    The names in the reader's list of layers, and other views of the same layers, are left out.
    """
    properties = source.Root.get("/OCProperties")
    if not isinstance(properties, pikepdf.Dictionary):
        return
    default = properties.get("/D")
    default = default if isinstance(default, pikepdf.Dictionary) else pikepdf.Dictionary()
    shown = pikepdf.Dictionary(
        ON=_layers(default.get("/ON")),
        OFF=_layers(default.get("/OFF")),
        AS=pikepdf.Array([_rule(one) for one in _dictionaries(default.get("/AS"))]),
    )
    if isinstance(base := default.get("/BaseState"), pikepdf.Name):
        shown.BaseState = base
    if isinstance(intent := default.get("/Intent"), pikepdf.Name):
        shown.Intent = intent
    copied = pikepdf.Dictionary(OCGs=_layers(properties.get("/OCGs")), D=shown)
    fresh.Root.OCProperties = fresh.copy_foreign(source.make_indirect(copied))


def hide_notes(source: pikepdf.Pdf) -> None:
    """Give the drawing of a note its note's layer: when it is drawn into the page it stays there.

    Call it after missing drawings were made and before the notes are drawn into the pages.
    """
    for page in source.pages:
        for note in _dictionaries(page.obj.get("/Annots")):
            layer = note.get("/OC")
            if isinstance(layer, pikepdf.Dictionary):
                for drawing in _drawings(note):
                    drawing.OC = layer


def _drawings(note: pikepdf.Object) -> list[pikepdf.Stream]:
    """Return the drawings of a note; a check box has one for each of its states."""
    looks = note.get("/AP")
    normal = looks.get("/N") if isinstance(looks, pikepdf.Dictionary) else None
    if isinstance(normal, pikepdf.Stream):
        return [normal]
    if not isinstance(normal, pikepdf.Dictionary):
        return []
    return [one for _key, one in normal.items() if isinstance(one, pikepdf.Stream)]


def _rule(one: pikepdf.Object) -> pikepdf.Dictionary:
    """Return one rule by which readers turn layers on or off: for the screen, for printing."""
    categories = one.get("/Category")
    names = list(categories) if isinstance(categories, pikepdf.Array) else []
    copied = pikepdf.Dictionary(
        OCGs=_layers(one.get("/OCGs")),
        Category=pikepdf.Array([name for name in names if isinstance(name, pikepdf.Name)]),
    )
    if isinstance(event := one.get("/Event"), pikepdf.Name):
        copied.Event = event
    return copied


def _layers(found: object) -> pikepdf.Array:
    """Return the layers of a list; anything else in it is left out."""
    layers = [one for one in _dictionaries(found) if one.get("/Type") == Name.OCG]
    return pikepdf.Array([one for one in layers if one.is_indirect])


def _dictionaries(found: object) -> list[pikepdf.Object]:
    """Return the dictionaries of a list."""
    if not isinstance(found, pikepdf.Array):
        return []
    return [one for one in list(found)[:MOST_LAYERS] if isinstance(one, pikepdf.Dictionary)]
