"""What cards, stripes and codes say, under the contract: TLV, DOLs, APDUs, T=0, ATR, EMV QR codes,
tracks down to their bits."""

from __future__ import annotations

from collections.abc import Callable

from posemu.wire import (
    COMMANDS,
    FILE_FILLING,
    ZERO_FILLING,
    Atr,
    Command,
    DecodeError,
    EncodeError,
    Response,
    build_dol,
    check_emv_atr,
    check_mpm,
    cpm_data,
    cryptogram_type,
    decode_cpm,
    decode_cpm_templates,
    decode_length,
    decode_mpm,
    decode_tlv,
    decode_track1,
    decode_track2,
    decode_track3,
    dol_length,
    encode_command,
    encode_cpm,
    encode_length,
    encode_mpm,
    encode_response,
    encode_tlv,
    encode_track1,
    encode_track2,
    encode_track3,
    gpo_command,
    luhn_check_digit,
    luhn_valid,
    parse_afl,
    parse_atr,
    parse_command,
    parse_dol,
    parse_gpo_response,
    parse_issuer_authentication,
    parse_response,
    parse_service_code,
    parse_track1,
    parse_track2,
    parse_track3,
    read_elements,
    read_tag,
    response_objects,
    split_dol,
    t0_exchange,
    t0_fold,
    tag_info,
    tlv_pairs,
    track2_from_equivalent,
)
from tests.fuzz.contract import BITS, Target, bits_of, pieced, pieces_of, text_of

_LONG = "a length may be written longer than needed, and filling is dropped"


def _tlv(filling: bytes) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        objects = decode_tlv(data, filling)
        again = encode_tlv(objects)
        assert len(again) <= len(data)
        assert encode_tlv(decode_tlv(again)) == again, "what is written reads otherwise"
        if filling == ZERO_FILLING:
            pairs = [(found.tag, found.value) for found in objects]
            assert tlv_pairs(data) == pairs, "the pairs are not the objects of the first level"

    return read


def _pairs(data: bytes) -> None:
    written = b""
    for tag, value in tlv_pairs(data):
        written += bytes.fromhex(tag) + encode_length(len(value)) + value
    assert len(written) <= len(data)
    assert tlv_pairs(written) == tlv_pairs(data)


def _tag_and_length(data: bytes) -> None:
    tag = read_tag(data)
    end = len(tag) // 2
    assert bytes.fromhex(tag) == data[:end]
    assert tag_info(tag).width == end
    length, width = decode_length(data, end)
    assert len(encode_length(length)) <= width


def _dol(data: bytes) -> None:
    entries = parse_dol(data)
    written = b"".join(bytes.fromhex(tag) + bytes([length]) for tag, length in entries)
    assert written == data, "written otherwise"
    values = {tag: bytes(range(1, 8)) for tag, _ in entries}
    filled = build_dol(entries, values)
    assert len(filled) == dol_length(entries)
    assert b"".join(value for _, value in split_dol(entries, filled)) == filled
    if len(filled) < 250:
        assert parse_command(gpo_command(data, values)).data.endswith(filled)


def _dol_data(data: bytes) -> None:
    dol, sent = (*pieces_of(data[: 1 + data[0]]), data[1 + data[0] :]) if data else (b"", b"")
    pairs = split_dol(parse_dol(dol), sent)
    assert b"".join(value for _, value in pairs) == sent


def _command(data: bytes) -> None:
    command = parse_command(data)
    assert encode_command(command) == data, "written otherwise"
    assert 1 <= command.case <= 4


def _response(data: bytes) -> None:
    response = parse_response(data)
    assert encode_response(response) == data, "written otherwise"
    for name in ("SELECT", "GET CHALLENGE"):
        assert name in COMMANDS.values()
        response_objects(response, name)


def _gpo(data: bytes) -> None:
    found = parse_gpo_response(data)
    assert found.format in (1, 2)
    assert len(found.aip) == 2
    assert found.aip + found.afl in data or found.format == 2


def _afl(data: bytes) -> None:
    entries = parse_afl(data)
    assert b"".join(bytes([entry.sfi << 3, *entry[1:]]) for entry in entries) == data


def _issuer_authentication(data: bytes) -> None:
    assert b"".join(parse_issuer_authentication(data)) == data


def _cvr(data: bytes) -> None:
    assert cryptogram_type(data) in ("AAC", "TC", "ARQC")


def _t0(data: bytes) -> None:
    """The first piece is the command, the others are what the card says."""
    said = pieces_of(data)
    command = parse_command(said[0] if said else b"")
    response = _talk(command, said[1:])
    if response is not None:
        answer = encode_response(response)
        assert parse_response(answer) == response
        assert len(answer) <= sum(map(len, said[1:])), "more came out than the card said"


def _talk(command: Command, said: list[bytes]) -> Response | None:
    """The answer, None where the card says too little or T=0 cannot carry the command."""
    exchange = t0_exchange(command)
    try:
        sent = next(exchange)
        assert sent[:4] == encode_command(command)[:4]
        for got in (*said, b"", b""):
            sent = exchange.send(got)
            assert len(sent) <= 260
    except EncodeError:
        assert command.extended or command.ins >> 4 in (0x6, 0x9)
    except StopIteration as end:
        return end.value
    return None


