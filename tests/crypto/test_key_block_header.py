"""Headers of key blocks and what their optional blocks hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.crypto.errors import BadKey, KeyBlockError
from posemu.crypto.key_block.header import KeyBlockHeader, OptionalBlock, layout_of, parse_header
from posemu.crypto.key_block.optional import (
    Certificate,
    CheckValue,
    Derivation,
    allowed_derivations,
    certificates,
    check_optional_blocks,
    check_value,
    check_value_of,
    hash_algorithm,
    initial_key_id,
    initial_ksn,
)
from posemu.crypto.keys import Key, KeyType
from posemu.crypto.master_key import tdes_key

IDS = st.text("0123456789ABCXYZ", min_size=2, max_size=2)
TEXTS = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=300)
BLOCKS = st.builds(OptionalBlock, IDS, TEXTS, st.sampled_from([0, 0, 6, 8]))


def _header(*blocks: OptionalBlock) -> KeyBlockHeader:
    return KeyBlockHeader("D", "B1", "A", "X", "00", "E", blocks)


@settings(deadline=None, max_examples=80)
@given(blocks=st.lists(BLOCKS, max_size=6, unique_by=lambda b: b.id), after=TEXTS)
def test_what_was_written_is_read(blocks: list[OptionalBlock], after: str) -> None:
    """Optional blocks known and unknown, long and short, with lengths of any width, in order."""
    header = _header(*blocks)
    text = header.text(7)
    assert parse_header(text + after) == (header, 7, len(text))


@settings(deadline=None, max_examples=300)
@given(
    text=st.text(max_size=60)
    | st.from_regex(
        r"[A-E]00[0-9]{2}P0TE00N0[0-3]00(K[SC](0[0-9]|1[0-9A]|000[12])[ -~]{0,30}){0,3}"
    )
)
def test_any_text_is_read_and_written_the_same_or_refused(text: str) -> None:
    """`parse_header` either fails with its typed error or loses no character of the header."""
    try:
        header, length, size = parse_header(text)
    except KeyBlockError:
        return
    assert header.text(length) == text[:size]


@pytest.mark.parametrize(
    ("blocks", "where"),
    [
        ("", r"character 16 \(optional block\)"),
        ("??04", r"character 16 \(optional block\)"),
        ("KS1g", r"character 18 \(optional block KS\): its length has to be 2 hex digits"),
        ("KS0c12345678", r"character 18 \(optional block KS\): .* upper case"),
        ("KS03", r"character 18 \(optional block KS\): its length has to count"),
        ("KS05", r"character 18 \(optional block KS\): .* beyond the end"),
        ("KS0000", r"character 20 \(optional block KS\): the length of its length is 0"),
        ("KS000107", r"character 18 \(optional block KS\): its length has to count"),
        ("KS00FF" + "F" * 509, r"character 22 \(optional block KS\): its length has to be 510"),
        ("KS00FF" + "F" * 510, r"character 18 \(optional block KS\): .* beyond the end"),
        ("KS05é", r"character 20 \(optional block KS\): its text has to be printable"),
        ("LB05\x1f", r"character 20 \(optional block LB\): its text has to be printable"),
    ],
)
def test_malformed_optional_blocks_say_where(blocks: str, where: str) -> None:
    """Each malformation by its character; lengths that nobody could mean are refused at once."""
    with pytest.raises(KeyBlockError, match=where):
        parse_header("D0000B1AX00E0100" + blocks)


def test_an_id_stands_once() -> None:
    """Two blocks of one id would leave open which one holds."""
    with pytest.raises(KeyBlockError, match=r"character 22 \(optional block LB\): there is one"):
        parse_header("D0000B1AX00E0200LB06abLB06cd")


@pytest.mark.parametrize(
    "header",
    [
        KeyBlockHeader("F", "P0", "T", "E", "00", "N"),
        KeyBlockHeader("B", "P", "T", "E", "00", "N"),
        KeyBlockHeader("B", "P0T", "", "E", "00", "N"),
        KeyBlockHeader("B", "P0", "T", "_", "00", "N"),
        KeyBlockHeader("B", "P0", "T", "E", "00", "N", (OptionalBlock("T", ""),)),
        KeyBlockHeader("B", "P0", "T", "E", "00", "N", (OptionalBlock("T1", "ü"),)),
        KeyBlockHeader("B", "P0", "T", "E", "00", "N", (OptionalBlock("T1", ""),) * 100),
    ],
)
def test_headers_that_cannot_be_written_are_refused(header: KeyBlockHeader) -> None:
    """A value that breaks its form is refused, not written into its neighbour's place."""
    with pytest.raises(KeyBlockError):
        header.text(16)


def test_there_are_five_versions() -> None:
    """A version that does not exist has no sizes."""
    assert [layout_of(version).mac for version in "ABCDE"] == [4, 8, 4, 16, 16]
    with pytest.raises(KeyBlockError):
        layout_of("F")


@pytest.mark.parametrize("size", range(40))
def test_canonical_headers_are_whole_blocks(size: int) -> None:
    """A pad block where it is needed, with at least one character of fill, and nowhere else."""
    for version in "BD":
        header = KeyBlockHeader(
            version, "P0", "T", "E", "00", "N", (OptionalBlock("T1", "x" * size),)
        )
        block = layout_of(version).header_block
        canonical = header.canonical()
        assert len(canonical.text(0)) % block == 0
        assert canonical.canonical() == canonical
        pad = canonical.optional("PB")
        assert (pad is None) == (len(header.text(0)) % block == 0)
        assert pad is None or (set(pad) == {"0"} and len(pad) <= block)


