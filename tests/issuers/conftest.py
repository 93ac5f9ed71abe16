"""Browsers of tests about companies."""

import pytest

from tests import raising


@pytest.fixture
def client(app):
    return raising.browser(app)