def _t0_fold(data: bytes) -> None:
    said = pieces_of(data)
    logged = list(zip(said[::2], said[1::2], strict=False))
    folded = t0_fold(logged)
    assert len(folded) <= len(logged)
    for capdu, rapdu in folded:
        parse_command(capdu)
        parse_response(rapdu)


def _atr(data: bytes) -> None:
    atr = parse_atr(data)
    assert _written_atr(atr) == data, "written otherwise"
    check_emv_atr(atr)


def _written_atr(atr: Atr) -> bytes:
    """An ATR of its parts; each T0 and TD tells by its upper four bits what comes behind it."""
    groups = 1 + max((int(name[2:]) for name in atr.interface), default=0)
    follows = [
        sum(1 << bit for bit, letter in enumerate("ABCD") if f"T{letter}{group}" in atr.interface)
        for group in range(1, groups + 1)
    ]
    for group, shown in enumerate(follows[1:], 1):
        assert atr.interface.get(f"TD{group}", 0) >> 4 == shown
    first = bytes([atr.ts, follows[0] << 4 | len(atr.historical)])
    last = b"" if atr.tck is None else bytes([atr.tck])
    return first + bytes(atr.interface.values()) + atr.historical + last


def _mpm(data: bytes) -> None:
    text = text_of(data)
    assert len(read_elements(text)) >= 0
    payload = decode_mpm(text)
    assert encode_mpm(payload.elements[:-1]) == text, "written otherwise"
    check_mpm(text)


def _cpm(data: bytes) -> None:
    text = text_of(data)
    objects = decode_cpm(text)
    assert decode_cpm_templates(cpm_data(text)) == objects
    assert decode_cpm(encode_cpm(cpm_data(text))) == objects
    assert decode_cpm_templates(encode_tlv(objects)) == decode_tlv(encode_tlv(objects))


def _cpm_templates(data: bytes) -> None:
    objects = decode_cpm_templates(data)
    decode_cpm_templates(encode_tlv(objects))


def _track1(data: bytes) -> None:
    chars = text_of(data)
    track = parse_track1(chars)
    dates = (track.expiry or "^") + (track.service_code or "^")
    assert f"B{track.pan}^{track.name_raw}^{dates}{track.discretionary}" == chars
    assert luhn_valid(track.pan) == (luhn_check_digit(track.pan[:-1]) == track.pan[-1])
    assert track.pan not in f"{track} {track!r}"
    encode_track1(f"%{chars}?") if "?" not in chars else None


def _track2(data: bytes) -> None:
    chars = text_of(data)
    track = parse_track2(chars)
    at = len(track.pan)
    expiry = track.expiry or chars[at + 1]
    service = track.service_code or chars[at + 1 + len(expiry)]
    assert track.pan + track.separator + expiry + service + track.discretionary == chars
    assert {track.separator, expiry[0], service[0]} <= set("=D0123456789")
    assert track.pan not in f"{track} {track!r}"


def _track3(data: bytes) -> None:
    chars = text_of(data)
    track = parse_track3(chars)
    values = [getattr(track, name) for name in track.__slots__]
    ended = (1, 16, 17)  # PAN and the two SANs end in a separator, whatever they hold
    written = "".join(
        f"{value}=" if place in ended else value or "=" for place, value in enumerate(values[:-1])
    )
    assert written + values[-1] == chars
    assert len(track.pan) < 8 or track.pan not in f"{track} {track!r}"


def _equivalent(data: bytes) -> None:
    chars = track2_from_equivalent(data)
    assert bytes.fromhex(chars.replace("=", "D") + "F" * (len(chars) % 2)) == data


def _swipe(
    decode: Callable[[bytes], str], encode: Callable[[str], bytes]
) -> Callable[[bytes], None]:
    def read(data: bytes) -> None:
        """After a byte below 80 the bytes hold eight bits each, else one, as an API gives them."""
        swipe = bits_of(data[1:]) if data[:1] < b"\x80" else data[1:]
        written = encode(decode(swipe))
        start = swipe.find(1)
        assert swipe[start : start + len(written)] == written, "written otherwise"
        assert not any(swipe[start + len(written) :]), "something stands behind the LRC"

    return read


