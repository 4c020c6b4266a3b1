"""What the tests of this room share: the dialect's codec, a sale, and both in pyiso8583's words."""

from types import SimpleNamespace

import pytest

from posemu.profiles.dialect_file import load_dialect
from posemu.wire import Codec, Fixed

SALE = {
    3: "000000",
    4: "000000012345",
    11: "000001",
    12: "101112",
    13: "0102",
    22: "021",
    25: "00",
    41: "TERM0001",
    42: "MERCHANT0000001",
    49: "156",
    52: bytes(range(16)),
    60: "22000001",
    62: bytes(range(12)),
    63: bytes(range(48)),
    64: bytes(range(8)),
}


def pyiso_spec(dialect):
    """The dialect in the words of pyiso8583."""
    plain = {"data_enc": "b", "len_enc": "b", "len_type": 0}
    spec = {
        "h": {"data_enc": "b", "len_enc": "b", "len_type": 0, "max_len": 0, "desc": ""},
        "t": {**plain, "max_len": 2, "desc": ""},
        "p": {**plain, "max_len": 8, "desc": ""},
        "1": {**plain, "max_len": 8, "desc": ""},
    }
    for field in dialect.fields:
        digits = field.encoding == "bcd"
        entry = {
            "data_enc": "ascii" if field.encoding == "ascii" else "b",
            "len_count": "nibbles" if digits else "bytes",
            "left_pad": "0" if digits else "",
            "desc": field.name,
        }
        if isinstance(field.length, Fixed):
            entry |= {"len_enc": "bcd", "len_type": 0, "max_len": field.length.count}
        else:
            width = -(-field.length.digits // 2)
            entry |= {"len_enc": "bcd", "len_type": width, "max_len": field.length.max}
        spec[str(field.number)] = entry
    return spec


def pyiso_fields(mti, fields):
    """The message in the words of pyiso8583: every value is text, bytes are hex."""
    texts = {
        str(number): value.hex().upper() if isinstance(value, bytes) else value
        for number, value in fields.items()
    }
    return {"t": mti, **texts}


@pytest.fixture(scope="session")
def codec():
    """The codec of posemu's own dialect."""
    return Codec(load_dialect("posemu-87-aes"))


@pytest.fixture
def sale():
    """The fields of a sale request."""
    return dict(SALE)


@pytest.fixture(scope="session")
def pyiso(codec):
    """The dialect as pyiso8583 sees it, and the translation of a message."""
    return SimpleNamespace(spec=pyiso_spec(codec.dialect), fields=pyiso_fields)
