"""Who plays in the demo story, and what happens to them. Days count back from today."""

from collections.abc import Mapping
from dataclasses import dataclass, field

DOMAIN = "demo.example"


@dataclass(frozen=True, slots=True)
class Raise:
    """A company and its campaign. Amounts in whole ETB; `bids` are (investor number, ETB)."""

    slug: str
    company: str
    owner: str
    sector: str
    title: str
    summary: str
    alt: str
    story: str
    goal: int
    price: int
    minimum: int
    maximum: int
    days: int
    security: str = "equity"
    starts_days_ago: int | None = None
    end: str = "live"  # draft, review, submitted, live, succeeded, released, failed
    bids: tuple[tuple[int, int], ...] = ()
    own_terms: Mapping[str, str] = field(default_factory=dict)  # of a loan or a revenue share


STAFF = (
    ("admin", "Almaz Bekele", ("admin",)),
    ("compliance", "Dawit Haile", ("compliance",)),
    ("finance", "Sara Tesfaye", ("finance",)),
    ("regulator", "Yonas Girma", ("regulator",)),
    ("second admin", "Tsion Alemayehu", ("admin",)),
)
INVESTORS = (
    "Hanna Desta", "Bereket Alemu", "Meron Tadesse", "Samuel Worku", "Liya Abebe", "Nahom Kebede",
    "Ruth Assefa", "Elias Mekonnen", "Tigist Lemma", "Kaleb Fikru", "Selam Negash", "Yared Solomon",
)  # fmt: skip

PAYOUT_ACCOUNT = "1000123456780"  # of the first investor
MEMORANDUM_TITLE = "Information memorandum of this campaign"

Facts = dict[str, dict[str, str]]  # by page of the identity check


def facts_of(investor: int) -> Facts:
    """Return what an investor (by number) enters for the identity check."""
    return {
        "about": {
            "legal_name": INVESTORS[investor],
            "born_on": f"{1970 + investor * 2}-05-{10 + investor}",
            "nationality": "ET",
        },
        "address": {
            "street": f"Churchill Avenue {20 + investor}",
            "city": "Addis Ababa",
            "country": "ET",
        },
        "identity": {"id_kind": "passport", "id_number": f"EP{1000001 + investor}"},
    }


# Who waits to be verified when the story ends.
WAITING_FACTS: Facts = {
    "about": {"legal_name": "Mahlet Zewde Alemu", "born_on": "1994-03-17", "nationality": "ET"},
    "address": {"street": "Cape Verde Street 12", "city": "Addis Ababa", "country": "ET"},
    "identity": {"id_kind": "passport", "id_number": "EP0000001"},
}

_STORY = """## What we do

{what}

## What the money is for

{money}

| Use | Part |
|---|---|
| {use1} | 55 % |
| {use2} | 30 % |
| Working capital | 15 % |

## Who we are

{who}

## What can go wrong

{risk} You may lose all of your money; please read the information memorandum first.
"""


def _story(**parts: str) -> str:
    return _STORY.format(**parts)


