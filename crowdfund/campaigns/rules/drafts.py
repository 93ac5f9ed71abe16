"""The pages of a draft: what each must hold, and the story as safe HTML; pure."""

import re
import unicodedata
from collections.abc import Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

import nh3

from crowdfund.campaigns.rules import securities
from crowdfund.issuers.rules.lists import SECTORS
from crowdfund.kernel.errors import Invalid
from crowdfund.kernel.fields import texts
from crowdfund.kernel.fields.characters import has_hidden
from crowdfund.kernel.fields.collecting import Values, collect, state_of, unfinished
from crowdfund.kernel.i18n import _, _l, ngettext, number

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.token import Token

SECURITY_TYPES = {str(kind): words for kind, words in securities.KINDS.items()}
STORY_MAX = 20_000
MOST_DOCUMENTS = 10

STEPS: dict[str, tuple[str, ...]] = {
    "basics": ("title", "summary", "sector", "security_type"),
    "picture": ("image_id", "image_alt"),
    "story": ("story_md",),
    "terms": ("goal_minor", "price_minor", "min_minor", "max_minor", "duration_days"),
}
STEP_TITLES = {
    "basics": _l("Title and summary"),
    "picture": _l("Picture"),
    "story": _l("Story"),
    "terms": _l("Goal, limits and price"),
}


def step_state(draft: Mapping[str, object], step: str) -> str:
    """Return `done`, `started` or `todo` for one page of a draft."""
    state = state_of(draft, STEPS[step])
    is_whole = step != "terms" or securities.of_draft(draft).has_terms
    return state if is_whole or state != "done" else "started"


def missing_steps(draft: Mapping[str, object]) -> list[str]:
    """Return the pages that still lack something, in order."""
    return unfinished(STEPS, lambda step: step_state(draft, step))


def clean_basics(values: Values) -> tuple[dict[str, str], dict[str, str]]:
    """Return the good values of the first page and a sentence for each that is not."""
    ask_sector = _("Choose a sector from the list.")
    ask_kind, kind = _("Choose what investors get from the list."), values.get("security_type")
    title, summary = values.get("title"), values.get("summary")
    return collect(
        {
            "title": lambda: texts.line(title, "title", _("Enter a title."), least=5, most=80),
            "summary": lambda: texts.line(
                summary, "summary", _("Enter a summary."), least=20, most=240
            ),
            "sector": lambda: texts.choice(values.get("sector"), "sector", ask_sector, SECTORS),
            "security_type": lambda: texts.choice(kind, "security_type", ask_kind, SECURITY_TYPES),
        }
    )


def parse_story(text: object) -> str:
    """Return a story in Markdown with plain line ends; markup is made safe when it is shown."""
    story = texts.composed(text).replace("\r\n", "\n").replace("\r", "\n").strip()
    if not story:
        raise Invalid(_("Enter the story of the campaign."), field="story_md")
    if has_hidden(story.replace("\t", " ")):
        raise Invalid(
            _("The story has hidden control characters. Paste it as plain text."), field="story_md"
        )
    check_length(story)
    if len(story) < 100:
        raise Invalid(
            _("Write at least 100 characters, so that people know what it is for."),
            field="story_md",
        )
    return story


def check_length(story: str) -> None:
    """Raise Invalid for a story that is too long; rendering takes time by its length squared."""
    if len(story) > STORY_MAX:
        raise Invalid(
            ngettext(
                "The story must be at most %(num)s character; this is %(story)s.",
                "The story must be at most %(num)s characters; this is %(story)s.",
                STORY_MAX,
                story=number(len(story)),
            ),
            field="story_md",
        )


# Letters that are not made of a plain one and a mark.
_LATIN = str.maketrans({
    "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i",
})  # fmt: skip


def slugify(title: str) -> str:
    """Return the part of an address that a title makes; may be empty for other alphabets."""
    plain = unicodedata.normalize("NFKD", title).casefold().translate(_LATIN)
    letters = "".join(mark for mark in plain if not unicodedata.combining(mark))
    words = re.findall(r"[a-z0-9]+", letters)
    return "-".join(words)[:60].strip("-")


# Headings start under the page's own, so that the outline stays right for screen readers.
_DEEPER = {"h1": "h3", "h2": "h3", "h3": "h4", "h4": "h5", "h5": "h6", "h6": "h6"}
_TAGS = {
    "p", "br", "hr", "h3", "h4", "h5", "h6", "em", "strong", "s", "code", "pre", "blockquote",
    "ul", "ol", "li", "a", "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip


@lru_cache(maxsize=1)
def _markdown() -> "MarkdownIt":
    """Return the parser; made at the first story, because few processes show one."""
    from markdown_it import MarkdownIt  # noqa: PLC0415 - 20 ms at the start of every process

    parser = MarkdownIt("commonmark", {"html": False, "linkify": False})
    return parser.enable(["table", "strikethrough"]).disable("image")


def story_tokens(story_md: str) -> "list[Token]":
    """Return a story as the parts that its page shows."""
    return _markdown().parse(story_md)


@lru_cache(maxsize=512)
def story_html(story_md: str) -> str:
    """Return a story as safe HTML: no raw markup, no pictures from elsewhere, only web links."""
    parser = _markdown()
    tokens = parser.parse(story_md)
    for token in tokens:
        token.tag = _DEEPER.get(token.tag, token.tag)
    return nh3.clean(
        parser.renderer.render(tokens, parser.options, {}),
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        link_rel="nofollow noopener ugc",
    )
