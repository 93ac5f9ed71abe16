#!/bin/sh
# Three converters between the Ethiopian and the Gregorian calendar on PyPI are wrong or fail on some days:
#   ethiotime 1.0.2 gives the sixth day of Pagume to years that divide by 4, in place of those before them:
#     every day of the Ethiopian years 2012, 2016, 2020 (986 of the 3653 days from 2020 to 2029) is one off,
#     both ways, and the real 6 Pagume 2019 is refused.
#   ethiopian-calendar 0.1.0: 6 Pagume becomes 1 Meskerem of the year that just ends: 2027-09-11 comes back
#     as 2026-09-11, a year lost. Its own to_gregorian() is right.
#   ethiopian-date 1.0 answers with a datetime.date, which has no month 13 and no 30 February: ValueError on
#     all of Pagume and on 29 and 30 Yekatit (70 days of that decade). to_gregorian() is right.
# Expected: 13 months, the last with 6 days when year % 4 is 3; 2026-09-11 is 1 Meskerem 2019, 2027-09-11 is
# 6 Pagume 2019, 2027-09-12 is 1 Meskerem 2020 (Ethiopia's New Year is on 12 September in the
# year before a Gregorian leap year). ethiotime and ethiopian-calendar both promise the six days in their README.
#
# The script counts the wrong days of a decade against plain day counting from a known New Year.
# Ends with 0 while the counts are these, with 1 when they changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check ethiotime==1.0.2 ethiopian-calendar==0.1.0 ethiopian-date==1.0
cat >dates.py <<'PY'
from datetime import date, timedelta

from ethiopian_calendar import EthiopicDate
from ethiopian_date import EthiopianDateConverter
from ethiotime import CalendarService

NEW_YEAR_2016 = date(2023, 9, 12)  # after 6 Pagume 2015


def by_counting(day):
    cycles, rest = divmod((day - NEW_YEAR_2016).days, 1461)
    year = min(rest // 365, 3) if rest < 1460 else 3
    # years 2016, 2017, 2018 have 365 days, 2019 has 366
    rest -= year * 365
    return 2016 + 4 * cycles + year, rest // 30 + 1, rest % 30 + 1


def parts(found):
    return found if isinstance(found, tuple) else (found.year, found.month, found.day)


def ask(function, *values):
    try:
        return function(*values)
    except ValueError:
        return ValueError


assert by_counting(date(2026, 9, 11)) == (2019, 1, 1)
assert by_counting(date(2027, 9, 11)) == (2019, 13, 6)
assert by_counting(date(2027, 9, 12)) == (2020, 1, 1)

READERS = {
    "ethiotime": (CalendarService.gc_to_ec, CalendarService.ec_to_gc),
    "ethiopian-calendar": (EthiopicDate.from_gregorian, lambda *ymd: EthiopicDate(*ymd).to_gregorian()),
    "ethiopian-date": (EthiopianDateConverter.date_to_ethiopian, EthiopianDateConverter.to_gregorian),
}
days = [date(2020, 1, 1) + timedelta(n) for n in range(3653)]
assert days[-1] == date(2029, 12, 31)
counts = {}
for name, (forth, back) in READERS.items():
    wrong = refused = wrong_back = 0
    for day in days:
        right = by_counting(day)
        found = ask(forth, day)
        refused += found is ValueError
        wrong += found is not ValueError and parts(found) != right
        wrong_back += ask(back, *right) != day
    counts[name] = (wrong, refused, wrong_back)
    print(f"{name}: {wrong} days wrong, {refused} refused; the way back: {wrong_back} wrong or refused")
    for day in (date(2026, 9, 11), date(2027, 9, 11), date(2028, 9, 10)):
        print(f"  {day} is {by_counting(day)}, given as {ask(forth, day)}")
assert counts == {
    "ethiotime": (986, 0, 986), "ethiopian-calendar": (2, 0, 0), "ethiopian-date": (0, 70, 0),
}, counts
assert CalendarService.gc_to_ec(date(2027, 9, 11)) == (2020, 1, 1)
assert ask(CalendarService.ec_to_gc, 2019, 13, 6) is ValueError
assert EthiopicDate.from_gregorian(date(2027, 9, 11)).to_gregorian() == date(2026, 9, 11)
PY
venv/bin/python dates.py
