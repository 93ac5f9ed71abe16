"""Write the next migration from the models: `python tools/new_migration.py 0002 "add vouchers"`.

Alembic's autogenerate plus the append-only triggers of new tables, formatted; read it before you
commit.
"""

import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))


def main(number: str, message: str) -> None:
    """Compare a database at the present head with the models and write the difference."""
    from flask_migrate import revision, upgrade

    from crowdfund import create_app
    from crowdfund.kernel import config
    from crowdfund.kernel.db import db

    with tempfile.TemporaryDirectory() as folder:
        settings = config.Settings(_env_file=None, CROWDFUND_DATA_DIR=Path(folder), redis_url="")
        app = create_app(settings)
        with app.app_context():
            if any((ROOT / "migrations" / "versions").glob("*.py")):
                upgrade()
            revision(message=message, autogenerate=True, rev_id=number)
            path = next((ROOT / "migrations" / "versions").glob(f"{number}_*.py"))
            add_triggers(
                path,
                {
                    table.name
                    for table in db.metadata.tables.values()
                    if table.info.get("append_only")
                },
            )
            db.engine.dispose()
    subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--fix", "-q", "--select", "I,F401", path],
        check=False,
    )
    subprocess.run([sys.executable, "-m", "ruff", "format", "-q", path], check=False)
    print(path.relative_to(ROOT))


def add_triggers(path: Path, protected: set[str]) -> None:
    """Make the new append-only tables refuse changes, in the same migration."""
    text = path.read_text()
    new = [
        name for name in re.findall(r"op\.create_table\(\s*['\"](\w+)", text) if name in protected
    ]
    if not new:
        return
    calls = "".join(f"    make_append_only(op, {name!r})\n" for name in sorted(new))
    head, tail = text.split("\n\ndef downgrade()", 1)
    head = head.rstrip() + "\n" + calls
    text = head + "\n\ndef downgrade()" + tail
    path.write_text(
        text.replace(
            "from alembic import op\n",
            "from alembic import op\nfrom crowdfund.kernel.db import make_append_only\n",
        )
    )


if __name__ == "__main__":
    if len(sys.argv) != 3:
        raise SystemExit(__doc__)
    main(sys.argv[1], sys.argv[2])
