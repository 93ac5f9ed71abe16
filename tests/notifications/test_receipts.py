"""The receipt as a PDF file: the same again, with any name, with the operator's own words."""

import io
import os
import re

import pikepdf
import pytest

from crowdfund.kernel import config, i18n
from crowdfund.notifications import receipts
from crowdfund.notifications.kinds import KINDS
from tests.receipts import text_of

FACTS = KINDS["investment.settled"].sample


def write(payer="Abebe Bikila", **facts):
    context = FACTS | {"payer": payer} | facts
    return receipts.write("investment.settled", context, path="/investments/1")


def test_a_receipt_is_the_same_file_again(app):
    with i18n.using("am", "both"):
        assert write() == write() != write("Derartu")


def test_the_time_of_the_file_is_when_the_money_came(app):
    content = write(settled_at="2026-06-15T08:30:00+00:00")
    with pikepdf.open(io.BytesIO(content)) as made:
        assert str(made.docinfo["/CreationDate"]) == "D:20260615083000Z"


@pytest.mark.parametrize("name", ["#panic() *a* _b_ $x$ @c <d> `e`", "\\", "a" * 200])
def test_a_name_is_never_read_as_markup(app, name):
    assert name.replace(" ", "") in re.sub("[ \u200b]", "", text_of(write(name)))


@pytest.mark.parametrize("name", ["李明", "محمد", "Łukasz Ђорђевић"])
def test_a_name_in_letters_that_our_fonts_lack_refuses_no_receipt(app, name):
    assert FACTS["receipt"] in text_of(write(name))


def test_the_operator_is_named_with_what_is_known_of_it(app):
    more = {"operator_phone": "+251 11 123 4567", "operator_registration": "MT/AA/1/2"}
    config.use(config.settings().model_copy(update=more))
    text = text_of(write())
    assert "+251 11 123 4567" in text
    assert "Registration number: MT/AA/1/2" in text


def test_a_forked_process_writes_a_file_although_its_parent_has_written_one(app, tmp_path):
    ours, theirs = write(), tmp_path / "theirs.pdf"
    child = os.fork()
    if not child:
        try:
            theirs.write_bytes(write())
        finally:
            os._exit(0)  # no further test runs here
    os.waitpid(child, 0)
    assert theirs.read_bytes() == ours
