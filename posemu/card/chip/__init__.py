"""The contact chip card: answers APDUs, keeps counters and PIN tries, makes cryptograms, breaks.

    image = personalise(load_card_profile("credit-cda"), Holder(pan, "3012", "A NAME"), pin)
    card = ChipCard(image, random_bytes, draw)
    card.power_on(); card.transmit(apdu)

Sans-IO: it knows no time (`Answer.work` says what a command costs) and draws no chance but what it
is given.
"""

from posemu.card.chip.answer import MUTE, Answer, Mute, Work
from posemu.card.chip.application import CardImage, Limits, Memory, Stored
from posemu.card.chip.card import ChipCard, Exchange
from posemu.card.chip.holder import Holder
from posemu.card.chip.personalisation import personalise
from posemu.card.chip.profile import (
    CardProfile,
    CardProfileError,
    card_profiles,
    load_card_profile,
    parse_card_profile,
    read_card_profile,
)
from posemu.card.chip.status import STATUS
from posemu.card.chip.wear import Wear

__all__ = [
    "MUTE",
    "STATUS",
    "Answer",
    "CardImage",
    "CardProfile",
    "CardProfileError",
    "ChipCard",
    "Exchange",
    "Holder",
    "Limits",
    "Memory",
    "Mute",
    "Stored",
    "Wear",
    "Work",
    "card_profiles",
    "load_card_profile",
    "parse_card_profile",
    "personalise",
    "read_card_profile",
]
