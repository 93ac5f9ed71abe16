"""Rules of companies: their life, the wizard's pages, officers, bank, papers, the team; pure."""

from crowdfund.documents.rules import commitment

from .bank import BANK_CHOICES, FORMATS, BankAccount, parse_account
from .declarations import STATEMENTS, text_hash
from .diffs import FIELD_NAMES, Difference, differences, officer_text
from .life import (
    EDITABLE,
    REFUSALS,
    STATUS_WORDS,
    TRANSITIONS,
    ChangeStatus,
    InvalidFields,
    Standing,
    Status,
    WrongState,
    may_review,
    move,
    start_refusal,
)
from .lists import COUNTRIES, SECTORS, country_choices, country_name
from .officers import (
    MOST_OFFICERS,
    OFFICER_ROLES,
    check_total,
    clean_officer,
    officers_missing,
    parse_share,
    share_text,
)
from .papers import EXPIRING, KINDS, MEMORANDUM, TEXTS, lacking, required
from .steps import (
    COLUMN_STEPS,
    STEP_TITLES,
    STEPS,
    action_of,
    clean,
    columns,
    missing_steps,
    step_state,
)
from .team import INVITATION_LIFE, ROLE_NAMES, ROLE_TEXTS, Role, RoleForbids, demand, may, may_leave
from .words import (
    Values,
    block,
    collect,
    line,
    parse_day,
    parse_email,
    parse_phone,
    parse_reason,
    parse_registration,
    parse_tin,
    parse_wallet,
    pick,
)

__all__ = [
    "BANK_CHOICES", "COLUMN_STEPS", "COUNTRIES", "EDITABLE", "EXPIRING", "FIELD_NAMES", "FORMATS",
    "INVITATION_LIFE", "KINDS", "MEMORANDUM", "MOST_OFFICERS", "OFFICER_ROLES", "REFUSALS", "ROLE_NAMES",
    "ROLE_TEXTS", "SECTORS", "STATEMENTS", "STATUS_WORDS", "STEPS", "STEP_TITLES", "TEXTS", "TRANSITIONS",
    "BankAccount", "ChangeStatus", "Difference", "InvalidFields", "Role", "RoleForbids", "Standing",
    "Status", "Values", "WrongState", "action_of", "block", "check_total", "clean", "clean_officer",
    "collect", "columns", "commitment", "country_choices", "country_name", "demand", "differences",
    "lacking", "line", "may", "may_leave", "may_review", "missing_steps", "move", "officer_text",
    "officers_missing", "parse_account", "parse_day", "parse_email", "parse_phone", "parse_reason",
    "parse_registration", "parse_share", "parse_tin", "parse_wallet", "pick", "required", "share_text",
    "start_refusal", "step_state", "text_hash",
]  # fmt: skip
