"""Master and session keys, as on UnionPay terminals: a master key stays, working keys come at every
sign-on and serve all messages until the next.

Weaker than DUKPT, and known to be: one set of keys for a day or more, the same MAC key both ways
(an answer is told from a request by its MTI alone), data enciphered with a zero IV under one key
(equal beginnings show). No limit to the messages of a set is set: no source at hand names one.

What may break, and what is promised:

- the sign-on answer is lost, comes late, or is damaged. The terminal takes a set whole or not at
  all, and keeps the old one in force otherwise. The host cannot know which set the terminal has: it
  keeps the old one in force, and every newer one beside it, until a message is authentic under a
  newer one (`confirm`). A host that changed at once would refuse the reversals of a terminal that
  never got the answer.
- tampering: `erase()`; keys handed out before, too, refuse from then.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import ClassVar

from posemu.crypto.data_encipherment import decipher_blocks, encipher_blocks, strip_padding
from posemu.crypto.errors import BadKey, BadKsn, KeyExhausted
from posemu.crypto.hierarchy.key_set import (
    KeySet,
    distinct,
    make_key_set,
    open_key_set,
    seal_key_set,
)
from posemu.crypto.hierarchy.master import MasterKey
from posemu.crypto.hierarchy.purposes import Purpose, TerminalSide, take
from posemu.crypto.keys import Key, Pin, Secret
from posemu.crypto.mac.cmac import same, tdes_cmac
from posemu.crypto.mac.iso9797 import cbc_mac, pad, retail_mac
from posemu.crypto.mac.unionpay import unionpay_mac
from posemu.crypto.pin.block_64 import (
    PinFormat,
    check_format_64,
    decipher_pin_64,
    encipher_pin_64,
    random_fill,
)
from posemu.crypto.tdes import TDES_BLOCK

MAX_PENDING = 8
"""Sets that a host keeps beside the one in force; the oldest goes first."""
_SHORTEST_MAC = 4


class SessionMac(Enum):
    """The MAC of a session hierarchy; the value says it in an error."""

    UNIONPAY = "the MAC of UnionPay terminals"
    CBC = "ISO 9797-1 algorithm 1"
    RETAIL = "ISO 9797-1 algorithm 3"
    CMAC = "CMAC"


_MACS: Mapping[SessionMac, Callable[[Key, bytes], bytes]] = {
    SessionMac.UNIONPAY: unionpay_mac,
    SessionMac.CBC: cbc_mac,
    SessionMac.RETAIL: retail_mac,
    SessionMac.CMAC: tdes_cmac,
}
# X9.143 has no usage for the MAC of UnionPay terminals: such a key comes bare alone.
_MAC_PURPOSES = {
    SessionMac.CBC: Purpose.MAC_CBC,
    SessionMac.RETAIL: Purpose.MAC_RETAIL,
    SessionMac.CMAC: Purpose.MAC_CMAC,
}


class SessionKeys(Secret):
    """The keys of all messages between two sign-ons; on both sides, but see `TerminalSide`."""

    __slots__ = ("_keys", "_mac", "_pin_format")

    ksn: ClassVar[bytes] = b""

    def __init__(self, keys: KeySet, pin_format: PinFormat, mac: SessionMac) -> None:
        self._keys: KeySet | None = keys
        self._pin_format = pin_format
        self._mac = _MACS[mac]

    def pin_block(self, pin: Pin, pan: str, fill: bytes) -> bytes:
        """The enciphered 8 byte PIN block; `fill` are 8 random bytes. Errors as
        `encipher_pin_64`."""
        form = self._pin_format
        return encipher_pin_64(self._held().pin, form, pin, pan, random_fill(form, pin, fill))

    def pin(self, block: bytes, pan: str) -> Pin:
        """The PIN of an enciphered PIN block; PinBlockError if malformed or, as far as that shows,
        of another PAN."""
        return decipher_pin_64(self._held().pin, self._pin_format, block, pan)

    def mac(self, data: bytes) -> bytes:
        """The 8 byte MAC of a request, by the algorithm chosen at loading."""
        return self._mac(self._held().mac, data)

    def answer_mac(self, data: bytes) -> bytes:
        """The MAC of an answer: the same key and algorithm."""
        return self._mac(self._held().mac, data)

    def encrypt(self, data: bytes) -> bytes:
        """Encipher data: TDES-CBC, zero IV, padding 80 00.. (assumed; hosts differ). BadKey where
        no track data key was loaded."""
        return encipher_blocks(self._data_key(), pad(2, data, TDES_BLOCK))

    def decrypt(self, data: bytes) -> bytes:
        """The clear data; BadCiphertext if malformed, BadKey as `encrypt`."""
        return strip_padding(decipher_blocks(self._data_key(), data), TDES_BLOCK)

    def answer_encrypt(self, data: bytes) -> bytes:
        """As `encrypt`: there is one key for both ways."""
        return self.encrypt(data)

    def answer_decrypt(self, data: bytes) -> bytes:
        """As the host's `decrypt`."""
        return SessionKeys.decrypt(self, data)

    def erase(self) -> None:
        """The keys are gone; every use raises KeyExhausted from now."""
        self._keys = None

    def _held(self) -> KeySet:
        if self._keys is None:
            raise KeyExhausted("these session keys have been erased: load a master key, sign on")
        return self._keys

    def _data_key(self) -> Key:
        key = self._held().data
        if key is None:
            raise BadKey("no data key was loaded: sign on with a code that brings one (004)")
        return key


