"""`tools/measure_house.py` on a small folder whose figures can be counted by hand."""

import pytest

from .tools import load

house = load("measure_house")

SERVICE = '''"""A module."""


def pay(amount: int) -> int:
    """Return an amount.

    In minor units.
    """

    return amount + 1  # noqa: ERA001


class Box:
    @property
    def size(self):
        def inner():
            return "a # noqa in a text is none"

        return inner()  # type: ignore[no-any-return]
'''
ROWS = "a = [\n    1, 2,\n    3,\n]  # fmt: skip\n" + "b = 1  # " + "x" * 100 + "\n"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "crowdfund" / "pay").mkdir(parents=True)
    (tmp_path / "crowdfund" / "__init__.py").touch()
    (tmp_path / "crowdfund" / "pay" / "service.py").write_text(SERVICE)
    (tmp_path / "crowdfund" / "pay" / "rows.py").write_text(ROWS)
    (tmp_path / "crowdfund" / "templates").mkdir()
    (tmp_path / "crowdfund" / "templates" / "page.html").write_text(
        f"<p>a</p>\n{'x' * 161}\n{'y' * 160}\n"
    )
    return tmp_path


def test_functions_are_weighed_without_their_docstring(folder):
    found = {
        one.where.split()[-1]: (one.lines, one.tokens) for one in house.measure(folder).functions
    }
    # of pay: ten in its first line (def, its name, …, int, :), four in its last
    assert found["pay"] == (3, 10 + 4)
    # of size: six in its first line; then def inner, its return, and the call
    assert found["size"] == (5, 6 + 5 + 2 + 4)
    assert found["inner"] == (2, 5 + 2)


def test_suppressions_are_counted_apart_and_only_in_comments(folder):
    found = house.measure(folder)
    assert found.suppressions == {"noqa": 1, "type: ignore": 1, "fmt: skip": 1}
    assert found.lines == len((SERVICE + ROWS).splitlines())
    assert found.per_thousand("noqa", "type: ignore") == pytest.approx(2000 / found.lines)


def test_wide_lines_are_those_over_the_goal(folder):
    rows = {row.name: row for row in house.table(house.measure(folder))}
    assert rows["template lines over 160 characters"].value == "1"
    assert rows["code lines over 100 characters"].value == "1"
    assert rows["characters of a template line: median / p90 / max"].value == "160 / 161 / 161"


def test_what_misses_its_goal_is_marked(folder, capsys):
    assert house.main(["--root", str(folder)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("  ")[0] for line in lines if line.endswith("above")] == [
        "code lines over 100 characters",
        "template lines over 160 characters",
        "noqa and type: ignore per 1,000 lines",
    ]


def test_the_worst_are_named(folder, capsys):
    house.main(["--root", str(folder), "--worst", "1"])
    out = capsys.readouterr().out
    assert "17 tokens  crowdfund/pay/service.py:15 size" in out
    assert "161 wide    page.html:2" in out


def test_the_table_can_be_put_into_a_document(folder, capsys):
    house.main(["--root", str(folder), "--markdown"])
    assert (
        "| lines of a function: median / p90 / max | 3 / 5 / 5 | 10 / 30 / 50 |"
        in capsys.readouterr().out
    )


def test_a_folder_without_code_is_a_sentence(tmp_path, capsys):
    assert house.main(["--root", str(tmp_path)]) == 2
    assert "There is no folder" in capsys.readouterr().err


def test_percentiles_are_values_that_were_measured():
    assert house.summary([5, 1, 3, 2, 4]) == (3, 5, 5)
    assert house.summary([]) == (0, 0, 0)
