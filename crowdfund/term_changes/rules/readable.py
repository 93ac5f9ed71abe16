"""A story as people read it, without the marks of Markdown, to compare versions of it; pure."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from crowdfund.campaigns.rules import drafts

if TYPE_CHECKING:
    from markdown_it.token import Token

_BULLET = "•"
_RULE = "———"
_LISTS = ("bullet_list_open", "ordered_list_open")
_LISTS_END = ("bullet_list_close", "ordered_list_close")
_BLOCKS_END = (*_LISTS_END, "heading_close", "paragraph_close", "table_close")


def text_of(story_md: str) -> str:
    """Return a story as plain text: a paragraph, a heading or an item of a list on its own lines.

    An address behind a link stands after its words, so that no change of it is hidden.
    """
    lists: list[int | None] = []  # the next number of each list that is open; None: bullets
    return "".join(_block(token, lists) for token in drafts.story_tokens(story_md)).strip()


def _block(token: "Token", lists: list[int | None]) -> str:
    match token.type:
        case "inline":
            return _inline(token) + "\n"
        case "fence" | "code_block":
            return token.content
        case "hr":
            return _RULE + "\n"
        case "list_item_open":
            return _item(lists)
    return _around(token, lists)


def _around(token: "Token", lists: list[int | None]) -> str:
    """Begin or end a list, and leave a line free after what is not in one."""
    if token.type in _LISTS:
        lists.append(int(token.attrGet("start") or 1) if token.tag == "ol" else None)
    elif token.type in _LISTS_END:
        lists.pop()
    return "\n" if token.type in _BLOCKS_END and not lists else ""


def _item(lists: list[int | None]) -> str:
    """Return the mark of the next item, and count it."""
    indent, number = "  " * (len(lists) - 1), lists[-1]
    if number is None:
        return f"{indent}{_BULLET} "
    lists[-1] = number + 1
    return f"{indent}{number}. "


def _inline(token: "Token") -> str:
    return "".join(_pieces(token.children or []))


def _pieces(children: list["Token"]) -> Iterator[str]:
    address, words = "", ""
    for child in children:
        if child.type == "link_open":
            address, words = str(child.attrGet("href") or ""), ""
        elif child.type == "link_close":
            if address and address != words:
                yield f" ({address})"
            address = ""
        elif child.type in ("text", "code_inline"):
            words += child.content
            yield child.content
        elif child.type == "softbreak":
            yield " "
        elif child.type == "hardbreak":
            yield "\n"
