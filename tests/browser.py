"""A test client that behaves like a browser of somebody else,
and a strict eye on what it is sent."""

from flask import g
from flask.testing import FlaskClient

from crowdfund.kernel.db import rollback
from tests.look import markup


class Browser(FlaskClient):
    """A client whose requests share nothing with the test around them, as in life.

    The test has an application context of its own: without this a request would see the person,
    and hold the transaction, of what came before.
    """

    def open(self, *args, **kwargs):
        rollback()
        for name in list(g):
            g.pop(name)
        return super().open(*args, **kwargs)


def lint(response):
    """Refuse any HTML answer with unclosed tags, doubled ids, dead references or inline code."""
    # The few words of a redirect are the framework's, and nobody reads them.
    redirect = response.status_code // 100 == 3
    if response.mimetype == "text/html" and not response.direct_passthrough and not redirect:
        html = response.get_data(as_text=True)
        wrong = markup.problems(html)
        if "<html" not in html:  # a fragment may point at what is elsewhere on the page
            wrong = [line for line in wrong if not line.startswith("nothing has the id")]
        # an e-mail, shown in a frame
        if "sandbox" in response.headers.get("Content-Security-Policy", ""):
            wrong = [
                line
                for line in wrong
                if not line.endswith("would be refused by the content policy")
            ]
        assert not wrong, f"markup: {wrong}\n{html}"
    return response
