"""The three web sites of the page benchmark, each on its own copy of the same database.

Each function is also what a web server starts: `granian --factory benchmarks.sites:ours`.
"""

import gc
import os
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import flask_pages, world

Wsgi = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]
FOLDER = "BENCH_FOLDER"
DJANGO_SESSION = "benchmarkbenchmarkbenchmarkbench"


def _folder() -> Path:
    return Path(os.environ[FOLDER])


def ours() -> Wsgi:
    """Return crowdfund itself."""
    return _settled(world.open_app(_folder()))


def flask() -> Wsgi:
    """Return bare Flask with Jinja and sqlite3."""
    return _settled(flask_pages.make(_folder() / "flask" / "pages.db"))


def django() -> Wsgi:
    """Return the Django site."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.django_pages.settings"
    os.environ["BENCH_DJANGO_DB"] = str(_folder() / "django" / "pages.db")
    from django.core.wsgi import get_wsgi_application

    return _settled(get_wsgi_application())


def prepare(folder: Path) -> None:
    """Make our database in a folder and the copies of the others, with a person signed in."""
    os.environ[FOLDER] = str(folder)
    source = world.make(folder)
    world.copy(source, folder / "flask" / "pages.db")
    world.copy(source, folder / "django" / "pages.db")
    django()
    _sign_in_django()


def cookie(name: str) -> str:
    """Return the Cookie header of the signed-in person on a site."""
    django_cookies = f"sessionid={DJANGO_SESSION}; csrftoken={'x' * 32}"
    return {"ours": world.COOKIE, "flask": "", "django": django_cookies}[name]


def _sign_in_django() -> None:
    from django.contrib.auth import (
        BACKEND_SESSION_KEY,
        HASH_SESSION_KEY,
        SESSION_KEY,
        get_user_model,
    )
    from django.contrib.sessions.backends.db import SessionStore
    from django.contrib.sessions.models import Session
    from django.core.management import call_command
    from django.db import connection

    call_command("migrate", verbosity=0)
    user = get_user_model().objects.create_user(
        world.EMAIL, world.EMAIL, "secret", first_name="Ingrid", last_name="Haile"
    )
    signed_in = {
        SESSION_KEY: str(user.pk),
        BACKEND_SESSION_KEY: "django.contrib.auth.backends.ModelBackend",
        HASH_SESSION_KEY: user.get_session_auth_hash(),
    }
    Session.objects.create(
        session_key=DJANGO_SESSION,
        session_data=SessionStore().encode(signed_in),
        expire_date=datetime.now(UTC) + timedelta(days=14),
    )
    connection.close()


def _settled(app: Wsgi) -> Wsgi:
    """Take what was loaded at start out of the garbage collector's rounds, for all alike."""
    gc.collect()
    gc.freeze()
    return app
