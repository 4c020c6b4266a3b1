"""EMV QR codes: lengths count characters, the CRC counts bytes, a broken code is refused."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from posemu.wire import DecodeError, EncodeError
from posemu.wire.emv.qr import (
    MPM_MAX,
    Element,
    check_mpm,
    decode_cpm,
    decode_cpm_templates,
    decode_mpm,
    encode_cpm,
    encode_mpm,
    qr_crc,
    read_elements,
)

few = settings(deadline=None, max_examples=150)
GOOD = (
    Element("00", "01"),
    Element("01", "12"),
    Element("29", "", (Element("00", "D15600000000"), Element("05", "A93FO3230Q"))),
    Element("52", "4111"),
    Element("53", "156"),
    Element("54", "23.72"),
    Element("58", "CN"),
    Element("59", "最佳运输"),
    Element("60", "北京"),
    Element("62", "", (Element("05", "1"), Element("50", "", (Element("00", "A"),)))),
    Element("64", "", (Element("00", "ZH"), Element("01", "😀"))),
)
CPM = bytes.fromhex("85054350563031611A4F07A0000000555555570F1234567890123458D191220112345F")


def _shape(elements):
    return [(e.id, e.value if e.children is None else _shape(e.children)) for e in elements]


def _read(parse, data):
    """What is read, or the error."""
    try:
        return parse(data)
    except DecodeError as error:
        return error


def test_round_trip():
    """What is written is read: templates open, names in Chinese, the CRC last and right."""
    text = encode_mpm(GOOD)
    payload = decode_mpm(text)
    assert _shape(payload.elements[:-1]) == _shape(GOOD)
    assert payload.crc == text[-4:] == qr_crc(text[:-4])
    assert "5904最佳运输" in text
    assert encode_mpm(payload.elements[:-1]) == text
    check_mpm(text)


texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@few
@given(st.lists(st.builds(Element, st.sampled_from(["02", "59", "65", "79"]), texts), max_size=6))
def test_any_text_travels(elements):
    """Any character may stand in a value, and is one character long."""
    payload = decode_mpm(encode_mpm(elements))
    assert payload.elements[:-1] == tuple(elements)


@few
@given(st.one_of(st.text(max_size=40), st.text("0123456789", max_size=40)))
def test_any_text_is_read_or_refused(text):
    """Any text, lone surrogates too: elements that are written the same, or DecodeError."""
    for parse in (decode_mpm, check_mpm, decode_cpm):
        error = _read(parse, text)
        assert isinstance(error, DecodeError)
        assert 0 <= error.offset <= len(text)
    found = _read(read_elements, text)
    if not isinstance(found, DecodeError):
        assert "".join(f"{e.id}{len(e.value):02d}{e.value}" for e in found) == text
    with pytest.raises(DecodeError):
        decode_mpm(text + "0002\ud800\ud8006304ABCD")


def test_which_ids_are_templates():
    """Merchant accounts from 26 on, additional data, language, unreserved ids (QRCPS-MPM 4.2)."""
    opened = {
        f"{n:02d}"
        for n in range(100)
        if n != 63 and decode_mpm(encode_mpm([Element(f"{n:02d}", "0000")])).elements[0].children
    }
    assert opened == {str(n) for n in (*range(26, 52), 62, 64, *range(80, 100))}


def test_every_changed_character_is_refused():
    """The CRC sees every single character."""
    text = encode_mpm(GOOD)
    for place, char in enumerate(text):
        changed = text[:place] + ("1" if char != "1" else "2") + text[place + 1 :]
        with pytest.raises(DecodeError):
            decode_mpm(changed)
    for end in range(len(text)):
        with pytest.raises(DecodeError):
            decode_mpm(text[:end])


def test_the_crc_is_upper_case_hex():
    """A right CRC in lower case is another text (QRCPS-MPM 4.7.3)."""
    text = encode_mpm(GOOD)
    assert text[-4:].lower() != text[-4:]
    decode_mpm(text)
    with pytest.raises(DecodeError, match="CRC"):
        decode_mpm(text[:-4] + text[-4:].lower())


@pytest.mark.parametrize(
    ("text", "field", "offset"),
    [
        ("0", "id 0", 0),
        ("000201AA", "id", 6),
        ("0002010A", "id", 6),
        ("00A2", "length", 0),
        ("0002015920AB", "id 59", 6),
        ("2905000A", "id 29", 0),
        ("2904000A", "length", 4),
        ("290500051", "id 00", 4),
        ("6207500399A", "length", 8),
        ("62085004990", "id 62", 0),
        ("620850049001", "id 90", 8),
        ("000201", "id 63", 6),
        ("", "id 63", 0),
        ("6304ABCD000201", "id 63", 14),
        ("６３04ABCD", "id", 0),
    ],
)
def test_refusals_say_where(text, field, offset):
    """The error names id and character."""
    with pytest.raises(DecodeError) as caught:
        decode_mpm(text)
    assert (caught.value.field, caught.value.offset) == (field, offset)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda e: e[1:], "begin with 000201"),
        (lambda e: [], "begin with 000201"),
        (lambda e: [e[1], e[0], *e[2:]], "begin with 000201"),
        (lambda e: [Element("00", "02"), *e[1:]], "begin with 000201"),
        (lambda e: [*e, Element("52", "4111")], "twice"),
        (lambda e: [*e, Element("63", "1234")], "twice"),
        (lambda e: [x for x in e if x.id != "60"], "mandatory"),
        (lambda e: [x for x in e if x.id != "29"], "merchant account"),
        (lambda e: [*e, *(Element(str(n), "x" * 99) for n in range(65, 70))], str(MPM_MAX)),
    ],
)
def test_rules_of_order_and_presence(change, reason):
    """QRCPS-MPM 3.3 and 4.1; each code can be read and is judged."""
    text = encode_mpm(change(list(GOOD)))
    decode_mpm(text)
    with pytest.raises(DecodeError, match=reason):
        check_mpm(text)


def test_a_judged_code_has_a_right_crc():
    """check_mpm looks at the CRC too."""
    text = encode_mpm(GOOD)
    with pytest.raises(DecodeError, match="CRC"):
        check_mpm(text[:-1] + ("0" if text[-1] != "0" else "1"))


@pytest.mark.parametrize(
    "elements",
    [
        [Element("1", "")],
        [Element("AB", "")],
        [Element("59", "x" * 100)],
        [Element("59", "\ud800")],
    ],
)
def test_elements_that_no_code_holds(elements):
    """Ids of two digits, values of 99 characters at most, whole characters."""
    with pytest.raises(EncodeError):
        encode_mpm(elements)


def test_the_consumer_s_code():
    """Base64 there and back; a PAN in it is not shown."""
    payload = encode_cpm(CPM)
    objects = decode_cpm(payload)
    assert [item.tag for item in objects] == ["85", "61"]
    assert "1234567890123458" not in repr(objects)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        CPM[7:],  # no format indicator
        CPM[7:] + CPM[:7],  # not first
        CPM.replace(b"CPV01", b"CPV02"),
        CPM + CPM[:7],  # twice
        CPM[:-1],
        CPM[:7] + bytes.fromhex("610650004F005000"),
    ],
)
def test_consumer_s_codes_that_are_none(data):
    """Format first, no object twice, nothing cut; neither read nor written."""
    with pytest.raises(DecodeError):
        decode_cpm(base64.b64encode(data).decode())
    with pytest.raises(DecodeError):
        encode_cpm(data)


@pytest.mark.parametrize("payload", ["*", "hQ", "hQ==\n", "hQVDUFYwMQ", "ü"])
def test_base64_is_strict(payload):
    """Other characters, lost filling and line ends are refused."""
    with pytest.raises(DecodeError, match="base64"):
        decode_cpm(payload)


def test_applications_may_repeat():
    """Template 61 stands once for each application; 62 only once."""
    one = bytes.fromhex("61035001AA")
    assert len(decode_cpm_templates(one * 2)) == 2
    with pytest.raises(DecodeError, match="twice"):
        decode_cpm_templates(bytes.fromhex("62035001AA") * 2)