class TerminalSessionKeys(TerminalSide, SessionKeys):
    """Session keys in a terminal."""

    __slots__ = ()


class SessionSnapshot(Secret):
    """The state of a `TerminalSession` at one moment: for the secure module's memory alone."""

    __slots__ = ("_counter", "_keys", "_mac", "_master", "_pin_format")

    def __init__(
        self,
        master: MasterKey | None,
        keys: KeySet | None,
        counter: int,
        pin_format: PinFormat,
        mac: SessionMac,
    ) -> None:
        self._master = master
        self._keys = keys
        self._counter = counter
        self._pin_format = pin_format
        self._mac = mac


class TerminalSession(Secret):
    """The terminal's side: a master key, and the set of the last sign-on that was good."""

    __slots__ = ("_counter", "_keys", "_mac", "_master", "_pin_format", "_set")

    def __init__(
        self,
        master: MasterKey,
        pin_format: PinFormat = PinFormat.ISO_0,
        mac: SessionMac = SessionMac.UNIONPAY,
    ) -> None:
        """Raises PinBlockError if `pin_format` is not one of 8 bytes."""
        check_format_64(pin_format)
        self._master: MasterKey | None = master
        self._pin_format = pin_format
        self._mac = mac
        self._counter = 1
        self._set: KeySet | None = None
        self._keys: TerminalSessionKeys | None = None

    def load_cryptograms(self, code: str, field: bytes) -> None:
        """The keys of a sign-on answer: its network management code (60.3) and field 62.

        All of them or none: what is raised leaves the old set in force. Errors as `open_key_set`;
        BadKey if the master key is not for bare working keys, KeyExhausted after `erase`.
        """
        master = self._held().key_for(Purpose.UNWRAP_CRYPTOGRAMS)
        self._take(open_key_set(master, code, field))

    def load_key_blocks(self, pin: str, mac: str, data: str | None = None) -> None:
        """The keys as key blocks under the master key: P0, the M of the MAC chosen, D0.

        All of them or none, as `load_cryptograms`. Errors as `purposes.take`; BadKey if the master
        key is not for key blocks, two keys are the same, or no key block is for this MAC.
        """
        kbpk = self._held().key_for(Purpose.UNWRAP_BLOCKS)
        purpose = _MAC_PURPOSES.get(self._mac)
        if purpose is None:
            raise BadKey(f"no key block holds a key for {self._mac.value}: load it bare")
        keys = KeySet(
            take(kbpk, pin, Purpose.PIN).key,
            take(kbpk, mac, purpose).key,
            None if data is None else take(kbpk, data, Purpose.DATA).key,
        )
        self._take(distinct(kbpk, keys))

    def next_keys(self) -> TerminalSessionKeys:
        """The keys of the next message: those of the last sign-on. KeyExhausted if there was
        none, or all have been erased."""
        if self._keys is None:
            raise KeyExhausted("no session keys: sign on first")
        self._counter += 1
        return self._keys

    @property
    def counter(self) -> int:
        """The number of the next message since the master key was loaded."""
        return self._counter

    def erase(self) -> None:
        """Master key and session keys are gone, also those handed out."""
        if self._keys is not None:
            self._keys.erase()
        self._master = self._set = self._keys = None

    def snapshot(self) -> SessionSnapshot:
        """The whole state."""
        return SessionSnapshot(self._master, self._set, self._counter, self._pin_format, self._mac)

    @classmethod
    def restore(cls, snapshot: SessionSnapshot) -> TerminalSession:
        """The terminal as it was at `snapshot()`."""
        session = cls.__new__(cls)
        session._master = snapshot._master
        session._pin_format = snapshot._pin_format
        session._mac = snapshot._mac
        session._counter = snapshot._counter
        session._set = session._keys = None
        if snapshot._keys is not None:
            session._take(snapshot._keys)
        return session

    def _take(self, keys: KeySet) -> None:
        self._set = keys
        self._keys = TerminalSessionKeys(keys, self._pin_format, self._mac)

    def _held(self) -> MasterKey:
        if self._master is None:
            raise KeyExhausted("the master key has been erased: load a new one")
        return self._master


