"""Pages of payments, and the endpoints for webhooks."""

from crowdfund.payments.views import desk, exports, inbox, public, webhooks
from crowdfund.payments.views.blueprint import bp

__all__ = ["bp", "desk", "exports", "inbox", "public", "webhooks"]
