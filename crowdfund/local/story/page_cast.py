"""What the page of a demo campaign shows beside its story: questions, pictures, people."""

from dataclasses import dataclass

CAMPAIGN = "solar"
SIZE = (1280, 720)  # pixels of the drawings


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture of the gallery, which is a drawing of the story, and what it shows in words."""

    scene: str
    alt: str


FAQ = (
    {
        "question": "When do you pay a dividend for the first time?",
        "answer": "Not before 2029. Until then we put what we earn into more panels.\n\n"
        "The shareholders decide about it each year; nothing is promised.",
    },
    {
        "question": "What happens if you raise less than the goal?",
        "answer": "From 375,000 birr on we fit 2,200 homes instead of 3,000 and hire one crew.",
    },
    {
        "question": "Can I visit a home with your panels?",
        "answer": "Yes, on the first Saturday of each month in Sendafa. Write to us before.",
    },
)
PICTURES = (
    Shown("solar", "Three houses with solar panels on their roofs at sunset"),
    Shown("coldchain", "The white van of a crew in front of hills"),
    Shown("greenhouse", "The workshop near Sendafa with its glass roof"),
)
PEOPLE = (
    {
        "name": "Abel Tekle",
        "role": "Founder and chief executive",
        "text": "Engineer. He fitted the first panel on his parents' roof in 2022.",
    },
    {
        "name": "Marta Ayele",
        "role": "Head of the crews",
        "text": "Engineer. She trains the fitters and visits every home within a month.",
    },
)
