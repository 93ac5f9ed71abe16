"""Measure what the tests of the money modules notice: change the code in small ways, run the tests.

    python tools/mutate.py                    a random sample (repeatable: --seed)
    python tools/mutate.py --sample 0         every mutant: hours
    python tools/mutate.py --only 'crowdfund.ledger.*'

Uses mutmut, which keeps what it has tried under `mutants/`, with one kind of change more: a call
whose result nobody uses is left out. Changes to sentences and log lines are not tried: they move no
money. Half of a sample are changes that are hard to notice (see HARD); the score counts them all.
Exits with 1 when less than --goal percent of the mutants are noticed.
"""

import argparse
import fnmatch
import io
import random
import re
import subprocess
import sys
import tokenize
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import Path

import libcst as cst
from mutmut.mutation.data import SourceFileMutationData
from mutmut.mutation.diff_apply import get_diff_for_mutant
from mutmut.utils.file_utils import walk_mutatable_files

GOAL = 90
STATS = Path("mutants/mutmut-stats.json")
SURVIVED = (0, 33)  # mutmut's exit codes: the tests passed, or no test reaches the code
LITERAL = re.compile(r"""[rbf]?("[^"]*"|'[^']*')""")
QUIET = re.compile(r"\blog\.\w+\(")
HARD = ("comparison", "number", "logic", "arithmetic", "call left out")
KINDS = {
    "comparison": {"<", "<=", ">", ">=", "==", "!=", "in", "is"},
    "logic": {"and", "or", "not", "True", "False"},
    "arithmetic": {"+", "-", "*", "/", "//", "%", "**", "|", "&", "+=", "-=", "="},
}


def main() -> int:
    """Run the sample and print the score, module by module, and the survivors."""
    args = _arguments()
    if args.run:
        return _run_mutmut(args.run, args.workers)
    if not STATS.exists():  # make the mutants, and ask which test runs what
        _mutmut(["crowdfund.kernel.money.x_parse__mutmut_1"], args.workers)
    names = [name for name in sorted(_results()) if fnmatch.fnmatch(name, args.only)]
    chosen = _sample(names, args)
    print(f"{len(chosen)} of {len(names)} mutants (those of wording are never tried)", flush=True)
    _mutmut(sorted(chosen), args.workers)
    return _report(chosen, args.goal)


def _sample(names: list[str], args: argparse.Namespace) -> dict[str, str]:
    """Return the mutants to try with their kinds; all but wording without a size of the sample.

    To tell a kind takes a tenth of a second, so only as many are looked at as the sample needs.
    """
    if not args.sample:
        kinds = {name: _kind(name) for name in names}
        return {name: kind for name, kind in kinds.items() if kind != "wording"}
    random.Random(args.seed).shuffle(names)  # noqa: S311 - a repeatable sample
    hard: dict[str, str] = {}
    other: dict[str, str] = {}
    for name in names:
        kind = _kind(name)
        part, most = (hard, args.sample // 2) if kind in HARD else (other, -(-args.sample // 2))
        if kind != "wording" and len(part) < most:
            part[name] = kind
        if len(hard) + len(other) == args.sample:
            break
    return hard | other


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--sample", type=int, default=200, help="how many mutants; 0 for all")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--only", default="*", help="pattern of mutant names")
    parser.add_argument("--goal", type=float, default=GOAL, help="percent that must be noticed")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--run", nargs="+", help=argparse.SUPPRESS)
    return parser.parse_args()


def _mutmut(names: list[str], workers: int) -> None:
    """Run mutmut in a process of its own: it forks,
    and prints a spinner that belongs into a file."""
    log = Path("mutants/last-run.log")
    log.parent.mkdir(exist_ok=True)
    command = [sys.executable, __file__, "--workers", str(workers), "--run", *names]
    with log.open("w") as out:
        ended = subprocess.run(command, stdout=out, stderr=subprocess.STDOUT, check=False)
    if ended.returncode:
        print(log.read_text(errors="replace")[-3000:])
        sys.exit(f"mutmut ended with {ended.returncode}; its output is in {log}")


def _run_mutmut(names: list[str], workers: int) -> int:
    from mutmut.__main__ import _run
    from mutmut.mutation.mutators import mutation_operators

    mutation_operators.append((cst.Expr, _leave_out_call))
    _run(names, workers)
    return 0


def _leave_out_call(node: cst.Expr) -> Iterable[cst.Pass]:
    if isinstance(node.value, cst.Call):
        yield cst.Pass()


def _results() -> dict[str, int | None]:
    """Return mutmut's exit code for every mutant, None for one that was not tried yet."""
    found: dict[str, int | None] = {}
    for path in walk_mutatable_files():
        data = SourceFileMutationData(path=path)
        data.load()
        found |= data.exit_code_by_key
    return found


def _kind(name: str) -> str:
    """Return what a mutant changes: wording (a sentence or a log line), one of HARD, or other."""
    lines = list(_diff(name))
    before, after = _changed_lines(lines, "-"), _changed_lines(lines, "+")
    if _is_wording(before, after):
        return "wording"
    if after == ["pass"]:
        return "call left out"
    changed = Counter(_tokens(before)) - Counter(_tokens(after))
    changed += Counter(_tokens(after)) - Counter(_tokens(before))
    if any(text[0].isdigit() for text in changed):
        return "number"
    for kind, marks in KINDS.items():
        if set(changed) <= marks and changed:
            return kind
    return "other"


def _is_wording(before: list[str], after: list[str]) -> bool:
    if before == after or any(QUIET.search(line) for line in before):
        return True
    same = [LITERAL.sub("''", line) for line in before] == [
        LITERAL.sub("''", line) for line in after
    ]
    return same and any(" " in text for line in before for text in LITERAL.findall(line))


def _tokens(lines: list[str]) -> list[str]:
    found = []
    try:
        for token in tokenize.generate_tokens(io.StringIO("\n".join(lines)).readline):
            found.append(token.string)
    except (tokenize.TokenError, IndentationError):
        pass  # a part of a statement: what came before its end is enough
    return [text for text in found if text.strip()]


def _changed_lines(diff: list[str], sign: str) -> list[str]:
    return [line[1:].strip() for line in diff if line.startswith(sign)]


def _diff(name: str) -> Iterator[str]:
    yield from get_diff_for_mutant(name).splitlines()[3:]


def _report(kinds: dict[str, str], goal: float) -> int:
    """Print how many were noticed, by module and by kind, and each survivor;
    return the exit code."""
    lived = {name for name, code in _results().items() if name in kinds and code in SURVIVED}
    for title, group in (
        ("module", lambda name: name.rpartition(".")[0]),
        ("kind", kinds.__getitem__),
    ):
        counts = Counter(group(name) for name in kinds)
        survived = Counter(group(name) for name in lived)
        for key in sorted(counts):
            print(f"{title} {key:42} {counts[key] - survived[key]:5} of {counts[key]:5} noticed")
    for name in sorted(lived):
        print(f"\nsurvived: {name} ({kinds[name]})", *_diff(name), sep="\n")
    score = 100 * (len(kinds) - len(lived)) / len(kinds) if kinds else 100.0
    print(f"\n{score:.1f} % of {len(kinds)} mutants were noticed (goal {goal:g} %)")
    return int(score < goal)


if __name__ == "__main__":
    sys.exit(main())
