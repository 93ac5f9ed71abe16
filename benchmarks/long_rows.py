"""Rows for the benchmark of long lists, written in bulk.

What the pages read is as services would leave it: the balance of each account is the sum of its
postings. The hash chain of the journal is not computed: no page reads it.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from crowdfund.chain.models import Signer, Tx, Write
from crowdfund.kernel.audit.models import AuditEntry
from crowdfund.kernel.db import db
from crowdfund.kernel.outbox.models import Outbox
from crowdfund.ledger import rules
from crowdfund.ledger.models import Account, Entry, PostingRow
from crowdfund.notifications.models import Message, Notice
from crowdfund.payments.models import Inbox, Payment, PaymentException
from crowdfund.people.models import User

AT_ONCE = 10_000
BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
WORLD, HASH = rules.external("bill_bitts"), "0" * 64
SIGNER = f"0x{1:040x}"
Rows = Iterator[dict[str, Any]]
EVERY_THIRD = 3


def grow(person_id: str, *, start: int, stop: int, only: Iterable[str] = ()) -> None:
    """Add the rows with the numbers from `start` to below `stop` to every list, or to some."""
    wanted = set(only) or set(LISTS)
    with db.engine.begin() as connection:
        for first in range(start, stop, AT_ONCE):
            numbers = range(first, min(first + AT_ONCE, stop))
            for name, lists in LISTS.items():
                for model, make in lists if name in wanted else ():
                    _write(connection, model.__table__, make(numbers, person_id))
        if "wallet" in wanted:
            _set_balances(connection, rules.user_wallet(person_id), stop)


def settle() -> None:
    """Let the database know its tables, and keep it from tidying up while it is measured."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        is_server = db.engine.dialect.name == "postgresql"
        connection.exec_driver_sql("VACUUM ANALYZE" if is_server else "ANALYZE")


def _write(connection: Connection, table: Any, rows: Rows) -> None:
    """Insert rows; PostgreSQL takes them by COPY."""
    found = [_with_defaults(table, row) for row in rows]
    if not found:
        return
    if connection.dialect.name != "postgresql":
        connection.execute(sa.insert(table), found)
        return
    names = list(found[0])
    quoted = ", ".join(f'"{name}"' for name in names)
    change = {
        n: table.c[n].type._cached_bind_processor(connection.dialect) or (lambda v: v)
        for n in names
    }
    driver = cast(Any, connection.connection.driver_connection)
    with driver.cursor() as cursor, cursor.copy(f"COPY {table.name} ({quoted}) FROM STDIN") as copy:
        for row in found:
            copy.write_row([change[name](row[name]) for name in names])


def _with_defaults(table: Any, row: dict[str, Any]) -> dict[str, Any]:
    constant = {
        c.name: c.default.arg for c in table.c if c.default is not None and c.default.is_scalar
    }
    return constant | row


def _set_balances(connection: Connection, wallet: str, stop: int) -> None:
    """Write the balances of the three accounts that all postings touch."""
    taken = sum(_amount(number) for number in range(0, stop, EVERY_THIRD))
    given = sum(map(_amount, range(stop))) - taken
    table = Account.__table__
    balances = {WORLD: -given, wallet: given - taken, _escrow(): taken}
    connection.execute(sa.delete(table).where(table.c.name.in_(list(balances))))
    rows = [_account(name, balance) for name, balance in balances.items()]
    connection.execute(sa.insert(table), rows)


def _account(name: str, balance: int) -> dict[str, Any]:
    return {
        "name": name,
        "currency": "ETB",
        "balance_minor": balance,
        "held_minor": 0,
        "has_floor": rules.has_floor(name),
    }


def _escrow() -> str:
    return rules.escrow("e" * 32)


def _amount(number: int) -> int:
    """Return what a posting moves: what leaves the wallet is less than what came in before."""
    return 100 if number % EVERY_THIRD == 0 and number else 10_000


def _id(kind: int, number: int) -> str:
    return f"{kind:02x}{number:030x}"


def _at(number: int) -> datetime:
    return BEGAN + timedelta(seconds=number)


# --- one function for each table ------------------------------------------------------------------


def _entries(numbers: range, _person_id: str) -> Rows:
    for n in numbers:
        yield {
            "id": _id(1, n),
            "seq": n + 1,
            "key": f"bench:{n}",
            "kind": "payment.settled",
            "currency": "ETB",
            "at": _at(n),
            "ref": [["investment", _id(2, n)]],
            "input_hash": HASH,
            "hash": HASH,
        }


def _postings(numbers: range, person_id: str) -> Rows:
    wallet, escrow = rules.user_wallet(person_id), _escrow()
    for n in numbers:
        source, destination = (wallet, escrow) if n % EVERY_THIRD == 0 and n else (WORLD, wallet)
        yield {
            "seq": n + 1,
            "n": 0,
            "source": source,
            "destination": destination,
            "amount_minor": _amount(n),
        }


def _accounts(numbers: range, _person_id: str) -> Rows:
    return (_account(rules.company_wallet(_id(3, n)), 0) for n in numbers)


