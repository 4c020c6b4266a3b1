"""Key blocks beyond the vectors: against psec in both directions, and every kind of damage."""

from __future__ import annotations

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from psec import tr31

from posemu.crypto.errors import BadKey, CryptoError, KeyBlockError
from posemu.crypto.key_block.block import BoundKey, padding_length, unwrap_key_block, wrap_key_block
from posemu.crypto.key_block.header import LAYOUTS, KeyBlockHeader, OptionalBlock
from posemu.crypto.key_block.protection import derive_block_keys
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.master_key import tdes_key
from posemu.crypto.primitives import ecb_encryptor
from posemu.crypto.tdes import tdes_encryptor

# The oracle asks for TDES where the library has announced to move it from.
pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")

TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=40)
TDES_SIZES, AES_SIZES = (16, 24), (16, 24, 32)


def _kbpk(version: str, value: bytes) -> Key:
    return tdes_key(value) if version in "ABC" else Key(value)


@st.composite
def protection_keys(draw: st.DrawFn, version: str) -> bytes:
    """The bytes of a protection key of a version."""
    size = draw(st.sampled_from(TDES_SIZES if version in "ABC" else AES_SIZES))
    return draw(st.binary(min_size=size, max_size=size))


@st.composite
def headers(draw: st.DrawFn, version: str) -> KeyBlockHeader:
    """Headers with optional blocks of any text, also long ones."""
    texts = draw(st.lists(TEXT | TEXT.map(lambda text: text + 250 * "x"), max_size=4))
    blocks = tuple(OptionalBlock(f"T{n}", text) for n, text in enumerate(texts))
    usage = draw(st.sampled_from(["P0", "M3", "D0", "B1", "K0", "12"]))
    algorithm, mode = draw(st.sampled_from("TADH0")), draw(st.sampled_from("EBDXNCGV"))
    return KeyBlockHeader(
        version, usage, algorithm, mode, "00", draw(st.sampled_from("ENS")), blocks
    )


@st.composite
def wrapped(draw: st.DrawFn, versions: str) -> tuple[bytes, BoundKey, str]:
    """A protection key, a bound key, and their key block."""
    version = draw(st.sampled_from(versions))
    header = draw(headers(version))
    value = draw(st.binary(min_size=1, max_size=40))
    kbpk = draw(protection_keys(version))
    size = padding_length(header, len(value))
    padding = draw(st.binary(min_size=size, max_size=size))
    bound = BoundKey(header, value)
    return kbpk, bound, wrap_key_block(_kbpk(version, kbpk), bound, padding)


def _without_pad(header: KeyBlockHeader) -> dict[str, str]:
    return {block.id: block.data for block in header.optional_blocks if block.id != "PB"}


@settings(deadline=None, max_examples=80)
@given(case=wrapped("ABCD"))
def test_psec_unwraps_what_we_wrap(case: tuple[bytes, BoundKey, str]) -> None:
    """Key and every header field come out of psec as they went in here."""
    kbpk, bound, text = case
    theirs, value = tr31.unwrap(kbpk, text)
    ours = bound.header
    assert value == bound.expose()
    assert (theirs.version_id, theirs.key_usage) == (ours.version, ours.key_usage)
    assert (theirs.algorithm, theirs.mode_of_use) == (ours.algorithm, ours.mode_of_use)
    assert (theirs.version_num, theirs.exportability) == (ours.key_version, ours.exportability)
    assert dict(theirs.blocks) == _without_pad(ours)


@settings(deadline=None, max_examples=80)
@given(data=st.data(), version=st.sampled_from("ABCD"), value=st.binary(min_size=1, max_size=40))
def test_we_unwrap_what_psec_wraps(data: st.DataObject, version: str, value: bytes) -> None:
    """Key and header come out here as they went into psec, whose header text is our canonical."""
    header, kbpk = data.draw(headers(version)), data.draw(protection_keys(version))
    canonical = header.canonical()
    theirs = tr31.Header(
        version, header.key_usage, header.algorithm, header.mode_of_use, "00", header.exportability
    )
    for block in header.optional_blocks:
        theirs.blocks[block.id] = block.data
    assert str(theirs) == canonical.text(len(canonical.text(0)))
    bound = unwrap_key_block(_kbpk(version, kbpk), tr31.wrap(kbpk, theirs, value))
    assert bound == BoundKey(canonical, value)


