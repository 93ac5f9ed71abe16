"""Verbs of campaigns: `drafts`, `reviews`, `life` (deploy), `totals` (money in), `ending`, `releasing`.

`following` ends a campaign as its contract did, against the books; `reconciliation` decides when.
"""

from .drafts import create_draft, save_basics, save_story, save_terms, set_picture, set_picture_id, submit
from .ending import (
    cancel,
    cancelled_on_chain,
    close_due,
    close_early,
    closed_on_chain,
    ending_failed,
    forget_difference,
    mark_refunded,
    note_agreement,
    note_disagreement,
    retry_ending,
)
from .life import deploy, deploy_failed, go_live
from .papers import add_document, check_new_document, note_pinned, pin_due, remove_document, sweep_papers
from .redirects import ask_redirect, redirected
from .releasing import EscrowDisagrees, release, released_on_chain
from .reviews import approve, reject
from .shared import NotEligible, OwnCampaign, campaign_intent
from .totals import count_refused, count_settled, line_up, reserve, take_foreign, uncount_settled, unreserve

__all__ = [
    "EscrowDisagrees",
    "NotEligible",
    "OwnCampaign",
    "add_document",
    "approve",
    "ask_redirect",
    "campaign_intent",
    "cancel",
    "cancelled_on_chain",
    "check_new_document",
    "close_due",
    "close_early",
    "closed_on_chain",
    "count_refused",
    "count_settled",
    "create_draft",
    "deploy",
    "deploy_failed",
    "ending_failed",
    "forget_difference",
    "go_live",
    "line_up",
    "mark_refunded",
    "note_agreement",
    "note_disagreement",
    "note_pinned",
    "pin_due",
    "redirected",
    "reject",
    "release",
    "released_on_chain",
    "remove_document",
    "reserve",
    "retry_ending",
    "save_basics",
    "save_story",
    "save_terms",
    "set_picture",
    "set_picture_id",
    "submit",
    "sweep_papers",
    "take_foreign",
    "uncount_settled",
    "unreserve",
]
