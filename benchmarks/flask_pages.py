"""The least that Flask can do for the same pages: sqlite3 by hand, Jinja, nothing else.

No session, no person, no CSRF, no access rules, no events, no transactions: the frame around the
page comes from constants. What we are slower by is the price of all that.
"""

import sqlite3
import threading
from pathlib import Path
from typing import Any

from flask import Flask, abort, render_template, request

from benchmarks import words

_COLUMNS = (
    "c.*, k.trade_name, k.legal_name, k.registration_no, k.country, k.wallet_address, "
    "k.registered_at, k.register_tx"
)
_CARD = (
    "c.slug, c.title, c.summary, c.sector, c.image_id, c.status, c.goal_minor, c.settled_minor,"
    " c.investors_count, c.ends_at, k.trade_name"
)
_PUBLIC = (
    "c.starts_at IS NOT NULL"
    " AND c.status IN ('live', 'succeeded', 'released', 'failed', 'refunded', 'cancelled')"
)
_LIST = (
    f"SELECT {_CARD}, count(*) OVER () AS total FROM campaign c "
    f"JOIN company k ON k.id = c.company_id WHERE {_PUBLIC} ORDER BY c.starts_at DESC, "
    "c.id DESC LIMIT ? OFFSET ?"
)
_DETAIL = (
    f"SELECT {_COLUMNS} FROM campaign c JOIN company k ON k.id = c.company_id"
    f" WHERE c.slug = ? AND {_PUBLIC}"
)
_PAPERS = (
    "SELECT id, kind, size FROM document WHERE owner_kind = 'company' AND owner_id = ?"
    " AND kind = 'memorandum' AND status = 'verified' ORDER BY kind"
)
_FRAME = {
    "person": {"name": "Ingrid Haile", "initial": "I", "email": "ingrid@example.com"},
    "csrf_token": "0" * 64,
    "messages": (),
}


def make(database: Path) -> Flask:
    """Return the application on a copy of the benchmark's database."""
    app = Flask(__name__, template_folder="templates")
    app.jinja_env.filters.update(words.FILTERS)
    local = threading.local()

    def rows(sql: str, *params: Any) -> list[dict[str, Any]]:
        if not hasattr(local, "connection"):
            local.connection = sqlite3.connect(database, check_same_thread=False)
            local.connection.row_factory = sqlite3.Row
        return [_row(row) for row in local.connection.execute(sql, params).fetchall()]

    @app.get("/campaigns")
    def index() -> str:
        page = max(1, request.args.get("page", 1, type=int))
        first = (page - 1) * words.PAGE_SIZE
        campaigns = rows(_LIST, words.PAGE_SIZE, first)
        total = campaigns[0]["total"] if campaigns else 0
        return render_template(
            "index.html",
            here="list",
            campaigns=campaigns,
            q="",
            sector="",
            status="",
            sort="newest",
            total=total,
            shown=first + len(campaigns),
            more=total > first + len(campaigns),
            sectors=words.SECTORS,
            statuses=words.STATUSES,
            sorts=words.SORTS,
            **_FRAME,
        )

    @app.get("/campaigns/<slug>")
    def detail(slug: str) -> str:
        found = rows(_DETAIL, slug)
        if not found:
            abort(404)
        papers = rows(_PAPERS, found[0]["company_id"])
        return render_template("detail.html", campaign=found[0], papers=papers, **_FRAME)

    return app


def _row(row: sqlite3.Row) -> dict[str, Any]:
    found = dict(row)
    if "goal_minor" in found:
        found["percent"] = found["settled_minor"] * 100 // found["goal_minor"]
    if "threshold_bps" in found:
        found["threshold"] = found["goal_minor"] * found["threshold_bps"] // 10_000
        found["on_its_way"] = found["reserved_minor"] - found["settled_minor"]
    return found
