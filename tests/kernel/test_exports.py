"""A list as a file: whole or not at all, and never a page in its place."""

import pytest

from crowdfund.kernel import exports
from tests import raising


def answer_of(app, rows):
    with app.test_request_context("/x.csv"):
        answer = exports.csv_file("x.csv", ("a", "b"), rows)
        return answer, answer.get_data(as_text=True)


def test_a_file_says_how_long_it_is_and_is_read_to_its_end(app):
    answer, text = answer_of(app, ((number, "ሀ") for number in range(100_000)))
    assert answer.content_length == len(text.encode())
    assert text.startswith("\ufeffa,b\r\n0,ሀ\r\n")
    assert text.count("\r\n") == 100_001


def test_a_file_that_fails_in_its_last_row_is_an_error_and_not_a_shorter_list(app):
    def rows():
        yield from ((number, "x" * 100) for number in range(20_000))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        answer_of(app, rows())


@pytest.mark.parametrize("path", ["/wallet.csv", "/staff/payments.csv?status=failed"])
def test_after_the_session_has_ended_no_sign_in_page_is_stored_as_a_list(client, path):
    answer = client.get(path, headers={"Referer": "http://localhost/staff/payments?status=failed"})
    assert answer.status_code == 401
    assert "Location" not in answer.headers
    assert "Content-Disposition" not in answer.headers
    assert "Sign in, then download it again." in answer.text
    assert "/sign-in?next=/staff/payments%3Fstatus%3Dfailed" in answer.text


def test_without_the_second_factor_no_page_is_stored_as_a_list(app):
    staff = raising.sign_in(
        raising.browser(app), raising.person("ada", "admin"), second_factor=False
    )
    answer = staff.get("/staff/payments.csv")
    assert answer.status_code == 403
    assert "/sign-in/second-factor?next=" in answer.text
