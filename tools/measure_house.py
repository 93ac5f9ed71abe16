"""Measure the weight of the code and compare it with the goals.

    python tools/measure_house.py                  prints a table
    python tools/measure_house.py --worst 10       names the heaviest functions, widest templates
    python tools/measure_house.py --markdown       prints the table as Markdown
    python tools/measure_house.py --root FOLDER    measures another checkout

Lines of a function are counted from `def` to the last one, without the docstring. Its tokens are
NAME, NUMBER, STRING and OP of the same lines. The goals are a guide, not a fence: split where a
reader gains, never to please a number.
"""

import argparse
import ast
import io
import re
import sys
import tokenize
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
COUNTED = frozenset({tokenize.NAME, tokenize.NUMBER, tokenize.STRING, tokenize.OP})
SUPPRESSIONS = {
    "noqa": re.compile(r"#\s*noqa\b"),
    "type: ignore": re.compile(r"#\s*type:\s*ignore\b"),
    "fmt: skip": re.compile(r"#\s*fmt:\s*skip\b"),
}
WIDE_TEMPLATE, WIDE_CODE = 160, 100


@dataclass(frozen=True)
class Function:
    """A function and its weight."""

    where: str
    lines: int
    tokens: int


@dataclass(frozen=True)
class Measure:
    """What was found in the Python files and templates of a checkout."""

    files: dict[str, int]
    functions: list[Function]
    code_widths: list[int]
    template_widths: list[tuple[int, str]]
    suppressions: dict[str, int]

    @property
    def lines(self) -> int:
        """Return how many lines all Python files have."""
        return sum(self.files.values())

    def per_thousand(self, *names: str) -> float:
        """Return suppressions per 1,000 lines."""
        if not self.lines:
            return 0.0
        return 1000 * sum(self.suppressions[name] for name in names) / self.lines


@dataclass(frozen=True)
class Row:
    """One line of the table; `is_met` is None where there is no goal."""

    name: str
    value: str
    goal: str = ""
    is_met: bool | None = None


