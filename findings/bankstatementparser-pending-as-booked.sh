#!/bin/sh
# bankstatementparser 0.0.29 reads camt.053 without the status of an entry: what is pending (Sts PDNG) or only told
# (INFO) stands among the booked payments, with the same columns. There is no status column to filter by,
# and nothing tells that an entry is a reversal either.
#
# Seen, a camt.053.001.02 with one booked credit of 100, one pending of 70 and one of 40 for
# information, and a closing booked balance of 100:
#   parse() gives three rows of CRDT, 210.00 together; no column holds BOOK, PDNG or INFO
#   get_summary() says total_amount 210.00 beside opening_balance 0.00 and closing_balance 100.00
# Expected by us: ISO 20022 makes Sts mandatory for each entry because only BOOK entries make up the booked
# balance; so a reader drops the others or says which they are, or a pledge is marked as paid by money
# that never arrives.
#
# Ends with 0 while this is so, with 1 when it changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check bankstatementparser==0.0.29
cat >statement.xml <<'XML'
<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.02">
  <BkToCstmrStmt>
    <GrpHdr><MsgId>M-1</MsgId><CreDtTm>2026-11-02T18:00:00</CreDtTm></GrpHdr>
    <Stmt>
      <Id>S-1</Id><CreDtTm>2026-11-02T18:00:00</CreDtTm>
      <Acct><Id><Othr><Id>EXAMPLE-ACCOUNT</Id></Othr></Id></Acct>
      <Bal>
        <Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp>
        <Amt Ccy="EUR">0.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-02</Dt></Dt>
      </Bal>
      <Bal>
        <Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp>
        <Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-02</Dt></Dt>
      </Bal>
      <Ntry>
        <Amt Ccy="EUR">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>BOOK</Sts>
        <BookgDt><Dt>2026-11-02</Dt></BookgDt><BkTxCd/>
        <NtryDtls><TxDtls><Refs><EndToEndId>PLEDGE-1</EndToEndId></Refs></TxDtls></NtryDtls>
      </Ntry>
      <Ntry>
        <Amt Ccy="EUR">70.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>PDNG</Sts>
        <BookgDt><Dt>2026-11-02</Dt></BookgDt><BkTxCd/>
        <NtryDtls><TxDtls><Refs><EndToEndId>PLEDGE-2</EndToEndId></Refs></TxDtls></NtryDtls>
      </Ntry>
      <Ntry>
        <Amt Ccy="EUR">40.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Sts>INFO</Sts>
        <BookgDt><Dt>2026-11-02</Dt></BookgDt><BkTxCd/>
        <NtryDtls><TxDtls><Refs><EndToEndId>PLEDGE-3</EndToEndId></Refs></TxDtls></NtryDtls>
      </Ntry>
    </Stmt>
  </BkToCstmrStmt>
</Document>
XML
cat >read.py <<'PY'
from decimal import Decimal

from bankstatementparser import CamtParser

parser = CamtParser.from_bytes(open("statement.xml", "rb").read())
rows = parser.parse().to_dict("records")
for row in rows:
    print({key: str(value) for key, value in row.items() if value})
total = sum(row["Amount"] for row in rows)
closing = parser.get_account_balances().set_index("Code").loc["CLBD", "Amount"]
print("sum of the rows", total, "| closing booked balance", closing)
summary = parser.get_summary()
print("summary:", {key: str(summary[key]) for key in ("opening_balance", "closing_balance", "total_amount")})
assert summary["total_amount"] == total and summary["closing_balance"] == Decimal("100.00"), summary
assert [row["EndToEndId"] for row in rows] == ["PLEDGE-1", "PLEDGE-2", "PLEDGE-3"], "rows have changed"
assert total == Decimal("210.00") and Decimal(closing) == Decimal("100.00")
assert {row["DrCr"] for row in rows} == {"CRDT"}
assert not any(str(value) in ("BOOK", "PDNG", "INFO") for row in rows for value in row.values()), "a status is given"
assert len({tuple(sorted(row)) for row in rows}) == 1
PY
venv/bin/python read.py