def test_known_blocks_are_read() -> None:
    """Each reader gives bytes, names and numbers instead of text."""
    header = _header(
        OptionalBlock("KS", "00604B120F9292800000"),
        OptionalBlock("IK", "1234567890123456"),
        OptionalBlock("KC", "000169E3"),
        OptionalBlock("KP", "0108793E25AB"),
        OptionalBlock("HM", "21"),
        OptionalBlock("DA", "01P0TENM3AGE"),
        OptionalBlock("ZZ", "of somebody"),
    )
    assert initial_ksn(header) == bytes.fromhex("00604B120F9292800000")
    assert initial_key_id(header) == bytes.fromhex("1234567890123456")
    assert check_value(header, "KC") == CheckValue(False, bytes.fromhex("0169E3"))
    assert check_value(header, "KP") == CheckValue(True, bytes.fromhex("08793E25AB"))
    assert hash_algorithm(header) == "SHA-256"
    allowed = (Derivation("P0", "T", "E", "N"), Derivation("M3", "A", "G", "E"))
    assert allowed_derivations(header) == allowed
    assert header.optional("ZZ") == "of somebody"
    check_optional_blocks(header)


def test_certificates_are_read_one_by_one() -> None:
    """One by itself, or a chain of both formats."""
    assert certificates(_header(OptionalBlock("CT", "00MIIB=="))) == (Certificate(False, "MIIB=="),)
    assert certificates(_header(OptionalBlock("CT", "01AbC"))) == (Certificate(True, "AbC"),)
    chain = _header(OptionalBlock("CT", "02000004MIIB010003AbC"))
    assert certificates(chain) == (Certificate(False, "MIIB"), Certificate(True, "AbC"))


@settings(deadline=None, max_examples=100)
@given(text=st.text("0123456789ABCDEF", max_size=40))
def test_any_chain_is_read_whole_or_refused(text: str) -> None:
    """No character of a chain is lost, and nothing is made up."""
    try:
        found = certificates(_header(OptionalBlock("CT", "02" + text)))
    except KeyBlockError:
        return
    assert found is not None
    written = (f"0{int(c.emv)}{len(c.base64):04X}{c.base64}" for c in found)
    assert "".join(written) == text


def test_blocks_that_are_not_there_are_none() -> None:
    """No block, no value."""
    header = _header()
    assert header.optional("LB") is None
    assert check_value(header, "KC") is None
    for reader in (
        initial_ksn,
        initial_key_id,
        hash_algorithm,
        allowed_derivations,
        certificates,
    ):
        assert reader(header) is None


@pytest.mark.parametrize(
    ("block_id", "good", "bad"),
    [
        ("KS", ["00604B120F9292800000", "00604B120F929280"], ["", "00", "00604B120F929280000G"]),
        ("IK", ["1234567890123456"], ["12345678901234567890", "123456789012345g"]),
        ("KC", ["000169E3", "0108793E25AB"], ["", "00", "00016", "020169E3", "0001020304"]),
        ("KP", ["00ECAD62"], ["ECAD62", "00ecad62"]),
        ("KV", ["0000"], ["000", "00000"]),
        ("HM", ["21", "41"], ["", "00", "26", "021"]),
        (
            "CT",
            ["00MIIB==", "01AA", "02000004MIIB010004MIIC"],
            ["", "00", "03MIIB", "00MI B", "02000009MIIB"],
        ),
        ("DA", ["01P0TEN", "01P0TENM3AGE"], ["", "01", "01P0TE", "02P0TEN"]),
        ("LB", ["till 2"], [""]),
        ("TS", ["20200818221218Z", "2020081822121801Z"], ["20200818", "20200818221218", "now"]),
        ("TC", ["2020-08-18T22:12:18Z"], ["", "2020081822121Z"]),
        ("WP", ["000", "003"], ["00", "004", "0"]),
        ("PB", ["", "0000", "xyz"], []),
    ],
)
def test_known_blocks_have_a_form(block_id: str, good: list[str], bad: list[str]) -> None:
    """What breaks the form is refused with the id and what to write instead."""
    for text in good:
        check_optional_blocks(_header(OptionalBlock(block_id, text)))
    for text in bad:
        with pytest.raises(KeyBlockError, match=f"optional block {block_id}"):
            check_optional_blocks(_header(OptionalBlock(block_id, text)))


@pytest.mark.parametrize(
    "reader", [initial_ksn, initial_key_id, hash_algorithm, allowed_derivations]
)
def test_readers_refuse_malformed_text(reader: object) -> None:
    """A reader never makes a value of text that breaks the form."""
    header = _header(*(OptionalBlock(block_id, "é?") for block_id in ("KS", "IK", "HM", "DA")))
    assert callable(reader)
    with pytest.raises(KeyBlockError):
        reader(header)


def test_check_values_are_by_the_kind_of_key() -> None:
    """CMAC and 5 bytes for AES, zeros and 3 bytes for TDES (X9.143 8.1, 8.4.1); not for HMAC."""
    aes = Key(bytes.fromhex("3F419E1CB7079442AA37474C2EFBF8B8"))
    assert check_value_of(aes).text() == "0108793E25AB"
    assert check_value_of(tdes_key(bytes.fromhex("EDB380DD340BC2620247D445F5B8D678"))).text() == (
        "00F4B08D"
    )
    with pytest.raises(BadKey):
        check_value_of(Key(bytes(16), KeyType.HMAC))
