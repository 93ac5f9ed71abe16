"""Triggers that maintain the public list: its rows, and their number for each state and sector.

The database does it itself, so that no verb, no repair by hand and no bulk load can forget to.
"""

from crowdfund.kernel.db import substrings

LISTING, COUNT = "campaign_listing", "campaign_count"
_WATCHED = ("status", "sector", "starts_at", "ends_at", "search_text")
_FUNDS = ("settled_minor", "goal_minor")
_LISTED = ("state", "sector", "starts_at", "ends_at", "is_over", "funded_bps", "search_text")
_COUNTED = ("state", "sector", "starts_at", "ends_at", "search_text")
# Any number that was never there before: what is remembered under an older one is out of date then,
# even if the database was restored from a backup meanwhile.
_CHANCE = {
    "sqlite": "random() / 8192",
    "postgresql": "CAST(random() * 1e15 AS bigint)",
    "mysql": "CAST(RAND() * 1e15 AS SIGNED)",
}


def ddl(dialect: str) -> list[str]:
    """Return the statements that make the triggers and the text index of the public list."""
    index = substrings.index_ddl(dialect, LISTING, "place", "search_text")
    if dialect == "sqlite":
        return [*index, *_sqlite()]
    return [*index, *(_postgresql() if dialect == "postgresql" else _mysql())]


def drop_ddl(dialect: str) -> list[str]:
    """Return the statements that remove what `ddl` made, but for what goes with the tables."""
    names = [f"{LISTING}_{verb}" for verb in ("insert", "update", "funds", "delete")]
    index = substrings.drop_index_ddl(dialect, LISTING)
    if dialect != "postgresql":
        return [*(f"DROP TRIGGER {name}" for name in names if name in _created(dialect)), *index]
    drops = [f"DROP TRIGGER {name} ON campaign" for name in names]
    tables = [
        f"DROP TRIGGER {COUNT}_{verb} ON {LISTING}" for verb in ("insert", "update", "delete")
    ]
    return [
        *drops,
        *tables,
        "DROP FUNCTION list_campaign()",
        "DROP FUNCTION count_campaign()",
        *index,
    ]


def fill_sql(dialect: str) -> list[str]:
    """Return the statements that list and count every campaign that is public, before `ddl`.

    Triggers would count them one by one, and leave as many dead rows on PostgreSQL.
    """
    columns, values = ", ".join(_LISTED), ", ".join(_values(dialect, "campaign"))
    return [
        f"INSERT INTO {LISTING} (campaign_id, {columns}) SELECT id, {values} FROM campaign "
        f"WHERE {_state('campaign')} IS NOT NULL ORDER BY starts_at, id",
        f"INSERT INTO {COUNT} (state, sector, number, mark) "
        f"SELECT state, sector, count(*), {_CHANCE[dialect]} FROM {LISTING} GROUP BY state, sector",
    ]


# --- what a campaign is in the list ---------------------------------------------------------------


def _state(row: str) -> str:
    """Return the state that the list shows, NULL for what was never live."""
    return (
        f"(CASE WHEN {row}.starts_at IS NULL THEN NULL WHEN {row}.status = 'live' THEN 'live' "
        f"WHEN {row}.status IN ('succeeded', 'released') THEN 'funded' "
        f"WHEN {row}.status IN ('failed', 'refunded', 'cancelled') THEN 'ended' END)"
    )


def _funded(dialect: str, row: str) -> str:
    """Return the hundredths of a percent that are settled, rounded down."""
    money, goal = f"({row}.settled_minor * 10000)", f"coalesce({row}.goal_minor, 1)"
    return f"({money} DIV {goal})" if dialect == "mysql" else f"({money} / {goal})"


def _values(dialect: str, row: str) -> list[str]:
    over = f"(CASE WHEN {row}.status = 'live' THEN 0 ELSE 1 END)"
    dates = [f"{row}.starts_at", f"coalesce({row}.ends_at, {row}.starts_at)"]
    sector = f"coalesce({row}.sector, '')"
    return [_state(row), sector, *dates, over, _funded(dialect, row), f"{row}.search_text"]


def _relist(dialect: str) -> list[str]:
    """Return the statements for a campaign whose state, dates, sector or text may have changed."""
    values = _values(dialect, "new")
    changes = ", ".join(f"{name} = {value}" for name, value in zip(_LISTED, values, strict=True))
    none = f"NOT EXISTS (SELECT 1 FROM {LISTING} WHERE campaign_id = new.id)"
    source = "" if dialect != "mysql" else " FROM dual"
    return [
        f"DELETE FROM {LISTING} WHERE campaign_id = new.id AND {_state('new')} IS NULL",
        f"UPDATE {LISTING} SET {changes} WHERE campaign_id = new.id",
        f"INSERT INTO {LISTING} (campaign_id, {', '.join(_LISTED)}) "
        f"SELECT new.id, {', '.join(values)}{source} WHERE {_state('new')} IS NOT NULL AND {none}",
    ]


def _refund(dialect: str) -> str:
    """Return the statement for a campaign of which only the money has changed."""
    now = _funded(dialect, "new")
    changed = f"campaign_id = new.id AND funded_bps <> {now}"
    return f"UPDATE {LISTING} SET funded_bps = {now} WHERE {changed}"