class HostSession(Secret):
    """The host's side: the master keys of its terminals and the sets it made for them."""

    __slots__ = ("_in_force", "_mac", "_masters", "_pending", "_pin_format")

    def __init__(
        self, pin_format: PinFormat = PinFormat.ISO_0, mac: SessionMac = SessionMac.UNIONPAY
    ) -> None:
        """Raises PinBlockError if `pin_format` is not one of 8 bytes."""
        check_format_64(pin_format)
        self._pin_format = pin_format
        self._mac = mac
        self._masters: dict[bytes, MasterKey] = {}
        self._in_force: dict[bytes, SessionKeys] = {}
        self._pending: dict[bytes, list[SessionKeys]] = {}

    def register(self, terminal: bytes, master: MasterKey) -> None:
        """A terminal, by its id (field 41), with its master key; sets under an older one are gone.
        BadKey if the key was not loaded for wrapping working keys."""
        master.key_for(Purpose.WRAP_CRYPTOGRAMS)
        self._masters[terminal] = master
        self._pending[terminal] = []
        self._in_force.pop(terminal, None)

    def new_set(self, terminal: bytes, code: str, random: bytes) -> bytes:
        """Field 62 for a sign-on with this network management code: a new set, made of
        `key_set_entropy` random bytes, that waits for `confirm`.

        Raises BadKsn if the terminal is not registered, and as `make_key_set` and `seal_key_set`.
        """
        master = self._master(terminal).key_for(Purpose.WRAP_CRYPTOGRAMS)
        keys = make_key_set(code, random)
        field = seal_key_set(master, code, keys)
        pending = self._pending[terminal]
        pending.append(SessionKeys(keys, self._pin_format, self._mac))
        del pending[:-MAX_PENDING]
        return field

    def confirm(self, terminal: bytes, data: bytes, mac: bytes) -> bool:
        """True if a request's MAC (4 bytes or more) is right under the set in force or one that
        waits, which then is in force; what is older is gone. BadKsn as `new_set`."""
        self._master(terminal)
        if len(mac) < _SHORTEST_MAC:
            return False
        pending = self._pending[terminal]
        for place in reversed(range(len(pending))):
            keys = pending[place]
            if same(keys.mac(data)[: len(mac)], mac):
                self._in_force[terminal] = keys
                del pending[: place + 1]
                return True
        held = self._in_force.get(terminal)
        return held is not None and same(held.mac(data)[: len(mac)], mac)

    def keys(self, terminal: bytes, /) -> SessionKeys:
        """The set in force; ask `confirm` about the request first. BadKsn as `new_set`,
        KeyExhausted if no set has been used yet."""
        self._master(terminal)
        held = self._in_force.get(terminal)
        if held is None:
            raise KeyExhausted("this terminal has used no session keys yet: it has to sign on")
        return held

    def _master(self, terminal: bytes) -> MasterKey:
        master = self._masters.get(terminal)
        if master is None:
            raise BadKsn("no terminal of this id is registered")
        return master
