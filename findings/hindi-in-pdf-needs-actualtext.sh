#!/bin/sh
# Typst 0.15.2 (package typst) writes Devanagari as one marked span per cluster; where glyphs and letters do not match one to one, the
# letters are in ActualText (ISO 32000-1 14.9.4), and the font's ToUnicode map has no usable entry for the glyph.
# Of three readers, two do not look at ActualText and give letters that nobody wrote:
#   pypdfium2 5.15.2 (PDFium): as written
#   pypdf 7.1.1: control characters in the words
#   pdfminer.six 20260107: "(cid:N)" in the words
#
# Seen, for "संख्या राशि इथियोपियाई":
#   Hindi, pypdfium2: 'संख्या राशि इथियोपियाई'
#   Hindi, pypdf: 'सं\x02ख्या\x05 रा\x05शि इथि या पि\x0fया\x05इ\x10'  (not what was written)
#   Hindi, pdfminer: 'सं(cid:2)ख्या(cid:5) रा(cid:5)शि(cid:9) इथि(cid:12)या(cid:13)पि(cid:15)या(cid:5)इ(cid:16)'  (not what was written)
# Latin and Ethiopic, whose letters need no other order, are read as written by all three.
#
# Expected: ActualText replaces what the glyphs say. A check that reads names or amounts in Hindi from a PDF (a statement, a receipt) with
# one of the two compares other letters than a person sees and copies.
#
# Ends with 0 while this is so, with 1 when it changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
npm pack --silent @expo-google-fonts/noto-sans@0.4.2 @expo-google-fonts/noto-sans-ethiopic@0.4.2 >/dev/null
mkdir fonts
for one in *.tgz; do
  tar -xzf "$one" && cp package/400Regular/*.ttf fonts/ && rm -r package
done
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check typst==0.15.2 pypdf==7.1.1 pdfminer.six==20260107 pypdfium2==5.15.2
cat >read.py <<'PY'
import io
import sys

import pypdf
import pypdfium2
import typst
from pdfminer.high_level import extract_text

READERS = {
    "pypdfium2": lambda data: pypdfium2.PdfDocument(data)[0].get_textpage().get_text_bounded(),
    "pypdf": lambda data: pypdf.PdfReader(io.BytesIO(data)).pages[0].extract_text(),
    "pdfminer": lambda data: extract_text(io.BytesIO(data)),
}
WRITTEN = {"Hindi": "संख्या राशि इथियोपियाई", "Amharic": "የደረሰኝ ቁጥር", "English": "Receipt number"}

seen = {}
for language, words in WRITTEN.items():
    source = '#set text(font: ("Noto Sans", "Noto Sans Ethiopic"))\n' + words
    data = typst.compile(source.encode(), font_paths=["fonts"], ignore_system_fonts=True, format="pdf")
    if language == "Hindi" and b"Typst" not in data:
        sys.exit("no PDF of Typst was written")
    for name, read in READERS.items():
        found = " ".join(read(data).split())
        seen[language, name] = found == words
        print(f"{language}, {name}: {found!r}{'' if found == words else '  (not what was written)'}")
sys.exit(seen != {key: key[0] != "Hindi" or key[1] == "pypdfium2" for key in seen})
PY
venv/bin/python read.py