_UNLIST = f"DELETE FROM {LISTING} WHERE campaign_id = old.id"


def _count(dialect: str, row: str) -> str:
    chance = _CHANCE[dialect]
    start = (
        f"INSERT INTO {COUNT} (state, sector, number, mark)"
        f" VALUES ({row}.state, {row}.sector, 1, {chance})"
    )
    if dialect == "mysql":
        return f"{start} ON DUPLICATE KEY UPDATE number = number + 1, mark = {chance}"
    return (
        f"{start} ON CONFLICT (state, sector) DO UPDATE"
        f" SET number = {COUNT}.number + 1, mark = excluded.mark"
    )


def _uncount(dialect: str) -> str:
    return (
        f"UPDATE {COUNT} SET number = number - 1, mark = {_CHANCE[dialect]} "
        "WHERE state = old.state AND sector = old.sector"
    )


# --- the triggers of each database ----------------------------------------------------------------


def _created(dialect: str) -> set[str]:
    """Return the names of the triggers on `campaign`, which stays when the list is dropped."""
    made = _sqlite() if dialect == "sqlite" else _mysql()
    return {text.split()[2] for text in made if " ON campaign " in text}


def _sqlite() -> list[str]:
    relist = "; ".join(_relist("sqlite"))
    count, uncount = _count("sqlite", "new"), _uncount("sqlite")
    watched, funds, counted = ", ".join(_WATCHED), ", ".join(_FUNDS), ", ".join(_COUNTED)
    bodies = [
        (f"{LISTING}_insert AFTER INSERT ON campaign", relist),
        (f"{LISTING}_update AFTER UPDATE OF {watched} ON campaign", relist),
        (f"{LISTING}_funds AFTER UPDATE OF {funds} ON campaign", _refund("sqlite")),
        (f"{LISTING}_delete AFTER DELETE ON campaign", _UNLIST),
        (f"{COUNT}_insert AFTER INSERT ON {LISTING}", count),
        (f"{COUNT}_update AFTER UPDATE OF {counted} ON {LISTING}", f"{uncount}; {count}"),
        (f"{COUNT}_delete AFTER DELETE ON {LISTING}", uncount),
    ]
    return [f"CREATE TRIGGER {head} BEGIN {body}; END" for head, body in bodies]


def _postgresql() -> list[str]:
    relist, refund = "; ".join(_relist("postgresql")), _refund("postgresql")
    count, uncount = _count("postgresql", "new"), _uncount("postgresql")
    watched, funds, counted = ", ".join(_WATCHED), ", ".join(_FUNDS), ", ".join(_COUNTED)
    functions = {
        "list_campaign": f"IF TG_OP = 'DELETE' THEN {_UNLIST}; "
        f"ELSIF TG_NAME = '{LISTING}_funds' THEN {refund}; ELSE {relist}; END IF;",
        "count_campaign": f"IF TG_OP <> 'INSERT' THEN {uncount}; END IF; "
        f"IF TG_OP <> 'DELETE' THEN {count}; END IF;",
    }
    made = [
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ "
        f"BEGIN {body} RETURN NULL; END $$"
        for name, body in functions.items()
    ]
    heads = [
        (f"{LISTING}_insert AFTER INSERT ON campaign", "list_campaign"),
        (f"{LISTING}_update AFTER UPDATE OF {watched} ON campaign", "list_campaign"),
        (f"{LISTING}_funds AFTER UPDATE OF {funds} ON campaign", "list_campaign"),
        (f"{LISTING}_delete AFTER DELETE ON campaign", "list_campaign"),
        (f"{COUNT}_insert AFTER INSERT ON {LISTING}", "count_campaign"),
        (f"{COUNT}_update AFTER UPDATE OF {counted} ON {LISTING}", "count_campaign"),
        (f"{COUNT}_delete AFTER DELETE ON {LISTING}", "count_campaign"),
    ]
    return made + [
        f"CREATE TRIGGER {head} FOR EACH ROW EXECUTE FUNCTION {body}()" for head, body in heads
    ]


def _mysql() -> list[str]:
    """Return MariaDB's triggers, which know no `UPDATE OF` and compare instead."""
    relist, refund = "; ".join(_relist("mysql")), _refund("mysql")
    count, uncount = _count("mysql", "new"), _uncount("mysql")
    same = " AND ".join(f"old.{name} <=> new.{name}" for name in _WATCHED)
    same_count = " AND ".join(f"old.{name} <=> new.{name}" for name in _COUNTED)
    bodies = [
        (f"{LISTING}_insert AFTER INSERT ON campaign", f"{relist};"),
        (
            f"{LISTING}_update AFTER UPDATE ON campaign",
            f"IF NOT ({same}) THEN {relist}; ELSE {refund}; END IF;",
        ),
        (f"{LISTING}_delete AFTER DELETE ON campaign", f"{_UNLIST};"),
        (f"{COUNT}_insert AFTER INSERT ON {LISTING}", f"{count};"),
        (
            f"{COUNT}_update AFTER UPDATE ON {LISTING}",
            f"IF NOT ({same_count}) THEN {uncount}; {count}; END IF;",
        ),
        (f"{COUNT}_delete AFTER DELETE ON {LISTING}", f"{uncount};"),
    ]
    return [f"CREATE TRIGGER {head} FOR EACH ROW BEGIN {body} END" for head, body in bodies]