@settings(deadline=None, max_examples=80)
@given(case=wrapped("ABCDE"))
def test_what_was_wrapped_is_unwrapped(case: tuple[bytes, BoundKey, str]) -> None:
    """All versions: the same key; the same header but for the pad block; the stated length."""
    kbpk, bound, text = case
    version = bound.header.version
    unwrapped = unwrap_key_block(_kbpk(version, kbpk), text)
    assert unwrapped.expose() == bound.expose()
    assert _without_pad(unwrapped.header) == _without_pad(bound.header)
    assert int(text[1:5]) == len(text)
    assert len(unwrapped.header.text(0)) % LAYOUTS[version].header_block == 0


@settings(deadline=None, max_examples=120)
@given(case=wrapped("ABCDE"), data=st.data())
def test_no_changed_block_is_believed(
    case: tuple[bytes, BoundKey, str], data: st.DataObject
) -> None:
    """Any one character changed, left out or added: refused, whatever part it is in."""
    kbpk, bound, text = case
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(
        st.characters(min_codepoint=32, max_codepoint=126).filter(lambda c: c != text[at])
    )
    for changed in (text[:at] + other + text[at + 1 :], text[:at] + text[at + 1 :], text + other):
        with pytest.raises(CryptoError):
            unwrap_key_block(_kbpk(bound.header.version, kbpk), changed)


@settings(deadline=None, max_examples=40)
@given(case=wrapped("ABCDE"), data=st.data())
def test_another_protection_key_is_refused(
    case: tuple[bytes, BoundKey, str], data: st.DataObject
) -> None:
    """Under another key the MAC is wrong, and that is what the error says."""
    kbpk, bound, text = case
    version = bound.header.version
    other = data.draw(
        protection_keys(version).filter(lambda v: _acts(version, v) != _acts(version, kbpk))
    )
    with pytest.raises(KeyBlockError, match="MAC of the key block is wrong"):
        unwrap_key_block(_kbpk(bound.header.version, other), text)


def test_the_example_of_iso_20038_is_wrapped_again() -> None:
    """ISO 20038:2017 B.2: counter mode needs no padding, so the printed block comes out exactly."""
    printed = "E0084B0TV16N0000B2AE5E26BBA7F246E84D5EA24167E208A6B66EF2E27E55A52DB52F0AEACB94C57547"
    kbpk = Key(b"256-bit AES wrapping (ISO 20038)")
    bound = unwrap_key_block(kbpk, printed)
    assert bound.expose() == b"wrapped 3DES key"
    assert wrap_key_block(kbpk, bound, b"") == printed


def _acts(version: str, value: bytes) -> bytes:
    """What a protection key does. Different TDES keys may do the same: parity bits do nothing, and
    of equal parts two cancel each other."""
    encryptor = tdes_encryptor if version in "ABC" else ecb_encryptor
    return encryptor(value)(bytes(range(16)))


@settings(deadline=None, max_examples=200)
@given(text=st.text(max_size=120) | st.from_regex(r"[A-E]00[0-9]{2}P0TE00N0[0-3]00[0-9A-F]{0,80}"))
def test_any_text_is_refused_with_a_typed_error(text: str) -> None:
    """Whatever it is, nothing but CryptoError comes of it."""
    for kbpk in (Key(bytes(16)), tdes_key(bytes(16)), Key(bytes(16), KeyType.HMAC)):
        with pytest.raises(CryptoError):
            unwrap_key_block(kbpk, text)


HEADER_B = KeyBlockHeader("B", "P0", "T", "E", "00", "N")
KBPK_B = tdes_key(bytes(range(16)))
BLOCK_B = wrap_key_block(KBPK_B, BoundKey(HEADER_B, bytes(16)), bytes(6))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("", r"character 0 \(version\)"),
        ("F" + BLOCK_B[1:], r"character 0 \(version\)"),
        ("B00x0" + BLOCK_B[5:], r"character 1 \(length\)"),
        ("B0081" + BLOCK_B[5:], r"character 1 \(length\): it says 81 characters, the block has 80"),
        (BLOCK_B[:12] + "0x" + BLOCK_B[14:], r"character 12 \(number of optional blocks\)"),
        ("B0024P0TE00N0000" + 8 * "0", r"character 16 \(enciphered key\): the block ends"),
        (BLOCK_B[:20] + "g" + BLOCK_B[21:], r"character 16 \(enciphered key\): it has to be hex"),
        (BLOCK_B[:-1] + "g", r"character 64 \(MAC\): it has to be hex"),
        (BLOCK_B[:-1] + BLOCK_B[-1:].lower() + "x", r"character 1 \(length\)"),
        ("B0078" + BLOCK_B[5:-2], r"character 16 \(enciphered key\): 23 bytes are no whole blocks"),
    ],
)
def test_errors_say_where(text: str, where: str) -> None:
    """The error names the character and the field."""
    with pytest.raises(KeyBlockError, match=where):
        unwrap_key_block(KBPK_B, text)


