"""How every process of the platform begins: its settings, its files, its application."""

import os
import sys

from flask import Flask

from crowdfund import create_app
from crowdfund.kernel.config import WrongSettings
from crowdfund.local.datadir import keep_private
from crowdfund.local.environment import adopt
from crowdfund.local.errors import StackError


def application() -> Flask:
    """Return the application; a command with wrong settings ends with a sentence."""
    keep_private()
    try:
        adopt()  # a command by hand meets the parts that `make run` started
        return create_app()
    except (StackError, WrongSettings) as error:
        if os.environ.get("FLASK_RUN_FROM_CLI") != "true":
            raise  # a server gives up when it sees the error itself
        sys.exit(f"Some settings are wrong. {error}")
