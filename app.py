"""WSGI entry: `flask --app app`, gunicorn `app:app`, granian `app:app`."""

import gc

from crowdfund import create_app
from crowdfund.local.environment import adopt

adopt()  # a command by hand meets the parts that `make run` started
app = create_app()
gc.collect()
gc.freeze()  # what was loaded at start is not searched for garbage again: the slowest answers get faster
