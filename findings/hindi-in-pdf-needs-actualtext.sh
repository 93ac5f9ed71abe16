#!/bin/sh
# Typst 0.15.2 (package typst) writes the letters of a Devanagari cluster into ActualText (ISO 32000-1 14.9.4) wherever glyphs and
# letters do not match one to one; the font's ToUnicode map has no letters for some of these glyphs.
# Of three readers, two do not look at ActualText and give letters that nobody wrote:
#   pypdfium2 5.15.2 (PDFium): as written
#   pypdf 7.1.1: control characters in the words
#   pdfminer.six 20260107: "(cid:N)" in the words
#
# Seen, for "संख्या राशि इथियोपियाई":
#   pypdfium2: 'संख्या राशि इथियोपियाई'
#   pypdf: 'सं\x02ख्या\x05 रा\x05शि इथि या पि\x0fया\x05इ\x10'
#   pdfminer: 'सं(cid:2)ख्या(cid:5) रा(cid:5)शि(cid:9) इथि(cid:12)या(cid:13)पि(cid:15)या(cid:5)इ(cid:16)'
# Latin and Ethiopic, whose letters need no other order, are written without ActualText and read as written by all three.
#
# Expected: ActualText replaces what the glyphs say. A check that reads names or amounts in Hindi from a PDF (a statement, a receipt)
# with one of the two compares other letters than a person sees and copies.
#
# Needs python3, npm and the network. Ends with 0 while this is so, with 1 when it changed, with 2 when it could not be tried.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm pack --silent @expo-google-fonts/noto-sans@0.4.2 @expo-google-fonts/noto-sans-ethiopic@0.4.2 >/dev/null || exit 2
mkdir fonts
for one in *.tgz; do
  tar -xzf "$one" && cp package/400Regular/*.ttf fonts/ && rm -r package || exit 2
done
python3 -m venv venv || exit 2
venv/bin/pip install -q --disable-pip-version-check \
  typst==0.15.2 pypdf==7.1.1 pdfminer.six==20260107 pypdfium2==5.15.2 || exit 2
cat >read.py <<'PY'
import io

import pypdf
import pypdfium2
import typst
from pdfminer.high_level import extract_text

READERS = {
    "pypdfium2": lambda data: pypdfium2.PdfDocument(data)[0].get_textpage().get_text_bounded(),
    "pypdf": lambda data: pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text(),
    "pdfminer": lambda data: extract_text(io.BytesIO(data)),
}
HINDI = "संख्या राशि इथियोपियाई"
SEEN = {
    HINDI: {
        "pypdfium2": HINDI,
        "pypdf": "सं\x02ख्या\x05 रा\x05शि इथि या पि\x0fया\x05इ\x10",
        "pdfminer": "सं(cid:2)ख्या(cid:5) रा(cid:5)शि(cid:9) इथि(cid:12)या(cid:13)पि(cid:15)या(cid:5)इ(cid:16)",
    },
    "የደረሰኝ ቁጥር": dict.fromkeys(READERS, "የደረሰኝ ቁጥር"),
    "Receipt number": dict.fromkeys(READERS, "Receipt number"),
}

for words, seen in SEEN.items():
    source = '#set text(font: ("Noto Sans", "Noto Sans Ethiopic"))\n' + words
    data = typst.compile(source.encode(), font_paths=["fonts"], ignore_system_fonts=True, format="pdf")
    content = pypdf.PdfReader(io.BytesIO(data)).pages[0].get_contents().get_data()
    assert (b"/ActualText" in content) == (words == HINDI), f"ActualText of {words!r} changed"
    for name, read in READERS.items():
        found = " ".join(read(data).split())
        print(f"{name}: {found!r}")
        assert found == seen[name], f"{name} reads {words!r} differently now"
PY
venv/bin/python read.py
