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
from .reviews import approve, reject
from .shared import NotEligible, OwnCampaign, campaign_intent
from .totals import count_settled, line_up, reserve, uncount_settled, unreserve

__all__ = [
    "NotEligible",
    "OwnCampaign",
    "approve",
    "campaign_intent",
    "cancel",
    "cancelled_on_chain",
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
    "reject",
    "release",
    "released_on_chain",
    "reserve",
    "retry_ending",
    "save_basics",
    "save_story",
    "save_terms",
    "set_picture",
    "set_picture_id",
    "submit",
    "uncount_settled",
    "unreserve",
]
