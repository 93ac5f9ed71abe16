"""The Ethiopian calendar on every day of seventy years, against known days and counted days."""

from datetime import date, timedelta

import pytest

from crowdfund.kernel import ethiopian

FIRST, LAST = date(1990, 1, 1), date(2059, 12, 31)


@pytest.mark.parametrize(
    ("gregorian", "known"),
    [
        (date(2026, 9, 11), (2019, 1, 1)),
        (date(2027, 9, 11), (2019, 13, 6)),
        (date(2027, 9, 12), (2020, 1, 1)),
        (date(2007, 9, 12), (2000, 1, 1)),  # the millennium
        (date(1991, 5, 28), (1983, 9, 20)),  # Ginbot 20
        (date(1896, 3, 1), (1888, 6, 23)),  # Adwa, Yekatit 23
        (date(2026, 1, 7), (2018, 4, 29)),  # Christmas
        (date(8, 8, 27), (1, 1, 1)),
        (date(8, 8, 26), (0, 13, 5)),
    ],
)
def test_known_days_have_their_ethiopian_date(gregorian, known):
    assert ethiopian.from_gregorian(gregorian) == known


def test_every_day_from_1990_to_2059_follows_the_day_before_it():
    """Months have 30 days, Pagume 5, or 6 when the year leaves 3 divided by 4: counted apart."""
    year, month, day = 1982, 4, 23  # 1 January 1990
    when, wrong = FIRST, []
    while when <= LAST:
        if ethiopian.from_gregorian(when) != (year, month, day):
            wrong.append(when)
        length = 30 if month < 13 else 5 + (year % 4 == 3)
        day += 1
        if day > length:
            month, day = month + 1, 1
        if month > 13:
            year, month = year + 1, 1
        when += timedelta(days=1)
    assert wrong == []


def test_the_first_and_the_last_day_that_python_knows_have_a_date():
    assert ethiopian.from_gregorian(date.min).year < 1
    assert ethiopian.from_gregorian(date.max).year == 9992


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "8 Sene 2018 EC"),
        ("am", "ሰኔ 8 ቀን 2018 ዓ.ም."),
        ("hi", "8 सेन 2018 इथियोपियाई"),
        ("fr", "8 Sene 2018 EC"),
    ],
)
def test_an_ethiopian_date_is_written_as_the_language_does(language, text):
    assert ethiopian.written(date(2026, 6, 15), language) == text


@pytest.mark.parametrize("language", ["en", "am", "hi"])
def test_thirteen_months_have_thirteen_names(language):
    days = (date(2026, 9, 11) + timedelta(days=30 * month) for month in range(13))
    names = {ethiopian.written(day, language).replace(" ቀን", "") for day in days}
    assert len({"".join(filter(lambda c: not c.isdigit(), name)) for name in names}) == 13