def _swipes(encode: Callable[[str], bytes], *chars: str) -> Callable[[], list[bytes]]:
    def made() -> list[bytes]:
        packed = []
        for text in chars:
            bits = bytes(5) + encode(text) + bytes(9)
            bits += bytes(-len(bits) % BITS)
            whole = int(bits.translate(bytes.maketrans(b"\0\1", b"01")), 2)
            packed += [b"\0" + whole.to_bytes(len(bits) // BITS), b"\x80" + bits]
        return packed

    return made


def _service_code(data: bytes) -> None:
    assert len(parse_service_code(text_of(data))) == 5


_SELECT = bytes.fromhex("00A4040007A000000004101000")
_GENERATE = bytes.fromhex("80AE80000300112200")
_ANSWER = bytes.fromhex("6F09840ABCDEF00102039000")
_TRACK3 = "014000001234560002=1561560100009006001013=110202029121===0=00"


def _talks() -> list[bytes]:
    return [
        pieced(_SELECT, b"\xa4", b"\x61\x0c", b"\xc0" + _ANSWER),
        pieced(_GENERATE, b"\x60", b"\x51", b"\xae", b"\x6c\x0c", b"\xae" + _ANSWER),
        pieced(bytes.fromhex("00B2010C00"), b"\x6c\x0c", b"\xb2" + _ANSWER),
        pieced(bytes.fromhex("00B2010C00"), b"\x62\x81"),
        pieced(_SELECT, b"\xa4", *[b"\x61\x00", b"\xc0\x61\x00"] * 20),
    ]


def _logs() -> list[bytes]:
    get_response = bytes.fromhex("00C000000C")
    return [
        pieced(_SELECT, b"\x61\x0c", get_response, _ANSWER),
        pieced(bytes.fromhex("00B2010C00"), b"\x6c\x0c", bytes.fromhex("00B2010C0C"), _ANSWER),
        pieced(_SELECT, b"\x62\x83", get_response, b"\x6c\x0c", get_response, _ANSWER),
    ]


def _dol_data_seed(dol: bytes) -> bytes:
    try:
        return pieced(dol) + bytes(dol_length(parse_dol(dol)))
    except DecodeError:
        return pieced(dol) + bytes(9)


_T1 = "%B4000001234560002^TEST/CARD^29122010000000000?"
_T2 = ";4000001234560002=29122010000000000?"
_T3 = f";{_TRACK3}?"

TARGETS: tuple[Target, ...] = (
    Target("tlv", _tlv(ZERO_FILLING), _LONG, seeds=(("ber_tlv", "data"), ("iso8583", "data"))),
    Target("tlv-file", _tlv(FILE_FILLING), _LONG, seeds=(("ber_tlv", "data"),)),
    Target("tlv-pairs", _pairs, _LONG, seeds=(("ber_tlv", "data"), ("emv_qr", "data"))),
    Target("tlv-head", _tag_and_length, _LONG, seeds=(("ber_tlv", "data"), ("ber_tlv", "tag"))),
    Target("dol", _dol, seeds=(("dol", "dol"), ("emv_apdu_traces", "dol"))),
    Target("dol-data", _dol_data, "values alone: the list says where each ends",
           seeds=(("dol", "dol"),), frame=_dol_data_seed),
    Target("apdu-command", _command, seeds=(("emv_apdu_traces", "capdu"),),
           made=lambda: [bytes.fromhex("00B00000000100"), bytes.fromhex("00D6000000000201020000")]),
    Target("apdu-response", _response, seeds=(("emv_apdu_traces", "rapdu"),)),
    Target("gpo-response", _gpo, "format 2 may hold other objects",
           seeds=(("emv_apdu_traces", "data"),)),
    Target("afl", _afl, seeds=(("emv_apdu_traces", "afl"), ("emv_oda", "afl"))),
    Target("issuer-authentication", _issuer_authentication, made=lambda: [bytes(8), bytes(16)]),
    Target("cvr", _cvr, "is looked up, not written", made=lambda: [b"\xa0", b"\x80", b"\x10"]),
    Target("t0-exchange", _t0, "a protocol: what the card says is spread over many pieces",
           made=_talks),
    Target("t0-fold", _t0_fold, "folding is one way", made=_logs),
    Target("atr", _atr, seeds=(("emv_transport", "atr"),)),
    Target("qr-merchant", _mpm, seeds=(("emv_qr", "payload"), ("emv_qr", "data_utf8"))),
    Target("qr-consumer", _cpm, "base64 and the lengths inside it have several writings",
           seeds=(("emv_qr", "payload_base64"),)),
    Target("qr-consumer-templates", _cpm_templates, _LONG, seeds=(("emv_qr", "data"),)),
    Target("track1", _track1, seeds=(("magstripe", "track1"),)),
    Target("track2", _track2, seeds=(("magstripe", "track2"),)),
    Target("track3", _track3, made=lambda: [_TRACK3.encode()]),
    Target("track2-equivalent", _equivalent, seeds=(("magstripe", "tag57"),),
           made=lambda: [bytes.fromhex("4000001234560002D29122010000000000F0"[:34] + "0F")]),
    Target("track1-bits", _swipe(decode_track1, encode_track1), units=BITS,
           made=_swipes(encode_track1, _T1, "%A?")),
    Target("track2-bits", _swipe(decode_track2, encode_track2), units=BITS,
           made=_swipes(encode_track2, _T2, ";0?")),
    Target("track3-bits", _swipe(decode_track3, encode_track3), units=BITS,
           made=_swipes(encode_track3, _T3, ";0?")),
    Target("service-code", _service_code, "is looked up, not written",
           seeds=(("card_verification", "service_code"),)),
)  # fmt: skip
