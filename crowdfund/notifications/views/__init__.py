"""Pages about notices: the list, the choices, the desk, the previews."""

from crowdfund.notifications.views import choices, desk, notices, preview
from crowdfund.notifications.views.blueprint import bp

__all__ = ["bp", "choices", "desk", "notices", "preview"]
