#!/bin/sh
# mt-940 5.1.1 files the :86: that stands behind the balances with the last payment. SWIFT's MT940 has two such
# fields: one after a :61: for that payment, and one at the end of the statement, after :62F:, :64: and :65:, for the
# account owner. The second one is appended to the first one's text; Options.all() changes nothing.
# In a statement without payments it is thrown away, and behind parse() over two statements it goes to a payment
# of the statement before, even of another account.
#
# Seen, two payments, then :62F: and ":86:For PLEDGE-1 and all others new fees apply":
#   transaction_details of the second payment: "PLEDGE-2\nFor PLEDGE-1 and all others new fees apply"
#   no key of the statement itself holds the notice
# Expected by us: the notice among the data of the statement; a search for a reference in the details
# of a payment finds only what its payer wrote.
#
# Ends with 0 while this is so, with 1 when it changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check mt-940==5.1.1
cat >read.py <<'PY'
import mt940

NOTICE = "For PLEDGE-1 and all others new fees apply"
FIRST = """:20:EXAMPLE1
:25:EXAMPLEBANK/1111
:28C:1/1
:60F:C261101EUR0,00
:61:2611021102C50,00NTRFNONREF//B-1
:86:PLEDGE-1
:61:2611021102C20,00NTRFNONREF//B-2
:86:PLEDGE-2
:62F:C261102EUR70,00
:64:C261102EUR70,00
"""
OTHER_ACCOUNT = f""":20:EXAMPLE2
:25:EXAMPLEBANK/2222
:28C:1/1
:60F:C261102EUR9,00
:62F:C261102EUR9,00
:86:{NOTICE}
"""
GLUED = f"PLEDGE-2\n{NOTICE}"


def details(found):
    return [payment.data["transaction_details"] for payment in found]


for options in (None, mt940.Options.all()):
    [found] = mt940.parse_statements(FIRST + f":86:{NOTICE}\n", options=options)
    print("one statement:", details(found))
    assert details(found) == ["PLEDGE-1", GLUED], details(found)
    assert not any(NOTICE in str(value) for value in found.data.values()), found.data

    alone = mt940.parse_statements(OTHER_ACCOUNT, options=options)[0]
    print("no payments:", details(alone), sorted(alone.data))
    assert not len(alone) and not any(NOTICE in str(value) for value in alone.data.values())

    both = mt940.parse(FIRST + OTHER_ACCOUNT, options=options)
    print("two statements by parse():", details(both))
    assert details(both) == ["PLEDGE-1", GLUED], details(both)
PY
venv/bin/python read.py
