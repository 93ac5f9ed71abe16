"""Countries: named and ordered as the reader's language does."""

import pytest

from crowdfund.compliance import forms
from crowdfund.kernel import i18n, regions


def names(language):
    with i18n.using(language):
        return list(regions.country_choices().values())


def test_a_letter_with_an_accent_stands_beside_the_one_without():
    english = names("en")
    first = ["Afghanistan", "Åland Islands", "Albania"]
    assert english[:3] == first
    assert english.index("Côte d’Ivoire") < english.index("Croatia")
    assert english.index("Réunion") < english.index("Romania") < english.index("Russia")
    assert english[-1] == "Zimbabwe"


def test_hindi_has_the_order_of_its_letters_whatever_has_a_nukta():
    hindi = names("hi")
    wanted = ["अंगोला", "अज़रबैजान", "अफ़गानिस्तान", "आइसलैंड", "इक्वाडोर", "कज़ाखस्तान", "कनाडा", "हैती"]
    assert [name for name in hindi if name in wanted] == wanted


def test_amharic_has_the_order_of_its_letters():
    amharic = names("am")
    assert amharic == sorted(amharic)


@pytest.mark.parametrize("language", i18n.LANGUAGES)
def test_every_country_is_named_and_stands_once_in_every_form(app, language):
    with i18n.using(language):
        choices = regions.country_choices()
        assert set(choices) == regions.REGIONS
        assert all(name and name not in regions.REGIONS for name in choices.values())
        assert [one.value for one in forms.countries()] == ["", *choices]