RAISES = (
    Raise(
        "looms", "Lalibela Looms", "Genet Wolde", "manufacturing", "Hand-woven cotton for Europe",
        "A weavers' co-operative wants its own dye house and a shop window abroad.",
        "Coloured cotton threads on a wooden loom",
        _story(
            what="Forty weavers make scarves and blankets from Ethiopian cotton. "
                 "Today the yarn is dyed far away, "
                 "which takes three weeks and half of the margin.",
            money="A dye house with clean water treatment, and stock for two trade fairs.",
            use1="Dye house and water treatment", use2="Stock for two fairs",
            who="Genet Wolde has led the co-operative for nine years; its books are audited "
                "every spring.",
            risk="Fashion changes, and the price of cotton moves.",
        ),
        goal=240_000, price=100, minimum=500, maximum=60_000, days=30,
        starts_days_ago=130, end="failed",
        bids=((0, 12_000), (3, 20_000), (6, 8_000), (9, 5_000)),
    ),
    Raise(
        "greenhouse", "Rift Valley Greenhouses", "Mulugeta Sisay", "agriculture",
        "Tomatoes all the year round",
        "Four solar-cooled greenhouses near Ziway that need a third of the usual water.",
        "Rows of green plants under a glass roof in the morning sun",
        _story(
            what="We grow tomatoes and peppers in greenhouses that are cooled by the sun and "
                 "watered drop by drop.",
            money="Four new houses and a cold store at the road to Addis Ababa.",
            use1="Four greenhouses", use2="Cold store",
            who="Mulugeta Sisay is an agronomist; his team of twelve has run two houses "
                "since 2021.",
            risk="Pests, hail and the price of vegetables.",
        ),
        goal=180_000, price=100, minimum=1_000, maximum=60_000, days=45,
        starts_days_ago=125, end="released",
        bids=((1, 30_000), (2, 45_000), (4, 25_000), (5, 20_000), (7, 32_500), (10, 15_000)),
    ),
    Raise(
        "coldchain", "Blue Nile Cold Chain", "Rahel Mamo", "transport", "Cold vans for fresh milk",
        "Six electric vans with cold boxes bring milk from 400 farms to the city before breakfast.",
        "A small white van with a snowflake on its side in front of hills",
        _story(
            what="Every morning a third of the milk around Bahir Dar turns sour on the way. "
                 "Our vans keep it at 4 °C.",
            money="Six electric vans with cold boxes, and chargers that run on the sun.",
            use1="Six vans with cold boxes", use2="Chargers and panels",
            who="Rahel Mamo ran logistics for a dairy for eight years before she founded "
                "Blue Nile Cold Chain.",
            risk="Batteries wear out, and a dairy may cancel its contract.",
        ),
        goal=150_000, price=50, minimum=500, maximum=50_000, days=40, security="revenue_share",
        own_terms={"revenue_bps": "6", "cap_bps": "150", "term_months": "60"},
        starts_days_ago=60, end="succeeded",
        bids=((0, 25_000), (2, 30_000), (5, 22_500), (8, 40_000), (11, 12_500)),
    ),
    Raise(
        "solar", "Addis Solar", "Abel Tekle", "energy", "Sunlight for 3,000 homes",
        "Roof panels on monthly instalments for families whom the grid does not reach.",
        "A low sun behind roofs with solar panels",
        _story(
            what="We put a panel, a battery and three lamps on a roof within a day. "
                 "Families pay by mobile money, "
                 "less each month than they paid for kerosene.",
            money="Stock for 3,000 homes and two more crews of fitters.",
            use1="Panels and batteries", use2="Two crews with tools and vans",
            who="Abel Tekle and Marta Ayele are engineers; they have fitted 1,150 homes "
                "since 2022.",
            risk="Families may pay late, and the price of panels in birr follows the dollar.",
        ),
        goal=500_000, price=100, minimum=500, maximum=100_000, days=75, starts_days_ago=33,
        bids=((0, 40_000), (1, 60_000), (3, 100_000), (4, 15_000), (6, 35_000), (8, 25_000),
              (10, 30_000)),
    ),
    Raise(
        "coffee", "Sheba Coffee Roasters", "Fikirte Hailu", "retail", "Roasted where it grows",
        "A roastery in Jimma, so that the value of the coffee stays with those who pick it.",
        "Red coffee cherries on a branch beside a cup",
        _story(
            what="Raw coffee leaves the country for a few birr a cup. "
                 "We roast, grind and pack it in Jimma.",
            money="A 60 kg roaster, a packing line and certificates for export.",
            use1="Roaster and packing line", use2="Certificates and first exports",
            who="Fikirte Hailu is a licensed cupper; 214 farmers own a fifth of the company.",
            risk="The harvest depends on the rain, and buyers abroad take time.",
        ),
        goal=120_000, price=100, minimum=200, maximum=30_000, days=60, starts_days_ago=18,
        bids=((1, 18_000), (2, 22_000), (5, 30_000), (7, 9_000), (9, 14_500), (11, 16_000)),
    ),
    Raise(
        "ebikes", "Entoto E-Bikes", "Natnael Girma", "transport",
        "Electric bikes for the hills of Addis",
        "Bikes that climb Entoto with two people and a bag of teff, put together in Kality.",
        "An electric bicycle on a hill above the city",
        _story(
            what="We put together electric cargo bikes in Kality from parts that any "
                 "workshop can mend.",
            money="Tools for a second line and parts for the first 300 bikes.",
            use1="Parts for 300 bikes", use2="Second assembly line",
            who="Natnael Girma built motorcycles for twelve years; his sister Hiwot keeps "
                "the books.",
            risk="Import rules for batteries may change.",
        ),
        goal=300_000, price=100, minimum=500, maximum=75_000, days=60, end="submitted",
    ),
)  # fmt: skip


def email(name: str) -> str:
    """Return the demo address of a person: the first name at the demo domain."""
    return f"{name.split()[0].lower()}@{DOMAIN}"


def accounts() -> list[tuple[str, str]]:
    """Return the demo accounts (role, e-mail); their codes arrive in the mail catcher."""
    return [
        ("investor (verified)", email(INVESTORS[0])),
        ("issuer (live campaign)", email("Abel Tekle")),
        ("issuer (in review)", email("Natnael Girma")),
        *((role, email(name)) for role, name, _ in STAFF),
    ]
