"""The difference of two stories is shown as people read them, and hides nothing."""

import pytest

from crowdfund.term_changes.rules import readable, terms

STORY = """# Why

We **roast** the beans of *forty* farms.
Each birr goes to [the roaster](https://roaster.example).

- one
- two
  1. inner

3. third
4. fourth

---

`code` and <b>markup</b>
"""


def test_a_story_is_read_without_the_marks_of_markdown():
    assert readable.text_of(STORY).split("\n") == [
        "Why",
        "",
        "We roast the beans of forty farms. Each birr goes to the roaster (https://roaster.example).",
        "",
        "• one",
        "• two",
        "  1. inner",
        "",
        "3. third",
        "4. fourth",
        "",
        "———",
        "code and <b>markup</b>",
    ]


def story(before, after):
    (found,) = terms.differences("equity", {"story_md": before}, {"story_md": after})
    return [(piece.kind, piece.text.strip()) for piece in found.pieces if piece.kind != "same"]


def test_only_the_words_that_changed_are_marked():
    after = STORY.replace("*forty*", "*fifty*").replace("- two", "- two\n- three")
    assert story(STORY, after) == [("removed", "forty"), ("added", "fifty"), ("added", "• three")]


def test_another_address_behind_the_same_words_is_shown():
    changes = story(STORY, STORY.replace("roaster.example", "other.example"))
    assert any("https://other.example" in text for kind, text in changes if kind == "added")


@pytest.mark.parametrize("after", [STORY.replace("**", ""), STORY.replace("# Why", "## Why")])
def test_a_change_of_marks_alone_is_shown_with_them(after):
    assert story(STORY, after)
