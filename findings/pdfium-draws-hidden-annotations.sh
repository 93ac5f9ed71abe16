#!/bin/sh
# pypdfium2 5.15.2 (PDFium 159.0.8149.0) looks at optional content groups ("layers") for page content only. An annotation
# whose own OC entry, or whose appearance's OC entry, names a group that is off is drawn all the same:
# stamps, free text, squares, and form fields after init_forms().
#
# Seen, a red square of 60 points in a group that the default configuration lists under OFF:
#   marked content: not drawn, form XObject: not drawn
#   Stamp, FreeText, Square and Widget annotations, and a Stamp whose appearance has the OC: drawn
# Expected: ISO 32000-1 8.11.3.3: an annotation with an OC entry is drawn only when the group is
# visible (and the F entry allows it). A picture of a certificate made by PDFium shows a "DRAFT" or "VOID" stamp
# that the document has switched off (MuPDF leaves it out).
#
# Ends with 0 while this is so, with 1 when it changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pypdfium2==5.15.2 pikepdf==10.17.0 pillow==13.0.0
cat >draw.py <<'PY'
import io

import pikepdf
import pypdfium2
from pikepdf import Array, Dictionary, Name, String

RED, WHITE = (255, 0, 0), (255, 255, 255)


def page(kind, state):
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(100, 100))
    sheet = pdf.pages[0].obj
    group = pdf.make_indirect(Dictionary(Type=Name.OCG, Name=String("Stamps")))
    shown, hidden = ([group], []) if state == "ON" else ([], [group])
    pdf.Root.OCProperties = Dictionary(
        OCGs=Array([group]), D=Dictionary(Order=Array([group]), ON=Array(shown), OFF=Array(hidden)))
    square = pdf.make_stream(b"1 0 0 rg 0 0 60 60 re f")
    square.Type, square.Subtype, square.BBox = Name.XObject, Name.Form, Array([0, 0, 60, 60])
    if kind == "content":
        sheet.Resources = Dictionary(Properties=Dictionary(Layer=group))
        sheet.Contents = pdf.make_stream(b"/OC /Layer BDC 1 0 0 rg 20 20 60 60 re f EMC")
    elif kind == "form XObject":
        square.OC = group
        sheet.Resources = Dictionary(XObject=Dictionary(Square=square))
        sheet.Contents = pdf.make_stream(b"q 1 0 0 1 20 20 cm /Square Do Q")
    else:
        subtype, _, inner = kind.partition(" ")
        note = Dictionary(
            Type=Name.Annot, Subtype=Name("/" + subtype), Rect=Array([20, 20, 80, 80]), F=4, AP=Dictionary(N=square))
        (square if inner else note).OC = group
        if subtype == "Widget":
            note.FT, note.T = Name.Sig, String("signature")
        note = pdf.make_indirect(note)
        sheet.Annots = Array([note])
        if subtype == "Widget":
            pdf.Root.AcroForm = Dictionary(Fields=Array([note]))
    target = io.BytesIO()
    pdf.save(target)
    return target.getvalue()


def middle(data):
    document = pypdfium2.PdfDocument(data)
    document.init_forms()
    return document[0].render().to_pil().convert("RGB").getpixel((50, 50))


print(pypdfium2.version.PDFIUM_INFO)
seen = {}
for kind in ("content", "form XObject", "Stamp", "Stamp appearance", "FreeText", "Square", "Widget"):
    assert middle(page(kind, "ON")) == RED, kind
    colour = middle(page(kind, "OFF"))
    seen[kind] = {RED: "drawn", WHITE: "not drawn"}[colour]
    print(f"{kind}, group off: {seen[kind]}")
assert seen.pop("content") == "not drawn" and seen.pop("form XObject") == "not drawn"
assert set(seen.values()) == {"drawn"}, seen
PY
venv/bin/python draw.py
