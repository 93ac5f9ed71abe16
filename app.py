"""WSGI entry: `flask --app app`, gunicorn `app:app`, granian `app:app`."""

import gc

gc.disable()  # what is imported is no garbage: to search it took a quarter of the start

from crowdfund.local.entry import application  # noqa: E402

app = application()
gc.freeze()  # what was loaded at start is not searched later either: the slowest answers get faster
gc.enable()
