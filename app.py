"""WSGI entry: `flask --app app`, gunicorn `app:app`, granian `app:app`."""

import gc

gc.disable()  # what is imported is no garbage: to search it took a quarter of the start

from crowdfund import create_app  # noqa: E402
from crowdfund.local.environment import adopt  # noqa: E402

adopt()  # a command by hand meets the parts that `make run` started
app = create_app()
gc.freeze()  # what was loaded at start is not searched later either: the slowest answers get faster
gc.enable()
