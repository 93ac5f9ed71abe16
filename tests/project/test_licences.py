"""Everything in the repository says under which licence it is."""

import json
import re
import tomllib

import pytest

from crowdfund.kernel import vendored
from crowdfund.local.environment import ROOT

THIRD_PARTY = (ROOT / "THIRD_PARTY.md").read_text()
VENDOR = "crowdfund/static/vendor"
CONTRACTS = sorted(
    path
    for folder in ("src", "test", "script")
    for path in (ROOT / "contracts" / folder).rglob("*.sol")
)
OTHERS_WORK = re.compile(r"^.*(Copyright (\(c\)|©|\d)|@license).*$", re.MULTILINE)
MADE_BY_OTHERS = {".woff", ".woff2", ".ttf", ".otf", ".eot", ".map"}


def table():
    """Return file → (package, version, licence, text) of the table in THIRD_PARTY.md."""
    rows = re.findall(
        r"^\| `([^`]+)` \| (.+?) \| (.+?) \| (.+?) \| (.+?) \|$", THIRD_PARTY, re.MULTILINE
    )
    return {file: (origin, version, licence, text) for file, origin, version, licence, text in rows}


def name_of(path):
    return str(path.relative_to(ROOT))


def test_every_vendored_file_is_listed_with_its_package_version_and_licence_text():
    rows = table()
    code = [entry for entry in vendored.manifest() if not entry["file"].startswith("LICENSE.")]
    listed = {file for file in rows if file.startswith(VENDOR)}
    assert {f"{VENDOR}/{entry['file']}" for entry in code} == listed
    texts = {entry["file"]: entry["package"] for entry in vendored.manifest()}
    for entry in code:
        origin, version, licence, text = rows[f"{VENDOR}/{entry['file']}"]
        assert origin.split(",")[0] == entry["package"]
        assert version == entry["version"]
        assert licence
        file = re.fullmatch(rf"\[text\]\({VENDOR}/(.+)\)", text).group(1)
        assert texts[file] == entry["package"], f"{entry['file']}: the text is another package's"


def test_the_compiled_contracts_name_the_library_that_they_contain():
    locked = json.loads((ROOT / "contracts" / "package.json").read_text())["dependencies"]
    origin, version, licence, _ = table()["contracts/artifacts/*.json"]
    assert "@openzeppelin/contracts" in origin
    assert version == locked["@openzeppelin/contracts"]
    assert licence == "Apache-2.0 and MIT"


def test_no_file_of_somebody_else_lies_outside_the_vendor_folder():
    found = []
    for folder in (
        "crowdfund",
        "contracts/src",
        "contracts/test",
        "tools",
        "deploy",
        "tests",
        "benchmarks",
    ):
        for path in (ROOT / folder).rglob("*"):
            skipped = {"__pycache__", "vendor", "node_modules"} & set(path.parts)
            if skipped or not path.is_file() or path.name == "test_licences.py":
                continue
            if path.suffix in MADE_BY_OTHERS or ".min." in path.name:
                found.append(name_of(path))
            elif path.suffix in {".py", ".js", ".css", ".sol", ".svg", ".html", ".mjs", ".cjs"}:
                found += [
                    f"{name_of(path)}: {m.group()}" for m in OTHERS_WORK.finditer(path.read_text())
                ]
    assert [one for one in found if "tools/vendor_assets.py" not in one] == []


@pytest.mark.parametrize("path", CONTRACTS, ids=name_of)
def test_each_contract_begins_with_our_licence(path):
    assert path.read_text().splitlines()[0] == "// SPDX-License-Identifier: Apache-2.0"


def test_the_project_is_under_the_apache_licence():
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text
    assert (
        tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["license"] == "Apache-2.0"
    )
    for name in ("package.json", "package-lock.json"):
        package = json.loads((ROOT / "contracts" / name).read_text())
        assert package.get("packages", {}).get("", package)["license"] == "Apache-2.0"
