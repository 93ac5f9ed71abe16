"""What companies of the demo story publish, and what people ask them. Days count back from today.

Both are about the live campaign of Addis Solar.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

CAMPAIGN = "solar"


@dataclass(frozen=True, slots=True)
class People:
    """Who publishes and answers, and who asks; ids of people."""

    owner: Callable[[], str]
    investors: Sequence[str]


@dataclass(frozen=True, slots=True)
class Update:
    """An update and its picture, which is a drawing of the story."""

    days_ago: float
    title: str
    text: str
    scene: str
    alt: str


@dataclass(frozen=True, slots=True)
class Question:
    """A question of an investor (by number), and the answer a few hours later, if there is one."""

    days_ago: float
    investor: int
    text: str
    answer: str = ""


UPDATES = (
    Update(
        12,
        "The first 40 homes of this year have light",
        """Our crew has fitted **40 homes** around Sendafa in three weeks.

- 38 families have paid the first two instalments on time.
- Two roofs had to be strengthened first, at our cost.

The next village is Sheno.""",
        "solar",
        "Three houses with solar panels on their roofs at sunset",
    ),
    Update(
        6,
        "A second van, and why the batteries come later",
        """We have a second van, so two crews can work at the same time.

The batteries that we ordered are **three weeks late**: the ship waits in Djibouti. Homes that are
fitted until then get batteries from our stock, which is enough for 60 homes.""",
        "coldchain",
        "A small white van in front of hills",
    ),
)
QUESTIONS = (
    Question(
        25,
        2,
        "What happens when a family cannot pay an instalment?",
        "We wait for one month and talk with the family. After three months we take the panel "
        "back and fit it elsewhere. This has happened to 11 of 1,150 homes.",
    ),
    Question(
        17,
        5,
        "Who repairs a battery after the warranty has ended?",
        "We do. The first two years cost nothing; after that the family pays for the parts.",
    ),
    Question(
        9,
        9,
        "Are the panels bought in birr or in dollars?",
        "In dollars. We have fixed the rate for half of the stock of this year with our bank.",
    ),
    Question(1, 7, "When do you expect to fit the 3,000th home?"),
)
