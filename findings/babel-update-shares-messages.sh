#!/bin/sh
# Babel 2.18.0: Catalog.update(template) puts new messages of the template into the catalogue as they are, not as
# copies. Two catalogues that are updated from one template in one program share them: a translation that
# is filled in for the first language is in the second one, and in the template, too. Nothing looks untranslated then.
#
# Seen, Amharic and Hindi catalogues updated from one template, "Wallet" translated in the Amharic one only:
#   am: ዋሌት   hi: ዋሌት   template: ዋሌት   the same object: True
# Messages that a catalogue had before the update stay its own.
# Expected: a copy, as `Message.clone()` makes one; the documentation of `update` says nothing of sharing.
# What helps: a template of its own (read anew, or copied) for each catalogue.
#
# Ends with 0 while this is so, with 1 when it changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check babel==2.18.0
cat >share.py <<'PY'
from babel.messages.catalog import Catalog

template = Catalog()
template.add("Wallet")
template.add("Campaign")
amharic, hindi = Catalog(locale="am"), Catalog(locale="hi")
hindi.add("Campaign", "अभियान")
for catalog in (amharic, hindi):
    catalog.update(template, no_fuzzy_matching=True)
amharic["Wallet"].string = "ዋሌት"
amharic["Campaign"].string = "ዘመቻ"
shared = amharic["Wallet"] is hindi["Wallet"] is template["Wallet"]
print("am:", amharic["Wallet"].string, "hi:", hindi["Wallet"].string, "template:", template["Wallet"].string, "the same object:", shared)
assert shared and hindi["Wallet"].string == "ዋሌት"
assert hindi["Campaign"].string == "अभियान", "a message of its own"
PY
venv/bin/python share.py
