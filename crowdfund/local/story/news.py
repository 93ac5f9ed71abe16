"""Let a company of the demo story publish updates, and people ask it questions."""

from collections.abc import Callable

from crowdfund.adapters import storage
from crowdfund.local.story import news_cast, pictures
from crowdfund.local.story.stage import Stage
from crowdfund.questions import service as questions
from crowdfund.updates import service as updates

ANSWER_AFTER_DAYS = 0.2
Dated = tuple[float, Callable[[], None]]  # days ago


def steps(stage: Stage, campaign_id: Callable[[], str], people: news_cast.People) -> list[Dated]:
    """Return what is published, asked and answered about the campaign, and how many days ago."""
    found: list[Dated] = []
    for update in news_cast.UPDATES:
        found.append((update.days_ago, _publishing(stage, campaign_id, people, update)))
    for question in news_cast.QUESTIONS:
        found += _asking(stage, campaign_id, people, question)
    return found


def _publishing(
    stage: Stage,
    campaign_id: Callable[[], str],
    people: news_cast.People,
    one: news_cast.Update,
) -> Callable[[], None]:
    def publish() -> None:
        owner, texts = people.owner(), {"title": one.title, "text_md": one.text}
        update = updates.create(campaign_id(), texts, actor=owner)
        file_id = storage.put_public(pictures.picture(one.scene), "svg")
        updates.add_picture(update, file_id, one.alt, actor=owner)
        updates.publish(update, actor=owner)

    return lambda: stage.do(publish)


def _asking(
    stage: Stage,
    campaign_id: Callable[[], str],
    people: news_cast.People,
    one: news_cast.Question,
) -> list[Dated]:
    asked: list[str] = []

    def ask() -> None:
        asker = people.investors[one.investor]
        asked.append(stage.do(questions.ask, campaign_id(), one.text, actor=asker))

    def answer() -> None:
        stage.do(questions.answer, asked[0], one.answer, actor=people.owner())

    answering = [(one.days_ago - ANSWER_AFTER_DAYS, answer)] if one.answer else []
    return [(one.days_ago, ask), *answering]
