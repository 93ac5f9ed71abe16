from pathlib import Path

import pytest

from crowdfund.local import prepare
from crowdfund.local.datadir import DataDir
from crowdfund.local.errors import StackError


def test_an_interrupted_first_start_forgets_all_sides_of_the_story_and_no_key(
    tmp_path: Path,
) -> None:
    folder = DataDir.at(tmp_path)
    bank = folder.root / "bill_bitts"
    bank.mkdir()
    for path in (
        folder.root / "crowdfund.db",
        bank / "state.db",
        bank / "state.db-wal",
        bank / "api.key",
    ):
        path.write_text("x")
    marks = prepare.Marks(folder.prepared)
    marks.set("begun", "yes")
    prepare.forget_unfinished(folder, marks, say=lambda _line: None)
    assert {path.name for path in bank.iterdir()} == {"api.key"}
    assert not (folder.root / "crowdfund.db").exists()
    assert marks.read() == {}


def test_a_used_folder_without_its_database_is_not_started(tmp_path: Path) -> None:
    folder = DataDir.at(tmp_path)
    marks = prepare.Marks(folder.prepared)
    marks.set("ready", "yes")
    prepare.check_database(folder, marks)  # a folder that was never migrated has none
    marks.set("migrate", "a fingerprint")
    with pytest.raises(StackError, match=r"(?s)crowdfund\.db is missing.*make reset"):
        prepare.check_database(folder, marks)
    (folder.root / "crowdfund.db").write_text("x")
    prepare.check_database(folder, marks)


def test_a_database_under_its_former_name_is_to_be_renamed_not_thrown_away(tmp_path: Path) -> None:
    folder = DataDir.at(tmp_path)
    marks = prepare.Marks(folder.prepared)
    marks.set("migrate", "a fingerprint")
    (folder.root / "crowdfund.kernel.db").write_text("x")
    with pytest.raises(StackError, match=r"(?s)Rename it to crowdfund\.db") as refusal:
        prepare.check_database(folder, marks)
    assert "reset" not in str(refusal.value)
