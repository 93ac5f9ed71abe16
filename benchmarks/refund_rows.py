"""A live campaign with the money of many investors in it, in the books and in its contract.

Rows are written in bulk; journal, records and tokens are the platform's and the contract's own.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from benchmarks.chain import make_contract, settle
from crowdfund.adapters.chain import abi
from crowdfund.campaigns.models import Campaign
from crowdfund.chain import admissions, connection, queries, rules, service
from crowdfund.investments import rules as investment_rules
from crowdfund.investments.models import Investment, InvestmentDay, InvestorKey
from crowdfund.issuers.models import Company
from crowdfund.kernel import clock, config, outbox
from crowdfund.kernel.db import commit, db
from crowdfund.ledger import rules as ledger
from crowdfund.ledger.service import posting
from crowdfund.payments.models import Payment
from crowdfund.people.models import User
from crowdfund.token_payments import service as token_payments
from crowdfund.token_payments.models import TokenOrder

AT_ONCE = 2_000
PRICE = 100_00  # minor units, the least that the contract takes
GATEWAY = "bill_bitts"
CURRENCY, TOKEN, RAIL = "ETB", "cETB", "token"
CAMPAIGN, COMPANY = f"{1:032x}", f"{2:032x}"
DAYS = 30  # of the contract
Rows = list[dict[str, Any]]


def amount(number: int) -> int:
    """Return what an investor has paid, in minor units."""
    return PRICE * (1 + number % 7)


def fill(fiat: int, tokens: int) -> int:
    """Put the money of fiat investors and of token investors into a campaign; return the sum."""
    _give_gas_money()
    address = make_contract()
    people = range(fiat + tokens)
    _campaign(address, people)
    for first in range(0, fiat, AT_ONCE):
        numbers = range(first, min(first + AT_ONCE, fiat))
        _insert(numbers, [_payment(n, GATEWAY, f"T{n}") for n in numbers])
        posting.post_many([draft for n in numbers for draft in _fiat_entries(n)])
        service.write_many([_record(n, address) for n in numbers])
        commit()
        settle()
    _tokens(address, range(fiat, fiat + tokens))
    outbox.add("chain.index", "chain.index:tokens")  # what wallets did is no write of ours
    commit()
    outbox.drain("chain", limit_s=600)
    outbox.drain("default", limit_s=600)
    return sum(map(amount, people))


def _give_gas_money() -> None:
    """Give the signers enough for as many records as there may be."""
    for role in rules.ROLES:
        connection.node().rpc("anvil_setBalance", connection.address_of(role), hex(10**24))


def investment_id(number: int) -> str:
    """Return the id of the investment of an investor."""
    return _id(4, number)


def _id(kind: int, number: int) -> str:
    return f"{kind:02x}{number:030x}"


def _began() -> datetime:
    return clock.now() - timedelta(days=1)


def _campaign(address: str, people: range) -> None:
    now, total = _began(), sum(map(amount, people))
    db.session.execute(sa.insert(User.__table__), [_person(n) for n in people[:1]])
    company = {"id": COMPANY, "owner_id": _id(3, 0), "status": "verified", "salt": "0" * 64}
    dates = {"created_at": now, "updated_at": now}
    db.session.add(Company(**company, **dates, legal_name="Yirga Coffee", trade_name="Yirga"))
    db.session.flush()
    db.session.add(
        Campaign(
            id=CAMPAIGN,
            slug="yirga",
            company_id=COMPANY,
            author_id=_id(3, 0),
            status="live",
            title="A second roaster",
            currency=CURRENCY,
            goal_minor=10**12,
            min_minor=PRICE,
            max_minor=10**12,
            price_minor=PRICE,
            duration_days=DAYS,
            threshold_bps=7500,
            fee_bps=250,
            grace_days=5,
            terms_hash=rules.intent_bytes32("company"),
            reserved_minor=total,
            settled_minor=total,
            investors_count=len(people),
            contract_address=address,
            starts_at=now,
            ends_at=now + timedelta(days=DAYS),
            **dates,
        )
    )
    day = {"campaign_id": CAMPAIGN, "day": now.astimezone(UTC).date()}
    came = {"came": len(people), "came_minor": total}
    db.session.execute(sa.insert(InvestmentDay.__table__).values(**day, **came))
    commit()


def _insert(numbers: range, payments: Rows) -> None:
    """Write people, payments, investments and the keys under which the contract knows them."""
    for table, rows in (
        (User.__table__, [_person(n) for n in numbers if n]),
        (Payment.__table__, payments),
        (
            Investment.__table__,
            [_investment(n, one) for n, one in zip(numbers, payments, strict=True)],
        ),
        (InvestorKey.__table__, [_key(n) for n in numbers]),
    ):
        if rows:
            db.session.execute(sa.insert(table), rows)


def _person(n: int) -> dict[str, Any]:
    return {
        "id": _id(3, n),
        "first_name": f"Abebe{n}",
        "email": f"p{n}@example.com",
        "referral_code": f"{n:08x}",
        "created_at": _began(),
    }


def _payment(n: int, gateway: str, tx_id: str) -> dict[str, Any]:
    moments = ("created_at", "updated_at", "expires_at", "checked_at")
    tokens = gateway == RAIL
    return {
        "id": _id(5, n),
        "key": f"bench:{n}",
        "user_id": _id(3, n),
        "gateway": gateway,
        "purpose_kind": "investment",
        "purpose_id": investment_id(n),
        "destination": ledger.tokens(CAMPAIGN) if tokens else ledger.escrow(CAMPAIGN),
        "description": "Yirga Coffee",
        "amount_minor": amount(n),
        "currency": CURRENCY,
        "status": "settled",
        "tx_id": tx_id,
        "received_minor": amount(n),
        "received_currency": CURRENCY,
        **dict.fromkeys(moments, _began()),
    }


def _investment(n: int, payment: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": investment_id(n),
        "campaign_id": CAMPAIGN,
        "user_id": _id(3, n),
        "form_key": f"form-{n}",
        "amount_minor": amount(n),
        "shares": amount(n) // PRICE,
        "currency": CURRENCY,
        "rail": payment["gateway"],
        "status": "confirmed",
        "payment_id": payment["id"],
        "tx_hash": payment["tx_id"] if payment["gateway"] == RAIL else f"0x{n:064x}",
        "created_at": _began(),
        "settled_at": _began(),
    }


def _key(n: int) -> dict[str, Any]:
    key = rules.intent_bytes32(f"investor-{n}")
    return {"campaign_id": CAMPAIGN, "user_id": _id(3, n), "key": key, "number": n + 1}


def _fiat_entries(n: int) -> Iterator[ledger.Draft]:
    clearing = ledger.clearing(GATEWAY)
    steps = (
        ("succeeded", ledger.external(GATEWAY), clearing),
        ("settled", clearing, ledger.escrow(CAMPAIGN)),
    )
    for step, source, destination in steps:
        yield _entry(n, step, source, destination)


def _entry(n: int, step: str, source: str, destination: str) -> ledger.Draft:
    move = ledger.Posting(source, destination, amount(n))
    ref = (("payment", _id(5, n)),)
    return ledger.Draft(f"payment:{_id(5, n)}:{step}", (move,), f"payment.{step}", CURRENCY, ref)


def _record(n: int, address: str) -> service.Effect:
    name = investment_rules.reference(investment_id(n))
    args = [rules.intent_bytes32(name), _key(n)["key"], rules.to_units(amount(n))]
    return service.Effect(
        name,
        "CampaignImplementation",
        "recordInvestment",
        args,
        ("bench", investment_id(n)),
        address=address,
        batch="recordInvestments",
    )


# --- tokens ---------------------------------------------------------------------------------------


def _tokens(address: str, numbers: range) -> None:
    """Have wallets of their own pay tokens to the contract, and the books know of it."""
    if not numbers:
        return
    node = connection.node()
    token, minter = queries.address_of("PaymentToken"), str(node.rpc("eth_accounts")[5])  # type: ignore[index]
    role = node.call("PaymentToken", token, "MINTER_ROLE")
    subject = ("bench", "grant")
    service.write("grant", "PaymentToken", "grantRole", [role, minter], subject=subject)
    commit()
    settle()
    wanted = token_payments.NewRate(TOKEN, CURRENCY, 1, 1, _began(), "Parity by the issuer")
    token_payments.add_rate(wanted, actor="bench")
    commit()
    paid = [_pay_with_tokens(n, address, token, abi.checksummed(minter)) for n in numbers]
    rate = db.session.execute(sa.text("SELECT id FROM fx_rate")).scalar_one()
    _insert(numbers, [_payment(n, RAIL, tx) for n, tx in zip(numbers, paid, strict=True)])
    orders = [_order(n, tx, rate, (token, address)) for n, tx in zip(numbers, paid, strict=True)]
    db.session.execute(sa.insert(TokenOrder.__table__), orders)
    drafts = [
        _entry(n, "settled", ledger.OUTSIDE_WALLETS, ledger.tokens(CAMPAIGN)) for n in numbers
    ]
    posting.post_many(drafts)
    total = sum(map(amount, numbers))
    mine = sa.update(Campaign.__table__).where(Campaign.__table__.c.id == CAMPAIGN)
    db.session.execute(mine.values(paid_token_minor=total))
    commit()


def _wallet(n: int) -> str:
    return abi.checksummed(f"0x{0xBE7C << 128 | n:040x}")


def _intent(n: int) -> str:
    return rules.intent_bytes32(f"tokens-{n}")


def _pay_with_tokens(n: int, address: str, token: str, minter: str) -> str:
    """Mint, approve and invest; return the hash of the last transaction."""
    node, wallet, units = connection.node(), _wallet(n), rules.to_units(amount(n))
    node.rpc("anvil_setBalance", wallet, hex(10**18))
    node.rpc("anvil_impersonateAccount", wallet)
    leave = admissions.sign_for(
        address,
        intent=_intent(n),
        investor=wallet,
        amount_minor=amount(n),
        valid_until=clock.now() + timedelta(days=DAYS),
    )
    sent = ""
    for sender, to, contract, function, args in (
        (minter, token, "PaymentToken", "mint", [wallet, units]),
        (wallet, token, "PaymentToken", "approve", [address, units]),
        (wallet, address, "CampaignImplementation", "invest", [leave]),
    ):
        data = abi.encode(contract, function, args)
        tx = {"from": sender, "to": to, "data": data, "gas": hex(600_000)}
        sent = str(node.rpc("eth_sendTransaction", tx))
    receipt = node.wait(sent, poll_s=0.002)
    assert receipt is not None
    assert receipt.ok
    return sent


def _order(n: int, tx: str, rate: str, places: tuple[str, str]) -> dict[str, Any]:
    token, address = places
    return {
        "payment_id": _id(5, n),
        "intent": _intent(n),
        "rate_id": rate,
        "token": TOKEN,
        "token_minor": amount(n),
        "units": str(rules.to_units(amount(n))),
        "chain_id": config.settings().chain_id,
        "token_address": token,
        "contract": address,
        "quoted_at": _began(),
        "valid_until": clock.now() + timedelta(days=DAYS),
        "wallet": _wallet(n),
        "wallet_at": _began(),
        "tx_hash": tx,
        "paid_at": _began(),
    }
