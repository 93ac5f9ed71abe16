"""Pages: `public` for everyone; `faq`, `gallery` and `people` for a company's team."""

from crowdfund.content.views.blueprint import bp
from crowdfund.content.views.faq import faq
from crowdfund.content.views.gallery import pictures
from crowdfund.content.views.people import people
from crowdfund.content.views.public import picture

__all__ = ["bp", "faq", "people", "picture", "pictures"]
