#!/bin/sh
# pikepdf 10.17.0 (its wheel holds qpdf 12.4.2): generate_appearance_streams() draws a form field's value in one byte
# per letter and puts "?" for each letter that the code page lacks. It replaces a right drawing that the field
# already has, raises nothing, leaves get_warnings() empty, and sets NeedAppearances to false, so that no
# viewer draws the field anew. flatten_annotations() removes no field as long as NeedAppearances is true (one
# line in get_warnings() is the only sign), so a filled form must pass through the first to reach the second.
#
# Seen, NeedAppearances true, a drawing with glyph ids of an embedded font already there:
#   Abebe -> (Abebe)    አበበ -> (???)    कमला -> (????)    Łukasz -> (?ukasz); value (V) kept, no warning
#   flatten_annotations() alone: the field is still there, the warning says that it is not flattened
# Expected by us: a warning or an error for a value that cannot be drawn, or the present drawing left
# alone. The docstring only says that qpdf's limits apply; ISO 32000-1 12.7.3.3 wants the appearance to show
# the field's value. Donor names on a certificate would be lost and nobody told.
#
# Ends with 0 while this is so, with 1 when it changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check pikepdf==10.17.0
cat >fill.py <<'PY'
import re

import pikepdf
from pikepdf import Array, Dictionary, Name, String

RIGHT = b"/Tx BMC q BT /Own 12 Tf <00110012> Tj ET Q EMC"


def form(value):
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(300, 100))
    font = Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica, Encoding=Name.WinAnsiEncoding)
    drawing = pdf.make_stream(RIGHT)
    drawing.Type, drawing.Subtype, drawing.BBox = Name.XObject, Name.Form, Array([0, 0, 280, 20])
    field = pdf.make_indirect(Dictionary(
        Type=Name.Annot, Subtype=Name.Widget, FT=Name.Tx, F=4, T=String("donor"), V=String(value),
        Rect=Array([10, 40, 290, 60]), DA=String("/Helv 12 Tf 0 g"), AP=Dictionary(N=drawing)))
    pdf.pages[0].Annots = Array([field])
    pdf.Root.AcroForm = Dictionary(
        Fields=Array([field]), DA=String("/Helv 12 Tf 0 g"), NeedAppearances=True,
        DR=Dictionary(Font=Dictionary(Helv=pdf.make_indirect(font))))
    return pdf, field


print("qpdf", pikepdf.__libqpdf_version__)
for value, drawn in [("Abebe", b"Abebe"), ("አበበ", b"???"), ("कमला", b"????"), ("Łukasz", b"?ukasz")]:
    pdf, field = form(value)
    pdf.generate_appearance_streams()
    found = re.search(rb"\((.*)\) Tj", field.AP.N.read_bytes())
    assert found, field.AP.N.read_bytes()
    warnings = pdf.get_warnings()
    print(value, "->", found[1], "| V:", field.V, "| warnings:", warnings)
    assert found[1] == drawn and RIGHT not in field.AP.N.read_bytes(), "the drawing has changed"
    assert str(field.V) == value and not warnings, "the behaviour has changed"
    assert not pdf.Root.AcroForm.get("/NeedAppearances", False)

pdf, field = form("Abebe")
pdf.flatten_annotations()
warnings = pdf.get_warnings()
print("flattened at once:", len(pdf.pages[0].get("/Annots", [])), "field left |", warnings)
assert len(pdf.pages[0].Annots) == 1 and len(warnings) == 1
pdf.Root.AcroForm.NeedAppearances = False
pdf.flatten_annotations()
print("NeedAppearances false:", len(pdf.pages[0].get("/Annots", [])), "field left")
assert "/Annots" not in pdf.pages[0]
PY
venv/bin/python fill.py
