"""Pages: `public` and `sharing` for everyone, `followers` for people, `editor` and `documents` for
companies, `previews` for them and staff, `desk` and `limits` for staff.
"""

from crowdfund.campaigns.views.blueprint import bp
from crowdfund.campaigns.views.desk import approvals
from crowdfund.campaigns.views.documents import documents
from crowdfund.campaigns.views.editor import manage
from crowdfund.campaigns.views.followers import followed
from crowdfund.campaigns.views.limits import limits
from crowdfund.campaigns.views.previews import public_preview
from crowdfund.campaigns.views.public import index

__all__ = [
    "approvals",
    "bp",
    "documents",
    "followed",
    "index",
    "limits",
    "manage",
    "public_preview",
]
