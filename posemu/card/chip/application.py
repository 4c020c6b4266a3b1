"""An application on a card: what personalisation wrote once, what the card keeps between
transactions, and what it knows until it loses power.

    Application   never changes: names, records, lists, keys, the rules of its card risk management
    Stored        non-volatile: counters, PIN and tries, blocks, what happened last time
    Session       volatile: the phase of this transaction and what was said in it

All three are values. A command makes new ones; the card keeps them all at once or not at all.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from posemu.card.chip.cvr import CvrLayout
from posemu.crypto import CardKeys, CryptogramVersion, Pin, RsaPrivateKey
from posemu.profiles.pans import PanSource
from posemu.wire import DolEntry, Masked

ATC_MAX = 0xFFFF


class Phase(enum.Enum):
    """Where a transaction is."""

    IDLE = "idle"  # no application is selected; perhaps the directory is
    SELECTED = "selected"
    INITIATED = "initiated"  # GET PROCESSING OPTIONS was answered: the ATC has counted
    ASKED = "asked"  # the first cryptogram was an ARQC
    DECIDED = "decided"  # TC or AAC was given


class ActionCodes(NamedTuple):
    """Card issuer action codes (CIAC) by the names of `risk.RESULTS`: a result in `denial` is
    declined, one in `online` asks the issuer, one in `default` is declined when it cannot be asked.
    The manner is that of M/Chip 4 and CPA (EMV Common Payment Application); VIS says the same with
    single bits of its application default action."""

    denial: tuple[str, ...]
    online: tuple[str, ...]
    default: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Limits:
    """Offline limits: transactions in a row, and minor units of the application's currency in all.
    The issuer may change them with PUT DATA."""

    lower_count: int
    upper_count: int
    lower_amount: int
    upper_amount: int


@dataclass(frozen=True, slots=True)
class Stored:
    """What outlives the power.

    Invariants: `atc` never falls, and counts once a transaction; 0 <= `tries_left` <= the
    application's limit; `log` holds at most as many records as the application says.
    """

    limits: Limits
    pin: Pin | None
    tries_left: int
    blocked: bool = False
    atc: int = 0
    last_online_atc: int = 0  # 9F13
    offline_count: int = 0
    offline_amount: int = 0
    online_open: bool = False  # an ARQC was given, and no second cryptogram since
    go_online: bool = False  # the issuer said so in a card status update
    issuer_failed: bool = False
    sda_failed: bool = False
    dda_failed: bool = False
    script_count: int = 0
    script_failed: bool = False
    log: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True)
class Memory:
    """The non-volatile memory of a card."""

    blocked: bool
    applications: tuple[Stored, ...]


@dataclass(frozen=True, slots=True)
class Session:
    """What the card knows since power-on.

    `place` is the selected application's, from 0, None where none is; `prefix` the name it was
    asked by. `values` are the terminal's by tag, `said` the same bytes as they came, for CDA.
    `pin` and `issuer` are None while nothing was verified. `cryptogram` is the first one.
    """

    phase: Phase = Phase.IDLE
    directory: bool = False
    place: int | None = None
    prefix: bytes = field(default=b"", repr=False)
    values: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    said: bytes = field(default=b"", repr=False)
    challenge: bytes = b""
    pin: bool | None = None
    enciphered: bool = False  # the PIN came so
    dda: bool = False  # a signature was given
    issuer: bool | None = None
    csu: bytes = b""
    first: str = ""
    cryptogram: bytes = b""
    number: bytes = b""  # the card's dynamic number of DDA or CDA


@dataclass(frozen=True, slots=True, repr=False)
class Application(Masked):
    """What personalisation wrote. `records` are by (SFI, number); `usage` is tag -> the values with
    which GET PROCESSING OPTIONS is answered; formats are 1 (tag 80) or 2 (tag 77)."""

    aid: bytes
    fci: bytes
    records: Mapping[tuple[int, int], bytes]
    aip: bytes
    afl: bytes
    pdol: tuple[DolEntry, ...]
    cdol1: tuple[DolEntry, ...]
    cdol2: tuple[DolEntry, ...]
    ddol: tuple[DolEntry, ...]
    usage: Mapping[str, tuple[bytes, ...]]
    gpo_format: int
    ac_format: int
    scheme: str
    cvn: int
    derivation_index: int
    version: CryptogramVersion
    layout: CvrLayout
    keys: CardKeys
    icc_key: RsaPrivateKey | None
    pin_key: RsaPrivateKey | None
    cda: bool
    issuer_authentication: str
    actions: ActionCodes
    country: bytes
    currency: bytes
    pin_tries: int
    log_format: tuple[DolEntry, ...]
    log_records: int
    start: Stored
    """What it stores when it is new, the cardholder's PIN not yet in it."""

    def masked(self) -> str:
        return self.aid.hex().upper()


@dataclass(frozen=True, slots=True, repr=False)
class CardImage(Masked):
    """A personalised card, before its first use. `pan_source` says which file of test numbers
    allowed its number."""

    profile: str
    atr: bytes
    directory: tuple[bytes, ...]  # the records of the PSE; none without
    applications: tuple[Application, ...]
    memory: Memory
    pan_source: PanSource

    def masked(self) -> str:
        return f"{self.profile}, {len(self.applications)} applications"
