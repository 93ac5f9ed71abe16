"""Browsers of tests about the compliance desk."""

import pytest

from tests import raising


@pytest.fixture
def client(app):
    return raising.browser(app)
