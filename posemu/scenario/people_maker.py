"""Makes a file of test cardholders, with names by Faker. Only a command does; a run reads it."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

from faker import Faker

from posemu.profiles.pans import load_test_pans
from posemu.scenario.people import PIN_DIGITS
from posemu.sim.chance import Stream
from posemu.wire import luhn_check_digit

PEOPLE_MAX = 10_000
_NAME_MAX = 26
_SERVICE_CODES = ("101", "120", "121", "122", "126", "101", "120", "201")
"""In turn: mostly stripe only, every eighth with a chip, which is inserted."""
_HEAD = """\
# Test cardholders made by: posemu people --count {count} --locale {locale} --seed {seed}
#
# Nobody's cards: no issuer can have a number that begins with 9999 (ISO/IEC 7812-1: 9 and a
# country; ISO 3166-1 leaves the country 999 to users). expiry is YYMM; service_code is that of
# ISO/IEC 7813: 2xx and 6xx say that the card has a chip.

"""


def make_people(count: int, locale: str, seed: int) -> str:
    """The text of a file of `count` people; the same arguments give the same text.

    Raises ValueError for a count out of 1 to `PEOPLE_MAX` and for a locale that Faker has not.
    """
    if not 1 <= count <= PEOPLE_MAX:
        raise ValueError(f"the count is 1 to {PEOPLE_MAX}")
    try:
        faker = Faker(locale)
    except AttributeError:
        message = f"Faker knows no locale {locale!r}; write one like en_US or zh_CN"
        raise ValueError(message) from None
    faker.seed_instance(seed)
    digits = Stream(seed, "people/digits").random
    text = _HEAD.format(count=count, locale=locale, seed=seed)
    pans: set[str] = set()
    for i in range(count):
        pan = _pan(digits)
        while pan in pans:
            pan = _pan(digits)
        pans.add(pan)
        pin = "".join(str(int(digits() * 10)) for _ in range(PIN_DIGITS))
        expiry = f"{29 + int(digits() * 4):02d}{1 + int(digits() * 12):02d}"
        code = _SERVICE_CODES[i % len(_SERVICE_CODES)]
        text += (
            f'- {{name: "{_name(faker, i)}", pan: "{pan}", expiry: "{expiry}", '
            f'service_code: "{code}", pin: "{pin}"}}\n'
        )
    return text


def _pan(draw: Callable[[], float]) -> str:
    """Sixteen digits: the prefix, eleven drawn ones, the check digit."""
    body = load_test_pans().prefixes[0] + "".join(str(int(draw() * 10)) for _ in range(11))
    return body + luhn_check_digit(body)


def _name(faker: Faker, ordinal: int) -> str:
    """A name as a card bears it: Latin letters without marks, at most 26."""
    romanized = getattr(faker, "romanized_name", None)
    name = romanized() if romanized is not None else f"{faker.first_name()} {faker.last_name()}"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    kept = "".join(char for char in plain if char.isalpha() or char in " .'-")[:_NAME_MAX].strip()
    return kept if len(kept) >= 2 and kept[0].isalpha() else f"Cardholder {chr(65 + ordinal % 26)}"