def _people(numbers: range, _person_id: str) -> Rows:
    for n in numbers:
        yield {
            "id": _id(4, n),
            "first_name": f"Abebe{n}",
            "last_name": "Kebede",
            "email": f"p{n}@example.com",
            "referral_code": f"{n:08x}",
            "created_at": _at(n),
        }


def _payments(numbers: range, person_id: str) -> Rows:
    for n in numbers:
        yield {
            "id": _id(5, n),
            "key": f"bench:{n}",
            "user_id": person_id,
            "gateway": "bill_bitts",
            "purpose_kind": "investment",
            "purpose_id": _id(2, n),
            "destination": _escrow(),
            "description": "Yirga Coffee",
            "amount_minor": 10_000,
            "currency": "ETB",
            "status": "settled",
            "tx_id": f"T{n}",
            "received_minor": 10_000,
            "received_currency": "ETB",
            "created_at": _at(n),
            "updated_at": _at(n),
            "expires_at": _at(n),
            "checked_at": _at(n),
        }


def _exceptions(numbers: range, person_id: str) -> Rows:
    for n in numbers:
        yield {
            "id": _id(6, n),
            "key": f"bench:{n}",
            "payment_id": _id(5, n),
            "user_id": person_id,
            "gateway": "bill_bitts",
            "tx_id": f"T{n}",
            "kind": "too_much",
            "amount_minor": 100,
            "currency": "ETB",
            "held": True,
            "proposed_resolution": "return",
            "state": "open",
            "created_at": _at(n),
        }


def _webhooks(numbers: range, _person_id: str) -> Rows:
    for n in numbers:
        yield {
            "id": _id(7, n),
            "provider": "bill_bitts",
            "event_id": f"E{n}",
            "raw": b"{}",
            "headers": {},
            "received_at": _at(n),
            "state": "dead" if n % 10 == 0 else "done",
            "payment_id": _id(5, n),
        }


def _audit(numbers: range, person_id: str) -> Rows:
    for n in numbers:
        yield {
            "seq": n + 1,
            "at": _at(n),
            "actor": person_id,
            "roles": "admin",
            "action": f"bench.{n % 20}",
            "subject_kind": "payment",
            "subject_id": _id(5, n),
            "detail": {},
            "request_id": f"{n:012x}",
            "previous": HASH,
            "hash": HASH,
        }


def _notices(numbers: range, person_id: str) -> Rows:
    for n in numbers:
        yield {
            "id": _id(8, n),
            "key": f"bench:{n}",
            "person_id": person_id,
            "kind": NOTICE,
            "context": {},
            "created_at": _at(n),
            "read_at": None if n % 2 else _at(n),
        }


def _messages(numbers: range, person_id: str) -> Rows:
    for n in numbers:
        yield {
            "id": _id(9, n),
            "key": f"bench:{n}",
            "to_address": f"p{n}@example.com",
            "template": "notice",
            "kind": NOTICE,
            "person_id": person_id,
            "context": {},
            "created_at": _at(n),
            "sent_at": _at(n) if n % 2 else None,
            "failed_at": None if n % 2 else _at(n),
        }


def _writes(numbers: range, _person_id: str) -> Rows:
    for n in numbers:
        yield {
            "id": _id(10, n),
            "intent_id": f"bench:{n}",
            "contract": "Campaign",
            "address": f"0x{n % 9:040x}",
            "function": "record",
            "args": [],
            "role": "operator",
            "status": "failed" if n % 2 else "confirmed",
            "subject_kind": "investment",
            "subject_id": _id(2, n),
            "created_at": _at(n),
            "updated_at": _at(n),
        }


def _transactions(numbers: range, _person_id: str) -> Rows:
    for n in numbers:
        yield {
            "id": _id(12, n),
            "signer": SIGNER,
            "nonce": n,
            "hash": f"0x{n:064x}",
            "to": SIGNER,
            "data": "0x",
            "raw": "0x",
            "gas": 21_000,
            "fee_cap": 1,
            "status": "confirmed",
            "created_at": _at(n),
            "sent_at": _at(n),
        }


def _signers(numbers: range, _person_id: str) -> Rows:
    if numbers.start == 0:
        yield {"address": SIGNER, "role": "operator", "next_nonce": 10**7}


def _work(numbers: range, _person_id: str) -> Rows:
    for n in numbers:
        yield {
            "id": _id(11, n),
            "queue": "default",
            "kind": "bench.work",
            "key": f"bench:{n}",
            "payload": {},
            "state": "dead" if n % 2 else "done",
            "not_before": _at(n),
            "created_at": _at(n),
        }


NOTICE = "security.recovery_codes_made"
LISTS: dict[str, list[tuple[Any, Callable[[range, str], Rows]]]] = {
    "wallet": [(Entry, _entries), (PostingRow, _postings)],
    "accounts": [(Account, _accounts)],
    "people": [(User, _people)],
    "payments": [(Payment, _payments), (PaymentException, _exceptions), (Inbox, _webhooks)],
    "audit": [(AuditEntry, _audit)],
    "notices": [(Notice, _notices), (Message, _messages)],
    "chain": [(Signer, _signers), (Tx, _transactions), (Write, _writes)],
    "work": [(Outbox, _work)],
}