@pytest.mark.parametrize("bits", [0, 7, 129, 8 * 23, 0xFFF8])
def test_a_length_that_is_no_key_is_refused(bits: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Right MAC, wrong inside: no whole bytes, none at all, or more than there are."""
    from posemu.crypto.key_block import block as key_block

    real = key_block.seal

    def seal(version: str, kbpk: Key, header: bytes, clear: bytes) -> tuple[bytes, bytes]:
        return real(version, kbpk, header, bits.to_bytes(2) + clear[2:])

    monkeypatch.setattr(key_block, "seal", seal)
    text = wrap_key_block(KBPK_B, BoundKey(HEADER_B, bytes(16)), bytes(6))
    with pytest.raises(KeyBlockError, match="length before the key"):
        unwrap_key_block(KBPK_B, text)


@pytest.mark.parametrize("version", "ABCDE")
def test_a_protection_key_of_another_cipher_is_refused(version: str) -> None:
    """TDES for A, B, C and AES for D, E; an HMAC key for none."""
    wrong = Key(bytes(16)) if version in "ABC" else tdes_key(bytes(16))
    for kbpk in (wrong, Key(bytes(16), KeyType.HMAC)):
        with pytest.raises(BadKey, match=f"version {version}"):
            derive_block_keys(version, kbpk)


@pytest.mark.parametrize(("version", "padding"), [("A", 5), ("B", 0), ("C", 7), ("D", 6)])
def test_padding_that_makes_no_whole_blocks_is_refused(version: str, padding: int) -> None:
    """The error names the function that tells the right number."""
    bound = BoundKey(KeyBlockHeader(version, "P0", "T", "E", "00", "N"), bytes(16))
    with pytest.raises(KeyBlockError, match=r"padding_length\(\)"):
        wrap_key_block(_kbpk(version, bytes(16)), bound, bytes(padding))


@pytest.mark.parametrize(
    ("version", "algorithm", "size", "expected"),
    [
        ("B", "T", 16, 14),
        ("B", "T", 24, 6),
        ("D", "A", 16, 30),
        ("D", "A", 32, 14),
        ("D", "H", 20, 10),
        ("E", "T", 16, 8),
        ("E", "H", 20, 0),
        ("C", "T", 30, 0),
    ],
)
def test_padding_hides_the_length_of_a_key(
    version: str, algorithm: str, size: int, expected: int
) -> None:
    """Keys of one algorithm fill as many blocks as the longest of them."""
    header = KeyBlockHeader(version, "P0", algorithm, "N", "00", "N")
    assert padding_length(header, size) == expected


def test_blocks_of_more_than_9999_characters_are_refused() -> None:
    """The length has four digits."""
    blocks = (OptionalBlock("CT", "00" + "A" * 9970),)
    header = KeyBlockHeader("B", "P0", "T", "E", "00", "N", blocks)
    with pytest.raises(KeyBlockError, match=r"\(length\)"):
        wrap_key_block(KBPK_B, BoundKey(header, bytes(16)), bytes(6))


@pytest.mark.parametrize("size", [0, 8192])
def test_a_key_that_no_block_can_hold_is_refused(size: int) -> None:
    """None at all, and one whose bits do not fit into two bytes."""
    with pytest.raises(BadKey):
        BoundKey(HEADER_B, bytes(size))


def test_a_bound_key_does_not_show_itself() -> None:
    """Neither printed nor pickled; only its header is seen."""
    bound = BoundKey(HEADER_B, b"\xc3" * 16)
    for shown in (repr(bound), str(bound), f"{bound}"):
        assert shown == "BoundKey(P0, T, E, ****)"
    with pytest.raises(TypeError):
        pickle.dumps(bound)
    assert bound != BoundKey(HEADER_B, b"\xc2" * 16)
