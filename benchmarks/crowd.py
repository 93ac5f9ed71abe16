"""Many campaigns in one database, inserted in bulk: what the growth benchmark reads."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from benchmarks import world
from crowdfund.campaigns.models import Campaign
from crowdfund.issuers.models import Company
from crowdfund.kernel.db import commit, db, new_id
from crowdfund.people import service

SLUG = "campaign-7"
_STATES = ("live", "live", "live", "succeeded", "released", "failed", "refunded", "live")
_SECTORS = ("agriculture", "agriculture", "agriculture", "energy")
_RARE = {3: "lighthouse", 7: "lighthouse ቡና", 11: "lighthouse ቡና ላኪ"}
Row = dict[str, Any]


def make(size: int) -> None:
    """Create the tables, one person signed in, and so many campaigns, each of its own company."""
    db.create_all()
    world._signed_in(service.ensure_user(world.EMAIL, "Ingrid Haile"))
    commit()
    now = datetime.now(UTC)
    for first in range(0, size, 1_000):
        numbers = range(first, min(size, first + 1_000))
        companies, campaigns = zip(*(_rows(number, now) for number in numbers), strict=True)
        db.session.execute(sa.insert(Company), list(companies))
        db.session.execute(sa.insert(Campaign), list(campaigns))
        commit()
    _gather_statistics()
    db.session.remove()
    db.engine.dispose()


def _rows(number: int, now: datetime) -> Iterator[Row]:
    company_id, address, digest = new_id(), f"0x{number:040x}", f"0x{number:064x}"
    yield {
        "id": company_id,
        "owner_id": new_id(),
        "status": "verified",
        "trade_name": f"Yirga Coffee {number}",
        "legal_name": f"Yirga Coffee {number} Share Company",
        "registration_no": f"MT/AA/1/{number:07}/2015",
        "sector": "agriculture",
        "country": "ET",
        "wallet_address": address,
        "salt": f"{number:064x}",
        "registered_at": now,
        "register_tx": digest,
        "created_at": now,
        "updated_at": now,
    }
    yield {"company_id": company_id, **_campaign(number, now, address, digest)}


def _campaign(number: int, now: datetime, address: str, digest: str) -> Row:
    """Return a campaign; states, sectors and figures are mixed, and most titles say `roaster`."""
    terms = world._terms(number, now, address, digest)
    title = f"A second roaster for Yirga number {number}."
    if number % 4 == 1 and number > 20:
        title = f"Solar pumps for Awash number {number}."
    rare = _RARE.get(number, "") + " windmill" * (number < 12 or number % 100 == 0)
    terms |= {
        "id": new_id(),
        "title": title,
        "status": _STATES[number % 8],
        "sector": _SECTORS[number % 4],
        "search_text": f"{title} {terms['summary']} yirga coffee {number} {rare}".casefold(),
        "settled_minor": number * 7_919 % 100_000 * 100,
        "reserved_minor": 10_000_000,
        "starts_at": now - timedelta(minutes=number),
        "ends_at": now + timedelta(days=5, minutes=number),
        "story_md": world.STORY if number < 20 else "Short.",
    }
    return terms


def _gather_statistics() -> None:
    """Let PostgreSQL look at its tables, as it does by itself after a while; SQLite never does.

    A thousand campaigns in one transaction leave a thousand dead counts, as nothing else does.
    """
    if db.engine.dialect.name == "postgresql":
        with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("VACUUM FULL campaign_count")