def percentile(values: Sequence[int], percent: int) -> int:
    """Return the smallest value that at least so many percent of all do not exceed;
    0 of nothing."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)] if ordered else 0


def summary(values: Sequence[int]) -> tuple[int, int, int]:
    """Return median, 90th percentile and maximum."""
    return percentile(values, 50), percentile(values, 90), max(values, default=0)


def functions(source: str, name: str) -> list[Function]:
    """Return every function of a file, inner ones too. Raises SyntaxError."""
    tokens = [
        token
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type in COUNTED
    ]
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            own = set(range(node.lineno, (node.end_lineno or node.lineno) + 1)) - _docstring(node)
            weight = sum(token.start[0] in own for token in tokens)
            found.append(Function(f"{name}:{node.lineno} {node.name}", len(own), weight))
    return found


def _docstring(node: ast.FunctionDef | ast.AsyncFunctionDef) -> set[int]:
    if ast.get_docstring(node, clean=False) is None:
        return set()
    first = node.body[0]
    return set(range(first.lineno, (first.end_lineno or first.lineno) + 1))


def suppressions(source: str) -> dict[str, int]:
    """Return how often each kind of suppression stands in a comment."""
    comments = [
        token.string
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type == tokenize.COMMENT
    ]
    return {
        name: sum(bool(pattern.search(comment)) for comment in comments)
        for name, pattern in SUPPRESSIONS.items()
    }


def measure(root: Path) -> Measure:
    """Measure `crowdfund` of a checkout. Raises FileNotFoundError if there is none."""
    package = root / "crowdfund"
    if not package.is_dir():
        raise FileNotFoundError(f"There is no folder {package}.")
    files: dict[str, int] = {}
    found: list[Function] = []
    widths: list[int] = []
    counted = dict.fromkeys(SUPPRESSIONS, 0)
    for path in sorted(package.rglob("*.py")):
        source, name = path.read_text(), str(path.relative_to(root))
        files[name] = len(source.splitlines())
        found += functions(source, name)
        widths += [len(line) for line in source.splitlines()]
        for kind, number in suppressions(source).items():
            counted[kind] += number
    return Measure(files, found, widths, _templates(package / "templates"), counted)


def _templates(folder: Path) -> list[tuple[int, str]]:
    return [
        (len(line), f"{path.relative_to(folder)}:{number}")
        for path in sorted(folder.rglob("*.html"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
    ]


def table(found: Measure) -> list[Row]:
    """Return the figures beside the goals."""
    sizes = [size for name, size in found.files.items() if size]
    lines = [function.lines for function in found.functions]
    tokens = [function.tokens for function in found.functions]
    templates = [width for width, _ in found.template_widths]
    return [
        Row("Python files", f"{len(found.files):,}"),
        Row("Python lines", f"{found.lines:,}"),
        _three("lines of a file", sizes, (120, 300, 400)),
        _three("lines of a function", lines, (10, 30, 50)),
        _three("tokens of a function", tokens, (50, 130, 250)),
        _at_most("files over 300 lines", sum(size > 300 for size in sizes), 0),
        _at_most("functions over 250 tokens", sum(weight > 250 for weight in tokens), 0),
        _at_most(f"code lines over {WIDE_CODE} characters", _wide(found.code_widths, WIDE_CODE), 0),
        _three("characters of a template line", templates, None),
        _at_most(
            f"template lines over {WIDE_TEMPLATE} characters", _wide(templates, WIDE_TEMPLATE), 0
        ),
        *[Row(f"`{name}`", f"{number:,}") for name, number in found.suppressions.items()],
        _rate(
            "noqa and type: ignore per 1,000 lines", found.per_thousand("noqa", "type: ignore"), 2.0
        ),
        Row(
            "fmt: skip per 1,000 lines",
            f"{found.per_thousand('fmt: skip'):.1f}",
            "tables of data only",
        ),
    ]


def _wide(widths: Iterable[int], most: int) -> int:
    return sum(width > most for width in widths)


def _three(name: str, values: Sequence[int], goals: tuple[int, int, int] | None) -> Row:
    figures = summary(values)
    shown = " / ".join(f"{figure:,}" for figure in figures)
    label = f"{name}: median / p90 / max"
    if goals is None:
        return Row(label, shown)
    is_met = all(figure <= goal for figure, goal in zip(figures, goals, strict=True))
    return Row(label, shown, " / ".join(map(str, goals)), is_met)


def _at_most(name: str, figure: int, goal: int) -> Row:
    return Row(name, f"{figure:,}", str(goal), figure <= goal)


def _rate(name: str, figure: float, goal: float) -> Row:
    return Row(name, f"{figure:.1f}", f"< {goal:g}", figure < goal)


def plain(rows: Sequence[Row]) -> str:
    """Return the table for a terminal; what misses its goal is marked."""
    wide = max(len(row.name) for row in rows)
    mark = {True: "", False: "  above", None: ""}
    return "\n".join(
        f"{row.name.ljust(wide)}  {row.value:>20}  {row.goal:>20}{mark[row.is_met]}" for row in rows
    )


def markdown(rows: Sequence[Row]) -> str:
    """Return the table as Markdown."""
    lines = [f"| {row.name} | {row.value} | {row.goal} |" for row in rows]
    return "\n".join(["| | measured | goal |", "|---|---|---|", *lines])


def worst(found: Measure, count: int) -> str:
    """Return the heaviest functions, the longest files and the widest template lines."""
    heavy = sorted(found.functions, key=lambda one: -one.tokens)[:count]
    long = sorted(found.files.items(), key=lambda one: -one[1])[:count]
    wide = sorted(found.template_widths, key=lambda one: -one[0])[:count]
    return "\n".join(
        [
            *(f"{one.tokens:6,} tokens  {one.where}" for one in heavy),
            *(f"{size:6,} lines   {name}" for name, size in long),
            *(f"{width:6,} wide    {where}" for width, where in wide),
        ]
    )


def main(argv: Sequence[str]) -> int:
    """Print the table; return 2 where there is nothing to measure."""
    parser = argparse.ArgumentParser(description="Measure the weight of the code.")
    parser.add_argument("--root", type=Path, default=ROOT)
    parser.add_argument("--worst", type=int, default=0, metavar="N")
    parser.add_argument("--markdown", action="store_true")
    asked = parser.parse_args(argv)
    try:
        found = measure(asked.root)
    except FileNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    shown: Callable[[Sequence[Row]], str] = markdown if asked.markdown else plain
    print(shown(table(found)))
    if asked.worst:
        print("\n" + worst(found, asked.worst))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
