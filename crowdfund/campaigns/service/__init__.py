"""Verbs of campaigns: `drafts`, `reviews`, `life` (deploy, close, release, cancel), `totals` (money in)."""

from .drafts import create_draft, save_basics, save_story, save_terms, set_picture, set_picture_id, submit
from .life import (
    cancel,
    cancelled_on_chain,
    close_due,
    close_early,
    closed_on_chain,
    deploy,
    deploy_failed,
    ending_failed,
    go_live,
    mark_refunded,
    release,
    released_on_chain,
    retry_ending,
)
from .papers import add_document, check_new_document, note_pinned, pin_due, remove_document, sweep_papers
from .reviews import approve, reject
from .shared import NotEligible, OwnCampaign, campaign_intent
from .totals import count_settled, line_up, reserve, uncount_settled, unreserve

__all__ = [
    "NotEligible",
    "OwnCampaign",
    "add_document",
    "approve",
    "campaign_intent",
    "cancel",
    "cancelled_on_chain",
    "check_new_document",
    "close_due",
    "close_early",
    "closed_on_chain",
    "count_settled",
    "create_draft",
    "deploy",
    "deploy_failed",
    "ending_failed",
    "go_live",
    "line_up",
    "mark_refunded",
    "note_pinned",
    "pin_due",
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
    "uncount_settled",
    "unreserve",
]
