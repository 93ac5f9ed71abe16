"""The data that every page benchmark reads: one SQLite file, twenty campaigns,
one person signed in.

Rows are written directly: the story of the demo is made by services, this only has to be the same
for all. The file is copied for each competitor, so that none waits for another's locks.
"""

import sqlite3
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from flask import Flask

from crowdfund import create_app
from crowdfund.campaigns.models import Campaign
from crowdfund.documents.models import Document
from crowdfund.issuers.models import Company
from crowdfund.issuers.rules import requirements
from crowdfund.kernel import config
from crowdfund.kernel.db import commit, db, new_id
from crowdfund.kernel.sessions import WebSession, hashed
from crowdfund.people import service

CAMPAIGNS = 20
SLUG = "campaign-7"
TOKEN = "benchmark-token"
COOKIE = f"crowdfund={TOKEN}"
EMAIL = "ingrid@example.com"
_PARAGRAPH = "We roast the beans of **forty** farms, and each birr goes into a second roaster. " * 3
STORY = "\n\n".join(f"## Part {n}\n\n{_PARAGRAPH}\n\n- one\n- two\n- three" for n in range(6))


def make(folder: Path) -> Path:
    """Create the database with its rows in a folder and return its path."""
    app = open_app(folder)
    with app.app_context():
        db.create_all()
        person_id = service.ensure_user(EMAIL, "Ingrid Haile")
        service.accept_terms(person_id)
        for number in range(CAMPAIGNS):
            _campaign(number)
        _signed_in(person_id)
        commit()
        db.session.remove()
        db.engine.dispose()
    return folder / "crowdfund.db"


def open_app(folder: Path) -> Flask:
    """Return our application on the database of a folder, as a web process has it."""
    settings = config.Settings(
        _env_file=None,
        environment="test",
        CROWDFUND_DATA_DIR=folder,
        redis_url="",
        database_url="",
        chain_rpc_url="",
    )
    return create_app(settings)


def copy(source: Path, target: Path) -> Path:
    """Copy the database and return the path of the copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with sqlite3.connect(source) as one, sqlite3.connect(target) as other:
        one.backup(other)
        other.execute("PRAGMA journal_mode=WAL")
    return target


def _campaign(number: int) -> None:
    now = datetime.now(UTC)
    company_id = new_id()
    address, digest = f"0x{number:040x}", f"0x{number:064x}"
    db.session.add(
        Company(
            id=company_id,
            owner_id=new_id(),
            status="verified",
            trade_name=f"Yirga Coffee {number}",
            legal_name=f"Yirga Coffee {number} Share Company",
            registration_no=f"MT/AA/1/{number:07}/2015",
            sector="agriculture",
            country="ET",
            wallet_address=address,
            salt=f"{number:064x}",
            registered_at=now,
            register_tx=digest,
            created_at=now,
            updated_at=now,
        )
    )
    db.session.flush()
    db.session.add(
        Document(
            owner_kind="company",
            owner_id=company_id,
            kind=requirements.MEMORANDUM,
            status="verified",
            filename="memorandum.pdf",
            content_type="application/pdf",
            size=40_000,
            sha256_commitment=digest,
            file_id=new_id(),
            uploaded_by=new_id(),
            uploaded_at=now,
        )
    )
    db.session.add(Campaign(company_id=company_id, **_terms(number, now, address, digest)))


def _terms(number: int, now: datetime, address: str, digest: str) -> dict[str, Any]:
    return {
        "slug": f"campaign-{number}",
        "author_id": new_id(),
        "status": "live",
        "title": f"A second roaster for Yirga number {number}",
        "story_md": STORY,
        "summary": "Forty farms grow the beans; a second roaster lets us export them. " * 2,
        "sector": "agriculture",
        "security_type": "equity",
        "image_id": f"{number:064x}.svg",
        "image_alt": "Two people beside a roaster",
        "currency": "ETB",
        "goal_minor": 50_000_000,
        "min_minor": 100_00,
        "max_minor": 5_000_000,
        "price_minor": 100_00,
        "duration_days": 30,
        "threshold_bps": 7500,
        "fee_bps": 250,
        "grace_days": 5,
        "terms_hash": digest,
        "reserved_minor": 10_000_000 + number * 100_000,
        "settled_minor": 10_000_000 + number * 50_000,
        "investors_count": number * 3,
        "contract_address": address,
        "deploy_tx": digest,
        "starts_at": now - timedelta(days=number),
        "ends_at": now + timedelta(days=30 - number, hours=12),
        "created_at": now,
        "updated_at": now,
    }


def _signed_in(person_id: str) -> None:
    now = datetime.now(UTC)
    data = {"_user_id": person_id, "_fresh": True, "csrf_token": "0" * 40}
    db.session.add(
        WebSession(
            id=hashed(TOKEN),
            user_id=person_id,
            data=data,
            user_agent="",
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(days=14),
        )
    )


if __name__ == "__main__":
    print(make(Path(sys.argv[1])))
