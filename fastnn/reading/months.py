"""Names of months and of days of the week in several languages."""

import unicodedata
from functools import cache

# Months in English, German, French, Spanish, Italian, Portuguese and Dutch, without accents.
_LANGUAGES = (
    "january february march april may june july august september october november december",
    "januar februar marz april mai juni juli august september oktober november dezember",
    "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
    "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre",
    "gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre dicembre",
    "janeiro fevereiro marco abril maio junho julho agosto setembro outubro novembro dezembro",
    "januari februari maart april mei juni juli augustus september oktober november december",
    "janner feber mrz - - - - - - - - -",
    "- - mrt - - - - - - - - -",
)
# In German, French, Spanish, Italian, Dutch and Portuguese, without accents.
_WEEKDAYS = (
    "montag dienstag mittwoch donnerstag freitag samstag sonnabend sonntag "
    "lundi mardi mercredi jeudi vendredi samedi dimanche "
    "lunes martes miercoles jueves viernes sabado domingo "
    "lunedi martedi mercoledi giovedi venerdi sabato domenica "
    "maandag dinsdag woensdag donderdag vrijdag zaterdag zondag "
    "segunda terca quarta quinta sexta"
)


def month_of(word):
    """The month, 1 to 12, of its name or three letters or more of it; None if it is none.

    >>> month_of("Febr"), month_of("décembre"), month_of("ju")
    (2, 12, None)
    """
    return _months().get(_plain(word))


def is_weekday(word):
    """Whether a word is the name of a day of the week, or two letters or more of its beginning.

    >>> is_weekday("Do"), is_weekday("miércoles"), is_weekday("version")
    (True, True, False)
    """
    return len(word) > 1 and any(name.startswith(_plain(word)) for name in _WEEKDAYS.split())


def _plain(word):
    """A word in small letters without accents."""
    signs = unicodedata.normalize("NFKD", word.lower())
    return "".join(sign for sign in signs if not unicodedata.combining(sign))


@cache
def _months():
    """{a name of a month or its beginning, if no other month begins so: 1 to 12}."""
    found: dict[str, set[int]] = {}
    for names in _LANGUAGES:
        for number, name in enumerate(names.split(), 1):
            for end in range(3, len(name) + 1):
                found.setdefault(name[:end], set()).add(number)
    return {name: min(numbers) for name, numbers in found.items() if len(numbers) == 1}
